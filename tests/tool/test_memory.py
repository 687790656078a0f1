#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""While a slow client reads a large download, relay and server stay small, and so does what is
under way: the sender is slowed down.

With --full the client reads 1 GB at 1 MB/s to its end, which takes 1000 seconds; without, it reads
for some seconds. Where there is a verdict for each two bytes, that is more than the analyzer can
do in a second, so that the reader is slower still, or stops."""

import contextlib
import os
import socket
import sys
import time
import unittest

import tool_harness as harness

MB = 10**6
SIZE = 1000 * MB
RATE = MB  # bytes per second
SECONDS = 8
FULL = '--full' in sys.argv
LIMIT = 64 * MB
# Socket buffers of the kernel, on four ways, and what the programs may hold.
UNDER_WAY = 48 * MB
# What docs/limits.md says a relay holds for a reader that has stopped: output and input that wait,
# what was under way to the analyzer, its verdicts; and the program itself.
LIMIT_STOPPED = 32 * MB
DENSE = b'foo ' * 16384
REPLACING = 'pattern=string=foo&rxdir=1&action=replace&actdata='


class Producer:
    """Sends SIZE bytes, and counts what it got rid of."""

    def __init__(self, block):
        self.block = block
        self.sent = 0

    def serve(self, connection):
        connection.recv(100)
        position = 0
        while self.sent < SIZE:
            n = connection.send(self.block[position:position + SIZE - self.sent])
            position = (position + n) % len(self.block)
            self.sent += n


def read_slowly(connection, seconds):
    """Reads at RATE, and returns how much came."""
    start = time.monotonic()
    received = 0
    while seconds is None or time.monotonic() - start < seconds:
        due = int((time.monotonic() - start) * RATE) - received
        if due < 4096:
            time.sleep(0.01)
            continue
        piece = connection.recv(min(due, 1 << 16))
        if not piece:
            break
        received += len(piece)
    return received


class SlowClient(unittest.TestCase):
    def check(self, module, block):
        folder = harness.make_folder()
        producer = Producer(block)
        with harness.Upstream(producer.serve) as upstream, \
                harness.Tool('serve', '--module', module, os.path.join(folder, 's')) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={server.address}', '--connect',
                             upstream.address) as relay:
            with socket.create_connection(('127.0.0.1', relay.port), timeout=60) as client:
                client.sendall(b'go\n')
                received = read_slowly(client, None if FULL else SECONDS)
                self.report(relay, server, received, producer.sent)

    def report(self, relay, server, received, sent):
        print(f'received {received / MB:.1f} MB of {sent / MB:.1f} MB sent; memory at most: relay '
              f'{relay.peak_memory() / MB:.1f} MB, server {server.peak_memory() / MB:.1f} MB',
              flush=True)
        if FULL:
            self.assertEqual(received, SIZE)
        else:
            self.assertGreater(received, SECONDS * RATE * 0.7)
            self.assertLess(sent - received, UNDER_WAY)
        self.assertLess(relay.peak_memory(), LIMIT)
        self.assertLess(server.peak_memory(), LIMIT)

    def test_passing(self):
        self.check('pattern=string=not-in-it&action=deny&actdata=no', bytes(65536))

    def test_replacing(self):
        """Verdicts for each few words wait until the client can take more."""
        block = (b'lorem ipsum dolor foo sit amet ' * 2200)[:65536]
        self.check('pattern=string=foo&rxdir=1&action=replace&actdata=bar&hold-timeout=0', block)


class StoppedClient(unittest.TestCase):
    """A verdict for each two bytes, and nobody who reads what they let through."""

    def check(self, replacement, limit, clients=1, inside=False):
        module = REPLACING + replacement
        folder = harness.make_folder()
        producer = Producer(DENSE)
        with harness.Upstream(producer.serve) as upstream, \
                harness.Tool('serve', '--module', module, os.path.join(folder, 's')) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             module if inside else f'remote=addr={server.address}', '--connect',
                             upstream.address) as relay, contextlib.ExitStack() as stack:
            connections = [stack.enter_context(harness.connect(relay.port))
                           for _ in range(clients)]
            for connection in connections:
                connection.sendall(b'go\n')
            self.wait_until_still(producer)
            self.assertLess(producer.sent, clients * UNDER_WAY)
            print(f'{producer.sent / MB:.1f} MB sent; memory at most: relay '
                  f'{relay.peak_memory() / MB:.1f} MB, server {server.peak_memory() / MB:.1f} MB',
                  flush=True)
            self.assertLess(relay.peak_memory(), limit)
            self.assertLess(server.peak_memory(), LIMIT_STOPPED)
            # What waits is neither lost nor out of order.
            self.check_output(connections[0], replacement.encode() + b' ')

    def check_output(self, connection, period):
        for _ in range(4 * MB // (1000 * len(period))):
            piece = bytearray()
            while len(piece) < 1000 * len(period):
                more = connection.recv(1000 * len(period) - len(piece))
                self.assertNotEqual(more, b'')
                piece += more
            self.assertEqual(piece, 1000 * period)

    def wait_until_still(self, producer):
        """Until nothing has moved for two seconds."""
        sent, since = -1, time.monotonic()
        while time.monotonic() - since < 2:
            if producer.sent != sent:
                sent, since = producer.sent, time.monotonic()
            time.sleep(0.05)

    def test_dense(self):
        self.check('bar', LIMIT_STOPPED)

    def test_dense_inside(self):
        self.check('bar', LIMIT_STOPPED, inside=True)

    def test_dense_and_growing(self):
        """Verdicts that are eleven times as large as what they are about: with 4 MB of that under
        way, 44 MB more."""
        self.check('x' * 40, LIMIT_STOPPED + 44 * MB)

    def test_ten_at_once(self):
        """Each of them has its own output, one read of 256 KiB and verdicts; what is under way they
        share."""
        self.check('bar', LIMIT_STOPPED + 10 * 3 * MB, clients=10)


if __name__ == '__main__':
    if FULL:
        sys.argv.remove('--full')
    harness.main()
