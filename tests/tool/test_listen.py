#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the tool listens: names are looked up while it minds its signals, and stand for all their
addresses."""

import errno
import os
import socket
import subprocess
import time
import unittest

import tool_harness as harness

NAME = 'up.example'

# Where connections go to; nobody takes them there.
UPSTREAM = socket.create_server(('127.0.0.1', 0), backlog=64)
TARGET = f'127.0.0.1:{UPSTREAM.getsockname()[1]}'


def commands(address):
    """What listens at an address."""
    return {
        'serve': ['serve', address],
        'relay': ['relay', '--listen', address, '--connect', TARGET],
        'rehearse': ['rehearse', '--listen', address, '--connect', TARGET, '--faults',
                     'seed=1'],
    }


class Lookup:
    """The tool, while it looks a name up; what the name stands for is told in the end."""

    def __init__(self, args):
        folder = harness.make_folder()
        path = os.path.join(folder, NAME)
        os.mkfifo(path)
        env = {**os.environ, 'IMP_TEST_NAMES': folder, 'LD_PRELOAD': os.environ['IMP_SLOW_NAMES']}
        self.process = subprocess.Popen([harness.TOOL, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                        env=env)
        self.fifo = self.wait_for_reader(path)

    def wait_for_reader(self, path):
        end = time.monotonic() + harness.TIMEOUT
        while True:
            try:
                return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO or time.monotonic() > end:
                    raise
            time.sleep(0.01)

    def tell(self, addresses):
        os.write(self.fifo, addresses.encode())
        os.close(self.fifo)
        self.fifo = None

    def end(self):
        """The rest of what it says, and how it ends."""
        out, err = self.process.communicate(timeout=harness.TIMEOUT)
        if self.fifo is not None:
            os.close(self.fifo)
        return self.process.returncode, out, err


class Names(unittest.TestCase):
    def test_signal_meanwhile(self):
        for name, args in commands(f'{NAME}:0').items():
            with self.subTest(name):
                lookup = Lookup(args)
                lookup.process.terminate()
                status, out, err = lookup.end()
                self.assertEqual((status, err), (0, ''))
                self.assertNotIn('listening', out)

    def test_all_addresses(self):
        for name, args in commands(f'{NAME}:0').items():
            with self.subTest(name):
                lookup = Lookup(args)
                lookup.tell('127.0.0.1 127.0.0.2')
                lines = [lookup.process.stdout.readline() for _ in range(2)]
                ports = {line.rpartition(':')[2].strip() for line in lines}
                self.assertEqual(len(ports), 1)
                port = ports.pop()
                self.assertEqual(lines, [f'listening 127.0.0.1:{port}\n',
                                         f'listening 127.0.0.2:{port}\n'])
                for host in '127.0.0.1', '127.0.0.2':
                    socket.create_connection((host, int(port)), harness.TIMEOUT).close()
                lookup.process.terminate()
                self.assertEqual(lookup.end()[0], 0)

    def assert_fails(self, address, told, status, *texts):
        for name, args in commands(address).items():
            with self.subTest(name):
                lookup = Lookup(args)
                lookup.tell(told)
                ended, out, err = lookup.end()
                self.assertEqual((ended, out), (status, ''), err)
                self.assertEqual(err.count('\n'), 1)
                for text in 'serve "' if name == 'serve' else '--listen "', address, *texts:
                    self.assertIn(text, err)

    def test_no_such_name(self):
        self.assert_fails(f'{NAME}:80', '', 1, 'Error resolving')

    def test_one_in_use(self):
        """Then it listens at none of them."""
        with socket.create_server(('127.0.0.2', 0)) as other:
            port = other.getsockname()[1]
            self.assert_fails(f'{NAME}:{port}', '127.0.0.1 127.0.0.2', 1, f'127.0.0.2:{port}')

    def test_one_that_is_not_here(self):
        for name, args in commands(f'{NAME}:0').items():
            with self.subTest(name):
                lookup = Lookup(args)
                lookup.tell('192.0.2.1 127.0.0.1')
                line = lookup.process.stdout.readline()
                self.assertTrue(line.startswith('listening 127.0.0.1:'), line)
                lookup.process.terminate()
                self.assertEqual(lookup.end()[0], 0)

    def test_exposed(self):
        lookup = Lookup(['serve', f'{NAME}:0'])
        lookup.tell('192.0.2.1 0.0.0.0')
        status, out, err = lookup.end()
        self.assertEqual((status, out), (2, ''))
        self.assertIn('insecure', err)

    def test_order(self):
        """The lines are in the order of the command line, whatever takes how long."""
        path = os.path.join(harness.make_folder(), 's')
        for args in (['serve', f'{NAME}:0', path],
                     ['relay', '--listen', f'{NAME}:0', '--connect', TARGET, '--listen',
                      path, '--connect', TARGET]):
            lookup = Lookup(args)
            lookup.tell('127.0.0.1')
            self.assertIn('127.0.0.1', lookup.process.stdout.readline())
            self.assertEqual(lookup.process.stdout.readline(), f'listening {path}\n')
            lookup.process.terminate()
            self.assertEqual(lookup.end()[0], 0)
            self.assertFalse(os.path.exists(path))


if __name__ == '__main__':
    unittest.main(verbosity=2)
