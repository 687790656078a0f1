#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples in C lose no memory: each runs under valgrind, and does what it is for."""

import os
import socket
import subprocess
import tempfile
import threading
import unittest

TOOL = os.environ['IMP_REMOTE_TOOL']
MODULES = os.environ['IMP_TEST_EXAMPLE_MODULES']
REQUEST = b'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'
# Name: what it is given.
FED = {
    'http-shield': REQUEST,
    'irc-shout': b'PRIVMSG #all :hello\r\n',
    # The first bytes of TLS that never ends its greeting.
    'tls-certificates': b'\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
}


def valgrind(*command):
    return ['valgrind', '--quiet', '--leak-check=full', '--show-leak-kinds=definite',
            '--errors-for-leak-kinds=definite', '--error-exitcode=99', *command]


def run(*command, said):
    return subprocess.run(valgrind(*command), input=said, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False,
                          env={**os.environ, 'G_SLICE': 'always-malloc',
                               'G_DEBUG': 'fatal-warnings'})


class Examples(unittest.TestCase):
    def test_modules(self):
        for name, said in FED.items():
            with self.subTest(name):
                result = run(TOOL, 'filter', '--module', os.path.join(MODULES, name + '.so'),
                             said=said)
                self.assertIn(result.returncode, (0, 3), result.stderr.decode())
                self.assertNotIn(b'==', result.stderr)

    def test_censor(self):
        result = run(os.environ['IMP_TEST_CENSOR'], said=b'call 555 1234\n')
        self.assertEqual((result.returncode, result.stdout), (0, b'call *** ****\n'),
                         result.stderr.decode())

    def test_greet(self):
        """Against a server that shouts hello."""
        with socket.create_server(('127.0.0.1', 0)) as server:
            def serve():
                client, _ = server.accept()
                with client:
                    while name := client.recv(100):
                        client.sendall(b'HELLO ' + name)
            threading.Thread(target=serve, daemon=True).start()
            result = run(os.environ['IMP_TEST_GREET'], str(server.getsockname()[1]), said=b'you\n')
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertIn(b'bye you', result.stdout)

    def test_finds(self):
        """What is lost is found."""
        with tempfile.TemporaryDirectory(prefix='imp-test-') as folder:
            program = os.path.join(folder, 'leak')
            subprocess.run(['cc', '-O0', '-xc', '-', '-o', program], check=True,
                           input=b'#include <stdlib.h>\n'
                                 b'int main (void) { return malloc (99) == NULL; }\n')
            self.assertEqual(run(program, said=b'').returncode, 99)


if __name__ == '__main__':
    unittest.main(verbosity=2)
