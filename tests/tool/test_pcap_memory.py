#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""However large a capture is and whatever stands in it, the memory for it has a limit."""

import os
import random
import struct
import subprocess
import unittest

import capture_files as captures
import tool_harness as harness
from capture_files import ACK, SYN, Pcap, Tcp

MIB = 2**20


class Memory(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.pcap = Pcap(self.folder)

    def run_limited(self, limit, *args):
        """The last line of the report, of a process that gets no more memory than that."""
        done = subprocess.run(['prlimit', f'--data={limit}', harness.TOOL, 'pcap', self.pcap.save(),
                               *args], stdout=subprocess.PIPE, check=True, timeout=harness.TIMEOUT)
        return done.stdout.decode().splitlines()

    def test_large(self):
        """64 MiB in connections that end, of which what is written is as large."""
        block = random.randbytes(60000)
        begin = len(self.pcap.bytes)
        tcp = Tcp(self.pcap).open()
        for _ in range(17):
            tcp.say(1, block)
        tcp.close()
        # The same again, which is a new connection each time.
        self.pcap.bytes += self.pcap.bytes[begin:] * 63
        lines = self.run_limited(48 * MIB, '--write', os.path.join(self.folder, 'out'))
        self.assertIn('64 connections: 64 closed', lines[-2])
        self.assertGreater(os.path.getsize(os.path.join(self.folder, 'out')), 60 * MIB)

    def test_waiting(self):
        """Bytes that wait for others, which never come, in a thousand connections."""
        block = random.randbytes(50000)
        for port in range(1, 1001):
            tcp = Tcp(self.pcap, client=('10.0.0.9', port)).open()
            tcp.add(0, ACK, 5000, block)
        lines = self.run_limited(48 * MIB, '--max-kept', str(8 * MIB))
        self.assertIn('1000 connections: 1000 open', '\n'.join(lines))
        self.assertEqual(sum(line.startswith('  gap client 0-5000') for line in lines), 1000)

    def test_connections(self):
        """A hundred thousand connections, of which the oldest make room."""
        packet = bytearray(captures.ethernet(captures.ip_packet(
            '10.0.0.1', '10.0.0.2', 6, struct.pack('>HHIIBBHHH', 1, 80, 9, 0, 80, SYN, 9, 0, 0))))
        for number in range(100_000):
            struct.pack_into('>I', packet, 26, number)
            self.pcap.add(bytes(packet))
        lines = self.run_limited(48 * MIB, '--max-connections=1000')
        self.assertIn('99000 connections were ended to make room for others (--max-connections)',
                      lines[-1])

    def test_talkative(self):
        """A match for each two bytes is more than a report has room for."""
        Tcp(self.pcap).open().say(0, b'x-' * 30000)
        for _ in range(20):
            self.pcap.add(b'\0' * 14)
        lines = self.run_limited(48 * MIB, '--module', 'pattern=string=x&action=replace&actdata=y')
        self.assertIn('entries for which there is no room', '\n'.join(lines))
        self.assertLess(len(lines), 1100)


if __name__ == '__main__':
    unittest.main()
