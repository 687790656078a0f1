# SPDX-License-Identifier: LGPL-2.1-or-later
"""Transfers through a relay: from an origin, through whatever is between, to whoever reads."""

import os
import re
import shutil

from .programs import BenchError, cpu_seconds
from .workloads import SYSTEMS

SOCAT_LISTENS = re.compile(r'listening on AF=2 (\S+)')
CHUNK = 256 * 1024
# Dense traffic costs so much more that less of it is enough.
DENSE_PART = 64
# The same as the module of the workload does.
MATCHES = (b'a', b'e', b'i', b'o')
SED_SCRIPT = 's/[aeio]/--/g'
TIMEOUT = 300


def remove_socket(address):
    if '/' in address and os.path.exists(address):
        os.unlink(address)


def ends_of(cell, size):
    """The command of both ends, without where they are."""
    if cell.workload.kind != 'dense':
        return [cell.programs.find('bench-transfer'),
                '--count', str(max(1, size // CHUNK)), '--chunk', str(CHUNK)]
    each = max(1, size // DENSE_PART // cell.workload.connections)
    return [cell.programs.find('bench-dense-transfer'), '--count', str(each), '--connections',
            str(cell.workload.connections), '--chunk', str(CHUNK)]


def module_of(cell):
    module = cell.workload.module
    return cell.programs.find(module) if module.endswith('.so') else module


def start_tool(cell, origin, cpus):
    """The relay, and with the analyzer elsewhere the server that has it."""
    programs = cell.programs
    module = module_of(cell)
    servers = []
    system = SYSTEMS[cell.system]
    if system.is_remote:
        shared = ['--shared-memory'] if system.shares else []
        address = programs.address('unix' if system.shares else cell.transport)
        server, address = programs.start_server(
            [programs.find_tool(), 'serve', *shared, '--module', module, address], cpus)
        servers.append(server)
        module = f'remote=addr={address}'
    relay, address = programs.start_server(
        [programs.find_tool(), 'relay', '--listen', programs.address(cell.transport), '--module',
         module, '--connect', origin], cpus)
    return [relay] + servers, address


def start_bare(cell, origin, cpus):
    programs = cell.programs
    program, *more = SYSTEMS[cell.system].command
    relay, address = programs.start_server(
        [programs.find(program), *more, '--address', programs.address(cell.transport),
         '--connect', origin], cpus)
    return [relay], address


def start_socat(cell, origin, cpus):
    programs = cell.programs
    program = shutil.which('socat')
    if program is None:
        raise BenchError('socat is missing: install it, or leave it out of --systems')
    listen = programs.address(cell.transport)
    if cell.transport == 'tcp':
        relay = programs.start([program, '-b', str(CHUNK), '-d', '-d',
                                'TCP-LISTEN:0,bind=127.0.0.1,nodelay', f'TCP:{origin},nodelay'],
                               cpus)
        return [relay], programs.wait_for_text(relay, SOCAT_LISTENS)
    relay = programs.start([program, '-b', str(CHUNK), f'UNIX-LISTEN:{listen}',
                            f'UNIX-CONNECT:{origin}'], cpus)
    return [relay], programs.wait_for_text(relay, listen)


STARTERS = {'tool': start_tool, 'bare': start_bare, 'socat': start_socat}


def run_relay(cell, size):
    programs = cell.programs
    cpus = programs.cpus_of(cell.placement, None)
    ends = ends_of(cell, size)
    origin, origin_address = programs.start_server(
        [*ends, '--address', programs.address(cell.transport)], cpus)
    between, address = STARTERS[SYSTEMS[cell.system].kind](cell, origin_address, cpus)
    before = [cpu_seconds(process) for process in between]
    result = programs.run_client([*ends, '--connect', address], TIMEOUT, cpus)
    programs.wait(origin)
    result.setdefault('chunks', result['bytes'] // CHUNK)
    result['client_cpu'], result['server_cpu'] = 0, 0   # here: the relay, and what is behind it
    for place, (process, start) in enumerate(zip(between, before)):
        result[('client_cpu', 'server_cpu')[place]] = programs.stop(process) - start
    remove_socket(origin_address)
    remove_socket(address)
    return result


def sed_script(path, number):
    """One for each connection, all at once, from a file to nowhere: no socket is involved."""
    one = f'LC_ALL=C sed "{SED_SCRIPT}" <"{path}" >/dev/null'
    return (f'for i in $(seq {number}); do {one} & all="$all $!"; done; '
            'for one in $all; do wait $one || exit 1; done')


def run_sed(cell, size):
    programs = cell.programs
    cpus = programs.cpus_of(cell.placement, None)
    number = cell.workload.connections
    text = programs.run_to_end(ends_of(cell, size), TIMEOUT, cpus)
    path = os.path.join(programs.folder, 'text')
    with open(path, 'wb') as file:
        file.write(text)
    seconds, cpu = programs.time(['/bin/sh', '-c', sed_script(path, number)], TIMEOUT, cpus)
    os.unlink(path)
    matches = sum(text.count(letter) for letter in MATCHES)
    return {'bytes': len(text) * number, 'chunks': matches * number, 'seconds': seconds,
            'client_cpu': cpu, 'server_cpu': 0}


def run(cell, size):
    return run_sed(cell, size) if SYSTEMS[cell.system].kind == 'sed' else run_relay(cell, size)
