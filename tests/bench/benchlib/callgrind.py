# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instructions of programs whose ends take turns in one process, as callgrind counts them.

What a message takes is the difference of two runs, one with twice the messages of the other: so
what is done only once does not count. The two runs go side by side, since nothing that else
happens on the machine changes the figures."""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from .programs import BenchError

# The functions whose instructions, with all that they call, are those of an end.
TURNS = {'server': 'bench_server_turn', 'client': 'bench_client_turn',
         'relay': 'bench_client_turn'}
# The C library picks its string functions by what the CPU can do. These are left to every x86_64.
PLAIN_CPU = 'glibc.cpu.hwcaps=' + ','.join(
    '-' + name for name in ('AVX512F', 'AVX512VL', 'AVX512BW', 'AVX2', 'AVX', 'ERMS', 'BMI2',
                            'SSE4_2', 'SSE4_1', 'SSSE3', 'AVX_Fast_Unaligned_Load'))
TIMEOUT = 300


@dataclass(frozen=True)
class Counted:
    """A workload: which program does it, and what is counted for one of what it says it did."""
    name: str
    program: str
    arguments: tuple
    count: int           # of the smaller run
    per: str             # the name of what it says
    unit: str
    ends: tuple = ('server', 'client')


STREAM = ('--workload', 'stream', '--outstanding', '64', '--analyzers', '100', '--chunk')
CYCLE = ('--workload', 'cycle', '--outstanding', '64', '--analyzers', '64', '--chunk')
DENSE = ('--chunk', '16384')
# The counts are short: each turn is like the one before.
WORKLOADS = (
    Counted('W3', 'bench-imp-pair', STREAM + ('64',), 6400, 'total', 'chunk'),
    Counted('W4', 'bench-imp-pair', CYCLE + ('100',), 3200, 'total', 'analyzer'),
    Counted('W8', 'bench-relay-pair', DENSE, 4, 'matches', 'match',
            ('server', 'relay')),
    Counted('W8 in process', 'bench-relay-pair', DENSE + ('--in-process',), 4, 'matches', 'match',
            ('relay',)),
)


def find_valgrind():
    path = shutil.which('valgrind')
    if path is None:
        raise BenchError('valgrind is missing: .ci/install-packages brings it')
    return path


def inclusive_cost(text, function):
    """All that calls of a function took, of a callgrind file without compressed names."""
    found = re.findall(rf'^cfn={function}\ncalls=.*\n\S+ (\d+)$', text, re.MULTILINE)
    if not found:
        raise BenchError(f'callgrind has not seen {function}()')
    return sum(map(int, found))


def run(programs, workload, count, settings=None):
    """What the program says, and the instructions of each end."""
    program = programs.find(workload.program)
    environment = {'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'GLIBC_TUNABLES': PLAIN_CPU,
                   'LD_LIBRARY_PATH': programs.library, **(settings or {})}
    with tempfile.TemporaryDirectory(prefix='imp-bench-') as folder:
        path = os.path.join(folder, 'callgrind')
        command = [find_valgrind(), '-q', '--tool=callgrind', f'--callgrind-out-file={path}',
                   '--compress-strings=no', '--compress-pos=no', program, '--count', str(count),
                   *workload.arguments]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True,
                                  check=False, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise BenchError(f'{" ".join(command)} has not ended after {TIMEOUT} s') from error
        if done.returncode != 0:
            raise BenchError(f'{" ".join(command)} ended with status {done.returncode}: '
                             f'{done.stderr.strip()}')
        with open(path, encoding='utf-8') as file:
            text = file.read()
    return json.loads(done.stdout), {end: inclusive_cost(text, TURNS[end])
                                     for end in workload.ends}


def difference(workload, few, many):
    """Instructions per message from two runs, each as run() returns it."""
    messages = many[0][workload.per] - few[0][workload.per]
    if messages <= 0:
        raise BenchError(f'{workload.name}: the longer run has no more messages than the shorter')
    return {end: (many[1][end] - few[1][end]) / messages for end in workload.ends}


def measure(programs, workloads=WORKLOADS, settings=None):
    """Instructions per message: {workload: {end: number}}. What programs find in `settings` is
    their environment."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [[pool.submit(run, programs, workload, times * workload.count, settings)
                 for times in (1, 2)]
                for workload in workloads]
        return {workload.name: difference(workload, *[part.result() for part in pair])
                for workload, pair in zip(workloads, runs)}
