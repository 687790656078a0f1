#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""relay --listen udp:ADDRESS --connect udp:ADDRESS: each client has an analyzer, packets stay what
they are, and what goes wrong for one of them is no matter of the others."""

import os
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import tool_harness as harness

QUIET = 0.05
PASS = 'pattern=string=no%20such%20string&action=deny&actdata=x'


class Echo:
    """Answers each datagram by itself, and keeps from whom it came."""

    def __init__(self):
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.address = f'udp:127.0.0.1:{self.socket.getsockname()[1]}'
        self.seen = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                data, client = self.socket.recvfrom(1 << 16)
            except OSError:
                return
            self.seen.append((data, client))
            self.socket.sendto(data, client)


def connect(relay, number=0):
    client = socket.socket(type=socket.SOCK_DGRAM)
    client.settimeout(harness.TIMEOUT)
    client.connect(('127.0.0.1', int(relay.addresses[number].rpartition(':')[2])))
    return client


def has_v6_loopback():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(('::1', 0))
    except OSError:
        return False
    return True


class Datagrams(unittest.TestCase):
    def setUp(self):
        self.server = Echo()
        self.addCleanup(self.server.socket.close)
        self.folder = harness.make_folder()

    def start(self, *args, **options):
        tool = harness.Tool(*args, **options)
        tool.__enter__()
        self.addCleanup(tool.__exit__, None, None, None)
        return tool

    def relay(self, *options):
        return self.start('relay', '--listen', 'udp:127.0.0.1:0', *options, '--connect',
                          self.server.address)

    def check_echo(self, client, data, wanted=None):
        client.send(data)
        self.assertEqual(client.recv(1 << 16), data if wanted is None else wanted)

    def check_silence(self, client):
        client.settimeout(QUIET)
        with self.assertRaises(socket.timeout):
            client.recv(1 << 16)
        client.settimeout(harness.TIMEOUT)

    def test_pass(self):
        relay = self.relay()
        self.assertRegex(relay.address, r'^udp:127\.0\.0\.1:\d+$')
        for size in (1, 1400, 65507):
            with connect(relay) as client:
                self.check_echo(client, bytes(size))
                self.check_echo(client, b'')
                self.check_echo(client, b'again')
        # A port for each client.
        self.assertEqual(len({client for _, client in self.server.seen}), 3)

    def test_name(self):
        """All addresses of a name, at one port; connections in another group of the same relay."""
        with harness.Upstream(harness.echo) as upstream:
            count = 1 + has_v6_loopback()
            relay = self.start('relay', '--listen', 'udp:localhost:0', '--connect',
                               self.server.address.replace('127.0.0.1', 'localhost'), '--listen',
                               '127.0.0.1:0', '--connect', upstream.address, listeners=count + 1)
            ports = {address.rpartition(':')[2] for address in relay.addresses[:count]}
            self.assertEqual(len(ports), 1, relay.addresses)
            at = relay.addresses.index('udp:127.0.0.1:' + ports.pop())
            with connect(relay, at) as client:
                # Where the server's name has another address first, a packet finds that out.
                client.settimeout(0.5)
                try:
                    self.check_echo(client, b'datagram')
                except socket.timeout:
                    with connect(relay, at) as second:
                        self.check_echo(second, b'datagram')
            with socket.create_connection(('127.0.0.1', relay.addresses[count].rpartition(':')[2]),
                                          timeout=harness.TIMEOUT) as stream:
                stream.sendall(b'stream')
                self.assertEqual(stream.recv(100), b'stream')

    def test_pattern(self):
        """In a packet; a match does not reach over its border."""
        relay = self.relay('--module', 'pattern=string=foo&action=replace&actdata=barbaz&rxdir=0',
                           '--module', PASS)
        with connect(relay) as client:
            self.check_echo(client, b'a foo', b'a barbaz')
            self.check_echo(client, b'f')
            self.check_echo(client, b'oo')

    def test_deny(self):
        relay = self.relay('--module', 'pattern=string=evil&action=deny&actdata=not%20that')
        with connect(relay) as client, connect(relay) as other:
            self.check_echo(client, b'good')
            client.send(b'evil')
            relay.wait_for_log('refused: Denied by the analyzer: not that')
            client.send(b'good')
            self.check_silence(client)
            self.check_echo(other, b'good')
        self.assertEqual([data for data, _ in self.server.seen], [b'good', b'good'])

    def test_pinning(self):
        relay = self.relay('--module', 'protocol-pinning=dir0=0&rxlen0=4&rx0=^ping&dir1=1&rxlen1=4'
                           '&rx1=^ping')
        with connect(relay) as client, connect(relay) as other:
            self.check_echo(client, b'ping')
            other.send(b'pong')
            relay.wait_for_log('refused')
            self.check_silence(other)
        self.assertEqual([data for data, _ in self.server.seen], [b'ping'])

    def test_session_log(self):
        """One record for each packet, whole."""
        relay = self.relay('--module', f'session-log=dir={self.folder}&format=bin')
        said = [b'a', bytes(20000), b'b']
        with connect(relay) as client:
            for data in said:
                self.check_echo(client, data)
        self.assertEqual(relay.stop(), 0)
        name, = os.listdir(self.folder)
        with open(os.path.join(self.folder, name), 'rb') as file:
            records = []
            while header := file.read(13):
                _, _, direction, length = struct.unpack('>IIBI', header)
                records.append((direction, file.read(length)))
        self.assertEqual(records, [(direction, data) for data in said for direction in (0, 1)])

    def test_session_log_pcap(self):
        """tshark sees the same datagrams, and nothing to complain of."""
        relay = self.relay('--module', f'session-log=dir={self.folder}&format=pcap')
        said = [b'a', bytes(range(256)) * 255, b'\xff\xff', b'b']
        with connect(relay) as client:
            port = client.getsockname()[1]
            for data in said:
                self.check_echo(client, data)
        self.assertEqual(relay.stop(), 0)
        name, = os.listdir(self.folder)
        shown = subprocess.run(['tshark', '-n', '-r', os.path.join(self.folder, name), '-d',
                                f'udp.port=={port},data', '-o', 'udp.check_checksum:TRUE', '-o',
                                'ip.check_checksum:TRUE', '-T', 'fields', '-e', 'udp.srcport',
                                '-e', 'udp.checksum.status', '-e', 'ip.checksum.status', '-e',
                                '_ws.malformed', '-e', 'data.data'], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, check=True, text=True,
                               timeout=harness.TIMEOUT).stdout.splitlines()
        server = self.server.socket.getsockname()[1]
        self.assertEqual([line.split('\t') for line in shown],
                         [[str(source), '1', '1', '', data.hex()] for data in said
                          for source in (port, server)])

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build has no bindings')
    def test_not_for_streams(self):
        path = os.path.join(self.folder, 'streams.py')
        with open(path, 'w', encoding='utf-8') as script:
            script.write('from gi.repository import Imp\n\n\nclass Own(Imp.Analyzer):\n'
                         '    data_type = Imp.DATA_TYPE_STREAM\n')
        status, _, log = harness.run_tool('relay', '--listen', 'udp:127.0.0.1:0', '--module', path,
                                          '--connect', self.server.address)
        self.assertEqual(status, 1)
        self.assertIn('the module does not work with packets', log)

    def test_errors(self):
        cases = [
            (('--listen', 'udp:/tmp/x', '--connect', 'udp:127.0.0.1:1'), 'none for datagrams'),
            (('--listen', 'udp:127.0.0.1', '--connect', 'udp:127.0.0.1:1'), '"127.0.0.1"'),
            (('--listen', 'udp:tls://127.0.0.1:0', '--connect', 'udp:127.0.0.1:1'),
             'none for datagrams'),
            (('--listen', 'udp:127.0.0.1:0', '--connect', 'udp:127.0.0.1:0'), 'a port from 1'),
            (('--listen', 'udp:127.0.0.1:0', '--connect', '127.0.0.1:1'), 'is for datagrams'),
            (('--listen', '127.0.0.1:0', '--connect', 'udp:127.0.0.1:1'), 'is for connections'),
            (('--listen', '127.0.0.1:0', '--listen', 'udp:127.0.0.1:0', '--connect', 'x:1'),
             'is for connections'),
            (('--listen', 'udp:127.0.0.1:0', '--listen', '127.0.0.1:0', '--connect', 'x:1'),
             'is for datagrams'),
            (('--datagram-idle-timeout=0', '--listen', 'udp:127.0.0.1:0', '--connect', 'udp:x:1'),
             'datagram-idle-timeout'),
            (('--record', self.folder, '--listen', 'udp:127.0.0.1:0', '--connect', 'udp:x:1'),
             '--record is for connections'),
            (('--listen', 'udp:127.0.0.1:0', '--shadow', 'pattern=string=x&action=deny',
              '--connect', 'udp:x:1'), '--shadow and --canary are for connections'),
        ]
        for args, text in cases:
            with self.subTest(args=args):
                status, _, log = harness.run_tool('relay', *args)
                self.assertEqual(status, 2, log)
                self.assertIn(text, log)

    def test_in_use(self):
        port = self.server.address.rpartition(':')[2]
        status, _, log = harness.run_tool('relay', '--listen', f'udp:127.0.0.1:{port}',
                                          '--connect', 'udp:127.0.0.1:1')
        self.assertEqual(status, 1)
        self.assertIn(f'--listen "udp:127.0.0.1:{port}"', log)
        self.assertIn('in use', log)

    def test_max_connections(self):
        relay = self.relay('--max-connections=1')
        with connect(relay) as first, connect(relay) as second:
            self.check_echo(first, b'x')
            second.send(b'y')
            relay.wait_for_log('No room for the client 127.0.0.1')
            self.check_silence(second)
            self.check_echo(first, b'z')
        self.assertEqual(relay.stop(), 0)
        relay.wait_for_log('clients-refused=1 dropped-client=1')

    def test_evict(self):
        relay = self.relay('--max-connections=1', '--evict')
        for _ in range(3):
            with connect(relay) as client:
                self.check_echo(client, b'x')

    def test_idle(self):
        """A client that comes again after it was forgotten has another port at the server."""
        relay = self.relay('--datagram-idle-timeout=1', '--module', PASS)
        with connect(relay) as client:
            self.check_echo(client, b'x')
            while len({client for _, client in self.server.seen}) == 1:
                time.sleep(1.2)
                self.check_echo(client, b'x')

    def remote(self, settings, *options):
        """A relay with a remote analyzer, whose server is killed: the relay, the server."""
        path = os.path.join(self.folder, 'imp.sock')
        server = harness.Tool('serve', '--module', PASS, path)
        self.addCleanup(server.wait)
        self.addCleanup(server.process.kill)
        return self.relay('--module', f'remote=addr={path}&{settings}', *options), server

    def test_killed_hard(self):
        """Nothing passes that was not judged; and once there is a server again, all goes on."""
        relay, server = self.remote('fail=hard')
        with connect(relay) as client:
            self.check_echo(client, b'before')
            server.process.send_signal(signal.SIGSTOP)
            client.send(b'lost')
            server.process.send_signal(signal.SIGKILL)
            relay.wait_for_log('failed: ')
            self.check_silence(client)
            self.assertEqual([data for data, _ in self.server.seen], [b'before'])
            os.unlink(os.path.join(self.folder, 'imp.sock'))
            self.start('serve', '--module', PASS, os.path.join(self.folder, 'imp.sock'))
            client.settimeout(0.3)
            for _ in range(100):
                client.send(b'after')
                try:
                    self.assertEqual(client.recv(100), b'after')
                    break
                except socket.timeout:
                    continue
            else:
                self.fail('it does not go on')
        self.assertEqual(relay.stop(), 0)

    def test_killed_soft(self):
        """What waited passes, and so does what comes."""
        relay, server = self.remote('fail=soft')
        with connect(relay) as client:
            self.check_echo(client, b'before')
            server.process.send_signal(signal.SIGSTOP)
            client.send(b'waits')
            self.check_silence(client)
            server.process.send_signal(signal.SIGKILL)
            self.assertEqual(client.recv(100), b'waits')
            self.check_echo(client, b'after')

    def test_stop(self):
        """What waits for a verdict at SIGTERM still gets it, and its answer arrives."""
        relay, server = self.remote('fail=hard')
        with connect(relay) as client, connect(relay) as late:
            self.check_echo(client, b'before')
            server.process.send_signal(signal.SIGSTOP)
            client.send(b'waits')
            self.check_silence(client)
            relay.process.terminate()
            late.send(b'too late')
            self.check_silence(late)
            server.process.send_signal(signal.SIGCONT)
            self.assertEqual(client.recv(100), b'waits')
        self.assertEqual(relay.wait(), 0)

    def test_grace(self):
        relay, server = self.remote('fail=hard&deadline=60000', '--grace=1')
        with connect(relay) as client:
            self.check_echo(client, b'before')
            server.process.send_signal(signal.SIGSTOP)
            client.send(b'waits')
            self.check_silence(client)
            self.assertEqual(relay.stop(), 0)
        relay.wait_for_log('still there after 1 seconds')


if __name__ == '__main__':
    unittest.main()
