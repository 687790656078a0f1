# SPDX-License-Identifier: LGPL-2.1-or-later
"""What came of all connections, and whether that is good."""

import collections

# A process that serves hundreds of connections may round up, but not grow with time.
GROWTH_MAX = 24 * 1024 * 1024
MISTAKES_SHOWN = 20


class Report:
    def __init__(self):
        self.begin()

    def begin(self):
        """Forgets everything so far."""
        self.outcomes = collections.Counter()
        self.octets = 0
        self.mistakes = []
        self.events = collections.Counter()
        self.memory = []
        self.leaks = []
        self.slowest = 0

    def add(self, route, outcome, octets, seconds):
        self.outcomes[(route, outcome)] += 1
        self.octets += octets
        self.slowest = max(self.slowest, seconds)

    def add_mistake(self, text):
        self.mistakes.append(text)

    def add_event(self, name):
        self.events[name] += 1

    def add_memory(self, octets):
        self.memory.append(octets)

    def set_leaks(self, names):
        self.leaks = names

    def growth(self):
        """Of the peaks of the last quarter over those of the second."""
        if len(self.memory) < 8:
            return 0
        quarter = len(self.memory) // 4
        return max(self.memory[-quarter:]) - max(self.memory[quarter:2 * quarter])

    def judge(self):
        """All that is wrong."""
        wrong = list(self.mistakes[:MISTAKES_SHOWN])
        if len(self.mistakes) > MISTAKES_SHOWN:
            wrong.append(f'and {len(self.mistakes) - MISTAKES_SHOWN} mistakes more')
        if not self.outcomes:
            wrong.append('no connection was made')
        if self.leaks:
            wrong.append(f'descriptors left open by the relay: {", ".join(self.leaks)}')
        if self.growth() > GROWTH_MAX:
            wrong.append(f'the relay grew by {self.growth() >> 20} MiB')
        return wrong

    def show(self, seconds):
        routes = sorted({route for route, _ in self.outcomes})
        kinds = sorted({kind for _, kind in self.outcomes})
        width = max([len(route) for route in routes], default=5)
        print(f'{"":{width}}', *(f'{kind:>10}' for kind in kinds))
        for route in routes:
            print(f'{route:{width}}',
                  *(f'{self.outcomes[(route, kind)]:>10}' for kind in kinds))
        total = sum(self.outcomes.values())
        print(f'{total} connections, {self.octets >> 20} MiB in {seconds:.0f} s; the slowest took '
              f'{self.slowest:.1f} s')
        if self.events:
            print('chaos:', ', '.join(f'{n} x {name}'
                                      for name, n in sorted(self.events.items())))
        if self.memory:
            print(f'the relay\'s memory: {max(self.memory) >> 20} MiB at most, '
                  f'{self.growth() / (1 << 20):+.1f} MiB from the second quarter to the last')
        wrong = self.judge()
        for text in wrong:
            print(f'WRONG: {text}')
        print('soak:', 'failed' if wrong else 'passed')
        return not wrong
