#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules in C, loaded from files."""

import os
import unittest

import tool_harness as harness

MODULES = os.environ['IMP_TEST_MODULES']
COUNT = os.path.join(MODULES, 'count.so')
WRONG = os.path.join(MODULES, 'wrong.so')


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
                                     (1, WRONG, 'GObject')):
            got, out, err = harness.run_tool('serve', '--module', module, '@x')
            self.assertEqual((got, out, err.count('\n')), (status, '', 1), err)
            self.assertIn(module, err)
            self.assertIn(says, err)


if __name__ == '__main__':
    harness.main()
