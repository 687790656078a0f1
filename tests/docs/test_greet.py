#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The servers and the client of the documentation whose own connections go through analyzers."""

import os
import socket
import subprocess
import sys
import threading
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(TOP, 'docs', 'examples')
GREET = os.environ['IMP_TEST_GREET']

# More calls into the script than any collection of it lets pass by chance.
GUESTS = 6
LINES = 2000


class Guest(threading.Thread):
    """Says many lines, several of them at a time, and keeps what is wrong with the answers."""

    def __init__(self, port, number):
        super().__init__()
        self.port = port
        self.number = number
        self.failure = 'it has not come to its end'

    def run(self):
        with socket.create_connection(('127.0.0.1', self.port), timeout=60) as connection:
            with connection.makefile('rwb') as lines:
                for first in range(0, LINES, 20):
                    names = [f'guest-{self.number}-{first + index}' for index in range(20)]
                    lines.write(''.join(f'{name}\n' for name in names).encode())
                    lines.flush()
                    heard = [lines.readline().decode() for _name in names]
                    if heard != [f'HELLO {name.upper()}\n' for name in names]:
                        self.failure = f'{names} heard {heard}'
                        return
                connection.shutdown(socket.SHUT_WR)
                rest = lines.read()
        self.failure = f'{rest} was heard at the end' if rest else None


class Greet(unittest.TestCase):
    def start(self, *command):
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        word, _space, port = server.stdout.readline().partition(' ')
        self.assertEqual(word, 'listening')
        return int(port)

    def check(self, *command):
        port = self.start(*command, '0')
        guests = [Guest(port, number) for number in range(GUESTS)]
        for guest in guests:
            guest.start()
        for guest in guests:
            guest.join()
        self.assertEqual([guest.failure for guest in guests], [None] * GUESTS)
        # It still listens, and to the client in C as well.
        heard = subprocess.run([GREET, str(port)], input='joe\nann\n', stdout=subprocess.PIPE,
                               text=True, check=True, timeout=60).stdout
        self.assertEqual(heard, 'bye JOE\nbye ANN\n')

    def test_python(self):
        self.check(sys.executable, os.path.join(EXAMPLES, 'greet.py'))

    def test_js(self):
        self.check('/usr/bin/gjs', '-m', os.path.join(EXAMPLES, 'greet.js'))

    def test_refused(self):
        with socket.socket() as nobody:
            nobody.bind(('127.0.0.1', 0))
            port = nobody.getsockname()[1]
            done = subprocess.run([GREET, str(port)], input='joe\n', stderr=subprocess.PIPE,
                                  text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn('refused', done.stderr)


if __name__ == '__main__':
    unittest.main(verbosity=2)
