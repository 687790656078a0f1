#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How connections end: regularly only if both sides have got all, else by a reset. What was let
through before arrives in any case."""

import os
import signal
import socket
import threading
import time
import unittest

import tool_harness as harness

HEAD = b'HTTP/1.0 200 OK\r\n\r\n'
MIB = 1 << 20


class Sink(harness.Upstream):
    """Keeps what each client has sent, and how it ended; says `answer` first."""

    def __init__(self, answer=b''):
        self.answer = answer
        self.seen = []
        self.ended = threading.Semaphore(0)
        super().__init__(self.read)

    def read(self, connection):
        connection.sendall(self.answer)
        self.seen.append(harness.read_end(connection))
        self.ended.release()

    def wait(self):
        assert self.ended.acquire(timeout=harness.TIMEOUT)
        return self.seen.pop()


class Ends(unittest.TestCase):
    def relay(self, upstream, module='pass', *options):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module, *options,
                            '--connect', upstream.address)

    def check_download(self, serve, wanted, module='pass', *options, request=b'go\n'):
        with harness.Upstream(serve) as upstream, \
                self.relay(upstream, module, *options) as relay, \
                harness.connect(relay.port) as client:
            client.sendall(request)
            self.assertEqual(harness.read_end(client), wanted)

    def test_server_resets(self):
        def serve(connection):
            connection.recv(10)
            connection.sendall(HEAD + b'part')
            time.sleep(0.2)
            harness.reset(connection)
        self.check_download(serve, (HEAD + b'part', 'reset'))
        self.check_download(serve, (HEAD + b'p4rt', 'reset'),
                            'pattern=string=a&action=replace&actdata=4&rxdir=1')

    def test_server_resets_at_once(self):
        def serve(connection):
            connection.recv(10)
            harness.reset(connection)
        self.check_download(serve, (b'', 'reset'))

    def test_server_resets_amid_much(self):
        sent = os.urandom(8 * MIB)

        def serve(connection):
            connection.recv(10)
            connection.sendall(sent)
            harness.reset(connection)
        with harness.Upstream(serve) as upstream, self.relay(upstream) as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'go\n')
            time.sleep(0.2)
            got, end = harness.read_end(client)
        self.assertEqual(end, 'reset')
        self.assertTrue(sent.startswith(got))

    def test_much_leaves_no_pipe(self):
        def serve(connection):
            connection.sendall(b'x' * 8 * MIB)
            connection.recv(10)
        with harness.Upstream(serve) as upstream, self.relay(upstream) as relay:
            clients = [harness.connect(relay.port) for _ in range(20)]
            for client in clients:
                left = 8 * MIB
                while left > 0:
                    got = client.recv(left)
                    self.assertTrue(got)
                    left -= len(got)
            folder = f'/proc/{relay.process.pid}/fd'
            pipes = [link for link in (os.readlink(f'{folder}/{fd}') for fd in os.listdir(folder))
                     if link.startswith('pipe:')]
            # Those that were empty last, and the tool's own.
            self.assertLess(len(pipes), 16)
            for client in clients:
                client.close()

    def test_server_ends(self):
        def serve(connection):
            connection.recv(10)
            connection.sendall(HEAD + b'x' * MIB)
        self.check_download(serve, (HEAD + b'x' * MIB, 'end'))

    def test_client_resets(self):
        for sent in (b'', b'upload', b'u' * MIB):
            with Sink() as sink, self.relay(sink) as relay:
                client = harness.connect(relay.port)
                client.sendall(sent)
                time.sleep(0.3)
                harness.reset(client)
                self.assertEqual(sink.wait(), (sent, 'reset'))

    def test_client_resets_while_it_is_sent_to(self):
        """The reset is noticed by a write, and a read that follows says nothing of it."""
        stop = threading.Event()

        def serve(connection):
            seen = []
            reader = threading.Thread(target=lambda: seen.append(harness.read_end(connection)[1]))
            reader.start()
            try:
                while not stop.is_set():
                    connection.sendall(b'x' * 100)
            except ConnectionResetError:
                seen.append('reset')
            except BrokenPipeError:
                pass
            reader.join()
            ends.append('reset' if 'reset' in seen else 'end')
            done.release()

        ends, done = [], threading.Semaphore(0)
        with harness.Upstream(serve) as upstream, self.relay(upstream) as relay:
            for _ in range(20):
                client = harness.connect(relay.port)
                client.sendall(b'upload')
                client.recv(1000)
                harness.reset(client)
                self.assertTrue(done.acquire(timeout=harness.TIMEOUT))
            stop.set()
        self.assertEqual(ends, ['reset'] * 20)

    def test_client_ends(self):
        """Also one that does not want the answer: what it sent is all that it wanted to send."""
        for answer in (b'', b'x' * 1000):
            with Sink(answer) as sink, self.relay(sink) as relay:
                client = harness.connect(relay.port)
                if answer:
                    client.recv(1000)
                client.sendall(b'upload' * 1000)
                client.close()
                self.assertEqual(sink.wait(), (b'upload' * 1000, 'end'))

    def test_denied(self):
        def serve(connection):
            connection.recv(10)
            connection.sendall(HEAD + b'half ')
            time.sleep(0.2)
            connection.sendall(b'EVIL')
        self.check_download(serve, (HEAD + b'half ', 'reset'), 'pattern=string=EVIL')

    def test_denied_upload(self):
        with Sink() as sink, self.relay(sink, 'pattern=string=EVIL&rxdir=0') as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'upload half ')
            time.sleep(0.2)
            client.sendall(b'EVIL and the rest')
            self.assertEqual(harness.read_end(client), (b'', 'end'))
            self.assertEqual(sink.wait(), (b'upload half ', 'reset'))

    def test_denied_upload_during_a_download(self):
        with Sink(b'some') as sink, self.relay(sink, 'pattern=string=EVIL&rxdir=0') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(client.recv(4), b'some')
            client.sendall(b'EVIL')
            self.assertEqual(harness.read_end(client), (b'', 'reset'))
            self.assertEqual(sink.wait(), (b'', 'reset'))

    def test_slow_reader_of_a_denied_download(self):
        """A reset does not overtake what was let through before it."""
        size = 300_000

        def serve(connection):
            connection.recv(10)
            connection.sendall(b'x' * size + b'EVIL')
            connection.recv(10)
        with harness.Upstream(serve) as upstream, \
                self.relay(upstream, 'pattern=string=EVIL') as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'go\n')
            time.sleep(0.3)
            got = b''
            while len(got) < size:
                got += client.recv(10_000)
                time.sleep(0.01)
            self.assertEqual(harness.read_end(client), (b'', 'reset'))

    def test_server_of_analyzers_is_killed(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', path) as server, Sink(b'hello') as sink, \
                self.relay(sink, f'remote=addr={path}') as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'upload')
            self.assertEqual(client.recv(5), b'hello')
            server.process.kill()
            server.wait()
            self.assertEqual(harness.read_end(client), (b'', 'reset'))
            self.assertEqual(sink.wait(), (b'upload', 'reset'))

    def test_deadline(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', '--module', 'pattern=string=EVIL', path) as server, \
                Sink() as sink, self.relay(sink, f'remote=addr={path}&deadline=500') as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'one')
            time.sleep(0.2)
            server.process.send_signal(signal.SIGSTOP)
            client.sendall(b'two')
            self.assertEqual(harness.read_end(client), (b'', 'reset'))
            self.assertEqual(sink.wait(), (b'one', 'reset'))
            server.process.send_signal(signal.SIGCONT)

    def test_idle(self):
        with Sink(b'hello') as sink, self.relay(sink, 'pass', '--idle-timeout=1') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(client.recv(5), b'hello')
            client.sendall(b'half')
            self.assertEqual(harness.read_end(client), (b'', 'reset'))
            self.assertEqual(sink.wait(), (b'half', 'reset'))

    def test_grace_is_over(self):
        with Sink(b'hello') as sink, self.relay(sink, 'pass', '--grace=0') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(client.recv(5), b'hello')
            client.sendall(b'half')
            time.sleep(0.2)
            self.assertEqual(relay.stop(), 0)
            self.assertEqual(harness.read_end(client), (b'', 'reset'))
            self.assertEqual(sink.wait(), (b'half', 'reset'))

    def test_relay_is_killed(self):
        for number in (signal.SIGKILL, signal.SIGSEGV):
            with Sink(b'hello') as sink, self.relay(sink) as relay, \
                    harness.connect(relay.port) as client:
                self.assertEqual(client.recv(5), b'hello')
                client.sendall(b'half')
                time.sleep(0.2)
                relay.process.send_signal(number)
                relay.wait()
                self.assertEqual(harness.read_end(client), (b'', 'reset'))
                self.assertEqual(sink.wait(), (b'half', 'reset'))

    def test_nobody_to_connect_to(self):
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            address = f'127.0.0.1:{closed.getsockname()[1]}'
            with harness.Tool('relay', '--listen', '127.0.0.1:0', '--connect', address) as relay:
                for _ in range(20):
                    self.assertEqual(harness.fetch_cut(relay.port, request=b''), b'')

    def test_one_direction_is_complete(self):
        """Who has got all is told so, though the other direction is cut."""
        def serve(connection):
            connection.sendall(b'all of it')
            connection.shutdown(socket.SHUT_WR)
            seen.append(harness.read_end(connection))
            done.set()
        seen, done = [], threading.Event()
        with harness.Upstream(serve) as upstream, \
                self.relay(upstream, 'pattern=string=EVIL&rxdir=0') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(harness.read_end(client), (b'all of it', 'end'))
            client.sendall(b'some EVIL')
            self.assertTrue(done.wait(harness.TIMEOUT))
            self.assertEqual(seen, [(b'some ', 'reset')])


if __name__ == '__main__':
    unittest.main(verbosity=2)
