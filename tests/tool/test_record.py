#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""relay --record and replay: real traffic is recorded, a reader that is not ours understands the
files, what is killed leaves a beginning that can be read, and a changed module is noticed."""

import json
import os
import re
import socket
import stat
import struct
import subprocess
import unittest

import tool_harness as harness

LAMB = 'pattern=string=wolf&action=replace&actdata=lamb'
SHEEP = 'pattern=string=wolf&action=replace&actdata=sheep'
PAGE = b'There once was a wolf\nwho lived near a mountain.\n'
DATA, VERDICT, OUTCOME, END = range(4)


def read_item(data, at):
    """One CBOR item, and where the next one begins; IndexError or struct.error if it is cut."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        size = 1 << (info - 24)
        info, = struct.unpack_from('>' + 'BHIQ'[info - 24], data, at)
        at += size
    if major == 0:
        return info, at
    if major == 1:
        return -1 - info, at
    if major in (2, 3):
        if at + info > len(data):
            raise IndexError
        raw = data[at:at + info]
        return (raw if major == 2 else raw.decode()), at + info
    if major == 4:
        items = []
        for _ in range(info):
            item, at = read_item(data, at)
            items.append(item)
        return items, at
    raise ValueError(f'major type {major}')


def read_recording(path):
    """The head and the whole entries, by the specification alone."""
    with open(path, 'rb') as file:
        head, data = json.loads(file.readline()), file.read()
    entries, at = [], 0
    while at < len(data):
        try:
            entry, at = read_item(data, at)
        except (IndexError, struct.error):
            break
        entries.append(entry)
    return head, entries


def said(entries, direction):
    return b''.join(entry[5] for entry in entries if entry[0] == DATA and entry[2] == direction)


def serve_page(connection):
    request = b''
    while b'\r\n\r\n' not in request:
        request += connection.recv(4096)
    connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n' + PAGE)


def curl(port):
    return subprocess.run(['curl', '--silent', '--show-error', '--noproxy', '*', '--max-time', '30',
                           f'http://127.0.0.1:{port}/'], stdout=subprocess.PIPE, check=True).stdout


