#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imp-remote top, on a terminal: what is shown, its keys, and that the terminal is given back."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

import tool_harness as harness
from control_clients import ask

FORGETFUL = os.path.join(os.environ['IMP_TEST_MODULES'], 'forgetful.so')
ENTER = b'\x1b[?1049h'
LEAVE = b'\x1b[?1049l'


class Top:
    """The program on a terminal of its own."""

    def __init__(self, *args, rows=24, columns=120):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([harness.TOOL, 'top', '--interval', '1', *args],
                                        stdin=self.slave, stdout=self.slave,
                                        stderr=subprocess.PIPE, start_new_session=True)
        self.seen = b''

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0.05)[0]:
            self.seen += os.read(self.master, 65536)

    def screens(self):
        """What was drawn, one after the other."""
        return [screen.replace(b'\x1b[K', b'').replace(b'\x1b[J', b'')
                .replace(b'\r\r\n', b'\n').decode()
                for screen in self.seen.split(b'\x1b[H')[1:]]

    def wait_for(self, pattern):
        """Until a screen matches, from now on."""
        self.seen = b''
        end = time.monotonic() + harness.TIMEOUT
        while not any(re.search(pattern, screen) for screen in self.screens()):
            if time.monotonic() > end:
                raise AssertionError(f'{pattern!r} is not in {self.seen!r}')
            self.read()

    def type(self, keys):
        os.write(self.master, keys)

    def end(self):
        """Waits for it: its status."""
        status = self.process.wait(harness.TIMEOUT)
        self.read()
        self.process.stderr.close()
        return status

    def is_given_back(self):
        return (self.seen.endswith(b'\x1b[?25h' + LEAVE)
                and termios.tcgetattr(self.slave) == self.before)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)


class Terminal(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(harness.make_folder(), 'control')

    def relay(self, upstream):
        return harness.Tool('relay', '--control', self.path, '--grace', '0', '--listen',
                            '127.0.0.1:0', '--module', FORGETFUL, '--connect', upstream.address)

    def test_shown(self):
        """What stands still appears without a key, and q gives the terminal back."""
        with harness.Upstream(harness.echo) as upstream, self.relay(upstream) as relay:
            with harness.connect(relay.port) as client, Top(self.path) as top:
                top.wait_for('relay .*: 1 connection, 0 of them stalled')
                client.sendall(b'hello')
                top.wait_for(r'\n +1 .* 5 B +- .* analyzer: verdict')
                self.assertIn(ENTER, top.seen + ENTER)
                self.assertNotEqual(termios.tcgetattr(top.slave), top.before)
                top.type(b'q')
                self.assertEqual(top.end(), 0)
                self.assertTrue(top.is_given_back(), top.seen[-100:])

    def test_signals(self):
        """However it is asked to end, the terminal is given back."""
        with harness.Upstream(harness.echo) as upstream, self.relay(upstream):
            for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
                with self.subTest(signal=number), Top(self.path) as top:
                    top.wait_for('0 connections')
                    top.process.send_signal(number)
                    self.assertEqual(top.end(), 0)
                    self.assertTrue(top.is_given_back(), top.seen[-100:])

    def test_keys(self):
        """Each order has a key."""
        with harness.Upstream(harness.echo) as upstream, self.relay(upstream) as relay:
            clients = [harness.connect(relay.port) for _ in range(3)]
            harness.wait_until(lambda: ask(self.path, 'status')['totals']['connections'] == 3)
            clients[1].sendall(b'hello')
            clients[2].sendall(b'hello' * 100)
            harness.wait_until(lambda: ask(self.path, 'status')['totals']['stalled'] == 2)
            ids = {'%s:%u' % client.getsockname(): number for number, client in enumerate(clients)}
            rows = ask(self.path, 'status', sort='held')['connections']
            self.assertEqual([ids[row['client']] for row in rows], [2, 1, 0])
            rows = ask(self.path, 'status', sort='age')['connections']
            self.assertEqual([row['id'] for row in rows], [1, 2, 3])
            self.assertIn('"sort" is', ask(self.path, 'status', sort='name')['error'])
            self.assertIn('"sort" is', ask(self.path, 'status', sort=1)['error'])
            with Top(self.path) as top:
                top.wait_for('3 connections')
                for key, title in ((b'h', 'who holds most'), (b'a', 'the oldest'),
                                   (b'w', 'who stands still for longest')):
                    top.type(key)
                    top.wait_for(f'First: {title}')
                top.type(b'Q')
                self.assertEqual(top.end(), 0)

    def test_size(self):
        """Nothing is longer or wider than the terminal, also once that has changed."""
        with harness.Upstream(harness.echo) as upstream, self.relay(upstream) as relay:
            clients = [harness.connect(relay.port) for _ in range(30)]
            self.assertEqual(len(clients), 30)
            harness.wait_until(lambda: ask(self.path, 'status')['totals']['connections'] == 30)
            with Top(self.path, rows=10, columns=40) as top:
                top.wait_for('30 connect')
                for screen in top.screens():
                    self.assertLessEqual(screen.count('\n'), 9)
                    self.assertLessEqual(max(map(len, screen.split('\n'))), 40)
                top.resize(20, 70)
                top.process.send_signal(signal.SIGWINCH)
                top.wait_for('(\n.*){19}')
                top.type(b'q')
                self.assertEqual(top.end(), 0)

    def test_gone(self):
        """The relay ends meanwhile: that is said, and it goes on with the next one."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay(upstream), Top(self.path) as top:
                top.wait_for('0 connections')
            with self.relay(upstream) as relay, Top(self.path) as top:
                top.wait_for('0 connections')
                relay.stop()
                top.wait_for('No answer any more: ')
                with self.relay(upstream) as second:
                    top.wait_for(f'process {second.process.pid}: 0 connections, .*\nFirst: ')
                    top.type(b'q')
                    self.assertEqual(top.end(), 0)
                    self.assertTrue(top.is_given_back())

    def test_no_terminal(self):
        """It is shown once, as by status."""
        with harness.Upstream(harness.echo) as upstream, self.relay(upstream) as relay:
            status, out, err = harness.run_tool('top', self.path)
            self.assertEqual((status, err), (0, ''))
            self.assertIn(f'process {relay.process.pid}: 0 connections', out)
            self.assertNotIn('\x1b', out)

    def test_wrong(self):
        """Nothing is changed on the terminal before there is something to show."""
        with Top(self.path) as top:
            self.assertEqual(top.process.wait(harness.TIMEOUT), 1)
            self.assertIn(self.path.encode(), top.process.stderr.read())
            top.read()
            self.assertEqual(top.seen, b'')
        for args in ([], ['a', 'b'], ['--interval', '0', self.path]):
            status, out, err = harness.run_tool('top', *args)
            self.assertEqual((status, out, err.count('\n')), (2, '', 1), err)


if __name__ == '__main__':
    harness.main()
