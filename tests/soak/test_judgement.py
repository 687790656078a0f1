#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests what the soak test takes for right and for wrong."""

import asyncio
import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from build import Build, BuildError  # noqa: E402
from judgement import is_beginning, is_whole, judge  # noqa: E402
from logs import Notices, find_complaints, get_excerpt  # noqa: E402
from processes import Process, find_marked  # noqa: E402
from report import GROWTH_MAX, Report  # noqa: E402
from topology import Route, nothing, shout, swap_pattern  # noqa: E402
from traffic import Connection  # noqa: E402

DATA = b'a foo and a foo, fofoo bar'


class Whole(unittest.TestCase):
    def test_longer(self):
        self.assertTrue(is_whole(DATA, swap_pattern, DATA))
        self.assertTrue(is_whole(DATA, swap_pattern, b'a barbaz and a foo, fofoo bar'))
        self.assertTrue(is_whole(DATA, swap_pattern, b'a barbaz and a barbaz, fobarbaz bar'))
        self.assertFalse(is_whole(DATA, swap_pattern, b'a foo and a barbaz, fofoo bar'))
        self.assertFalse(is_whole(DATA, swap_pattern, DATA[:-1]))
        self.assertFalse(is_whole(DATA, swap_pattern, b'a barbaz and a foo, fofoo baR'))
        self.assertFalse(is_whole(DATA, swap_pattern, DATA + b'r'))
        self.assertFalse(is_whole(DATA, swap_pattern, b''))

    def test_as_long(self):
        self.assertTrue(is_whole(DATA, shout, DATA))
        self.assertTrue(is_whole(DATA, shout, DATA.upper()))
        self.assertTrue(is_whole(DATA, shout, b'A FOO and a foo, fofoo bar'))
        self.assertFalse(is_whole(DATA, shout, b'a FOO and a foo, fofoo bar'))
        self.assertFalse(is_whole(DATA, shout, b'A FOO and a FOO, fofoo bar'))
        self.assertFalse(is_whole(DATA, shout, b'A FOO and a foo, fofoo ba'))
        self.assertTrue(is_whole(b'', shout, b''))

    def test_unchanged(self):
        self.assertTrue(is_whole(DATA, nothing, DATA))
        self.assertFalse(is_whole(DATA, nothing, DATA.replace(b',', b'.')))


class Beginning(unittest.TestCase):
    def test_every_length(self):
        for change in (swap_pattern, shout, nothing):
            for n in range(len(DATA) + 1):
                self.assertTrue(is_beginning(DATA, change, DATA[:n]))
                self.assertTrue(is_beginning(DATA, change, change(DATA)[:n]))

    def test_wrong(self):
        self.assertFalse(is_beginning(DATA, swap_pattern, b'a foo and a barb'))
        self.assertFalse(is_beginning(DATA, swap_pattern, b'a barbazx'))
        self.assertFalse(is_beginning(DATA, shout, b'a FO'))
        self.assertFalse(is_beginning(DATA, nothing, b'A'))


class Judgement(unittest.TestCase):
    def setUp(self):
        self.connection = Connection(7, 1)
        self.connection.up = self.connection.down = DATA

    def judge(self, up, down, ended, fail='soft', may_refuse=False):
        self.connection.arrived_up = up
        self.connection.arrived_down = down
        return judge(Route('r', shout, 's', fail, may_refuse), self.connection, ended)

    def test_soft(self):
        self.assertEqual(self.judge(DATA.upper(), DATA.upper(), True), 'exact')
        self.assertEqual(self.judge(DATA.upper(), DATA, True), 'partly')
        self.assertIn('was cut: of 26 bytes, 3 came up', self.judge(b'A F', DATA, True))
        self.assertIn('was cut', self.judge(DATA, DATA, False))

    def test_soft_that_may_refuse(self):
        self.assertEqual(self.judge(DATA.upper(), b'A F', True, may_refuse=True), 'refused')
        self.assertEqual(self.judge(b'', b'', False, may_refuse=True), 'refused')

    def test_hard(self):
        self.assertEqual(self.judge(DATA.upper(), DATA.upper(), True, 'hard', True), 'exact')
        self.assertEqual(self.judge(DATA.upper(), b'A F', False, 'hard', True), 'refused')
        self.assertIn('came down', self.judge(DATA.upper(), b'A Foo', False, 'hard', True))
        self.assertIn('came up', self.judge(DATA, DATA.upper(), True, 'hard', True))

    def test_wrong(self):
        self.assertIn('came up', self.judge(b'x', DATA, True, may_refuse=True))
        self.assertIn('came down', self.judge(DATA, b'x', True, may_refuse=True))


