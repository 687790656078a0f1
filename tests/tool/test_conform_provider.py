#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance kit on our own provider, and on one in Perl."""

import os
import socket
import subprocess
import threading
import unittest

import tool_harness as harness
from conform_tap import WAITS_LONG, Case, Tap

PERL_CLIENT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'rpc',
                           'perl-client.pl')
SCRIPT = b'''interface
new 1 caddr 10.0.0.1
data 1 0 0 -1 hello
data 1 1 0 -1 world
expect 999
'''
GROUPS = ('greeting', 'ids', 'results', 'sides', 'faults')
CODECS = ['json', 'cbor'] + (['storable', 'sereal'] if os.environ['IMP_TEST_PERL'] == '1' else [])


class Traffic:
    """Connections through a relay, one after the other, as long as it goes."""

    def __init__(self, port):
        self.port = port
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(6)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.over.is_set():
            try:
                with socket.create_connection(('127.0.0.1', self.port), timeout=1) as connection:
                    connection.sendall(b'hello, world\n')
                    connection.settimeout(0.05)
                    connection.recv(100)
            except OSError:
                pass  # as the case wants it
            self.over.wait(0.005)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


class OurProvider(Case):
    def run_kit(self, *arguments, codec='cbor'):
        path = os.path.join(harness.make_folder(), 'socket')
        module = f'remote=addr={path}&codec={codec}&reconnect-min=1&reconnect-max=5&fail=soft'
        command = [harness.TOOL, 'conform', '--listen', path, '--once', WAITS_LONG,
                   *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as kit, harness.Upstream(harness.echo) as upstream:
            self.assertEqual(kit.stdout.readline(), f'listening {path}\n')
            with harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module, '--connect',
                              upstream.address, '--grace', '0') as relay:
                traffic = Traffic(relay.port)
                out, err = kit.communicate(timeout=harness.TIMEOUT * 2)
                traffic.stop()
            return Tap(kit.returncode, out, err)

    def test_formats(self):
        for codec in CODECS:
            with self.subTest(codec):
                tap = self.run_kit(codec=codec)
                self.check_good(tap)
                self.assertEqual(tap.formats(), {codec})
                self.assertRegex(tap.out, r'# \d+ connections')


@unittest.skipUnless('storable' in CODECS, 'this build has no codecs for Perl peers')
class PerlProvider(Case):
    """A client in Perl, which is started again whenever it has ended."""

    def run_client(self, codec, path, over):
        while not over.is_set():
            subprocess.run(['perl', PERL_CLIENT, codec, path], input=SCRIPT, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def test_client(self):
        for codec in ('storable', 'sereal'):
            with self.subTest(codec):
                path = os.path.join(harness.make_folder(), 'socket')
                only = [f'--only={group}/*' for group in GROUPS]
                command = [harness.TOOL, 'conform', '--listen', path, '--once', '--perl',
                           WAITS_LONG, *only]
                over = threading.Event()
                with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      text=True) as kit:
                    self.assertEqual(kit.stdout.readline(), f'listening {path}\n')
                    client = threading.Thread(target=self.run_client, args=(codec, path, over))
                    client.start()
                    out, err = kit.communicate(timeout=harness.TIMEOUT * 2)
                    over.set()
                    client.join()
                tap = Tap(kit.returncode, out, err)
                self.check_good(tap)
                self.assertIn('results/replace', tap.ids(tap.passed))
                self.assertIn('ids/never', tap.ids(tap.skipped))


if __name__ == '__main__':
    harness.main()
