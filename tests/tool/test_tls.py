#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS as users have it: the tool at both ends, OpenSSL as another opinion, and clients that
stall."""

import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import tool_harness as harness
from service_manager import Manager

FOLDER = harness.make_folder()
SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lib',
                      'certificates.sh')
subprocess.run(['sh', SCRIPT, FOLDER], check=True)

# There are many clients here.
_, HARD = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (HARD, HARD))


def path(name):
    return os.path.join(FOLDER, name)


def serve(*more, certificate='server', folder=FOLDER, env=None):
    return harness.Tool('serve', '--tls-cert', os.path.join(folder, certificate + '.pem'),
                        '--tls-key', os.path.join(folder, certificate + '.key'), *more,
                        'tls://127.0.0.1:0', env=env)


def ping(address, *more, ca='ca.pem', client=None):
    own = ()
    if client is not None:
        own = ('--tls-cert', path(client + '.pem'), '--tls-key', path(client + '.key'))
    return harness.run_tool('ping', '--tls-ca', path(ca), *own, *more, address)


def s_client(server, *arguments, text=''):
    """What OpenSSL's client says of a server, and how it ends."""
    done = subprocess.run(['openssl', 's_client', '-connect', f'127.0.0.1:{server.port}', '-CAfile',
                           path('ca.pem'), '-verify_return_error', *arguments], input=text,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=harness.TIMEOUT, check=False, errors='replace')
    return done.returncode, done.stdout


def module(server, *more):
    settings = [f'addr={server.address}', f'tls_ca={path("ca.pem")}',
                f'tls_cert={path("client.pem")}', f'tls_key={path("client.key")}', *more]
    return 'remote=' + '&'.join(settings)