class Logs(unittest.TestCase):
    HARMLESS = [
        b'imp-remote-Message: 22:13:56.402: 127.0.0.1:9 -> 127.0.0.1:7: log: an ERROR, a WARNING\n',
        b'imp-remote: cannot listen\n',
    ]

    def test_complaints(self):
        for text in (b'==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6\n',
                     b'==7==ERROR: LeakSanitizer: detected memory leaks\n',
                     b'SUMMARY: UndefinedBehaviorSanitizer: undefined-behavior a.c:1:2\n',
                     b'../core/a.c:7:3: runtime error: signed integer overflow\n',
                     b'(imp-remote:7): GLib-GObject-CRITICAL **: 22:13:56.402: g_object_unref: x\n',
                     b'** (process:7): WARNING **: 22:13:56.402: x\n',
                     b'(imp-remote:7): imp-remote-WARNING **: 22:13:56.402: x\n',
                     b'Traceback (most recent call last):\n'):
            found = find_complaints([self.HARMLESS[0], text, self.HARMLESS[1]])
            self.assertEqual(found, [text.decode().strip()])
        self.assertEqual(find_complaints(self.HARMLESS), [])

    def test_excerpt(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b'before\n' * 100 + b'SUMMARY: LeakSanitizer: x\n' + b'after\n' * 100)
            file.flush()
            lines = get_excerpt(file.name).splitlines()
        self.assertEqual(lines, ['SUMMARY: LeakSanitizer: x'] + ['after'] * 39)

    def test_notices(self):
        early, late, other = (Connection(n, 1) for n in range(3))
        notices = Notices()
        notices.add(9, 8, other, 0)
        line = self.HARMLESS[0]
        notices.take(line)
        notices.add(9, 7, early, 0)
        self.assertTrue(early.logged.is_set())
        self.assertFalse(early.refused.is_set())
        notices.remove(9, 7, early)
        notices.add(9, 7, late, float('inf'))
        self.assertFalse(late.logged.is_set())
        notices.take(line.replace(b' log: ', b' failed: '))
        self.assertTrue(late.refused.is_set())
        self.assertEqual(late.reasons, ['an ERROR, a WARNING'])
        self.assertEqual(other.reasons, [])

    def test_port_given_away(self):
        first, second = (Connection(n, 1) for n in range(2))
        notices = Notices()
        notices.add(9, 7, first, 0)
        notices.add(9, 7, second, 0)
        notices.take(self.HARMLESS[0])
        self.assertTrue(first.logged.is_set())
        notices.remove(9, 7, first)
        notices.take(self.HARMLESS[0])
        self.assertEqual((len(first.reasons), len(second.reasons)), (1, 2))
        notices.remove(9, 7, second)
        self.assertEqual(len(notices.by_ports), 0)


class Judged(unittest.TestCase):
    def setUp(self):
        self.report = Report()
        self.report.add('r', 'exact', 100, 1)
        self.report.memory = [1000] * 9

    def assert_wrong(self, text):
        self.assertEqual(len(self.report.judge()), 1)
        self.assertIn(text, self.report.judge()[0])
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertFalse(self.report.show(1))
        self.assertIn('soak: failed', said.getvalue())

    def test_good(self):
        self.report.memory[4] = 1 << 30
        with contextlib.redirect_stdout(io.StringIO()) as said:
            self.assertTrue(self.report.show(1))
        self.assertIn('soak: passed', said.getvalue())

    def test_nothing(self):
        self.report.outcomes.clear()
        self.assert_wrong('no connection')

    def test_growth(self):
        self.report.memory = [1000] * 6 + [1001 + GROWTH_MAX] * 3
        self.assert_wrong('memory grew')

    def test_not_measured(self):
        self.report.memory = []
        self.assert_wrong('not measured')

    def test_descriptors(self):
        self.report.set_descriptors(5, 6)
        self.assert_wrong('5 descriptors at rest, and has 6')

    def test_error(self):
        self.report.add_error('something')
        self.assert_wrong('something')

    def test_faults(self):
        self.report.add_faults(b'connections 7\nread-bytes 9\nread-reset 1\n')
        self.report.add_faults(b'read-reset 2\n')
        self.assertEqual(self.report.faults, {'read-reset': 3})


class Processes(unittest.IsolatedAsyncioTestCase):
    # Set up to end with this status when it is told to.
    READY = 'import os, signal, sys\n' \
            'signal.signal(signal.SIGTERM, lambda *_: sys.exit(%d))\n' \
            'print("listening x", flush=True)\n'

    async def run_script(self, script, deed, status=0):
        """The errors that are found in a program."""
        report = Report()
        environment = {**os.environ, 'IMP_SOAK_TEST': str(os.getpid())}
        process = Process('it', ['/usr/bin/python3', '-c', self.READY % status + script],
                          environment, report)
        with tempfile.NamedTemporaryFile() as log:
            await process.start(log.name)
            await deed(process)
        return report.errors

    async def test_good(self):
        async def end(process):
            self.assertEqual(process.addresses, ['x'])
            self.assertEqual(len(find_marked(f'IMP_SOAK_TEST={os.getpid()}')), 1)
            self.assertEqual(process.connections(), [])
            await process.end()
            self.assertEqual(find_marked(f'IMP_SOAK_TEST={os.getpid()}'), [])
            self.assertEqual(process.said, b'')

        self.assertEqual(await self.run_script('signal.pause()', end), [])

    async def test_status(self):
        self.assertEqual(await self.run_script('signal.pause()', Process.end, 23),
                         ['told to end, it did so with 23'])

    async def test_by_itself(self):
        async def wait(process):
            await process.watcher

        self.assertEqual(await self.run_script('', wait), ['it ended by itself, with 0'])
        self.assertEqual(await self.run_script('os.kill(os.getpid(), signal.SIGSEGV)', wait),
                         ['it ended by itself, with -11'])

    async def test_killed(self):
        self.assertEqual(await self.run_script('signal.pause()', Process.kill), [])

    async def test_never_ready(self):
        process = Process('it', ['/bin/true'], dict(os.environ), Report())
        with tempfile.NamedTemporaryFile() as log:
            with self.assertRaisesRegex(RuntimeError, 'not ready'):
                await process.start(log.name)
            await asyncio.wait_for(process.watcher, 60)


class Missing(unittest.TestCase):
    def test_nothing_built(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(BuildError, 'build it first'):
                Build(folder)


if __name__ == '__main__':
    unittest.main()
