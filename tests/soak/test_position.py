#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests that the hole test finds what is lost, doubled, out of place, or ends too early."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position
import position  # noqa: E402

STREAM, N = 7, 50
DATA = position.make_stream(STREAM, N)
SIZE = len(position.make_block(STREAM, 0))
CHANGED = position.rewrite(DATA)
MIXED = DATA.replace(position.SENT, position.JUDGED, 20)


def hard(arrived, ended=False, change=position.rewrite):
    return position.judge_hard(STREAM, DATA, change, arrived, ended)


def soft(arrived, ended=True, change=position.rewrite):
    return position.judge_soft(STREAM, DATA, change, arrived, ended)


class Good(unittest.TestCase):
    def test_hard(self):
        for length in (0, 1, SIZE, 1000, len(CHANGED) - 1, len(CHANGED)):
            finding = hard(CHANGED[:length])
            self.assertTrue(finding.is_good(), length)
            self.assertEqual(finding.withheld, len(CHANGED) - length)
        self.assertTrue(hard(CHANGED, ended=True).is_good())
        self.assertTrue(hard(DATA[:99], change=position.keep).is_good())

    def test_soft(self):
        for arrived in (DATA, MIXED, CHANGED):
            finding = soft(arrived)
            self.assertTrue(finding.is_good())
            self.assertEqual(finding.changed + finding.unseen, len(arrived))
        self.assertEqual(soft(CHANGED).unseen, 0)
        self.assertGreater(soft(MIXED).unseen, 25 * SIZE)
        loud = DATA.upper()
        self.assertTrue(soft(loud[:333] + DATA[333:], change=position.shout).is_good())


class Bad(unittest.TestCase):
    """Each function is tried with what the other one would find as well."""

    def check(self, finding, **wanted):
        self.assertFalse(finding.is_good())
        for name, value in wanted.items():
            self.assertEqual(getattr(finding, name), value, name)

    def test_lost(self):
        self.check(soft(MIXED[:10 * SIZE - 10] + MIXED[11 * SIZE - 11:]), lost=SIZE, doubled=0)
        self.check(soft(DATA[:-SIZE]), lost=SIZE, doubled=0, misplaced=0)
        self.check(soft(b''), lost=len(DATA))
        short = SIZE - 1
        self.check(hard(CHANGED[:2 * short] + CHANGED[5 * short:9 * short]), lost=3 * SIZE)

    def test_doubled(self):
        self.check(soft(DATA + DATA[-SIZE:]), doubled=SIZE, lost=0, misplaced=0)
        short = SIZE - 1
        self.check(hard(CHANGED[:3 * short] + CHANGED[2 * short:4 * short]), doubled=short, lost=0)
        # What was judged comes once more as it was sent.
        self.check(soft(CHANGED[:2 * short] + DATA[SIZE:]), doubled=SIZE)

    def test_misplaced(self):
        swapped = DATA[SIZE:2 * SIZE] + DATA[:SIZE] + DATA[2 * SIZE:]
        self.check(soft(swapped), misplaced=SIZE, lost=0, doubled=0)
        self.check(soft(DATA + b'x'), misplaced=1)
        other = position.make_stream(8, 1)
        self.check(soft(DATA + other), misplaced=len(other))
        self.check(soft(position.shout(DATA)), misplaced=len(DATA))

    def test_wrong_hash(self):
        false = DATA.replace(position.make_hash(STREAM, 3), position.make_hash(STREAM, 4))
        self.check(soft(false), misplaced=SIZE, lost=SIZE)

    def test_not_judged(self):
        """What no analyzer has seen is out of place where that is refused."""
        self.check(hard(DATA[:5 * SIZE]))
        self.check(hard(MIXED[:30 * SIZE]))

    def test_judged_again_behind_what_was_not(self):
        self.check(soft(CHANGED[:SIZE - 1] + DATA[SIZE:2 * SIZE] + CHANGED[2 * (SIZE - 1):]))

    def test_false_end(self):
        self.check(hard(CHANGED[:500], ended=True), false_ends=1, lost=0)
        self.check(soft(DATA[:-SIZE], ended=True), false_ends=1)


if __name__ == '__main__':
    unittest.main(verbosity=2)
