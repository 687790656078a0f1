#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The control sockets of relay and serve: who may ask, what is answered, and that no client of them
can harm anything."""

import json
import os
import socket
import stat
import subprocess
import unittest

import tool_harness as harness
from control_clients import Control, ask

STRANGER = 'nobody'
MAX_CLIENTS = 16
MAX_REQUEST = 4096

# Says something at a socket, and prints all that comes.
TALK = '''
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(60)
address = sys.argv[1]
try:
    connection.connect('\\0' + address[1:] if address.startswith('@') else address)
    connection.sendall(b'{"command": "status"}\\n')
    print(connection.recv(1000))
except (PermissionError, ConnectionResetError, BrokenPipeError) as error:
    print(type(error).__name__)
'''


def as_stranger(*command):
    done = subprocess.run(['setpriv', '--reuid', STRANGER, '--regid', 'nogroup', '--clear-groups',
                           *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=harness.TIMEOUT, check=False, cwd='/')
    return done.stdout.strip() + done.stderr


class ControlTest(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, 'control')

    def relay(self, *options, connect='127.0.0.1:9', control=None):
        return harness.Tool('relay', '--control', control or self.path, *options, '--listen',
                            '127.0.0.1:0', '--connect', connect)

    def serve(self, *options):
        return harness.Tool('serve', '--control', self.path, *options, '127.0.0.1:0')


class Sockets(ControlTest):
    def test_file(self):
        """There before anything else is, for its user alone, and gone at the end."""
        old = os.umask(0)
        try:
            for start in self.relay, self.serve:
                with start():
                    self.assertEqual(stat.S_IMODE(os.lstat(self.path).st_mode), 0o600)
                self.assertFalse(os.path.lexists(self.path))
        finally:
            os.umask(old)

    def test_abstract(self):
        name = f'@imp-control-{os.getpid()}'
        with self.relay(control=name) as relay:
            self.assertEqual(ask(name, 'status')['pid'], relay.process.pid)
            status, out, err = harness.run_tool('status', name)
            self.assertEqual((status, err), (0, ''))
            self.assertIn(str(relay.process.pid), out)

    def test_wrong(self):
        """Nothing but a unix socket that is free."""
        os.mkdir(os.path.join(self.folder, 'folder'))
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(os.path.join(self.folder, 'other'))
            other.listen()
            for address, status, text in (
                    ('127.0.0.1:0', 2, 'a unix socket is wanted'),
                    ('tls://127.0.0.1:0', 2, 'a unix socket is wanted'),
                    ('fd:3', 2, 'a unix socket is wanted'),
                    ('malformed', 2, 'malformed'),
                    (os.path.join(self.folder, 'none/control'), 1, 'none/control'),
                    (os.path.join(self.folder, 'folder'), 1, 'folder'),
                    (os.path.join(self.folder, 'other'), 1, 'other')):
                for args in (['relay', '--listen', '127.0.0.1:0', '--connect', '127.0.0.1:9'],
                             ['serve', '127.0.0.1:0']):
                    with self.subTest(address=address, command=args[0]):
                        done, out, err = harness.run_tool(args[0], '--control', address, *args[1:])
                        self.assertEqual((done, out, err.count('\n')), (status, '', 1), err)
                        self.assertIn('--control', err)
                        self.assertIn(text, err)

    def test_crashed(self):
        """What a process that was killed has left is replaced."""
        relay = self.relay()
        relay.abort()
        self.assertTrue(os.path.lexists(self.path))
        with self.relay() as relay:
            self.assertEqual(ask(self.path, 'status')['pid'], relay.process.pid)

    @unittest.skipIf(os.geteuid() != 0, 'Only root can become somebody else')
    def test_stranger(self):
        """Neither the file nor, where there is none, the socket lets other users in; --allow-uid is
        for other sockets."""
        name = f'@imp-stranger-{os.getpid()}'
        with self.relay('--allow-uid', '*'):
            self.assertEqual(as_stranger('/usr/bin/python3', '-I', '-c', TALK, self.path),
                             'PermissionError')
            os.chmod(self.path, 0o666)
            self.assertIn(as_stranger('/usr/bin/python3', '-I', '-c', TALK, self.path),
                          ("b''", 'ConnectionResetError', 'BrokenPipeError'))
        with self.relay('--allow-uid', '*', control=name) as relay:
            self.assertIn(as_stranger('/usr/bin/python3', '-I', '-c', TALK, name),
                          ("b''", 'ConnectionResetError', 'BrokenPipeError'))
            relay.wait_for_log('--control: refused: User ')
            self.assertEqual(ask(name, 'status')['pid'], relay.process.pid)

    @unittest.skipIf(os.geteuid() != 0, 'Only root can become somebody else')
    def test_forged(self):
        """Whoever has taken an abstract name gets no request of another user."""
        name = f'@imp-forged-{os.getpid()}'
        server = subprocess.Popen(
            ['setpriv', '--reuid', STRANGER, '--regid', 'nogroup', '--clear-groups',
             '/usr/bin/python3', '-I', '-c',
             'import socket, sys\n'
             's = socket.socket(socket.AF_UNIX); s.bind("\\0" + sys.argv[1]); s.listen()\n'
             'print("ready", flush=True)\n'
             'print(s.accept()[0].recv(1000), flush=True)\n', name[1:]],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd='/')
        with server:
            self.assertEqual(server.stdout.readline(), 'ready\n')
            done = subprocess.run(['setpriv', '--reuid', 'daemon', '--regid', 'nogroup',
                                   '--clear-groups', harness.TOOL, 'status', name],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  timeout=harness.TIMEOUT, check=False, cwd='/')
            self.assertEqual((done.returncode, done.stdout), (1, ''), done.stderr)
            self.assertIn('listens there, who is neither this one nor root', done.stderr)
            self.assertEqual(server.stdout.readline(), "b''\n")


class Requests(ControlTest):
    def test_status(self):
        """What there is, with numbers that count on."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay(connect=upstream.address) as relay:
                for serial in 1, 2, 3:
                    with harness.connect(relay.port) as client:
                        client.sendall(b'hello')
                        self.assertEqual(client.recv(5), b'hello')
                        client_name = '%s:%u' % client.getsockname()
                        answer = ask(self.path, 'status')
                    self.assertEqual(answer['program'], 'relay')
                    self.assertEqual(answer['totals']['connections'], 1)
                    row, = answer['connections']
                    self.assertEqual((row['id'], row['client'], row['server']),
                                     (serial, client_name, upstream.address))
                    harness.wait_until(lambda: not ask(self.path, 'status')['connections'])

    def test_serve(self):
        with self.serve() as serve:
            answer = ask(self.path, 'status')
            self.assertEqual((answer['program'], answer['pid']), ('serve', serve.process.pid))
            self.assertEqual(answer['totals']['connections'], 0)
            with harness.connect(serve.port):
                harness.wait_until(lambda: ask(self.path, 'status')['totals']['connections'] == 1)

    def test_several(self):
        """One after the other, also those that come at once, and behind an error."""
        with self.relay(), Control(self.path) as control:
            control.send(b'{"command": "status"}\n' * 20 + b'malformed\n{"command": "status"}\n')
            for _ in range(20):
                self.assertIn('totals', control.receive())
            self.assertIn('error', control.receive())
            self.assertIn('totals', control.receive())

    def test_errors(self):
        """Each gets an error in words, and the connection goes on."""
        with self.relay(), Control(self.path) as control:
            for line, text in (
                    (b'', 'one JSON object'),
                    (b'[]', 'one JSON object'),
                    (b'{"command": 1}', 'needs a "command"'),
                    (b'{}', 'needs a "command"'),
                    (b'{"command": null}', 'needs a "command"'),
                    (b'{"command": "dance"}', 'no command "dance"; there are status'),
                    (b'{"command": "status", "limit": -1}', '"limit" is a whole number from 0 to'),
                    (b'{"command": "status", "limit": "x"}', '"limit" is a whole number from 0 to'),
                    (b'{"command": "status", "limit": {}}', '"limit" is a whole number from 0 to'),
                    (b'{"command": "\xff"}', 'UTF-8'),
                    (b'{"command": "status"', ''),
                    (b'\0', ''),
                    (b'[' * MAX_REQUEST, ''),
                    (b'{"a":' * (MAX_REQUEST // 5), '')):
                with self.subTest(line=line[:50]):
                    control.send(line + b'\n')
                    answer = control.receive()
                    self.assertEqual(list(answer), ['error'])
                    self.assertIn(text, answer['error'])
            self.assertIn('totals', control.ask('status'))

    def test_too_long(self):
        """It is told so, and that is its end."""
        with self.relay():
            for line in (b' ' * (MAX_REQUEST + 1), b' ' * (MAX_REQUEST + 1) + b'\n'):
                with Control(self.path) as control:
                    control.send(line)
                    self.assertIn('4096 bytes at most', control.receive()['error'])
                    self.assertIn(harness.read_end(control.socket), ((b'', 'end'), (b'', 'reset')))
            with Control(self.path) as control:
                control.send(b'{"command": "status"}'.ljust(MAX_REQUEST) + b'\n')
                self.assertIn('totals', control.receive())

    def test_tool(self):
        with self.relay() as relay:
            status, out, err = harness.run_tool('status', self.path)
            self.assertEqual((status, err), (0, ''))
            self.assertTrue(out.startswith('relay '), out)
            status, out, err = harness.run_tool('status', '--json', self.path)
            self.assertEqual((status, err), (0, ''))
            self.assertEqual(json.loads(out)['pid'], relay.process.pid)

    def test_tool_errors(self):
        for args, status, text in (([], 2, 'exactly one ADDRESS'),
                                   (['a', 'b'], 2, 'exactly one ADDRESS'),
                                   (['127.0.0.1:1'], 2, 'a unix socket'),
                                   (['--limit=x', self.path], 2, 'x'),
                                   ([self.path], 1, self.path)):
            with self.subTest(args=args):
                done, out, err = harness.run_tool('status', *args)
                self.assertEqual((done, out, err.count('\n')), (status, '', 1), err)
                self.assertIn(text, err)

    def test_tool_liar(self):
        """What answers may be anything."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path)
            server.listen()
            for answer, text in ((b'', 'without an answer'), (b'{"a"', 'without an answer'),
                                 (b'[]\n', 'no JSON object'), (b'malformed\n', self.path),
                                 (b'{"error": 1}\n', 'does not say how'),
                                 (b'{"error": "\\u001b[2J no"}\n', '\\x1b[2J no'),
                                 (b'{}\n', 'not the status of'),
                                 (b'{"program": "relay", "connections": [1]}\n',
                                  'not the status of')):
                process = subprocess.Popen([harness.TOOL, 'status', self.path], text=True,
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                connection, _ = server.accept()
                connection.recv(1000)
                connection.sendall(answer)
                connection.close()
                out, err = process.communicate(timeout=harness.TIMEOUT)
                with self.subTest(answer=answer):
                    self.assertEqual((process.returncode, out, err.count('\n')), (1, '', 1), err)
                    self.assertIn(text, err)


class Hostile(ControlTest):
    def test_silent(self):
        """Those that say nothing make room for one that asks."""
        with self.relay() as relay:
            silent = [Control(self.path) for _ in range(MAX_CLIENTS)]
            for _ in range(3):
                self.assertEqual(ask(self.path, 'status')['pid'], relay.process.pid)
            self.assertEqual(silent[0].socket.recv(1), b'')
            for control in silent:
                control.close()

    def test_deaf(self):
        """One that asks and asks and never reads is not listened to, and others are served."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay(connect=upstream.address) as relay, Control(self.path) as deaf:
                before = relay.peak_memory()
                deaf.socket.settimeout(1)
                sent = 0
                with self.assertRaises(OSError):
                    while sent < 64 << 20:
                        sent += deaf.socket.send(b'{"command": "status"}\n' * 1000)
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.assertEqual(client.recv(5), b'hello')
                    self.assertEqual(len(ask(self.path, 'status')['connections']), 1)
                self.assertLess(relay.peak_memory() - before, 16 << 20)

    def test_gone(self):
        """Those that ask and leave at once."""
        with self.relay() as relay:
            for _ in range(100):
                with Control(self.path) as control:
                    control.send(b'{"command": "status"}\n' * 10)
            self.assertEqual(ask(self.path, 'status')['pid'], relay.process.pid)


if __name__ == '__main__':
    harness.main()
