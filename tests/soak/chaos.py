# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does to servers what happens to servers."""

import asyncio
import signal


class Chaos:
    def __init__(self, topology, chance, report):
        self.topology = topology
        self.chance = chance
        self.report = report

    async def run(self):
        deeds = [self.kill, self.kill, self.stop, self.stop, self.restart, self.cut, self.spoil]
        while True:
            await asyncio.sleep(self.chance.uniform(0.2, 2))
            await self.chance.choice(deeds)()

    def pick_server(self):
        return self.chance.choice(list(self.topology.servers.values()))

    async def kill(self):
        """Dies without a word, and is away for a while."""
        server = self.pick_server()
        server.send(signal.SIGKILL)
        await server.process.wait()
        self.report.add_event('SIGKILL')
        await asyncio.sleep(self.chance.choice([0, 0.1, 1]))
        await server.start()

    async def stop(self):
        """Is stuck, for less or for more than the deadline."""
        server = self.pick_server()
        server.send(signal.SIGSTOP)
        self.report.add_event('SIGSTOP')
        await asyncio.sleep(self.chance.choice([0.05, 0.5, 3, 5]))
        server.send(signal.SIGCONT)

    async def restart(self):
        """Ends as it should, and comes back."""
        server = self.pick_server()
        status = await server.end()
        if status != 0:
            self.report.add_mistake(f'told to stop, {server.command[1:]} ended with {status}')
        self.report.add_event('SIGTERM')
        await server.start()

    async def cut(self):
        """Other faults on the way to the server."""
        at = self.chance.randrange(10, 2000000)
        faults = self.chance.choice([
            f'reset-at={at}', f'read-eof-at={at}', f'write-eof-at={at}', f'read-stall-at={at}',
            f'write-stall-at={at}', 'delay=5&jitter=50', 'chunk=3', 'block-rate=70&chunk=100',
            'chunk=1000&chunk-min=1',
        ])
        await self.topology.restart_rehearsal('faulty',
                                              f'seed={self.chance.randrange(1 << 30)}&{faults}')
        self.report.add_event('faults')

    async def spoil(self):
        every = self.chance.choice([1000, 100000, 1000000])
        await self.topology.restart_rehearsal(
            'corrupting', f'seed={self.chance.randrange(1 << 30)}&corrupt-every={every}')
        self.report.add_event('corruption')
