# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table for people."""

COLUMNS = ('workload', 'over', 'system', 'median', 'min', 'max', 'of limit', 'syscalls/msg',
           'CPU s/GiB', 'p50 / p99 / max us')


def amount(value, unit=''):
    for prefix, size in (('G', 1e9), ('M', 1e6), ('k', 1e3)):
        if value >= size:
            return f'{value / size:.2f} {prefix}{unit}'
    return f'{value:.1f} {unit}'


def optional(value, form):
    return '-' if value is None else format(value, form)


def rate_row(result):
    """Bulk in bytes per second, small messages in messages per second."""
    bulk = (result['bytes_per_second']['median'] / result['messages_per_second']['median']) > 4096
    figure = result['bytes_per_second' if bulk else 'messages_per_second']
    unit = 'B/s' if bulk else '/s'
    return [amount(figure[name], unit) for name in ('median', 'min', 'max')]


def latency_row(result):
    return [f'{result["p50_us"][name]:.1f} us' for name in ('median', 'min', 'max')]


def other_rows(result):
    """A row per end, for figures that have one each."""
    for side in ('client', 'server'):
        for name, unit in ((side + '_bytes', 'B'), (side + '_wakeups', '')):
            if name in result:
                yield ([result['workload'], result['transport'], f'{result["system"]} {side}']
                       + [f'{result[name][of]:.0f} {unit}' for of in ('median', 'min', 'max')]
                       + ['-'] * 4)


def rows_of(result):
    if result['kind'] in ('memory', 'idle'):
        yield from other_rows(result)
        return
    calls = result.get('syscalls_per_message', {}).get('total')
    p50 = result.get('p50_us', {}).get('median')
    tail = [result[name]['median'] for name in ('p99_us', 'max_us') if name in result]
    values = latency_row(result) if result['kind'] == 'latency' else rate_row(result)
    yield ([result['workload'], result['transport'], result['system'], *values,
            optional(result['ratio_to_limit'], '.2f'), optional(calls, '.3f'),
            f'{result["cpu_seconds_per_gib"]["median"]:.2f}',
            ' / '.join([optional(p50, '.1f')] + [f'{value:.0f}' for value in tail])])


def layout(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield '  '.join(cell.ljust(width) if i < 3 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def print_table(report, out):
    rows = [COLUMNS]
    for result in report['results']:
        rows += [[str(cell) for cell in row] for row in rows_of(result)]
    for line in layout(rows):
        print(line, file=out)
    if report['targets']:
        print(file=out)
    for target in report['targets']:
        bound = (f'at most {target["most"]:g}' if target['most'] is not None
                 else f'at least {target["least"]:g}')
        print(f'{"met   " if target["met"] else "MISSED"}  {target["target"]}:'
              f' {target["value"]:.2f} ({bound})', file=out)
