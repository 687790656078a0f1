#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that know the protocol, and nothing of the library, talk to `imp-remote serve`: one with
a socket and json, one with a socket and cbor2."""

import base64
import json
import os
import socket
import struct
import unittest

import cbor2

import tool_harness as harness

MODULE = 'pattern=string=foo&action=replace&actdata=bar&hold-timeout=0'
STREAM = -1
NEVER_ENDING = -1


class JsonPeer:
    """One JSON object per line."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.TIMEOUT)
        self.socket.connect(address)
        self.lines = self.socket.makefile('rb')

    def send(self, **fields):
        self.socket.sendall(json.dumps(fields).encode() + b'\n')

    def receive(self):
        line = self.lines.readline()
        return json.loads(line) if line else None

    def close(self):
        self.lines.close()
        self.socket.close()


# op: its number, and its fields in their order
OPS = {
    'get_interface': (0x4001, ['interfaces']),
    'set_interface': (0x4002, ['interface']),
    'new_analyzer': (0x4003, ['id', 'context']),
    'delete_analyzer': (0x4004, ['id']),
    'data': (0x4005, ['id', 'dir', 'offset', 'type', 'data']),
    'set_version': (0x4006, ['version', 'minimum', 'limits', 'features']),
    'ping': (0x4008, ['token']),
    'pong': (0x4009, ['token']),
    'exception': (0x4101, ['id', 'message']),
    'interface': (0x4102, ['interfaces']),
}
RESULT = 0x4103
# What a result has behind its id and its type.
RESULTS = {
    0x1001: ('pass', ['dir', 'offset']),
    0x1011: ('replace', ['dir', 'offset', 'data']),
    0x1100: ('deny', ['dir', 'message', 'details']),
    0x1102: ('fatal', ['message']),
}


class CborPeer:
    """A CBOR sequence of byte strings, each of which holds one CBOR array [op, field...]."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.TIMEOUT)
        self.socket.connect(address)
        self.stream = self.socket.makefile('rb')

    def send(self, op, **fields):
        number, names = OPS[op]
        body = cbor2.dumps([number] + [fields[name] for name in names if name in fields])
        self.socket.sendall(b'\x5a' + struct.pack('>I', len(body)) + body)

    def receive(self):
        try:
            op, *values = cbor2.loads(cbor2.load(self.stream))
        except EOFError:
            return None
        if op == RESULT:
            name, names = RESULTS[values[1]]
            return {'op': 'result', 'id': values[0], 'result': name, **dict(zip(names, values[2:]))}
        name, names = next((name, names) for name, (number, names) in OPS.items() if number == op)
        return {'op': name, **dict(zip(names, values))}

    def close(self):
        self.stream.close()
        self.socket.close()


class Conversation:
    """The same talk in both wire formats."""

    def setUp(self):
        folder = harness.make_folder()
        server = harness.Tool('serve', '--module', MODULE, os.path.join(folder, 's'))
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        self.peer = self.make_peer(server.address)
        self.addCleanup(self.peer.close)

    def greet(self):
        self.peer.send(op='set_version', version=2, minimum=1, limits={}, features=[])
        answer = self.peer.receive()
        self.assertEqual(answer['op'], 'set_version')
        self.assertEqual(answer['version'], 2)

    def collect(self, analyzer, passed):
        """Results of one analyzer until direction 0 is passed to there."""
        results = []
        while True:
            message = self.peer.receive()
            self.assertEqual((message['op'], message['id']), ('result', analyzer), message)
            results.append(message)
            if message['result'] == 'pass' and message['dir'] == 0 and message['offset'] == passed:
                return results

    def test_conversation(self):
        self.greet()
        self.peer.send(op='new_analyzer', id=7, context={'caddr': '192.0.2.1'})
        self.send_data(7, b'a foo is a f')
        self.send_data(7, b'oo\xff')
        self.send_data(7, b'')
        out, position = b'', 0
        stream = b'a foo is a foo\xff'
        for result in self.collect(7, NEVER_ENDING):
            if result['dir'] != 0:
                continue
            end = len(stream) if result['offset'] == NEVER_ENDING else result['offset']
            out += self.payload(result) if result['result'] == 'replace' else stream[position:end]
            position = end
        self.assertEqual(out, b'a bar is a bar\xff')
        self.peer.send(op='delete_analyzer', id=7)
        self.peer.send(op='ping', token=42)
        self.assertEqual(self.peer.receive(), {'op': 'pong', 'token': 42})

    def test_interfaces(self):
        self.greet()
        self.peer.send(op='get_interface', interfaces=self.interfaces((STREAM, None)))
        answer = self.peer.receive()
        self.assertEqual(answer['op'], 'interface')
        self.assertEqual(len(answer['interfaces']), 1)
        # An interface that the module cannot serve: pattern needs more than PASS.
        self.peer.send(op='get_interface', interfaces=self.interfaces((STREAM, ['pass'])))
        self.assertEqual(self.peer.receive(), {'op': 'interface', 'interfaces': []})

    def test_errors(self):
        """What the protocol calls an exception, and the connection goes on."""
        self.greet()
        self.send_data(9, b'nobody')
        answer = self.peer.receive()
        self.assertEqual((answer['op'], answer['id']), ('exception', 9))
        self.peer.send(op='new_analyzer', id=1, context={})
        self.peer.send(op='new_analyzer', id=1, context={})
        answer = self.peer.receive()
        self.assertEqual((answer['op'], answer['id']), ('exception', 1))
        self.peer.send(op='ping', token=1)
        self.assertEqual(self.peer.receive(), {'op': 'pong', 'token': 1})


class Json(Conversation, unittest.TestCase):
    make_peer = JsonPeer

    def send_data(self, analyzer, data):
        fields = {'text': data.decode()} if data.isascii() else \
            {'data': base64.b64encode(data).decode()}
        self.peer.send(op='data', id=analyzer, dir=0, offset=0, type=STREAM, **fields)

    def payload(self, result):
        return result['text'].encode()

    def interfaces(self, *pairs):
        return [{'type': kind, **({} if results is None else {'results': results})}
                for kind, results in pairs]


class Cbor(Conversation, unittest.TestCase):
    make_peer = CborPeer

    def send_data(self, analyzer, data):
        self.peer.send(op='data', id=analyzer, dir=0, offset=0, type=STREAM, data=data)

    def payload(self, result):
        return result['data']

    def interfaces(self, *pairs):
        numbers = {name: number for number, (name, _) in RESULTS.items()}
        return [[kind] if results is None else [kind, [numbers[name] for name in results]]
                for kind, results in pairs]


if __name__ == '__main__':
    harness.main()
