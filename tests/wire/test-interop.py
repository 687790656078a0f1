#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the library's CBOR with cbor2 and its JSON with Python's, both ways, on random messages.

It also checks that the examples of the specification are what the library reads and writes.

usage: test-interop.py WIRE_TOOL SPECIFICATION [SEED]
"""

import base64
import io
import json
import random
import struct
import subprocess
import sys

import cbor2

N_MESSAGES = 4000
MAX = (1 << 53) - 1

OPS = {
    'get_interface': (0x4001, ['interfaces']),
    'set_interface': (0x4002, ['interface']),
    'new_analyzer': (0x4003, ['id', 'context']),
    'delete_analyzer': (0x4004, ['id']),
    'data': (0x4005, ['id', 'dir', 'offset', 'type', 'payload']),
    'set_version': (0x4006, ['version', 'minimum', 'limits', 'features']),
    'busy': (0x4007, ['id', 'dir', 'busy']),
    'ping': (0x4008, ['token']),
    'pong': (0x4009, ['token']),
    'goodbye': (0x400a, ['message']),
    'get_status': (0x400b, ['token', 'timeout']),
    'share': (0x400c, ['size', 'block_size']),
    'shared_data': (0x400d, ['id', 'dir', 'offset', 'type', 'block', 'position', 'length']),
    'exception': (0x4101, ['id', 'message']),
    'interface': (0x4102, ['interfaces']),
    'result': (0x4103, ['id', 'result']),
    'status': (0x4104, ['token', 'status', 'more']),
    'release': (0x4105, ['block', 'count']),
}
RESULTS = {
    'log': (0x0001, ['dir', 'offset', 'length', 'level', 'message', 'details']),
    'port_open': (0x0002, ['dir', 'offset']),
    'port_close': (0x0003, ['dir', 'offset']),
    'account_field': (0x0004, ['key', 'value']),
    'pause': (0x0010, ['dir']),
    'continue': (0x0011, ['dir']),
    'replace_later': (0x0012, ['dir', 'offset', 'end_offset']),
    'pass': (0x1001, ['dir', 'offset']),
    'pass_pattern': (0x1002, ['dir', 'pattern', 'max_length']),
    'prepass': (0x1003, ['dir', 'offset']),
    'to_sender': (0x1010, ['dir', 'payload']),
    'replace': (0x1011, ['dir', 'offset', 'payload']),
    'deny': (0x1100, ['dir', 'message', 'details']),
    'drop': (0x1101, []),
    'fatal': (0x1102, ['message']),
}
LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']


def number(rng, bits=53):
    size = rng.randint(0, bits)
    return rng.choice([(1 << size) - 1, rng.getrandbits(size) if size else 0])


def text(rng):
    limits = [0x20, 0x7f, 0x100, 0x800, 0xd800, 0x110000]
    points = [rng.randint(1, rng.choice(limits) - 1) for _ in range(number(rng, 5))]
    return ''.join(chr(c) for c in points if not 0xd800 <= c < 0xe000)


def table(rng):
    return {text(rng): text(rng) for _ in range(rng.choice([0, 0, 1, 2, 5]))}


def interface(rng):
    entry = {'type': rng.choice([None, -1, 1, number(rng, 31) or 1, -number(rng, 31) or -2])}
    if rng.random() < 0.6:
        entry['results'] = rng.sample(sorted(RESULTS), rng.randint(1, len(RESULTS)))
    return entry


def offset(rng):
    return rng.choice([-1, number(rng), number(rng), number(rng)])


def payload(rng):
    return rng.choice([text(rng).encode(), rng.randbytes(number(rng, 8)),
                       rng.randbytes(rng.choice([0, 1024, 1025, 5000]))])


MAKERS = {
    'id': lambda rng: number(rng) or 1,
    'dir': lambda rng: rng.randint(0, 1),
    'offset': offset,
    'end_offset': offset,
    'type': lambda rng: rng.choice([-1, 1, number(rng, 31) or 1, -number(rng, 31) or -2]),
    'payload': payload,
    'length': number,
    'level': lambda rng: rng.choice(LEVELS),
    'max_length': lambda rng: number(rng, 31),
    'version': lambda rng: 2,
    'minimum': lambda rng: rng.randint(1, 2),
    'limits': lambda rng: {text(rng): number(rng) for _ in range(rng.randint(0, 3))},
    'features': lambda rng: [text(rng) for _ in range(rng.randint(0, 3))],
    'interfaces': lambda rng: [interface(rng) for _ in range(rng.randint(0, 3))],
    'interface': interface,
    'busy': lambda rng: rng.random() < 0.5,
    'token': number,
    'timeout': lambda rng: number(rng, 31) or 1,
    'status': table,
    'more': lambda rng: rng.random() < 0.5,
    'size': lambda rng: number(rng) or 1,
    'block_size': lambda rng: number(rng, 31) or 1,
    'block': lambda rng: number(rng, 31),
    'position': lambda rng: number(rng, 31),
    'count': lambda rng: number(rng, 31) or 1,
    'context': table,
    'details': table,
    'result': lambda rng: rng.choice(sorted(RESULTS)),
}


def make(rng):
    op = rng.choice(sorted(OPS))
    message = {'op': op}
    for field in OPS[op][1]:
        message[field] = MAKERS.get(field, text)(rng)
    if op == 'result':
        for field in RESULTS[message['result']][1]:
            message[field] = MAKERS.get(field, text)(rng)
    return message


def interface_to_cbor(entry):
    if 'results' not in entry:
        return [entry['type']]
    return [entry['type'], [RESULTS[name][0] for name in entry['results']]]


def to_array(message):
    """The message as the array that a frame of CBOR holds."""
    fields = list(OPS[message['op']][1])
    if message['op'] == 'result':
        fields += RESULTS[message['result']][1]
    array = [OPS[message['op']][0]]
    for field in fields:
        value = message[field]
        if field == 'result':
            value = RESULTS[value][0]
        elif field == 'level':
            value = LEVELS.index(value) + 1
        elif field == 'interface':
            value = interface_to_cbor(value)
        elif field == 'interfaces':
            value = [interface_to_cbor(entry) for entry in value]
        array.append(value)
    return array


def to_json(rng, message):
    """The message as a line, in one of the ways in which it can be spelled."""
    spelled = {}
    for field, value in message.items():
        if field == 'payload':
            try:
                plain = value.decode()
            except UnicodeDecodeError:
                plain = '\0'
            if '\0' not in plain and rng.random() < 0.8:
                spelled['text'] = plain
            else:
                spelled['data'] = base64.b64encode(value).decode()
        else:
            spelled[field] = value
    items = list(spelled.items())
    rng.shuffle(items)
    return json.dumps(dict(items), ensure_ascii=rng.random() < 0.5,
                      separators=rng.choice([(',', ':'), (', ', ': ')]))


def sets(value):
    """Lists of results are sets: their order says nothing."""
    if isinstance(value, dict):
        return {key: sorted(item) if key == 'results' else sets(item)
                for key, item in value.items()}
    return [sets(item) for item in value] if isinstance(value, list) else value


def from_json(line):
    message = json.loads(line)
    if 'text' in message:
        message['payload'] = message.pop('text').encode()
    if 'data' in message:
        message['payload'] = base64.b64decode(message.pop('data'), validate=True)
    return message


def cbor_sets(array):
    """As sets(), in the array of a frame."""
    def entry(item):
        return [item[0], sorted(item[1])] if len(item) > 1 else item
    if array[0] in (0x4001, 0x4102):
        return [array[0], [entry(item) for item in array[1]]]
    return [array[0], entry(array[1])] if array[0] == 0x4002 else array


def frames(data):
    stream = io.BytesIO(data)
    while stream.tell() < len(data):
        first = data[stream.tell()]
        frame = cbor2.load(stream)
        assert first == 0x5a and isinstance(frame, bytes), (first, frame)
        inner = io.BytesIO(frame)
        array = cbor2.load(inner)
        assert inner.tell() == len(frame), frame
        yield array


def run(tool, arguments, data):
    done = subprocess.run([tool, *arguments], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def compare(what, got, expected):
    assert len(got) == len(expected), f'{what}: {len(got)} messages instead of {len(expected)}'
    for one, other in zip(got, expected):
        assert one == other, f'{what}:\n{one}\ninstead of\n{other}'
    print(f'ok {what}: {len(got)} messages')


def check_specification(tool, path):
    """Each line of json stands for itself; where bytes follow it, they are the same in cbor."""
    with open(path, encoding='utf-8') as page:
        lines = page.read().split('\n')
    examples = [line for line in lines if line.startswith('{')]
    data = run(tool, ['decode', 'json'], '\n'.join(examples).encode() + b'\n')
    compare('examples in json', data.decode().split('\n')[:-1], examples)
    pairs = [(one, other.replace(' ', '')) for one, other in zip(lines, lines[1:])
             if one.startswith('{') and other.startswith('5a')]
    data = run(tool, ['encode', 'cbor'], '\n'.join(one for one, _ in pairs).encode() + b'\n')
    assert len(pairs) > 4 and data.hex() == ''.join(other for _, other in pairs), data.hex()
    print(f'ok examples in cbor: {len(pairs)} messages')


def main():
    tool = sys.argv[1]
    check_specification(tool, sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().getrandbits(32)
    print(f'seed {seed}')
    rng = random.Random(seed)
    messages = [make(rng) for _ in range(N_MESSAGES)]
    expected = [sets(message) for message in messages]
    lines = '\n'.join(to_json(rng, message) for message in messages).encode() + b'\n'
    arrays = [to_array(message) for message in messages]
    framed = b''.join(b'\x5a' + struct.pack('>I', len(data)) + data
                      for data in map(cbor2.dumps, arrays))

    data = run(tool, ['encode', 'cbor'], lines)
    compare('cbor2 reads what we write', [cbor_sets(array) for array in frames(data)],
            [cbor_sets(array) for array in arrays])
    data = run(tool, ['decode', 'cbor'], framed)
    compare('we read what cbor2 writes',
            [sets(from_json(line)) for line in data.decode().split('\n')[:-1]], expected)
    data = run(tool, ['decode', 'json'], lines)
    compare('json reads what we write, and the reverse',
            [sets(from_json(line)) for line in data.decode().split('\n')[:-1]], expected)


if __name__ == '__main__':
    main()
