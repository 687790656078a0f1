#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it takes to count verdicts and time chunks: at most one instruction in a hundred of a
message's. Both runs are of the same build, so that it does not matter which one that is."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from benchlib import callgrind  # noqa: E402
from benchlib.programs import Programs  # noqa: E402

MOST = 0.01


class Measured(unittest.TestCase):
    def test_instructions(self):
        workload = next(w for w in callgrind.WORKLOADS if w.name == 'W3')
        with Programs(os.environ['IMP_BENCH_BUILD']) as programs:
            off = callgrind.measure(programs, [workload])['W3']
            on = callgrind.measure(programs, [workload], {'IMP_BENCH_MEASURED': '1'})['W3']
        print(f'# without: {off}, with: {on}')
        more = sum(on.values()) - sum(off.values())
        # Else it was not switched on.
        self.assertGreater(more, 0)
        self.assertLess(more, MOST * sum(off.values()))


if __name__ == '__main__':
    unittest.main(verbosity=2)
