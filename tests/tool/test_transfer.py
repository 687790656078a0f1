#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files through relay and remote server arrive as sed would have changed them, or untouched."""

import os
import threading
import unittest

import tool_harness as harness

MIB = 1 << 20
# Without a clock, so that a machine with too much to do cannot be late.
REPLACE = 'pattern=string=foo&action=replace&actdata=barbaz&hold-timeout=0'
# Never in random data of this size: the chance is below 1 in 10^70.
ABSENT = 'pattern=string=' + 'this-is-not-in-random-data-at-all'
CONNECTIONS = 100


class Through(unittest.TestCase):
    """Relay and server are two processes, with a unix socket between them."""

    @classmethod
    def setUpClass(cls):
        cls.folder = harness.make_folder()
        cls.random = os.path.join(cls.folder, 'random')
        cls.text = os.path.join(cls.folder, 'text')
        harness.write_random(cls.random, 100 * 10**6)
        harness.write_text(cls.text, 20 * 10**6)

    def relayed(self, module, path, codec='cbor'):
        """Starts everything, and registers its end."""
        socket = os.path.join(self.folder, 'socket')
        upstream = self.enterContext(harness.file_server(path))
        server = self.enterContext(harness.Tool('serve', '--module', module, socket))
        return self.enterContext(harness.Tool(
            'relay', '--listen', '127.0.0.1:0', '--module',
            f'remote=addr={server.address}&codec={codec}', '--connect', upstream.address))

    def enterContext(self, context):  # in unittest itself from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def assert_equal_bytes(self, got, wanted):
        """A difference of megabytes is not printed whole."""
        if got == wanted:
            return
        at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), None)
        self.fail(f'{len(got)} bytes instead of {len(wanted)}; first difference at {at}')

    def read(self, path):
        with open(path, 'rb') as source:
            return source.read()

    def test_text_replaced(self):
        relay = self.relayed(REPLACE, self.text)
        self.assert_equal_bytes(harness.fetch(relay.port), harness.sed(self.text, 's/foo/barbaz/g'))

    def test_text_replaced_over_json(self):
        relay = self.relayed(REPLACE, self.text, codec='json')
        self.assert_equal_bytes(harness.fetch(relay.port), harness.sed(self.text, 's/foo/barbaz/g'))

    def test_random_replaced(self):
        relay = self.relayed(REPLACE, self.random)
        wanted = harness.sed(self.random, 's/foo/barbaz/g')
        self.assertNotEqual(len(wanted), os.path.getsize(self.random))
        self.assert_equal_bytes(harness.fetch(relay.port), wanted)

    def test_random_untouched(self):
        relay = self.relayed(ABSENT + '&action=deny&actdata=no', self.random)
        self.assert_equal_bytes(harness.fetch(relay.port), self.read(self.random))
        self.assertEqual(relay.log, [])

    def test_denied(self):
        """What lies before the match arrives, and nothing behind it; the log has the reason."""
        path = os.path.join(self.folder, 'denied')
        with open(path, 'wb') as target:
            target.write(b'x' * MIB + b'secret' + b'y' * MIB)
        relay = self.relayed('pattern=string=secret&rxdir=1&action=deny&actdata=not+for+you', path)
        got = harness.fetch_cut(relay.port)
        self.assertLessEqual(len(got), MIB)
        self.assertEqual(got.strip(b'x'), b'')
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(len([line for line in relay.log if 'not+for+you' in line]), 1, relay.log)

    def test_many_at_once(self):
        path = os.path.join(self.folder, 'part')
        harness.write_text(path, 300_000, seed=2)
        wanted = harness.sed(path, 's/foo/barbaz/g')
        relay = self.relayed(REPLACE, path)
        ready = threading.Barrier(CONNECTIONS)
        got = [None] * CONNECTIONS

        def client(i):
            ready.wait(harness.TIMEOUT)
            got[i] = harness.fetch(relay.port)

        threads = [threading.Thread(target=client, args=(i,)) for i in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for result in got:
            self.assertIsNotNone(result)
            self.assert_equal_bytes(result, wanted)

    def test_local_module(self):
        """The same with the analyzer in the relay itself."""
        path = os.path.join(self.folder, 'local')
        harness.write_text(path, 3 * 10**6, seed=3)
        upstream = self.enterContext(harness.file_server(path))
        relay = self.enterContext(harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                               REPLACE, '--connect', upstream.address))
        self.assert_equal_bytes(harness.fetch(relay.port), harness.sed(path, 's/foo/barbaz/g'))

    def test_two_groups(self):
        path = os.path.join(self.folder, 'groups')
        harness.write_text(path, 10**5, seed=4)
        upstream = self.enterContext(harness.file_server(path))
        relay = self.enterContext(harness.Tool(
            'relay', '--listen', '127.0.0.1:0', '--connect', upstream.address,
            '--listen', '127.0.0.1:0', '--listen', os.path.join(self.folder, 'unix'), '--module',
            REPLACE, '--connect', upstream.address, listeners=3))
        plain, changed = (int(address.rpartition(':')[2]) for address in relay.addresses[:2])
        self.assert_equal_bytes(harness.fetch(plain), self.read(path))
        self.assert_equal_bytes(harness.fetch(changed), harness.sed(path, 's/foo/barbaz/g'))


if __name__ == '__main__':
    harness.main()
