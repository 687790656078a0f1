# SPDX-License-Identifier: LGPL-2.1-or-later
"""Both ends of every connection, and what arrives at them."""

import asyncio
import errno
import itertools
import random
import socket
import time

from judgement import GOOD, judge
from processes import TIMEOUT
from topology import WANTED

ID_LENGTH = 12
# None of them has what is written in the place of another, so that it can be counted.
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


class Connection:
    """What each side sends, what has arrived at the other one, and what the relay says of it."""

    def __init__(self, number, seed):
        self.id = b'%0*d' % (ID_LENGTH, number)
        self.chance = random.Random(seed)
        self.up = self.id + make_data(self.chance)
        self.down = make_data(self.chance)
        self.arrived_up = b''
        self.arrived_down = b''
        self.up_ended = asyncio.Event()
        self.up_whole = False
        self.refused = asyncio.Event()
        self.logged = asyncio.Event()
        self.reasons = []

    def tell(self, kind, text):
        event = self.logged if kind == 'log' else self.refused
        event.set()
        self.reasons.append(text)


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
        self.servers = []

    async def listen(self):
        """Returns a new port."""
        server = await asyncio.start_server(self.serve, '127.0.0.1', 0, backlog=512)
        self.servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def stop(self):
        for server in self.servers:
            server.close()
            await server.wait_closed()

    async def serve(self, reader, writer):
        try:
            await self.converse(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # what has arrived tells whether that was allowed
        finally:
            writer.close()

    async def converse(self, reader, writer):
        first = await reader.readexactly(ID_LENGTH)
        connection = self.connections.get(first)
        if connection is None:
            return  # refused, and judged already
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


async def wait_for_any(*events):
    tasks = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def run_client(connection, client, port):
    """Returns whether both directions came to their ends."""
    def take(data):
        connection.arrived_down += data

    try:
        await asyncio.get_running_loop().sock_connect(client, ('127.0.0.1', port))
        reader, writer = await asyncio.open_connection(sock=client)
    except ConnectionResetError:  # accepted, and reset before that was noticed
        return False
    try:
        await asyncio.gather(receive(reader, take),
                             send(writer, connection.up, connection.chance))
    except OSError:  # reset, or too late to say that this is the end
        return False
    finally:
        writer.close()
    # What comes up may have a long way to go, or never get to the origin.
    await wait_for_any(connection.up_ended, connection.refused)
    return connection.up_whole


async def is_told(connection, verdict):
    """Whether the relay has said why, if not everything arrived as it should."""
    if verdict == 'refused':
        await connection.refused.wait()
    elif verdict == 'partly':
        await connection.logged.wait()


async def bind_client(client):
    """Bound at once, since its port is what the relay calls it by. Where all ports are in the hands
    of connections that have just ended, one is free again in some time."""
    late = time.monotonic() + TIMEOUT
    while True:
        try:
            client.bind(('127.0.0.1', 0))
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > late:
                raise
        await asyncio.sleep(0.2)


async def converse(route, connection, notices):
    """One connection from its beginning to its verdict, each part in bounded time."""
    client = socket.socket()
    await bind_client(client)
    begun = time.monotonic()
    client.setblocking(False)
    port = client.getsockname()[1]
    notices.add(port, route.target, connection, begun)
    try:
        ended = await asyncio.wait_for(run_client(connection, client, route.port), TIMEOUT)
        verdict = judge(route, connection, ended)
        await asyncio.wait_for(is_told(connection, verdict), TIMEOUT)
        return verdict
    except asyncio.TimeoutError:
        return f'from port {port} hung: of {len(connection.up)} bytes, ' \
               f'{len(connection.arrived_up)} came up; of {len(connection.down)}, ' \
               f'{len(connection.arrived_down)} came down; the relay said {connection.reasons}'
    finally:
        notices.remove(port, route.target, connection)
        client.close()


async def run_one(route, connection, origin, notices, report):
    """Returns its verdict, which is in the report then."""
    begun = time.monotonic()
    origin.connections[connection.id] = connection
    try:
        verdict = await converse(route, connection, notices)
    except OSError as error:
        verdict = f'was not even accepted: {error}'
    finally:
        del origin.connections[connection.id]
    if verdict not in GOOD:
        report.add_error(f'{route.name}: connection {int(connection.id)} {verdict}')
    elif verdict != 'exact':
        report.add_reasons(connection.reasons)
    report.add(route.name, verdict if verdict in GOOD else 'wrong',
               len(connection.arrived_up) + len(connection.arrived_down),
               time.monotonic() - begun)
    return verdict


class Clients:
    """Makes connections, one number after the other."""

    def __init__(self, topology, origin, report, chance):
        self.topology = topology
        self.origin = origin
        self.report = report
        self.chance = chance
        self.numbers = itertools.count(chance.randrange(1 << 20))

    def make_connection(self):
        return Connection(next(self.numbers), self.chance.randrange(1 << 32))

    async def run_one(self, route, connection):
        return await run_one(route, connection, self.origin, self.topology.notices, self.report)

    async def run_many(self, connections, goes_on):
        """@connections at once, each followed by another one as long as that."""
        routes = self.topology.routes

        async def work(number):
            while goes_on() and self.topology.relay.is_running():
                await self.run_one(routes[number % len(routes)], self.make_connection())

        await asyncio.gather(*(work(number) for number in range(connections)))

    async def run_until_exact(self, route):
        """Until the analyzer of @route works; does it?"""
        end = time.monotonic() + TIMEOUT
        while await self.run_one(route, self.make_connection()) != 'exact':
            if time.monotonic() > end or not self.topology.relay.is_running():
                self.report.add_error(f'{route.name}: with all servers there, and no fault, '
                                      f'nothing was exact for {TIMEOUT} s')
                return False
            await asyncio.sleep(0.2)
        return True
