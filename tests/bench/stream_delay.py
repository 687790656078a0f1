#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures what a module costs the reader of a stream of server-sent events.

usage: stream_delay.py [--events N] [--interval MS] TOOL MODULE...

A server sends an event every few milliseconds, as one that streams the answer of a language model.
They go through a relay without a module, and through one with each MODULE, and for each the time to
the first byte and the longest pause between two of them are printed, in milliseconds.
"""

import argparse
import os
import socket
import subprocess
import tempfile
import threading
import time

WORDS = 'the answer comes word by word and has nothing in it that is a secret sk- perhaps'.split()
HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'


def serve(listener, count, interval):
    """Answers one request with that many events, and returns what it said."""
    said = HEAD
    connection, _address = listener.accept()
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.recv(4096)
        connection.sendall(HEAD)
        for number in range(count):
            time.sleep(interval)
            event = b'data: {"delta":"%s "}\n\n' % WORDS[number % len(WORDS)].encode()
            connection.sendall(event)
            said += event
    return said


class Relay:
    """A relay to a port, at a path."""
    def __init__(self, tool, module, port):
        self.folder = tempfile.TemporaryDirectory(prefix='imp-test-')
        path = os.path.join(self.folder.name, 'socket')
        options = ['--module', module] if module else []
        self.process = subprocess.Popen([tool, 'relay', '--listen', path, *options, '--connect',
                                         f'127.0.0.1:{port}'], stdout=subprocess.PIPE)
        if b'listening' not in self.process.stdout.readline():
            raise RuntimeError('the relay does not start')
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


def read_stream(path):
    """Asks, and gives what was heard and when."""
    pieces = []
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        asked = time.monotonic()
        client.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        while True:
            piece = client.recv(65536)
            if not piece:
                break
            pieces.append((time.monotonic() - asked, piece))
    return pieces


def measure(tool, module, count, interval):
    """The time to the first byte and the longest pause, in seconds."""
    with socket.create_server(('127.0.0.1', 0)) as listener, \
            Relay(tool, module, listener.getsockname()[1]) as relay:
        said = []
        for _round in range(2):   # the first one warms up
            thread = threading.Thread(
                target=lambda: said.append(serve(listener, count, interval)))
            thread.start()
            pieces = read_stream(relay.path)
            thread.join()
    if b''.join(piece for _time, piece in pieces) != said[-1]:
        raise RuntimeError('something else was heard than was said')
    times = [moment for moment, _piece in pieces]
    return times[0], max(later - earlier for earlier, later in zip(times, times[1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('--events', type=int, default=500)
    parser.add_argument('--interval', type=float, default=5, help='milliseconds between events')
    parser.add_argument('tool', help='imp-remote')
    parser.add_argument('modules', nargs='*', metavar='MODULE')
    options = parser.parse_args()
    for module in [None, *options.modules]:
        first, pause = measure(options.tool, module, options.events, options.interval / 1000)
        name = os.path.basename(module) if module else 'no module'
        print(f'{name:20} first byte {first * 1000:6.2f} ms, longest pause {pause * 1000:6.2f} ms')


if __name__ == '__main__':
    main()
