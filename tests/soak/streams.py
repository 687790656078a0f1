# SPDX-License-Identifier: LGPL-2.1-or-later
"""Streams through a relay: who sends, who receives, and how it ended for who received."""

import asyncio
import itertools
import socket

import position
from processes import TIMEOUT

N_BLOCKS = 4096
PIECE = 8192
# Small buffers, so that not all is on its way before the first of it has arrived.
BUFFER = 32768
HEADER = 10
# Nothing in it is changed by an analyzer.
UP, DOWN = b'U', b'D'
READY = b'R'


def shrink(connection):
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        connection.setsockopt(socket.SOL_SOCKET, option, BUFFER)


class Stream:
    """One, in one direction."""

    numbers = itertools.count(1)
    contents = {}  # made once: what is sent is the same in each round

    def __init__(self, kind):
        self.kind = kind
        self.number = next(Stream.numbers) % 64
        self.arrived = bytearray()
        self.started = asyncio.Event()
        self.goes_on = asyncio.Event()  # behind its first piece
        self.received = asyncio.get_running_loop().create_future()  # whether it was a regular end

    @property
    def data(self):
        if self.number not in Stream.contents:
            Stream.contents[self.number] = position.make_stream(self.number, N_BLOCKS)
        return Stream.contents[self.number]

    @property
    def header(self):
        return self.kind + b'%08d\n' % self.number

    async def receive(self, reader):
        try:
            while piece := await reader.read(PIECE):
                self.started.set()
                self.arrived += piece
            ended = True
        except OSError:
            ended = False
        if not self.received.done():
            self.received.set_result(ended)

    async def send(self, writer):
        # Nothing waits within asyncio, which would end the stream later, and not find it any more.
        writer.transport.set_write_buffer_limits(high=0)
        try:
            for at in range(0, len(self.data), PIECE):
                writer.write(self.data[at:at + PIECE])
                await writer.drain()
                await self.goes_on.wait()
            writer.write_eof()
        except OSError:
            pass  # who receives knows what came


class Origin:
    """What is behind the relay: it receives streams up, and sends those down."""

    def __init__(self):
        self.streams = {}
        self.server = None
        self.tasks = set()

    async def start(self):
        listener = socket.create_server(('127.0.0.1', 0), backlog=512)
        shrink(listener)
        self.server = await asyncio.start_server(self.serve, sock=listener, limit=PIECE)
        return listener.getsockname()[1]

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, reader, writer):
        try:
            header = await reader.readexactly(HEADER)
            stream = self.streams.get(header)
            if stream is None:
                return  # given up meanwhile
            if stream.kind == UP:
                writer.write(READY)
                await stream.receive(reader)
            else:
                await stream.send(writer)
            await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the relay has refused
        finally:
            writer.close()


class Conversation:
    """A stream from its beginning, when the relay has an analyzer for it, to its end."""

    def __init__(self, origin, port, kind):
        self.origin = origin
        self.port = port
        self.stream = Stream(kind)
        self.reader = None
        self.writer = None
        self.task = None
        self.started = False

    @property
    def request(self):
        """What is sent for the header to arrive."""
        return self.stream.header

    async def open(self):
        """False if it was refused at once: nobody was there to judge."""
        try:
            await self.connect()
            self.started = await self.begin()
        except OSError:
            pass
        return self.started

    async def connect(self):
        """It may wait so for as long as it likes."""
        client = socket.socket()
        shrink(client)
        client.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(client, ('127.0.0.1', self.port))
            self.reader, self.writer = await asyncio.open_connection(sock=client, limit=PIECE)
        except OSError:
            client.close()
            raise

    async def begin(self):
        stream, reader = self.stream, self.reader
        self.origin.streams[stream.header] = stream
        self.writer.write(self.request)
        if stream.kind == UP:
            if await reader.read(len(READY)) != READY:
                return False
            self.task = asyncio.create_task(stream.send(self.writer))
            return True
        self.task = asyncio.create_task(stream.receive(reader))
        started = asyncio.create_task(stream.started.wait())
        await asyncio.wait({started, stream.received}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        return stream.started.is_set()

    async def finish(self):
        """Whether there was a regular end, where it was received; None: never an end at all."""
        try:
            ended = await asyncio.wait_for(asyncio.shield(self.stream.received), TIMEOUT)
            await asyncio.wait_for(self.task, TIMEOUT)
            return ended
        except asyncio.TimeoutError:
            return None
        finally:
            self.close()

    def close(self):
        self.stream.goes_on.set()
        self.origin.streams.pop(self.stream.header, None)
        if self.writer is not None:
            self.writer.close()
