#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example tls-certificates between clients and a server of OpenSSL."""

import os
import re
import socket
import ssl
import subprocess
import unittest

from traffic import Daemon, example, free_port
from tool_harness import TIMEOUT, Tool, make_folder, run_tool


class TlsCertificates(unittest.TestCase):
    module = example('tls-certificates.so')

    @classmethod
    def setUpClass(cls):
        cls.folder = make_folder()
        cls.openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out',
                    'ca.pem', '-subj', '/CN=An authority', '-days', '2')
        cls.openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'csr.pem',
                    '-subj', '/CN=www.example.org')
        cls.openssl('x509', '-req', '-in', 'csr.pem', '-CA', 'ca.pem', '-CAkey', 'ca.key',
                    '-CAcreateserial', '-out', 'cert.pem', '-days', '2')
        cls.port = free_port()
        cls.server = Daemon(
            cls.port, 'openssl', 's_server', '-accept', f'127.0.0.1:{cls.port}', '-cert',
            'cert.pem', '-key', 'key.pem', '-cert_chain', 'ca.pem', '-www', '-quiet',
            folder=cls.folder)
        cls.addClassCleanup(cls.server.stop)

    @classmethod
    def openssl(cls, *args):
        subprocess.run(['openssl', *args], cwd=cls.folder, check=True, stderr=subprocess.DEVNULL)

    def client(self, version):
        context = ssl.create_default_context(cafile=os.path.join(self.folder, 'ca.pem'))
        context.minimum_version = context.maximum_version = version
        return context

    def converse(self, port, version):
        """Fetches the server's page, and returns its first line."""
        with socket.create_connection(('127.0.0.1', port), timeout=TIMEOUT) as connection:
            with self.client(version).wrap_socket(connection,
                                                  server_hostname='www.example.org') as tls:
                tls.sendall(b'GET / HTTP/1.0\r\n\r\n')
                return tls.recv(15)

    def test_relay(self):
        with Tool('relay', '--listen', '127.0.0.1:0', '--module', self.module, '--connect',
                  f'127.0.0.1:{self.port}') as relay:
            self.assertEqual(self.converse(relay.port, ssl.TLSVersion.TLSv1_2), b'HTTP/1.0 200 ok')
            relay.wait_for_log('certificate of "CN=www.example.org", issued by "CN=An authority"')
            relay.wait_for_log('certificate of "CN=An authority", issued by "CN=An authority"')
            self.assertEqual(self.converse(relay.port, ssl.TLSVersion.TLSv1_3), b'HTTP/1.0 200 ok')
            relay.wait_for_log('the server shows no certificate in plain text')

    def record_handshake(self):
        """What the server says until the handshake is done."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.client(ssl.TLSVersion.TLSv1_2).wrap_bio(incoming, outgoing,
                                                           server_hostname='www.example.org')
        said = b''
        with socket.create_connection(('127.0.0.1', self.port), timeout=TIMEOUT) as connection:
            while True:
                try:
                    tls.do_handshake()
                    return said
                except ssl.SSLWantReadError:
                    connection.sendall(outgoing.read())
                    data = connection.recv(65536)
                    self.assertNotEqual(data, b'')
                    said += data
                    incoming.write(data)

    def test_proof(self):
        path = os.path.join(self.folder, 'handshake')
        with open(path, 'wb') as file:
            file.write(self.record_handshake())
        status, out, err = run_tool('prove', '--from-server', '--random-trials=100000', self.module,
                                    path, timeout=150)
        self.assertEqual((status, err), (0, ''))
        self.assertTrue(re.match('proved .*: 1[0-9]{5} trials', out), out)


if __name__ == '__main__':
    unittest.main(verbosity=2)
