# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table for people."""

COLUMNS = ('workload', 'over', 'system', 'CPUs', 'median', 'min', 'max', 'of limit', 'worse',
           'of copy', 'CPU s/GiB', 'p50 / p99 / max us', 'syscalls/msg', 'instructions/msg')
LEFT = 4   # so many columns are words
PLACEMENTS = {'split': 'each', 'same': 'one', 'none': 'any'}
JUDGED_AT = {'split': ', with a CPU each', 'same': ', on one CPU', 'none': ''}


def amount(value, unit=''):
    for prefix, size in (('G', 1e9), ('M', 1e6), ('k', 1e3)):
        if value >= size:
            return f'{value / size:.2f} {prefix}{unit}'
    return f'{value:.1f} {unit}'


def optional(value, form):
    return '-' if value is None else format(value, form)


def instructions(found):
    """At the server and at the client."""
    if found is None:
        return '-'
    return f'{found["server"]:.0f} + {found["client"]:.0f} = {found["total"]:.0f}'


def rate_row(result):
    """Bulk in bytes per second, small messages in messages per second."""
    bulk = (result['bytes_per_second']['median'] / result['messages_per_second']['median']) > 4096
    figure = result['bytes_per_second' if bulk else 'messages_per_second']
    unit = 'B/s' if bulk else '/s'
    return [amount(figure[name], unit) for name in ('median', 'min', 'max')]


def latency_row(result):
    return [f'{result["p50_us"][name]:.1f} us' for name in ('median', 'min', 'max')]


def words_of(result, end=''):
    return [result['workload'], result['transport'], (result['system'] + ' ' + end).strip(),
            PLACEMENTS[result['placement']]]


def other_rows(result):
    """A row per end, for figures that have one each."""
    for side in ('client', 'server'):
        for name, unit in ((side + '_bytes', 'B'), (side + '_wakeups', '')):
            if name in result:
                row = words_of(result, side) + [f'{result[name][of]:.0f} {unit}'
                                                for of in ('median', 'min', 'max')]
                yield row + ['-'] * (len(COLUMNS) - len(row))


def rows_of(result):
    if result['kind'] in ('memory', 'idle'):
        yield from other_rows(result)
        return
    calls = result.get('syscalls_per_message', {}).get('total')
    p50 = result.get('p50_us', {}).get('median')
    tail = [result[name]['median'] for name in ('p99_us', 'max_us') if name in result]
    values = latency_row(result) if result['kind'] == 'latency' else rate_row(result)
    yield (words_of(result) + values
           + [optional(result['ratio_to_limit'], '.2f'), optional(result['worse_ratio'], '.2f'),
              optional(result.get('ratio_to_copy'), '.2f'),
              f'{result["cpu_seconds_per_gib"]["median"]:.2f}',
              ' / '.join([optional(p50, '.1f')] + [f'{value:.0f}' for value in tail]),
              optional(calls, '.3f'), instructions(result.get('instructions_per_message'))])


def layout(rows, left=LEFT):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield '  '.join(cell.ljust(width) if i < left else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def bound_of(target):
    return (f'at most {target["most"]:g}' if target['most'] is not None
            else f'at least {target["least"]:g}')


def print_table(report, out):
    rows = [COLUMNS]
    for result in report['results']:
        rows += [[str(cell) for cell in row] for row in rows_of(result)]
    for line in layout(rows):
        print(line, file=out)
    counted = {r['instructions_per_message']['counter'] for r in report['results']
               if 'instructions_per_message' in r}
    for counter in sorted(counted):
        print(f'\nInstructions: server + client, counted by {counter}', file=out)
    if report['targets']:
        print(file=out)
    for target in report['targets']:
        print(f'{"met   " if target["met"] else "MISSED"}  {target["target"]}:'
              f' {target["value"]:.2f} ({bound_of(target)}){JUDGED_AT[target["placement"]]}',
              file=out)
