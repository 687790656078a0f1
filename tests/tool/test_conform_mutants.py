#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance kit on a small server and a small provider that share nothing with the library,
and on broken ones: what is wrong must be found by name."""

import concurrent.futures
import os
import subprocess
import threading

import conform_client
import conform_server
import tool_harness as harness
from conform_tap import NO_VECTORS, WAITS_LONG, Case, Tap, conform


def get_case(mutant):
    return mutant.__doc__.split('finds: ')[1]


class PythonCase(Case):
    def check_mutants(self, mutants, run_on):
        # Most of the time somebody waits for what does not come.
        with concurrent.futures.ThreadPoolExecutor(6) as executor:
            taps = list(executor.map(
                lambda mutant: run_on(mutant, '--timeout=1', '--only', get_case(mutant)), mutants))
        for mutant, tap in zip(mutants, taps):
            with self.subTest(mutant.__name__):
                self.assertEqual(tap.status, 1, tap.out)
                self.assertIn(get_case(mutant), tap.ids(tap.failed), tap.out)


class Provider(PythonCase):
    """A provider that shares nothing with the library; and what is wrong with its siblings."""

    @staticmethod
    def run_on(provider, *arguments):
        path = os.path.join(harness.make_folder(), 'socket')
        command = [harness.TOOL, 'conform', '--listen', path, '--once', *arguments]
        over = threading.Event()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as kit:
            listening = kit.stdout.readline()
            thread = threading.Thread(target=conform_client.serve, args=(provider, path, over))
            thread.start()
            out, err = kit.communicate(timeout=harness.TIMEOUT * 2)
            over.set()
            thread.join()
        return Tap(kit.returncode, out, err or listening.replace(f'listening {path}\n', ''))

    def test_good(self):
        groups = ('greeting', 'ids', 'results', 'ping', 'goodbye', 'status', 'sides', 'framing',
                  'limits', 'faults')
        tap = self.run_on(conform_client.Provider, WAITS_LONG,
                          *(f'--only={group}/*' for group in groups))
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})

    def test_mutants(self):
        self.check_mutants(conform_client.MUTANTS, self.run_on)


class Server(PythonCase):
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
        tap = self.run_on(conform_server.Connection, WAITS_LONG, *NO_VECTORS)
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})

    def test_mutants(self):
        self.assertGreaterEqual(len(conform_server.MUTANTS), 8)
        self.check_mutants(conform_server.MUTANTS, self.run_on)

    def test_diagnostics(self):
        tap = self.run_on(conform_server.NoPong, '--timeout=2', '--only', 'ping/pong')
        self.assertIn('  expected: "a message like {\\"op\\":\\"pong\\",\\"token\\":0}"\n', tap.out)
        self.assertIn('\\"op\\":\\"ping\\"', tap.out)
        self.assertIn(b'{"op":"ping"'.hex(), tap.out)
        self.assertIn('  section: "What happens in between"\n', tap.out)

    def test_nobody(self):
        tap = conform('--codec', 'json', '/nonexistent/socket')
        self.assertEqual(tap.status, 1)
        self.assertEqual(tap.out, '')


if __name__ == '__main__':
    harness.main()
