#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may connect to the unix sockets of the tool: another user of the machine is refused, and both
sides say so."""

import os
import socket
import stat
import subprocess
import unittest

import tool_harness as harness

# An account that every system has.
STRANGER = 'nobody'


def as_stranger(*command):
    return subprocess.run(['setpriv', '--reuid', STRANGER, '--regid', 'nogroup', '--clear-groups',
                           *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, timeout=harness.TIMEOUT, check=False,
                          cwd='/')


def make_public_folder():
    folder = harness.make_folder()
    os.chmod(folder, 0o755)
    return folder


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


# Says something at a socket, and prints all that comes.
TALK = '''
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.settimeout(60)
try:
    connection.connect(sys.argv[1])
    connection.sendall(b'hello\\n')
    print(connection.recv(1000))
except (PermissionError, ConnectionResetError, BrokenPipeError) as error:
    print(type(error).__name__)
'''


def talk(path):
    done = as_stranger('/usr/bin/python3', '-I', '-c', TALK, path)
    return done.stdout.strip() + done.stderr


class Modes(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(make_public_folder(), 'socket')

    def relay(self, *options):
        return harness.Tool('relay', *options, '--listen', self.path, '--connect', '127.0.0.1:9')

    def test_default(self):
        """Whatever the umask is."""
        old = os.umask(0)
        try:
            with harness.Tool('serve', self.path):
                self.assertEqual(mode_of(self.path), 0o600)
            with self.relay():
                self.assertEqual(mode_of(self.path), 0o600)
        finally:
            os.umask(old)
        self.assertFalse(os.path.lexists(self.path))

    def test_told(self):
        with harness.Tool('serve', '--socket-mode', '0660', self.path):
            self.assertEqual(mode_of(self.path), 0o660)
        with self.relay('--socket-mode', '666'):
            self.assertEqual(mode_of(self.path), 0o666)

    def test_wrong(self):
        for option, value, text in (('--socket-mode', '0888', 'an octal number from 0 to 0777'),
                                    ('--socket-mode', '01777', 'an octal number from 0 to 0777'),
                                    ('--allow-uid', 'no-such-user', 'no user "no-such-user"'),
                                    ('--allow-gid', '-1', 'no group "-1"')):
            for args in ['serve', self.path], ['relay', '--listen', self.path, '--connect', 'x:1']:
                with self.subTest(option=option, value=value, command=args[0]):
                    status, out, err = harness.run_tool(args[0], f'{option}={value}', *args[1:])
                    self.assertEqual((status, out), (2, ''), err)
                    self.assertIn(text, err)
                    self.assertIn(value, err)
                    self.assertEqual(err.count('\n'), 1, err)

    def test_mode_without_file(self):
        for args in (['serve', '127.0.0.1:0', '@x'],
                     ['relay', '--listen', '127.0.0.1:0', '--connect', 'localhost:1'],
                     ['relay', '--listen', 'udp:127.0.0.1:0', '--connect', 'udp:localhost:1']):
            status, out, err = harness.run_tool(args[0], '--socket-mode=0660', *args[1:])
            self.assertEqual((status, out, err.count('\n')), (2, '', 1), err)
            self.assertIn('--socket-mode is for unix sockets, but no address is', err)
        with harness.Tool('serve', '--socket-mode=0660', '127.0.0.1:0', self.path):
            self.assertEqual(mode_of(self.path), 0o660)

    def test_abstract_name(self):
        name = f'@imp-access-{os.getpid()}'
        with harness.Tool('serve', name) as tool:
            tool.wait_for_log(f'Anybody on this machine may connect to {name}')


@unittest.skipIf(os.geteuid() != 0, 'NOT TESTED: only root can become another user')
class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = as_stranger(harness.TOOL, '--version')
        if done.returncode != 0:
            raise unittest.SkipTest(f'NOT TESTED: {STRANGER} cannot run {harness.TOOL}: '
                                    f'{done.stderr}')

    def setUp(self):
        self.path = os.path.join(make_public_folder(), 'socket')

    def test_mode_keeps_them_out(self):
        with harness.Tool('serve', self.path):
            self.assertEqual(talk(self.path), 'PermissionError')

    def test_serve_refuses(self):
        """In the log of the server, and as the error of the client, with user and process."""
        with harness.Tool('serve', '--socket-mode', '0666', self.path) as tool:
            client = as_stranger(harness.TOOL, 'ping', self.path)
            self.assertNotEqual(client.returncode, 0)
            self.assertRegex(client.stderr, r'User 65534 \(process \d+\) is not allowed to connect')
            tool.wait_for_log('A connection is refused: User 65534 (process ')
            # Those who may are served meanwhile.
            status, _, err = harness.run_tool('ping', self.path)
            self.assertEqual(status, 0, err)

    def test_serve_allows(self):
        for option in '--allow-uid=nobody', '--allow-uid=65534', '--allow-uid=*', \
                '--allow-gid=nogroup', '--allow-gid=65534':
            with self.subTest(option), \
                    harness.Tool('serve', '--socket-mode', '0666', option, self.path):
                client = as_stranger(harness.TOOL, 'ping', self.path)
                self.assertEqual(client.returncode, 0, client.stderr)

    def test_relay(self):
        with harness.Upstream(harness.echo) as upstream:
            def relay(*options):
                return harness.Tool('relay', *options, '--listen', self.path, '--connect',
                                    upstream.address)
            with relay():
                self.assertEqual(talk(self.path), 'PermissionError')
            with relay('--socket-mode', '0666') as tool:
                self.assertIn(talk(self.path), ('ConnectionResetError', 'BrokenPipeError'))
                tool.wait_for_log('refused: User 65534 (process ')
            with relay('--socket-mode', '0666', '--allow-uid', 'nobody'):
                self.assertEqual(talk(self.path), "b'hello\\n'")

    def test_abstract_name(self):
        """No mode is in the way there, and the lists are."""
        name = f'imp-access-{os.getpid()}-stranger'
        with harness.Tool('serve', f'@{name}'):
            client = as_stranger(harness.TOOL, 'ping', f'@{name}')
            self.assertIn('is not allowed to connect', client.stderr)

    def test_handed_over(self):
        """A socket that somebody else has made is minded as well."""
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            os.chmod(self.path, 0o666)
            listener.listen()
            fd = listener.fileno()
            with harness.Tool('serve', f'fd:{fd}', pass_fds=[fd]):
                client = as_stranger(harness.TOOL, 'ping', self.path)
                self.assertIn('is not allowed to connect', client.stderr)


if __name__ == '__main__':
    unittest.main()
