# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of one cell: a workload, a transport, a system and a placement on CPUs."""

import os
import re
import shutil

from .programs import BenchError, cpu_seconds
from .workloads import SYSTEMS

SOCAT_LISTENS = re.compile(r'listening on AF=2 (\S+)')


class Cell:
    def __init__(self, programs, workload, transport, system, placement):
        self.programs = programs
        self.workload = workload
        self.transport = transport
        self.system = system
        self.placement = placement
        self.samples = []
        self.syscalls = None
        self.instructions = None

    def __str__(self):
        return f'{self.workload.name} {self.transport} {self.system} {self.placement}'

    def run(self, seconds, transfer_bytes):
        if self.workload.kind == 'transfer':
            sample = run_transfer(self, transfer_bytes)
        else:
            sample = run_pair(self, ('--seconds', str(seconds), '--warmup',
                                     str(min(0.3, seconds / 3))), seconds)
        self.samples.append(sample)
        return sample


def run_pair(cell, timing, seconds, placement=None, wrap_server=(), wrap_client=()):
    """A server, a client, and what the client says."""
    programs = cell.programs
    server_cpus, client_cpus = (programs.cpus_of(placement or cell.placement, side)
                                for side in (0, 1))
    server_command, client_command = SYSTEMS[cell.system].commands(programs)
    server, address = programs.start_server(
        list(wrap_server) + server_command + ['--address', programs.address(cell.transport)],
        server_cpus)
    arguments = ['--address', address, *timing, *cell.workload.arguments]
    if not wrap_server:
        arguments += ['--peer-pid', str(server.pid)]
    result = programs.run_client([*wrap_client, *client_command, *arguments], seconds + 120,
                                 client_cpus)
    programs.wait(server)
    remove_socket(address)
    return result


def remove_socket(address):
    if '/' in address and os.path.exists(address):
        os.unlink(address)


def relay_command(programs, system, transport, origin, module=None):
    """The relay in front of @origin."""
    listen = programs.address(transport)
    if system == 'splice':
        return [programs.find('bench-splice-relay'), '--address', listen, '--connect', origin]
    if system == 'socat':
        return socat_command(listen, origin)
    tool = os.path.join(programs.builddir, 'imp-remote', 'tool', 'imp-remote')
    if not os.path.exists(tool):
        raise BenchError(f'{tool} is missing: build with meson first')
    return [tool, 'relay', '--listen', listen, '--module', module, '--connect', origin]


def socat_command(listen, origin):
    program = shutil.which('socat')
    if program is None:
        raise BenchError('socat is missing: install it, or leave it out of --systems')
    if '/' in origin:
        return [program, '-b', '262144', f'UNIX-LISTEN:{listen}', f'UNIX-CONNECT:{origin}']
    return [program, '-b', '262144', '-d', '-d', 'TCP-LISTEN:0,bind=127.0.0.1,nodelay',
            f'TCP:{origin},nodelay']


def start_relay(programs, system, transport, origin, cpus):
    """Returns the processes between the two ends, and where to connect."""
    if system == 'socat':
        command = relay_command(programs, system, transport, origin)
        process = programs.start(command, cpus)
        return [process], programs.wait_for_text(
            process, SOCAT_LISTENS if transport == 'tcp' else command[-2].partition(':')[2])
    servers = []
    module = programs.find('bench-pass.so') if system == 'relay' else None
    if system == 'relay-remote':
        server, address = programs.start_server(
            [programs.find('bench-imp-server'), '--address', programs.address(transport)], cpus)
        servers.append(server)
        module = f'remote=addr={address}'
    process, address = programs.start_server(
        relay_command(programs, system, transport, origin, module), cpus)
    return [process] + servers, address


def run_transfer(cell, size):
    programs = cell.programs
    chunk = 256 * 1024
    cpus = programs.cpus_of(cell.placement, None)
    end = ['--count', str(max(1, size // chunk)), '--chunk', str(chunk)]
    transfer = programs.find('bench-transfer')
    origin, origin_address = programs.start_server(
        [transfer, '--address', programs.address(cell.transport), *end], cpus)
    between, address = start_relay(programs, cell.system, cell.transport, origin_address, cpus)
    before = [cpu_seconds(process) for process in between]
    result = programs.run_client([transfer, '--connect', address, *end], 120, cpus)
    programs.wait(origin)
    result['chunks'] = result['bytes'] // chunk
    result['client_cpu'], result['server_cpu'] = 0, 0   # here: the relay, and what is behind it
    for place, (process, start) in enumerate(zip(between, before)):
        result[('client_cpu', 'server_cpu')[place]] = programs.stop(process) - start
    remove_socket(origin_address)
    remove_socket(address)
    return result
