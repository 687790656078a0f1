#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example redact masks a secret in a streamed answer, wherever the stream is cut."""

import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
import unittest

import gi

gi.require_version('Imp', '1')

from gi.repository import Imp  # noqa: E402  pylint: disable=wrong-import-position

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(TOP, 'docs', 'examples')
TOOL = os.environ['IMP_REMOTE_TOOL']
DELAY = os.path.join(TOP, 'tests', 'bench', 'stream_delay.py')

sys.path.insert(0, os.path.dirname(DELAY))

import stream_delay  # noqa: E402  pylint: disable=wrong-import-position

SERVER = Imp.Direction.FROM_SERVER
KEY = b'sk-abcdefghij0123456789'
PHRASE = b'correct horse battery staple'
ANSWER = b'data: {"delta":"use "}\n\ndata: {"delta":"%s"}\n\ndata: {"delta":"sk-or %s!"}\n\n' % (
    KEY, PHRASE)
EVENTS = [event + b'\n\n' for event in ANSWER.split(b'\n\n')[:-1]]
MASKED = ANSWER.replace(KEY, b'*' * len(KEY)).replace(PHRASE, b'*' * len(PHRASE))


def load(path):
    spec = importlib.util.spec_from_file_location('redact', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Splits(unittest.TestCase):
    def through(self, pieces):
        output = []
        test_filter = Imp.Filter.new(self.module.Redact())
        test_filter.set_output(lambda _filter, _direction, data, _type:
                               output.append(data.get_data() or b''))
        for piece in [*pieces, b'']:
            test_filter.push_bytes(SERVER, piece, Imp.DATA_TYPE_STREAM)
        return b''.join(output)

    def test_every_byte(self):
        self.module = load(os.path.join(EXAMPLES, 'redact.py'))
        for at in range(1, len(ANSWER)):
            self.assertEqual(self.through([ANSWER[:at], ANSWER[at:]]), MASKED, at)
        self.assertEqual(self.through([ANSWER[at:at + 1] for at in range(len(ANSWER))]), MASKED)


class Relayed(unittest.TestCase):
    """Real traffic, through a relay, cut at each byte of the key."""
    def check(self, name):
        with socket.create_server(('127.0.0.1', 0)) as listener, \
                stream_delay.Relay(TOOL, os.path.join(EXAMPLES, name),
                                   listener.getsockname()[1]) as relay:
            for at in range(20, 60, 1 if name.endswith('.py') else 8):
                thread = threading.Thread(target=self.answer, args=(listener, at))
                thread.start()
                heard = b''.join(piece for _time, piece in stream_delay.read_stream(relay.path))
                thread.join()
                self.assertEqual(heard, MASKED, at)

    @staticmethod
    def answer(listener, at):
        connection, _address = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(4096)
            connection.sendall(ANSWER[:at])
            connection.sendall(ANSWER[at:])

    def test_python(self):
        self.check('redact.py')

    def test_js(self):
        self.check('redact.js')

    @staticmethod
    def stream(listener, heard):
        """A server of events, which goes on once the last one was heard."""
        connection, _address = listener.accept()
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(4096)
            connection.sendall(stream_delay.HEAD)
            for event in EVENTS:
                connection.sendall(event[:30])
                time.sleep(0.02)
                connection.sendall(event[30:])
                if not heard.acquire(timeout=60):
                    return

    def test_curl(self):
        """Each event, cut within its secret, is heard before the next one is said."""
        for name in ('redact.py', 'redact.js'):
            heard = threading.Semaphore(0)
            with self.subTest(name=name), socket.create_server(('127.0.0.1', 0)) as listener, \
                    stream_delay.Relay(TOOL, os.path.join(EXAMPLES, name),
                                       listener.getsockname()[1]) as relay:
                thread = threading.Thread(target=self.stream, args=(listener, heard))
                thread.start()
                with subprocess.Popen(['curl', '-q', '-sS', '-N', '--max-time', '60',
                                       '--unix-socket', relay.path, 'http://localhost/'],
                                      stdout=subprocess.PIPE) as curl:
                    lines = []
                    for line in curl.stdout:
                        lines.append(line)
                        if line == b'\n':
                            heard.release()
                thread.join()
                self.assertEqual((curl.returncode, b''.join(lines)), (0, MASKED))

    def test_delay(self):
        """What measures the delay hears all that was said."""
        printed = subprocess.run([sys.executable, DELAY, '--events', '20', '--interval', '1', TOOL,
                                  os.path.join(EXAMPLES, 'redact.py')],
                                 stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode()
        self.assertEqual(len(printed.splitlines()), 2)
        self.assertIn('redact.py', printed)


if __name__ == '__main__':
    unittest.main(verbosity=2)
