#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module pattern between a client and a server, in the relay itself and in a server behind it:
nobody waits for what may be a match, what is rejected is answered once, what takes long holds up
nobody else, and what cannot be right is refused at once."""

import os
import time
import unittest

import tool_harness as harness

ANSWER = b'HTTP/1.1 403 Forbidden\r\n\r\n'


class Pattern(unittest.TestCase):

    def setUp(self):
        self.folder = harness.make_folder()

    def enterContext(self, context):  # in unittest itself from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def relays(self, settings, upstream):
        """A relay that does it itself, and one that asks a server."""
        module = 'pattern=' + settings
        socket = os.path.join(self.folder, f'{len(os.listdir(self.folder))}.sock')
        server = self.enterContext(harness.Tool('serve', '--module', module, socket))
        remote = f'remote=addr={server.address}&deadline=60000'
        for spec in (module, remote):
            yield self.enterContext(harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                                 spec, '--connect', upstream.address))

    def test_end_of_request(self):
        """It arrives although it looks like a match, and in one piece, as it was sent."""
        def serve(connection):
            connection.sendall(b'got ' + connection.recv(1000))
        cases = [
            (r'rx=\r\n(?:Cookie|X-[A-Z]):%20\w%2B&rxlen=40&action=replace',
             b'GET /a HTTP/1.0\r\nHost: b\r\n\r\n'),
            ('string=quit&action=deny', b'EHLO q'),
            (r'rx=(?m)^\.$&rxlen=1&action=reject', b'RCPT TO\n.'),
            (r'rx=token=[a-f]{4,}!&rxlen=30&action=answer', b'token=abcdef'),
        ]
        upstream = self.enterContext(harness.Upstream(serve))
        for settings, request in cases:
            for relay in self.relays(settings + '&hold-timeout=100&rxdir=0', upstream):
                self.assertEqual(harness.fetch(relay.port, request), b'got ' + request)

    def test_event_stream(self):
        """Each event comes while the next one is not there yet."""
        events = [b'data: one\n\n', b'data: two\n\n', b'event: x\ndata: three\n\n']

        def serve(connection):
            for event in events:
                connection.recv(10)
                connection.sendall(event)
        upstream = self.enterContext(harness.Upstream(serve))
        settings = r'rx=\n\nretry:%20\d%2B&rxlen=20&rxdir=1&action=replace&hold-timeout=50'
        for relay in self.relays(settings, upstream):
            with harness.connect(relay.port) as client:
                for event in events:
                    client.sendall(b'next')
                    self.assertEqual(client.recv(1000), event)

    def test_rejected(self):
        """There is one answer, and nothing of the rest arrives, nor of what comes later."""
        seen = []

        def serve(connection):
            seen.append(harness.read_all(connection))
            connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        upstream = self.enterContext(harness.Upstream(serve))
        answer = ANSWER.decode().replace('\r\n', '%0d%0a')
        for rule, before, found in (
                ('string=/admin', b'GET ', b'/admin HTTP/1.1\r\nHost: x\r\n\r\n'),
                (r'rx=(?i)\bselect\b.{1,40}\bfrom\b&rxlen=60', b'POST / HTTP/1.1\r\n\r\n',
                 b'Select a from b'),
                (r'rx=[?%26]id=\d{5,}&rxlen=20', b'GET /', b'?id=123456 HTTP/1.1\r\n\r\n'),
                (r'rx=cmd=.*&rxlen=8', b'GET /?', b'cmd=' + 100 * b'a' + b' HTTP/1.1\r\n\r\n')):
            for relay in self.relays(f'{rule}&rxdir=0&action=reject&actdata={answer}', upstream):
                seen.clear()
                self.assertEqual(harness.fetch(relay.port, 2 * (before + found)), ANSWER)
                self.assertTrue(all(before.startswith(text) for text in seen), seen)

    def test_answered(self):
        """What goes on is what Perl's reject does."""
        def serve(connection):
            connection.sendall(b'got ' + connection.recv(1000))
        upstream = self.enterContext(harness.Upstream(serve))
        for relay in self.relays(r'rx=ping(\d)&rxlen=5&rxdir=0&action=answer&actdata=pong\1,',
                                 upstream):
            self.assertEqual(harness.fetch(relay.port, b'a ping1 b.'), b'pong1,got a  b.')

    def test_costly(self):
        """64 KiB made for an expression: others are served meanwhile, and it comes to an end."""
        def serve(connection):
            while data := connection.recv(1 << 16):
                connection.sendall(data)
        upstream = self.enterContext(harness.Upstream(serve))
        for settings, piece in (
                (r'rx=(?:b|b){20}[cd]&rxlen=40', b'b'),
                (r'rx=(\w%2B,?)%2B;&rxlen=90&over=pass', b'abcdefghijklmnopqrstuvwx '),
                (r'rx=([a-z]%2B)*Z&rxlen=50&over=pass', b'yyyyyyyyyyyyyyyyyyyyyyyyyy.')):
            for relay in self.relays(settings + '&rxdir=0', upstream):
                with harness.connect(relay.port) as attacker, harness.connect(relay.port) as other:
                    other.sendall(b'\n')
                    self.assertEqual(other.recv(1), b'\n')
                    attacker.sendall((65536 // len(piece)) * piece)
                    longest = 0
                    for _ in range(20):
                        began = time.monotonic()
                        other.sendall(b'\n')
                        self.assertEqual(other.recv(1), b'\n')
                        longest = max(longest, time.monotonic() - began)
                    # A quarter of a second all in all; the rest is for a machine that is busy.
                    self.assertLess(longest, 5)

    def test_refused(self):
        """The expression is named, and what is wrong with it."""
        for settings, *parts in (
                (r'rx=\B&rxlen=3', r'"\B"', 'nothing but the empty string'),
                (r'rx=(?<!a)$&rxlen=3', r'"(?<!a)$"', 'nothing but the empty string'),
                (r'rx=union.{30}&rxlen=20', '"union.{30}"', '35 bytes or more'),
                (r'rx=a(?=[^b]*b)&rxlen=9', '"a(?=[^b]*b)"', 'without a bound', 'lookahead'),
                (r'rx=na[ïî]ve&rxlen=9', '"na[ïî]ve"', 'beyond ASCII', 'utf8=true'),
                (r'rx=(a)(b)&rxlen=2&action=replace&actdata=\3', r'"\3"', 'no such group')):
            status, _, errors = harness.run_tool('serve', '--module', 'pattern=' + settings,
                                                 os.path.join(self.folder, 'socket'))
            self.assertNotEqual(status, 0)
            for part in parts:
                self.assertIn(part, errors)


if __name__ == '__main__':
    harness.main()
