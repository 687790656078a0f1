#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of what the gate on instructions takes for too many, and of how it counts them."""

import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from benchlib import callgrind, gate, programs  # noqa: E402
from benchlib.programs import BenchError  # noqa: E402

BUILD = os.environ['IMP_BENCH_BUILD']
RECORD = {'W3': {'server': 1000, 'client': 2000}, 'W8': {'server': 500}}
UNITS = {'W3': 'chunk', 'W8': 'match', 'W9': 'match'}


def changed(workload, end, value):
    figures = copy.deepcopy(RECORD)
    figures.setdefault(workload, {})[end] = value
    return figures


class Judging(unittest.TestCase):
    def judge(self, measured, recorded=None):
        return gate.judge(RECORD if recorded is None else recorded, measured, UNITS)

    def test_as_on_record(self):
        self.assertEqual(self.judge(RECORD), ([], []))

    def test_within_tolerance(self):
        for value in (1029, 971, 1000.4):
            self.assertEqual(self.judge(changed('W3', 'server', value)), ([], []), value)

    def test_more(self):
        for end, value in (('server', 1031), ('client', 2062)):
            errors, hints = self.judge(changed('W3', end, value))
            self.assertEqual((len(errors), hints), (1, []))
            for word in ('W3', end, str(value), '3.1%', str(RECORD['W3'][end]), 'chunk',
                         'make update-instructions'):
                self.assertIn(word, errors[0])

    def test_fewer(self):
        errors, hints = self.judge(changed('W8', 'server', 400))
        self.assertEqual((errors, len(hints)), ([], 1))
        for word in ('W8', 'server', '400', '20.0%', '500', 'match', 'make update-instructions'):
            self.assertIn(word, hints[0])

    def test_one_gain_does_not_pay_for_a_loss(self):
        errors, hints = self.judge({'W3': {'server': 1100, 'client': 1000}, 'W8': {'server': 500}})
        self.assertEqual((len(errors), len(hints)), (1, 1))

    def test_other_workloads(self):
        errors, _ = self.judge(changed('W9', 'server', 1))
        self.assertIn('W9, server: measured, but not on record', errors[0])
        errors, _ = self.judge(RECORD, changed('W3', 'relay', 1))
        self.assertIn('W3, relay: on record, but not measured', errors[0])

    def test_other_builds(self):
        self.assertEqual(gate.find_differences({'glib': '1'}, {'glib': '1'}), [])
        found = gate.find_differences({'glib': '1', 'libc': '2'}, {'glib': '3', 'gcc': '4'})
        self.assertEqual(len(found), 3)
        self.assertEqual(found[1], "glib is '1' here and '3' there")


class Counting(unittest.TestCase):
    TEXT = ('fn=main\n10 3\ncfn=bench_server_turn\ncalls=2 5\n11 700\n'
            'cfi=pair.c\ncfn=bench_client_turn\ncalls=1 9\n12 50\n'
            'fn=other\ncfn=bench_server_turn\ncalls=1 5\n+3 30\n\nfn=bench_server_turn\n5 400\n')

    def test_inclusive_cost(self):
        self.assertEqual(callgrind.inclusive_cost(self.TEXT, 'bench_server_turn'), 730)
        self.assertEqual(callgrind.inclusive_cost(self.TEXT, 'bench_client_turn'), 50)
        with self.assertRaisesRegex(BenchError, 'bench_turn'):
            callgrind.inclusive_cost(self.TEXT, 'bench_turn')

    def test_difference(self):
        workload = callgrind.Counted('W', 'program', (), 10, 'total', 'chunk', ('server',))
        few, many = ({'total': 15}, {'server': 1100}), ({'total': 25}, {'server': 2100})
        self.assertEqual(callgrind.difference(workload, few, many), {'server': 100})
        with self.assertRaisesRegex(BenchError, 'no more messages'):
            callgrind.difference(workload, few, few)


class Programs(unittest.TestCase):
    """What turns there are must not depend on the machine: a part of it shows without valgrind."""

    def run_program(self, name, *arguments):
        return subprocess.run([os.path.join(BUILD, 'tests', 'bench', name), *arguments],
                              capture_output=True, text=True, check=False, timeout=120)

    def test_same_each_time(self):
        for workload in callgrind.WORKLOADS:
            runs = {self.run_program(workload.program, '--count', '8', *workload.arguments).stdout
                    for _ in range(3)}
            self.assertEqual(len(runs), 1, workload.name)
            self.assertGreater(json.loads(runs.pop())[workload.per], 0)

    def test_json(self):
        done = self.run_program('bench-relay-pair', '--count', '2', '--codec', 'json')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_no_count(self):
        for program in ('bench-imp-pair', 'bench-relay-pair'):
            done = self.run_program(program)
            self.assertEqual(done.returncode, 1)
            self.assertIn('--count', done.stderr)


