#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""relay --take-over ADDRESS: a new process gets the sockets of an old one, no client notices, and
whatever goes wrong on the way leaves the old one as it was."""

import array
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

import tool_harness as harness
from control_clients import Control
from service_manager import Manager
from take_over_load import EchoServer, Load

# An account that every system has.
STRANGER = 'nobody'
HELLO = {'versions': [1], 'program': 'relay'}


class Relays(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.control = os.path.join(self.folder, 'control')
        self.path = os.path.join(self.folder, 'u')
        self.upstream = harness.Upstream(harness.echo)
        self.addCleanup(self.upstream.__exit__)

    def relay(self, *options, listen=None, control=None, connect=None, **rest):
        listen = listen or [self.path]
        words = [word for address in listen for word in ('--listen', address)]
        return harness.Tool('relay', '--control', control or self.control, *options, *words,
                            '--connect', connect or self.upstream.address,
                            **{'listeners': len(listen), **rest})

    def next(self, *options, **rest):
        return self.relay('--take-over', self.control, *options, **rest)

    def fails(self, *options):
        return harness.run_tool('relay', '--control', self.control, '--take-over', self.control,
                                *options, '--listen', self.path, '--connect',
                                self.upstream.address)

    def connect(self, path=None):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(harness.TIMEOUT)
        client.connect(path or self.path)
        self.addCleanup(client.close)
        return client

    def check(self, client, data=b'hello'):
        client.sendall(data)
        got = b''
        while len(got) < len(data):
            piece = client.recv(1000)
            self.assertTrue(piece, 'the connection was cut')
            got += piece
        self.assertEqual(got, data)

    def ask(self, **arguments):
        """Asks the old one for its sockets, as a new one would: (connection, answers,
        descriptors)."""
        control = Control(self.control)
        self.addCleanup(control.close)
        control.send(json.dumps({'command': 'take-over', **HELLO, **arguments}).encode() + b'\n')
        return control, *receive(control)


def receive(control):
    """The lines up to the last address, and what came with them."""
    text, fds = b'', array.array('i')
    wanted = 1
    while text.count(b'\n') < wanted:
        data, messages, _, _ = control.socket.recvmsg(65536, socket.CMSG_SPACE(1000))
        if not data:
            break
        for _, _, payload in messages:
            fds.frombytes(payload)
        text += data
        if b'\n' in text:
            wanted = 1 + json.loads(text.split(b'\n')[0]).get('addresses', 0)
    for fd in fds:
        os.close(fd)
    return [json.loads(line) for line in text.splitlines()], len(fds)


class Replacing(Relays):
    def test_under_load(self):
        echo = EchoServer()
        load = Load(echo)
        listen = [self.path, '127.0.0.1:0']
        relays = [self.relay(listen=listen, connect=echo.address)]
        try:
            load.start(relays[0].addresses)
            for _ in range(3):
                load.wait_for_more(300)
                relays.append(self.next(listen=listen, connect=echo.address))
                relays[-2].wait_for_log('has taken over')
                # Port 0 stays what it was.
                self.assertEqual(relays[-1].addresses, relays[0].addresses)
            load.wait_for_more(300)
        finally:
            load.stop()
            self.assertEqual(load.faults, [])
            self.assertEqual([relay.wait() for relay in relays[:-1]], [0, 0, 0])
            self.assertEqual(relays[-1].stop(), 0)
        self.assertGreater(load.n_done, 1200)
        self.assertEqual(os.listdir(self.folder), [])

    def test_connections_are_finished(self):
        with self.relay() as old:
            client = self.connect()
            self.check(client)
            with self.next() as new:
                old.wait_for_log(f'Process {new.process.pid} has taken over')
                new.wait_for_log(f'Process {old.process.pid} has been replaced')
                self.check(client)
                late = self.connect()
                self.check(late)
                self.assertIsNone(old.process.poll())
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(100), b'')
                self.assertEqual(old.wait(), 0)
                self.check(late)
                late.close()
            self.assertFalse(os.path.lexists(self.path))
            self.assertFalse(os.path.lexists(self.control))

    def test_grace(self):
        """What does not end by itself ends then, and at a signal as always."""
        for options, stop in ((['--take-over-grace', '1'], None),
                              (['--grace', '1'], signal.SIGTERM)):
            with self.subTest(options), self.relay(*options) as old:
                client = self.connect()
                self.check(client)
                with self.next() as new:
                    new.wait_for_log('has been replaced')
                    if stop is not None:
                        old.process.send_signal(stop)
                    self.assertEqual(old.wait(), 0)
                    old.wait_for_log('after 1 seconds are closed')
                    with self.assertRaises(OSError):
                        self.check(client)
                    late = self.connect()
                    self.check(late)
                    late.close()

    def test_other_addresses(self):
        """What both have goes over, what one has goes away or is opened."""
        gone, new_path = (os.path.join(self.folder, name) for name in ('gone', 'new'))
        with self.relay(listen=[gone, '@' + self.path, '127.0.0.1:0']) as old:
            inode = os.stat(self.control).st_ino
            with self.next('--socket-mode', '0660',
                           listen=[new_path, '127.0.0.1:0', '@' + self.path]) as new:
                self.assertEqual(old.wait(), 0)
                self.assertEqual(new.addresses[1:], old.addresses[:0:-1])
                self.assertFalse(os.path.lexists(gone))
                self.assertEqual(os.stat(self.control).st_ino, inode)
                for path in (new_path, '\0' + self.path):
                    client = self.connect(path)
                    self.check(client)
                    client.close()
            self.assertEqual(os.listdir(self.folder), [])

    def test_config_file(self):
        """The one option that may stand beside it, and no key of it."""
        path = os.path.join(self.folder, 'relay.conf')
        text = (f'[relay]\ncontrol = {self.control}\nmetrics = 127.0.0.1:0\n'
                f'[listener a]\nlisten = {self.path}\nconnect = {self.upstream.address}\n')
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        with harness.Tool('relay', '--config', path, metrics=1) as old:
            for option in (['--take-over', self.control], ['--take-over=' + self.control]):
                new = harness.Tool('relay', *option, '--config', path, metrics=1)
                self.assertEqual(new.metrics, old.metrics)
                self.assertEqual(old.wait(), 0)
                client = self.connect()
                self.check(client)
                client.close()
                old = new
            self.assertEqual(old.stop(), 0)
        with open(path, 'a', encoding='ascii') as file:
            file.write(f'[relay]\ntake-over = {self.control}\n')
        status, _, err = harness.run_tool('relay', '--config', path)
        self.assertEqual(status, 2)
        self.assertIn('"take-over"', err)

    def test_file_of_metrics(self):
        """It is the new one's by then."""
        path = os.path.join(self.folder, 'imp.prom')
        options = ['--metrics', f'file:{path}', '--metrics-interval', '3600']
        with self.relay(*options) as old:
            harness.wait_until(lambda: os.path.exists(path))
            with self.next(*options):
                self.assertEqual(old.wait(), 0)
                self.assertTrue(os.path.exists(path))
            self.assertFalse(os.path.exists(path))

    def test_other_control_socket(self):
        with self.relay() as old, self.next(control=self.control + '2'):
            self.assertEqual(old.wait(), 0)
            self.assertFalse(os.path.lexists(self.control))
            self.assertTrue(os.path.lexists(self.control + '2'))

    def test_file_that_was_replaced(self):
        """Somebody else has that name by now, to whom nothing happens."""
        with self.relay() as old:
            os.unlink(self.path)
            other = socket.socket(socket.AF_UNIX)
            self.addCleanup(other.close)
            other.bind(self.path)
            other.listen()
            status, _, err = self.fails()
            self.assertEqual(status, 1)
            self.assertIn('another server listens there', err)
            self.assertIsNone(old.process.poll())
            old.wait_for_log('has not taken over, and this one goes on')
        self.assertTrue(os.path.lexists(self.path))

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build has no scripts')
    def test_scripts(self):
        """Who has come before keeps the old script, who comes later gets the new one."""
        scripts = []
        for name in ('OLD', 'NEW'):
            scripts.append(os.path.join(self.folder, f'{name}.py'))
            with open(scripts[-1], 'w', encoding='ascii') as source:
                source.write(SCRIPT.format(name))
        with self.relay('--module', scripts[0]) as old:
            early = self.connect()
            self.assertEqual(self.say(early), b'OLD')
            with self.next('--module', scripts[1]) as new:
                new.wait_for_log('has been replaced')
                late = self.connect()
                self.assertEqual(self.say(late), b'NEW')
                self.assertEqual(self.say(early), b'OLD')
                early.close()
                self.assertEqual(old.wait(), 0)
                self.assertEqual(self.say(late), b'NEW')
                late.close()

    def say(self, client):
        client.sendall(b'xxx')
        return client.recv(100)

    def test_datagrams(self):
        server = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(('127.0.0.1', 0))
        server.settimeout(harness.TIMEOUT)
        target = 'udp:127.0.0.1:%d' % server.getsockname()[1]
        client = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(harness.TIMEOUT)
        module = ['--module', 'pattern=string=none&action=deny&actdata=x']
        with self.relay(*module, listen=['udp:127.0.0.1:0'], connect=target) as old:
            client.connect(('127.0.0.1', old.port))
            client.send(b'before')
            data, first = server.recvfrom(100)
            self.assertEqual(data, b'before')
            with self.next(*module, listen=['udp:127.0.0.1:0'], connect=target) as new:
                self.assertEqual(new.port, old.port)
                new.wait_for_log('has been replaced')
                # An answer to what the old one has passed on still finds its way.
                server.sendto(b'answer', first)
                self.assertEqual(client.recv(100), b'answer')
                for i in range(100):
                    client.send(b'%d' % i)
                    data, later = server.recvfrom(100)
                    self.assertEqual(data, b'%d' % i)
                    self.assertNotEqual(later, first)
                    server.sendto(data, later)
                    self.assertEqual(client.recv(100), data)
                self.assertEqual(old.wait(), 0)


