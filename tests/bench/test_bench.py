# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every workload runs for a moment with every system, and the report says so completely.

No time is judged here: that is what the benchmark itself is for."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from benchlib import (cells, counters, programs, report, targets, transfers,  # noqa: E402
                      workloads)

BENCH = os.path.join(HERE, 'imp-bench')
BUILD = os.environ['IMP_BENCH_BUILD']
SYSTEMS = os.environ['IMP_BENCH_SYSTEMS'].split(',')
SMALL = ['--rounds', '1', '--seconds', '0.05', '--transfer', '8', '--max-analyzers', '200',
         '--no-instructions']
N_CPUS = len(os.sched_getaffinity(0))


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
                 'latency': ['p50_us', 'p99_us', 'max_us'], 'rate': [], 'transfer': [],
                 'dense': []}
        for name in names[result['kind']]:
            self.check_spread(result[name])
        if result['kind'] in ('latency', 'rate', 'transfer', 'dense'):
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
        counted = [r for r in found['results'] if 'syscalls_per_message' in r]
        self.assertEqual(len(counted), len({r['system'] for r in found['results']}))
        for result in counted:
            self.assertGreater(result['syscalls_per_message']['total'], 0, result)

    def test_all_workloads(self):
        found, table = self.measure('--no-syscalls')
        expected = {(w.name, transport, system, placement) for w in workloads.WORKLOADS
                    for transport in w.transports
                    for system in workloads.systems_of(w, transport) if system in SYSTEMS
                    for placement in workloads.placements_of(w, system, 'both', N_CPUS)}
        results = {(r['workload'], r['transport'], r['system'], r['placement']): r
                   for r in found['results']}
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
        for arguments, named in ((['--workloads', 'W10'], 'W10'), (['--systems', 'fast'], 'fast'),
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


class Dense(unittest.TestCase):
    """What the relay, sed and the reader of the transfer do is the same."""

    def text(self, *arguments):
        return subprocess.run(
            [os.path.join(BUILD, 'tests', 'bench', 'bench-dense-transfer'), '--count', '100000',
             *arguments], capture_output=True, check=True, timeout=60).stdout

    def test_sed(self):
        text = self.text()
        done = subprocess.run(['sed', transfers.SED_SCRIPT], input=text, capture_output=True,
                              check=True, timeout=60, env={'LC_ALL': 'C', 'PATH': '/usr/bin:/bin'})
        self.assertEqual(done.stdout, self.text('--in-process'))

    def test_density(self):
        text = self.text()
        matches = sum(text.count(letter) for letter in transfers.MATCHES)
        self.assertAlmostEqual(len(text) / matches, 6.5, delta=0.1)
        self.assertLess(max(map(len, text.split(b'\n'))), 200)

    def transfer(self, module):
        """Through a relay with that module."""
        workload = dataclasses.replace(workloads.BY_NAME['W8/100'], module=module, connections=3)
        with programs.Programs(BUILD) as found:
            cell = cells.Cell(found, workload, 'unix', 'relay', 'none')
            return cell.run(1, 1 << 20)

    def test_wrong_output(self):
        with self.assertRaisesRegex(programs.BenchError, 'is not what was to arrive'):
            self.transfer(workloads.DENSE.replace('--', '-+'))

    def test_sum_of_all_connections(self):
        sample = self.transfer(workloads.DENSE)
        self.assertEqual(sample['bytes'], (1 << 20) // transfers.DENSE_PART // 3 * 3)
        self.assertAlmostEqual(sample['bytes'] / sample['chunks'], 6.5, delta=0.5)

    def test_sed_that_fails(self):
        with programs.Programs(BUILD) as found:
            with self.assertRaisesRegex(programs.BenchError, 'status 1'):
                found.time(['/bin/sh', '-c', transfers.sed_script('/nonexistent', 2)], 60,
                           {0, *os.sched_getaffinity(0)})


class Finding(unittest.TestCase):
    def test_what_a_baseline_does_not_have(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, 'tests', 'bench'))
            own = os.path.join(folder, 'tests', 'bench', 'bench-imp-client')
            with open(own, 'wb'):
                pass
            with programs.Programs(folder, BUILD) as found:
                self.assertEqual(found.find('bench-imp-client'), own)
                self.assertEqual(found.find('bench-transfer'),
                                 os.path.join(BUILD, 'tests', 'bench', 'bench-transfer'))
                self.assertTrue(found.has('bench-imp-client'))
                self.assertFalse(found.has('bench-transfer'))
                for name in ('bench-imp-pair', 'bench-brief.so', 'bench-imp-server'):
                    with self.assertRaisesRegex(programs.BenchError, f'{folder}.*{name}'):
                        found.find(name)
                self.assertEqual(found.library, os.path.join(folder, 'imp-remote'))
                with self.assertRaisesRegex(programs.BenchError, 'imp-remote is missing'):
                    found.find_tool()


class Placements(unittest.TestCase):
    def of(self, workload, system, pin='both', n_cpus=2):
        return workloads.placements_of(workloads.BY_NAME[workload], system, pin, n_cpus)

    def test_both(self):
        self.assertEqual(self.of('W3', 'cbor'), ('split', 'same'))
        self.assertEqual(self.of('W3', 'cbor', n_cpus=1), ('same',))
        self.assertEqual(self.of('W5', 'cbor'), ('same',))

    def test_who_spins_has_a_cpu(self):
        self.assertEqual(self.of('W1', 'cbor-spin'), ('split',))
        self.assertEqual(self.of('W1', 'cbor-spin', n_cpus=1), ())

    def test_one_that_was_asked_for(self):
        for pin in workloads.PLACEMENTS:
            self.assertEqual(self.of('W5', 'cbor', pin), (pin,))


class Counters(unittest.TestCase):
    def test_perf(self):
        text = '# started\n\n123456,,instructions:u,1000,100.00,,\n'
        self.assertEqual(counters.parse_count('perf-instructions', text), 123456)

    def test_nothing_counted(self):
        for text in ('<not supported>,,instructions:u,0,100.00,,\n', ''):
            with self.assertRaises(counters.BenchError):
                counters.parse_count('perf-instructions', text)

    def test_callgrind(self):
        self.assertEqual(counters.parse_count('callgrind', 'fn=a\n1 2\ntotals: 77\n'), 77)

    def test_count_suits_the_speed(self):
        fast = [{'chunks': 1000000, 'seconds': 1, 'client_cpu': 1, 'server_cpu': 1}]
        slow = [{'chunks': 5000, 'seconds': 1, 'client_cpu': 1, 'server_cpu': 1}]
        self.assertEqual(counters.suitable_count('callgrind', fast), 12800)
        self.assertEqual(counters.suitable_count('callgrind', slow), 640)
        self.assertEqual(counters.suitable_count('perf', slow), 1250)
        self.assertEqual(counters.suitable_count('strace', fast), 20000)


class Figures(unittest.TestCase):
    def result(self, system, rate=None, p50=None, placement='same'):
        figure = {'workload': 'W1' if p50 else 'W2', 'transport': 'unix', 'system': system,
                  'placement': placement, 'kind': 'latency' if p50 else 'rate'}
        figure['p50_us' if p50 else 'bytes_per_second'] = {'median': p50 or rate}
        return figure

    def targets_of(self, *results):
        report.add_ratios(results, workloads.BY_NAME)
        return {t['target']: t for t in targets.find(results, workloads.SCALE)}

    def test_ratio_is_a_share_of_speed(self):
        results = [self.result('limit', 1000), self.result('cbor', 700),
                   self.result('limit', p50=50), self.result('cbor', p50=100),
                   self.result('limit-spin', p50=4), self.result('cbor-spin', p50=8)]
        report.add_ratios(results, workloads.BY_NAME)
        self.assertEqual([r['ratio_to_limit'] for r in results], [1, 0.7, 1, 0.5, 1, 0.5])

    def test_ratio_is_to_what_ran_alike(self):
        results = [self.result('limit', 1000, placement='split'), self.result('limit', 4000),
                   self.result('cbor', 900, placement='split'), self.result('cbor', 1000)]
        report.add_ratios(results, workloads.BY_NAME)
        self.assertEqual([r['ratio_to_limit'] for r in results], [1, 1, 0.9, 0.25])
        self.assertEqual([r['worse_ratio'] for r in results], [1, 1, 0.25, 0.25])

    def transfer(self, system, rate, placement='same'):
        return {'workload': 'W7', 'transport': 'tcp', 'system': system, 'placement': placement,
                'kind': 'transfer', 'bytes_per_second': {'median': rate}}

    def test_the_faster_copy_is_another_limit(self):
        results = [self.transfer('splice', 4000), self.transfer('copy', 1000),
                   self.transfer('copy-128k', 2000), self.transfer('relay', 1000),
                   self.transfer('relay', 600, 'split'), self.transfer('copy', 800, 'split')]
        report.add_ratios(results, workloads.BY_NAME)
        self.assertEqual([r['ratio_to_copy'] for r in results], [2, 0.5, 1, 0.5, 0.75, 1])
        self.assertEqual([r['ratio_to_limit'] for r in results], [1, 0.25, 0.5, 0.25, None, None])

    def test_no_limit_that_ran_alike(self):
        results = [self.result('limit', 1000, placement='split'), self.result('cbor', 1000)]
        report.add_ratios(results, workloads.BY_NAME)
        self.assertIsNone(results[1]['ratio_to_limit'])
        self.assertIsNone(results[1]['worse_ratio'])

    def test_targets(self):
        found = self.targets_of(self.result('limit', 1000), self.result('cbor', 700),
                                self.result('limit', p50=50), self.result('cbor', p50=55))
        self.assertFalse(found['W2 unix: share of the limit']['met'])
        latency = found['W1 unix: p50 as a multiple of the limit\'s']
        self.assertTrue(latency['met'])
        self.assertAlmostEqual(latency['value'], 1.1)

    def test_the_worse_placement_is_judged(self):
        for worse, better in (('same', 'split'), ('split', 'same')):
            found = self.targets_of(
                *[self.result('limit', 1000, placement=p) for p in (worse, better)],
                *[self.result('limit', p50=50, placement=p) for p in (worse, better)],
                self.result('cbor', 700, placement=worse),
                self.result('cbor', 990, placement=better),
                self.result('cbor', p50=80, placement=worse),
                self.result('cbor', p50=50, placement=better))
            for name, value in (('W2 unix: share of the limit', 0.7),
                                ('W1 unix: p50 as a multiple of the limit\'s', 1.6)):
                self.assertFalse(found[name]['met'], name)
                self.assertAlmostEqual(found[name]['value'], value)
                self.assertEqual(found[name]['placement'], worse)

    def test_json_is_compared_with_what_ran_alike(self):
        found = self.targets_of(
            self.result('json', 300, placement='split'), self.result('json', 1000),
            self.result('gdbus', 100, placement='split'), self.result('gdbus', 900))
        target = found['W2 unix: json as a multiple of GDBus']
        self.assertAlmostEqual(target['value'], 1000 / 900)
        self.assertEqual(target['placement'], 'same')

    def test_fairness_is_judged_by_its_tail(self):
        results = [{'workload': 'fairness', 'transport': 'tcp', 'system': 'cbor',
                    'kind': 'latency', 'placement': placement, 'p50_us': {'median': 600},
                    'p99_us': {'median': p99}}
                   for placement, p99 in (('same', 2100), ('split', 1000))]
        found = self.targets_of(*results)
        self.assertFalse(found['fairness tcp: p99 of 1 KiB round trips in us']['met'])


if __name__ == '__main__':
    unittest.main()
