#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGHUP gives a server other modules and addresses, and no client notices."""

import os
import signal
import socket
import threading
import unittest

import tool_harness as harness
from tool_harness import ask
from service_manager import Manager

ECHO = harness.Upstream(harness.echo)
APPLIED = 'are those of new connections now'
REFUSED = 'cannot be used: those before go on'


def replaces(other, text='a'):
    return f'module=pattern=rx={text}&rxlen={len(text)}&action=replace&actdata={other}\n'


SCRIPT = """
from gi.repository import Imp


class Says(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        self.replace_bytes(direction, offset + data.get_size(), b'WORD')
"""


class Server:
    """A server with a file that can change, and a relay whose modules it has."""

    def __init__(self, more, **kwargs):
        self.folder = harness.make_folder()
        self.address = os.path.join(self.folder, 's')
        self.path = os.path.join(self.folder, 'imp.conf')
        self.write(self.complete(more))
        self.tool = harness.Tool('serve', '--config', self.path, **kwargs)
        self.relay = harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                                  f'remote=addr={self.address}', '--connect', ECHO.address)
        self.counts = {APPLIED: 0, REFUSED: 0}

    def complete(self, more):
        return f'[serve]\nlisten={self.address}\n{more}'

    def write(self, text):
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.path + '.new', self.path)

    def send(self, outcome):
        self.tool.process.send_signal(signal.SIGHUP)
        self.counts[outcome] += 1
        harness.wait_until(lambda: sum(outcome in line for line in list(self.tool.log))
                           == self.counts[outcome], self.tool.log)

    def reload(self, more, outcome=APPLIED):
        self.write(self.complete(more))
        self.send(outcome)

    def connect(self):
        return harness.connect(self.relay.port)

    def ask_once(self, text=b'a'):
        with self.connect() as client:
            return ask(client, text)

    def ping(self, address=None):
        return harness.run_tool('ping', address or self.address)

    def __enter__(self):
        self.tool.__enter__()
        self.relay.__enter__()
        return self

    def __exit__(self, *error):
        self.relay.__exit__(*error)
        self.tool.__exit__(*error)