SCRIPT = '''
from gi.repository import Imp
class Say(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        if direction != Imp.Direction.FROM_CLIENT or data.get_size() == 0:
            self.pass_bytes(direction, Imp.MAX_OFFSET)
        else:
            self.seen = getattr(self, 'seen', 0) + data.get_size()
            self.replace_bytes(direction, self.seen, b'{}')
'''


class Failing(Relays):
    """In each case the old one goes on, and can still be replaced."""

    def setUp(self):
        super().setUp()
        self.old = self.relay(listen=[self.path, '127.0.0.1:0'])
        self.addCleanup(self.old.__exit__, None)
        self.client = self.connect()

    def tearDown(self):
        self.check(self.client)
        late = self.connect()
        self.check(late)
        late.close()
        self.client.close()
        with self.next(listen=[self.path, '127.0.0.1:0']) as new:
            self.assertEqual(self.old.wait(), 0)
            self.assertEqual(new.addresses, self.old.addresses)

    def goes_on(self, why):
        harness.wait_until(lambda: any('has not taken over, and this one goes on: ' in line
                                       and why in line for line in list(self.old.log)))

    def test_handshake(self):
        control, answers, n = self.ask()
        self.assertEqual(answers[0]['version'], 1)
        self.assertEqual(answers[0]['pid'], self.old.process.pid)
        self.assertEqual([answer['address'] for answer in answers[1:]],
                         [self.control, self.path, '127.0.0.1:0'])
        self.assertEqual(n, 3)
        self.assertEqual(answers[2]['inode'], os.stat(self.path).st_ino)
        self.assertNotIn('inode', answers[3])
        control.close()
        self.goes_on('The other process has gone')

    def test_malformed(self):
        for line, why in ((b'{"accepting"\n', ''), (b'[]\n', 'no JSON object'), (b'{}\n', '"left"'),
                          (b'{"left": -1}\n', '"left"'), (b'{"left": "x"}\n', '"left"'),
                          (b'{"accepting": "yes"}\n', '"left"'), (b'\xff\n', ''),
                          (b'{"accepting": {}}\n', '"left"'), (b'{"accepting": null}\n', '"left"'),
                          (b'x' * 10000, 'too'), (b'{"error": "no"}\n', 'no'),
                          (b'{"error": 1}\n', 'not say why'), (b'[' * 4000 + b'\n', '')):
            with self.subTest(line[:20]):
                control, _, _ = self.ask()
                control.send(line)
                try:
                    while (answer := control.receive()) is not None:
                        self.assertIn(why, answer['error'])
                except ConnectionResetError:
                    pass  # not all of it was read
                control.close()
                self.goes_on(why)
        self.assertFalse([line for line in self.old.log if 'assertion' in line])

    def test_many_left(self):
        """Names of what it never had do not make it grow."""
        control, _, _ = self.ask()
        control.send(b'{"left": 77}\n' * 5000)
        control.close()
        self.goes_on('The other process has gone')

    def test_refused(self):
        for arguments, why in (({'versions': [0, 2]}, 'version 1'), ({'versions': 1}, 'version 1'),
                               ({'versions': []}, 'version 1'), ({'versions': ['1']}, 'version 1'),
                               ({'program': 'serve'}, '"serve"'), ({'program': 3}, '"?"')):
            _, answers, n = self.ask(**arguments)
            self.assertIn(why, answers[0]['error'])
            self.assertEqual((len(answers), n), (1, 0))

    def test_two_at_once(self):
        control, _, _ = self.ask()
        _, answers, _ = self.ask()
        self.assertEqual(answers, [{'error': f'Process {os.getpid()} is taking over'}])
        status, _, err = self.fails()
        self.assertEqual(status, 1)
        self.assertIn('is taking over', err)
        control.close()
        self.goes_on('The other process has gone')

    def test_killed(self):
        """One that has the sockets, and is killed before it accepts."""
        process = subprocess.Popen(
            ['/usr/bin/python3', '-I', '-c', TAKE_AND_WAIT, self.control],
            stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), 'all is here\n')
        process.kill()
        process.wait()
        process.stdout.close()
        self.goes_on('The other process has gone')

    def test_stopped(self):
        """One that is slow does not stop the old one from being its usual self."""
        process = subprocess.Popen(
            ['/usr/bin/python3', '-I', '-c', TAKE_AND_WAIT, self.control],
            stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), 'all is here\n')
        process.send_signal(signal.SIGSTOP)
        self.check(self.client)
        late = self.connect()
        self.check(late)
        late.close()
        process.kill()
        process.wait()
        process.stdout.close()
        self.goes_on('The other process has gone')

    def test_too_slow(self):
        """One that hangs does not keep others from taking over."""
        with self.next('--take-over-timeout', '1', listen=[self.path, '127.0.0.1:0']) as new:
            self.client.close()
            self.assertEqual(self.old.wait(), 0)
            control, _, _ = self.ask()
            with control:
                self.assertIn('within 1 seconds', control.receive()['error'])
                self.assertIsNone(control.receive())
            new.wait_for_log('has not taken over, and this one goes on: It did not accept')
            self.old = self.next(listen=[self.path, '127.0.0.1:0'])
            self.assertEqual(new.wait(), 0)
        self.client = self.connect()

    def test_wrong_command_line(self):
        for options, expected in ((['--module', 'none-such'], 2), (['--listen', '/x/y/z'], 1)):
            status, _, err = self.fails(*options)
            self.assertEqual(status, expected, err)
        self.goes_on('The other process has gone')