class Clients(unittest.TestCase):
    def test_ping(self):
        with serve('--tls-client-ca', path('ca.pem')) as server:
            status, out, err = ping(server.address, client='client')
            self.assertEqual((status, err), (0, ''))
            self.assertIn('round-trip time', out)
            status, out, err = ping(server.address)
            self.assertEqual((status, out, err.count('\n')), (1, '', 1))
            self.assertIn('certificate of this side', err)
            server.wait_for_log("the client's certificate is missing, and is demanded")
            status, out, err = ping(server.address, client='stranger')
            self.assertEqual((status, out, err.count('\n')), (1, '', 1))
            server.wait_for_log('"CN=stranger" is refused: its issuer "CN=other" is unknown here')
            status, out, err = ping(server.address, client='expired')
            self.assertEqual((status, out, err.count('\n')), (1, '', 1))
            server.wait_for_log('"CN=expired" is refused: it has expired')

    def test_v6(self):
        """An address of IPv6 in the certificate: it is not told as a name, which GnuTLS refuses."""
        with harness.Tool('serve', '--tls-cert', path('both.pem'), 'tls://[::1]:0') as server:
            status, out, err = ping(server.address)
            self.assertEqual((status, err), (0, ''))
            self.assertIn('round-trip time', out)
            status, _, err = ping(server.address, '--tls-name=::2')
            self.assertEqual(status, 1)
            self.assertIn('not for "::2"', err)

    def test_names(self):
        with serve() as server:
            self.assertEqual(ping(server.address)[0], 0)
            self.assertEqual(ping(f'tls://localhost:{server.port}')[0], 0)
            self.assertEqual(ping(server.address, '--tls-name', 'localhost')[0], 0)
            status, _, err = ping(server.address, '--tls-name', 'foo.example')
            self.assertEqual(status, 1)
            self.assertIn('not for "foo.example"', err)
            self.assertEqual(ping(server.address, ca='other.pem')[0], 1)

    def test_openssl(self):
        with serve() as server:
            status, said = s_client(server, '-brief')
            self.assertIn('Verification: OK', said)
            self.assertIn('TLSv1.3', said)
            status, said = s_client(server, '-brief', '-tls1_2')
            self.assertEqual(status, 0)
            self.assertIn('TLSv1.2', said)
        with serve('--tls-client-ca', path('ca.pem')) as server:
            status, said = s_client(server, '-brief', '-tls1_2')
            self.assertNotEqual(status, 0)
            server.wait_for_log('is missing, and is demanded')
            status, said = s_client(server, '-brief', '-tls1_2', '-cert', path('client.pem'),
                                    '-key', path('client.key'))
            self.assertEqual(status, 0, said)

    def test_old_versions(self):
        """Whatever the system allows: Debian's GIO does allow them."""
        for version in '-tls1_1', '-tls1':
            for allowed in {}, {'G_TLS_GNUTLS_PRIORITY': 'NORMAL:+VERS-TLS1.1:+VERS-TLS1.0'}:
                with self.subTest(version=version, env=allowed), serve(env=allowed) as server:
                    _, said = s_client(server, version, '-cipher', 'ALL:@SECLEVEL=0',
                                       text='{"op":"ping","token":7}\n')
                    self.assertNotIn('pong', said)
                    server.wait_for_log('speaks an older TLS than 1.2, which is refused')

    def test_renegotiation(self):
        """A client that wants it ends nothing but its own connection."""
        with serve() as server:
            process = subprocess.Popen(
                ['openssl', 's_client', '-tls1_2', '-connect', f'127.0.0.1:{server.port}',
                 '-CAfile', path('ca.pem')], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.STDOUT)
            with process:
                time.sleep(0.5)
                process.stdin.write(b'R\n')
                process.stdin.flush()
                begin = time.monotonic()
                process.wait(harness.TIMEOUT)
                # And not because it says nothing else (handshake-timeout).
                self.assertLess(time.monotonic() - begin, 5)
            self.assertEqual(ping(server.address)[0], 0)

    def test_plain(self):
        with serve() as server:
            status, _, err = harness.run_tool('ping', f'127.0.0.1:{server.port}')
            self.assertEqual((status, err.count('\n')), (1, 1))
            self.assertIn('write "tls://" before the address', err)
            server.wait_for_log('this address is for TLS, and what came is not TLS')
            with harness.connect(server.port) as client:
                client.sendall(b'GET / HTTP/1.0\r\n\r\n')
                try:
                    self.assertNotIn(b'200', harness.read_all(client))
                except ConnectionResetError:
                    pass
            self.assertEqual(ping(server.address)[0], 0)
        with harness.Tool('serve', '127.0.0.1:0') as server:
            status, _, err = ping(f'tls://{server.address}')
            self.assertEqual((status, err.count('\n')), (1, 1))
            self.assertIn('does not speak TLS', err)
            server.wait_for_log('is refused: what came is TLS, and this end')

    def test_idle_exit(self):
        """One whose handshake is not done is a client."""
        with serve('--idle-exit=1') as server:
            with harness.connect(server.port) as client:
                time.sleep(1.5)
                self.assertIsNone(server.process.poll())
                client.sendall(b'\x16\x03\x01')
            self.assertEqual(server.wait(), 0)
        self.assertIn('No client for 1 s (--idle-exit): this ends', server.log[-1])

    def test_tls_of_others(self):
        """A server of another kind that speaks TLS is known by its alert."""
        def serve(connection):
            connection.recv(1)
            connection.sendall(bytes.fromhex('1503030002020a'))
        with harness.Upstream(serve) as server:
            status, out, err = harness.run_tool('ping', server.address)
        self.assertEqual((status, out, err.count('\n')), (1, '', 1))
        self.assertIn('what came is TLS, and this end of the connection is without', err)


