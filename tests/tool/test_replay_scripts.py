#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of what scripts have decided, which answer later, replayed to scripts."""

import os
import unittest

import tool_harness as harness

# Passes everything before it has looked at it, and takes its time to say what it has found.
LOGGER = '''
from gi.repository import Imp


class Logger(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.fed = [0, 0]
        for direction in range(2):
            self.prepass_bytes(direction, Imp.MAX_OFFSET)

    def do_data(self, direction, data, offset, data_type):
        for byte in data.get_data() or b'':
            if byte == ord('o'):
                self.log(direction, self.fed[direction], 1, Imp.LogLevel.WARNING, 'FOUND')
            self.fed[direction] += 1
'''
SHOUT = '''
from gi.repository import Imp


class Shout(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.fed = [0, 0]

    def do_data(self, direction, data, offset, data_type):
        self.fed[direction] += data.get_size()
        self.replace_bytes(direction, self.fed[direction], (data.get_data() or b'').upper())
'''


class ReplayScripts(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        return path

    def record(self, *modules):
        folder = os.path.join(self.folder, 'recordings')
        with harness.Upstream(harness.echo) as upstream, \
             harness.Tool('relay', '--record', folder, '--listen', '127.0.0.1:0', *modules,
                          '--connect', upstream.address) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(100 * b'hello world ')
                client.recv(1)
                client.sendall(b'and more')
                client.shutdown(1)
                harness.read_all(client)
        path, = (os.path.join(folder, name) for name in os.listdir(folder))
        return path

    def replay(self, status, *args):
        got = harness.run_tool('replay', *args)
        self.assertEqual(got[0], status, got)
        return got[1]

    def test_replaces(self):
        module = ('--module', self.write('shout.py', SHOUT))
        path = self.record(*module)
        for chunks in ('recorded', 'whole', '77'):
            self.replay(0, path, *module, '--chunks', chunks)
        out = self.replay(1, path, '--module', 'pass', '--against', module[1], '--shrink')
        self.assertRegex(out, r'"text":"[a-z]"}')

    def test_prepasses(self):
        """What it says when all has passed counts, but it was not heard when it was recorded."""
        module = ('--module', self.write('logger.py', LOGGER))
        path = self.record(*module)
        for chunks in ('recorded', '300'):
            self.replay(0, path, *module, '--chunks', chunks)
        changed = self.write('changed.py', LOGGER.replace("ord('o')", "ord('d')"))
        out = self.replay(1, path, '--module', changed, '--against', module[1])
        self.assertIn('the log of what goes to the server differs at entry 0: log dir=0 offset=10 '
                      'length=1 level=4 "FOUND", and not log dir=0 offset=4', out)


if __name__ == '__main__':
    harness.main()
