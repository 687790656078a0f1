#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module protocol-pinning between a client and a server, in the relay itself and in a server
behind it: what begins as the protocol should passes, and nothing of anything else arrives."""

import os
import socket
import unittest

import tool_harness as harness

SMTP = (r'dir0=1&rxlen0=512&rx0=220[ -].*\r\n'
        r'&dir1=0&rxlen1=512&rx1=(?i)(?:EHLO|HELO) \S.*\r\n')
SSH = (r'ignore_order=1&dir0=0&rxlen0=255&rx0=SSH-2\.0-.*\n&dir1=1&rxlen1=255&rx1=SSH-2\.0-.*\n')


class Pinning(unittest.TestCase):

    def setUp(self):
        self.folder = harness.make_folder()

    def enterContext(self, context):  # in unittest itself from Python 3.11 on
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def relays(self, settings, upstream):
        """A relay that does it itself, and one that asks a server."""
        module = 'protocol-pinning=' + settings
        path = os.path.join(self.folder, f'{len(os.listdir(self.folder))}.sock')
        server = self.enterContext(harness.Tool('serve', '--module', module, path))
        for spec in (module, f'remote=addr={server.address}&deadline=60000'):
            yield self.enterContext(harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                                 spec, '--connect', upstream.address))

    def test_mail(self):
        """A whole exchange, in which the server speaks first; data that come later are no matter of
        the rules."""
        def serve(connection):
            connection.sendall(b'220 mail.example')
            connection.sendall(b' ready\r\n')
            lines = connection.makefile('rb')
            for answer in (b'250 hello\r\n', b'354 go on\r\n', b'221 bye\r\n'):
                lines.readline()
                connection.sendall(answer)
        upstream = self.enterContext(harness.Upstream(serve))
        for relay in self.relays(SMTP, upstream):
            with harness.connect(relay.port) as client:
                lines = client.makefile('rb')
                self.assertEqual(lines.readline(), b'220 mail.example ready\r\n')
                for part in (b'eh', b'lo me\r', b'\n'):
                    client.sendall(part)
                self.assertEqual(lines.readline(), b'250 hello\r\n')
                client.sendall(b'DATA\r\n')
                self.assertEqual(lines.readline(), b'354 go on\r\n')
                client.sendall(b'\0\xff anything\r\n')
                self.assertEqual(lines.read(), b'221 bye\r\n')

    def test_denied(self):
        """Who speaks another protocol, or too early, gets nothing through, and is disconnected."""
        seen = []

        def serve(connection):
            received = b''
            try:
                connection.sendall(b'220 mail.example ready\r\n')
                while data := connection.recv(1000):
                    received += data
            except ConnectionError:
                pass
            seen.append(received)
        upstream = self.enterContext(harness.Upstream(serve))
        for relay in self.relays(SMTP, upstream):
            for early in (True, False):
                seen.clear()
                with harness.connect(relay.port) as client:
                    if not early:
                        self.assertEqual(client.recv(100), b'220 mail.example ready\r\n')
                    client.sendall(600 * b'x')
                    try:
                        while client.recv(1000):
                            pass
                    except ConnectionResetError:
                        pass
                harness.wait_until(lambda: len(seen) > 0)
                self.assertEqual(seen, [b''])

    def test_either_first(self):
        """The client waits for the server, or not."""
        def serve(connection):
            lines = connection.makefile('rb')
            first = lines.readline()
            connection.sendall(b'SSH-2.0-b\r\n')
            connection.sendall(first + lines.read())
        upstream = self.enterContext(harness.Upstream(serve))
        for relay in self.relays(SSH, upstream):
            with harness.connect(relay.port) as client:
                client.sendall(b'SSH-2.0-a\r\nkeys')
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(client), b'SSH-2.0-b\r\nSSH-2.0-a\r\nkeys')

    def test_described(self):
        """All of its settings are told, and all that is wrong with them."""
        status, output, errors = harness.run_tool('modules', 'protocol-pinning')
        self.assertEqual((status, errors), (0, ''))
        for text in ('dirN=a whole number from 0 to 1', 'rxlenN=a whole number from 1 to 65536',
                     'rxN=text', 'ignore-order=true or false (default: false)', 'allow-dup=',
                     'allow-reorder=', 'max-unbound0=', 'max-unbound1=', 'max-effort='):
            self.assertIn(text, output)
        status, output, errors = harness.run_tool('relay', '--listen', '127.0.0.1:0', '--module',
                                                  'protocol-pinning=dir0=7&rx0=(&rx2=a',
                                                  '--connect', '127.0.0.1:1')
        self.assertNotEqual(status, 0)
        for text in ('dir0=7', 'rule 0 needs rxlen0', 'missing closing parenthesis',
                     'rule 1 needs dir1', 'rule 2 needs rxlen2'):
            self.assertIn(text, errors)


if __name__ == '__main__':
    unittest.main()
