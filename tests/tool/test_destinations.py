#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that say where they want to go, by SOCKS and HTTP CONNECT: those that people use, each
answer to each failure, and what they may not reach."""

import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import threading
import time
import unittest

import proxy_clients as clients
import tool_harness as harness

GATEKEEPER = os.path.join(os.environ['IMP_TEST_MODULES'], 'gatekeeper.so')
PAGE = b'the page\n'
# For a sanitizer: GLib's own client of SOCKS 4 forgets two blocks of each connection.
GLIB_LEAKS = {'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format, *args):
        pass


@contextlib.contextmanager
def web_server(certificate=None):
    """Its port; with TLS if there is a certificate."""
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Page)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate():
    path = os.path.join(harness.make_folder(), 'both.pem')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                    'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                    '/CN=localhost', '-keyout', path, '-out', path + '.crt'],
                   check=True, stderr=subprocess.DEVNULL)
    with open(path, 'ab') as both, open(path + '.crt', 'rb') as certificate:
        both.write(certificate.read())
    return path


def proxy(*options, listen='127.0.0.1:0'):
    """One that speaks both: its first listener SOCKS, its second HTTP."""
    return harness.Tool('relay', '--listen', listen, *options, '--socks', '--listen', listen,
                        *options, '--http-connect', listeners=2)


def ports(relay):
    return [int(address.rpartition(':')[2]) for address in relay.addresses]


@contextlib.contextmanager
def free_port():
    """A port at which nobody listens, as long as this lasts."""
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))
        yield closed.getsockname()[1]


@contextlib.contextmanager
def deaf_port():
    """A port at which connections get no answer, since the queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(('127.0.0.1', 0), backlog=0))
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.1)
        yield listener.getsockname()[1]


class RealClients(unittest.TestCase):
    def run_client(self, *command, data=None):
        done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, (command, done.stderr))
        return done.stdout

    def test_curl(self):
        with web_server() as plain, web_server(make_certificate()) as secure, proxy() as relay:
            socks, connect = ports(relay)
            for way in ([f'--socks4=127.0.0.1:{socks}'], [f'--socks4a=127.0.0.1:{socks}'],
                        [f'--socks5=127.0.0.1:{socks}'],
                        [f'--socks5-hostname=127.0.0.1:{socks}'],
                        ['--proxytunnel', f'--proxy=http://127.0.0.1:{connect}']):
                way = [part for option in way for part in option.split('=', 1)]
                for url in (f'http://localhost:{plain}/', f'https://localhost:{secure}/'):
                    self.assertEqual(self.run_client('curl', '-sSk', '--noproxy', '', *way, url),
                                     PAGE, (way, url))

    def test_netcat(self):
        request = b'GET / HTTP/1.0\r\n\r\n'
        with web_server() as plain, proxy() as relay:
            socks, connect = ports(relay)
            for kind, port, host in (('4', socks, '127.0.0.1'), ('5', socks, 'localhost'),
                                     ('connect', connect, 'localhost')):
                got = self.run_client('nc', '-X', kind, '-x', f'127.0.0.1:{port}', host,
                                      str(plain), data=request)
                self.assertTrue(got.endswith(PAGE), (kind, got))

    def test_another_method(self):
        """A request for the proxy itself says so, and is no page."""
        with proxy() as relay:
            _, connect = ports(relay)
            got = self.run_client('curl', '-sS', '--noproxy', '', '--proxy',
                                  f'http://127.0.0.1:{connect}', '-w', '%{http_code}',
                                  'http://localhost/')
            self.assertTrue(got.endswith(b'405'), got)
            relay.wait_for_log('HTTP CONNECT: failed: The HTTP client uses another method')


