#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures with packets that their receiver has never taken, made up to hide others: what they
cannot hide is inspected, and otherwise the report does not look as if all were well."""

import unittest

import capture_files as captures
from capture_files import ACK, RST, SYN, Pcap, Tcp
from test_pcap_files import DENY, Files


class Forged(Files):
    def deceive(self, *forged):
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
        return self.inspect(pcap, '--module', DENY)['connections']

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
            *_, connection = self.deceive(forged)
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


if __name__ == '__main__':
    unittest.main()
