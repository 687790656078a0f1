#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the comparison of two builds: what it runs, and what it takes for worse."""

import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from benchlib import compare, workloads  # noqa: E402
from benchlib.programs import BenchError  # noqa: E402

BUILD = os.environ['IMP_BENCH_BUILD']
OPTIONS = SimpleNamespace(
    workloads=[workloads.BY_NAME[name] for name in ('W1', 'W3', 'W5')], transports=['unix', 'tcp'],
    systems=['cbor'], pin='both', max_analyzers=100000, seconds=1, transfer=1)


def make_pairs(options=OPTIONS):
    return compare.make_pairs(options, *[SimpleNamespace(cpus=[0, 1]) for _ in range(2)])


def sample(speed, cpu=1.0):
    return {'bytes': speed, 'chunks': speed, 'seconds': 1, 'p50_us': 1e6 / speed,
            'p90_us': 2, 'p99_us': 3, 'max_us': 4, 'client_cpu': cpu * speed / 2,
            'server_cpu': cpu * speed / 2}


def described(baseline, build, workload='W3'):
    """The comparison of rounds with these speeds."""
    pair = next(p for p in make_pairs() if p.build.workload.name == workload)
    pair.baseline.samples = [sample(speed) for speed in baseline]
    pair.build.samples = [sample(speed, 0.5) for speed in build]
    return compare.describe(pair)


class Pairs(unittest.TestCase):
    def test_cells(self):
        found = [(p.build.workload.name, p.build.transport, p.build.placement)
                 for p in make_pairs()]
        self.assertEqual(found, [(w, t, p) for w in ('W1', 'W3') for t in ('unix', 'tcp')
                                 for p in ('split', 'same')])

    def test_both_begin(self):
        order = []
        pair = compare.Pair(*[SimpleNamespace(run=lambda *_, name=name: order.append(name))
                              for name in ('old', 'new')])
        for number in range(3):
            pair.run(number, OPTIONS)
        self.assertEqual(order, ['old', 'new', 'new', 'old', 'old', 'new'])

    def test_instructions_once(self):
        found = [(p.build.workload.name, p.build.transport)
                 for p in compare.counted_pairs(make_pairs())]
        self.assertEqual(found, [('W1', 'unix'), ('W3', 'unix')])


class Counting(unittest.TestCase):
    def test_both_are_counted_alike(self):
        """A build that has no program which takes turns is not compared with one that does."""
        pair = next(p for p in make_pairs() if p.build.workload.name == 'W3')
        for old, new in ((True, True), (False, True), (False, False)):
            for cell, has in ((pair.baseline, old), (pair.build, new)):
                cell.programs.has = lambda name, has=has: has
            with mock.patch.object(compare.counters, 'count_instructions') as count:
                compare.count_instructions([pair], 'callgrind', mock.Mock())
            self.assertEqual([call.args[2] for call in count.call_args_list], [old and new] * 2)


class Judging(unittest.TestCase):
    def test_median_of_the_rounds_own_ratios(self):
        """A machine that becomes slower and slower is no reason to call a build slow."""
        result = described([1000, 500, 100], [990, 500, 102])
        self.assertAlmostEqual(result['ratio']['median'], 1)
        self.assertAlmostEqual(result['ratio']['min'], 0.99)
        self.assertAlmostEqual(result['cpu_time_ratio']['median'], 0.5)
        self.assertEqual(compare.judge([result], []), [])

    def test_slower(self):
        for workload in ('W1', 'W3'):
            found = compare.judge([described([1000, 1000, 1000], [960, 900, 970], workload)], [])
            self.assertEqual(len(found), 1)
            for word in (workload, 'unix', 'cbor', 'with a CPU each', '0.960', '0.900 to 0.970)'):
                self.assertIn(word, found[0])

    def test_rounds_that_do_not_agree(self):
        found = compare.judge([described([1000, 1000, 1000], [900, 950, 1100])], [])
        self.assertIn('the rounds do not agree', found[0])

    def test_within_tolerance(self):
        self.assertEqual(compare.judge([described([1000] * 3, [971, 2000, 900])], []), [])

    def test_control(self):
        result = described([1000], [500]) | {'system': 'limit'}
        self.assertEqual(compare.judge([result], []), [])

    def instructions(self, server, client):
        return [{'workload': 'W3', 'transport': 'unix', 'system': 'cbor',
                 'baseline': {'server': 1000, 'client': 1000, 'total': 2000},
                 'build': {'server': server, 'client': client, 'total': server + client}}]

    def test_instructions(self):
        self.assertEqual(compare.judge([], self.instructions(1029, 10)), [])
        found = compare.judge([], self.instructions(500, 1031))
        self.assertEqual(len(found), 1)
        for word in ('W3', 'client', '1031', '1000', '+3.1%'):
            self.assertIn(word, found[0])

    def test_builds_that_differ(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(BenchError, 'build both alike'):
                compare.check_builds(folder, BUILD)
        compare.check_builds(BUILD, BUILD)


class Report(unittest.TestCase):
    def text_of(self, worse):
        out = io.StringIO()
        compare.print_report({'comparison': [described([1000], [1234])], 'instructions': [],
                              'worse': worse}, out)
        return out.getvalue()

    def test_text(self):
        self.assertIn('1.234', self.text_of([]))
        self.assertIn('Nothing is worse than the baseline by more than 3%.', self.text_of([]))
        self.assertIn('WORSE  this', self.text_of(['this']))
        self.assertNotIn('Nothing', self.text_of(['this']))


    def test_no_server(self):
        found = [{'workload': 'W8/1', 'transport': 'unix', 'system': 'relay',
                  'baseline': {'server': 0, 'client': 10, 'total': 10},
                  'build': {'server': 0, 'client': 20, 'total': 20}}]
        rows = list(compare.instruction_rows(found))[1:]
        self.assertEqual([row[3:] for row in rows],
                         [('client', '10', '20', '+100.0%'), ('total', '10', '20', '+100.0%')])


class Runs(unittest.TestCase):
    def run_bench(self, *arguments):
        return subprocess.run(
            ['/usr/bin/python3', os.path.join(HERE, 'imp-bench'), '--build', BUILD, '--rounds', '2',
             '--seconds', '0.05', '--transfer', '4', '--no-instructions', *arguments],
            capture_output=True, text=True, check=False, timeout=240)

    def test_with_itself(self):
        """The result is whatever this machine says, and the status says the same."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'bench.json')
            done = self.run_bench('--baseline', BUILD, '--json', path,
                                  '--workloads', 'W1,W2,W3,W4,W7')
            self.assertNotIn('Traceback', done.stderr)
            with open(path, encoding='utf-8') as file:
                found = json.load(file)
        self.assertEqual(done.returncode, 1 if found['worse'] else 0, done.stderr)
        names = {(r['workload'], r['transport']) for r in found['comparison']}
        self.assertEqual(names, {(f'W{n}', t) for n in (1, 2, 3, 4, 7) for t in ('unix', 'tcp')})
        for result in found['comparison']:
            self.assertEqual(len(result['ratio']['samples']), 2)
            self.assertGreater(result['ratio']['min'], 0)

    def test_no_baseline(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_bench('--baseline', folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn(folder, done.stderr)


if __name__ == '__main__':
    unittest.main()