class Answers(unittest.TestCase):
    def test_connected(self):
        with harness.Upstream(harness.echo) as upstream, proxy() as relay:
            socks, connect = ports(relay)
            for connection, code, good in (
                    (*clients.socks5(socks, '127.0.0.1', upstream.port), 0),
                    (*clients.socks5(socks, 'localhost', upstream.port), 0),
                    (*clients.http_connect(connect, upstream.address), 200)):
                with connection:
                    self.assertEqual(code, good)
                    connection.sendall(b'both ways')
                    connection.shutdown(socket.SHUT_WR)
                    self.assertEqual(harness.read_all(connection), b'both ways')
            self.assertEqual(clients.socks4_code(socks, '127.0.0.1', upstream.port), 90)
            self.assertEqual(clients.socks4_code(socks, 'localhost', upstream.port), 90)

    def test_nobody_listens(self):
        with free_port() as port, proxy() as relay:
            socks, connect = ports(relay)
            self.assertEqual(clients.socks5_code(socks, '127.0.0.1', port), 5)
            self.assertEqual(clients.socks4_code(socks, '127.0.0.1', port), 91)
            self.assertEqual(clients.http_code(connect, f'127.0.0.1:{port}'), 502)
            relay.wait_for_log(f'-> 127.0.0.1:{port}: failed: Cannot connect to 127.0.0.1:{port}')

    def test_no_such_name(self):
        with proxy() as relay:
            socks, connect = ports(relay)
            self.assertEqual(clients.socks5_code(socks, 'no-name.invalid', 80), 4)
            self.assertEqual(clients.http_code(connect, 'no-name.invalid:80'), 502)

    def test_no_answer(self):
        with deaf_port() as port, proxy('--connect-timeout=1') as relay:
            socks, connect = ports(relay)
            both = [clients.socks5_code, clients.http_code]
            codes = {}
            threads = [
                threading.Thread(target=lambda: codes.update(
                    socks=both[0](socks, '127.0.0.1', port))),
                threading.Thread(target=lambda: codes.update(
                    http=both[1](connect, f'127.0.0.1:{port}')))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(codes, {'socks': 6, 'http': 504})

    def test_other_commands(self):
        """BIND and UDP ASSOCIATE."""
        with proxy() as relay:
            socks, _ = ports(relay)
            self.assertEqual(clients.socks5_code(socks, '127.0.0.1', 80, command=2), 7)
            self.assertEqual(clients.socks5_code(socks, '127.0.0.1', 80, command=3), 7)
            self.assertEqual(clients.socks4_code(socks, '127.0.0.1', 80, command=2), 91)
            relay.wait_for_log('SOCKS: failed: The SOCKS client wants the command 3, not CONNECT')

    def test_authentication(self):
        with proxy() as relay, harness.connect(ports(relay)[0]) as client:
            client.sendall(b'\x05\x01\x02')
            self.assertEqual(harness.read_all(client), b'\x05\xff')

    def test_no_analyzer(self):
        """There is a server then, but nobody to look at what it says."""
        with harness.Upstream(harness.echo) as upstream, \
                proxy('--module', 'remote=addr=/nowhere/at/all') as relay:
            socks, connect = ports(relay)
            for connection, _ in (clients.socks5(socks, '127.0.0.1', upstream.port),
                                  clients.http_connect(connect, upstream.address)):
                with connection:
                    connection.settimeout(harness.TIMEOUT)
                    self.assertEqual(harness.read_to_reset(connection), b'')


class Openings(unittest.TestCase):
    """However the beginning comes, nothing of what follows it is lost."""

    def test_all_at_once(self):
        """Who does not wait for the answer is as well off."""
        request = b'\x05\x01\x00\x05\x01\x00' + clients.socks5_address('127.0.0.1')
        with harness.Upstream(harness.echo) as upstream, proxy() as relay:
            socks, connect = ports(relay)
            data = os.urandom(100_000)
            with harness.connect(socks) as client:
                client.sendall(request + upstream.port.to_bytes(2, 'big') + data)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client)[12:], data)
            with harness.connect(connect) as client:
                client.sendall(f'CONNECT {upstream.address} HTTP/1.1\r\n\r\n'.encode() + data)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client).partition(b'\r\n\r\n')[2], data)

    def test_byte_by_byte(self):
        with harness.Upstream(harness.echo) as upstream, proxy() as relay:
            request = f'CONNECT {upstream.address} HTTP/1.1\r\n\r\nhello'.encode()
            with harness.connect(ports(relay)[1]) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in request:
                    client.sendall(bytes([byte]))
                client.shutdown(socket.SHUT_WR)
                self.assertTrue(harness.read_all(client).endswith(b'hello'))

    def test_cut(self):
        """Who ends in the middle of it is not connected with anybody."""
        with proxy() as relay:
            socks, connect = ports(relay)
            for port, said in ((socks, b'\x04\x01\x00'), (socks, b'\x05\x01'), (socks, b''),
                               (connect, b'CONNECT localhost:80 HTTP/1.1\r\n')):
                with harness.connect(port) as client:
                    client.sendall(said)
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('The client has ended the connection before its request was '
                               'complete')

    def test_silence(self):
        with proxy('--greeting-timeout=1') as relay:
            socks, connect = ports(relay)
            with harness.connect(socks) as one, harness.connect(connect) as other:
                one.sendall(b'\x05\x01\x00')
                other.sendall(b'CONNECT ')
                self.assertEqual(harness.read_to_reset(one), b'\x05\x00')
                self.assertEqual(harness.read_to_reset(other), b'')
            relay.wait_for_log('no complete request within 1000 ms (--greeting-timeout)')

    def test_malformed(self):
        with proxy() as relay:
            socks, connect = ports(relay)
            for port, said, line in (
                    (socks, b'GET / HTTP/1.1\r\n\r\n', 'says version 71, not 4 or 5'),
                    (connect, b'\x05\x01\x00', 'begins with the byte 0x05'),
                    (connect, b'CONNECT \x1b[1m:80 HTTP/1.1\r\n\r\n', 'byte 0x1b in its head'),
                    (connect, b'CONNECT a' + 9000 * b'a', 'a head of more than 8192 bytes')):
                with harness.connect(port) as client:
                    client.sendall(said)
                    harness.read_all(client)
                relay.wait_for_log(line)


