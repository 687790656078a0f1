# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is killed: the process that judges, or the connection to it."""

import asyncio
import os
import signal

import position
from processes import Process

HERE = os.path.dirname(os.path.abspath(__file__))
NEVER = 'what-no-stream-has'
STOPPED = 0.02  # seconds


class Victim:
    """A server whose module judges; it is killed and started anew, again and again."""

    def __init__(self, name, change, module, weight):
        self.name = name
        self.change = change
        self.module = module
        self.weight = weight   # how many kills in a hundred
        self.process = None
        self.path = None
        self.kinds = [self.kill, self.kill, self.kill, self.stop_and_kill]

    @property
    def address(self):
        return self.path

    async def start(self, build, folder, marker, report):
        self.path = os.path.join(folder, self.name)
        environment = build.environment(folder, marker, python=self.module.endswith('off'))
        command = [build.tool, 'serve', '--module', self.module, self.path]
        self.process = Process(self.name, command, environment, report)
        await self.process.start(self.path + '.log')

    async def kill(self):
        await self.process.kill()

    async def stop_and_kill(self):
        """As one that hangs before it dies."""
        self.process.send(signal.SIGSTOP)
        await asyncio.sleep(STOPPED)
        await self.process.kill()

    async def restart(self):
        if not self.process.is_running():
            await self.process.start(self.path + '.log')

    async def end(self):
        if self.process is not None and self.process.is_running():
            await self.process.kill()


class Script(Victim):
    """The process that is killed is the script's; then the server, since it would wait with the
    next one."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kinds = [self.kill_script, self.kill]

    def find_script(self):
        pid = self.process.process.pid
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as children:
            return [int(child) for child in children.read().split()]

    async def kill_script(self):
        for pid in self.find_script():
            os.kill(pid, signal.SIGKILL)

    async def restart(self):
        await self.end()
        await super().restart()


class Cut(Victim):
    """The server lives, and the connection to it is cut."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kinds = [self.cut]
        self.proxy = None
        self.writers = set()

    @property
    def address(self):
        return self.path + '-proxy'

    async def start(self, build, folder, marker, report):
        await super().start(build, folder, marker, report)
        self.proxy = await asyncio.start_unix_server(self.serve, self.address)

    async def serve(self, reader, writer):
        server_reader, server_writer = await asyncio.open_unix_connection(self.path)
        self.writers |= {writer, server_writer}
        try:
            await asyncio.gather(self.pump(reader, server_writer),
                                 self.pump(server_reader, writer))
        finally:
            self.writers -= {writer, server_writer}

    @staticmethod
    async def pump(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def cut(self):
        for writer in list(self.writers):
            writer.transport.abort()

    async def end(self):
        if self.proxy is not None:
            self.proxy.close()
        await self.cut()
        await super().end()


def make_victims(scripts):
    rewriting = f'pattern=string={position.SENT.decode()}&action=replace' \
                f'&actdata={position.JUDGED.decode()}&hold-timeout=0'
    victims = [
        Victim('rewriting', position.rewrite, rewriting, 45),
        Victim('passing', position.keep, f'pattern=string={NEVER}&action=deny', 35),
        Cut('cut', position.rewrite, rewriting, 15),
    ]
    if scripts:
        # A sanitizer reserves terabytes, and is told by the environment what it needs to know.
        shout = os.path.join(HERE, 'shout.py') + '=max-memory=0&sandbox=off'
        victims.append(Script('script', position.shout, shout, 5))
    return victims
