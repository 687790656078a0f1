#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""While a slow client reads a large download, relay and server stay small, and so does what is
under way: the sender is slowed down.

With --full the client reads 1 GB at 1 MB/s to its end, which takes 1000 seconds; without, it reads
for some seconds."""

import os
import socket
import sys
import time
import unittest

import tool_harness as harness

MB = 10**6
SIZE = 1000 * MB
RATE = MB  # octets per second
SECONDS = 8
FULL = '--full' in sys.argv
LIMIT = 64 * MB
# Socket buffers of the kernel, on four ways, and what the programs may hold.
UNDER_WAY = 48 * MB


class Producer:
    """Sends SIZE octets, and counts what it got rid of."""

    def __init__(self, block):
        self.block = block
        self.sent = 0

    def serve(self, connection):
        connection.recv(100)
        while self.sent < SIZE:
            self.sent += connection.send(self.block[:SIZE - self.sent])


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
        """Verdicts for every few words wait until the client can take more."""
        block = (b'lorem ipsum dolor foo sit amet ' * 2200)[:65536]
        self.check('pattern=string=foo&rxdir=1&action=replace&actdata=bar', block)


if __name__ == '__main__':
    if FULL:
        sys.argv.remove('--full')
    harness.main()