class Usage(unittest.TestCase):
    def assert_wrong(self, *args, text):
        status, out, err = harness.run_tool(*args)
        self.assertEqual((status, out, err.count('\n')), (2, '', 1), err)
        self.assertIn(text, err)

    def test_files(self):
        where = 'tls://127.0.0.1:0'
        self.assert_wrong('serve', where, text='(tls-cert, tls-key)')
        self.assert_wrong('serve', '--tls-cert', path('server.pem'), '--tls-key', path('wrong.key'),
                          where, text='do not belong together')
        self.assert_wrong('serve', '--tls-cert', '/nowhere', where, text='"/nowhere"')
        self.assert_wrong('ping', 'tls://', text='"tls://"')
        for option in '--tls-cert', '--tls-key', '--tls-client-ca':
            for address in './s', '127.0.0.1:0', '@s', 'fd:3', 'systemd':
                self.assert_wrong('serve', option, path('both.pem'), address,
                                  text=f'{option} is set, but no address speaks TLS')
        for command in (('relay',), ('rehearse', '--faults', 'seed=1')):
            self.assert_wrong(*command, '--listen', where, '--connect', '127.0.0.1:1',
                              text='is for servers of analyzers')

    def test_other_machines(self):
        """They are not spoken to without TLS, nor listened to."""
        self.assert_wrong('serve', '0.0.0.0:0', text='use TLS (tls://)')
        with harness.Tool('serve', '--tls-cert', path('both.pem'), 'tls://0.0.0.0:0') as server:
            self.assertEqual(ping(f'tls://127.0.0.1:{server.port}')[0], 0)
        own = subprocess.run(['hostname', '-I'], stdout=subprocess.PIPE, check=True,
                             text=True).stdout.split()
        own = [address for address in own if ':' not in address]
        if not own:
            self.skipTest('this machine has no address but those of loopback')
        with harness.Tool('serve', '--insecure', f'{own[0]}:0') as server:
            status, _, err = harness.run_tool('ping', server.address)
            self.assertEqual((status, err.count('\n')), (1, 1))
            self.assertIn('use TLS (tls://), or allow it if it is meant (insecure)', err)
            self.assertEqual(harness.run_tool('ping', '--insecure', server.address)[0], 0)


def tcp_listener(host='127.0.0.1'):
    listener = socket.create_server((host, 0))
    return listener, f'tls://127.0.0.1:{listener.getsockname()[1]}'


CERTIFICATE = ('--tls-cert', path('server.pem'), '--tls-key', path('server.key'))


