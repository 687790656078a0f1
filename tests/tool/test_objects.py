#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules in C, loaded from files."""

import os
import shutil
import subprocess
import unittest

import tool_harness as harness

MODULES = os.environ['IMP_TEST_MODULES']
COUNT = os.path.join(MODULES, 'count.so')
FOREIGN = os.environ['IMP_SLOW_NAMES']  # an object that is no module
OUTDATED = os.path.join(MODULES, 'outdated.so')
WRONG = os.path.join(MODULES, 'wrong.so')
FOLDER = harness.make_folder()


def say(text):
    def serve(connection):
        connection.sendall(text)
        connection.recv(1)
    return harness.Upstream(serve)


class Objects(unittest.TestCase):
    def relay(self, module, upstream):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module, '--connect',
                            upstream.address)

    def test_used(self):
        with say(b'hello') as upstream, self.relay(f'{COUNT}=limit=6', upstream) as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(client.recv(100), b'hello')
        with say(b'hello') as upstream, self.relay(f'{COUNT}=limit=5', upstream) as relay:
            self.assertEqual(harness.fetch_cut(relay.port, request=b''), b'')
            self.assertEqual(relay.stop(), 0)
            self.assertEqual(len([line for line in relay.log if 'counted enough' in line]), 1)

    def test_served(self):
        with harness.Tool('serve', '--module', COUNT, '127.0.0.1:0') as server, \
                say(b'x' * 100) as upstream, \
                self.relay(f'remote=addr={server.address}', upstream) as relay:
            self.assertEqual(harness.fetch_cut(relay.port, request=b''), b'')
            relay.wait_for_log('counted enough')

    def test_described(self):
        status, out, err = harness.run_tool('modules', COUNT)
        self.assertEqual((status, err), (0, ''))
        self.assertIn('  limit=a whole number from 1 to 1000 (default: 100)\n', out)
        self.assertIn('how much a server may say', out)

    def test_errors(self):
        for status, module, says in ((2, f'{COUNT}=limit=0', 'limit must be a whole number from 1'),
                                     (1, WRONG, 'GObject'),
                                     (1, OUTDATED, 'version 7 of the interface of modules, and '
                                      'this library has version 1'),
                                     (1, FOREIGN, 'does not define imp_module_query()')):
            got, out, err = harness.run_tool('serve', '--module', module, '@x')
            self.assertEqual((got, out, err.count('\n')), (status, '', 1), err)
            self.assertIn(module, err)
            self.assertIn(says, err)

    def test_one_symbol(self):
        """All that a module exports is what it is found by."""
        out = subprocess.run(['nm', '-D', '--defined-only', '--format=just-symbols', COUNT],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(out.split(), ['imp_module_query_abi_1'])

    def test_installed(self):
        """In the folder of modules a file's name is that of the module."""
        env = {'IMP_REMOTE_MODULES': FOLDER}
        for source, name in ((COUNT, 'count'), (OUTDATED, 'outdated'), (COUNT, 'pattern')):
            shutil.copy(source, os.path.join(FOLDER, name + '.so'))
        _, out, _ = harness.run_tool('modules', env=env)
        self.assertIn('count: a module in C, ', out)
        self.assertRegex(out, '\noutdated: cannot be used: .* version 7 ')
        self.assertIn('\npattern: denies, rejects or replaces', out)
        self.assertIn('  limit=', harness.run_tool('modules', 'count', env=env)[1])
        self.assertIn('limit must be', harness.run_tool('serve', '--module', 'count=limit=0', '@x',
                                                        env=env)[2])
        self.assertEqual(harness.run_tool('serve', '--module', 'count', '@x')[0], 2)


if __name__ == '__main__':
    harness.main()