class Reload(unittest.TestCase):
    def test_modules(self):
        """Analyzers that exist keep their module, new ones have the new one."""
        with Server(replaces('b')) as server, server.connect() as old:
            self.assertEqual(ask(old), b'b')
            server.reload(replaces('c'))
            # The relay hears of it in the connection that it has.
            harness.wait_until(lambda: server.ask_once() == b'c')
            with server.connect() as new:
                self.assertEqual((ask(new), ask(old)), (b'c', b'b'))
                server.reload('')
                harness.wait_until(lambda: server.ask_once() == b'a')
                self.assertEqual((ask(new), ask(old)), (b'c', b'b'))
        self.assertFalse(any('is for the next start' in line for line in server.tool.log))

    def test_same_modules(self):
        """What does not concern the modules does not move anybody."""
        with Server(replaces('b')) as server, server.connect() as old:
            self.assertEqual(ask(old), b'b')
            before = self.count_connected(server)
            server.reload(replaces('b') + 'max-analyzers=7\n')
            self.assertEqual((ask(old), server.ask_once()), (b'b', b'b'))
            self.assertEqual(self.count_connected(server), before)

    @staticmethod
    def count_connected(server):
        status, out, err = harness.run_tool('ping', '--json', server.address)
        return (status, len(os.listdir(f'/proc/{server.tool.process.pid}/fd')))

    def test_addresses(self):
        one, two = (f'127.0.0.1:{harness.free_port()}' for _ in range(2))
        path = os.path.join(harness.make_folder(), 's')
        with Server(f'listen={one}\n', listeners=2) as server:
            inode = os.stat(server.address).st_ino
            server.reload(f'listen={two}\nlisten={path}\n')
            self.assertEqual([server.tool.read_address() for _ in range(2)], [two, path])
            self.assertEqual([server.ping(address)[0] for address in (one, two, path)], [1, 0, 0])
            server.reload(f'listen={two}\n')
            self.assertFalse(os.path.exists(path))
            self.assertEqual((server.ping(two)[0], server.ping()[0]), (0, 0))
            self.assertEqual(os.stat(server.address).st_ino, inode)

    def test_file_of_another(self):
        """A socket's file that is another server's by now stays."""
        path = os.path.join(harness.make_folder(), 's')
        with Server(f'listen={path}\n', listeners=2) as server, \
                harness.Tool('serve', '--replace', path):
            server.reload('')
            self.assertEqual(server.ping(path)[0], 0)

    def test_all_or_nothing(self):
        """One thing that is wrong keeps all else from being applied."""
        with socket.create_server(('127.0.0.1', 0)) as other:
            taken = f'127.0.0.1:{other.getsockname()[1]}'
            free = f'127.0.0.1:{harness.free_port()}'
            with Server(replaces('b')) as server:
                for line, what in ((5, f'listen={taken}'), (5, 'listen=0.0.0.0:0'),
                                   (5, 'module=patern'), (6, 'color=red'),
                                   (5, 'listen=tls://127.0.0.1:0\ntls-cert=/none.pem'),
                                   (5, 'module=/none.py'), (5, 'codec=morse')):
                    with self.subTest(what):
                        server.reload(replaces('c') + f'listen={free}\n{what}\n'
                                      + ('' if line == 5 else 'color=blue\n'), REFUSED)
                        self.assertTrue(any(f'{server.path}:' in text and ': key "' in text
                                            for text in server.tool.log[-2:]), server.tool.log)
                        self.assertEqual((server.ask_once(), server.ping(free)[0]), (b'b', 1))
                os.unlink(server.path)
                server.send(REFUSED)
                server.reload(replaces('d'))
                harness.wait_until(lambda: server.ask_once() == b'd')

    @unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS') == '1', 'built without scripts')
    def test_scripts(self):
        """A script ends with its last analyzer, and not before."""
        path = os.path.join(harness.make_folder(), 'says.py')

        def write(word):
            with open(path, 'w', encoding='utf-8') as file:
                file.write(SCRIPT.replace('WORD', word))
        write('b')
        with Server(f'module={path}\n') as server:
            first = harness.children(server.tool.process)
            with server.connect() as old:
                self.assertEqual(ask(old), b'b')
                # With another setting of scripts it is another one, even if its file is the same.
                write('c')
                server.reload(f'module={path}\nreload=true\n')
                harness.wait_until(lambda: server.ask_once() == b'c')
                self.assertEqual(ask(old), b'b')
                self.assertTrue(all(harness.is_alive(pid) for pid in first))
            harness.wait_until(lambda: not any(harness.is_alive(pid) for pid in first))
            self.assertEqual(server.ask_once(), b'c')

    def test_stop(self):
        """It ends as usual, however often it has changed."""
        with Server(replaces('b') + 'grace=60\n') as server:
            with server.connect() as old:
                self.assertEqual(ask(old), b'b')
                server.reload(replaces('c') + 'grace=50\n')
                server.tool.process.terminate()
                harness.wait_until(lambda: not os.path.exists(server.address))
                self.assertEqual(ask(old), b'b')
            self.assertEqual(server.tool.wait(), 0)

    def test_notify(self):
        with Manager() as manager, Server(replaces('b'), env=manager.env) as server:
            self.assertEqual(manager.hear()['READY'], '1')
            server.reload(replaces('c'))
            self.assertIn('MONOTONIC_USEC', manager.hear())
            self.assertEqual(manager.hear(), {'READY': '1'})

    def test_under_load(self):
        """Clients come and go while modules and addresses change again and again: none fails, and
        those that stay keep what they began with."""
        other = f'listen=127.0.0.1:{harness.free_port()}\n'
        texts = [replaces('b'), replaces('c') + other]
        failures, n_done = [], [0, 0]
        done = threading.Event()

        def stay(server):
            with server.connect() as client:
                first = ask(client)
                while not done.is_set():
                    if ask(client) != first:
                        raise AssertionError('an analyzer has changed')
                    n_done[0] += 1

        def come_and_go(server):
            while not done.is_set():
                if server.ask_once() not in (b'b', b'c'):
                    raise AssertionError('there was another answer')
                n_done[1] += 1

        def run(what, server):
            try:
                what(server)
            except Exception as error:  # whatever it is
                failures.append(repr(error))
        with Server(texts[0]) as server:
            threads = [threading.Thread(target=run, args=(what, server))
                       for what in (stay, come_and_go) for _ in range(3)]
            for thread in threads:
                thread.start()
            for i in range(50):
                server.reload(texts[(i + 1) % 2])
                # Who is told goodbye twice, and served not once meanwhile, waits before the third.
                n = n_done[1]
                harness.wait_until(lambda: n_done[1] >= n + 6)
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [], server.relay.log)
            self.assertGreater(min(n_done), 50)
            harness.wait_until(lambda: server.ask_once() == b'b')

    def test_signals_in_a_row(self):
        """However often it is asked, the last file counts."""
        with Server(replaces('b')) as server:
            for i in range(20):
                server.write(server.complete(replaces(chr(99 + i))))
                server.tool.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: server.ask_once() == chr(99 + 19).encode())


if __name__ == '__main__':
    harness.main()
