# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes: one relay, servers with analyzers, and fault injectors between them."""

import asyncio
import dataclasses
import os
import uuid

from logs import Notices
from processes import Process, find_marked, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE = 2000  # ms
WANTED, WRITTEN = b'foo', b'barbaz'
# No fault at all, but two more processes that could lose something.
FAULTLESS = 'seed=1'


def swap_pattern(data):
    return data.replace(WANTED, WRITTEN)


def shout(data):
    return data.upper()


def nothing(data):
    return data


@dataclasses.dataclass
class Route:
    """One listener of the relay: which analyzer, and what may become of a connection."""
    name: str
    change: callable
    server: str       # whose analyzer
    fail: str
    may_refuse: bool
    target: int = 0   # the port of its server
    port: int = 0     # where the relay listens for it


class Topology:
    def __init__(self, build, folder, chance, report):
        self.build = build
        self.folder = folder
        self.chance = chance
        self.report = report
        self.marker = f'IMP_SOAK={uuid.uuid4()}'
        self.notices = Notices()
        self.servers = {}
        self.injectors = {}  # name: (whose server, process)
        self.relay = None
        self.routes = []
        self.at_rest = {}     # how many descriptors a server has without a connection

    def program(self, name, arguments, n_addresses=1):
        environment = self.build.environment(self.folder, self.marker, python=name == 'shout')
        return Process(name, [self.build.tool, *arguments], environment, self.report, n_addresses)

    def address(self, name):
        return os.path.join(self.folder, name)

    def logs(self):
        return [entry.path for entry in os.scandir(self.folder) if entry.name.endswith('.log')]

    async def run(self, process):
        await process.start(self.address(f'{process.name}.log'))

    async def add_server(self, name, module):
        server = self.program(name, ['serve', '--module', module, self.address(name)])
        self.servers[name] = server
        await self.run(server)
        self.at_rest[name] = len(server.descriptors())

    async def start_injector(self, name, server, faults):
        process = self.program(name, ['rehearse', '--listen', self.address(name),
                                      '--connect', self.address(server), '--faults', faults])
        self.injectors[name] = (server, process)
        await self.run(process)

    async def restart_injector(self, name, faults):
        """Faults are given on the command line, so other ones are another process."""
        server, old = self.injectors[name]
        await old.end()
        self.report.add_faults(old.said)
        await self.start_injector(name, server, faults)

    async def mend(self):
        """From now on there are no faults."""
        for name in self.injectors:
            await self.restart_injector(name, FAULTLESS)

    def relay_arguments(self):
        arguments = ['relay', '--log-rate=0']
        for route in self.routes:
            # Injected faults stop one way while bytes still come the other: not always silence.
            remote = f'remote=addr={self.address(route.server)}&fail={route.fail}' \
                     f'&overload={route.fail}&deadline={DEADLINE}'
            arguments += ['--listen', '127.0.0.1:0', '--module', remote,
                          '--connect', f'127.0.0.1:{route.target}']
        return arguments

    def add_routes(self):
        for fail in ('soft', 'hard'):
            refuses = fail == 'hard'
            self.routes += [
                Route(f'C, {fail}', swap_pattern, 'pattern', fail, refuses),
                Route(f'Python, {fail}', shout, 'shout', fail, refuses),
                Route(f'C, faulty, {fail}', swap_pattern, 'faulty', fail, refuses),
                # What is corrupted may say anything, even DENY, and is believed.
                Route(f'C, corrupting, {fail}', nothing, 'corrupting', fail, True),
            ]

    async def start(self, origin):
        never = ''.join(self.chance.choices('0123456789', k=40))
        await self.add_server('pattern', f'pattern=string={WANTED.decode()}&action=replace'
                                         f'&actdata={WRITTEN.decode()}&hold-timeout=0')
        # A sanitizer reserves terabytes in every process that has the library, and is told by the
        # environment what it needs to know.
        await self.add_server('shout', os.path.join(HERE, 'shout.py')
                              + '=max-memory=0&sandbox=off')
        await self.add_server('never', f'pattern=string={never}&action=deny&actdata=no')
        await self.start_injector('faulty', 'pattern', FAULTLESS)
        await self.start_injector('corrupting', 'never', FAULTLESS)
        self.add_routes()
        for route in self.routes:
            route.target = await origin.listen()
        self.relay = self.program('relay', self.relay_arguments(), len(self.routes))
        self.relay.on_line = self.notices.take
        await self.run(self.relay)
        for route, address in zip(self.routes, self.relay.addresses):
            route.port = int(address.rpartition(':')[2])

    async def end(self):
        """Tells all to end, those first on whom nobody depends; nothing may be left open."""
        await self.relay.end()
        for _, process in self.injectors.values():
            await process.end()
            self.report.add_faults(process.said)
        for name, server in self.servers.items():
            await self.check_at_rest(name, server)
            await server.end()
        if not await wait_until(lambda: not find_marked(self.marker)):
            self.report.add_error(f'processes were left: {find_marked(self.marker)}')

    async def check_at_rest(self, name, server):
        def is_at_rest():
            return not server.is_running() or len(server.descriptors()) <= self.at_rest[name]

        if not await wait_until(is_at_rest):
            self.report.add_error(f'without a connection, {name} had {self.at_rest[name]} '
                                  f'descriptors, and has {sorted(server.descriptors().items())}')

    async def kill(self):
        processes = [self.relay, *self.servers.values()]
        processes += [process for _, process in self.injectors.values()]
        await asyncio.gather(*(process.kill() for process in processes
                               if process is not None and process.is_running()))
