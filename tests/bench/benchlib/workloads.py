# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured, and with which programs."""

import os
from dataclasses import dataclass, replace

SPIN_US = '50'
# Where the processes run: on a CPU each, all on one, or wherever the kernel wants.
PLACEMENTS = ('split', 'same', 'none')
BOTH = ('split', 'same')
ONE = ('same',)


@dataclass(frozen=True)
class Workload:
    name: str
    what: str
    kind: str            # rate, latency, memory, idle, transfer or dense
    arguments: tuple     # of the client
    systems: tuple
    compared_with: str = None   # the workload whose limit the ratio refers to, if not its own
    transports: tuple = ('unix', 'tcp')
    placements: tuple = BOTH    # unless another one is asked for
    max_rounds: int = 99
    counts: bool = True  # system calls per message are worth counting
    module: str = None   # of a transfer: what the relay looks with
    connections: int = 1
    limit: str = 'limit' # which system is the limit
    copies: bool = False # and whether one that copies is another one
    turns: dict = None   # which counted workload does the same as a system

    def limited_to(self, analyzers):
        """The same with no more than so many analyzers."""
        arguments = list(self.arguments)
        if '--analyzers' in arguments:
            place = arguments.index('--analyzers') + 1
            arguments[place] = str(min(int(arguments[place]), analyzers))
        return replace(self, arguments=tuple(arguments))


@dataclass(frozen=True)
class System:
    server: tuple
    client: tuple
    spins: bool = False
    codec: str = None    # of bench-imp-pair, which does the same in one process
    is_ours: bool = False
    transports: tuple = ('unix', 'tcp', 'tls')

    def commands(self, programs):
        """Absolute commands without the arguments that all programs understand."""
        spin = ('--spin', SPIN_US) if self.spins else ()
        return [self.resolve(programs, part) + list(part[1:]) + list(spin)
                for part in (self.server, self.client)]

    @staticmethod
    def resolve(programs, command):
        source = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        if command[0].endswith('.py'):
            return ['/usr/bin/python3', os.path.join(source, command[0])]
        if command[0].endswith('.js'):
            return ['/usr/bin/gjs', '-m', os.path.join(source, command[0])]
        return [programs.find(command[0])]


@dataclass(frozen=True)
class Between:
    """What a transfer goes through."""
    kind: str            # tool, bare, socat or sed
    command: tuple = ()
    is_remote: bool = False
    shares: bool = False # memory, with the server behind the relay
    spins: bool = False
    transports: tuple = ('unix', 'tcp')

    @property
    def is_ours(self):
        return self.kind == 'tool'


def ours(codec, server='bench-imp-server', **more):
    return System((server,), ('bench-imp-client', '--codec', codec), is_ours=True,
                  **more)


def ours_in_c(codec):
    return replace(ours(codec), codec=codec)


SYSTEMS = {
    'limit': System(('bench-limit-server',), ('bench-limit-client',)),
    'limit-spin': System(('bench-limit-server',), ('bench-limit-client',), spins=True),
    'cbor': ours_in_c('cbor'),
    'cbor-spin': ours('cbor', spins=True),
    # Input in memory that both ends see.
    'cbor-shm': System(('bench-imp-server', '--shared-memory'),
                       ('bench-imp-shared-client', '--codec', 'cbor'), is_ours=True,
                       transports=('unix',)),
    'json': ours_in_c('json'),
    # What Perl peers speak.
    'storable': ours_in_c('storable'),
    'sereal': ours_in_c('sereal'),
    'gdbus': System(('bench-gdbus-server',), ('bench-gdbus-client',)),
    'python': ours('cbor', 'imp-server.py'),
    'js': ours('cbor', 'imp-server.js'),
    'splice': Between('bare', ('bench-splice-relay',)),
    'copy': Between('bare', ('bench-copy-relay', '--chunk', str(64 << 10))),
    'copy-128k': Between('bare', ('bench-copy-relay', '--chunk', str(128 << 10))),
    'socat': Between('socat'),
    'sed': Between('sed'),
    'relay': Between('tool'),
    'relay-remote': Between('tool', is_remote=True),
    'relay-shm': Between('tool', is_remote=True, shares=True),
}

FOUR = ('limit', 'cbor', 'json', 'gdbus')
SIX = FOUR + ('storable', 'sereal')
STREAM = ('--workload', 'stream')
W2 = STREAM + ('--chunk', '16384', '--outstanding', '64')
W3 = STREAM + ('--chunk', '64', '--outstanding', '64')
HUNDRED = ('--analyzers', '100')
BARE = ('splice', 'copy', 'copy-128k', 'socat')
COPIES = ('copy', 'copy-128k')
RELAYS = ('relay', 'relay-remote')
# As bench-dense-transfer expects it.
DENSE = 'pattern=rx=[aeio]&rxlen=1&action=replace&actdata=--'
SCALE = (1, 10, 100, 1000, 10000, 100000)

