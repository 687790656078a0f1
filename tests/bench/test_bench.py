# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every workload runs for a moment with every system, and the report says so completely.

No time is judged here: that is what the benchmark itself is for."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from benchlib import report, workloads  # noqa: E402

BENCH = os.path.join(HERE, 'imp-bench')
BUILD = os.environ['IMP_BENCH_BUILD']
SYSTEMS = os.environ['IMP_BENCH_SYSTEMS'].split(',')
SMALL = ['--rounds', '1', '--seconds', '0.05', '--transfer', '8', '--max-analyzers', '200']


def run(*arguments):
    return subprocess.run(['/usr/bin/python3', BENCH, '--build', BUILD, *arguments],
                          capture_output=True, text=True, check=False, timeout=240)


class Runs(unittest.TestCase):
    def check_spread(self, figure):
        self.assertLessEqual(figure['min'], figure['median'])
        self.assertLessEqual(figure['median'], figure['max'])
        self.assertEqual(len(figure['samples']), 1)

    def check_result(self, result):
        names = {'memory': ['client_bytes', 'server_bytes'],
                 'idle': ['client_wakeups', 'server_wakeups'],
                 'latency': ['p50_us', 'p99_us', 'max_us'], 'rate': [], 'transfer': []}
        for name in names[result['kind']]:
            self.check_spread(result[name])
        if result['kind'] in ('latency', 'rate', 'transfer'):
            for name in ('messages_per_second', 'bytes_per_second', 'cpu_seconds_per_gib'):
                self.check_spread(result[name])
                self.assertGreater(result[name]['median'], 0, name)
            self.assertGreater(result['ratio_to_limit'], 0, result)

    def measure(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'bench.json')
            done = run('--json', path, '--systems', ','.join(SYSTEMS), *SMALL, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding='utf-8') as file:
                return json.load(file), done.stdout

    def test_system_calls(self):
        found, _ = self.measure('--workloads', 'W3', '--transports', 'unix')
        for result in found['results']:
            self.assertGreater(result['syscalls_per_message']['total'], 0, result)

    def test_all_workloads(self):
        found, table = self.measure('--no-syscalls')
        expected = {(w.name, transport, system) for w in workloads.WORKLOADS
                    for transport in w.transports for system in w.systems if system in SYSTEMS}
        results = {(r['workload'], r['transport'], r['system']): r for r in found['results']}
        self.assertEqual(set(results), expected)
        self.assertEqual(len(found['results']), len(expected))
        for key, result in results.items():
            with self.subTest(key=key):
                self.check_result(result)
        self.assertIn('cpu', found['machine'])
        for name in {w.name for w in workloads.WORKLOADS if set(w.systems) & set(SYSTEMS)}:
            self.assertIn(name, table)


class Errors(unittest.TestCase):
    def test_arguments(self):
        for arguments, named in ((['--workloads', 'W9'], 'W9'), (['--systems', 'fast'], 'fast'),
                                 (['--transports', 'pigeon'], 'pigeon'),
                                 (['--rounds', '0'], '--rounds')):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(named, done.stderr)

    def test_missing_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run('--build', folder, '--workloads', 'W1')
        self.assertEqual(done.returncode, 1)
        self.assertIn(folder, done.stderr)

    def test_a_client_that_fails(self):
        """A lie about an offset must end the run, not become a figure."""
        done = subprocess.run(
            [os.path.join(BUILD, 'tests', 'bench', 'bench-limit-client'),
             '--address', '/nonexistent/socket', '--workload', 'stream'],
            capture_output=True, text=True, check=False, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn('/nonexistent/socket', done.stderr)
        self.assertEqual(done.stdout, '')


class Figures(unittest.TestCase):
    def result(self, system, rate=None, p50=None):
        figure = {'workload': 'W1' if p50 else 'W2', 'transport': 'unix', 'system': system,
                  'kind': 'latency' if p50 else 'rate'}
        figure['p50_us' if p50 else 'bytes_per_second'] = {'median': p50 or rate}
        return figure

    def test_ratio_is_a_share_of_speed(self):
        results = [self.result('limit', 1000), self.result('cbor', 700),
                   self.result('limit', p50=50), self.result('cbor', p50=100),
                   self.result('limit-spin', p50=4), self.result('cbor-spin', p50=8)]
        report.add_ratios(results, workloads.BY_NAME)
        self.assertEqual([r['ratio_to_limit'] for r in results], [1, 0.7, 1, 0.5, 1, 0.5])

    def test_targets(self):
        results = [self.result('limit', 1000), self.result('cbor', 700),
                   self.result('limit', p50=50), self.result('cbor', p50=55)]
        report.add_ratios(results, workloads.BY_NAME)
        targets = {t['target']: t for t in report.find_targets(results, workloads.SCALE)}
        self.assertFalse(targets['W2 unix: share of the limit']['met'])
        latency = targets['W1 unix: p50 as a multiple of the limit\'s']
        self.assertTrue(latency['met'])
        self.assertAlmostEqual(latency['value'], 1.1)

    def test_fairness_is_judged_by_its_tail(self):
        result = {'workload': 'fairness', 'transport': 'tcp', 'system': 'cbor', 'kind': 'latency',
                  'p50_us': {'median': 600}, 'p99_us': {'median': 2100}}
        targets = {t['target']: t for t in report.find_targets([result], workloads.SCALE)}
        self.assertFalse(targets['fairness tcp: p99 of 1 KiB round trips in us']['met'])


if __name__ == '__main__':
    unittest.main()
