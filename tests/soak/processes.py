# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that run, and what the kernel knows of them."""

import asyncio
import os
import signal
import subprocess
import time

# Long enough for the slowest machine: who waits that long is stuck, not slow.
TIMEOUT = 120  # seconds
# What a listening socket is called in the kernel's table.
LISTENING = '0A'


async def wait_until(condition):
    """Whether @condition came true in time."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True


class Process:
    """A program that says `listening ADDRESS`, as often as it has addresses, once it is ready.

    Nothing but this object may end it: that it has ended without being told to is an error.
    """

    def __init__(self, name, command, environment, report, n_addresses=1):
        self.name = name
        self.command = command
        self.environment = environment
        self.report = report
        self.n_addresses = n_addresses
        self.log = None       # a path
        self.on_line = None   # is given what it says on standard error, line by line
        self.process = None
        self.addresses = []
        self.ending = False
        self.watcher = None
        self.said = b''

    async def start(self, log):
        self.log = log
        self.ending = False
        self.said = b''
        with open(log, 'ab') as file:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=file if self.on_line is None else subprocess.PIPE, env=self.environment)
        self.watcher = asyncio.create_task(self.watch(self.process))
        self.addresses = []
        while len(self.addresses) < self.n_addresses:
            line = await asyncio.wait_for(self.process.stdout.readline(), TIMEOUT)
            if not line:
                raise RuntimeError(f'{self.name} was not ready when it ended')
            if line.startswith(b'listening '):
                self.addresses.append(line.decode().split()[1])

    async def watch(self, process):
        """To its end."""
        _, status = await asyncio.gather(self.pass_lines(process.stderr), process.wait())
        if not self.ending:
            self.report.add_cause(f'{self.name} ended by itself, with {status}')

    async def pass_lines(self, stream):
        if stream is None:
            return
        with open(self.log, 'ab', buffering=0) as log:
            while line := await stream.readline():
                log.write(line)
                self.on_line(line)

    def send(self, number):
        if self.is_running():
            try:
                self.process.send_signal(number)
            except ProcessLookupError:
                pass  # it has just ended, of which its watcher is about to tell

    async def kill(self):
        self.ending = self.is_running()
        self.send(signal.SIGKILL)
        await self.watcher

    async def end(self):
        """Tells it to end. To do so in time, and with 0, is its duty."""
        if not self.is_running():
            return
        self.ending = True
        self.send(signal.SIGTERM)
        try:
            self.said, status = await asyncio.wait_for(
                asyncio.gather(self.process.stdout.read(), self.process.wait()), TIMEOUT)
        except asyncio.TimeoutError:
            status = None
            self.send(signal.SIGKILL)
        await self.watcher
        if status is None:
            self.report.add_error(f'{self.name} did not end when it was told to')
        elif status != 0:
            self.report.add_error(f'told to end, {self.name} did so with {status}')

    def is_running(self):
        return self.process is not None and self.process.returncode is None

    def descriptors(self):
        """What it has open, as the kernel names it."""
        folder = f'/proc/{self.process.pid}/fd'
        found = {}
        for number in os.listdir(folder):
            try:
                found[number] = os.readlink(os.path.join(folder, number))
            except FileNotFoundError:
                continue
        return found

    def connections(self):
        """Which of its descriptors are ends of TCP connections."""
        with open(f'/proc/{self.process.pid}/net/tcp', encoding='ascii') as file:
            rows = [line.split() for line in file.readlines()[1:]]
        sockets = {f'socket:[{row[9]}]' for row in rows if row[3] != LISTENING}
        return [number for number, name in self.descriptors().items() if name in sockets]

    def memory(self):
        with open(f'/proc/{self.process.pid}/statm', encoding='ascii') as file:
            return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def find_marked(marker):
    """The command lines of all processes that have inherited this variable of the environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/environ', 'rb') as file:
                if marker.encode() not in file.read().split(b'\0'):
                    continue
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                found.append(f'{pid}: {file.read().replace(bytes(1), b" ").decode()}')
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended meanwhile, or is somebody else's
    return found
