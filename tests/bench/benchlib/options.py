# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line."""

import argparse
import os

from .workloads import PLACEMENTS, SYSTEMS, expand

TRANSPORTS = ('unix', 'tcp', 'tls')


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


def add_defaults(options):
    compares = options.baseline is not None
    if options.workloads is None:
        options.workloads = expand('W1,W2,W3,W4' if compares else 'all')
    if options.systems is None:
        options.systems = ['cbor', 'relay', 'relay-remote'] if compares else list(SYSTEMS)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog='imp-bench', description='Measures imp-remote beside the bare limit and GDBus.')
    add = parser.add_argument
    add('--json', metavar='FILE', help='write everything that was measured to FILE')
    add('--workloads', metavar='W1,W2,...', type=workloads_of,
        help='W1 to W9, tls, fairness, idle, scaling or all (default: all, with --baseline W1 to '
        'W4)')
    add('--scaling', action='store_true',
        help='add W2 and W3 with 1 to 100 000 live analyzers (part of "all")')
    add('--systems', metavar='A,B,...', type=some_of(SYSTEMS),
        help=f'some of {", ".join(SYSTEMS)} (default: those that belong to each workload, with '
        '--baseline cbor and the relays)')
    add('--transports', metavar='T,...', type=some_of(TRANSPORTS), default=list(TRANSPORTS))
    add('--rounds', type=int, default=5, help='how often each cell runs (default: %(default)s)')
    add('--seconds', type=float, default=1.0,
        help='how long each cell is measured, in each round (default: %(default)s)')
    add('--transfer', metavar='MIB', type=int, default=1024,
        help='the size of the transfers of W7 and W9; W8 has a part of it')
    add('--pin', choices=('both', *PLACEMENTS), default='both',
        help='server and client on a CPU each (split), on the same one (same), both of that one '
        'after the other (both, the default), or wherever the kernel wants (none)')
    add('--no-syscalls', action='store_true', help='do not count system calls per message')
    add('--no-instructions', action='store_true', help='do not count instructions per message')
    add('--counter', choices=('auto', 'perf', 'callgrind'), default='auto',
        help='what counts instructions: perf, where the machine lets it (auto, the default), or '
        'callgrind, which is slow and gives the figures of reference')
    add('--max-analyzers', metavar='N', type=int, default=100000,
        help='open no more analyzers than this, for a quick try')
    add('--build', metavar='FOLDER', default=default_builddir(), help='(default: %(default)s)')
    add('--baseline', metavar='FOLDER',
        help='another build: run both by turns, and say what has become slower')
    options = parser.parse_args(arguments)
    add_defaults(options)
    if options.rounds < 1 or options.seconds <= 0 or options.transfer < 1 \
            or options.max_analyzers < 2:
        parser.error('--rounds, --seconds, --transfer and --max-analyzers are too small')
    if options.pin == 'split' and len(os.sched_getaffinity(0)) < 2:
        parser.error('--pin split: there is only one CPU')
    if options.scaling:
        options.workloads += [w for w in expand('scaling') if w not in options.workloads]
    return options
