# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of the instructions that were counted: they are compared with those on record."""

import json

from .programs import BenchError

TOLERANCE = 0.03
UPDATE = 'make update-instructions'


def read(path):
    """The record: {'built': {name: value}, 'instructions': {workload: {end: number}}}."""
    try:
        with open(path, encoding='utf-8') as file:
            record = json.load(file)
    except (OSError, ValueError) as error:
        raise BenchError(f'{path} cannot be read: {error}') from error
    if not isinstance(record, dict) or set(record) != {'built', 'instructions'}:
        raise BenchError(f'{path} is no record of instructions')
    return record


def write(path, built, measured):
    record = {'built': built,
              'instructions': {name: {end: round(value) for end, value in ends.items()}
                               for name, ends in measured.items()}}
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(record, file, indent=1)
        file.write('\n')


def find_differences(built, recorded):
    """In what a build differs from the one that is on record, in words."""
    return [f'{name} is {built.get(name)!r} here and {recorded.get(name)!r} there'
            for name in sorted(set(built) | set(recorded))
            if built.get(name) != recorded.get(name)]


def flatten(figures):
    return {(name, end): value for name, ends in figures.items() for end, value in ends.items()}


def describe(key, value, unit):
    return f'{key[0]}: the {key[1]} takes {value:.0f} instructions per {unit}'


def judge(recorded, measured, units):
    """Returns what is wrong, and what may be improved on record, as sentences."""
    errors, hints = [], []
    old, new = flatten(recorded), flatten(measured)
    for key in sorted(set(old) ^ set(new)):
        where = 'measured, but not on record' if key in new else 'on record, but not measured'
        errors.append(f'{key[0]}, {key[1]}: {where}: run `{UPDATE}`')
    for key in [key for key in new if key in old]:
        share = new[key] / old[key] - 1
        said = describe(key, new[key], units[key[0]])
        if share > TOLERANCE:
            errors.append(f'{said}, {share:.1%} more than the {old[key]} on record, and '
                          f'{TOLERANCE:.0%} are allowed: make it cheaper, or, if that is what it '
                          f'is worth, run `{UPDATE}` and say why in the commit')
        elif share < -TOLERANCE:
            hints.append(f'{said}, {-share:.1%} fewer than the {old[key]} on record: '
                         f'`{UPDATE}` makes that the figure to keep')
    return errors, hints
