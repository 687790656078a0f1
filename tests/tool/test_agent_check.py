#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `serve --agent-check` tells load balancers, and how a server is taken out of service."""

import json
import os
import re
import signal
import socket
import threading
import unittest

import tool_harness as harness
from service_manager import Manager

SLOW = '''
import os
import time
from gi.repository import Imp

with open('{loading}.new', 'w') as target:
    target.write(str(os.getppid()))
os.rename('{loading}.new', '{loading}')
while not os.path.exists('{go}'):
    time.sleep(0.01)


class Look(Imp.Analyzer):
    data_type = Imp.DATA_TYPE_STREAM
    results = Imp.ResultFlags.PASS
'''
# What it begins with, and what it says while it has all that it may have.
UP = re.compile(rb'(?:ready )?up (\d+)%\n')


class Server(harness.Tool):
    """A serve with an agent check at a port that the system chooses."""

    def __init__(self, *args, at='127.0.0.1:0', **options):
        super().__init__('serve', '--agent-check', at, *args, **options)
        line = self.process.stdout.readline()
        if not line.startswith('agent-check '):
            raise AssertionError((line, self.log))
        self.agent = line.split(' ', 1)[1].rstrip('\n')

    def dial(self):
        if self.agent.startswith('/'):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(harness.TIMEOUT)
            client.connect(self.agent)
            return client
        return harness.connect(int(self.agent.rpartition(':')[2]))

    def ask(self):
        with self.dial() as client:
            return harness.read_all(client)

    def free(self):
        """The percentage, if it is up."""
        answer = UP.fullmatch(self.ask())
        return int(answer.group(1)) if answer else None


class Json:
    """A client that speaks json."""

    def __init__(self, server, *lines):
        self.socket = harness.connect(server.port)
        self.file = self.socket.makefile('r', encoding='utf-8')
        self.say({'op': 'set_version', 'version': 2, 'minimum': 1}, *lines)
        self.hear('set_version')

    def say(self, *messages):
        self.socket.sendall(''.join(json.dumps(message) + '\n' for message in messages).encode())

    def hear(self, wanted):
        """Up to the next one of this kind."""
        for line in self.file:
            if json.loads(line)['op'] == wanted:
                return json.loads(line)
        raise AssertionError(f'no {wanted} came')

    def add(self, number):
        """Makes an analyzer and waits until it is there."""
        self.say({'op': 'new_analyzer', 'id': number})
        self.check()

    def check(self):
        self.say({'op': 'ping', 'token': 7})
        self.hear('pong')

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()
        self.socket.close()


class Answers(unittest.TestCase):
    def test_idle(self):
        for at in ('127.0.0.1:0', os.path.join(harness.make_folder(), 'agent')):
            with self.subTest(at), Server('127.0.0.1:0', at=at) as server:
                self.assertEqual(server.ask(), b'ready up 100%\n')

    def test_something_is_sent(self):
        """HAProxy may say something (agent-send); the answer comes nevertheless."""
        with Server('127.0.0.1:0') as server, server.dial() as client:
            client.sendall(b'status\n' * 100)
            self.assertEqual(harness.read_end(client), (b'ready up 100%\n', 'end'))

    def test_connections(self):
        with Server('--max-connections=4', '127.0.0.1:0') as server:
            with Json(server), Json(server), Json(server):
                harness.wait_until(lambda: server.free() == 25)
                with Json(server):
                    # It serves, so that it is not 0.
                    harness.wait_until(lambda: server.free() == 1)
            harness.wait_until(lambda: server.free() == 100)

    def test_analyzers(self):
        with Server('--max-analyzers-per-peer=10', '127.0.0.1:0') as server, \
                Json(server) as client:
            for number in range(1, 4):
                client.add(number)
            harness.wait_until(lambda: server.free() == 70)

    def test_memory(self):
        with Server('--max-memory=64KiB', '--module', 'pattern=string=foo&action=deny',
                    '127.0.0.1:0') as server, Json(server) as client:
            for number in range(1, 33):
                client.add(number)
            harness.wait_until(lambda: (server.free() or 100) <= 50)

    def test_ready(self):
        """However often it asks in the beginning: what a balancer remembers of a process that has
        ended is to end."""
        with Server('127.0.0.1:0') as server:
            self.assertEqual({server.ask() for _ in range(8)}, {b'ready up 100%\n'})