TAKE_AND_WAIT = '''
import socket, sys, time
control = socket.socket(socket.AF_UNIX)
control.connect(sys.argv[1])
control.sendall(b'{"command": "take-over", "versions": [1], "program": "relay"}\\n')
got = b''
while got.count(b'\\n') < 4:
    got += control.recvmsg(65536, 10000)[0]
print('all is here', flush=True)
time.sleep(600)
'''


class OldOnes(Relays):
    """What another process says that is to be replaced."""

    def setUp(self):
        super().setUp()
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(self.control)
        self.listener.listen()
        self.given = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.given.close)
        self.given.bind(self.path)
        self.given.listen()
        self.fds = [self.given]

    def answer(self, lines):
        """A handshake with these answers, one of which may come with the socket."""
        connection, _ = self.listener.accept()
        request = json.loads(connection.makefile('rb').readline())
        self.assertEqual(request, {'command': 'take-over', **HELLO})
        for line, fds in lines:
            data = line if isinstance(line, bytes) else json.dumps(line).encode() + b'\n'
            if fds:
                socket.send_fds(connection, [data], [fd.fileno() for fd in fds])
            else:
                connection.sendall(data)
        return connection

    def good(self):
        status = os.stat(self.path)
        return [({'version': 1, 'pid': 7, 'addresses': 1}, None),
                ({'address': self.path, 'id': 5, 'sockets': 1, 'device': status.st_dev,
                  'inode': status.st_ino}, [self.given])]

    def start(self):
        """A new one, whose first line comes later."""
        process = subprocess.Popen(
            [harness.TOOL, 'relay', '--take-over', self.control, '--listen', self.path,
             '--connect', self.upstream.address], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        return process

    def check_accepting(self, connection):
        self.assertEqual(json.loads(connection.makefile('rb').readline()), {'accepting': True})
        client = self.connect()
        self.given.close()
        self.check(client)
        client.close()

    def test_dies_late(self):
        """It was killed: the sockets are there, and so is somebody who accepts."""
        process = self.start()
        connection = self.answer(self.good())
        self.assertEqual(process.stdout.readline(), f'listening {self.path}\n')
        self.check_accepting(connection)
        connection.close()
        self.assertIn('Process 7 was replaced, but has not said so', process.stderr.readline())
        process.terminate()
        self.assertEqual(process.wait(harness.TIMEOUT), 0)
        self.assertFalse(os.path.lexists(self.path))

    def test_says_no_late(self):
        """It goes on, and its file is left alone."""
        process = self.start()
        with self.answer(self.good()) as connection:
            connection.makefile('rb').readline()
            connection.sendall(b'{"error": "too late"}\n')
            self.assertEqual(process.wait(harness.TIMEOUT), 1)
        self.assertIn('too late', process.stderr.read())
        self.assertTrue(os.path.lexists(self.path))

    def test_says_nothing_at_the_end(self):
        process = self.start()
        with self.answer(self.good()) as connection:
            self.check_accepting(connection)
            process.terminate()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)
        # Whose it is was not said.
        self.assertTrue(os.path.lexists(self.path))

    def test_malformed(self):
        good = self.good()
        bundle = good[1][0]
        pipe = os.pipe()
        self.addCleanup(os.close, pipe[0])
        self.addCleanup(os.close, pipe[1])
        for lines, why in (
                ([({'error': 'no'}, None)], 'no'),
                ([({}, None)], '"version"'),
                ([({'version': 2, 'pid': 7, 'addresses': 0}, None)], 'version 2'),
                ([({'version': 1, 'pid': 7, 'addresses': 1 << 40}, None)], '"addresses"'),
                ([good[0], (bundle, None)], '0 descriptors'),
                ([good[0], ({**bundle, 'sockets': 999999}, [self.given])], '"sockets"'),
                ([good[0], ({**bundle, 'address': None}, [self.given])], '"address"'),
                ([good[0], ({**bundle, 'inode': 'x'}, [self.given])], '"inode"'),
                ([good[0], (b'x' * 9000, None)], 'too'),
                ([good[0], (b'\n', None)], ''),
                ([good[0]], 'has gone')):
            with self.subTest(why):
                process = self.start()
                self.answer(lines).close()
                _, err = process.communicate(timeout=harness.TIMEOUT)
                self.assertEqual(process.returncode, 1, err)
                self.assertIn('--take-over', err)
                self.assertIn(why, err)

    def test_no_socket(self):
        """Something else than was said comes over; the path is in use by then."""
        process = self.start()
        other = socket.socket(socket.AF_UNIX)
        self.addCleanup(other.close)
        good = self.good()
        self.answer([good[0], (good[1][0], [other])]).close()
        _, err = process.communicate(timeout=harness.TIMEOUT)
        self.assertEqual(process.returncode, 1)
        self.assertIn('none at which to hear clients', err)

    def test_nobody(self):
        """The first start is like all others."""
        self.listener.close()
        self.given.close()
        for address in (self.control, os.path.join(self.folder, 'nothing')):
            with harness.Tool('relay', '--control', self.control, '--take-over', address,
                              '--listen', self.path, '--connect', self.upstream.address) as tool:
                tool.wait_for_log(f'nobody to be replaced at {address}')
                client = self.connect()
                self.check(client)
                client.close()

    def test_wrong_address(self):
        """Who has the sockets goes on, and says so by having them."""
        status, _, err = harness.run_tool('relay', '--take-over', self.control + 'x', '--listen',
                                          self.path, '--connect', self.upstream.address)
        self.assertEqual(status, 1)
        self.assertIn('another server listens there', err)
        status, _, err = harness.run_tool('relay', '--take-over', 'localhost:1', '--listen',
                                          self.path, '--connect', self.upstream.address)
        self.assertEqual(status, 2)
        self.assertIn('--take-over "localhost:1"', err)

    def test_signal_while_waiting(self):
        process = self.start()
        connection, _ = self.listener.accept()
        connection.makefile('rb').readline()
        process.terminate()
        self.assertEqual(process.wait(harness.TIMEOUT), 0)
        connection.close()


