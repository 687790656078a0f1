#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures that are made byte by byte: whatever stands in them, it is put in order, told, and
written anew."""

import errno
import os
import pty
import random
import signal
import struct
import subprocess
import time
import unittest

import capture_files as captures
import tool_harness as harness
from capture_files import ACK, PSH, RST, SYN, Pcap, Tcp

REPLACE = 'pattern=string=secret&action=replace&actdata=%s'
DENY = 'pattern=string=secret&action=deny&actdata=not%20here'


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.out = os.path.join(self.folder, 'out.pcap')

    def inspect(self, pcap, *args, status=0):
        """The report."""
        report, err = captures.inspect(pcap.save(), '--write', self.out, *args, status=status)
        self.assertEqual(err != '', status != 0, err)
        return report

    def inspect_one(self, pcap, *args, status=0):
        connection, = self.inspect(pcap, *args, status=status)['connections']
        return connection

    def dissect(self, reader=captures.Plain, **but):
        """OUT, in which nothing is wrong."""
        out = reader(self.out)
        self.assertEqual(out.complaints(**but), [])
        return out


class Streams(Files):
    def test_order(self):
        """Segments in any order, twice, and in other pieces, with numbers that wrap."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap, first=(2**32 - 1, 2**32 - 1000)).open()
        tcp.say(0, b'GET /')
        data = bytes(range(256)) * 20
        for begin, end in ((1000, 2000), (0, 500), (300, 1000), (300, 1000), (3000, 5120),
                           (4000, 4500), (1900, 3000), (0, 10)):
            tcp.add(1, ACK, begin, data[begin:end])
        tcp.add(0, ACK, 5, ack=len(data))
        tcp.close()
        connection = self.inspect_one(pcap)
        self.assertEqual(connection['outcome'], 'closed')
        self.assertEqual(connection['server'], {'bytes': 5120, 'passed': 5120, 'replaced': 0,
                                                'denied': 0, 'held': 0})
        self.assertEqual({entry['kind'] for entry in connection['entries']}, {'passed'})
        self.assertEqual(self.dissect(captures.Dissected).follow(), [b'GET /', data])

    def test_replaced(self):
        """Longer and shorter replacements in both directions; numbers follow."""
        for version in (4, 6):
            for word, reader in (('a%20longer%20word%20than%20that', captures.Dissected),
                                 ('', captures.Plain)):
                pcap = Pcap(self.folder)
                tcp = Tcp(pcap, version, first=(2**32 - 10, 7)).open()
                tcp.say(0, b'my sec')
                number = tcp.say(0, b'ret is a secret.')
                tcp.say(1, b'a secret? ' * 1000)
                tcp.close()
                connection = self.inspect_one(pcap, '--module', REPLACE % word)
                new = word.replace('%20', ' ').encode()
                self.assertEqual(self.dissect(reader).follow(),
                                 [b'my %s is a %s.' % (new, new), b'a %s? ' % new * 1000])
                self.assertEqual(captures.entries(connection, 'replaced')[0],
                                 {'kind': 'replaced', 'direction': 'client', 'offset': 3,
                                  'length': 6, 'new_length': len(new), 'packet': number,
                                  'last_packet': number})
                self.assertEqual(connection['client']['replaced'], 12)

    def test_segments(self):
        """No segment is larger than its receiver has said, whatever an analyzer makes of it."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap, options=struct.pack('>BBHBBBB', 2, 4, 600, 1, 3, 3, 2)).open()
        tcp.say(0, b'secret ' * 1000, options=b'\1\1\x08\x0a' + struct.pack('>II', 1, 0),
                window=0)
        tcp.say(1, b'ok', window=0)
        tcp.close()
        self.inspect_one(pcap, '--module', REPLACE % ('x' * 100))
        out = self.dissect(captures.Dissected)
        self.assertEqual(out.follow()[0], (b'x' * 100 + b' ') * 1000)
        self.assertEqual(max(int(size) for size in out.values('tcp.len')), 588)
        self.assertNotIn('0', out.values('tcp.window_size_value'))

    def test_conflict(self):
        """What is sent again as something else is told, and what came first counts."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.add(0, ACK, 0, b'GET /harmless')
        number = tcp.add(0, ACK, 5, b'secret!!')
        tcp.close()
        connection = self.inspect_one(pcap)
        conflict, = captures.entries(connection, 'conflict')
        self.assertEqual((conflict['direction'], conflict['offset'], conflict['length'],
                          conflict['packet']), ('client', 5, 8, number))
        self.assertEqual(self.dissect().follow()[0], b'GET /harmless')

    def lacking(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello')
        tcp.add(1, ACK, 0, b'begin')
        number = tcp.add(1, ACK, 105, b'end')
        tcp.close()
        return pcap, number

    def test_gap_passed(self):
        pcap, _ = self.lacking()
        connection = self.inspect_one(pcap)
        gap, = captures.entries(connection, 'gap')
        self.assertEqual((gap['direction'], gap['offset'], gap['length']), ('server', 5, 100))
        self.assertEqual((connection['outcome'], connection['server']['bytes']), ('closed', 8))
        self.assertEqual([entry['offset'] for entry in captures.entries(connection, 'passed')
                          if entry['direction'] == 'server'], [0, 105])
        self.assertEqual(self.dissect(captures.Dissected, gaps=True).follow()[1], b'beginend')

    def test_gap_wanted(self):
        """An analyzer that wants to see what is missing is given nothing behind it."""
        pcap, _ = self.lacking()
        report = self.inspect(pcap, '--module', DENY, status=1)
        connection, = report['connections']
        self.assertEqual(connection['outcome'], 'incomplete')
        failed, = captures.entries(connection, 'failed')
        self.assertIn('100 bytes cannot be left out at offset 5', failed['text'])
        self.assertEqual(self.dissect(resets=True).follow()[1], b'begin')
        self.assertEqual(report['summary']['outcomes']['incomplete'], 1)

    def test_gap_time(self):
        """What is missing is waited for in the time of the capture."""
        for seconds, gaps in ((9, 0), (12, 1)):
            pcap = Pcap(self.folder)
            tcp = Tcp(pcap).open()
            tcp.add(0, ACK, 5, b'world')
            pcap.wait(seconds)
            tcp.add(1, ACK, 0, b'?', ack=0)
            tcp.add(0, ACK, 0, b'hello')
            tcp.close()
            connection = self.inspect_one(pcap)
            self.assertEqual(len(captures.entries(connection, 'gap')), gaps, seconds)

    def test_partial(self):
        """A connection that had begun before the capture, of which one side was not recorded."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(0, ACK | PSH, 0, b'a secret', ack=0)
        tcp.add(0, ACK | PSH, 8, b', again', ack=50)
        connection = self.inspect_one(pcap, '--module', REPLACE % 'word')
        self.assertEqual((connection['outcome'], connection['partial']), ('open', True))
        gap, = captures.entries(connection, 'gap')
        self.assertEqual((gap['direction'], gap['length']), ('server', 50))
        self.assertEqual(self.dissect().follow()[0], b'a word, again')

    def test_denied(self):
        """Behind a refusal there is nothing but the reset, to both sides."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello ')
        number = tcp.say(0, b'my secret')
        tcp.say(1, b'welcome')
        tcp.add(0, SYN, -1)
        tcp.close()
        connection = self.inspect_one(pcap, '--module', DENY)
        self.assertEqual((connection['outcome'], connection['late_bytes']), ('denied', 7))
        denied, = captures.entries(connection, 'denied')
        self.assertEqual((denied['text'], denied['packet']), ('not here', number))
        self.assertEqual((denied['direction'], denied['offset'], denied['length']),
                         ('client', 9, 6))
        self.assertEqual(connection['client'], {'bytes': 15, 'passed': 9, 'replaced': 0,
                                                'denied': 6, 'held': 0})
        out = self.dissect(captures.Dissected, resets=True)
        self.assertEqual(out.follow(), [b'hello my ', b''])
        self.assertEqual([(packet['tcp.flags'], packet['tcp.srcport'])
                          for packet in out.packets[-2:]], [('0x0014', '80'), ('0x0014', '40000')])
        self.assertEqual(len(out.complaints()), 2)

    def test_rejected(self):
        """What an analyzer itself sends is a segment of the other side."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'a secret')
        tcp.say(1, b'what?')
        tcp.close()
        connection = self.inspect_one(pcap, '--module',
                                      'pattern=string=secret&action=answer&actdata=Stop!')
        self.assertEqual(self.dissect(captures.Dissected).follow(), [b'a ', b'Stop!what?'])
        added, = captures.entries(connection, 'added')
        self.assertEqual((added['direction'], added['new_length']), ('server', 5))

    def test_reset(self):
        """A reset ends a connection only if it has the right number."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello')
        wrong = tcp.add(1, RST, 300000, ack=0)
        tcp.say(0, b'there')
        tcp.add(1, RST | ACK, 0)
        connection = self.inspect_one(pcap)
        self.assertEqual((connection['outcome'], connection['client']['bytes']), ('reset', 10))
        note, = captures.entries(connection, 'note')
        self.assertEqual(note['packet'], wrong)
        self.assertEqual(self.dissect(resets=True).follow()[0], b'hellothere')

    def test_refused_by_server(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(0, SYN, -1)
        tcp.first = (1000, 0)
        tcp.add(1, RST | ACK, 0, ack=0)
        self.assertEqual(self.inspect_one(pcap)['outcome'], 'reset')
        self.assertEqual(len(self.dissect(resets=True).packets), 2)

    def test_reused(self):
        """The same ports again: a SYN alone ends nothing, but its answer does."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'first')
        Tcp(pcap, first=(900000, 0)).add(0, SYN, -1)
        tcp.say(0, b'still the first')
        again = Tcp(pcap, first=(70000, 90000)).open()
        again.say(0, b'second')
        again.close()
        third = Tcp(pcap, first=(170000, 190000)).open()
        third.close()
        report = self.inspect(pcap)
        self.assertEqual([(connection['outcome'], connection['client']['bytes'])
                          for connection in report['connections']],
                         [('reused', 20), ('closed', 6), ('closed', 0)])

    def test_syn_data(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(0, SYN, -1, b'early')
        tcp.sent[0] = 5
        tcp.add(1, SYN | ACK, -1)
        tcp.say(0, b' bird')
        tcp.close()
        self.inspect_one(pcap)
        self.assertEqual(self.dissect(captures.Dissected).follow()[0], b'early bird')

    def test_answer_first(self):
        """A SYN that was recorded behind its answer is that of the connection."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap)
        tcp.add(1, SYN | ACK, -1)
        tcp.add(0, SYN, -1)
        tcp.add(0, ACK, 0)
        tcp.say(0, b'hello')
        tcp.close()
        connection = self.inspect_one(pcap)
        self.assertEqual((connection['outcome'], connection['client']['passed']), ('closed', 5))
        self.assertEqual({entry['kind'] for entry in connection['entries']}, {'passed'})

    def test_noise(self):
        """However often something odd happens, what an analyzer does is in the report."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.add(0, ACK, 0, b'harmless', ack=0)
        for number in range(1200):
            tcp.add(0, ACK, 0, b'harm%04d' % number, ack=0)
        tcp.add(0, ACK, 8, b' secret', ack=0)
        connection = self.inspect_one(pcap, '--module', REPLACE % 'word')
        self.assertEqual(len(captures.entries(connection, 'conflict')), 500)
        self.assertGreater(connection['omitted'], 600)
        self.assertEqual(len(captures.entries(connection, 'replaced')), 1)

    def test_snap_length(self):
        """What was not recorded is a gap, and told."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'0123456789', recorded=4)
        tcp.say(0, b'abc')
        tcp.close()
        report = self.inspect(pcap)
        self.assertEqual(report['summary']['packets_cut'], 1)
        connection, = report['connections']
        self.assertEqual([(gap['offset'], gap['length'])
                          for gap in captures.entries(connection, 'gap')], [(4, 6)])
        self.assertEqual(connection['client']['bytes'], 7)

    def test_idle(self):
        pcap = Pcap(self.folder)
        Tcp(pcap).open().say(0, b'a')
        pcap.wait(50)
        Tcp(pcap, client=('10.0.0.9', 1)).open().say(0, b'b')
        report = self.inspect(pcap, '--idle-timeout=40')
        self.assertEqual([connection['outcome'] for connection in report['connections']],
                         ['idle', 'open'])

    def test_room(self):
        """Whoever was idle for the longest time makes room."""
        pcap = Pcap(self.folder)
        for port in range(1, 5):
            Tcp(pcap, client=('10.0.0.9', port)).open()
        report = self.inspect(pcap, '--max-connections=2')
        self.assertEqual([connection['client_address'] for connection in report['connections']],
                         [f'10.0.0.9:{port}' for port in range(1, 5)])
        self.assertEqual(report['summary']['connections_displaced'], 2)

    def test_report_order(self):
        """Those that have long ended, then, at the end, what goes on before what has just ended."""
        pcap = Pcap(self.folder)
        tcp = [Tcp(pcap, client=('10.0.0.9', port)) for port in range(1, 4)]
        tcp[0].open().close()
        pcap.wait(61)
        tcp[1].open().close()
        tcp[2].open()
        pcap.add(captures.ethernet(captures.udp_packet(('10.0.0.9', 4), ('10.0.0.2', 53), b'a')))
        report = self.inspect(pcap)
        self.assertEqual([(connection['client_address'], connection['outcome'])
                          for connection in report['connections']],
                         [('10.0.0.9:1', 'closed'), ('10.0.0.9:3', 'open'), ('10.0.0.9:4', 'open'),
                          ('10.0.0.9:2', 'closed')])


class Links(Files):
    def write(self, link, header):
        """OUT for a capture with that link type."""
        pcap = Pcap(self.folder, link=link)
        for version in (4, 6):
            tcp = Tcp(pcap, version, client=(captures.CLIENT[version][0], 1000 + len(self.files)),
                      link=lambda packet: header(packet) + packet).open()
            tcp.say(0, b'a secret')
            tcp.close()
        report = self.inspect(pcap, '--module', REPLACE % 'word')
        self.assertEqual([connection['outcome'] for connection in report['connections']],
                         ['closed', 'closed'], link)
        self.files.append(f'{self.out}-{len(self.files)}')
        os.rename(self.out, self.files[-1])

    def test_links(self):
        def kind(packet):
            return b'\x86\xdd' if packet[0] >> 4 == 6 else b'\x08\0'
        self.files = []
        self.write(101, lambda packet: b'')
        self.write(0, lambda packet: struct.pack('<I', 30 if packet[0] >> 4 == 6 else 2))
        self.write(113, lambda packet: struct.pack('>HHHQ', 0, 1, 6, 0) + kind(packet))
        self.write(276, lambda packet: kind(packet) + struct.pack('>HIHBBQ', 0, 1, 1, 0, 6, 0))
        self.write(1, lambda packet: b'\2' * 12 + b'\x81\0\0\5' + kind(packet))
        subprocess.run(['mergecap', '-a', '-w', self.out, *self.files], check=True)
        out = self.dissect(captures.Dissected)
        for number in range(2 * len(self.files)):
            self.assertEqual(out.follow(number)[0], b'a word', number)

    def test_unknown(self):
        pcap = Pcap(self.folder, link=105)
        status, out, err = harness.run_tool('pcap', pcap.save())
        self.assertEqual((status, out), (1, ''))
        self.assertIn('link type is IEEE802_11 (105)', err)


class Datagrams(Files):
    def test_udp(self):
        pcap = Pcap(self.folder, nanoseconds=True)
        client, server = captures.CLIENT[4], ('10.0.0.2', 5300)
        for data in (b'a secret', b'', b'no more'):
            number = pcap.add(captures.ethernet(captures.udp_packet(client, server, data)))
            pcap.add(captures.ethernet(captures.udp_packet(server, client, b'yes')))
        pcap.add(captures.ethernet(captures.udp_packet(client, server, b'0123456789')), 47)
        connection = self.inspect_one(pcap, '--module', REPLACE % 'word')
        out = self.dissect()
        self.assertEqual(out.follow(protocol='udp'), [b'a wordno more', b'yes' * 3])
        self.assertEqual((connection['protocol'], connection['client']['bytes']), ('udp', 15))
        self.assertEqual(len(captures.entries(connection, 'note')), 2)
        self.assertTrue(connection['start'].endswith('.000001123Z'), connection['start'])
        self.assertEqual(out.values('frame.time_epoch')[number - 1], '1700000000.000005123')

    def test_denied(self):
        """There is no reset in UDP: nothing follows."""
        pcap = Pcap(self.folder)
        client, server = captures.CLIENT[6], ('2001:db8::2', 5300)
        for data in (b'hello', b'a secret', b'more'):
            pcap.add(captures.ethernet(captures.udp_packet(client, server, data)))
            pcap.add(captures.ethernet(captures.udp_packet(server, client, data)))
        connection = self.inspect_one(pcap, '--module', DENY)
        self.assertEqual((connection['outcome'], connection['late_bytes']), ('denied', 16))
        self.assertEqual(self.dissect().follow(protocol='udp'), [b'hello', b'hello'])

    def test_fragments(self):
        """Put together they are inspected; what overlaps is left out, and told."""
        pcap = Pcap(self.folder)
        client, server = captures.CLIENT[4], ('10.0.0.2', 5300)
        udp = captures.udp_packet(client, server, b'some secret words, in pieces')[20:]

        def add(number, begin, end, more):
            pcap.add(captures.ethernet(captures.ip_packet(
                client[0], server[0], 17, udp[begin:end], begin // 8 | more << 13, number)))
        add(7, 24, 36, False)
        add(7, 0, 16, True)
        add(7, 16, 24, True)
        add(8, 0, 24, True)
        add(8, 16, 36, False)
        add(9, 0, 24, True)
        report = self.inspect(pcap, '--module', REPLACE % 'other')
        self.assertEqual(self.dissect().follow(protocol='udp')[0], b'some other words, in pieces')
        self.assertEqual(report['summary']['fragments_lost'], 3)
        self.assertEqual([note['text'] for note in report['summary']['notes']],
                         ['fragments overlap',
                          'fragments are missing at the end of the capture'])

    def test_other(self):
        """What is neither TCP nor UDP is copied; what is malformed is left out."""
        pcap = Pcap(self.folder)
        echo = b'\x08\0\xf7\xfd\0\1\0\1'
        pcap.add(captures.ethernet(captures.ip_packet('10.0.0.1', '10.0.0.2', 1, echo)))
        pcap.add(captures.ethernet(captures.ip_packet('10.0.0.1', '10.0.0.2', 6, b'short')))
        report = self.inspect(pcap)
        self.assertEqual((report['summary']['packets_other'],
                          report['summary']['packets_malformed']), (1, 1))
        self.assertEqual(report['summary']['notes'][0]['packet'], 2)
        self.assertEqual(captures.Dissected(self.out).values('frame.protocols'),
                         ['eth:ethertype:ip:icmp'])


class Hostile(Files):
    def good(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'hello')
        tcp.close()
        return pcap

    def test_truncated(self):
        """What is there is told and written; that it is not all is an error."""
        pcap = self.good()
        for cut in (1, 20, 60):
            with open(pcap.path, 'wb') as file:
                file.write(pcap.bytes[:-cut])
            report, err = captures.inspect(pcap.path, '--write', self.out, status=1)
            self.assertTrue(report['summary']['truncated'])
            self.assertIn('truncated', err)
        self.assertEqual(self.dissect().follow()[0], b'hello')

    def test_no_capture(self):
        for content in (b'', b'abc', b'x' * 1000, b'\xd4\xc3\xb2\xa1\2\0\4\0'):
            path = os.path.join(self.folder, 'none')
            with open(path, 'wb') as file:
                file.write(content)
            status, out, err = harness.run_tool('pcap', path)
            self.assertEqual((status, out, err.count('\n')), (1, '', 1), content)
            self.assertIn(f'pcap "{path}": ', err)
        status, _, err = harness.run_tool('pcap', self.folder + '/nothing')
        self.assertEqual((status, err.count('\n')), (1, 1))

    def test_lying_blocks(self):
        """Blocks of pcapng whose lengths lie cost no memory and no time."""
        header = struct.pack('<IIIHHqI', 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28)
        interface = struct.pack('<IIHHII', 1, 20, 1, 0, 0, 20)
        for block in (struct.pack('<II', 6, 0xfffffff0), struct.pack('<II', 6, 12),
                      struct.pack('<IIIIIIIII', 6, 36, 0, 0, 0, 0xffffffff, 0xffffffff, 0, 36),
                      struct.pack('<IIIIIIIII', 6, 36, 9, 0, 0, 4, 4, 0, 36),
                      struct.pack('<II', 1, 0xfffffffc)):
            path = os.path.join(self.folder, 'lies.pcapng')
            with open(path, 'wb') as file:
                file.write(header + interface + block)
            status, _, err = harness.run_tool('pcap', path)
            self.assertEqual((status, err.count('\n')), (1, 1), block)

    def test_mutants(self):
        """Whatever stands in a capture, the tool ends, and says what there was."""
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        original = self.good().bytes
        for number in range(15):
            mutant = bytearray(original)
            for _ in range(chance.randrange(1, 8)):
                mutant[chance.randrange(24, len(mutant))] = chance.randrange(256)
            path = os.path.join(self.folder, f'mutant-{number}')
            with open(path, 'wb') as file:
                file.write(mutant)
            status, out, err = harness.run_tool('pcap', path, '--module', REPLACE % 'x', '--write',
                                                self.out)
            self.assertIn(status, (0, 1), (seed, number, err))
            self.assertIn(' connections:', out, (seed, number))

    def test_output(self):
        """OUT is there as a whole, or not at all."""
        pcap = self.good()
        pcap.save()
        status, _, err = harness.run_tool('pcap', pcap.path, '--write', pcap.path)
        self.assertEqual(status, 1)
        self.assertIn('that is what is read', err)
        status, out, err = harness.run_tool('pcap', pcap.path, '--write', '-')
        self.assertEqual((status, out), (2, ''))
        self.assertIn('--write "-": standard output has the report', err)
        status, _, err = harness.run_tool('pcap', pcap.path, '--write', self.folder + '/no/out')
        self.assertEqual(status, 1)
        self.assertIn('cannot make a file there: No such file', err)
        done = subprocess.run(['prlimit', '--fsize=100', harness.TOOL, 'pcap', pcap.path, '--write',
                               self.out], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=ignore_file_limit, check=False, timeout=harness.TIMEOUT)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'cannot write: File too large', done.stderr)
        self.assertEqual(os.listdir(self.folder), ['made.pcap'])
        with open(self.out, 'wb') as file:
            file.write(b'old')
        os.chmod(self.out, 0o640)
        self.inspect(pcap)
        self.dissect()

    def test_arguments(self):
        for args, says in (((), 'IN is missing'), (('a', 'b'), '"b": one capture at a time'),
                           (('a', '--report=xml'), '--report "xml"'),
                           (('a', '--max-kept=0'), '--max-kept "0"')):
            status, out, err = harness.run_tool('pcap', *args)
            self.assertEqual((status, out), (2, ''))
            self.assertIn(says, err)


def ignore_file_limit():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


class Elsewhere(Files):
    def test_same(self):
        """Behind a server, a module does the same, packet by packet."""
        pcap = Pcap(self.folder)
        tcps = [Tcp(pcap, client=('10.0.0.9', port)).open() for port in range(1, 6)]
        for number in range(10):
            for tcp in tcps:
                tcp.say(number % 2, b'a secret of %d.' % number)
        for tcp in tcps:
            tcp.close()
        pcap.add(captures.ethernet(captures.udp_packet(captures.CLIENT[4], ('10.0.0.2', 53),
                                                       b'a secret datagram')))
        for module in (REPLACE % 'word', DENY):
            here = self.inspect(pcap, '--module', module)
            with open(self.out, 'rb') as file:
                written = file.read()
            with harness.Tool('serve', '--module', module, '127.0.0.1:0') as server:
                there = self.inspect(pcap, '--module', f'remote=addr={server.address}',
                                     '--answer-time=20000')
            self.assertEqual(there, here)
            with open(self.out, 'rb') as file:
                self.assertEqual(file.read(), written)


class Recordings(Files):
    def record(self, pcap, *args, status=0):
        """The report, and the recordings by the order of the connections."""
        folder = os.path.join(self.folder, 'recordings')
        report, err = captures.inspect(pcap.save(), '--record', folder, *args, status=status)
        paths = [connection['recording'] for connection in report['connections']]
        self.assertEqual(sorted(paths),
                         sorted(os.path.join(folder, name) for name in os.listdir(folder)))
        return report, paths, err

    def replay(self, *args):
        return harness.run_tool('replay', *args)

    def test_replayed(self):
        """What was recorded from a capture plays like what a relay has recorded."""
        pcap = Pcap(self.folder)
        for port in (1, 2):
            tcp = Tcp(pcap, client=('10.0.0.9', port)).open()
            tcp.say(0, b'a sec')
            tcp.say(0, b'ret')
            tcp.say(1, b'and more')
            tcp.close()
        pcap.add(captures.ethernet(captures.udp_packet(captures.CLIENT[4], ('10.0.0.2', 53),
                                                       b'a secret datagram')))
        module = REPLACE % 'word'
        report, paths, err = self.record(pcap, '--module', module)
        self.assertEqual((err, len(paths)), ('', 3))
        for path in paths:
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            status, out, err = self.replay(path, '--module', module)
            self.assertEqual((status, err), (0, ''), out)
            self.assertIn(f'same {path}', out)
            status, out, _ = self.replay(path, '--module', REPLACE % 'other')
            self.assertEqual(status, 1)
            self.assertIn(f'differs {path}', out)

    def test_denied(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'a secret')
        tcp.say(0, b'unseen')
        tcp.close()
        _, (path,), _ = self.record(pcap, '--module', DENY)
        status, out, _ = self.replay(path, '--module', DENY)
        self.assertEqual(status, 0, out)
        self.assertIn('denied', out)

    def test_gap(self):
        """A recording ends where something is missing, and the report says so."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'before')
        tcp.add(0, ACK, 106, b'behind')
        tcp.close()
        report, (path,), _ = self.record(pcap)
        self.assertIn('the recording of the connection ends here',
                      [note['text'] for note in captures.entries(report['connections'][0], 'note')])
        status, out, _ = self.replay(path, '--module', 'pass')
        self.assertEqual(status, 0, out)

    def test_limits(self):
        """What finds no room is told, and is an error."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, os.urandom(10000))
        tcp.close()
        report, _, err = self.record(pcap, '--record-max=4096', status=1)
        self.assertIn('1 of 1 recordings are not complete', err)
        note, = captures.entries(report['connections'][0], 'note')
        self.assertIn('(max-size)', note['text'])
        status, out, err = harness.run_tool('pcap', pcap.path, '--record',
                                            self.folder + '/no/folder')
        self.assertEqual((status, out), (1, ''))
        self.assertIn('--record: ', err)

    def test_full_disk(self):
        """What the disk does not take is an error, even if all was read before it says so."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        for _ in range(400):
            tcp.say(0, os.urandom(1000))
        tcp.close()
        folder = os.path.join(self.folder, 'recordings')
        done = subprocess.run(['/bin/sh', '-c', 'ulimit -f 200; exec "$0" "$@"', harness.TOOL,
                               'pcap', pcap.save(), '--record', folder], capture_output=True,
                              text=True, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('1 of 1 recordings are not complete', done.stderr)
        self.assertIn(os.strerror(errno.EFBIG), done.stderr)


class Reports(Files):
    def test_text(self):
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap, 6).open()
        tcp.say(0, b'a secret')
        tcp.close()
        status, out, err = harness.run_tool('pcap', pcap.save(), '--module', REPLACE % 'word')
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(out.splitlines(), [
            'tcp [2001:db8::1]:40000 -> [2001:db8::2]:80, 2023-11-14T22:13:20.000001000Z, packets '
            '1-8: closed',
            '  client: 8 bytes: 2 passed, 6 replaced, 0 denied, 0 without a verdict',
            '  server: 0 bytes: 0 passed, 0 replaced, 0 denied, 0 without a verdict',
            '  passed client 0-2, packet 4',
            '  replaced client 2-8 by 4 bytes, packet 4',
            '8 packets, 1 connections: 1 closed'])

    def test_pcapng(self):
        """What dumpcap writes, with several hundred packets, from a pipe."""
        pcap = Pcap(self.folder, nanoseconds=True)
        tcp = Tcp(pcap).open()
        for _ in range(300):
            tcp.say(0, b'a secret ')
        tcp.close()
        ng = os.path.join(self.folder, 'in.pcapng')
        subprocess.run(['editcap', '-F', 'pcapng', pcap.save(), ng], check=True)
        with open(ng, 'rb') as file:
            done = subprocess.run([harness.TOOL, 'pcap', '-', '--write', self.out, '--module',
                                   REPLACE % 'word'], stdin=file, stdout=subprocess.PIPE,
                                  check=True, timeout=harness.TIMEOUT)
        self.assertTrue(done.stdout.endswith(b'\n606 packets, 1 connections: 1 closed\n'))
        out = self.dissect()
        self.assertEqual(out.follow()[0], b'a word ' * 300)
        times = out.values('frame.time_epoch')
        self.assertEqual((times[0], times[-1]), ('1700000000.000001123', '1700000000.000606123'))

    def test_slow(self):
        """How fast a capture is read changes nothing: what may be the beginning of a match is held
        for as long as it takes."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        tcp.say(0, b'a sec')
        other = Tcp(pcap, client=('10.0.0.9', 9)).open()
        for _ in range(300):
            other.say(0, b'x')
        part = len(pcap.bytes)
        for _ in range(300):
            other.say(0, b'x')
        tcp.say(0, b'ret')
        with subprocess.Popen([harness.TOOL, 'pcap', '-', '--write', self.out, '--module',
                               REPLACE % 'word'], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as process:
            process.stdin.write(pcap.bytes[:part])
            process.stdin.flush()
            time.sleep(0.7)
            process.stdin.write(pcap.bytes[part:])
            process.stdin.close()
            self.assertEqual(process.wait(harness.TIMEOUT), 0)
        said = b''.join(bytes.fromhex(packet['tcp.payload'])
                        for packet in captures.Plain(self.out).packets
                        if packet['tcp.srcport'] == '40000')
        self.assertEqual(said, b'a word')

    def test_stopped(self):
        """A signal ends it, and OUT is not there, nor is anything else."""
        pcap = Pcap(self.folder)
        Tcp(pcap).open().say(0, b'hello')
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([harness.TOOL, 'pcap', '-', '--write', self.out],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) as process:
                process.stdin.write(pcap.bytes)
                process.stdin.flush()
                # It is there once the tool listens to signals.
                harness.wait_until(lambda: os.listdir(self.folder))
                process.send_signal(number)
                process.stdin.close()
                self.assertEqual(process.wait(harness.TIMEOUT), 1)
                self.assertIn(b'stopped after ', process.stderr.read())
            self.assertEqual(os.listdir(self.folder), [])

    def test_progress(self):
        """Whoever looks at a terminal sees how far it is, and nothing of that stays."""
        pcap = Pcap(self.folder)
        tcp = Tcp(pcap).open()
        for _ in range(600):
            tcp.say(0, b'x')
        master, terminal = pty.openpty()
        process = subprocess.Popen([harness.TOOL, 'pcap', '-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        process.stdin.write(pcap.bytes)
        process.stdin.close()
        shown = b''
        self.assertEqual(process.wait(harness.TIMEOUT), 0)
        while True:
            try:
                part = os.read(master, 10000)
            except OSError as error:
                self.assertEqual(error.errno, errno.EIO)
                break
            if not part:
                break
            shown += part
        os.close(master)
        self.assertRegex(shown, rb'\r\x1b\[K\d+ MiB, \d+ MB/s, 1 connections')
        self.assertTrue(shown.endswith(b'\r\x1b[K'), shown)


if __name__ == '__main__':
    unittest.main()
