#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A module in a pipe: what comes out, and how it ends."""

import os
import signal
import subprocess
import tempfile
import unittest

import tool_harness as harness

REPLACE = 'pattern=string=be&action=replace&actdata=go'
DENY = 'pattern=string=wolf&action=deny&actdata=a wolf'
# Never answers; says something to the side that is read.
SILENT = '''
import gi
gi.require_version('Imp', '1')
from gi.repository import Imp
class Silent(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        pass
'''
TALKER = '''
import gi
gi.require_version('Imp', '1')
from gi.repository import Imp
class Talker(Imp.Analyzer):
    """Answers each chunk, and has its say in the log."""
    seen = 0
    def do_data(self, direction, data, offset, data_type):
        self.seen += data.get_size()
        self.send_back(direction, b'12345')
        self.log(direction, 0, 0, Imp.LogLevel.INFO, 'seen\\x1b[31m')
        self.pass_bytes(direction, Imp.MAX_OFFSET)
'''


def run(*arguments, said=b'', **options):
    """Gives the status, standard output and standard error."""
    result = subprocess.run([harness.TOOL, 'filter', *arguments], input=said,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                            check=False, **options)
    return result.returncode, result.stdout, result.stderr.decode()


class Filter(unittest.TestCase):
    def test_replaced(self):
        self.assertEqual(run('--module', REPLACE, said=b'to be or not to be'),
                         (0, b'to go or not to go', ''))

    def test_several(self):
        status, out, _ = run('-m', REPLACE, '-m', 'pattern=string=go&action=replace&actdata=stay',
                             said=b'to be')
        self.assertEqual((status, out), (0, b'to stay'))

    def test_nothing(self):
        self.assertEqual(run('--module', REPLACE), (0, b'', ''))

    def test_much(self):
        """From a file to a file, and byte for byte."""
        said = os.urandom(1 << 16) * 64
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
            source.write(said)
            source.seek(0)
            status = subprocess.run([harness.TOOL, 'filter', '--module', 'pass'], stdin=source,
                                    stdout=target, timeout=60, check=False).returncode
            target.seek(0)
            self.assertEqual((status, target.read() == said), (0, True))

    def test_denied(self):
        """What passed before is there; the status is one of its own."""
        status, out, err = run('--module', DENY, said=b'sheep and a wolf in it')
        self.assertEqual(status, 3)
        self.assertTrue(b'sheep and a '.startswith(out))
        self.assertIn('a wolf', err)

    def test_direction(self):
        rule = REPLACE + '&rxdir=1'
        self.assertEqual(run('--module', rule, said=b'be')[1], b'be')
        self.assertEqual(run('--module', rule, '--from', 'client', said=b'be')[1], b'be')
        self.assertEqual(run('--module', rule, '--from', 'server', said=b'be')[1], b'go')

    def test_wrong(self):
        for arguments, says in (([], '--module'), (['--module', 'no-such'], 'no-such'),
                                (['--module', 'pass', 'file'], '"file"'),
                                (['--module', 'pass', '--from', 'left'], '"left"')):
            with self.subTest(arguments):
                status, out, err = run(*arguments)
                self.assertEqual((status, out), (2, b''))
                self.assertIn(says, err)

    def test_nobody_reads(self):
        with subprocess.Popen([harness.TOOL, 'filter', '--module', 'pass'], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            try:
                while process.poll() is None:
                    process.stdin.write(bytes(1 << 16))
            except BrokenPipeError:
                pass
            self.assertEqual(process.wait(30), 1)
            self.assertIn('Broken pipe', process.stderr.read().decode())
            try:
                process.stdin.close()
            except BrokenPipeError:
                pass

    def test_signal(self):
        """It has not come to its end, and says so."""
        with subprocess.Popen([harness.TOOL, 'filter', '--module', REPLACE], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdin.write(b'to be, ')
            process.stdin.flush()
            self.assertEqual(process.stdout.read(6), b'to go,')
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30), 1)
            self.assertIn('signal', process.stderr.read().decode())
            process.stdin.close()


@unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'without bindings there are no scripts')
class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(text)
        return path

    def test_silent(self):
        status, out, err = run('--module', self.write('silent.py', SILENT), '--deadline', '1',
                               said=b'hello')
        self.assertEqual((status, out), (1, b''))
        self.assertIn('deadline', err)

    def test_talker(self):
        status, out, err = run('--module', self.write('talker.py', TALKER), said=b'hello')
        self.assertEqual((status, out), (0, b'hello'))
        self.assertIn('5 bytes were for the side that is read', err)
        self.assertIn('seen', err)
        self.assertNotIn('\x1b', err)


if __name__ == '__main__':
    unittest.main(verbosity=2)
