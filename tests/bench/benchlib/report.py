# SPDX-License-Identifier: LGPL-2.1-or-later
"""From samples to figures, targets, JSON and a table."""

import json
import os
import platform
import statistics
import subprocess
import time

GIB = 1 << 30


def spread(values):
    return {'median': statistics.median(values), 'min': min(values), 'max': max(values),
            'samples': list(values)}


def rate_figures(samples):
    figures = {
        'messages_per_second': spread([s['chunks'] / s['seconds'] for s in samples]),
        'bytes_per_second': spread([s['bytes'] / s['seconds'] for s in samples]),
        'cpu_seconds_per_gib': spread([(s['client_cpu'] + s['server_cpu']) * GIB / s['bytes']
                                       for s in samples]),
        'cpu_us_per_message': {
            side: statistics.median([s[side + '_cpu'] * 1e6 / s['chunks'] for s in samples])
            for side in ('client', 'server')},
    }
    for name in ('p50_us', 'p90_us', 'p99_us', 'max_us'):
        if name in samples[0]:
            figures[name] = spread([s[name] for s in samples])
    return figures


def other_figures(samples):
    return {name: spread([s[name] for s in samples])
            for name in samples[0] if name not in ('analyzers', 'seconds')}


def describe(cell):
    """The JSON object of one (workload, transport, system)."""
    rated = cell.workload.kind in ('rate', 'latency', 'transfer')
    result = {'workload': cell.workload.name, 'what': cell.workload.what,
              'transport': cell.transport, 'system': cell.system, 'kind': cell.workload.kind,
              'rounds': len(cell.samples)}
    result.update((rate_figures if rated else other_figures)(cell.samples))
    if cell.syscalls:
        result['syscalls_per_message'] = cell.syscalls
    if cell.instructions:
        result['instructions_per_message'] = cell.instructions
    return result


def main_figure(result):
    """What the ratio to the limit is made of, and whether more of it is better."""
    if result['kind'] == 'latency':
        return result['p50_us']['median'], False
    if result['kind'] in ('rate', 'transfer'):
        return result['bytes_per_second']['median'], True
    return None, True


def add_ratios(results, workloads):
    """The share of the limit's speed: below 1 is slower than the limit, for latencies too."""
    found = {(r['workload'], r['transport'], r['system']): r for r in results}
    for result in results:
        own = main_figure(result)[0]
        name = workloads[result['workload']].compared_with or result['workload']
        system = {'transfer': 'splice'}.get(result['kind'], 'limit')
        if result['system'].endswith('-spin'):
            system = 'limit-spin'
        limit = found.get((name, result['transport'], system))
        result['ratio_to_limit'] = None
        if limit is not None and own is not None:
            more_is_better = main_figure(result)[1]
            other = main_figure(limit)[0]
            result['ratio_to_limit'] = own / other if more_is_better else other / own


def check_target(targets, name, value, most=None, least=None):
    if value is None:
        return
    met = value <= most if most is not None else value >= least
    targets.append({'target': name, 'value': value, 'most': most, 'least': least, 'met': met})


def transport_targets(get, transport, slack):
    """Those that hold over a unix socket, and within 5 points over TCP."""
    targets = []
    for name, least in (('W2', 0.80), ('W3', 0.60), ('W4', 0.35)):
        check_target(targets, f'{name} {transport}: share of the limit',
                     get(name, transport, 'cbor', 'ratio_to_limit'), least=least - slack)
    share = get('W1', transport, 'cbor', 'ratio_to_limit')
    check_target(targets, f'W1 {transport}: p50 as a multiple of the limit\'s',
                 share and 1 / share, most=1.20 + slack)
    check_target(targets, f'W7 {transport}: remote relay, share of the bare splice',
                 get('W7', transport, 'relay-remote', 'ratio_to_limit'), least=0.60 - slack)
    json_rate = get('W2', transport, 'json', 'bytes_per_second')
    dbus_rate = get('W2', transport, 'gdbus', 'bytes_per_second')
    if json_rate and dbus_rate:
        check_target(targets, f'W2 {transport}: json as a multiple of GDBus',
                     json_rate['median'] / dbus_rate['median'], least=1.5)
    return targets


def scaling_targets(get, scale):
    targets = []
    for name in ('W2', 'W3'):
        rates = [get(f'{name}@{count}', 'unix', 'cbor', 'bytes_per_second') for count in scale]
        rates = [rate['median'] for rate in rates if rate]
        if len(rates) == len(scale):
            check_target(targets, f'{name}: slowest share of the fastest, 1 to {scale[-1]}'
                         ' analyzers', min(rates) / max(rates), least=0.80)
    return targets


def find_targets(results, scale):
    found = {(r['workload'], r['transport'], r['system']): r for r in results}

    def get(workload, transport, system, figure):
        return found.get((workload, transport, system), {}).get(figure)

    def median(*key):
        figure = get(*key)
        return figure['median'] if figure else None

    targets = transport_targets(get, 'unix', 0) + transport_targets(get, 'tcp', 0.05)
    check_target(targets, 'W1 unix: p50 in us with busy-poll',
                 median('W1', 'unix', 'cbor-spin', 'p50_us'), most=12)
    for side in ('client', 'server'):
        check_target(targets, f'W5: bytes per analyzer at the {side}',
                     median('W5', 'unix', 'cbor', side + '_bytes'), most=600)
        check_target(targets, f'idle: wake-ups of the {side}',
                     median('idle', 'unix', 'cbor', side + '_wakeups'), most=0)
    # The very longest ones are the machine's: without any bulk W1 has them too.
    for transport in ('unix', 'tcp'):
        check_target(targets, f'fairness {transport}: p99 of 1 KiB round trips in us',
                     median('fairness', transport, 'cbor', 'p99_us'), most=2000)
    return targets + scaling_targets(get, scale)


def read_text(path):
    try:
        with open(path, encoding='utf-8') as file:
            return file.read().strip()
    except OSError:
        return None


def build_type(builddir):
    options = json.loads(read_text(os.path.join(builddir, 'meson-info',
                                                'intro-buildoptions.json')) or '[]')
    return {o['name']: o['value'] for o in options
            if o['name'] in ('buildtype', 'optimization', 'b_sanitize', 'b_ndebug')}


def machine(builddir):
    names = [line.partition(':')[2].strip()
             for line in (read_text('/proc/cpuinfo') or '').splitlines()
             if line.startswith('model name')]
    glib = subprocess.run(['pkg-config', '--modversion', 'glib-2.0'], capture_output=True,
                          text=True, check=False).stdout.strip()
    return {'cpu': names[0] if names else platform.machine(), 'cpus': os.cpu_count(),
            'kernel': platform.release(), 'glib': glib,
            'wmem_max': int(read_text('/proc/sys/net/core/wmem_max') or 0),
            'load_before': os.getloadavg()[0], 'date': time.strftime('%Y-%m-%d %H:%M:%S %z'),
            'build': build_type(builddir)}
