# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passes that are not timed: system calls and instructions per message.

Each is the difference of two runs, one with twice the chunks of the other, so that starting up,
connecting and ending do not count."""

import os
import re
import shutil
import subprocess

from . import callgrind
from .cells import run_pair
from .programs import BenchError
from .workloads import SYSTEMS

SYSCALLS = 'raw_syscalls:sys_enter'
INSTRUCTIONS = 'instructions:u'
PERF_EVENTS = {'perf': SYSCALLS, 'perf-instructions': INSTRUCTIONS}
# What a run may take that is slowed down some fifty times, in seconds without that.
CALLGRIND_CPU = 0.1


def perf_can(event):
    perf = shutil.which('perf')
    if perf is None:
        return False
    done = subprocess.run([perf, 'stat', '-x,', '-e', event, 'true'],
                          capture_output=True, text=True, check=False)
    return (done.returncode == 0
            and re.search(rf'^\d+,.*{event}', done.stderr, re.MULTILINE) is not None)


def find_counter():
    """perf disturbs the timing least, but needs rights that strace does not."""
    if perf_can(SYSCALLS):
        return 'perf'
    if shutil.which('strace') is not None:
        return 'strace'
    raise BenchError('system calls cannot be counted: neither perf nor strace is usable')


def find_instruction_counter(wanted='auto'):
    """Many virtual machines have no counters in their CPUs."""
    if wanted != 'callgrind' and perf_can(INSTRUCTIONS):
        return 'perf-instructions'
    if wanted == 'perf':
        raise BenchError('perf cannot count instructions here: use --counter callgrind')
    callgrind.find_valgrind()
    return 'callgrind'


def counter_command(counter, path):
    if counter in PERF_EVENTS:
        return ['perf', 'stat', '-x,', '-e', PERF_EVENTS[counter], '-o', path, '--']
    if counter == 'strace':
        return ['strace', '-f', '-c', '-U', 'calls,name', '-o', path, '--']
    return ['valgrind', '-q', '--tool=callgrind', f'--callgrind-out-file={path}']


def parse_count(counter, text):
    patterns = {
        'perf': rf'^(\d+),.*{SYSCALLS}',
        'perf-instructions': rf'^(\d+),.*{INSTRUCTIONS}',
        'strace': r'^\s*(\d+)\s+total',
        'callgrind': r'^(?:summary|totals):\s*(\d+)',
    }
    found = re.search(patterns[counter], text, re.MULTILINE)
    if not found:
        raise BenchError(f'{counter} has written no count: {text[:500]!r}')
    return int(found.group(1))


def read_count(counter, path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    os.unlink(path)
    return parse_count(counter, text)


def count_run(cell, counter, count, placement):
    """How many chunks there were, and what was counted at the server and the client."""
    paths = [os.path.join(cell.programs.folder, f'{side}.count') for side in ('server', 'client')]
    said = run_pair(cell, ('--count', str(count)), 300, placement,
                    *[counter_command(counter, path) for path in paths])
    # Programs of older builds do not say it: they warm up by a tenth of their count.
    chunks = said.get('total', count + count // 10 + 1)
    return chunks, [read_count(counter, path) for path in paths]


def per_message(cell, counter, count, placement=None):
    """Counts for one chunk and its verdict, on either side."""
    few_chunks, few = count_run(cell, counter, count, placement)
    many_chunks, many = count_run(cell, counter, 2 * count, placement)
    server, client = ((b - a) / (many_chunks - few_chunks) for a, b in zip(few, many))
    return {'counter': counter, 'server': server, 'client': client, 'total': server + client}


def suitable_count(counter, samples):
    """Enough for a steady state, few enough to end soon under the counter."""
    best = max(samples, key=lambda s: s['chunks'] / s['seconds'])
    if counter == 'callgrind':
        each = (best['client_cpu'] + best['server_cpu']) / best['chunks']
        return int(min(max(CALLGRIND_CPU / max(each, 1e-9), 640), 12800))
    share, most = (0.05, 20000) if counter == 'strace' else (0.25, 200000)
    return int(min(max(best['chunks'] / best['seconds'] * share, 500), most))


def counted_of(cell):
    """What takes turns in one process and does the same as the cell, or None: that is exact."""
    if cell.workload.turns is not None:
        return next((w for w in callgrind.WORKLOADS
                     if w.name == cell.workload.turns.get(cell.system)), None)
    codec = getattr(SYSTEMS[cell.system], 'codec', None)
    if codec is None:
        return None
    return callgrind.Counted(cell.workload.name, 'bench-imp-pair',
                             (*cell.workload.arguments, '--codec', codec), 640, 'total', 'chunk')


def count_turns(cell):
    workload = counted_of(cell)
    found = callgrind.measure(cell.programs, [workload])[workload.name]
    client = found.get('client', found.get('relay'))
    server = found.get('server', 0)
    return {'counter': 'callgrind', 'server': server, 'client': client, 'total': server + client}


def can_take_turns(cell):
    """Whether it has the program for it, which the build of a baseline may not have yet."""
    return cell.workload.kind == 'dense' or cell.programs.has('bench-imp-pair')


def count_instructions(cell, counter, by_turns=True):
    """Two processes on one CPU take turns, too, as well as the kernel lets them."""
    if cell.workload.kind == 'dense' or (
            counter == 'callgrind' and by_turns and counted_of(cell) is not None):
        return count_turns(cell)
    return per_message(cell, counter, suitable_count(counter, cell.samples), 'same')


def wants_instructions(cell):
    """Scripts bring an interpreter that no counter should have to run."""
    if cell.workload.kind == 'dense':
        return counted_of(cell) is not None
    system = SYSTEMS[cell.system]
    return (cell.workload.counts and cell.workload.compared_with is None
            and cell.transport == 'unix' and not system.spins)
