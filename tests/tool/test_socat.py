#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How ends and urgent bytes are handed on, in both directions, beside what socat does: the table in
docs/relay.md says what must come out."""

import concurrent.futures
import contextlib
import os
import re
import socket
import subprocess
import time
import unittest

import tool_harness as harness

PAGE = os.path.join(os.path.dirname(__file__), '../../docs/relay.md')
MUCH = os.urandom(4 << 20)
GATEKEEPER = os.path.join(os.environ['IMP_TEST_MODULES'], 'gatekeeper.so')


def read_table():
    """What the page says: {what happens: (relay, socat)}."""
    with open(PAGE, encoding='utf-8') as page:
        table = page.read().partition('| what happens | relay | socat |\n')[2].partition('\n\n')[0]
    rows = [re.split(r'\s*\|\s*', line.strip('| ')) for line in table.splitlines()[1:]]
    return {row[0]: (row[1], row[2]) for row in rows}


def read_end(connection):
    """As the page says it."""
    got, end = harness.read_end(connection)
    return got, {'reset': 'a reset', 'end': 'an end'}[end]


class Between:
    """Something that forwards to a server of ours."""

    def __init__(self, stack):
        self.listener = stack.enter_context(socket.create_server(('127.0.0.1', 0)))
        self.listener.settimeout(harness.TIMEOUT)
        self.target = f'127.0.0.1:{self.listener.getsockname()[1]}'

    def pair(self, stack, swapped):
        """Both ends of a connection through it, as A and B."""
        client = stack.enter_context(self.connect())
        server = stack.enter_context(self.listener.accept()[0])
        server.settimeout(harness.TIMEOUT)
        return (server, client) if swapped else (client, server)


class Relay(Between):
    def __init__(self, stack, *options):
        super().__init__(stack)
        self.tool = stack.enter_context(harness.Tool('relay', '--listen', '127.0.0.1:0', *options,
                                                     '--connect', self.target))

    def connect(self):
        return harness.connect(self.tool.port)


class Socat(Between):
    def __init__(self, stack, *options, more=''):
        super().__init__(stack)
        with socket.create_server(('127.0.0.1', 0)) as free:
            self.port = free.getsockname()[1]
        # In a group of its own, as it starts a process for each connection.
        self.process = subprocess.Popen(
            ['socat', *options, f'TCP4-LISTEN:{self.port},bind=127.0.0.1,reuseaddr,fork{more}',
             f'TCP4:{self.target}{more}'], stderr=subprocess.DEVNULL)
        stack.callback(self.stop)

    def stop(self):
        self.process.terminate()
        self.process.wait(harness.TIMEOUT)

    def connect(self):
        end = time.monotonic() + harness.TIMEOUT
        while True:
            try:
                return harness.connect(self.port)
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)


# What happens: each gets A and B, and says what came of it in the words of the page.

def show(got, sent, end):
    if got == sent:
        return f'all of it, and {end}'
    if sent.startswith(got):
        return f'what was let through, and {end}'
    return f'{len(got)} bytes, and {end}'


def answer_at_once(a, b):
    a.shutdown(socket.SHUT_WR)
    b.sendall(b'answer')
    b.shutdown(socket.SHUT_WR)
    got, end = read_end(a)
    return f'A: {"the answer" if got == b"answer" else "nothing"}, and {end}'


def answer_late(a, b):
    a.shutdown(socket.SHUT_WR)
    if read_end(b) != (b'', 'an end'):
        return 'B: no end'
    time.sleep(1)
    with contextlib.suppress(OSError):
        b.sendall(b'answer')
        b.shutdown(socket.SHUT_WR)
    got, end = read_end(a)
    return f'A: {"the answer" if got == b"answer" else "nothing"}, and {end}'


def send_and_end(a, b, data):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: (a.sendall(data), a.shutdown(socket.SHUT_WR)))
        got, end = read_end(b)
        sent.result()
    return 'B: ' + show(got, data, end)


def much_and_end(a, b):
    return send_and_end(a, b, MUCH)


def held_and_end(a, b):
    return send_and_end(a, b, b'some foo')


def just_reset(a, b):
    a.sendall(b'x')
    if b.recv(1) != b'x':
        return 'B: nothing'
    harness.reset(a)
    return f'B: {read_end(b)[1]}'


def reset_after_end(a, b):
    b.shutdown(socket.SHUT_WR)
    if read_end(a) != (b'', 'an end'):
        return 'A: no end'
    time.sleep(0.1)
    harness.reset(a)
    return f'B: {read_end(b)[1]}'


def much_and_reset(a, b):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        seen = pool.submit(read_end, b)
        a.sendall(MUCH)
        harness.reset(a)
        return f'B: {seen.result()[1]}'


def held_then_reset(a, b):
    a.sendall(b'some foo')
    time.sleep(0.2)
    harness.reset(a)
    got, end = read_end(b)
    return 'B: ' + show(got, b'some foo', end)


def send_urgent(a, b, before, behind):
    """The one that is urgent is an X, and a reader that takes none in line would miss it."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: (a.sendall(before), a.send(b'X', socket.MSG_OOB),
                                    a.sendall(behind), a.shutdown(socket.SHUT_WR)))
        got, end = read_end(b)
        with contextlib.suppress(OSError):
            sent.result()
    if (got, end) == (before + b'X' + behind, 'an end'):
        return 'B: all of it, none of it urgent'
    if (got, end) == (before + behind, 'an end'):
        return 'B: all but the urgent byte'
    return 'B: ' + show(got, before + b'X' + behind, end)


