#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Captures through analyzers in other processes: in order of time, whoever answers when; and one
that fails never looks like one that agrees."""

import json
import os
import struct
import subprocess
import sys
import unittest

import capture_files as captures
import tool_harness as harness
from capture_files import Pcap, Tcp

HERE = os.path.dirname(os.path.abspath(__file__))
SHOUT = os.path.join(HERE, '..', '..', 'docs', 'examples', 'shout.py')
SILENT = os.path.join(HERE, 'modules', 'silent.py')
DYING = os.path.join(HERE, 'modules', 'dying.py')
TALKER = '''from gi.repository import Imp

class Talker(Imp.Analyzer):
    """Logs what it is fed, and answers each third piece."""
    data_type = Imp.DATA_TYPE_STREAM

    def __init__(self):
        super().__init__()
        self.fed = [0, 0]
        self.pieces = 0

    def do_bytes(self, direction, data, offset, data_type):
        self.fed[direction] += len(data)
        self.pieces += 1
        if data:
            self.log(direction, self.fed[direction] - len(data), len(data), Imp.LogLevel.WARNING,
                     data.decode())
            self.account('key', 'line\\nfeed')
        if self.pieces % 3 == 0:
            self.pass_bytes(0, self.fed[0])
            self.pass_bytes(1, self.fed[1])
'''


READ_RECORDING = '''
import json, sys, gi
gi.require_version('Imp', '1')
from gi.repository import Imp
recording = Imp.Recording.new_for_file(sys.argv[1])
chunks = [recording.get_chunk(i) for i in range(recording.get_n_chunks())]
print(json.dumps({'started': recording.get_started(), 'caddr': recording.get_context()['caddr'],
                  'chunks': [[int(direction), data.get_data().decode(), time]
                             for data, direction, _, time in chunks]}))
'''


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.out = os.path.join(self.folder, 'out.pcap')
        self.pcap = Pcap(self.folder)

    def talk(self, connections, words):
        """Connections in turns."""
        tcps = [Tcp(self.pcap, client=('10.0.0.9', 1000 + number)).open()
                for number in range(connections)]
        for number in range(words):
            for tcp in tcps:
                tcp.say(0, b'question %d\n' % number)
                tcp.say(1, b'answer %d\n' % number)
        for tcp in tcps:
            tcp.close()

    def inspect(self, *args, status=0):
        return captures.inspect(self.pcap.save(), '--write', self.out, *args, status=status)

    def check_shout(self, module):
        self.talk(4, 10)
        report, _ = self.inspect('--module', module, '--answer-time=20000')
        self.assertEqual([c['outcome'] for c in report['connections']], ['closed'] * 4)
        self.assertEqual([c['server']['replaced'] for c in report['connections']], [90] * 4)
        out, made = captures.Plain(self.out), captures.Plain(self.pcap.path)
        self.assertEqual(len(out.packets), len(made.packets))
        for after, before in zip(out.packets, made.packets):
            # Each packet stands where it stood.
            self.assertEqual(after['frame.time_epoch'], before['frame.time_epoch'])
            said = bytes.fromhex(before['tcp.payload'])
            self.assertEqual(bytes.fromhex(after['tcp.payload']),
                             said.upper() if before['tcp.srcport'] == '80' else said)

    def test_order(self):
        self.check_shout(SHOUT)

    def test_remote(self):
        with harness.Tool('serve', '--module', SHOUT, '127.0.0.1:0') as server:
            self.check_shout(f'remote=addr={server.address}')

    def test_later(self):
        """A verdict on more than one packet sets all of it free; what is said is for people."""
        script = os.path.join(self.folder, 'talker.py')
        with open(script, 'w', encoding='utf-8') as file:
            file.write(TALKER)
        tcp = Tcp(self.pcap).open()
        tcp.say(0, b'one')
        number = tcp.say(0, 'two\x1b[31m\u202e\n'.encode())
        third = tcp.say(0, b'three')
        tcp.close()
        report, _ = self.inspect('--module', script, '--answer-time=1000')
        connection, = report['connections']
        self.assertEqual(connection['outcome'], 'closed')
        logged = captures.entries(connection, 'logged')
        self.assertEqual([(e['text'], e['offset'], e['packet'], e['level']) for e in logged],
                         [('one', 0, 4, 'warning'), ('two\\x1b[31m\\u202e\\x0a', 3, number,
                                                     'warning'), ('three', 15, third, 'warning')])
        self.assertEqual({e['text'] for e in captures.entries(connection, 'accounted')},
                         {'key=line\\x0afeed'})
        passed = captures.entries(connection, 'passed')
        self.assertEqual([(e['offset'], e['length'], e['packet']) for e in passed],
                         [(0, 20, third)])
        out = captures.Plain(self.out)
        self.assertEqual(out.complaints(), [])
        self.assertEqual(out.follow()[0], 'onetwo\x1b[31m\u202e\nthree'.encode())

    def test_silent(self):
        """Without a verdict, nothing passes, and that is a failure."""
        tcp = Tcp(self.pcap).open()
        tcp.say(0, b'ready')
        tcp.say(0, b'what now?')
        tcp.close()
        report, err = self.inspect('--module', SILENT, '--answer-time=20', '--deadline=2', status=1)
        connection, = report['connections']
        self.assertEqual((connection['outcome'], connection['client']['passed']), ('failed', 5))
        self.assertIn('the analyzer has failed in 1 connections', err)
        failed, = captures.entries(connection, 'failed')
        self.assertEqual(failed['text'], 'there is no verdict on 9 bytes')
        out = captures.Plain(self.out)
        self.assertEqual(out.complaints(resets=True), [])
        self.assertEqual(out.follow()[0], b'ready')
        self.assertEqual(out.values('tcp.flags')[-1], '0x0014')

    def test_too_silent(self):
        """Where more than a mebibyte has no verdict, it is waited for once."""
        tcp = Tcp(self.pcap).open()
        tcp.say(0, b'ready')
        for number in range(30):
            packet = tcp.say(0, b'x' * 60000)
            if number == 17:
                last = packet
        report, err = self.inspect('--module', SILENT, '--answer-time=20', '--deadline=1', status=1)
        connection, = report['connections']
        self.assertEqual(connection['outcome'], 'failed')
        self.assertIn('the analyzer has failed in 1 connections', err)
        failed, = captures.entries(connection, 'failed')
        self.assertEqual((failed['text'], failed['packet']),
                         (f'there is no verdict on {18 * 60000} bytes', last))
        self.assertEqual(connection['client'], {'bytes': 5 + 18 * 60000, 'passed': 5, 'replaced': 0,
                                                'denied': 0, 'held': 18 * 60000})
        self.assertEqual(connection['late_bytes'], 12 * 60000)

    def test_dying(self):
        """A script that ends refuses its connection."""
        tcp = Tcp(self.pcap).open()
        tcp.say(0, b'exit\n')
        tcp.say(1, b'unseen\n')
        tcp.close()
        report, err = self.inspect('--module', DYING, status=1)
        connection, = report['connections']
        self.assertEqual((connection['outcome'], connection['late_bytes']), ('failed', 7))
        self.assertIn('has failed in 1 connections', err)
        self.assertEqual(captures.Plain(self.out).follow(), [b'', b''])

    def test_unsuited(self):
        """A module that has said that it works with streams is not given datagrams."""
        datagram = captures.udp_packet(captures.CLIENT[4], ('10.0.0.2', 53), b'as it is')
        self.pcap.add(captures.ethernet(datagram))
        self.talk(1, 1)
        report, _ = self.inspect('--module', SHOUT)
        self.assertEqual(report['summary']['packets_unsuited'], 1)
        self.assertEqual([c['protocol'] for c in report['connections']], ['tcp'])
        with open(self.out, 'rb') as file:
            content = file.read()
        size, = struct.unpack_from('<I', content, 24 + 8)
        self.assertEqual(content[40:40 + size], captures.ethernet(datagram))

    def test_recording(self):
        """A recording has the times of the capture, and its borders of chunks."""
        tcp = Tcp(self.pcap).open()
        tcp.say(0, b'one')
        self.pcap.wait(2)
        tcp.say(1, b'two')
        tcp.say(1, b'three')
        tcp.close()
        folder = os.path.join(self.folder, 'recordings')
        report, _ = self.inspect('--record', folder)
        library = os.path.dirname(os.path.dirname(harness.TOOL))
        out = subprocess.run([sys.executable, '-c', READ_RECORDING,
                              report['connections'][0]['recording']], check=True,
                             stdout=subprocess.PIPE, env={**os.environ, 'LD_LIBRARY_PATH': library,
                                                          'GI_TYPELIB_PATH': library}).stdout
        self.assertEqual(json.loads(out), {
            'started': 1_700_000_000_000_001, 'caddr': '10.0.0.1',
            'chunks': [[0, 'one', 3], [1, 'two', 2_000_005], [1, 'three', 2_000_007],
                       [0, '', 2_000_009], [1, '', 2_000_010]]})

    def test_unreachable(self):
        status, out, err = harness.run_tool('pcap', self.pcap.save(), '--module',
                                            f'remote=addr={self.folder}/nobody', '--write',
                                            self.out)
        self.assertEqual((status, out), (1, ''))
        self.assertIn('--module "remote=addr=', err)
        self.assertFalse(os.path.exists(self.out))


if __name__ == '__main__':
    unittest.main()
