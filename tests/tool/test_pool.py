#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay whose analyzers are at several servers: what becomes of connections when one of these is
not there, is killed, ends or comes back."""

import os
import socket
import unittest

import tool_harness as harness

SHOUT = 'pattern=string=quiet&action=replace&actdata=LOUD&rxdir=0'


class Pool(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.paths = [os.path.join(self.folder, name) for name in 'abc']
        self.upstream = harness.Upstream(harness.echo)
        self.addCleanup(self.upstream.__exit__)

    def serve(self, number):
        server = harness.Tool('serve', '--module', SHOUT, self.paths[number])
        self.addCleanup(self.end, server)
        return server

    def end(self, server):
        if server.process.returncode is None:
            server.process.kill()
            server.wait()

    def relay(self, settings):
        relay = harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addresses={",".join(self.paths)}&{settings}', '--connect',
                             self.upstream.address)
        self.addCleanup(relay.__exit__, None, None, None)
        return relay

    def connect(self, relay):
        client = socket.create_connection(('127.0.0.1', relay.port), timeout=harness.TIMEOUT)
        self.addCleanup(client.close)
        return client

    def check(self, client):
        """It goes through an analyzer: nothing passes by."""
        client.sendall(b'quiet.')
        heard = b''
        while len(heard) < 5:
            data = client.recv(100)
            if not data:
                raise ConnectionResetError('it has ended')
            heard += data
        self.assertEqual(heard, b'LOUD.')

    def lives(self, client):
        try:
            self.check(client)
            return True
        except ConnectionError:
            return False

    def test_one_is_there(self):
        self.serve(2)
        for balance in ('two-choices', 'hash=caddr', 'first'):
            relay = self.relay(f'balance={balance}')
            for _ in range(20):
                with self.connect(relay) as client:
                    self.check(client)

    def test_killed(self):
        """Those that it had are refused, and no others."""
        servers = [self.serve(i) for i in range(3)]
        relay = self.relay('fail=hard')
        clients = [self.connect(relay) for _ in range(30)]
        for client in clients:
            self.check(client)
        servers[1].process.kill()
        servers[1].wait()
        relay.wait_for_log('failed')
        lost = sum(not self.lives(client) for client in clients)
        self.assertGreater(lost, 0)
        self.assertLess(lost, 25)
        for _ in range(20):
            with self.connect(relay) as client:
                self.check(client)
        os.unlink(self.paths[1])
        self.serve(1)
        for _ in range(20):
            with self.connect(relay) as client:
                self.check(client)

    def test_ends(self):
        """One that is asked to end finishes what it has; nobody is refused."""
        servers = [self.serve(i) for i in range(3)]
        relay = self.relay('fail=hard&connections=2')
        clients = [self.connect(relay) for _ in range(30)]
        for client in clients:
            self.check(client)
        servers[0].process.terminate()
        for _ in range(20):
            with self.connect(relay) as client:
                self.check(client)
        for client in clients:
            self.check(client)
            client.close()
        self.assertEqual(servers[0].wait(), 0)
        self.assertEqual([line for line in relay.log if 'failed' in line], [])

    def test_errors(self):
        for settings, text in (('addresses=/a,,/b', '""'), ('addresses=/a&balance=none', '"none"'),
                               ('addresses=/a,b:c', '"b:c"'), ('connections=2', 'address')):
            with self.subTest(settings=settings):
                status, _, log = harness.run_tool('relay', '--listen', '127.0.0.1:0', '--module',
                                                  'remote=' + settings, '--connect', 'x:1')
                self.assertEqual(status, 2)
                self.assertIn(text, log)


if __name__ == '__main__':
    unittest.main()