class Inherited(unittest.TestCase):
    """Sockets that are handed over."""

    def run_with(self, listener, *args):
        """Of what ends by itself: (status, standard error)."""
        done = subprocess.run([harness.TOOL, 'serve', *args], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False,
                              timeout=harness.TIMEOUT, pass_fds=[listener.fileno()])
        self.assertEqual(done.stdout, '')
        return done.returncode, done.stderr

    def assert_refused(self, listener, *args, text):
        status, err = self.run_with(listener, *args)
        self.assertEqual((status, err.count('\n')), (2, 1), err)
        self.assertIn(text, err)

    def test_descriptor(self):
        listener, address = tcp_listener()
        with listener, harness.Tool('serve', *CERTIFICATE, f'tls:fd:{listener.fileno()}',
                                    pass_fds=[listener.fileno()]) as server:
            self.assertEqual(server.addresses, [f'tls:fd:{listener.fileno()}'])
            self.assertEqual(ping(address)[0], 0)
            status, _, err = harness.run_tool('ping', address[len('tls://'):])
            self.assertEqual(status, 1)
            self.assertIn('write "tls://" before the address', err)

    def test_client_certificate(self):
        listener, address = tcp_listener()
        with listener, harness.Tool('serve', *CERTIFICATE, '--tls-client-ca', path('ca.pem'),
                                    f'tls:fd:{listener.fileno()}',
                                    pass_fds=[listener.fileno()]) as server:
            self.assertEqual(ping(address, client='client')[0], 0)
            self.assertEqual(ping(address, client='stranger')[0], 1)
            server.wait_for_log('"CN=stranger" is refused')

    def test_service_manager(self):
        """All of them, or those with one name, beside others without TLS."""
        for wanted, names in (('tls:systemd', 'a:a'), ('tls:systemd:b', 'a:b')):
            listener, address = tcp_listener()
            other, plain = tcp_listener()
            with self.subTest(wanted), Manager(0) as manager:
                manager.listeners += [other, listener]
                more = ['systemd:a'] if wanted.endswith(':b') else []
                with manager.start('serve', *CERTIFICATE, wanted, *more, listeners=2,
                                   options=[f'--names={names}']) as tool:
                    self.assertEqual(sorted(tool.addresses),
                                     ['fd:3', 'tls:fd:4'] if more else ['tls:fd:3', 'tls:fd:4'])
                    self.assertEqual(ping(address)[0], 0)
                    if more:
                        self.assertEqual(
                            harness.run_tool('ping', plain[len('tls://'):])[0], 0)
                    else:
                        self.assertEqual(ping(plain)[0], 0)

    def test_spelling(self):
        listener, _ = tcp_listener()
        with listener:
            for wrong, right in (('tls://fd:3', '"tls:fd:3" for a socket that is handed over, or '
                                                '"tls://fd.:3" for a host'),
                                 ('TLS://systemd', '"tls:systemd" for a socket'),
                                 ('tls://systemd:web', '"tls:systemd:web" for a socket'),
                                 ('tls:systemd:443', 'write "tls://systemd:443"'),
                                 ('tls:localhost:443', 'write "tls://localhost:443"'),
                                 ('tls:fd:', "needs a descriptor's number"),
                                 ('tls:fd:x', "needs a descriptor's number"),
                                 ('tls:/path', 'write "tls://path"')):
                with self.subTest(wrong):
                    self.assert_refused(listener, *CERTIFICATE, wrong, text=right)
        for command in (['ping'], ['relay', '--listen', '127.0.0.1:0', '--connect']):
            status, _, err = harness.run_tool(*command, 'tls:fd:3')
            self.assertEqual(status, 2)
            self.assertIn('"tls:fd:3" is', err)

    def test_what_cannot_be(self):
        listener, _ = tcp_listener()
        with listener:
            where = f'tls:fd:{listener.fileno()}'
            self.assert_refused(listener, where, text='(tls-cert, tls-key)')
            self.assert_refused(listener, *CERTIFICATE, where, f'fd:{listener.fileno()}',
                                text='is listened at already')
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(harness.make_folder(), 's'))
            listener.listen()
            self.assert_refused(listener, *CERTIFICATE, f'tls:fd:{listener.fileno()}',
                                text='is a unix socket, which is not for TLS')

    def test_other_machines(self):
        """However a socket has come, what other machines reach needs TLS."""
        for host in '0.0.0.0', '::':
            listener = socket.create_server((host, 0), family=socket.AF_INET6 if ':' in host
                                            else socket.AF_INET)
            with self.subTest(host), listener, Manager(0) as manager:
                where = f'fd:{listener.fileno()}'
                self.assert_refused(listener, where, text='tls:fd:N')
                manager.listeners.append(listener)
                status, err = manager.run('serve', 'systemd')
                self.assertEqual(status, 2)
                self.assertIn('other machines can reach this address', err)
                port = listener.getsockname()[1]
                loopback = '[::1]' if ':' in host else '127.0.0.1'
                with harness.Tool('serve', *CERTIFICATE, f'tls:{where}',
                                  pass_fds=[listener.fileno()]):
                    self.assertEqual(ping(f'tls://{loopback}:{port}', '--tls-name',
                                          'localhost')[0], 0)
                with harness.Tool('serve', '--insecure', where, pass_fds=[listener.fileno()]):
                    self.assertEqual(harness.run_tool('ping', f'{loopback}:{port}')[0], 0)


class Relays(unittest.TestCase):
    def relay(self, server, upstream, *more):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module(server, *more),
                            '--connect', upstream.address)

    def test_bytes(self):
        source = os.path.join(harness.make_folder(), 'source')
        harness.write_text(source, 20_000_000)
        with serve('--tls-client-ca', path('ca.pem'), '--module',
                   'pattern=string=foo&action=replace&actdata=bar!') as server, \
                harness.file_server(source) as upstream, self.relay(server, upstream) as relay:
            self.assertEqual(harness.fetch(relay.port), harness.sed(source, 's/foo/bar!/g'))

    def test_server_killed(self):
        """Each connection that lives has one outcome: it is refused."""
        with harness.Upstream(harness.echo) as upstream:
            server = serve('--tls-client-ca', path('ca.pem'), '--module',
                           'pattern=string=foo&action=deny')
            with self.relay(server, upstream) as relay:
                clients = [harness.connect(relay.port) for _ in range(20)]
                for client in clients:
                    client.sendall(b'hello' * 100)
                    self.assertTrue(client.recv(1))
                server.process.send_signal(signal.SIGKILL)
                server.wait()
                for client in clients:
                    harness.read_to_reset(client)
                    client.close()
                self.assertNotIn('CRITICAL', '\n'.join(relay.log))


