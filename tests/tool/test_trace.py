#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Spans of analyzers: in a relay, and behind it in a server, in one trace; sampled, bounded, and
written so that what others say stays where it belongs."""

import json
import mmap
import os
import re
import socket
import struct
import threading
import time
import unittest
import urllib.parse

import tool_harness as harness

PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
# One that is not interested has no life.
PATTERN = 'pattern=string=evil&rxdir=0&action=deny'
MALFORMED = (
    '', 'x', PARENT[:-1], PARENT + '0', PARENT + '-', PARENT.upper(), 'ff' + PARENT[2:],
    PARENT.replace('0af7651916cd43dd8448eb211c80319c', '0' * 32),
    PARENT.replace('b7ad6b7169203331', '0' * 16), PARENT.replace('-', '_'), PARENT[:-2] + 'zz',
    '00-' + 'g' * 32 + PARENT[35:], 'x' * 10000, '\n' * 55, '"' * 55)


def spans(path):
    """What a file has, one of each line, with attributes as a dictionary."""
    found = []
    with open(path, 'rb') as lines:
        for line in lines.read().decode('utf-8', errors='strict').splitlines():
            resource, = json.loads(line)['resourceSpans']
            scope, = resource['scopeSpans']
            span, = scope['spans']
            assert scope['scope']['name'] == 'imp-remote'
            assert {'key': 'service.name', 'value': {'stringValue': 'imp-remote'}} \
                in resource['resource']['attributes']
            span['attributes'] = {one['key']: next(iter(one['value'].values()))
                                  for one in span['attributes']}
            found.append(span)
    return found


class Traces(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.path = os.path.join(self.folder, 'trace')

    def relay(self, upstream, *options, module='pass'):
        return harness.Tool('relay', f'--trace={self.path}', *options, '--listen', '127.0.0.1:0',
                            '--module', module, '--connect', upstream.address)

    def serve(self, *options):
        return harness.Tool('serve', *options, '--module', PATTERN,
                            os.path.join(self.folder, 's'))

    def ask(self, address, contexts):
        """A client that has one analyzer for each context, with a byte for it."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.TIMEOUT)
            client.connect(address)
            client.sendall(b'{"op":"set_version","version":2,"minimum":1}\n'
                           b'{"op":"set_interface","interface":{}}\n')
            for number, context in enumerate(contexts, 1):
                for message in ({'op': 'new_analyzer', 'id': number, 'context': context},
                                {'op': 'data', 'id': number, 'dir': 0, 'offset': 0, 'type': -1,
                                 'text': 'x'}):
                    client.sendall(json.dumps(message).encode() + b'\n')
            client.sendall(b'{"op":"ping","token":1}\n')
            text = b''
            while b'"pong"' not in text:
                piece = client.recv(1 << 16)
                self.assertTrue(piece, text)
                text += piece

    def say(self, port):
        with harness.connect(port) as client:
            client.sendall(b'hello')
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.read_all(client), b'hello')

    def test_relay_and_server(self):
        """One trace: what the server does is caused by what the relay does."""
        other = os.path.join(self.folder, 'other')
        before = time.time_ns()
        with harness.Upstream(harness.echo) as upstream, \
                self.serve(f'--trace={other}') as server, \
                self.relay(upstream, module=f'remote=addr={server.address}') as relay:
            self.say(relay.port)
            harness.wait_until(lambda: os.path.getsize(other) > 0)
            harness.wait_until(lambda: os.path.getsize(self.path) > 0)
        one, = spans(self.path)
        two, = spans(other)
        self.assertNotIn('parentSpanId', one)
        self.assertEqual(two['traceId'], one['traceId'])
        self.assertEqual(two['parentSpanId'], one['spanId'])
        self.assertNotEqual(two['spanId'], one['spanId'])
        self.assertRegex(one['traceId'], '^[0-9a-f]{32}$')
        self.assertRegex(one['spanId'], '^[0-9a-f]{16}$')
        self.assertEqual((one['name'], one['kind'], one['status']), ('remote', 1, {}))
        self.assertEqual((two['name'], two['kind'], two['status']), ('pattern', 2, {}))
        for span in (one, two):
            begin, end = int(span['startTimeUnixNano']), int(span['endTimeUnixNano'])
            self.assertTrue(before - 10**9 < begin <= end < time.time_ns() + 10**9)
            self.assertEqual(span['attributes']['imp.outcome'], 'passed')
            self.assertGreaterEqual(int(span['attributes']['imp.verdicts']), 2)
        self.assertEqual(one['attributes']['imp.client.bytes'], '5')
        self.assertEqual(one['attributes']['imp.server.bytes'], '5')
        self.assertEqual(one['attributes']['imp.connection'], '1')
        self.assertRegex(one['attributes']['client.address'], r'^127\.0\.0\.1:\d+$')

    def test_failures(self):
        """What has failed is an error, and a refusal is none; texts are escaped."""
        reason = urllib.parse.quote('no\n"},{\x1b\u202e')
        with harness.Upstream(harness.echo) as upstream:
            with self.relay(upstream, module=f'{PATTERN}&actdata={reason}') as relay:
                self.assertEqual(harness.fetch(relay.port, b'evil'), b'')
            with self.relay(upstream, module=f'remote=addr={self.folder}/nobody') as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'x')
                    self.assertEqual(harness.read_end(client)[0], b'')
        denied, failed = spans(self.path)
        self.assertEqual(denied['attributes']['imp.outcome'], 'refused')
        self.assertEqual(denied['status'], {})
        self.assertEqual(failed['attributes']['imp.outcome'], 'failed')
        self.assertEqual(failed['status']['code'], 2)
        self.assertIn('nobody', failed['status']['message'])

    def test_server_in_a_trace(self):
        """Who calls says what is sampled; who says nothing of use has a trace of its own."""
        unsampled = PARENT[:-1] + '0'
        contexts = [{'traceparent': PARENT}, {'traceparent': unsampled},
                    {'traceparent': '01' + PARENT[2:] + '-more'},
                    *({'traceparent': text} for text in MALFORMED), {}]
        with self.serve(f'--trace={self.path}') as server:
            self.ask(server.address, contexts)
        found = spans(self.path)
        self.assertEqual(len(found), len(contexts) - 1)
        children = [span for span in found if 'parentSpanId' in span]
        self.assertEqual(len(children), 2)
        for child in children:
            self.assertEqual(child['traceId'], PARENT[3:35])
            self.assertEqual(child['parentSpanId'], PARENT[36:52])
        self.assertEqual(len({span['traceId'] for span in found}), len(contexts) - 2)

    def test_sampling(self):
        with self.serve(f'--trace={self.path}', '--trace-sample=0') as server:
            self.ask(server.address, [{}, {'traceparent': PARENT}, {}])
        self.assertEqual([span['parentSpanId'] for span in spans(self.path)], [PARENT[36:52]])

    def test_unsampled_is_told(self):
        """A server does not begin a trace that the relay has left out."""
        other = os.path.join(self.folder, 'other')
        with harness.Upstream(harness.echo) as upstream, \
                self.serve(f'--trace={other}') as server, \
                self.relay(upstream, '--trace-sample=0',
                           module=f'remote=addr={server.address}') as relay:
            self.say(relay.port)
        self.assertEqual(spans(self.path) + spans(other), [])

    def test_limit(self):
        """The file does not grow beyond what it may have, and what is there stays."""
        with open(self.path, 'wb') as file:
            file.write(b'{"resourceSpans":[]}\n')
        with self.serve(f'--trace={self.path}', '--trace-max=4096') as server:
            self.ask(server.address, [{}] * 20)
            server.wait_for_log('no more spans are written: the file is as large as it may become')
            server.stop()
            self.assertEqual(len([line for line in server.log if 'no more spans' in line]), 1)
            lost = re.search(r': (\d+) spans were not written', '\n'.join(server.log)).group(1)
        with open(self.path, 'rb') as file:
            text = file.read()
        self.assertLessEqual(len(text), 4096)
        self.assertTrue(text.startswith(b'{"resourceSpans":[]}\n') and text.endswith(b'\n'))
        self.assertEqual(text.count(b'"spanId"') + int(lost), 20)
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o644 & ~os.umask(0o022))

    def test_errors(self):
        os.mkfifo(os.path.join(self.folder, 'pipe'))
        os.symlink('/dev/null', os.path.join(self.folder, 'link'))
        for option, text in (('--trace-sample=2', 'a number from 0 to 1 is wanted'),
                             ('--trace-sample=nan', 'a number from 0 to 1 is wanted'),
                             ('--trace-sample=0.5x', 'a number from 0 to 1 is wanted'),
                             (f'--trace={self.folder}/none/file', 'No such file'),
                             (f'--trace={self.folder}', 'directory'),
                             (f'--trace={self.folder}/link', 'Too many levels'),
                             ('--trace=/dev/null', 'it is no ordinary file'),
                             (f'--trace={self.folder}/pipe', 'No such device')):
            for command in (['serve', self.folder + '/s'],
                            ['relay', '--listen=127.0.0.1:0', '--connect=127.0.0.1:1']):
                status, _, err = harness.run_tool(*command, option)
                self.assertIn(status, (1, 2), option)
                self.assertIn(text, err)
                self.assertIn(option.split('=', 1)[1], err)


