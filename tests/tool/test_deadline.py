#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Analyzers that say nothing: each connection ends within the deadline, and the log says why; one
that waits with a good reason goes on."""

import os
import socket
import time
import unittest

import tool_harness as harness

MODULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'modules')
SILENT = os.path.join(MODULES, 'silent.py')
FORGETFUL = os.path.join(os.environ['IMP_TEST_MODULES'], 'forgetful.so')


def greet(connection):
    """A server that speaks first, and then says each word back."""
    connection.sendall(b'ready')
    harness.echo(connection)


class Relayed(unittest.TestCase):
    def setUp(self):
        self.upstream = harness.Upstream(greet)
        self.addCleanup(self.upstream.__exit__)

    def relay(self, module, *options):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module, *options,
                            '--connect', self.upstream.address)

    def connect(self, relay):
        """A client that has been through the analyzer once, both ways."""
        client = harness.connect(relay.port)
        self.addCleanup(client.close)
        self.assertEqual(client.recv(100), b'ready')
        client.sendall(b'ready')
        self.assertEqual(client.recv(100), b'ready')
        return client

    def check_nothing_comes(self, client, seconds):
        client.settimeout(seconds)
        with self.assertRaises(socket.timeout):
            client.recv(1)


class Deadline(Relayed):
    def check_reset(self, module, text, *options, name=None):
        """What is sent now gets no answer but a reset, and the log has the reason."""
        with self.relay(module, '--deadline=1', *options) as relay:
            client = self.connect(relay)
            began = time.monotonic()
            client.sendall(b'word')
            self.assertEqual(harness.read_to_reset(client), b'')
            self.assertGreater(time.monotonic() - began, 0.9)
            name = name or module.partition('=')[0]
            relay.wait_for_log(f'failed: The analyzer {name} {text}')

    def test_forgets(self):
        self.check_reset(SILENT, 'let 4 bytes from the client wait for more than 1000 ms '
                         '(property deadline of ImpFilter)')

    def test_forgets_in_c(self):
        self.check_reset(FORGETFUL, 'let 4 bytes from the client wait for more than 1000 ms',
                         name='ForgetfulAnalyzer')

    def test_pauses(self):
        self.check_reset(SILENT + '=what=pause', 'let 4 bytes from the client wait for more than '
                         '1000 ms (property deadline of ImpFilter), and had 2 more of them '
                         '(max-extensions is 2)', '--max-extensions=2')

    def test_answers_one_direction(self):
        self.check_reset(SILENT + '=what=one', 'let 4 bytes from the client wait for more than '
                         '1000 ms')

    def test_waits_for_more(self):
        with self.relay(SILENT + '=what=want', '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.check_nothing_comes(client, 2.5)

    def test_none(self):
        with self.relay(SILENT, '--deadline=0') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.check_nothing_comes(client, 1.5)
            relay.abort()

    def test_remote_decides(self):
        """What has a deadline of its own has its own outcome, though the relay's is shorter."""
        path = os.path.join(harness.make_folder(), 's')
        with harness.Tool('serve', '--module', SILENT, path), \
                self.relay(f'remote=addr={path}&deadline=3000&fail=soft&overload=soft',
                           '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.assertEqual(client.recv(100), b'word')
            relay.wait_for_log('3000 ms (deadline)')

    def test_cascade(self):
        """It is said which of several it was."""
        self.check_reset('pattern=string=xx&action=deny', 'let 4 bytes from the client wait for '
                         'more than 1000 ms', '--module', FORGETFUL,
                         name=f'part 2 of the cascade ({FORGETFUL})')

    def test_cascade_with_remote(self):
        """As long as those that are waited for have a deadline of their own, that decides."""
        path = os.path.join(harness.make_folder(), 's')
        with harness.Tool('serve', '--module', SILENT, path), \
                self.relay('pattern=string=xx&action=deny', '--module',
                           f'remote=addr={path}&deadline=3000&fail=soft&overload=soft',
                           '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.assertEqual(client.recv(100), b'word')
            relay.wait_for_log('3000 ms (deadline)')

    def test_remote_without_deadline(self):
        path = os.path.join(harness.make_folder(), 's')
        with harness.Tool('serve', '--module', SILENT, path), \
                self.relay(f'remote=addr={path}&deadline=0', '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.check_nothing_comes(client, 2.5)
            relay.abort()

    def test_script_has_own_deadline(self):
        with self.relay(SILENT + '=deadline=2500&fail=soft', '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'word')
            self.assertEqual(client.recv(100), b'word')
            relay.wait_for_log('2500 ms (deadline)')


class Hold(Relayed):
    """The search of a PASS_PATTERN."""

    PATTERN = SILENT + '=what=pattern'

    def test_beginning_of_a_match(self):
        """A client that waits for its answer gets it, and the connection lives."""
        with self.relay(self.PATTERN, '--deadline=1') as relay:
            client = self.connect(relay)
            for word in (b'some EV', b'EVI', b'E', b'ENVY EV'):
                client.sendall(word)
                got = b''
                while len(got) < len(word):
                    got += client.recv(100)
                self.assertEqual(got, word)

    def test_match_in_two_parts(self):
        with self.relay(self.PATTERN, '--hold-timeout=200') as relay:
            client = self.connect(relay)
            client.sendall(b'EV')
            self.assertEqual(client.recv(100), b'EV')
            client.sendall(b'IL')
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('refused: Denied by the analyzer: evil at 5')

    def test_no_hold_timeout(self):
        with self.relay(self.PATTERN, '--hold-timeout=0', '--deadline=1') as relay:
            client = self.connect(relay)
            client.sendall(b'xEV')
            self.assertEqual(client.recv(100), b'x')
            self.check_nothing_comes(client, 2)


if __name__ == '__main__':
    harness.main()
