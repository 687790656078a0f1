#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance kit on a small server that shares nothing with the library, and on broken ones:
what is wrong must be found by name."""

import concurrent.futures
import os

import conform_server
import tool_harness as harness
from conform_tap import NO_VECTORS, Case, conform


class Python(Case):
    """A server that shares nothing with the library; and what is wrong with its siblings."""

    def run_on(self, connection, *arguments):
        path = os.path.join(harness.make_folder(), 'socket')
        server = conform_server.Server(path, connection)
        try:
            return conform('--codec', 'json', '--reference', *arguments, path)
        finally:
            if server.listener.fileno() >= 0:
                server.close()

    def test_good(self):
        tap = self.run_on(conform_server.Connection, '--timeout=30', *NO_VECTORS)
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})

    def test_mutants(self):
        self.assertGreaterEqual(len(conform_server.MUTANTS), 8)
        names = [mutant.__doc__.split('finds: ')[1] for mutant in conform_server.MUTANTS]
        # Most of the time somebody waits for what does not come.
        with concurrent.futures.ThreadPoolExecutor(6) as executor:
            taps = list(executor.map(
                lambda mutant, name: self.run_on(mutant, '--timeout=1', '--only', name),
                conform_server.MUTANTS, names))
        for mutant, name, tap in zip(conform_server.MUTANTS, names, taps):
            with self.subTest(mutant.__name__):
                self.assertEqual(tap.status, 1, tap.out)
                self.assertIn(name, tap.ids(tap.failed), tap.out)

    def test_diagnostics(self):
        tap = self.run_on(conform_server.NoPong, '--timeout=2', '--only', 'ping/pong')
        self.assertIn('  expected: "a message like {\\"op\\":\\"pong\\",\\"token\\":0}"\n', tap.out)
        self.assertIn('\\"op\\":\\"ping\\"', tap.out)
        self.assertIn(b'{"op":"ping"'.hex(), tap.out)
        self.assertIn('  section: "What happens in between"\n', tap.out)

    def test_nobody(self):
        tap = conform('--codec', 'json', '/nonexistent/socket')
        self.assertEqual(tap.status, 1)
        self.assertEqual(len(tap.failed), 1)


if __name__ == '__main__':
    harness.main()
