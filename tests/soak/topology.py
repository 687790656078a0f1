# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes: one relay, servers with analyzers, and rehearsals between them."""

import asyncio
import dataclasses
import os
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE = 2000  # ms
WANTED, WRITTEN = b'foo', b'barbaz'


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
    port: int = 0


class Process:
    """A program that says `listening ADDRESS`, as often as it has addresses, once it is ready."""

    def __init__(self, command, environment, log, n_addresses):
        self.command = command
        self.environment = environment
        self.log = log
        self.n_addresses = n_addresses
        self.process = None
        self.addresses = []
        self.wanted = False

    async def start(self):
        self.wanted = True
        self.process = await asyncio.create_subprocess_exec(
            *self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
            env=self.environment)
        self.addresses = []
        while len(self.addresses) < self.n_addresses:
            line = await asyncio.wait_for(self.process.stdout.readline(), 20)
            if not line:
                raise RuntimeError(f'{self.command} ended with {await self.process.wait()}')
            if line.startswith(b'listening '):
                self.addresses.append(line.decode().split()[1])

    def send(self, number):
        if self.is_running():
            try:
                self.process.send_signal(number)
            except ProcessLookupError:
                pass  # it has just ended, which whoever waits for it is about to learn

    async def end(self, number=signal.SIGTERM):
        """Ends it, whatever state it is in; returns its exit status."""
        self.wanted = False
        if self.process is None:
            return None
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            return await asyncio.wait_for(self.process.wait(), 20)  # twice what it grants others
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
            return 'did not end'

    def is_running(self):
        return self.process is not None and self.process.returncode is None

    def descriptors(self):
        """What it has open, as the kernel names it."""
        folder = f'/proc/{self.process.pid}/fd'
        found = set()
        for number in os.listdir(folder):
            try:
                found.add(f'{number}:{os.readlink(os.path.join(folder, number))}')
            except FileNotFoundError:
                continue
        return found

    def memory(self):
        with open(f'/proc/{self.process.pid}/statm', encoding='ascii') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


class Topology:
    def __init__(self, build, folder, origin_port, chance):
        self.build = build
        self.folder = folder
        self.origin_port = origin_port
        self.chance = chance
        self.log = open(os.path.join(folder, 'log'), 'wb')
        self.servers = {}
        self.rehearsals = {}
        self.relay = None
        self.routes = []

    def program(self, arguments, n_addresses):
        tool = os.path.join(self.build, 'imp-remote', 'tool', 'imp-remote')
        return Process([tool, *arguments], self.environment(), self.log, n_addresses)

    def environment(self):
        library = os.path.join(self.build, 'imp-remote')
        source = os.path.join(HERE, '..', '..', 'imp-remote')
        bindings = os.path.join(source, 'bindings')
        paths = {'GI_TYPELIB_PATH': library, 'LD_LIBRARY_PATH': library, 'PYTHONPATH': bindings}
        return {**os.environ, 'PYTHONDONTWRITEBYTECODE': '1',
                'IMP_REMOTE_HOSTS': os.path.join(source, 'modules'),
                **{name: os.pathsep.join(filter(None, [path, os.environ.get(name)]))
                   for name, path in paths.items()}}

    def address(self, name):
        return os.path.join(self.folder, name)

    def add_server(self, name, module):
        self.servers[name] = self.program(
            ['serve', '--module', module, self.address(name)], 1)

    def add_rehearsal(self, name, server):
        self.rehearsals[name] = (server, None)

    async def restart_rehearsal(self, name, faults):
        """Faults are given on the command line, so other ones are another process."""
        server, old = self.rehearsals[name]
        if old is not None:
            await old.end()
        process = self.program(['rehearse', '--listen', self.address(name),
                                '--connect', self.address(server), '--faults', faults], 1)
        self.rehearsals[name] = (server, process)
        await process.start()

    def relay_arguments(self):
        arguments = ['relay']
        for route in self.routes:
            remote = f'remote=addr={self.address(route.server)}&fail={route.fail}' \
                     f'&deadline={DEADLINE}'
            arguments += ['--listen', '127.0.0.1:0', '--module', remote,
                          '--connect', f'127.0.0.1:{self.origin_port}']
        return arguments

    async def start(self):
        never = ''.join(self.chance.choices('0123456789', k=40))
        self.add_server('pattern', f'pattern=string={WANTED.decode()}&action=replace'
                                   f'&actdata={WRITTEN.decode()}')
        self.add_server('shout', os.path.join(HERE, 'shout.py'))
        self.add_server('never', f'pattern=string={never}&action=deny&actdata=no')
        for server in self.servers.values():
            await server.start()
        self.add_rehearsal('faulty', 'pattern')
        self.add_rehearsal('corrupting', 'never')
        await self.restart_rehearsal('faulty', 'seed=1&chunk=1000&chunk-min=1&delay=1')
        await self.restart_rehearsal('corrupting', 'seed=1&corrupt-every=200000')
        for fail in ('soft', 'hard'):
            refuses = fail == 'hard'
            self.routes += [
                Route(f'C, {fail}', swap_pattern, 'pattern', fail, refuses),
                Route(f'Python, {fail}', shout, 'shout', fail, refuses),
                Route(f'C, faulty, {fail}', swap_pattern, 'faulty', fail, refuses),
                # What is corrupted may say anything, even DROP, and is believed.
                Route(f'C, corrupting, {fail}', nothing, 'corrupting', fail, True),
            ]
        self.relay = self.program(self.relay_arguments(), len(self.routes))
        await self.relay.start()
        for route, address in zip(self.routes, self.relay.addresses):
            route.port = int(address.rpartition(':')[2])

    async def check_alive(self, report):
        """The relay must have survived, and end as it is told."""
        if not self.relay.is_running():
            report.add_mistake(f'the relay ended with {self.relay.process.returncode}')
            return
        status = await self.relay.end()
        if status != 0:
            report.add_mistake(f'told to stop, the relay ended with {status}')

    async def stop(self):
        processes = [self.relay, *self.servers.values()]
        processes += [process for _, process in self.rehearsals.values()]
        await asyncio.gather(*(process.end(signal.SIGKILL)
                               for process in processes if process is not None))
        self.log.close()
