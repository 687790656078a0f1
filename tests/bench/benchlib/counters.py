# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passes that are not timed: system calls and instructions per message.

Each is the difference of two runs, one with twice the chunks of the other, so that starting up,
connecting and ending do not count."""

import os
import re
import shutil
import subprocess

from .cells import run_pair
from .programs import BenchError

EVENT = 'raw_syscalls:sys_enter'


def find_counter():
    """perf disturbs the timing least, but needs rights that strace does not."""
    perf = shutil.which('perf')
    if perf is not None:
        done = subprocess.run([perf, 'stat', '-x,', '-e', EVENT, 'true'],
                              capture_output=True, text=True, check=False)
        if done.returncode == 0 and re.search(rf'^\d+,.*{EVENT}', done.stderr, re.MULTILINE):
            return 'perf'
    if shutil.which('strace') is not None:
        return 'strace'
    raise BenchError('system calls cannot be counted: neither perf nor strace is usable')


def counter_command(counter, path):
    if counter == 'perf':
        return ['perf', 'stat', '-x,', '-e', EVENT, '-o', path, '--']
    if counter == 'strace':
        return ['strace', '-f', '-c', '-U', 'calls,name', '-o', path, '--']
    return ['valgrind', '-q', '--tool=callgrind', f'--callgrind-out-file={path}']


def read_count(counter, path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    patterns = {
        'perf': rf'^(\d+),.*{EVENT}',
        'strace': r'^\s*(\d+)\s+total',
        'callgrind': r'^(?:summary|totals):\s*(\d+)',
    }
    found = re.search(patterns[counter], text, re.MULTILINE)
    if not found:
        raise BenchError(f'{counter} has written no count: {text[:500]!r}')
    return int(found.group(1))


def count_run(programs, cell, counter, count):
    paths = [os.path.join(programs.folder, f'{side}.count') for side in ('server', 'client')]
    run_pair(programs, cell, ('--count', str(count)), 300,
             *[counter_command(counter, path) for path in paths])
    counts = [read_count(counter, path) for path in paths]
    for path in paths:
        os.unlink(path)
    return counts


def per_message(programs, cell, counter, count):
    """Counts for one chunk and its verdict, on either side."""
    few = count_run(programs, cell, counter, count)
    many = count_run(programs, cell, counter, 2 * count)
    # A counted run warms up by a tenth of its count.
    server, client = ((b - a) / (1.1 * count) for a, b in zip(few, many))
    return {'counter': counter, 'server': server, 'client': client, 'total': server + client}


def suitable_count(counter, rate):
    """Enough for a steady state, few enough to end soon under the counter."""
    if counter == 'callgrind':
        return 20000
    share, most = (0.25, 200000) if counter == 'perf' else (0.05, 20000)
    return int(min(max(rate * share, 500), most))
