#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the instructions that a message takes, and compares them with those on record.

The figures are those of one compiler, one C library and one set of build options: elsewhere the
comparison is skipped, with status 77. It does not matter what else the machine does."""

import argparse
import os
import platform
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from benchlib import callgrind, gate  # noqa: E402
from benchlib.programs import BenchError, Programs  # noqa: E402

SKIPPED = 77
NAMES = [workload.name for workload in callgrind.WORKLOADS]


def pair(text):
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is not NAME=VALUE')
    return name, value


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    add = parser.add_argument
    add('command', choices=['check', 'update'])
    add('--build', metavar='FOLDER', required=True)
    add('--built', metavar='NAME=VALUE', type=pair, action='append', default=[],
        help='how it was built, which has to be as on record')
    add('--record', metavar='FILE', default=os.path.join(HERE, 'instructions.json'))
    add('--workload', metavar='NAME', action='append', choices=NAMES,
        help='check only this one')
    options = parser.parse_args()
    if options.workload and options.command == 'update':
        parser.error('--workload: the record has all workloads, or none')
    return options


def measure(options, workloads):
    with Programs(options.build) as programs:
        return callgrind.measure(programs, workloads)


def check(options, built):
    record = gate.read(options.record)
    differences = gate.find_differences(built, record['built'])
    if differences:
        print(f'skipped: {options.record} is about another build: {"; ".join(differences)}')
        return SKIPPED
    chosen = [w for w in callgrind.WORKLOADS if w.name in (options.workload or NAMES)]
    recorded = record['instructions']
    if options.workload:
        recorded = {name: recorded[name] for name in options.workload if name in recorded}
    measured = measure(options, chosen)
    units = {workload.name: workload.unit for workload in chosen}
    for key, value in gate.flatten(measured).items():
        print(gate.describe(key, value, units[key[0]]))
    errors, hints = gate.judge(recorded, measured, units)
    for text in hints:
        print(f'hint: {text}')
    for text in errors:
        print(f'error: {text}')
    return 1 if errors else 0


def main():
    options = parse()
    built = {'machine': platform.machine(), 'libc': ' '.join(platform.libc_ver()),
             **dict(options.built)}
    try:
        if options.command == 'check':
            return check(options, built)
        gate.write(options.record, built, measure(options, callgrind.WORKLOADS))
    except BenchError as error:
        print(f'error: {error}')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
