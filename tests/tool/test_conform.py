#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance kit on our own server, and on one in Perl."""

import os
import re
import shutil
import subprocess
import unittest

import tool_harness as harness
from conform_tap import NO_VECTORS, WAITS_LONG, Case, conform

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.environ['IMP_TEST_REFERENCE']
PERL_SERVER = os.path.join(os.path.dirname(HERE), 'rpc', 'perl-server.pl')
HAS_PERL = os.environ.get('IMP_TEST_PERL') == '1'
CODECS = ['json', 'cbor'] + (['storable', 'sereal'] if HAS_PERL else [])


class OurServer(Case):
    def test_unix(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', '--module', REFERENCE, path):
            tap = conform(WAITS_LONG, '--reference', path)
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})
        self.assertEqual(tap.formats(), set(CODECS))
        self.assertGreater(len(tap.passed), 500)

    def test_tcp(self):
        with harness.Tool('serve', '--module', REFERENCE, '127.0.0.1:0') as server:
            only = [argument for argument in NO_VECTORS if 'faults' not in argument]
            tap = conform(WAITS_LONG, '--codec=cbor', '--reference', *only,
                          '--only=faults/close-*', server.address)
        self.check_good(tap)

    def test_tls(self):
        folder = harness.make_folder()
        subprocess.run(['sh', os.path.join(os.path.dirname(HERE), 'lib', 'certificates.sh'),
                        folder], check=True)
        pem, key, authority = (os.path.join(folder, name)
                               for name in ('server.pem', 'server.key', 'ca.pem'))
        with harness.Tool('serve', '--module', REFERENCE, '--tls-cert', pem, '--tls-key', key,
                          'tls://127.0.0.1:0') as server:
            tap = conform(WAITS_LONG, '--codec=cbor', '--reference', '--tls-ca', authority,
                          '--only=greeting/*', '--only=faults/close-*', '--only=results/*',
                          '--only=framing/together', server.address)
            untrusted = conform('--only', 'ping/*', server.address)
        self.check_good(tap)
        self.assertEqual(untrusted.status, 1)

    def test_told(self):
        """A server that was told its format takes no other."""
        for codec in CODECS:
            with self.subTest(codec):
                path = os.path.join(harness.make_folder(), 'socket')
                with harness.Tool('serve', '--codec', codec, '--module', REFERENCE, path):
                    tap = conform('--timeout=1', '--only=greeting/first', '--only=ids/*', path)
                self.check_good(tap)
                self.assertEqual(tap.formats(), {codec})

    def test_any_module(self):
        """Whatever the analyzers do, what needs a known one is skipped by name."""
        for module in ('pass', 'pattern=string=hello&action=deny'):
            with self.subTest(module):
                path = os.path.join(harness.make_folder(), 'socket')
                with harness.Tool('serve', '--module', module, path):
                    tap = conform(WAITS_LONG, '--codec', 'json', path)
                self.check_good(tap)
                self.assertIn('results/order', tap.ids(tap.skipped))
                self.assertIn('ids/in-use', tap.ids(tap.passed))


@unittest.skipUnless(HAS_PERL, 'this build has no codecs for Perl peers')
class Perl(Case):
    def test_server(self):
        for codec in ('storable', 'sereal'):
            with self.subTest(codec):
                path = os.path.join(harness.make_folder(), 'socket')
                with subprocess.Popen(['perl', PERL_SERVER, codec, path], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE) as perl:
                    self.assertEqual(perl.stdout.readline(), b'listening\n')
                    tap = conform(WAITS_LONG, '--perl', '--codec', codec, path)
                    perl.kill()
                self.check_good(tap)
                self.assertIn('ids/new-delete', tap.ids(tap.passed))
                self.assertIn('ids/unknown-data', tap.ids(tap.skipped))


class Usage(Case):
    def check(self, text, *arguments):
        status, out, err = harness.run_tool('conform', *arguments)
        self.assertEqual((status, out), (2, ''))
        self.assertIn(text, err)

    def test_errors(self):
        self.check('exactly one ADDRESS')
        self.check('one ADDRESS too many', 'a:1', 'b:2')
        self.check('"morse"', '--codec', 'morse', 'a:1')
        self.check('"tea/*"', '--only', 'tea/*', 'a:1')
        self.check('--once', '--once', 'a:1')
        self.check('"a:1"', '--listen', './socket', 'a:1')
        self.check('"nowhere"', 'nowhere')
        self.check('timeout', '--timeout', '0', 'a:1')

    def test_nobody(self):
        """A server that is not there is one error, and no case."""
        path = os.path.join(harness.make_folder(), 'nosuch')
        status, out, err = harness.run_tool('conform', path)
        self.assertEqual((status, out), (1, ''))
        self.assertIn(f'Cannot connect to {path}: ', err)
        self.assertEqual(err.count('\n'), 1)

    def test_exposed(self):
        self.check('--insecure', '--listen', '0.0.0.0:0')

    def test_told_to_end(self):
        """The unix socket goes with the kit."""
        path = os.path.join(harness.make_folder(), 'socket')
        with subprocess.Popen([harness.TOOL, 'conform', '--listen', path], text=True,
                              stdout=subprocess.PIPE) as kit:
            self.assertIn(path, kit.stdout.readline())
            self.assertTrue(os.path.exists(path))
            self.assertIn('TAP', kit.stdout.readline())
            kit.terminate()
            out = kit.communicate(timeout=harness.TIMEOUT)[0]
        self.assertIn('Bail out! it was told to end', out)
        self.assertEqual(kit.returncode, 1)
        self.assertFalse(os.path.exists(path))

    def test_list(self):
        status, out, err = harness.run_tool('conform', '--list')
        self.assertEqual((status, err), (0, ''))
        rows = [line.split('\t') for line in out.splitlines()]
        self.assertEqual([row for row in rows if len(row) != 5 or not all(row)], [])
        names = [row[0] for row in rows]
        self.assertIn('vectors/bad/no-JSON', names)
        # Each section is one of the page.
        with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), 'docs', 'wire-format.md'),
                  encoding='utf-8') as page:
            sections = set(re.findall(r'^##+ (.*)$', page.read(), re.M))
        self.assertEqual({row[3] for row in rows} - sections, set())
        status, out, _ = harness.run_tool('conform', '--list', '--only', 'ping/*')
        self.assertEqual({line.split('/')[0] for line in out.splitlines()}, {'ping'})

    def test_installed(self):
        """It has its tables with it."""
        copy = os.path.join(harness.make_folder(), 'imp-remote')
        shutil.copy(os.environ['IMP_INSTALLED_TOOL'], copy)
        library = os.path.dirname(os.path.dirname(os.path.dirname(harness.TOOL)))
        done = subprocess.run([copy, 'conform', '--list'], stdout=subprocess.PIPE, check=True,
                              env={**os.environ, 'LD_LIBRARY_PATH':
                                   os.path.join(library, 'imp-remote')})
        self.assertIn(b'vectors/bad/', done.stdout)


if __name__ == '__main__':
    harness.main()
