# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two builds in one run: is any workload slower than it was?

The two run one after the other in each round, and the one that begins changes from round to round.
What is judged is the median of the rounds' own ratios: what slows the machine down for longer than
a moment slows both. The programs of the limit are the same in both builds, so that their ratio says
how far the machine is to be believed; it is not judged."""

from . import counters, report, table
from .cells import Cell
from .programs import BenchError
from .workloads import SYSTEMS, placements_of, systems_of

TOLERANCE = 0.03
COLUMNS = ('workload', 'over', 'system', 'CPUs', 'baseline', 'build', 'ratio', 'min', 'max',
           'of CPU time')
INSTRUCTION_COLUMNS = ('workload', 'over', 'system', 'end', 'baseline', 'build', 'change')


class Pair:
    """The same cell of both builds."""

    def __init__(self, baseline, build):
        self.baseline = baseline
        self.build = build

    def run(self, number, options):
        order = (self.baseline, self.build) if number % 2 == 0 else (self.build, self.baseline)
        for cell in order:
            cell.run(options.seconds, options.transfer << 20)


def make_pairs(options, baseline, build):
    return [Pair(*[Cell(programs, workload.limited_to(options.max_analyzers), transport, system,
                        placement) for programs in (baseline, build)])
            for workload in options.workloads if workload.kind not in ('memory', 'idle')
            for transport in options.transports if transport in workload.transports
            for system in systems_of(workload, transport) if system in options.systems
            for placement in placements_of(workload, system, options.pin, len(build.cpus))]


def speed(kind, sample):
    """More of it is better."""
    return 1e6 / sample['p50_us'] if kind == 'latency' else sample['bytes'] / sample['seconds']


def cpu_time(sample):
    """Per message, at both ends: other programs cost it less than they cost the clock."""
    return (sample['client_cpu'] + sample['server_cpu']) / sample['chunks']


def describe(pair):
    """The JSON object of one pair."""
    kind = pair.build.workload.kind
    speeds = [[speed(kind, sample) for sample in cell.samples]
              for cell in (pair.baseline, pair.build)]
    times = [[cpu_time(sample) for sample in cell.samples]
             for cell in (pair.baseline, pair.build)]
    return {'workload': pair.build.workload.name, 'transport': pair.build.transport,
            'system': pair.build.system, 'placement': pair.build.placement, 'kind': kind,
            'baseline': report.describe(pair.baseline), 'build': report.describe(pair.build),
            'ratio': report.spread([new / old for old, new in zip(*speeds)]),
            'cpu_time_ratio': report.spread([new / old for old, new in zip(*times)])}


def counted_pairs(pairs):
    """One of each workload and system over a unix socket, whatever its placement."""
    found = {}
    for pair in pairs:
        if counters.wants_instructions(pair.build):
            found.setdefault((pair.build.workload.name, pair.build.system), pair)
    return list(found.values())


def count_instructions(pairs, counter, progress):
    """A JSON object for each that is counted."""
    results = []
    for pair in counted_pairs(pairs):
        progress.step(f'instructions: {pair.build}')
        cells = (pair.baseline, pair.build)
        by_turns = all(map(counters.can_take_turns, cells))   # or neither
        baseline, build = [counters.count_instructions(cell, counter, by_turns) for cell in cells]
        results.append({'workload': pair.build.workload.name, 'transport': pair.build.transport,
                        'system': pair.build.system, 'baseline': baseline, 'build': build})
    return results


def name_of(result):
    return f'{result["workload"]} {result["transport"]} {result["system"]}'


def is_control(result):
    return not SYSTEMS[result['system']].is_ours


def judge(comparison, instructions):
    """What is worse by more than the tolerance, as sentences."""
    sentences = []
    for result in comparison:
        ratio = result['ratio']
        if ratio['median'] < 1 - TOLERANCE and not is_control(result):
            sentences.append(
                f'{name_of(result)}{table.JUDGED_AT[result["placement"]]}: '
                f'{ratio["median"]:.3f} of the baseline\'s speed '
                f'({ratio["min"]:.3f} to {ratio["max"]:.3f}'
                f'{"" if ratio["max"] < 1 else ": the rounds do not agree"})')
    for result in instructions:
        for end in ('server', 'client'):
            old, new = result['baseline'][end], result['build'][end]
            if new > old * (1 + TOLERANCE) and not is_control(result):
                sentences.append(f'{name_of(result)}: {new:.0f} instructions per message at the '
                                 f'{end} instead of {old:.0f} ({new / old - 1:+.1%})')
    return sentences


def check_builds(baseline, build):
    """Two builds with different options are a comparison of the options."""
    types = [report.build_type(folder) for folder in (baseline, build)]
    if types[0] != types[1]:
        raise BenchError(f'{baseline} is built with {types[0]} and {build} with {types[1]}: '
                         'build both alike')


def speed_of(result):
    row = table.latency_row(result) if result['kind'] == 'latency' else table.rate_row(result)
    return row[0]


def rows_of(comparison):
    yield COLUMNS
    for result in comparison:
        yield (*table.words_of(result), speed_of(result['baseline']), speed_of(result['build']),
               *[f'{result["ratio"][name]:.3f}' for name in ('median', 'min', 'max')],
               f'{result["cpu_time_ratio"]["median"]:.3f}')


def instruction_rows(instructions):
    yield INSTRUCTION_COLUMNS
    for result in instructions:
        for end in ('server', 'client', 'total'):
            old, new = result['baseline'][end], result['build'][end]
            if old == 0 and new == 0:
                continue   # who is in one process has no server
            yield (result['workload'], result['transport'], result['system'], end, f'{old:.0f}',
                   f'{new:.0f}', f'{new / old - 1:+.1%}' if old else '-')


def print_report(found, out):
    for line in table.layout(list(rows_of(found['comparison']))):
        print(line, file=out)
    if found['instructions']:
        print(file=out)
        for line in table.layout(list(instruction_rows(found['instructions']))):
            print(line, file=out)
    print(file=out)
    for sentence in found['worse']:
        print(f'WORSE  {sentence}', file=out)
    if not found['worse']:
        print(f'Nothing is worse than the baseline by more than {TOLERANCE:.0%}.', file=out)