class Hostile(unittest.TestCase):
    def test_never_close(self):
        """Others get their answer, and in the end those are closed."""
        with Server('127.0.0.1:0') as server:
            clients = [server.dial() for _ in range(50)]
            self.assertIsNotNone(server.free())
            for client in clients:
                with client:
                    self.assertRegex(harness.read_end(client)[0], rb'up 100%\n')
            descriptors = f'/proc/{server.process.pid}/fd'
            clients = [server.dial() for _ in range(8)]
            for client in clients:
                self.assertRegex(client.recv(100), rb'up 100%\n')
            more = len(os.listdir(descriptors))
            harness.wait_until(lambda: len(os.listdir(descriptors)) <= more - 8)
            for client in clients:
                client.close()

    def test_endless(self):
        with Server('127.0.0.1:0') as server, server.dial() as client:
            try:
                while True:
                    client.sendall(bytes(65536))
            except OSError as error:
                self.assertIn(type(error), (BrokenPipeError, ConnectionResetError))

    def test_others(self):
        """Who may not ask hears nothing."""
        with Server('--agent-check-from', '192.0.2.0/24', '127.0.0.1:0') as server:
            self.assertEqual(server.ask(), b'')
            server.wait_for_log('(--agent-check-from)')

    def test_named(self):
        with Server('--agent-check-from', '127.0.0.0/8', '127.0.0.1:0', at='0.0.0.0:0') as server:
            self.assertEqual(server.free(), 100)

    def test_errors(self):
        for args, status, text in (
                (['--agent-check', 'x'], 2, '--agent-check "x"'),
                (['--agent-check', 'tls://127.0.0.1:0'], 2, 'TLS'),
                (['--agent-check', '0.0.0.0:0'], 2, '--agent-check-from ADDRESS[/BITS] must say'),
                (['--agent-check', '192.0.2.1:1'], 1, '--agent-check "192.0.2.1:1"'),
                (['--agent-check-from', '127.0.0.1'], 2, 'is for --agent-check'),
                (['--agent-check', '127.0.0.1:0', '--agent-check-from', 'here'], 2,
                 '--agent-check-from "here"'),
                (['--agent-check', '127.0.0.1:0', '--drain-delay', '-1'], 2, '--drain-delay')):
            with self.subTest(args):
                got, out, err = harness.run_tool('serve', *args, '127.0.0.1:0')
                self.assertEqual((got, out), (status, ''), err)
                self.assertIn(text, err)


class Drained(unittest.TestCase):
    def test_by_hand(self):
        """Balancers first, clients then; what they have goes on, and it can be taken back."""
        with Server('--drain-delay=0', '127.0.0.1:0') as server, Json(server) as client:
            client.add(1)
            server.process.send_signal(signal.SIGUSR2)
            harness.wait_until(lambda: server.ask() == b'drain\n')
            client.hear('goodbye')
            client.check()
            server.wait_for_log('Draining: clients are told goodbye')
            with Json(server) as late:
                late.hear('goodbye')
            server.process.send_signal(signal.SIGUSR2)
            harness.wait_until(lambda: server.free() is not None)
            self.assertTrue(server.ask().startswith(b'ready up '))
            with Json(server) as late:
                late.add(1)

    def test_clients_wait_for_balancers(self):
        """Nobody has asked: clients are not sent to where they would come back from."""
        with Server('--drain-delay=0', '127.0.0.1:0') as server, Json(server) as client:
            server.process.send_signal(signal.SIGUSR2)
            server.wait_for_log('load balancers that ask are told')
            client.check()
            self.assertFalse(any('goodbye' in line for line in server.log))
            self.assertEqual(server.ask(), b'drain\n')
            client.hear('goodbye')

    def test_nobody_asks(self):
        with Server('127.0.0.1:0') as server, Json(server) as client:
            server.process.send_signal(signal.SIGUSR2)
            client.hear('goodbye')

    def test_without_agent_check(self):
        with harness.Tool('serve', '127.0.0.1:0') as server, Json(server) as client:
            server.process.send_signal(signal.SIGUSR2)
            client.hear('goodbye')
            server.process.send_signal(signal.SIGUSR2)
            server.wait_for_log('Serving again')
            with Json(server) as late:
                late.add(1)

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build runs no scripts')
    def test_while_it_starts(self):
        """What is said while a script is loaded counts for the server that comes of it."""
        folder = harness.make_folder()
        path, loading, go = (os.path.join(folder, name) for name in ('slow.py', 'loading', 'go'))
        with open(path, 'w', encoding='ascii') as script:
            script.write(SLOW.format(loading=loading, go=go))
        hurry = threading.Thread(target=self.drain_while, args=(loading, go))
        hurry.start()
        with harness.Tool('serve', '--module', path + '=sandbox=off', '127.0.0.1:0') as server:
            hurry.join()
            with Json(server) as client:
                client.hear('goodbye')

    def drain_while(self, loading, go):
        """The script says who has started it."""
        harness.wait_until(lambda: os.path.exists(loading))
        with open(loading, encoding='ascii') as source:
            os.kill(int(source.read()), signal.SIGUSR2)
        with open(go, 'w', encoding='ascii'):
            pass

    def test_stopping(self):
        """The balancer hears of it while analyzers go on."""
        with Server('--grace=50', '127.0.0.1:0') as server:
            with Json(server) as client:
                client.add(1)
                server.process.terminate()
                client.hear('goodbye')
                self.assertEqual(server.ask(), b'drain\n')
                # Nothing is taken back.
                server.process.send_signal(signal.SIGUSR2)
                client.check()
                self.assertEqual(server.ask(), b'drain\n')
            self.assertEqual(server.wait(), 0)

    def test_as_a_service(self):
        """The socket of the agent check is one of the service manager, too."""
        with Manager() as manager:
            agent = socket.create_server(('127.0.0.1', 0))
            manager.listeners.append(agent)
            with manager.start('serve', '--agent-check', 'systemd:agent', 'systemd:main',
                               options=['--names=main:agent']) as tool:
                self.assertIn('READY', manager.hear())
                port = agent.getsockname()[1]
                with harness.connect(port) as client:
                    self.assertEqual(harness.read_all(client), b'ready up 100%\n')
                tool.process.send_signal(signal.SIGUSR2)
                self.assertIn('load balancers', manager.hear()['STATUS'])
                with harness.connect(port) as client:
                    self.assertEqual(harness.read_all(client), b'drain\n')
                self.assertIn('goodbye', manager.hear()['STATUS'])


if __name__ == '__main__':
    harness.main()
