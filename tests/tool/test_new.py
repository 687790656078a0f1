#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imp-remote new: what it writes works at once, in each language, and nothing is overwritten."""

import os
import shlex
import socket
import subprocess
import unittest

from tool_harness import TOOL, Tool, Upstream, make_folder

TIMEOUT = 120


def greet(connection):
    connection.sendall(b'Hello, ' + connection.recv(100))
    connection.close()


class New(unittest.TestCase):
    def setUp(self):
        self.folder = make_folder()

    def run_tool(self, *args):
        done = subprocess.run([TOOL, 'new', *args], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False, timeout=TIMEOUT)
        return done.returncode, done.stdout, done.stderr

    def write(self, language, name):
        """Has it written, and returns the command that tests it."""
        status, out, err = self.run_tool(language, name)
        self.assertEqual((status, err), (0, ''))
        written, test, use = out.splitlines()
        self.assertEqual(sorted(written.removeprefix('written: ').split(', ')),
                         sorted(os.listdir(self.folder)))
        self.assertIn('imp-remote relay --listen', use)
        for file in os.listdir(self.folder):
            with open(os.path.join(self.folder, file), encoding='utf-8') as stream:
                self.assertNotRegex(stream.read(), 'MODULE_[NU]|ModuleClass|SPDX', file)
        return shlex.split(test.removeprefix('test it: '))

    def check_test(self, command):
        done = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def check_use(self, module):
        upstream = Upstream(greet)
        with Tool('relay', '--listen', '127.0.0.1:0', '--module', os.path.join(self.folder, module),
                  '--connect', upstream.address) as relay:
            with socket.create_connection(('127.0.0.1', relay.port), timeout=TIMEOUT) as client:
                client.sendall(b'stranger')
                heard = b''
                while data := client.recv(100):
                    heard += data
        self.assertEqual(heard, b'HELLO, STRANGER')

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build has no bindings')
    def test_python(self):
        self.check_test(self.write('python', 'loud'))
        self.check_use('loud.py')

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build has no bindings')
    def test_js(self):
        self.check_test(self.write('js', 'very_loud2'))
        self.check_use('very_loud2.js')

    def test_c(self):
        test = self.write('c', 'too_loud')
        # What pkg-config says once the library is installed.
        self.check_test([*test, 'PACKAGE=' + os.environ['IMP_TEST_PACKAGE']])
        self.check_use('too_loud.so')

    def test_nothing_is_overwritten(self):
        with open(os.path.join(self.folder, 'mask.json'), 'w', encoding='utf-8') as file:
            file.write('mine')
        self.assertEqual(self.run_tool('python', 'mask'),
                         (1, '', 'imp-remote: new: "mask.json": File exists\n'))
        self.assertEqual(os.listdir(self.folder), ['mask.json'])

    def test_usage(self):
        for args, message in ((), 'a language is missing'), \
                             (('perl', 'a'), 'there is no language "perl"; there are python, js'), \
                             (('c',), 'NAME is missing'), \
                             (('c', 'a', 'b'), '"b": one name only'), \
                             (('c', '../a'), '"../a" is no name'), \
                             (('c', '9a'), '"9a" is no name'), \
                             (('c', 'a__b'), '"a__b" is no name'), \
                             (('c', 'a_'), '"a_" is no name'), \
                             (('c', 'a' * 41), f'"{"a" * 41}" is no name'):
            status, out, err = self.run_tool(*args)
            self.assertEqual((status, out), (2, ''))
            self.assertIn(message, err)
        self.assertEqual(os.listdir(self.folder), [])


if __name__ == '__main__':
    unittest.main()
