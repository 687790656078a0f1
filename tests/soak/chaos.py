# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does to servers what happens to servers."""

import asyncio
import collections
import signal

# As many things happen at once.
HANDS = 2


class Chaos:
    """Goes on until it is told to finish, and has then mended what it broke, but for the faults."""

    def __init__(self, topology, chance, report):
        self.topology = topology
        self.chance = chance
        self.report = report
        self.deck = []
        self.busy = set()
        self.over = asyncio.Event()
        self.done = collections.Counter()
        self.deeds = {
            'SIGKILL': self.kill, 'SIGSTOP': self.stop, 'SIGTERM': self.restart,
            'other faults': self.cut, 'corruption': self.spoil,
        }

    async def run(self):
        await asyncio.gather(*(self.use_hand() for _ in range(HANDS)))

    def finish(self):
        self.over.set()

    def has_done_all(self):
        return len(self.done) == len(self.deeds)

    async def use_hand(self):
        while not self.over.is_set():
            await asyncio.sleep(self.chance.uniform(0.2, 2))
            name = self.draw()
            await self.deeds[name]()
            self.done[name] += 1
            self.report.add_event(name)

    def draw(self):
        """All come in turn, in an order that is another one each time."""
        if not self.deck:
            self.deck = [*self.deeds, 'SIGKILL', 'SIGSTOP']
            self.chance.shuffle(self.deck)
        return self.deck.pop()

    async def take(self, names):
        """One of those with which the other hand is not busy."""
        while not (free := [name for name in names if name not in self.busy]):
            await asyncio.sleep(0.1)
        name = self.chance.choice(free)
        self.busy.add(name)
        return name

    async def kill(self):
        """Dies without a word, and is away for a while."""
        name = await self.take(self.topology.servers)
        server = self.topology.servers[name]
        await server.kill()
        await asyncio.sleep(self.chance.choice([0, 0.1, 1]))
        await self.topology.run(server)
        self.busy.remove(name)

    async def stop(self):
        """Is stuck, for less or for more than the deadline."""
        name = await self.take(self.topology.servers)
        server = self.topology.servers[name]
        server.send(signal.SIGSTOP)
        await asyncio.sleep(self.chance.choice([0.05, 0.5, 3, 5]))
        server.send(signal.SIGCONT)
        self.busy.remove(name)

    async def restart(self):
        """Ends as it should, and comes back."""
        name = await self.take(self.topology.servers)
        server = self.topology.servers[name]
        await server.end()
        await self.topology.run(server)
        self.busy.remove(name)

    async def cut(self):
        """Other faults on the way to the server."""
        at = self.chance.randrange(10, 2000000)
        await self.change_faults('faulty', self.chance.choice([
            f'reset-at={at}', f'read-eof-at={at}', f'write-eof-at={at}', f'read-stall-at={at}',
            f'write-stall-at={at}', 'delay=5&jitter=50', 'chunk=3', 'block-rate=70&chunk=100',
            'chunk=1000&chunk-min=1',
        ]))

    async def spoil(self):
        every = self.chance.choice([1000, 100000, 1000000])
        await self.change_faults('corrupting', f'corrupt-every={every}')

    async def change_faults(self, name, faults):
        await self.take([name])
        seed = self.chance.randrange(1 << 30)
        await self.topology.restart_injector(name, f'seed={seed}&{faults}')
        self.busy.remove(name)
