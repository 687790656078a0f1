# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the conformance kit share."""

import re
import unittest

import tool_harness as harness

LINE = re.compile(r'^(not ok|ok) (\d+) - (.*?)(?: # SKIP (.*))?$')
# Long enough for the slowest machine; who waits that long is stuck.
WAITS_LONG = '--timeout=30'
# All but the vectors, which are of all formats.
GROUPS = ('greeting', 'interface', 'ids', 'data', 'ping', 'busy', 'goodbye', 'sides', 'framing',
          'limits', 'faults', 'results', 'want')
NO_VECTORS = [f'--only={group}/*' for group in GROUPS]


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
    return Tap(*harness.run_tool('conform', *arguments, timeout=3 * harness.TIMEOUT))


class Case(unittest.TestCase):
    def check_good(self, tap):
        self.assertEqual((tap.status, tap.failed, tap.err), (0, [], ''), tap.out[-4000:])
        plan = re.search(r'^1\.\.(\d+)$', tap.out, re.M)
        self.assertEqual([int(match.group(2)) for match in tap.lines],
                         list(range(1, int(plan.group(1)) + 1)))
