# SPDX-License-Identifier: LGPL-2.1-or-later
"""The order of things: round by round, so that all see the same weather."""

import json
import os
import signal
import sys

from . import compare, counters, report, table, targets
from .cells import Cell
from .options import parse
from .programs import BenchError, Programs
from .progress import Progress
from .workloads import BY_NAME, SCALE, placements_of, systems_of


def make_cells(options, programs):
    return [Cell(programs, workload.limited_to(options.max_analyzers), transport, system,
                 placement)
            for workload in options.workloads
            for transport in options.transports if transport in workload.transports
            for system in systems_of(workload, transport) if system in options.systems
            for placement in placements_of(workload, system, options.pin, len(programs.cpus))]


def run_rounds(cells, options, progress):
    for number in range(options.rounds):
        for cell in cells:
            if number < cell.workload.max_rounds:
                progress.step(f'round {number + 1} of {options.rounds}: {cell}')
                cell.run(options.seconds, options.transfer << 20)


def counted_cells(cells):
    """One of each workload, transport and system: the first placement."""
    found = {}
    for cell in cells:
        found.setdefault((cell.workload.name, cell.transport, cell.system), cell)
    return list(found.values())


def choose_counters(options):
    """For system calls and for instructions; None where they are not wanted."""
    instructions = None
    if not options.no_instructions:
        instructions = counters.find_instruction_counter(options.counter)
    return None if options.no_syscalls else counters.find_counter(), instructions


def run_counters(cells, counter_of, progress):
    syscalls, instructions = counter_of
    for cell in counted_cells(cells):
        if syscalls is not None and cell.workload.counts:
            progress.step(f'system calls: {cell}')
            cell.syscalls = counters.per_message(
                cell, syscalls, counters.suitable_count(syscalls, cell.samples))
        if instructions is not None and counters.wants_instructions(cell):
            progress.step(f'instructions: {cell}')
            cell.instructions = counters.count_instructions(cell, instructions)


def count_steps(cells, options):
    steps = sum(min(options.rounds, cell.workload.max_rounds) for cell in cells)
    for cell in counted_cells(cells):
        steps += not options.no_syscalls and cell.workload.counts
        steps += not options.no_instructions and counters.wants_instructions(cell)
    return steps


def make_report(cells, options, before):
    results = [report.describe(cell) for cell in cells]
    report.add_ratios(results, BY_NAME)
    return {
        'machine': before | {'load_after': os.getloadavg()[0]},
        'options': {'rounds': options.rounds, 'seconds': options.seconds,
                    'transfer_mib': options.transfer, 'pin': options.pin,
                    'cpus': sorted(os.sched_getaffinity(0))},
        'results': results,
        'targets': targets.find(results, SCALE),
    }


def measure(options):
    before = report.machine(options.build)
    counter_of = choose_counters(options)
    with Programs(options.build) as programs:
        cells = make_cells(options, programs)
        if not cells:
            raise BenchError('nothing to measure: no workload has any of these systems')
        with Progress(count_steps(cells, options)) as progress:
            run_rounds(cells, options, progress)
            run_counters(cells, counter_of, progress)
    return make_report(cells, options, before)


def measure_both(options):
    before = report.machine(options.build)
    compare.check_builds(options.baseline, options.build)
    counter = choose_counters(options)[1]
    with Programs(options.baseline, options.build) as baseline, \
            Programs(options.build) as build:
        pairs = compare.make_pairs(options, baseline, build)
        if not pairs:
            raise BenchError('nothing to compare: no workload has any of these systems')
        with Progress(options.rounds * len(pairs)
                      + (0 if counter is None else len(compare.counted_pairs(pairs)))) as progress:
            for number in range(options.rounds):
                for pair in pairs:
                    progress.step(f'round {number + 1} of {options.rounds}: {pair.build}')
                    pair.run(number, options)
            instructions = (compare.count_instructions(pairs, counter, progress)
                            if counter is not None else [])
    comparison = [compare.describe(pair) for pair in pairs]
    return {'machine': before | {'load_after': os.getloadavg()[0]},
            'builds': {'baseline': options.baseline, 'build': options.build},
            'comparison': comparison, 'instructions': instructions,
            'worse': compare.judge(comparison, instructions)}


def main(arguments):
    options = parse(arguments)
    # So that its programs and files go even if it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    compares = options.baseline is not None
    if options.pin == 'both' and len(os.sched_getaffinity(0)) < 2:
        print('imp-bench: there is one CPU: nothing is measured with a CPU each', file=sys.stderr)
    try:
        result = measure_both(options) if compares else measure(options)
    except BenchError as error:
        print(f'imp-bench: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(result, file, indent=1)
            file.write('\n')
    (compare.print_report if compares else table.print_table)(result, sys.stdout)
    return 1 if compares and result['worse'] else 0