def urgent(a, b):
    return send_urgent(a, b, b'before ', b' behind')


def urgent_amid_much(a, b):
    return send_urgent(a, b, MUCH, MUCH)


def urgent_and_denied(a, b):
    return send_urgent(a, b, b'let through, but no EV', b'IL')


# The words of the page, and the module that it takes.
SCENARIOS = {
    'A ends its output at once, and B answers at once': (answer_at_once, 'pass'),
    'A ends its output, and B answers a second later': (answer_late, 'pass'),
    'A sends much, and ends its output': (much_and_end, 'pass'),
    'A ends its output, while the analyzer holds the last bytes': (
        held_and_end, 'pattern=string=foobar&action=deny&hold_timeout=60000'),
    'A resets the connection': (just_reset, 'pass'),
    'A resets it, after B has ended its output': (reset_after_end, 'pass'),
    'A sends much, and resets it': (much_and_reset, 'pass'),
    'A resets it, while the analyzer holds the last bytes': (
        held_then_reset, 'pattern=string=foobar&action=deny&hold_timeout=60000'),
    'A sends an urgent byte among others': (urgent, 'pass'),
    'A sends an urgent byte amid much': (urgent_amid_much, 'pass'),
    'A sends an urgent byte that is part of what is denied': (
        urgent_and_denied, 'pattern=string=EVXIL&action=deny'),
}


def try_all(make):
    """{(what happens, which direction): what came of it}, all at the same time."""
    with contextlib.ExitStack() as stack, \
            concurrent.futures.ThreadPoolExecutor(2 * len(SCENARIOS)) as pool:
        running = {}
        for what, (run, module) in SCENARIOS.items():
            for swapped in (False, True):
                a, b = make(stack, module).pair(stack, swapped)
                running[what, swapped] = pool.submit(run, a, b)
        return {key: one.result() for key, one in running.items()}


class Table(unittest.TestCase):
    maxDiff = None

    def check(self, column, make):
        table = read_table()
        self.assertEqual(set(table), set(SCENARIOS))
        wanted = {(what, swapped): table[what][column]
                  for what in SCENARIOS for swapped in (False, True)}
        self.assertEqual(try_all(make), wanted)

    def test_relay(self):
        self.check(0, lambda stack, module: Relay(stack, '--module', module))

    def test_socat(self):
        self.check(1, lambda stack, module: Socat(stack))

    def test_socat_in_line(self):
        """With two of its options it does what the relay does, but for resets and verdicts."""
        with contextlib.ExitStack() as stack:
            alike = Socat(stack, '-t', '60', more=',oobinline')
            self.assertEqual(urgent(*alike.pair(stack, False)), 'B: all of it, none of it urgent')
            self.assertEqual(answer_late(*alike.pair(stack, True)), 'A: the answer, and an end')


class BeforeTheServer(unittest.TestCase):
    """What comes while there is none yet is handed on when there is."""

    def relay(self, stack):
        return Relay(stack, '--ask-first', '--module', f'{GATEKEEPER}=delay=300')

    def test_half_close(self):
        with contextlib.ExitStack() as stack:
            between = self.relay(stack)
            client = stack.enter_context(between.connect())
            client.sendall(b'early ')
            client.send(b'X', socket.MSG_OOB)
            client.shutdown(socket.SHUT_WR)
            server = stack.enter_context(between.listener.accept()[0])
            self.assertEqual(read_end(server), (b'early X', 'an end'))
            server.sendall(b'answer')
            server.shutdown(socket.SHUT_WR)
            self.assertEqual(read_end(client), (b'answer', 'an end'))

    def test_reset(self):
        with contextlib.ExitStack() as stack:
            between = self.relay(stack)
            client = between.connect()
            client.sendall(b'early')
            time.sleep(0.05)
            harness.reset(client)
            server = stack.enter_context(between.listener.accept()[0])
            self.assertEqual(read_end(server)[1], 'a reset')


if __name__ == '__main__':
    unittest.main(verbosity=2)