WORKLOADS = [
    Workload('W1', '1 analyzer, 1 KiB ping-pong', 'latency', STREAM + ('--chunk', '1024'),
             SIX + ('limit-spin', 'cbor-spin')),
    Workload('W2', '100 analyzers, 16 KiB chunks, 64 outstanding', 'rate', W2 + HUNDRED,
             SIX + ('cbor-shm',)),
    Workload('W2/64K', '100 analyzers, 64 KiB chunks, 64 outstanding', 'rate',
             STREAM + ('--chunk', '65536', '--outstanding', '64') + HUNDRED,
             ('limit', 'cbor', 'cbor-shm'), transports=('unix',), counts=False),
    Workload('W3', '100 analyzers, 64 B chunks, 64 outstanding', 'rate', W3 + HUNDRED, SIX),
    Workload('W4', 'new analyzer, 100 B, verdict, delete; 64 in flight', 'rate',
             ('--workload', 'cycle', '--analyzers', '64', '--chunk', '100', '--outstanding', '64'),
             SIX),
    Workload('W5', 'memory of 100 000 idle analyzers', 'memory',
             ('--workload', 'memory', '--analyzers', '100000', '--chunk', '64',
              '--outstanding', '64'), FOUR, transports=('unix',), placements=ONE,
             max_rounds=3, counts=False),
    Workload('W6/W2', 'W2 through an analyzer in a script', 'rate', W2 + HUNDRED,
             ('python', 'js'), compared_with='W2'),
    Workload('W6/W3', 'W3 through an analyzer in a script', 'rate', W3 + HUNDRED,
             ('python', 'js'), compared_with='W3'),
    Workload('W7', '1 GiB through a relay', 'transfer', (), BARE + RELAYS + ('relay-shm',),
             counts=False, module='bench-pass.so', limit='splice', copies=True),
] + [
    Workload(f'W8/{connections}', f'17 MB with a match every 6.5 bytes, {connections} connections',
             'dense', (), ('sed',) + RELAYS, transports=('unix',), max_rounds=3, counts=False,
             module=DENSE, connections=connections, limit='sed', turns=turns)
    for connections, turns in ((1, {'relay': 'W8 in process', 'relay-remote': 'W8'}), (100, {}))
] + [
    Workload('W9', '1 GiB after 4 KiB of interest', 'transfer', (), BARE + RELAYS, counts=False,
             module='bench-brief.so', limit='splice', copies=True),
    Workload('fairness', '1 KiB round trips beside 16 MiB chunks', 'latency',
             ('--workload', 'fairness', '--analyzers', '2', '--chunk', str(16 << 20)), FOUR,
             counts=False),
    Workload('idle', 'wake-ups of 1000 idle analyzers', 'idle',
             ('--workload', 'idle', '--analyzers', '1000', '--chunk', '64',
              '--outstanding', '64'), FOUR, placements=ONE, max_rounds=2, counts=False),
] + [
    Workload(f'{name}/tls', f'{name} over TLS', kind, arguments, ('limit', 'cbor'),
             transports=('tls',), counts=False)
    for name, kind, arguments in (('W1', 'latency', STREAM + ('--chunk', '1024')),
                                  ('W2', 'rate', W2 + HUNDRED), ('W3', 'rate', W3 + HUNDRED))
] + [
    Workload(f'{name}@{count}', f'{name} with {count} live analyzers', 'rate',
             arguments + ('--analyzers', str(count)), ('limit', 'cbor'), transports=('unix',),
             placements=ONE, counts=False)
    for name, arguments in (('W2', W2), ('W3', W3)) for count in SCALE
]


def systems_of(workload, transport):
    """Those that can do it over this transport."""
    return [system for system in workload.systems if transport in SYSTEMS[system].transports]


def placements_of(workload, system, pin, n_cpus):
    """Where one cell is measured. Who spins while the other end should run measures nothing."""
    if pin != 'both':
        return (pin,)
    spins = SYSTEMS[system].spins
    return tuple(placement for placement in workload.placements
                 if (placement == 'same' and not spins) or (placement == 'split' and n_cpus > 1))


SCALING = tuple(w.name for w in WORKLOADS if '@' in w.name)
BY_NAME = {w.name: w for w in WORKLOADS}
GROUPS = {'tls': ('W1/tls', 'W2/tls', 'W3/tls'), 'W6': ('W6/W2', 'W6/W3'),
          'W8': ('W8/1', 'W8/100'), 'scaling': SCALING}


def expand(text):
    """The workloads that "W1,W6,scaling" or "all" stands for."""
    names = []
    for word in text.split(','):
        found = tuple(BY_NAME) if word == 'all' else GROUPS.get(word, (word,))
        unknown = [name for name in found if name not in BY_NAME]
        if unknown:
            known = ', '.join([w for w in BY_NAME if '@' not in w] + list(GROUPS) + ['all'])
            raise ValueError(f'"{unknown[0]}" is not a workload: {known}')
        names += [name for name in found if name not in names]
    return [BY_NAME[name] for name in names]