class Record(unittest.TestCase):
    def setUp(self):
        self.parent = harness.make_folder()
        self.folder = os.path.join(self.parent, 'recordings')

    def relay(self, upstream, *args, module=LAMB, **kwargs):
        return harness.Tool('relay', '--record', self.folder, '--listen', '127.0.0.1:0', '--module',
                            module, '--connect', upstream.address, *args, **kwargs)

    def paths(self):
        return sorted(os.path.join(self.folder, name) for name in os.listdir(self.folder))

    def record_page(self):
        with harness.Upstream(serve_page) as upstream, self.relay(upstream) as relay:
            self.assertEqual(curl(relay.port), PAGE.replace(b'wolf', b'lamb'))
        path, = self.paths()
        return path

    def replay(self, status, *args):
        got = harness.run_tool('replay', *args)
        self.assertEqual(got[0], status, got)
        return got

    def test_curl(self):
        path = self.record_page()
        self.assertEqual(stat.S_IMODE(os.stat(self.folder).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertRegex(os.path.basename(path),
                         r'^\d+-127\.0\.0\.1\.\d+-127\.0\.0\.1\.\d+-\w{6}\.imprec$')
        head, entries = read_recording(path)
        self.assertEqual((head['format'], head['version']), ('imp-recording', 1))
        self.assertRegex(head['started'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$')
        self.assertEqual(head['context']['caddr'], '127.0.0.1')
        self.assertEqual(head['modules'], ['pattern'])
        with open(path, 'rb') as file:
            self.assertNotIn(b'actdata', file.readline())
        self.assertTrue(said(entries, 0).startswith(b'GET / HTTP/1.1\r\n'))
        self.assertTrue(said(entries, 1).endswith(PAGE))
        self.assertTrue(all(entry[1] >= 0 for entry in entries))
        self.assertIn([0x4103, 1, 0x1011, 1],
                      [entry[2][:4] for entry in entries if entry[0] == VERDICT])
        self.assertEqual(entries[-2][2:], [0, ''])
        self.assertEqual((entries[-2][0], entries[-1][0]), (OUTCOME, END))
        self.assertEqual(entries[-1][2:], [0, 0, 0, ''])

    def test_replay(self):
        path = self.record_page()
        for chunks in ('recorded', 'whole', '1', '7'):
            _, out, err = self.replay(0, path, '--module', LAMB, '--chunks', chunks)
            self.assertEqual((out, err), (f'same {path}: it went through\n', ''))
        _, out, _ = self.replay(1, path, '-m', SHEEP)
        self.assertRegex(out, r'^differs .*:\n  the output to the client differs at byte \d+, '
                              r'after "here once was a ": "sheep\\x0awho .*, and not "lamb\\x0awho')
        _, out, _ = self.replay(1, path, '-m', 'pattern=string=mountain&action=deny&actdata=no')
        self.assertIn('it was denied: "no", and not: it went through', out)

    def test_shrink(self):
        path = self.record_page()
        for args in ((), ('--against', LAMB)):
            _, out, _ = self.replay(1, path, '--module', SHEEP, '--shrink', *args)
            chunks = [json.loads(line) for line in out.splitlines() if line.startswith('{')]
            self.assertEqual([chunk['text'] for chunk in chunks if chunk['text']], ['wolf'])
            self.assertIn('  the output to the client differs at byte 0: "sheep", and not "lamb"\n',
                          out)
        small = os.path.join(self.parent, 'small.json')
        with open(small, 'w', encoding='ascii') as file:
            file.writelines(json.dumps(chunk) + '\n' for chunk in chunks)
        self.assertEqual(harness.run_tool('prove', '--random-trials=10', SHEEP, small)[0], 0)

    def test_statuses(self):
        path = self.record_page()
        for args, message in ((('-m', LAMB), 'FILE is missing'),
                              ((path,), '--module NAME.* is missing'),
                              ((path, '-m', LAMB, '--chunks', '0'), '--chunks "0"'),
                              ((path, '-m', LAMB, '--chunks', '1x'), '--chunks "1x"'),
                              ((path, '-m', 'pattern'), '--module "pattern"')):
            self.assertRegex(self.replay(2, *args)[2], message)
        self.assertIn('it is no recording', self.replay(1, __file__, '-m', LAMB)[2])
        self.assertIn('/no/such', self.replay(1, '/no/such', '-m', LAMB)[2])
        # One that is good does not hide one that is not.
        self.assertIn('same ', self.replay(1, '/no/such', path, '-m', LAMB)[1])

    def test_killed(self):
        """What had come when the relay was killed can be read, to the last whole entry."""
        with harness.Upstream(harness.echo) as upstream:
            relay = self.relay(upstream, module=LAMB)
            with harness.connect(relay.port) as client:
                for i in range(100):
                    client.sendall(b'%099d\n' % i)
                    client.recv(100, socket.MSG_WAITALL)
                path, = self.paths()
                # The thread writes at once.
                harness.wait_until(lambda: os.stat(path).st_size > 20000)
                relay.process.kill()
                relay.wait()
        entries = read_recording(path)[1]
        self.assertEqual(said(entries, 0), b''.join(b'%099d\n' % i for i in range(100)))
        _, out, err = self.replay(0, path, '--module', LAMB, '--timeout', '1')
        self.assertIn('same', out)
        self.assertIn('it breaks off', err)
        # Cut anywhere, the rest can be read as well.
        with open(path, 'rb') as file:
            data = file.read()
        cut = os.path.join(self.parent, 'cut')
        with open(cut, 'wb') as file:
            file.write(data[:len(data) // 2])
        _, _, err = self.replay(0, cut, '--module', LAMB, '--timeout', '1')
        self.assertIn('it breaks off', err)

    def test_limits(self):
        """What is too much is left out, and counted; the traffic goes on."""
        size = 3_000_000
        source = os.path.join(self.parent, 'source')
        harness.write_random(source, size)
        with harness.file_server(source) as upstream, \
             self.relay(upstream, '--record-max', '1000000', '--record-max-total', '2500000',
                        module='pass') as relay:
            for _ in range(4):
                self.assertEqual(len(harness.fetch(relay.port)), size)
            relay.wait_for_log('nothing is recorded any more')
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(sum('nothing is recorded any more' in line for line in relay.log), 1)
        self.assertTrue(any('record-max' not in line and '(max-size)' in line
                            for line in relay.log), relay.log)
        first = [path for path in self.paths()
                 if read_recording(path)[1][-1][5] == 'a recording may have 1000000 bytes '
                                                      '(max-size)']
        self.assertGreaterEqual(len(first), 1)
        end = read_recording(first[0])[1][-1]
        self.assertEqual(end[3] + len(said(read_recording(first[0])[1], 1)), size)
        self.assertLess(sum(os.stat(path).st_size for path in self.paths()), 2_600_000)

    def test_full_disk(self):
        """One line of the log; the traffic goes on, and what was written can be read."""
        command = ('/bin/sh', '-c', 'ulimit -f 200; exec "$0" "$@"', harness.TOOL)
        source = os.path.join(self.parent, 'source')
        harness.write_random(source, 1_000_000)
        with harness.file_server(source) as upstream, \
             self.relay(upstream, module='pass', command=command) as relay:
            for _ in range(3):
                self.assertEqual(len(harness.fetch(relay.port)), 1_000_000)
            relay.wait_for_log('nothing is recorded any more')
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(sum('nothing is recorded any more' in line for line in relay.log), 1)
        self.assertIn('it breaks off', harness.run_tool('replay', self.paths()[0], '-m', 'pass')[2])

    def test_no_folder(self):
        below = os.path.join(self.parent, 'no', 'such')
        status, _, err = harness.run_tool('relay', '--record', below, '--listen', '127.0.0.1:0',
                                          '--connect', '127.0.0.1:1')
        self.assertEqual(status, 1)
        self.assertIn(below, err)

    def test_reset(self):
        """A connection that breaks off is told from one that ends."""
        def reset(connection):
            connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        with harness.Upstream(reset) as upstream, self.relay(upstream, module='pass') as relay:
            self.assertEqual(harness.fetch_cut(relay.port), b'')
        path, = self.paths()
        outcome = [entry for entry in read_recording(path)[1] if entry[0] == OUTCOME]
        self.assertEqual(outcome[0][2], 5)
        self.assertTrue(re.search('reset', outcome[0][3], re.I), outcome)
        self.assertIn('same', self.replay(0, path, '--module', 'pass')[1])


if __name__ == '__main__':
    harness.main()