class Limits(unittest.TestCase):
    """What may be reached."""

    def check_codes(self, options, wanted):
        """Of SOCKS 5 for each (host, port)."""
        with proxy(*options) as relay:
            socks, connect = ports(relay)
            for (host, port), code in wanted.items():
                self.assertEqual(clients.socks5_code(socks, host, port), code, (host, port))
                in_brackets = f'[{host}]' if ':' in host else host
                self.assertEqual(clients.http_code(connect, f'{in_brackets}:{port}'),
                                 {0: 200, 2: 403, 5: 502}[code], (host, port))

    def test_without_rules(self):
        with harness.Upstream(harness.echo) as upstream:
            self.check_codes([], {
                ('127.0.0.1', upstream.port): 0, ('localhost', upstream.port): 0,
                ('169.254.169.254', 80): 2, ('fe80::1', 80): 2, ('::ffff:169.254.1.1', 80): 2,
                ('fd00:ec2::254', 80): 2, ('fd00:ec2::23', 80): 2, ('fd20:ce::254', 80): 2,
                ('fd00:42::42', 80): 2, ('168.63.129.16', 80): 2, ('::ffff:168.63.129.16', 80): 2,
                ('100.100.100.200', 80): 2, ('0.0.0.0', 80): 2,
                ('::', 80): 2, ('224.0.0.1', 80): 2, ('255.255.255.255', 80): 2, ('ff02::1', 80): 2,
                ('0.0.0.1', upstream.port): 2})

    def test_within_another(self):
        """Addresses of IPv4 within such of IPv6, which a machine on the way sends on."""
        refused = ('64:ff9b::169.254.169.254', '64:ff9b::a9fe:a9fe', '64:ff9b::127.0.0.1',
                   '64:ff9b::168.63.129.16', '64:ff9b::0.0.0.0', '64:ff9b:1::169.254.169.254',
                   '64:ff9b:1:1:2:3:a9fe:a9fe', '64:ff9b:1:a9fe:a9:fe00::',
                   '64:ff9b:1:a9:fe:a9fe::', '64:ff9b:1:0:a9:fea9:fe00:0', '2002:a9fe:a9fe::1',
                   '2002:7f00:1::1', '2002:e000:1::1', '::169.254.169.254', '::127.0.0.1',
                   '::0.0.0.2', '::ffff:0:169.254.169.254')
        self.check_codes([], {(host, 80): 2 for host in refused})
        self.check_codes(['--allow-to', '*', '--allow-to', '169.254.169.254', '--allow-to',
                          '64:ff9b::a9fe:a9fe'], {(host, 80): 2 for host in refused})
        # Others, and what only looks like one of them, are limited as all are.
        with free_port() as closed, proxy('--allow-to', f'[::1]:{closed}') as relay:
            socks, _ = ports(relay)
            for host in ('64:ff9b::c000:201', '64:ff9b:1::c000:201', '2002:c000:201::1'):
                self.assertEqual(clients.socks5_code(socks, host, 80), 2)
                relay.wait_for_log(f'The destination [{host}]:80 is not among --allow-to')
            self.assertEqual(clients.socks5_code(socks, '::1', closed), 5)

    def test_rules(self):
        with harness.Upstream(harness.echo) as upstream, free_port() as closed:
            port = upstream.port
            self.check_codes(['--allow-to', f'127.0.0.1:{port}'], {
                ('127.0.0.1', port): 0, ('::ffff:127.0.0.1', port): 0, ('127.0.0.1', closed): 2,
                ('127.0.0.2', port): 2, ('192.0.2.1', port): 2, ('169.254.169.254', 80): 2})
            # Who allows all does not think of this machine's own services.
            self.check_codes(['--allow-to', '*'], {
                ('127.0.0.1', port): 2, ('localhost', port): 2, ('::1', port): 2,
                ('169.254.169.254', 80): 2})
            self.check_codes(['--allow-to', '0.0.0.0/0', '--allow-to', '::/0'],
                             {('127.0.0.1', port): 2, ('::1', port): 2, ('fe80::1', 80): 2})
            self.check_codes(['--allow-to', '127.0.0.0/8', '--allow-to', f'[::1]:{closed}'],
                             {('127.0.0.1', port): 0, ('127.0.0.1', closed): 5,
                              ('::1', closed): 5, ('::1', port): 2})
            self.check_codes(['--allow-to', f'127.0.0.1:{port}-{port}'],
                             {('127.0.0.1', port): 0, ('127.0.0.1', closed): 2})

    def test_own_listeners(self):
        """Neither its own nor that of another group, however it is written."""
        with proxy() as relay:
            for port in ports(relay):
                for host in ('127.0.0.1', '::ffff:127.0.0.1'):
                    self.assertEqual(clients.socks5_code(ports(relay)[0], host, port), 2)
                # Which may have another address, at which nobody listens.
                self.assertIn(clients.socks5_code(ports(relay)[0], 'localhost', port), (2, 5))
            relay.wait_for_log('is a --listen of this relay itself')
        with proxy('--allow-to', '127.0.0.0/8', listen='0.0.0.0:0') as relay:
            for port in ports(relay):
                self.assertEqual(clients.socks5_code(ports(relay)[0], '127.0.0.3', port), 2)

    def test_exposed(self):
        for way in ('--socks', '--http-connect'):
            status, out, err = harness.run_tool('relay', '--listen', '0.0.0.0:0', way)
            self.assertEqual((status, out), (2, ''))
            self.assertIn('other machines can reach it', err)
            self.assertIn('--allow-to', err)
        with harness.Tool('relay', '--listen', '0.0.0.0:0', '--allow-to', '192.0.2.1', '--socks'):
            pass

    def test_options(self):
        listen = ('relay', '--listen', '127.0.0.1:0')
        for args, text in (
                ([*listen, '--allow-to', '192.0.2', '--socks'], '"192.0.2" is no ADDRESS'),
                ([*listen, '--allow-to', '192.0.2.1/33', '--socks'],
                 'the BITS of IPv4 are a number from 0 to 32'),
                ([*listen, '--allow-to', '[2001:db8::1/129]:80', '--socks'],
                 'the BITS of IPv6 are a number from 0 to 128'),
                ([*listen, '--allow-to', '10.0.0.1/8:80', '--socks'],
                 'the network is 10.0.0.0/8, the address alone 10.0.0.1\n'),
                ([*listen, '--allow-to', '10.1.255.1/13', '--socks'], ' 10.0.0.0/13, the'),
                ([*listen, '--allow-to', '2001:db8::1/32', '--socks'], ' 2001:db8::/32, the'),
                ([*listen, '--allow-to', '10.0.0.1/0', '--socks'], ' 0.0.0.0/0, the'),
                ([*listen, '--allow-to', '10.0.0.0/x', '--socks'], 'from 0 to 32'),
                ([*listen, '--allow-to', '::/129', '--socks'], 'from 0 to 128'),
                ([*listen, '--allow-to', '0.0.0.0/-1', '--socks'], 'from 0 to 32'),
                ([*listen, '--proxy-protocol', 'in', '--proxy-from', '0.0.0.0/200', '--socks'],
                 'from 0 to 32'),
                ([*listen, '--proxy-from', '10.0.0.1/8', '--socks'], ' 10.0.0.0/8, the'),
                ([*listen, '--allow-to', '192.0.2.1:0', '--socks'], 'no port'),
                ([*listen, '--allow-to', '*:9-8', '--socks'], 'no port'),
                ([*listen, '--allow-to', 'localhost', '--socks'], '"localhost" is no ADDRESS'),
                ([*listen, '--allow-to', '192.0.2.1', '--connect', 'localhost:80'],
                 'not for --connect "localhost:80"'),
                (['relay', '--socks'], '--socks: a --listen ADDRESS must stand before it'),
                (['relay', '--ask-first', '--socks'], '--socks: a --listen ADDRESS must stand'),
                ([*listen, '--ask-first'], '--ask-first: a --connect ADDRESS must stand behind it'),
                ([*listen, '--socks', '--ask-first'],
                 '--ask-first: it must stand before the --socks that it is for'),
                ([*listen, '--socks', '--allow-to', '127.0.0.1:80'],
                 '--allow-to "127.0.0.1:80": it must stand before the --socks that it is for'),
                ([*listen, '--connect', 'localhost:80', '--module', 'pass'],
                 '--module "pass": it must stand before the --connect "localhost:80" that'),
                ([*listen, '--socks', *listen[1:], '--module', 'pass'],
                 '--module "pass": a --connect ADDRESS must stand behind it'),
                ([*listen, '--socks', '--http-connect'],
                 '--http-connect: only one of --connect, --socks, --http-connect and '
                 '--transparent can end what a --listen begins, and --socks has done so'),
                ([*listen, '--socks', '--connect', 'localhost:80'],
                 '--connect "localhost:80": only one of --connect, --socks, --http-connect'),
                ([*listen, '--ask-first', '--sni', '--socks'], '--sni cannot be had'),
                ([*listen, '--upstream-proxy', 'ftp://a', '--socks'], 'ftp://a'),
                ([*listen, '--upstream-proxy', 'auto', '--proxy-protocol', 'out', '--socks'],
                 'cannot be had with --upstream-proxy'),
                (['relay', '--listen', 'udp:127.0.0.1:0', '--socks'], 'not for datagrams')):
            status, out, err = harness.run_tool(*args)
            self.assertEqual((status, out), (2, ''), (args, err))
            self.assertIn(text, err)
            self.assertEqual(err.count('\n'), 1, err)


