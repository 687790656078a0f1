#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""serve --take-over ADDRESS: a server of analyzers is replaced while relays use it, and none of
their connections notices."""

import os
import signal
import socket
import subprocess
import unittest

import tool_harness as harness
from take_over_load import EchoServer, Load

CERTIFICATES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lib',
                            'certificates.sh')
# Each connection has an analyzer that looks at all of it.
MODULE = ['--module', 'pattern=string=no%20such%20text&action=deny&actdata=x']


class Servers(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.control = os.path.join(self.folder, 'control')
        self.path = os.path.join(self.folder, 's')

    def serve(self, *options, addresses=None, listeners=None):
        addresses = addresses or [self.path]
        return harness.Tool('serve', '--control', self.control, *MODULE, *options, *addresses,
                            listeners=listeners or len(addresses))

    def next(self, *options, **rest):
        return self.serve('--take-over', self.control, *options, **rest)

    def relay(self, server, target):
        return harness.Tool('relay', '--module', f'remote=addr={server}', '--listen',
                            '127.0.0.1:0', '--connect', target)

    def ping(self, address):
        return harness.run_tool('ping', address)[0]

    def test_under_load(self):
        """The relay's analyzers are refused if they are lost, so that a loss is seen."""
        addresses = [self.path, '127.0.0.1:0']
        echo = EchoServer()
        load = Load(echo)
        servers = [self.serve(addresses=addresses)]
        relays = [self.relay(address, echo.address) for address in servers[0].addresses]
        try:
            load.start([relay.address for relay in relays])
            for _ in range(3):
                load.wait_for_more(200)
                servers.append(self.next(addresses=addresses))
                servers[-2].wait_for_log('has taken over')
                self.assertEqual(servers[-1].addresses, servers[0].addresses)
            load.wait_for_more(200)
        finally:
            load.stop()
            self.assertEqual(load.faults, [])
            self.assertEqual([relay.stop() for relay in relays], [0, 0])
            self.assertEqual([server.wait() for server in servers[:-1]], [0, 0, 0])
            self.assertEqual(servers[-1].stop(), 0)
        self.assertGreater(load.n_done, 800)
        self.assertEqual(os.listdir(self.folder), [])

    def test_analyzers_are_finished(self):
        """One that exists stays where it is, until its connection has ended."""
        with harness.Upstream(harness.echo) as upstream, self.serve() as old, \
                self.relay(self.path, upstream.address) as relay:
            early = harness.connect(relay.port)
            self.check(early)
            with self.next() as new:
                new.wait_for_log(f'Process {old.process.pid} has been replaced')
                self.check(early)
                late = harness.connect(relay.port)
                self.check(late)
                self.assertIsNone(old.process.poll())
                early.close()
                self.assertEqual(old.wait(), 0)
                self.check(late)
                late.close()
        self.assertEqual(os.listdir(self.folder), [])

    def test_grace(self):
        for options, stop in ((['--take-over-grace', '1'], None),
                              (['--grace', '1'], signal.SIGTERM)):
            with self.subTest(options), harness.Upstream(harness.echo) as upstream, \
                    self.serve(*options) as old, \
                    self.relay(self.path, upstream.address) as relay, \
                    harness.connect(relay.port) as early:
                self.check(early)
                with self.next() as new:
                    new.wait_for_log('has been replaced')
                    if stop is not None:
                        old.process.send_signal(stop)
                    self.assertEqual(old.wait(), 0)
                    self.assertEqual(harness.read_to_reset(early), b'')
                    self.assertEqual(self.ping(self.path), 0)

    def test_other_program(self):
        with self.serve() as server:
            status, _, err = harness.run_tool('relay', '--take-over', self.control, '--listen',
                                              self.path + '2', '--connect', '127.0.0.1:9')
            self.assertEqual(status, 1)
            self.assertIn('"relay" cannot replace this process, which is "serve"', err)
            self.assertIsNone(server.process.poll())
            self.assertEqual(self.ping(self.path), 0)

    def test_agent_check(self):
        """That address goes over as well: the balancer never finds it closed."""
        agent = ['--agent-check', '127.0.0.1:%d' % harness.free_port()]
        with self.serve(*agent) as old, self.next(*agent) as new:
            self.assertEqual(old.wait(), 0)
            port = int(agent[1].rpartition(':')[2])
            with socket.create_connection(('127.0.0.1', port)) as client:
                self.assertIn(b'up ', harness.read_all(client))
            self.assertIsNone(new.process.poll())

    def test_wrong(self):
        """What cannot be started leaves all as it was."""
        with self.serve() as server:
            for options, status, why in ((['--workers', '2', self.path], 2, '--workers'),
                                         ([self.path, '0.0.0.0:0'], 2, 'other machines'),
                                         ([self.path, '/nothing/there'], 1, '/nothing/there'),
                                         (['--module', 'patern', self.path], 2, 'patern')):
                with self.subTest(why):
                    got, _, err = harness.run_tool('serve', '--control', self.control,
                                                   '--take-over', self.control, *options)
                    self.assertEqual((got, why in err), (status, True), err)
            self.assertIsNone(server.process.poll())
            self.assertEqual(self.ping(self.path), 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_tls(self):
        subprocess.run(['sh', CERTIFICATES, self.folder], check=True)
        ca, certificate, key = (os.path.join(self.folder, name)
                                for name in ('ca.pem', 'server.pem', 'server.key'))
        options = ['--tls-cert', certificate, '--tls-key', key]
        addresses = ['tls://127.0.0.1:0']
        with self.serve(*options, addresses=addresses) as old, \
                self.next(*options, addresses=addresses) as new:
            self.assertEqual(old.wait(), 0)
            self.assertEqual(new.addresses, old.addresses)
            status, _, err = harness.run_tool('ping', '--tls-ca', ca, new.address)
            self.assertEqual(status, 0, err)

    def test_ends_as_always(self):
        """Its files go before it waits for analyzers."""
        with harness.Upstream(harness.echo) as upstream, self.serve() as server, \
                self.relay(self.path, upstream.address) as relay, \
                harness.connect(relay.port) as client:
            self.check(client)
            server.process.terminate()
            harness.wait_until(lambda: not os.path.exists(self.path))
            self.check(client)
            client.close()
            self.assertEqual(server.wait(), 0)

    def check(self, client):
        client.sendall(b'hello')
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b'hello')


if __name__ == '__main__':
    harness.main()
