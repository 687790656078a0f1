#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several modules one behind the other, in a relay, in a server behind it, or in both: of any kind,
in order, each with its own fail mode, and with the error of the one that is wrong."""

import os
import signal
import socket
import threading
import unittest

import tool_harness as harness
from tool_harness import children

HERE = os.path.dirname(os.path.abspath(__file__))
SHOUT = os.path.join(HERE, '..', '..', 'docs', 'examples', 'shout.py')


GREETING = b'220 hello\n'
LINE = b'a secret line of text, and a little more of it\n'


def serve(connection):
    """Says what it got, and then what is asked for."""
    while True:
        request = connection.recv(1000)
        if not request:
            return
        connection.sendall(b'[' + request + b'] the cat sat')


def read(client, size):
    """So many bytes: a socket with a timeout does not wait for all of them by itself."""
    pieces = []
    while size > 0 and (piece := client.recv(size)):
        pieces.append(piece)
        size -= len(piece)
    return b''.join(pieces)


def rule(text, to, direction):
    return f'pattern=string={text}&action=replace&actdata={to}&rxdir={direction}'


def specs(*modules):
    return [word for module in modules for word in ('--module', module)]


class Cascade(unittest.TestCase):
    def enterContext(self, context):  # in unittest itself from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def setUp(self):
        self.upstream = self.enterContext(harness.Upstream(serve))

    def serve(self, *modules):
        return self.enterContext(harness.Tool('serve', '--grace=1', *specs(*modules),
                                              '127.0.0.1:0'))

    def relay(self, *modules):
        return self.enterContext(harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0',
                                              *specs(*modules), '--connect',
                                              self.upstream.address))

    def assert_answer(self, relay, answer, request=b'a b c'):
        with harness.connect(relay.port) as client, client.makefile('rb') as reader:
            client.sendall(request)
            self.assertEqual(reader.read(len(answer)), answer)

    def test_order(self):
        """What the client sends meets the first module first, what the server sends the last."""
        modules = (rule('a', 'b', 0), rule('b', 'c', 0), rule('sat', 'dog', 1),
                   rule('cat', 'sat', 1))
        wanted = b'[c c c] the dog dog'
        self.assert_answer(self.relay(*modules), wanted)
        server = self.serve(*modules)
        self.assert_answer(self.relay(f'remote=addr={server.address}'), wanted)
        # The same, half of it elsewhere.
        server = self.serve(*modules[1:3])
        self.assert_answer(self.relay(modules[0], f'remote=addr={server.address}', modules[3]),
                           wanted)
        # And in each of two groups by itself.
        with harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0',
                          *specs(*modules[:2]), '--connect', self.upstream.address,
                          '--listen', '127.0.0.1:0', *specs(*modules[2:]), '--connect',
                          self.upstream.address, listeners=2) as relay:
            for address, answer in zip(relay.addresses,
                                       (b'[c c c] the cat sat', b'[a b c] the dog dog')):
                with harness.connect(int(address.rpartition(':')[2])) as client, \
                        client.makefile('rb') as reader:
                    client.sendall(b'a b c')
                    self.assertEqual(reader.read(len(answer)), answer)

    def test_script(self):
        """A script between two patterns, here and in a server: it sees what the one behind it has
        made, and what it makes is seen by the one before it."""
        modules = (rule('DOG', 'mouse', 1), SHOUT, rule('cat', 'dog', 1))
        wanted = b'[A B C] THE mouse SAT'
        self.assert_answer(self.relay(*modules), wanted)
        server = self.serve(*modules)
        self.assert_answer(self.relay(f'remote=addr={server.address}'), wanted)
        out = harness.run_tool('ping', server.address)[1]
        self.assertEqual([line.split()[1].rstrip(':') for line in out.splitlines()
                          if line.startswith('module')],
                         ['pattern', SHOUT, 'pattern'])

    def test_much(self):
        """200 kB, with many changes, through a cascade of all kinds."""
        path = os.path.join(harness.make_folder(), 'text')
        harness.write_text(path, 200_000)
        wanted = harness.sed(path, 's/e/<e>/g;s/[a-z]/\\U&/g;s/<E>/3/g')
        with harness.file_server(path) as upstream:
            server = self.serve(SHOUT)
            relay = self.enterContext(harness.Tool(
                'relay', '--grace=1', '--listen', '127.0.0.1:0',
                *specs(rule('%3cE%3e', '3', 1), f'remote=addr={server.address}',
                       rule('e', '%3ce%3e', 1)), '--connect', upstream.address))
            self.assertTrue(harness.fetch(relay.port) == wanted)

    def test_refusal(self):
        relay = self.relay(rule('a', 'b', 0), 'pattern=string=bb&action=deny&actdata=no%20b')
        self.assert_answer(relay, b'[b c] the cat sat', b'a c')
        with harness.connect(relay.port) as client:
            client.sendall(b'aa')
            self.assertEqual(harness.read_all(client), b'')
        relay.wait_for_log('no b')

    def lose(self, fail):
        """Two modules, of which the one elsewhere is lost: a client."""
        server = self.serve(SHOUT)
        relay = self.relay(rule('a', 'b', 0), f'remote=addr={server.address}&fail={fail}')
        client = self.enterContext(harness.connect(relay.port))
        client.sendall(b'a b c')
        self.assertEqual(client.recv(19, socket.MSG_WAITALL), b'[B B C] THE CAT SAT')
        for child in children(server.process):
            os.kill(child, signal.SIGKILL)
        server.process.kill()
        server.wait()
        return client

    def test_fail_soft(self):
        """It passes; the other one goes on."""
        client = self.lose('soft')
        client.sendall(b'a b c')
        self.assertEqual(client.recv(19, socket.MSG_WAITALL), b'[b b c] the cat sat')

    def test_fail_hard(self):
        client = self.lose('hard')
        self.assertEqual(harness.read_to_reset(client), b'')

    def serve_pinned(self):
        """A pattern, a script and a pinned protocol, in one server."""
        rules = r'dir0=1&rxlen0=100&rx0=220 .*\n&dir1=0&rxlen1=100&rx1=GET \S+\n'
        return self.serve(rule('SECRET', 'public', 1), SHOUT, 'protocol-pinning=' + rules)

    def begin(self, relay, request):
        """A client that has heard the greeting, and has said something."""
        client = self.enterContext(harness.connect(relay.port))
        self.assertEqual(read(client, len(GREETING)), GREETING.upper())
        client.sendall(request)
        return client

    def kill_amid(self, fail):
        """Kills the script of a server in the middle of much traffic of several connections; what
        came of each of them, and what would have come without that."""
        go_on = threading.Event()

        def stream(connection):
            connection.sendall(GREETING)
            if connection.recv(100).startswith(b'GET '):
                for i in range(100):
                    connection.sendall(LINE * 200)
                    if i == 50:
                        go_on.wait(harness.TIMEOUT)
        upstream = self.enterContext(harness.Upstream(stream))
        server = self.serve_pinned()
        relay = self.enterContext(harness.Tool(
            'relay', '--grace=1', '--listen', '127.0.0.1:0', '--module',
            f'remote=addr={server.address}&fail={fail}', '--connect', upstream.address))
        wanted = LINE.upper().replace(b'SECRET', b'public') * 20000
        got = self.fetch_and_kill(relay, server, go_on)
        # Who comes next is served as ever, and what the rules forbid is refused.
        self.assertTrue(harness.read_all(self.begin(relay, b'GET all\n')) == wanted)
        refused = self.begin(relay, b'PUT all\n' * 20)
        self.assertRaises(ConnectionResetError, refused.recv, 100)
        relay.wait_for_log('rule#1 did not match')
        return got, wanted

    def fetch_and_kill(self, relay, server, go_on):
        """Four connections, of which each has got something before, and has more to come."""
        clients = [self.begin(relay, b'GET all\n') for _ in range(4)]
        got = [read(client, 30000) for client in clients]
        # The script itself, inside of its sandbox if there is one.
        os.kill(harness.descendants(server.process)[-1], signal.SIGKILL)
        go_on.set()
        for i, client in enumerate(clients):
            try:
                got[i] += harness.read_all(client)
            except ConnectionResetError:
                got[i] = None
        server.wait_for_log('was killed by signal 9 (Killed)')
        return got

    def test_killed_hard(self):
        """Each connection ends by a reset."""
        got, _ = self.kill_amid('hard')
        self.assertEqual(got, 4 * [None])

    def test_killed_soft(self):
        """What was judged has come so, and the rest comes as the server has sent it: not a byte is
        lost, or comes twice."""
        got, wanted = self.kill_amid('soft')
        for text in got:
            self.assertEqual(len(text), len(wanted))
            judged = len(os.path.commonprefix([text, wanted]))
            self.assertGreaterEqual(judged, 30000)
            self.assertLess(judged, len(wanted))
            self.assertTrue(text[judged:] == (LINE * 20000)[judged:])

    def test_nothing_in_common(self):
        packets = os.path.join(harness.make_folder(), 'packets.py')
        with open(packets, 'w', encoding='ascii') as target:
            target.write('from gi.repository import Imp\n\n\n'
                         'class Packets(Imp.Analyzer):\n'
                         '    data_type = Imp.DATA_TYPE_PACKET\n'
                         '    results = Imp.ResultFlags.PASS\n')
        status, out, err = harness.run_tool('serve', *specs(SHOUT, packets), '@x')
        self.assertEqual((status, out), (1, ''))
        self.assertIn(f'--module "{SHOUT}", "{packets}": there is no type of data that all of them '
                      'work with', err)
        status, out, err = harness.run_tool('relay', '--listen', '127.0.0.1:0',
                                            *specs(SHOUT, packets), '--connect', '@x')
        self.assertEqual((status, out), (1, ''))
        self.assertIn(f'--module "{packets}": the module does not work with streams, and a relay '
                      'has nothing else for it', err)


if __name__ == '__main__':
    harness.main()
