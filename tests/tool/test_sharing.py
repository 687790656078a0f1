#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay and a server that share memory: much goes through it, and nothing is left of it."""

import hashlib
import os
import random
import signal
import socket
import threading
import time
import unittest

import tool_harness as harness

MIB = 1 << 20
SIZE = 1 << 30
# It looks at everything, and finds nothing.
LOOK = ('--module', 'pattern=string=this-is-in-no-random-data-at-all&action=deny&actdata=no')
BLOCK = random.Random(1).randbytes(4 * MIB + 12345)


def maps_of(process):
    with open(f'/proc/{process.pid}/maps', encoding='utf-8', errors='replace') as maps:
        return sum('memfd:imp-arena' in line for line in maps)


def descriptors_of(process):
    return len(os.listdir(f'/proc/{process.pid}/fd'))


def send_all(sock):
    """Sends so much that no two places of it look alike for long, and ends."""
    sent = 0
    while sent < SIZE:
        n = min(len(BLOCK), SIZE - sent)
        sock.sendall(BLOCK[:n])
        sent += n
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)


class Sharing(unittest.TestCase):

    def setUp(self):
        self.folder = harness.make_folder()
        self.socket = os.path.join(self.folder, 'socket')

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def serve(self, *options):
        return self.enter(harness.Tool('serve', *options, self.socket))

    def relay(self, upstream, settings=''):
        return self.enter(harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                       f'remote=addr={self.socket}{settings}', '--connect',
                                       upstream))

    def test_gibibyte(self):
        """It arrives as it was, hardly any of it through the socket."""
        upstream = self.enter(harness.Upstream(send_all))
        server = self.serve('--shared-memory', *LOOK)
        relay = self.relay(upstream.address)
        wanted, got = hashlib.sha256(), hashlib.sha256()
        received = 0
        with socket.create_connection(('127.0.0.1', relay.port), harness.TIMEOUT) as sock:
            while data := sock.recv(MIB):
                if received == 0:
                    # The first bytes may come before the server has heard of the memory.
                    harness.wait_until(lambda: maps_of(relay.process) == 1
                                       and maps_of(server.process) == 1)
                got.update(data)
                received += len(data)
        self.assertEqual(received, SIZE)
        whole, rest = divmod(SIZE, len(BLOCK))
        for _ in range(whole):
            wanted.update(BLOCK)
        wanted.update(BLOCK[:rest])
        self.assertEqual(got.hexdigest(), wanted.hexdigest())

    def test_replaced(self):
        """The pattern module works on copies."""
        path = os.path.join(self.folder, 'text')
        harness.write_text(path, 8 * 10**6)
        upstream = self.enter(harness.file_server(path))
        server = self.serve('--shared-memory', '--module',
                            'pattern=string=foo&action=replace&actdata=barbaz&hold-timeout=0')
        relay = self.relay(upstream.address)
        self.assertEqual(harness.fetch(relay.port), harness.sed(path, 's/foo/barbaz/g'))
        self.assertEqual(maps_of(server.process), 1)

    def test_off(self):
        """Either end can do without."""
        path = os.path.join(self.folder, 'random')
        harness.write_random(path, 2 * MIB)
        upstream = self.enter(harness.file_server(path))
        for options, settings in ((), ''), (('--shared-memory-any-peer',), '&shared_memory=off'):
            with harness.Tool('serve', *options, *LOOK, self.socket) as server, \
                    harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                 f'remote=addr={self.socket}{settings}', '--connect',
                                 upstream.address) as relay:
                self.assertEqual(len(harness.fetch(relay.port)), 2 * MIB)
                self.assertEqual(maps_of(server.process) + maps_of(relay.process), 0)

    def test_killed(self):
        """Neither end keeps anything of one that is killed, and the next one gets memory again."""
        stop = threading.Event()

        def flood(sock):
            try:
                while not stop.is_set():
                    sock.sendall(BLOCK)
            except OSError:
                pass

        upstream = self.enter(harness.Upstream(flood))
        server = harness.Tool('serve', '--shared-memory', *LOOK, self.socket)
        relay = harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={self.socket}&reconnect_max=100', '--connect',
                             upstream.address)
        sockets = []
        counts = []
        for _ in range(3):
            sock = socket.create_connection(('127.0.0.1', relay.port), harness.TIMEOUT)
            sockets.append(sock)
            harness.wait_until(lambda: sock.recv(MIB) and maps_of(server.process) == 1)
            counts.append(descriptors_of(relay.process))
            server.process.send_signal(signal.SIGKILL)
            server.wait()
            with self.assertRaises((ConnectionError, EOFError)):
                while sock.recv(MIB):
                    pass
                raise EOFError
            harness.wait_until(lambda: maps_of(relay.process) == 0)
            server = harness.Tool('serve', '--shared-memory', '--replace', *LOOK, self.socket)
            relay.wait_for_log(self.socket)
            time.sleep(0.3)
        self.assertLessEqual(max(counts) - min(counts), 1)

        sock = socket.create_connection(('127.0.0.1', relay.port), harness.TIMEOUT)
        sockets.append(sock)
        harness.wait_until(lambda: sock.recv(MIB) and maps_of(server.process) == 1)
        before = descriptors_of(server.process)
        relay.process.send_signal(signal.SIGKILL)
        relay.wait()
        harness.wait_until(lambda: maps_of(server.process) == 0)
        self.assertLess(descriptors_of(server.process), before)
        stop.set()
        for sock in sockets:
            sock.close()
        self.assertEqual(server.stop(), 0)


if __name__ == '__main__':
    unittest.main()
