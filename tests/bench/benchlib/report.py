# SPDX-License-Identifier: LGPL-2.1-or-later
"""From samples to figures, targets, JSON and a table."""

import json
import os
import platform
import statistics
import subprocess
import time

from .workloads import COPIES

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
    """The JSON object of one (workload, transport, system, placement)."""
    rated = cell.workload.kind in ('rate', 'latency', 'transfer', 'dense')
    result = {'workload': cell.workload.name, 'what': cell.workload.what,
              'transport': cell.transport, 'system': cell.system,
              'placement': cell.placement, 'kind': cell.workload.kind, 'rounds': len(cell.samples)}
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
    if result['kind'] in ('rate', 'transfer', 'dense'):
        return result['bytes_per_second']['median'], True
    return None, True


def key_of(result):
    return result['workload'], result['transport'], result['system']


def ratio_to(result, limit):
    """The share of the limit's speed: below 1 is slower than the limit, for latencies too."""
    own, more_is_better = main_figure(result)
    if limit is None or own is None:
        return None
    other = main_figure(limit)[0]
    return own / other if more_is_better else other / own


def find_limit(found, result, workload):
    system = 'limit-spin' if result['system'].endswith('-spin') else workload.limit
    return found.get((workload.compared_with or workload.name, result['transport'], system,
                      result['placement']))


def fastest_copy(found, result):
    """With whichever buffer."""
    copies = [found.get((result['workload'], result['transport'], system, result['placement']))
              for system in COPIES]
    return max((copy for copy in copies if copy is not None),
               key=lambda copy: main_figure(copy)[0], default=None)


def add_ratios(results, workloads):
    """To the limits, where both run alike. The worse one of all placements is what is judged."""
    found = {(*key_of(r), r['placement']): r for r in results}
    worse = {}
    for result in results:
        workload = workloads[result['workload']]
        ratio = ratio_to(result, find_limit(found, result, workload))
        result['ratio_to_limit'] = ratio
        if workload.copies:
            result['ratio_to_copy'] = ratio_to(result, fastest_copy(found, result))
        if ratio is not None:
            worse[key_of(result)] = min(ratio, worse.get(key_of(result), ratio))
    for result in results:
        result['worse_ratio'] = worse.get(key_of(result))


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
