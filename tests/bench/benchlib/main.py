# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line, and the order of things: round by round, so that all see the same weather."""

import argparse
import json
import os
import signal
import sys

from . import counters, report, table
from .cells import Cell
from .programs import BenchError, Programs
from .workloads import BY_NAME, SCALE, SYSTEMS, expand

TRANSPORTS = ('unix', 'tcp')


def default_builddir():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    for name in ('build', '_build'):
        if os.path.isdir(os.path.join(top, name, 'tests', 'bench')):
            return os.path.join(top, name)
    return os.path.join(top, 'build')


def some_of(known):
    def parse(text):
        words = text.split(',')
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f'"{word}" is not one of {", ".join(known)}')
        return words
    return parse


def workloads_of(text):
    try:
        return expand(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog='imp-bench', description='Measures imp-remote beside the bare limit and GDBus.')
    add = parser.add_argument
    add('--json', metavar='FILE', help='write everything that was measured to FILE')
    add('--workloads', metavar='W1,W2,...', type=workloads_of, default='all',
        help='W1 to W7, fairness, idle, scaling or all (the default)')
    add('--scaling', action='store_true',
        help='add W2 and W3 with 1 to 100 000 live analyzers (part of "all")')
    add('--systems', metavar='A,B,...', type=some_of(SYSTEMS), default=list(SYSTEMS),
        help=f'some of {", ".join(SYSTEMS)} (default: those that belong to each workload)')
    add('--transports', metavar='T,...', type=some_of(TRANSPORTS), default=list(TRANSPORTS))
    add('--rounds', type=int, default=5, help='how often each cell runs (default: %(default)s)')
    add('--seconds', type=float, default=1.0,
        help='how long each cell is measured, in each round (default: %(default)s)')
    add('--transfer', metavar='MIB', type=int, default=1024, help='the size of the transfer of W7')
    add('--pin', choices=('split', 'same', 'none'), default='split',
        help='server and client on a CPU each (the default), on the same one, or wherever')
    add('--no-syscalls', action='store_true', help='do not count system calls per message')
    add('--instructions', action='store_true',
        help='count instructions per message of limit, cbor and json, with callgrind')
    add('--max-analyzers', metavar='N', type=int, default=100000,
        help='open no more analyzers than this, for a quick try')
    add('--build', metavar='FOLDER', default=default_builddir(), help='(default: %(default)s)')
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.seconds <= 0 or options.transfer < 1 \
            or options.max_analyzers < 2:
        parser.error('--rounds, --seconds, --transfer and --max-analyzers are too small')
    if options.scaling:
        options.workloads += [w for w in expand('scaling') if w not in options.workloads]
    return options


def make_cells(options):
    return [Cell(workload.limited_to(options.max_analyzers), transport, system)
            for workload in options.workloads
            for transport in options.transports if transport in workload.transports
            for system in workload.systems if system in options.systems]


class Progress:
    """One line that changes on a terminal; one line per step elsewhere, where asked for."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.terminal = sys.stderr.isatty()

    def step(self, text):
        self.done += 1
        if self.terminal:
            sys.stderr.write(f'\r\033[K[{self.done}/{self.total}] {text}')
            sys.stderr.flush()

    def end(self):
        if self.terminal:
            sys.stderr.write('\r\033[K')


def run_rounds(programs, cells, options, progress):
    for number in range(options.rounds):
        for cell in cells:
            if number < cell.workload.max_rounds:
                progress.step(f'round {number + 1} of {options.rounds}: {cell}')
                cell.run(programs, options.seconds, options.transfer << 20)


def run_counters(programs, cells, options, progress):
    counter = None if options.no_syscalls else counters.find_counter()
    for cell in cells:
        if counter is not None and cell.workload.counts:
            progress.step(f'system calls: {cell}')
            rate = max(s['chunks'] / s['seconds'] for s in cell.samples)
            cell.syscalls = counters.per_message(
                programs, cell, counter, counters.suitable_count(counter, rate))
        if wants_instructions(cell, options):
            progress.step(f'instructions: {cell}')
            cell.instructions = counters.per_message(
                programs, cell, 'callgrind', counters.suitable_count('callgrind', 0))


def wants_instructions(cell, options):
    return (options.instructions and cell.workload.name in ('W1', 'W2', 'W3', 'W4')
            and cell.transport == 'unix' and cell.system in ('limit', 'cbor', 'json'))


def count_steps(cells, options):
    steps = sum(min(options.rounds, cell.workload.max_rounds) for cell in cells)
    if not options.no_syscalls:
        steps += sum(cell.workload.counts for cell in cells)
    return steps + sum(wants_instructions(cell, options) for cell in cells)


def make_report(cells, options, before):
    results = [report.describe(cell) for cell in cells]
    report.add_ratios(results, BY_NAME)
    return {
        'machine': before | {'load_after': os.getloadavg()[0]},
        'options': {'rounds': options.rounds, 'seconds': options.seconds,
                    'transfer_mib': options.transfer, 'pin': options.pin,
                    'cpus': sorted(os.sched_getaffinity(0))},
        'results': results,
        'targets': report.find_targets(results, SCALE),
    }


def measure(options):
    cells = make_cells(options)
    if not cells:
        raise BenchError('nothing to measure: no workload has any of these systems')
    before = report.machine(options.build)
    progress = Progress(count_steps(cells, options))
    programs = Programs(options.build, options.pin)
    try:
        run_rounds(programs, cells, options, progress)
        run_counters(programs, cells, options, progress)
    finally:
        programs.close()
        progress.end()
    return make_report(cells, options, before)


def main(arguments):
    options = parse(arguments)
    # So that its programs and files go even if it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        result = measure(options)
    except BenchError as error:
        print(f'imp-bench: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        with open(options.json, 'w', encoding='utf-8') as file:
            json.dump(result, file, indent=1)
            file.write('\n')
    table.print_table(result, sys.stdout)
    return 0