@unittest.skipUnless(os.geteuid() == 0 and shutil.which('setpriv'),
                     'only root can be two users, by setpriv')
class Users(Relays):
    def test_root_is_refused(self):
        """A process of another user is not replaced by one with more rights."""
        os.chmod(self.folder, 0o777)
        command = ('setpriv', '--reuid', STRANGER, '--regid', 'nogroup', '--clear-groups',
                   harness.TOOL)
        with self.relay(command=command, cwd='/') as old:
            status, _, err = self.fails()
            self.assertEqual(status, 1)
            self.assertIn('User 0 cannot replace this process', err)
            client = self.connect()
            self.check(client)
            client.close()
            with self.next(command=command, cwd='/'):
                self.assertEqual(old.wait(), 0)

    def test_stranger_is_refused(self):
        with self.relay():
            os.chmod(self.folder, 0o777)
            os.chmod(self.control, 0o777)
            done = subprocess.run(
                ['setpriv', '--reuid', STRANGER, '--regid', 'nogroup', '--clear-groups',
                 harness.TOOL, 'relay', '--take-over', self.control, '--listen', '@x' + self.path,
                 '--connect', self.upstream.address], stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, check=False, cwd='/', timeout=harness.TIMEOUT)
            self.assertEqual(done.returncode, 1)
            self.assertIn('--take-over', done.stderr)


