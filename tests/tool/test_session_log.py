#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module session-log in a relay: what went through stands in its files, tshark reads them, and
a folder in which nothing can be written does no harm."""

import os
import shutil
import socket
import struct
import subprocess
import unittest

import tool_harness as harness

COMPLAINTS = ('tcp.analysis.flags || _ws.malformed || tcp.checksum.status == "Bad"'
              ' || ip.checksum.status == "Bad"')


def tshark(path, *args):
    return subprocess.run(['tshark', '-n', '-2', '-r', path, '-o', 'tcp.check_checksum:TRUE',
                           '-o', 'ip.check_checksum:TRUE', *args], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, timeout=harness.TIMEOUT).stdout


def follow(path):
    """What each side has said, by tshark."""
    said = [b'', b'']
    for line in tshark(path, '-q', '-z', 'follow,tcp,raw,0').decode().splitlines():
        try:
            said[line.startswith('\t')] += bytes.fromhex(line.strip())
        except ValueError:
            pass  # its heading
    return said


def read_bin(path):
    """The same from the other format, with what ended."""
    said, ended = [b'', b''], [False, False]
    with open(path, 'rb') as file:
        while header := file.read(13):
            _, _, direction, length = struct.unpack('>IIBI', header)
            data = file.read(length)
            assert len(data) == length and not ended[direction]
            said[direction] += data
            ended[direction] = length == 0
    return said, ended


class SessionLog(unittest.TestCase):

    def setUp(self):
        self.folder = harness.make_folder()

    def exchange(self, host='127.0.0.1', size=300000):
        """Lets a client and a server talk through a relay in both formats; gives what they said."""
        question, answer = b'what?\r\n', os.urandom(size)

        def serve(connection):
            connection.recv(100)
            connection.sendall(answer)
        with harness.Upstream(serve) as upstream, \
                harness.Tool('relay', '--listen', f'[{host}]:0' if ':' in host else f'{host}:0',
                             '--module', f'session-log=dir={self.folder}&format={self.format}',
                             '--connect', upstream.address) as relay:
            with socket.create_connection((host, relay.port), timeout=harness.TIMEOUT) as client:
                client.sendall(question)
                self.assertEqual(harness.read_all(client), answer)
            relay.wait_for_log('logfile')
        name, = os.listdir(self.folder)
        return os.path.join(self.folder, name), [question, answer]

    def test_bin(self):
        self.format = 'bin'
        path, said = self.exchange()
        self.assertRegex(os.path.basename(path),
                         r'^\d+-127\.0\.0\.1\.\d+-127\.0\.0\.1\.\d+-\w{6}\.bin$')
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        written, ended = read_bin(path)
        self.assertEqual(written, said)
        self.assertTrue(ended[1])

    def test_pcap(self):
        self.format = 'pcap'
        for host in ('127.0.0.1', '::1'):
            path, said = self.exchange(host)
            self.assertEqual(follow(path), said)
            self.assertEqual(tshark(path, '-Y', COMPLAINTS), b'')
            self.assertEqual(tshark(path, '-Y', 'tcp.flags.syn == 1 || tcp.flags.fin == 1', '-T',
                                    'fields', '-e', 'tcp.flags').split()[:3],
                             [b'0x0002', b'0x0012', b'0x0011'])
            os.unlink(path)

    def test_no_folder(self):
        """Each connection that is not written says so, and goes on."""
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'session-log=dir={self.folder}', '--connect',
                             upstream.address) as relay:
            shutil.rmtree(self.folder)
            with harness.connect(relay.port) as client:
                client.sendall(b'hello')
                self.assertEqual(client.recv(10), b'hello')
                relay.wait_for_log('cannot make a file')
                client.sendall(b'again')
                self.assertEqual(client.recv(10), b'again')
            self.assertEqual(sum('cannot make a file' in line for line in relay.log), 1)

    def test_full(self):
        """A limit of the size of files stands for a disk that is full."""
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'session-log=dir={self.folder}', '--connect', upstream.address,
                             command=('prlimit', '--fsize=100000', harness.TOOL)) as relay:
            with harness.connect(relay.port) as client:
                for _ in range(20):
                    client.sendall(20000 * b'x')
                    received = 0
                    while received < 20000:
                        received += len(client.recv(20000))
                relay.wait_for_log('is incomplete')
                client.sendall(b'again')
                self.assertEqual(client.recv(10), b'again')
            self.assertEqual(sum('is incomplete' in line for line in relay.log), 1)
        name, = os.listdir(self.folder)
        self.assertEqual(os.path.getsize(os.path.join(self.folder, name)), 100000)

    def test_settings(self):
        status, output, _ = harness.run_tool('modules', 'session-log')
        self.assertEqual(status, 0)
        for text in ('dir=text', 'format=bin or pcap (default: bin)', 'max-buffered='):
            self.assertIn(text, output)
        status, _, errors = harness.run_tool('relay', '--listen', '127.0.0.1:0', '--module',
                                             'session-log=format=x', '--connect', '127.0.0.1:1')
        self.assertNotEqual(status, 0)
        self.assertIn('bin or pcap', errors)
        self.assertIn('dir, the folder', errors)


if __name__ == '__main__':
    unittest.main()