class Profiler(threading.Thread):
    """What sysprof-cli is to a program that it has started: gives it memory to put marks into."""
    SIZE = 1 << 20

    def __init__(self):
        super().__init__(daemon=True)
        self.end, self.program = socket.socketpair()
        self.rings = []

    def run(self):
        while self.end.recv(len(b'CreatRing\0'), socket.MSG_WAITALL) == b'CreatRing\0':
            ring = os.memfd_create('ring')
            os.ftruncate(ring, mmap.PAGESIZE + self.SIZE)
            self.rings.append(mmap.mmap(ring, 0))
            # Where it has been written to and read, where it begins, and how large it is.
            self.rings[-1][:16] = struct.pack('=4I', 0, 0, mmap.PAGESIZE, self.SIZE)
            socket.send_fds(self.end, [b'\0'], [ring])
            os.close(ring)

    def finish(self):
        """All that was put there."""
        self.program.close()
        self.join()
        self.end.close()
        return b''.join(ring[:] for ring in self.rings)


class Profile(unittest.TestCase):
    @unittest.skipUnless(os.environ.get('IMP_TEST_SYSPROF') == '1',
                         'THIS BUILD HAS NO MARKS FOR SYSPROF')
    def test_marks(self):
        """Each end has its marks where a profiler has started it."""
        folder = harness.make_folder()
        ends = Profiler(), Profiler()
        for one in ends:
            one.start()
        server, client = ({'pass_fds': [one.program.fileno()],
                           'env': {'SYSPROF_CONTROL_FD': str(one.program.fileno())}}
                          for one in ends)
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('serve', '--module', PATTERN, os.path.join(folder, 's'),
                             **server) as remote, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={remote.address}', '--connect', upstream.address,
                             **client) as relay:
            with harness.connect(relay.port) as connection:
                connection.sendall(b'hello')
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(harness.read_all(connection), b'hello')
        for marks, names in zip((one.finish() for one in ends),
                                (('dispatch', 'decode', 'plugin', 'flush'),
                                 ('dispatch', 'decode', 'flush'))):
            for name in names:
                self.assertIn(b'imp-remote'.ljust(24, b'\0') + name.encode().ljust(40, b'\0'),
                              marks)


if __name__ == '__main__':
    unittest.main()
