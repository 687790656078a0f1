#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes from around the tool: signals, limits of descriptors, nobody who reads its log, paths,
and machines that vanish."""

import os
import pty
import signal
import socket
import subprocess
import unittest
import urllib.parse

import tool_harness as harness

DENY = 'pattern=string=evil&rxdir=0&action=deny'


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def limited(soft, hard):
    """A command that runs the tool with these limits of descriptors."""
    return ('prlimit', f'--nofile={soft}:{hard}', harness.TOOL)


def ask(connection, data=b'x'):
    connection.sendall(data)
    return connection.recv(len(data))


def receive(connection, data):
    """What comes back for it, as long as it is."""
    connection.sendall(data)
    got = b''
    while len(got) < len(data) and (piece := connection.recv(1 << 16)):
        got += piece
    return got


class Signals(unittest.TestCase):
    def start(self, upstream, **options):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', upstream.address,
                            **options)

    def test_hangup_without_terminal(self):
        with harness.Upstream(echo) as upstream, self.start(upstream) as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(ask(client), b'x')
            relay.process.send_signal(signal.SIGHUP)
            relay.wait_for_log('SIGHUP')
            self.assertEqual(ask(client), b'x')
            with harness.connect(relay.port) as another:
                self.assertEqual(ask(another), b'x')

    def test_hangup_of_serve(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', path) as server:
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log('SIGHUP')
            self.assertEqual(harness.run_tool('ping', path)[0], 0)

    def test_hangup_under_nohup(self):
        """What was ignored before it began stays ignored."""
        with harness.Upstream(echo) as upstream, \
                self.start(upstream, command=('nohup', harness.TOOL)) as relay, \
                harness.connect(relay.port) as client:
            relay.process.send_signal(signal.SIGHUP)
            self.assertEqual(ask(client), b'x')

    def test_terminal_that_is_closed(self):
        """The tool ends gracefully: who is connected may finish."""
        with harness.Upstream(echo) as upstream:
            pid, terminal = pty.fork()
            if pid == 0:
                os.execv(harness.TOOL, ['imp-remote', 'relay', '--listen', '127.0.0.1:0',
                                        '--connect', upstream.address])
            line = os.read(terminal, 1000).decode()
            with harness.connect(int(line.strip().rpartition(':')[2])) as client:
                self.assertEqual(ask(client), b'x')
                os.close(terminal)
                self.assertEqual(ask(client), b'x')
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)


class Descriptors(unittest.TestCase):
    def assert_all_served(self, port, n_clients, at_once):
        """None is dropped; those for whom there is no place wait until others have gone."""
        clients = [harness.connect(port) for _ in range(n_clients)]
        served = 0
        while clients:
            batch, clients = clients[:at_once], clients[at_once:]
            for client in batch:
                self.assertEqual(ask(client), b'x')
                served += 1
            for client in batch:
                client.close()
        self.assertEqual(served, n_clients)

    def test_soft_limit_is_raised(self):
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', upstream.address,
                             command=limited(64, 4096)) as relay:
            self.assert_all_served(relay.port, 150, 150)

    def test_hard_limit_of_relay(self):
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', upstream.address,
                             command=limited(64, 64)) as relay:
            relay.wait_for_log('ulimit -n')
            self.assert_all_served(relay.port, 100, 10)

    def test_hard_limit_of_several_groups(self):
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', upstream.address,
                             '--listen', '127.0.0.1:0', '--connect', upstream.address, listeners=2,
                             command=limited(72, 72)) as relay:
            ports = [int(address.rpartition(':')[2]) for address in relay.addresses]
            kept = [harness.connect(ports[0]) for _ in range(60)]
            self.assertEqual(ask(kept[0]), b'x')
            self.assert_all_served(ports[1], 40, 5)
            for client in kept:
                client.close()

    def test_hard_limit_of_serve(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', path, command=limited(48, 48)) as server:
            server.wait_for_log('ulimit -n')
            clients = [socket.socket(socket.AF_UNIX) for _ in range(60)]
            for client in clients:
                client.settimeout(harness.TIMEOUT)
                client.connect(path)
            for client in clients:
                client.sendall(b'{"op":"set_version","version":2,"minimum":1}\n')
                self.assertIn(b'set_version', client.recv(1000))
                client.close()


class UnreadLog(unittest.TestCase):
    """Nobody reads standard error, which is a pipe of the smallest size."""

    def start(self, *args):
        process = subprocess.Popen([harness.TOOL, *args], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        address = process.stdout.readline().decode().split()[1]
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process, address

    def fill(self, port, n_clients):
        for _ in range(n_clients):
            with harness.connect(port) as client:
                client.sendall(b'evil')
                try:
                    self.assertEqual(client.recv(1), b'')
                except ConnectionResetError:
                    pass

    def test_relay(self):
        with harness.Upstream(echo) as upstream:
            process, address = self.start('relay', '-v', '--log-rate=0', '--listen',
                                          '127.0.0.1:0', '--module',
                                          DENY, '--connect', upstream.address)
            self.fill(int(address.rpartition(':')[2]), 1500)
            process.terminate()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)

    def test_what_was_dropped_is_counted(self):
        with harness.Upstream(echo) as upstream:
            process, address = self.start('relay', '-v', '--log-rate=0', '--listen',
                                          '127.0.0.1:0', '--module',
                                          'pattern=string=a&action=replace&actdata=b&rxdir=0',
                                          '--connect', upstream.address)
            with harness.connect(int(address.rpartition(':')[2])) as client:
                for _ in range(40):
                    self.assertEqual(receive(client, b'a' * 1000), b'b' * 1000)
            process.terminate()
            log = process.stderr.read()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)
            self.assertRegex(log, rb'\d+ messages were dropped')

    def test_usage_error(self):
        """The last words do not hold up the end."""
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b'x' * 4096)
        except BlockingIOError:
            pass
        os.set_blocking(writer, True)
        done = subprocess.run([harness.TOOL, 'no-such-command'], stderr=writer,
                              timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 2)
        os.close(reader)
        os.close(writer)

    def test_reader_that_is_gone(self):
        with harness.Upstream(echo) as upstream:
            process, address = self.start('relay', '-v', '--log-rate=0', '--listen',
                                          '127.0.0.1:0', '--module',
                                          DENY, '--connect', upstream.address)
            process.stderr.close()
            self.fill(int(address.rpartition(':')[2]), 20)
            process.terminate()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)


class Log(unittest.TestCase):
    def deny(self, reason, *options, n_clients=1):
        module = f'pattern=string=evil&rxdir=0&action=deny&actdata={reason}'
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', *options, '--listen', '127.0.0.1:0', '--module', module,
                             '--connect', upstream.address) as relay:
            for _ in range(n_clients):
                self.assertEqual(harness.fetch(relay.port, b'evil'), b'')
            relay.stop()
        return relay.log

    def test_rate(self):
        lines = self.deny('no', '--log-rate=3', n_clients=100)
        denied = [line for line in lines if ': refused: ' in line]
        self.assertGreaterEqual(len(denied), 30)
        self.assertLess(len(denied), 60)
        left_out = [line for line in lines if 'were left out' in line]
        counted = sum(int(line.split(' lines (connection-refused)')[0].rpartition(' ')[2])
                      for line in left_out)
        self.assertEqual(counted + len(denied), 100)

    def test_no_rate(self):
        lines = self.deny('no', '--log-rate=0', n_clients=1200)
        self.assertEqual(len([line for line in lines if 'refused' in line]), 1200)

    def test_characters(self):
        """One line, and nothing in it that a terminal acts on or that misleads a reader."""
        for text, shown in (('a\u202eb', 'a\\u202eb'), ('a\u2028b', 'a\\u2028b'),
                            ('a\u2066b\u2069', 'a\\u2066b\\u2069'), ('a\x1b[2Jb', 'a\\x1b[2Jb'),
                            ('a\nb', 'a\\x0ab'), ('a\u200bb', 'a\\u200bb'),
                            ('\u00e4\u4e2d', '\u00e4\u4e2d')):
            lines = self.deny(urllib.parse.quote(text))
            self.assertEqual(len(lines), 1)
            self.assertTrue(lines[0].endswith(shown), (lines, shown))

    def test_length(self):
        lines = self.deny('x' * 5000)
        self.assertLess(len(lines[0]), 1500)
        self.assertIn('x... (', lines[0])
        self.assertIn('bytes more)', lines[0])


def has_urgent_bytes():
    """Whether unix sockets have them; old kernels have not."""
    one, other = socket.socketpair()
    with one, other:
        try:
            return one.send(b'x', socket.MSG_OOB) == 1
        except OSError:
            return False


class Network(unittest.TestCase):
    def options_of(self, relay):
        """What ss(8) says of the timers of the relay's connections."""
        text = subprocess.run(['ss', '-tnop'], stdout=subprocess.PIPE, text=True, check=True).stdout
        return [line for line in text.splitlines()
                if f'pid={relay.process.pid},' in line and line.startswith('ESTAB')]

    def check_keepalive(self, wanted, *options):
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', *options, '--listen', '127.0.0.1:0', '--connect',
                             upstream.address) as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(ask(client), b'x')
            found = self.options_of(relay)
            self.assertEqual(len(found), 2)
            for line in found:
                self.assertEqual('timer:(keepalive' in line, wanted, line)

    def test_keepalive(self):
        self.check_keepalive(True)
        self.check_keepalive(True, '--keepalive=5')
        self.check_keepalive(False, '--keepalive=0')

    def say_secret(self, client):
        client.sendall(b'my sec')
        client.send(b'r', socket.MSG_OOB)
        client.sendall(b'et is')
        client.shutdown(socket.SHUT_WR)

    def test_urgent(self):
        """Urgent bytes are bytes: they are inspected like all others, and none is lost."""
        for module, wanted in (('pattern=string=secret&action=replace&actdata=XXXXXX&rxdir=0',
                                b'my XXXXXX is'),
                               ('pass', b'my secret is')):
            with harness.Upstream(echo) as upstream, \
                    harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module,
                                 '--connect', upstream.address) as relay, \
                    harness.connect(relay.port) as client:
                self.say_secret(client)
                self.assertEqual(harness.read_all(client), wanted)

    @unittest.skipUnless(has_urgent_bytes(), 'unix sockets have no urgent bytes here')
    def test_urgent_at_unix_sockets(self):
        """From both sides; the upstream's come back to the client."""
        folder = harness.make_folder()
        paths = [os.path.join(folder, name) for name in 'lu']
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(paths[1])
            listener.listen()
            for module, wanted in (('pattern=string=secret&action=replace&actdata=XXXXXX',
                                    b'my XXXXXX is'),
                                   ('pass', b'my secret is')):
                with harness.Tool('relay', '--listen', paths[0], '--module', module, '--connect',
                                  paths[1]), \
                        socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(harness.TIMEOUT)
                    client.connect(paths[0])
                    with listener.accept()[0] as server:
                        server.settimeout(harness.TIMEOUT)
                        for one in client, server:
                            self.say_secret(one)
                        for one in client, server:
                            self.assertEqual(harness.read_all(one), wanted)

    def test_urgent_alone(self):
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', DENY, '--connect',
                             upstream.address) as relay, \
                harness.connect(relay.port) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b'evil':
                client.send(bytes([byte]), socket.MSG_OOB)
            relay.wait_for_log('refused')


