#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests what the soak test takes for right and for wrong."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
from topology import Route, nothing, shout, swap_pattern  # noqa: E402
from traffic import Connection, is_beginning, is_whole, judge  # noqa: E402

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

    def judge(self, up, down, ended, may_refuse=False):
        self.connection.arrived_up = up
        self.connection.arrived_down = down
        return judge(Route('r', shout, 's', 'soft', may_refuse), self.connection, ended)

    def test_outcomes(self):
        self.assertEqual(self.judge(DATA.upper(), DATA.upper(), True), 'exact')
        self.assertEqual(self.judge(DATA.upper(), DATA, True), 'partly')
        self.assertEqual(self.judge(DATA.upper(), b'A F', True, True), 'refused')
        self.assertEqual(self.judge(b'', b'', False, True), 'refused')

    def test_wrong(self):
        self.assertIn('was cut at 3', self.judge(b'A F', DATA, True))
        self.assertIn('was cut', self.judge(DATA, DATA, False))
        self.assertIn('came up', self.judge(b'x', DATA, True, True))
        self.assertIn('came down', self.judge(DATA, b'x', True, True))


if __name__ == '__main__':
    unittest.main()