class Benchmark(unittest.TestCase):
    def test_instructions(self):
        """Two processes and one that takes turns: the same is counted, as far as it can be."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'bench.json')
            done = subprocess.run(
                ['/usr/bin/python3', os.path.join(HERE, 'imp-bench'), '--build', BUILD,
                 '--workloads', 'W3,W8/1', '--systems', 'limit,cbor,relay', '--transports', 'unix',
                 '--transfer', '8',
                 '--rounds', '1', '--seconds', '0.05', '--no-syscalls', '--counter', 'callgrind',
                 '--json', path], capture_output=True, text=True, check=False, timeout=240)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding='utf-8') as file:
                results = json.load(file)['results']
        found = {r['system']: r['instructions_per_message'] for r in results
                 if 'instructions_per_message' in r}
        self.assertEqual(set(found), {'limit', 'cbor', 'relay'})
        self.assertEqual(found['relay'].pop('server'), 0)
        self.assertEqual(found.pop('relay')['counter'], 'callgrind')
        for system, figure in found.items():
            self.assertEqual(figure['total'], figure['server'] + figure['client'])
            self.assertGreater(figure['server'], 50, system)
            self.assertIn(f'{figure["server"]:.0f} + {figure["client"]:.0f}', done.stdout)
        self.assertGreater(found['cbor']['total'], found['limit']['total'])

    def test_comparison_with_itself(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'bench.json')
            done = subprocess.run(
                ['/usr/bin/python3', os.path.join(HERE, 'imp-bench'), '--build', BUILD,
                 '--baseline', BUILD, '--workloads', 'W3', '--transports', 'unix', '--rounds', '1',
                 '--seconds', '0.05', '--counter', 'callgrind', '--json', path],
                capture_output=True, text=True, check=False, timeout=240)
            with open(path, encoding='utf-8') as file:
                found = json.load(file)['instructions']
        self.assertEqual(len(found), 1, done.stderr)
        self.assertEqual(found[0]['build'], found[0]['baseline'])


class Whole(unittest.TestCase):
    """The cheapest workload, as `make check` counts it."""

    WORKLOAD = callgrind.WORKLOADS[0]

    @classmethod
    def setUpClass(cls):
        with programs.Programs(BUILD) as found:
            cls.counted = callgrind.measure(found, [cls.WORKLOAD])[cls.WORKLOAD.name]

    def setUp(self):
        self.path = os.path.join(tempfile.mkdtemp(prefix='imp-gate-'), 'instructions.json')
        self.addCleanup(os.rmdir, os.path.dirname(self.path))
        self.addCleanup(os.unlink, self.path)
        with open(os.path.join(HERE, 'instructions.json'), encoding='utf-8') as file:
            self.record = json.load(file)

    def check(self, factor, **built):
        """Compares with a record that is so many times what is counted here."""
        for end, value in self.counted.items():
            self.record['instructions'][self.WORKLOAD.name][end] = round(value * factor)
        self.record['built'].update(built)
        with open(self.path, 'w', encoding='utf-8') as file:
            json.dump(self.record, file)
        arguments = [f'--built={name}={value}' for name, value in self.record['built'].items()
                     if name not in ('machine', 'libc', *built)]
        return subprocess.run(
            ['/usr/bin/python3', os.path.join(HERE, 'instructions.py'), 'check', '--build', BUILD,
             '--record', self.path, '--workload', self.WORKLOAD.name, *arguments],
            capture_output=True, text=True, check=False, timeout=300)

    def test_more_than_on_record(self):
        done = self.check(0.96)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count('\nerror: W3: the'), 2)

    def test_as_on_record(self):
        done = self.check(1)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn('hint', done.stdout)

    def test_another_build(self):
        done = self.check(0.5, compiler='another')
        self.assertEqual(done.returncode, 77, done.stdout + done.stderr)
        self.assertIn("compiler is None here and 'another' there", done.stdout)


if __name__ == '__main__':
    unittest.main()