class Paths(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def path_of(self, length):
        return os.path.join(self.folder, 's' * (length - len(self.folder) - 1))

    def test_after_a_crash(self):
        for length in (40, 96, 100, 104, 107):
            path = self.path_of(length)
            with harness.Tool('serve', path) as server:
                server.process.kill()
                server.wait()
            with harness.Tool('serve', path):
                self.assertEqual(harness.run_tool('ping', path)[0], 0)
                self.assertEqual(os.listdir(self.folder), [os.path.basename(path)])
            self.assertEqual(os.listdir(self.folder), [])

    def test_taken_over(self):
        path = self.path_of(107)
        with harness.Tool('serve', path), harness.Tool('serve', '--replace', path):
            self.assertEqual(harness.run_tool('ping', path)[0], 0)

    def test_short_name_in_a_long_folder(self):
        folder = os.path.join(self.folder, 'f' * (105 - len(self.folder) - 1))
        os.mkdir(folder)
        path = os.path.join(folder, 's')
        with harness.Tool('serve', path) as server:
            server.process.kill()
            server.wait()
        with harness.Tool('serve', path):
            self.assertEqual(harness.run_tool('ping', path)[0], 0)

    def test_other_sockets(self):
        """What is no listening stream socket is no address."""
        kinds = {'datagram': socket.SOCK_DGRAM, 'packets': socket.SOCK_SEQPACKET}
        for name, kind in kinds.items():
            with socket.socket(socket.AF_UNIX, kind) as other:
                other.bind(os.path.join(self.folder, name))
                if kind == socket.SOCK_SEQPACKET:
                    other.listen()
                self.assert_refused(other, 'SOCK_STREAM')
        with socket.socket() as silent:
            silent.bind(('127.0.0.1', 0))
            self.assert_refused(silent, 'does not listen')
        with open(os.devnull, 'rb') as file:
            self.assert_refused(file, str(file.fileno()))

    def assert_refused(self, file, text):
        done = subprocess.run([harness.TOOL, 'serve', f'fd:{file.fileno()}'], text=True,
                              pass_fds=[file.fileno()], stderr=subprocess.PIPE,
                              timeout=harness.TIMEOUT, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(text, done.stderr)

    def test_spellings_of_others(self):
        for address, right in (('unix:/run/x', '/run/x'), ('unix:x', './x'),
                               ('unix:///run/x', '/run/x'), ('tcp://127.0.0.1:80', '127.0.0.1:80'),
                               ('tcp:127.0.0.1:80', '127.0.0.1:80'), ('UNIX:/x', '/x')):
            for args in (('relay', '--listen', address, '--connect', '127.0.0.1:9'),
                         ('relay', '--listen', '127.0.0.1:0', '--connect', address),
                         ('serve', address), ('ping', address),
                         ('serve', '--module', f'remote=addr={address}', '127.0.0.1:0')):
                status, _, err = harness.run_tool(*args)
                self.assertNotEqual(status, 0, args)
                self.assertIn(f'write "{right}"', err, args)
        for address in ('http://host:80', 'file:/x', 'a\nb/c'):
            self.assertEqual(harness.run_tool('serve', address)[0], 2, address)


if __name__ == '__main__':
    unittest.main(verbosity=2)