class Services(Relays):
    def test_what_the_manager_hears(self):
        """The one that is replaced, which it knows, says who takes its place."""
        with Manager() as manager:
            with self.relay(env=manager.env) as old:
                self.assertEqual(manager.hear()['READY'], '1')
                with self.next(env=manager.env) as new:
                    self.assertEqual(old.wait(), 0)
                    said = [manager.hear(), manager.hear()]
                    self.assertIn({'MAINPID': str(new.process.pid)}, said)
                    self.assertIn('READY', {**said[0], **said[1]})
                    self.assertTrue(manager.hears_nothing())
                    self.assertEqual(new.stop(), 0)
                self.assertEqual(manager.hear()['STOPPING'], '1')

    def test_sockets_of_a_manager(self):
        """They go over to a process that the manager does not know."""
        with Manager(2) as manager:
            paths = manager.paths
            with manager.start('relay', '--control', self.control, '--listen', 'systemd',
                               '--connect', self.upstream.address, listeners=2) as old:
                client = self.connect(paths[0])
                self.check(client)
                with self.next(listen=['systemd'], listeners=2) as new:
                    new.wait_for_log('has been replaced')
                    self.check(client)
                    client.close()
                    self.assertEqual(old.wait(), 0)
                    for path in paths:
                        late = self.connect(path)
                        self.check(late)
                        late.close()

    @unittest.skipUnless(shutil.which('systemd-socket-activate'), 'needs systemd-socket-activate')
    def test_real_activation(self):
        command = ('systemd-socket-activate', f'--listen={self.path}', harness.TOOL)
        process = subprocess.Popen(
            [*command, 'relay', '--control', self.control, '--listen', 'systemd', '--connect',
             self.upstream.address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        harness.wait_until(lambda: os.path.exists(self.path))
        client = self.connect()
        self.check(client)
        with self.next(listen=['systemd']):
            self.check(client)
            client.close()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)
            late = self.connect()
            self.check(late)
            late.close()


if __name__ == '__main__':
    harness.main()