class UpstreamProxies(unittest.TestCase):
    """One relay behind another, which does what the first one asks for."""

    def test_each_kind(self):
        with harness.Upstream(harness.echo) as upstream, proxy() as inner:
            socks, connect = ports(inner)
            for uri in (f'socks5://127.0.0.1:{socks}', f'socks4://127.0.0.1:{socks}',
                        f'socks4a://127.0.0.1:{socks}', f'socks://127.0.0.1:{socks}',
                        f'http://127.0.0.1:{connect}'):
                with harness.Tool('relay', '--listen', '127.0.0.1:0', '--upstream-proxy', uri,
                                  '--connect', f'localhost:{upstream.port}',
                                  env=GLIB_LEAKS if uri.startswith('socks4') else None) as relay:
                    with harness.connect(relay.port) as client:
                        client.sendall(b'through both')
                        client.shutdown(socket.SHUT_WR)
                        self.assertEqual(harness.read_all(client), b'through both', uri)

    def test_as_the_desktop_is_set(self):
        """What the environment says is such a setting; by itself it changes nothing."""
        with proxy() as inner:
            for option, count in (('auto', 1), ('none', 1)):
                uri = f'socks5://127.0.0.1:{ports(inner)[0]}'
                env = {'http_proxy': uri, 'all_proxy': uri, 'no_proxy': ''}
                with harness.Tool('relay', '--listen', '127.0.0.1:0', '--upstream-proxy', option,
                                  '--connect', 'no-name.invalid:80', env=env) as relay:
                    self.assertEqual(harness.fetch_cut(relay.port), b'')
                    relay.wait_for_log('failed: Cannot connect to no-name.invalid:80')
                if option == 'auto':
                    inner.wait_for_log('-> no-name.invalid:80: failed')
                self.assertEqual(sum('no-name.invalid' in line for line in inner.log), count)

    def test_names_are_for_the_proxy(self):
        """Which can know others; but what is limited is not left to it."""
        with proxy() as inner, \
                proxy('--upstream-proxy', f'socks5://127.0.0.1:{ports(inner)[0]}') as outer, \
                proxy('--allow-to', '127.0.0.1', '--upstream-proxy',
                      f'socks5://127.0.0.1:{ports(inner)[0]}') as limited, \
                harness.Upstream(harness.echo) as upstream:
            self.assertEqual(clients.socks5_code(ports(outer)[0], 'localhost', upstream.port), 0)
            clients.socks5_code(ports(outer)[0], 'no-name.invalid', 80)
            inner.wait_for_log('-> no-name.invalid:80: failed')
            self.assertEqual(clients.socks5_code(ports(limited)[0], 'localhost', upstream.port), 2)
            self.assertEqual(clients.socks5_code(ports(limited)[0], '127.0.0.1', upstream.port), 0)
            self.assertEqual(clients.socks5_code(ports(limited)[0], '127.0.0.2', upstream.port), 2)
            limited.wait_for_log('localhost is a name that the proxy looks up')

    def test_nobody_is_there(self):
        with free_port() as port, proxy('--upstream-proxy', f'socks5://127.0.0.1:{port}') as relay:
            self.assertIn(clients.socks5_code(ports(relay)[0], '127.0.0.1', 9), (1, 4, 5))


