# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that come without a pause, each of which knows what it has to get back."""

import asyncio
import random
import socket
import threading

import tool_harness as harness

AT_ONCE = 8
LINGERING = 8


class EchoServer:
    """Sends back what comes, to many at once."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=1024)
        self.address = '127.0.0.1:%d' % self.socket.getsockname()[1]

    async def start(self):
        self.server = await asyncio.start_server(self._echo, sock=self.socket)

    async def _echo(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass  # its client says what is wrong with that
        finally:
            writer.close()


class Load:
    """Short and long connections to all of the addresses; `n_done` were whole, `faults` not."""

    def __init__(self, echo):
        self.echo = echo
        self.addresses = []
        self.n_done = 0
        self.faults = []
        self.stopping = False
        self.thread = threading.Thread(target=asyncio.run, args=[self._run()], daemon=True)

    def start(self, addresses):
        self.addresses = addresses
        self.thread.start()

    def wait_for_more(self, n):
        """Until so many more were whole, or one was not."""
        wanted = self.n_done + n
        harness.wait_until(lambda: self.n_done >= wanted or self.faults)

    def stop(self):
        self.stopping = True
        self.thread.join(harness.TIMEOUT)
        if self.thread.is_alive():
            self.faults.append('clients hang')

    async def _run(self):
        await self.echo.start()
        clients = [self._short(address, i) for address in self.addresses for i in range(AT_ONCE)]
        clients += [self._long(address) for address in self.addresses for _ in range(LINGERING)]
        await asyncio.gather(*clients)

    async def _connect(self, address):
        if address.startswith(('.', '/')):
            return await asyncio.open_unix_connection(address)
        host, _, port = address.rpartition(':')
        return await asyncio.open_connection(host.strip('[]'), int(port))

    async def _exchange(self, reader, writer, data):
        writer.write(data)
        got = await reader.readexactly(len(data))
        if got != data:
            raise ValueError('other bytes came back')

    async def _end(self, reader, writer):
        writer.write_eof()
        rest = await reader.read()
        writer.close()
        if rest:
            raise ValueError(f'{len(rest)} bytes too many came back')

    async def _short(self, address, seed):
        rng = random.Random(seed)
        while not self.stopping and not self.faults:
            try:
                reader, writer = await self._connect(address)
                await self._exchange(reader, writer, rng.randbytes(rng.randrange(1, 3000)))
                await self._end(reader, writer)
                self.n_done += 1
            except (OSError, EOFError, ValueError) as error:
                self.faults.append(f'{address}: {error!r}')

    async def _long(self, address):
        """One connection for all of the time."""
        rng = random.Random(address)
        try:
            reader, writer = await self._connect(address)
            while not self.stopping and not self.faults:
                await self._exchange(reader, writer, rng.randbytes(2000))
                await asyncio.sleep(0.01)
            await self._end(reader, writer)
        except (OSError, EOFError, ValueError) as error:
            self.faults.append(f'{address}, a long one: {error!r}')
