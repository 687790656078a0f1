# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came of all connections, and whether that is good."""

import collections
import re
import statistics

# A process that serves hundreds of connections may round up, but not grow with time.
GROWTH_MAX = 16 * 1024 * 1024
ERRORS_SHOWN = 20
REASONS_SHOWN = 8


def generalize(text):
    """The same for all that is the same but for numbers and names."""
    return re.sub(r'\d+', 'N', re.sub(r'\S*/\S*', 'PATH', text))[:100]


def mebi(n_bytes):
    return f'{n_bytes / (1 << 20):.1f} MiB'


class Report:
    def __init__(self):
        self.outcomes = collections.Counter()
        self.bytes = 0
        self.errors = []
        self.reasons = collections.Counter()
        self.events = collections.Counter()
        self.faults = collections.Counter()
        self.memory = []
        self.descriptors = (0, 0)
        self.slowest = 0

    def add(self, route, outcome, n_bytes, seconds):
        self.outcomes[(route, outcome)] += 1
        self.bytes += n_bytes
        self.slowest = max(self.slowest, seconds)

    def add_error(self, text):
        self.errors.append(text)

    def add_cause(self, text):
        """An error that others are likely to follow from."""
        self.errors.insert(0, text)

    def add_reasons(self, texts):
        self.reasons.update(map(generalize, texts))

    def add_event(self, name):
        self.events[name] += 1

    def add_faults(self, said):
        """What a fault injector says at its end: names and numbers."""
        for line in said.decode().splitlines():
            name, number = line.split()
            if name not in ('connections', 'read-bytes', 'write-bytes'):
                self.faults[name] += int(number)

    def add_memory(self, n_bytes):
        self.memory.append(n_bytes)

    def set_descriptors(self, before, after):
        self.descriptors = (before, after)

    def thirds(self):
        """What memory was typical in the first third of the time, and in the last."""
        third = len(self.memory) // 3
        if third == 0:
            return 0, 0
        return statistics.median(self.memory[:third]), statistics.median(self.memory[-third:])

    def judge(self):
        """All that is wrong."""
        wrong = list(self.errors[:ERRORS_SHOWN])
        if len(self.errors) > ERRORS_SHOWN:
            wrong.append(f'and {len(self.errors) - ERRORS_SHOWN} errors more')
        if not self.outcomes:
            wrong.append('no connection was made')
        first, last = self.thirds()
        if not first:
            wrong.append('the relay\'s memory was not measured')
        if last - first > GROWTH_MAX:
            wrong.append(f'the relay\'s memory grew from {mebi(first)} to {mebi(last)}')
        before, after = self.descriptors
        if after > before:
            wrong.append(f'the relay had {before} descriptors at rest, and has {after}')
        return wrong

    def show_outcomes(self):
        routes = sorted({route for route, _ in self.outcomes})
        kinds = sorted({kind for _, kind in self.outcomes})
        width = max([len(route) for route in routes], default=5)
        print(f'{"":{width}}', *(f'{kind:>10}' for kind in kinds))
        for route in routes:
            print(f'{route:{width}}',
                  *(f'{self.outcomes[(route, kind)]:>10}' for kind in kinds))

    def show(self, seconds):
        self.show_outcomes()
        print(f'{sum(self.outcomes.values())} connections, {mebi(self.bytes)} in {seconds:.0f} s; '
              f'the slowest took {self.slowest:.1f} s')
        for what, counter in (('chaos', self.events), ('faults', self.faults)):
            if counter:
                print(f'{what}:', ', '.join(f'{n} x {name}' for name, n in sorted(counter.items())))
        for text, number in self.reasons.most_common(REASONS_SHOWN):
            print(f'said {number} x: {text}')
        first, last = self.thirds()
        print(f'the relay: memory {mebi(first)} in the first third, {mebi(last)} in the last, '
              f'{mebi(max(self.memory, default=0))} at most; descriptors at rest '
              f'{self.descriptors[0]} before, {self.descriptors[1]} after')
        wrong = self.judge()
        for text in wrong:
            print(f'WRONG: {text}')
        print('soak:', 'failed' if wrong else 'passed')
        return not wrong
