# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both ends of every connection, and the judgement of what arrived."""

import asyncio
import itertools
import random
import time

from topology import WANTED, WRITTEN

TIME_MAX = 30  # seconds that a connection may take
UP_MAX = 8  # of these, from when the client has all to when the server has: deadlines and more
ID_LENGTH = 12
# None of them has what is written, so that it can be counted.
WORDS = [WANTED, b'fo', b'f', b'o', b'bar', b'Hello ', b'world\n', b'\x00\xff', b'xyzzy' * 20]


def make_data(chance):
    """From nothing to a megabyte, mostly short, with what the analyzers look for in it."""
    kind = chance.random()
    if kind < 0.05:
        size = 0
    elif kind < 0.6:
        size = chance.randrange(1, 4096)
    elif kind < 0.97:
        size = chance.randrange(4096, 128 * 1024)
    else:
        size = chance.randrange(128 * 1024, 1024 * 1024)
    block = b''.join(chance.choices(WORDS, k=500))
    return (block * (size // len(block) + 1))[:size]


def count_common(one, other):
    """How many octets at the beginning are the same?"""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def change_up_to(data, changed, point):
    """@data as it is if its change stops where @changed has come to @point."""
    if len(changed) == len(data):
        return changed[:point] + data[point:]
    return data.replace(WANTED, WRITTEN, changed[:point].count(WRITTEN))


def get_candidates(data, change, arrived):
    """What the whole must be, if @arrived is right: all changed, or changed up to where it is not
    what it would be then."""
    changed = change(data)
    return changed, change_up_to(data, changed, count_common(arrived, changed))


def is_whole(data, change, arrived):
    return arrived in get_candidates(data, change, arrived)


def is_beginning(data, change, arrived):
    return any(whole.startswith(arrived) for whole in get_candidates(data, change, arrived))


class Connection:
    """What each side sends, and what has arrived at the other one."""

    def __init__(self, number, seed):
        self.id = b'%0*d' % (ID_LENGTH, number)
        self.chance = random.Random(seed)
        self.up = self.id + make_data(self.chance)
        self.down = make_data(self.chance)
        self.arrived_up = b''
        self.arrived_down = b''
        self.up_ended = asyncio.Event()
        self.up_whole = False


async def send(writer, data, chance):
    position = 0
    while position < len(data):
        size = chance.choice([1, 10, 100, 1000, 10000, 100000])
        writer.write(data[position:position + size])
        await writer.drain()
        position += size
        if chance.random() < 0.05:
            await asyncio.sleep(chance.random() * 0.05)
    writer.write_eof()


async def receive(reader, into):
    while True:
        data = await reader.read(65536)
        if not data:
            return
        into(data)


class Origin:
    """The server behind the relay. It knows a connection by the number that comes first."""

    def __init__(self):
        self.connections = {}
        self.server = None
        self.port = 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, '127.0.0.1', 0, backlog=512)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, reader, writer):
        try:
            await self.converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # what has arrived tells whether that was allowed
        finally:
            writer.close()

    async def converse(self, reader, writer):
        first = await reader.readexactly(ID_LENGTH)
        connection = self.connections[first]
        connection.arrived_up = first
        try:
            await self.exchange(connection, reader, writer)
            connection.up_whole = True
        finally:
            connection.up_ended.set()

    @staticmethod
    async def exchange(connection, reader, writer):
        def take(data):
            connection.arrived_up += data

        await asyncio.gather(receive(reader, take),
                             send(writer, connection.down, connection.chance))


async def run_client(connection, port):
    """Returns whether both directions came to their ends."""
    try:
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
    except OSError:
        return False

    def take(data):
        connection.arrived_down += data

    try:
        await asyncio.gather(receive(reader, take),
                             send(writer, connection.up, connection.chance))
        await asyncio.wait_for(connection.up_ended.wait(), UP_MAX)
        return connection.up_whole
    except OSError:  # a timeout is one as well
        return False
    finally:
        writer.close()


def judge(route, connection, ended):
    """'exact', 'partly', 'refused', or what is wrong in so many words."""
    up = (connection.up, route.change, connection.arrived_up)
    down = (connection.down, route.change, connection.arrived_down)
    if ended and is_whole(*up) and is_whole(*down):
        whole = (connection.arrived_up == route.change(connection.up)
                 and connection.arrived_down == route.change(connection.down))
        return 'exact' if whole else 'partly'
    if not is_beginning(*up):
        return f'what came up ({len(up[2])} octets) is not the beginning of what was sent'
    if not is_beginning(*down):
        return f'what came down ({len(down[2])} octets) is not the beginning of what was sent'
    if not route.may_refuse:
        return f'was cut at {len(up[2])} of {len(up[0])} octets up, {len(down[2])} of ' \
               f'{len(down[0])} down'
    return 'refused'


async def run_one(route, connection, origin, report):
    begun = time.monotonic()
    origin.connections[connection.id] = connection
    try:
        ended = await asyncio.wait_for(run_client(connection, route.port), TIME_MAX)
        verdict = judge(route, connection, ended)
    except asyncio.TimeoutError:
        verdict = f'hung: {len(connection.arrived_up)} of {len(connection.up)} octets up, ' \
                  f'{len(connection.arrived_down)} of {len(connection.down)} down'
    finally:
        del origin.connections[connection.id]
    if verdict not in ('exact', 'partly', 'refused'):
        report.add_mistake(f'{route.name}: connection {int(connection.id)} {verdict}')
        verdict = 'wrong'
    report.add(route.name, verdict, len(connection.arrived_up) + len(connection.arrived_down),
               time.monotonic() - begun)


async def run_clients(topology, origin, report, chance, connections, seconds):
    """@connections at once, each followed by another one until the time is over."""
    routes = topology.routes
    numbers = itertools.count(chance.randrange(1 << 20))
    until = time.monotonic() + seconds

    async def worker(number):
        while True:
            route = routes[number % len(routes)]
            connection = Connection(next(numbers), chance.randrange(1 << 32))
            await run_one(route, connection, origin, report)
            if time.monotonic() >= until or not topology.relay.is_running():
                return

    await asyncio.gather(*(worker(number) for number in range(connections)))
