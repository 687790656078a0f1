#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The analyzers' server dies, or stops, in the middle of a download: with fail=soft all arrives,
with fail=hard the client is told at once. IMP_TEST_MB sets the size of the download."""

import os
import signal
import threading
import time
import unittest

import tool_harness as harness

MB = 10**6
SIZE = int(os.environ.get('IMP_TEST_MB', '120')) * MB
ABSENT = 'pattern=string=no%20such%20string&action=deny&actdata=denied'
REWRITE = 'pattern=string=foo&action=replace&actdata=barbaz&rxdir=1&hold-timeout=0'


class Failure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.make_folder()
        cls.path = os.path.join(cls.folder, 'file')
        harness.write_text(cls.path, SIZE)
        with open(cls.path, 'rb') as source:
            cls.original = source.read()

    def download(self, module, settings, number, status):
        """Sends a signal to the server half-way: what arrived, and the seconds from then on."""
        server = harness.Tool('serve', '--module', module, os.path.join(self.folder, 's'))
        try:
            with harness.file_server(self.path) as upstream, \
                    harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                 f'remote=addr={server.address}&{settings}', '--connect',
                                 upstream.address) as relay:
                result = self.read(relay, server, number)
                self.log = list(relay.log)
        finally:
            server.process.send_signal(signal.SIGCONT)
            server.process.kill()
            server.wait()
        self.assertEqual(bool(status), 'closed' == self.outcome, self.log)
        return result

    def read(self, relay, server, number):
        pieces, received, struck = [], 0, None
        self.outcome = 'complete'
        with harness.connect(relay.port) as client:
            client.sendall(b'go\n')
            try:
                while piece := client.recv(1 << 16):
                    pieces.append(piece)
                    received += len(piece)
                    if struck is None and received >= SIZE // 2:
                        server.process.send_signal(number)
                        struck = time.monotonic()
            except ConnectionResetError:
                self.outcome = 'closed'
        seconds = time.monotonic() - struck
        if received < SIZE:
            self.outcome = 'closed'
        relay.wait_for_log(server.address)
        return b''.join(pieces), seconds

    def assert_reason(self, *reasons):
        self.assertTrue(any(reason in line for line in self.log for reason in reasons), self.log)

    def test_killed_soft(self):
        arrived, _ = self.download(ABSENT, 'fail=soft', signal.SIGKILL, False)
        self.assertTrue(arrived == self.original)
        self.assert_reason('closed the connection', 'Connection reset')

    def test_killed_hard(self):
        arrived, seconds = self.download(ABSENT, 'fail=hard', signal.SIGKILL, True)
        self.assertTrue(self.original.startswith(arrived))
        self.assertLess(seconds, 1)
        self.assert_reason('closed the connection', 'Connection reset')

    def test_stopped_hard(self):
        arrived, seconds = self.download(ABSENT, 'fail=hard&deadline=2000', signal.SIGSTOP, True)
        self.assertTrue(self.original.startswith(arrived))
        self.assertLess(seconds, 3)
        self.assert_reason('deadline')

    def test_stopped_soft(self):
        arrived, _ = self.download(ABSENT, 'fail=soft&deadline=2000', signal.SIGSTOP, False)
        self.assertTrue(arrived == self.original)
        self.assert_reason('deadline')

    def test_rewriting_killed_soft(self):
        arrived, _ = self.download(REWRITE, 'fail=soft', signal.SIGKILL, False)
        # All that was rewritten up to the last verdict that arrived, and then the original.
        rewritten, rest = divmod(len(arrived) - len(self.original), len('barbaz') - len('foo'))
        self.assertEqual(rest, 0)
        self.assertGreater(rewritten, 0)
        self.assertLess(rewritten, self.original.count(b'foo'))
        self.assertTrue(arrived == self.original.replace(b'foo', b'barbaz', rewritten))


class Replacement(unittest.TestCase):
    """A new server takes the path over while connections come and go: none of them fails."""

    ROUNDS = 6

    def test_under_load(self):
        folder = harness.make_folder()
        path = os.path.join(folder, 's')
        self.errors, self.served, self.over = [], 0, False

        def answer(connection):
            connection.sendall(connection.recv(100).upper() + b' and foo')

        def load(port):
            while not self.over:
                try:
                    text = harness.fetch(port, b'hello')
                    if text != b'HELLO and barbaz':
                        self.errors.append(text)
                    self.served += 1
                except OSError as error:
                    self.errors.append(error)

        server = self.serve(path)
        with harness.Upstream(answer) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={path}', '--connect', upstream.address) as relay:
            threads = [threading.Thread(target=load, args=(relay.port,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for _ in range(self.ROUNDS):
                time.sleep(0.3)
                successor = self.serve(path, '--replace')
                self.assertEqual(server.stop(), 0)
                server = successor
            self.over = True
            for thread in threads:
                thread.join()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.errors, [])
        self.assertGreater(self.served, 100)
        self.assertFalse(os.path.exists(path))

    @staticmethod
    def serve(path, *options):
        return harness.Tool('serve', '--module', REWRITE, *options, path)


if __name__ == '__main__':
    harness.main()