class Reload(unittest.TestCase):
    def subject(self, port):
        context = ssl.create_default_context(cafile=path('ca.pem'))
        with context.wrap_socket(harness.connect(port), server_hostname='localhost') as client:
            return client.getpeercert()['subject'][0][0][1]

    def test_under_load(self):
        """Connections go on, new ones come all the time, and none of them is refused."""
        folder = harness.make_folder()
        for name in os.listdir(FOLDER):
            shutil.copy(path(name), folder)
        seen, errors, stop = [], [], threading.Event()

        def look():
            while not stop.is_set():
                try:
                    seen.append(self.subject(server.port))
                except OSError as error:
                    errors.append(error)

        with serve(folder=folder, env={'G_DEBUG': ''}) as server, \
                harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module(server),
                             '--connect', upstream.address) as relay, \
                harness.connect(relay.port) as client:
            looker = threading.Thread(target=look)
            looker.start()
            for name in 'renewed', 'server', 'renewed':
                for kind in 'key', 'pem':
                    shutil.copy(path(f'{name}.{kind}'), os.path.join(folder, 'new'))
                    os.rename(os.path.join(folder, 'new'), os.path.join(folder, f'server.{kind}'))
                    time.sleep(0.1)
                harness.wait_until(lambda wanted=name: seen and seen[-1] == wanted)
                client.sendall(b'hello')
                self.assertEqual(client.recv(100), b'hello')
            stop.set()
            looker.join()
            self.assertEqual(errors, [])
            self.assertEqual(set(seen), {'server', 'renewed'})

            # What cannot be used is said, and changes nothing.
            with open(os.path.join(folder, 'server.pem'), 'w', encoding='ascii') as target:
                target.write('foo')
            server.wait_for_log('cannot be used, and the old ones stay in use: tls-cert')
            self.assertEqual(self.subject(server.port), 'renewed')

    def test_link(self):
        """As some systems change what is in a folder: nothing happens to the file itself."""
        folder = harness.make_folder()
        for name in 'server', 'renewed':
            os.mkdir(os.path.join(folder, name))
            for kind in 'pem', 'key':
                shutil.copy(path(f'{name}.{kind}'),
                            os.path.join(folder, name, f'server.{kind}'))
        current = os.path.join(folder, 'current')
        os.symlink('server', current)
        with serve(folder=current) as server:
            self.assertEqual(self.subject(server.port), 'server')
            os.symlink('renewed', os.path.join(folder, 'next'))
            os.rename(os.path.join(folder, 'next'), current)
            harness.wait_until(lambda: self.subject(server.port) == 'renewed')


def client_hello():
    """The first message of a TLS client."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname='localhost').do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Stalls(unittest.TestCase):
    def test_thousand(self):
        """1000 that have begun a handshake do not stop one that goes on with it."""
        hello = client_hello()
        for said in b'', hello[:50], hello:
            with self.subTest(said=len(said)), serve() as server:
                stalled = []
                for _ in range(1000):
                    client = socket.create_connection(('127.0.0.1', server.port))
                    client.sendall(said)
                    stalled.append(client)
                begin = time.monotonic()
                status, _, err = ping(server.address)
                self.assertEqual((status, err), (0, ''))
                # A handshake may last 10 seconds.
                self.assertLess(time.monotonic() - begin, 8)
                for client in stalled:
                    client.close()

    def test_other_addresses(self):
        """Nor do they take the threads that others need."""
        hello = client_hello()
        with harness.Tool('serve', '--tls-cert', path('both.pem'), 'tls://127.0.0.1:0',
                          '127.0.0.1:0', listeners=2) as server:
            stalled = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(100)]
            for client in stalled:
                client.sendall(hello)
            self.assertEqual(harness.run_tool('ping', server.addresses[1])[0], 0)
            for client in stalled:
                client.close()

    def test_stop(self):
        hello = client_hello()
        with serve() as server:
            stalled = [socket.create_connection(('127.0.0.1', server.port)) for _ in range(50)]
            for client in stalled:
                client.sendall(hello)
            begin = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5)
            for client in stalled:
                client.close()


if __name__ == '__main__':
    harness.main()
