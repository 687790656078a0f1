#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures with packets that their receiver has never taken, made up to hide others: what they
cannot hide is inspected, and otherwise the report does not look as if all were well."""

import unittest

import capture_files as captures
import tool_harness as harness
from capture_files import ACK, RST, SYN, Pcap, Tcp
from test_pcap_files import DENY, Files


class Forged(Files):
    def deceive(self, *forged, status=0):
        """The connections of a capture with packets that the client never got, before the answer
        to its SYN; the server says a secret."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(0, SYN, -1)
        for side, flags, offset, data, ack in forged:
            tcp.add(side, flags, offset, data, ack=ack)
        tcp.sent = [0, 0]
        tcp.add(1, SYN | ACK, -1)
        tcp.add(0, ACK, 0)
        tcp.say(1, b'a secret')
        tcp.close()
        return self.inspect(pcap, '--module', DENY, status=status)['connections']

    def test_forged_ack(self):
        """Numbers that anybody can make up before a side has said where it begins say nothing."""
        for forged in ((0, ACK, 0, b'', 700000), (0, ACK, 0, b'', -700000),
                       (1, ACK, 700000, b'', 0), (1, RST, 700000, b'', 0)):
            connection, = self.deceive(forged)
            self.assertEqual((connection['outcome'], connection['server']['denied']),
                             ('denied', 6), forged)

    def test_forged_beginning(self):
        """Where two beginnings are possible, none is taken for the right one."""
        for forged in ((1, ACK, 700000, b'forged', 0), (1, SYN | ACK, 700000, b'', 0),
                       (1, SYN | ACK, -1, b'', 77), (1, SYN, 700000, b'', 0),
                       (0, SYN, 700000, b'', 0)):
            *_, connection = self.deceive(forged, status=1)
            self.assertEqual(connection['outcome'], 'incomplete', forged)
            failed, = captures.entries(connection, 'failed')
            self.assertIn('contradicts what came before', failed['text'])

    def test_unseen(self):
        """One side was not recorded, which the acknowledgments tell."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(0, SYN, -1)
        tcp.add(0, ACK, 0, b'hello', ack=0)
        tcp.add(0, ACK, 5, b' there', ack=50)
        Tcp(pcap, first=(900000, 0)).add(0, SYN, -1)
        tcp.add(0, ACK, 11, b', again', ack=50)
        connection = self.inspect_one(pcap)
        gap, = captures.entries(connection, 'gap')
        self.assertEqual((gap['direction'], gap['offset'], gap['length']), ('server', 0, 50))
        self.assertEqual(connection['client']['passed'], 18)

    def test_wrong_reset(self):
        """A reset that its receiver has thrown away ends nothing, wherever it stands."""
        for before in range(2):
            pcap = Pcap(self.folder)
            # The server has the lower port only if it is known who has begun.
            tcp = Tcp(pcap, client=('10.0.0.1', 40), server=('10.0.0.2', 80))
            if before:
                tcp.add(1, RST | ACK, 0, ack=0, checksum='wrong')
            tcp.open()
            tcp.say(0, b'hello')
            tcp.add(1, RST | ACK, 0, checksum='wrong')
            tcp.say(0, b' secret')
            *_, connection = self.inspect(pcap, '--module', DENY)['connections']
            self.assertEqual((connection['outcome'], connection['client']['denied'],
                              connection['wrong_checksums']), ('denied', 6, 1))
            self.assertEqual(connection['client_address'], '10.0.0.1:40')

    def test_wrong_data(self):
        """Nor does it take data with a wrong checksum, where others of the sender are right."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello')
        tcp.add(0, ACK, 5, b'harmless', checksum='wrong')
        tcp.sent[0] = 5
        tcp.say(0, b'a secret')
        connection = self.inspect_one(pcap, '--module', DENY)
        self.assertEqual((connection['outcome'], connection['client']['denied'],
                          connection['wrong_checksums']), ('denied', 6, 1))
        self.assertEqual(captures.entries(connection, 'conflict'), [])

    def test_wrong_datagram(self):
        pcap = Pcap(self.folder)
        source, destination = captures.CLIENT[4], captures.SERVER[4]
        for data, checksum in ((b'hello', 'right'), (b'secret', 'wrong'), (b'none', 'none')):
            pcap.add(captures.ethernet(captures.udp_packet(source, destination, data, checksum)))
        connection = self.inspect_one(pcap)
        self.assertEqual((connection['client']['passed'], connection['wrong_checksums']), (9, 1))

    def test_wrong_first(self):
        """Before it is known that they have to be right, it is told."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.add(0, ACK, 0, b'harmless', checksum='wrong')
        number = tcp.add(0, ACK, 0, b'a secret')
        connection = self.inspect_one(pcap)
        note, = captures.entries(connection, 'note')
        self.assertEqual((note['packet'], note['direction']), (number, 'client'))
        self.assertIn('wrong checksums', note['text'])

    def test_offloaded(self):
        """A host that leaves checksums to its network card, in either way of doing so."""
        for version in (4, 6):
            for kind in ('partial', 'wrong'):
                pcap = Pcap(self.folder)
                tcp = Tcp(pcap, version)
                tcp.add(0, SYN, -1, checksum=kind)
                tcp.add(1, SYN | ACK, -1)
                tcp.add(0, ACK, 0, b'hello', checksum=kind)
                tcp.say(1, b'welcome')
                tcp.add(0, ACK, 5, b' there', checksum=kind)
                tcp.add(0, RST, 11, checksum='partial')
                connection = self.inspect_one(pcap)
                self.assertEqual((connection['outcome'], connection['client']['passed'],
                                  connection['server']['passed'], connection['wrong_checksums']),
                                 ('reset', 11, 7, 0), (version, kind))

    def test_behind_reset(self):
        """If the connection goes on, it was not that reset that ended it."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello')
        tcp.add(1, RST | ACK, 0)
        tcp.say(0, b'a secret')
        folder = harness.make_folder()
        connection = self.inspect_one(pcap, '--module', DENY, '--record', folder, status=1)
        self.assertEqual((connection['outcome'], connection['late_bytes']), ('incomplete', 8))
        status, out, _ = harness.run_tool('pcap', pcap.path)
        self.assertEqual(status, 1)
        self.assertIn('8 bytes came after the end', out)


if __name__ == '__main__':
    unittest.main()
