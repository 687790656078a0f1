#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several modules one behind the other, in a relay, in a server behind it, or in both: of any kind,
in order, each with its own fail mode, and with the error of the one that is wrong."""

import os
import signal
import socket
import unittest

import tool_harness as harness
from tool_harness import children

HERE = os.path.dirname(os.path.abspath(__file__))
SHOUT = os.path.join(HERE, '..', '..', 'docs', 'examples', 'shout.py')


def serve(connection):
    """Says what it got, and then what is asked for."""
    while True:
        request = connection.recv(1000)
        if not request:
            return
        connection.sendall(b'[' + request + b'] the cat sat')


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
