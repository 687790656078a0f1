#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""G_MESSAGES_DEBUG=Imp logs each message that a connection sends and gets, at both ends."""

import os
import re
import socket
import unittest

import tool_harness as harness

LINE = re.compile(r'^\(imp-remote:\d+\): Imp-DEBUG: [\d:.]+: (.+) \(fd \d+\): '
                  r'(sent|got) (\w+)( .*)?$')


def messages(lines):
    """What was logged of messages: (the other end, direction, op, the rest)."""
    found = [LINE.match(line) for line in lines]
    return [match.groups() for match in found if match]


class Messages(unittest.TestCase):
    def exchange(self, debug):
        """What a server and a relay to it log while one connection says "hello"."""
        env = {'G_MESSAGES_DEBUG': debug}
        path = os.path.join(harness.make_folder(), 's')

        def echo(connection):
            connection.sendall(connection.recv(100))

        with harness.Upstream(echo) as upstream, \
                harness.Tool('serve', '--module', 'pattern=string=x&action=deny', path,
                             env=env) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', f'remote=addr={path}',
                             '--connect', upstream.address, env=env) as relay:
            with socket.create_connection(('127.0.0.1', relay.port), timeout=60) as client:
                client.sendall(b'hello')
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client), b'hello')
        return path, relay.log, server.log

    def test_on(self):
        path, relay, server = self.exchange('Imp')
        sent = messages(relay)
        self.assertEqual({name for name, *_ in sent}, {path})
        ops = [(direction, op) for _, direction, op, _ in sent]
        self.assertEqual(ops[0], ('sent', 'set_version'), relay)
        for expected in ('got', 'set_version'), ('sent', 'new_analyzer'), ('sent', 'data'), \
                ('got', 'result'), ('sent', 'delete_analyzer'):
            self.assertIn(expected, ops)
        data = next(rest for _, direction, op, rest in sent if (direction, op) == ('sent', 'data'))
        self.assertRegex(data, r'^ #1 dir=0 offset=0 type=imp\.data\.stream data=5 bytes$')

        # What one end sent is what the other one got, in that order.
        there = messages(server)
        for here, back in ('sent', 'got'), ('got', 'sent'):
            self.assertEqual([rest for rest in sent if rest[1] == here],
                             [(path, here, op, rest) for _, direction, op, rest in there
                              if direction == back])

    def test_off(self):
        _, relay, server = self.exchange('')
        self.assertEqual(messages(relay) + messages(server), [])
        self.assertNotIn('Imp-DEBUG', '\n'.join(relay + server))

    def test_malformed(self):
        """Also what the other end says that is not a message."""
        address = '127.0.0.1:0'
        with harness.Tool('serve', '--codec', 'json', address,
                          env={'G_MESSAGES_DEBUG': 'Imp'}) as server:
            with socket.create_connection(('127.0.0.1', server.port), timeout=60) as client:
                client.sendall(b'{"op":"none\x1b"}\n')
                name = '%s:%d' % client.getsockname()
                server.wait_for_log('got a malformed message')
        line = next(line for line in server.log if 'malformed' in line)
        self.assertIn(f'{name} (fd ', line)
        self.assertNotIn('\x1b', line)


if __name__ == '__main__':
    unittest.main(verbosity=2)
