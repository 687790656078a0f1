# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is aimed at, and whether it was met.

A figure that was taken with a CPU each and with one CPU for all is judged by the worse one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    value: float
    placement: str


class Results:
    """All results, by what they are about."""

    def __init__(self, results):
        self.found = {}
        for result in results:
            key = result['workload'], result['transport'], result['system']
            self.found.setdefault(key, {})[result['placement']] = result

    def figures(self, workload, transport, system, name):
        """One for each placement that was measured; of a spread its median."""
        for placement, result in self.found.get((workload, transport, system), {}).items():
            value = result.get(name)
            if value is not None:
                yield Figure(value['median'] if isinstance(value, dict) else value, placement)

    def least(self, *key):
        return min(self.figures(*key), key=lambda figure: figure.value, default=None)

    def most(self, *key):
        return max(self.figures(*key), key=lambda figure: figure.value, default=None)

    def least_quotient(self, key, other_key):
        """Of what ran alike."""
        other = {figure.placement: figure.value for figure in self.figures(*other_key)}
        quotients = [Figure(figure.value / other[figure.placement], figure.placement)
                     for figure in self.figures(*key) if figure.placement in other]
        return min(quotients, key=lambda figure: figure.value, default=None)


def check(targets, name, figure, most=None, least=None):
    if figure is None:
        return
    met = figure.value <= most if most is not None else figure.value >= least
    targets.append({'target': name, 'value': figure.value, 'placement': figure.placement,
                    'most': most, 'least': least, 'met': met})


def transport_targets(results, transport, slack):
    """Those that hold over a unix socket, and within 5 points over TCP."""
    targets = []
    for name, least in (('W2', 0.80), ('W3', 0.60), ('W4', 0.35)):
        check(targets, f'{name} {transport}: share of the limit',
              results.least(name, transport, 'cbor', 'ratio_to_limit'), least=least - slack)
    share = results.least('W1', transport, 'cbor', 'ratio_to_limit')
    check(targets, f'W1 {transport}: p50 as a multiple of the limit\'s',
          share and Figure(1 / share.value, share.placement), most=1.20 + slack)
    check(targets, f'W7 {transport}: remote relay, share of the bare splice',
          results.least('W7', transport, 'relay-remote', 'ratio_to_limit'), least=0.60 - slack)
    check(targets, f'W2 {transport}: json as a multiple of GDBus',
          results.least_quotient(('W2', transport, 'json', 'bytes_per_second'),
                                 ('W2', transport, 'gdbus', 'bytes_per_second')), least=1.5)
    return targets


def scaling_targets(results, scale):
    targets = []
    for name in ('W2', 'W3'):
        rates = [results.least(f'{name}@{count}', 'unix', 'cbor', 'bytes_per_second')
                 for count in scale]
        if None not in rates:
            slowest = min(rates, key=lambda rate: rate.value)
            check(targets, f'{name}: slowest share of the fastest, 1 to {scale[-1]} analyzers',
                  Figure(slowest.value / max(rate.value for rate in rates), slowest.placement),
                  least=0.80)
    return targets


def find(found, scale):
    results = Results(found)
    targets = (transport_targets(results, 'unix', 0) + transport_targets(results, 'tcp', 0.05))
    check(targets, 'W1 unix: p50 in us with busy-poll',
          results.most('W1', 'unix', 'cbor-spin', 'p50_us'), most=12)
    check(targets, 'W2 unix: shared memory, as a multiple of the limit',
          results.least('W2', 'unix', 'cbor-shm', 'ratio_to_limit'), least=2)
    check(targets, 'W7 unix: remote relay with shared memory, share of the one in process',
          results.least_quotient(('W7', 'unix', 'relay-shm', 'bytes_per_second'),
                                 ('W7', 'unix', 'relay', 'bytes_per_second')), least=0.85)
    for name in ('W1', 'W2', 'W3'):
        check(targets, f'{name} over TLS: share of the limit',
              results.least(f'{name}/tls', 'tls', 'cbor', 'ratio_to_limit'), least=0.70)
    for side in ('client', 'server'):
        check(targets, f'W5: bytes per analyzer at the {side}',
              results.most('W5', 'unix', 'cbor', side + '_bytes'), most=600)
        check(targets, f'idle: wake-ups of the {side}',
              results.most('idle', 'unix', 'cbor', side + '_wakeups'), most=0)
    # The very longest ones are the machine's: without any bulk W1 has them too.
    for transport in ('unix', 'tcp'):
        check(targets, f'fairness {transport}: p99 of 1 KiB round trips in us',
              results.most('fairness', transport, 'cbor', 'p99_us'), most=2000)
    return targets + scaling_targets(results, scale)
