#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imp-remote prove: what it finds, what it does not, and that it takes what it has found."""

import json
import os
import unittest

from tool_harness import make_folder, run_tool

# Looks at each chunk for itself.
NAIVE = b'''
from gi.repository import Imp


class Naive(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.fed = [0, 0]

    def do_data(self, direction, data, offset, data_type):
        self.fed[direction] += data.get_size()
        if data.get_size() > 0 and b'bad' in data.get_data():
            self.deny(direction, 'bad word')
        else:
            self.pass_bytes(direction, self.fed[direction])
'''

DIALOG = [
    {'op': 'data', 'id': 1, 'dir': 0, 'offset': 0, 'type': -1, 'text': 'HELO all\r\n'},
    {'op': 'data', 'id': 1, 'dir': 1, 'offset': 0, 'type': -1, 'text': '250 hello\r\n'},
    {'op': 'data', 'id': 1, 'dir': 0, 'offset': 0, 'type': -1, 'text': 'QUIT\r\n'},
]


class Prove(unittest.TestCase):
    def setUp(self):
        self.folder = make_folder()

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def write_dialog(self, name, messages):
        return self.write(name, '\n'.join(map(json.dumps, messages)).encode() + b'\n')

    def expect(self, status, out, err, *args):
        got = run_tool('prove', *args)
        self.assertEqual(got[0], status, got)
        self.assertRegex(got[1], out)
        self.assertRegex(got[2], err)
        return got

    def test_proved(self):
        short = self.write('short', b'a secret word')
        long = self.write('long', b'a secret, and a secretsecretsecre')
        self.expect(0, rf'^proved {short}: 13[0-9]{{3}} trials, seed 7\nproved {long}: 1[0-9]{{3}} '
                       r'trials, seed 7\n$', '^$', '--seed=7', '--random-trials=1000',
                    'pattern=string=secret&action=replace&actdata=public', short, long)

    def test_dialog(self):
        path = self.write_dialog('dialog.json', DIALOG)
        self.expect(0, '^proved ', '^$', '--random-trials=500', 'pattern=rx=%5EHELO&rxlen=4', path)

    def test_refuted(self):
        script = self.write('naive.py', NAIVE)
        path = self.write('input', b'no good word, but one bad word and others')
        _, found, _ = self.expect(1, '"op":"data"',
                                  'prove ".*/input": The analyzer sees the borders of chunks: '
                                  r'with the same input in \d chunks, it went through, and not: it '
                                  r'was denied: "bad word" \(after \d+ trials, seed \d+\)',
                                  '--random-trials=50', script, path)
        chunks = [json.loads(line) for line in found.splitlines()]
        self.assertEqual(''.join(chunk['text'] for chunk in chunks), 'bad')
        again = self.write('case.json', found.encode())
        self.expect(1, '"op":"data"', 'it was denied: "bad word"', '--random-trials=50', script,
                    again)

    def test_from_server(self):
        path = self.write('input', b'abc')
        self.expect(0, '^proved', '^$', '--from-server', '--keep-order', 'pass', path)

    def test_usage(self):
        path = self.write('input', b'abc')
        lines = self.write('lines.json', b'{"op":"data","id":1,"dir":0,"text":"a"}\n\n{"op":')
        other = self.write_dialog('other.json', [DIALOG[0], {'op': 'ping', 'token': 1}])
        nul = self.write('nul.json', b'{\0}')
        self.expect(2, '^$', 'prove: MODULE is missing')
        self.expect(2, '^$', 'prove: FILE is missing: what shall be given to "pass"', 'pass')
        self.expect(2, '^$', 'There is no module "nil"', 'nil', path)
        self.expect(2, '^$', '--exhaustive.*25', '--exhaustive=25', 'pass', path)
        self.expect(1, '^$', 'prove ".*/none": .*No such file', 'pass',
                    os.path.join(self.folder, 'none'))
        self.expect(1, '^$', 'prove ".*lines.json": line 3: ', 'pass', lines)
        self.expect(1, '^$', r'prove ".*other.json": line 2: "ping.*" is no message with the op '
                             '"data"', 'pass', other)
        self.expect(1, '^$', 'there is a NUL byte in it', 'pass', nul)


if __name__ == '__main__':
    unittest.main()
