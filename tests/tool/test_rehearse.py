#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imp-remote rehearse: what it forwards, which faults it injects, and what it says of them."""

import os
import signal
import socket
import threading
import unittest

import tool_harness
from tool_harness import Tool, run_tool

DATA = bytes(range(256)) * 40


class Echo:
    """Sends back what it gets, and says when its client is gone."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        self.gone = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        except OSError:
            pass
        connection.close()
        self.gone.set()


class Rehearse(unittest.TestCase):
    def setUp(self):
        self.echo = Echo()
        self.tool = None

    def tearDown(self):
        if self.tool is not None:
            self.tool.process.kill()
            self.tool.process.wait()
            self.tool.process.stdout.close()

    def connect(self, faults):
        self.tool = Tool('rehearse', '--listen', '127.0.0.1:0', '--connect', self.echo.address,
                         '--faults', faults)
        host, _, port = self.tool.addresses[0].rpartition(':')
        return socket.create_connection((host, int(port)), timeout=20)

    def finish(self):
        """What the tool says at its end, as a dictionary."""
        self.tool.process.send_signal(signal.SIGTERM)
        output = self.tool.process.stdout.read()
        self.assertEqual(self.tool.process.wait(20), 0)
        return {name: int(value) for name, value in
                (line.split() for line in output.splitlines())}

    def exchange(self, connection):
        """What comes back until the end, or the exception that came instead of the end."""
        got = b''
        try:
            connection.sendall(DATA)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                got += data
        except OSError as error:
            return got, error
        finally:
            connection.close()
        return got, None

    def test_nothing(self):
        got, error = self.exchange(self.connect('seed=1'))
        self.assertIsNone(error)
        self.assertEqual(got, DATA)
        self.assertEqual(self.finish(), {'connections': 1, 'read-bytes': len(DATA),
                                         'write-bytes': len(DATA)})

    def test_chunks(self):
        got, _ = self.exchange(self.connect('seed=1&chunk=100&chunk-min=1&block-rate=30'))
        self.assertEqual(got, DATA)
        said = self.finish()
        self.assertGreater(said['read-shortened'], 100)
        self.assertGreater(said['write-blocked'], 10)

    def test_corrupt(self):
        got, _ = self.exchange(self.connect('write-corrupt-at=1234'))
        different = [i for i, byte in enumerate(got) if byte != DATA[i]]
        self.assertEqual(len(got), len(DATA))
        self.assertEqual(different, [1234])
        self.assertEqual(self.finish()['write-corrupted'], 1)

    def test_reset(self):
        got, error = self.exchange(self.connect('write-reset-at=500'))
        self.assertIsInstance(error, ConnectionResetError)
        self.assertLessEqual(len(got), 500)
        self.assertTrue(self.echo.gone.wait(20))
        self.assertEqual(self.finish()['write-reset'], 1)

    def test_eof(self):
        got, _ = self.exchange(self.connect('read-eof-at=700'))
        self.assertEqual(got, DATA[:700])
        self.assertEqual(self.finish()['read-ended'], 1)

    def test_stall(self):
        connection = self.connect('write-stall-at=10')
        connection.sendall(DATA)
        self.assertEqual(connection.recv(65536), DATA[:10])
        connection.settimeout(0.3)
        self.assertRaises(TimeoutError, connection.recv, 1)
        # It ends although a connection is stuck.
        self.assertEqual(self.finish()['write-stalled'], 1)
        connection.close()

    def test_same_again(self):
        """The n-th connection of one run has the faults of the n-th of another."""
        runs = []
        for _ in range(2):
            connections = [self.connect('seed=5&write-corrupt-every=2000')]
            host, _, port = self.tool.addresses[0].rpartition(':')
            first = self.exchange(connections[0])[0]
            second = self.exchange(socket.create_connection((host, int(port)), timeout=20))[0]
            self.finish()
            runs.append((first, second))
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0][0], runs[0][1])
        self.assertNotEqual(runs[0][0], DATA)

    def test_server_away(self):
        # A thread that waits in accept() would keep a listener that is only closed.
        self.echo.listener.shutdown(socket.SHUT_RDWR)
        self.echo.listener.close()
        connection = self.connect('seed=1')
        self.assertEqual(connection.recv(1), b'')
        connection.close()
        self.assertEqual(self.finish(), {'connections': 1})


class Errors(unittest.TestCase):
    def assert_usage(self, part, *arguments):
        status, output, errors = run_tool('rehearse', *arguments)
        self.assertEqual((status, output), (2, ''))
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertIn(part, errors)

    def test_errors(self):
        path = os.path.join(tool_harness.make_folder(), 's')
        good = ['--listen', path, '--connect', '@nobody', '--faults', 'delay=1']
        self.assert_usage('--listen ADDRESS is missing', *good[2:])
        self.assert_usage('--connect ADDRESS is missing', *good[:2], *good[4:])
        self.assert_usage('--faults SETTINGS is missing', *good[:4])
        self.assert_usage('"sed" is no fault; delay: "x"', *good[:5], 'sed=1&delay=x')
        self.assert_usage('"extra" is no option', *good, 'extra')
        self.assert_usage('--listen "nowhere"', '--listen', 'nowhere', *good[2:])
        self.assert_usage('--connect "systemd"', *good[:2], '--connect', 'systemd', *good[4:])
        self.assertFalse(os.path.exists(path))


if __name__ == '__main__':
    unittest.main()