class Context(unittest.TestCase):
    def test_what_is_known(self):
        with harness.Upstream(harness.echo) as upstream, \
                proxy('--module', GATEKEEPER) as relay:
            connection, _ = clients.socks5(ports(relay)[0], 'localhost', upstream.port)
            with connection:
                caddr, cport = connection.getsockname()
            relay.wait_for_log(f'-> localhost:{upstream.port}: log: known: caddr={caddr} '
                               f'cport={cport} name=localhost saddr=127.0.0.1 '
                               f'sport={upstream.port}')
            connection, _ = clients.socks5(ports(relay)[0], '127.0.0.1', upstream.port)
            with connection:
                cport = connection.getsockname()[1]
            relay.wait_for_log(f'known: caddr={caddr} cport={cport} saddr=127.0.0.1')

    def test_each_listener_has_its_modules(self):
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'{GATEKEEPER}=deny=name:localhost', '--socks',
                             '--listen', '127.0.0.1:0', '--http-connect',
                             listeners=2) as relay:
            socks, connect = ports(relay)
            connection, code = clients.socks5(socks, 'localhost', upstream.port)
            with connection:
                self.assertEqual(code, 0)
                harness.read_all(connection)
            relay.wait_for_log('refused: Denied by the analyzer: not on the list')
            self.assertEqual(clients.http_code(connect, f'localhost:{upstream.port}'), 200)


if __name__ == '__main__':
    unittest.main(verbosity=2)
