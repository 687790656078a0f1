# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of one cell: a workload, a transport, a system and a placement on CPUs."""

from . import transfers
from .workloads import SYSTEMS


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
        if self.workload.kind in ('transfer', 'dense'):
            sample = transfers.run(self, transfer_bytes)
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
    transfers.remove_socket(address)
    return result
