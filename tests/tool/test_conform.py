#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The conformance kit, on our own ends, on peers in Perl, on a small server in Python, and on
broken ones: what is wrong must be found by name."""

import os
import re
import shutil
import socket
import subprocess
import threading
import unittest

import conform_server
import tool_harness as harness

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = os.environ['IMP_TEST_REFERENCE']
PERL_SERVER = os.path.join(os.path.dirname(HERE), 'rpc', 'perl-server.pl')
HAS_PERL = os.environ.get('IMP_TEST_PERL') == '1'
CODECS = ['json', 'cbor'] + (['storable', 'sereal'] if HAS_PERL else [])
LINE = re.compile(r'^(not ok|ok) (\d+) - (.*?)(?: # SKIP (.*))?$')
# What a server of version 2 has, beside the vectors, that are of all formats.
GROUPS = ('greeting', 'interface', 'ids', 'data', 'ping', 'busy', 'goodbye', 'sides', 'framing',
          'limits', 'faults', 'results', 'want')
ONLY_GROUPS = [f'--only={group}/*' for group in GROUPS]


class Tap:
    """What the kit has printed."""

    def __init__(self, status, out, err=''):
        self.status, self.out, self.err = status, out, err
        lines = [LINE.match(line) for line in out.splitlines()]
        self.lines = [match for match in lines if match]
        self.passed = [match.group(3) for match in self.lines
                       if match.group(1) == 'ok' and not match.group(4)]
        self.failed = [match.group(3) for match in self.lines if match.group(1) != 'ok']
        self.skipped = {match.group(3): match.group(4) for match in self.lines if match.group(4)}

    def ids(self, names):
        return {name.split(': ')[0].split()[-1] for name in names}

    def formats(self):
        return {name.split()[0] for name in self.passed if ' v' in name.split(': ')[0]}


def conform(*arguments):
    return Tap(*harness.run_tool('conform', *arguments))


class Case(unittest.TestCase):
    def check_good(self, tap):
        self.assertEqual((tap.status, tap.failed, tap.err), (0, [], ''), tap.out[-4000:])
        plan = re.search(r'^1\.\.(\d+)$', tap.out, re.M)
        self.assertEqual([int(match.group(2)) for match in tap.lines],
                         list(range(1, int(plan.group(1)) + 1)))


class OurServer(Case):
    def test_unix(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', '--module', REFERENCE, path):
            tap = conform('--reference', path)
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})
        self.assertEqual(tap.formats(), set(CODECS))
        self.assertGreater(len(tap.passed), 500)

    def test_tcp(self):
        with harness.Tool('serve', '--module', REFERENCE, '127.0.0.1:0') as server:
            tap = conform('--codec=cbor', '--reference', *ONLY_GROUPS, server.address)
        self.check_good(tap)

    def test_tls(self):
        folder = harness.make_folder()
        subprocess.run(['sh', os.path.join(os.path.dirname(HERE), 'lib', 'certificates.sh'),
                        folder], check=True)
        pem, key, authority = (os.path.join(folder, name)
                               for name in ('server.pem', 'server.key', 'ca.pem'))
        with harness.Tool('serve', '--module', REFERENCE, '--tls-cert', pem, '--tls-key', key,
                          'tls://127.0.0.1:0') as server:
            tap = conform('--codec=cbor', '--reference', '--tls-ca', authority,
                          '--only=greeting/*', '--only=faults/close-*', '--only=limits/*',
                          '--only=results/*', '--only=framing/together', server.address)
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
                    tap = conform('--codec', 'json', path)
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
                    tap = conform('--perl', '--codec', codec, path)
                    perl.kill()
                self.check_good(tap)
                self.assertIn('ids/new-delete', tap.ids(tap.passed))
                self.assertIn('ids/unknown-data', tap.ids(tap.skipped))


class Python(Case):
    """A server that shares nothing with the library; and what is wrong with its siblings."""

    def run_on(self, connection, *arguments):
        path = os.path.join(harness.make_folder(), 'socket')
        server = conform_server.Server(path, connection)
        try:
            return conform('--codec', 'json', '--reference', '--timeout', '1', *arguments, path)
        finally:
            if server.listener.fileno() >= 0:
                server.close()

    def test_good(self):
        tap = self.run_on(conform_server.Connection, *ONLY_GROUPS)
        self.check_good(tap)
        self.assertEqual(tap.skipped, {})

    def test_mutants(self):
        self.assertGreaterEqual(len(conform_server.MUTANTS), 8)
        for mutant in conform_server.MUTANTS:
            with self.subTest(mutant.__name__):
                name = mutant.__doc__.split('finds: ')[1]
                tap = self.run_on(mutant, '--only', name)
                self.assertEqual(tap.status, 1, tap.out)
                self.assertIn(name, tap.ids(tap.failed), tap.out)

    def test_diagnostics(self):
        tap = self.run_on(conform_server.NoPong, '--only', 'ping/pong')
        self.assertIn('  expected: "a message like {\\"op\\":\\"pong\\",\\"token\\":0}"\n', tap.out)
        self.assertIn('\\"op\\":\\"ping\\"', tap.out)
        self.assertIn(b'{"op":"ping"'.hex(), tap.out)
        self.assertIn('  section: "What happens in between"\n', tap.out)

    def test_nobody(self):
        tap = conform('--codec', 'json', '/nonexistent/socket')
        self.assertEqual(tap.status, 1)
        self.assertEqual(len(tap.failed), 1)


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
        command = [harness.TOOL, 'conform', '--listen', path, '--once', *arguments]
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
