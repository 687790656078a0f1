#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGHUP reads the file of settings again: for new connections, and without a failed one."""

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


def replace_module(text, other):
    return f'module=pattern=rx={text}&rxlen={len(text)}&action=replace&actdata={other}\n'


def listener(name, address, more=''):
    return f'[listener {name}]\nlisten={address}\nconnect={ECHO.address}\n{more}'


class Relay:
    """A relay with a file that can change."""

    def __init__(self, text, listeners=1, **kwargs):
        self.folder = harness.make_folder()
        self.path = os.path.join(self.folder, 'imp.conf')
        self.write(text)
        self.tool = harness.Tool('relay', '--config', self.path, listeners=listeners, **kwargs)
        self.n_applied = self.n_refused = 0

    def write(self, text):
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            file.write(text)
        os.rename(self.path + '.new', self.path)

    def count(self, text):
        return sum(text in line for line in list(self.tool.log))

    def send(self):
        self.tool.process.send_signal(signal.SIGHUP)

    def reload(self, text):
        self.write(text)
        self.send()
        self.n_applied += 1
        harness.wait_until(lambda: self.count(APPLIED) == self.n_applied, self.tool.log)

    def reload_wrong(self, text):
        self.write(text)
        self.send()
        self.n_refused += 1
        harness.wait_until(lambda: self.count(REFUSED) == self.n_refused, self.tool.log)

    def __enter__(self):
        self.tool.__enter__()
        return self

    def __exit__(self, *error):
        self.tool.__exit__(*error)


def ask_once(port, text):
    with harness.connect(port) as client:
        return ask(client, text)


class Reload(unittest.TestCase):
    def test_modules(self):
        """New connections get the new modules, old ones keep theirs."""
        with Relay(listener('one', '127.0.0.1:0', replace_module('a', 'b'))) as relay, \
                harness.connect(relay.tool.port) as old:
            self.assertEqual(ask(old, b'a'), b'b')
            relay.reload(listener('one', '127.0.0.1:0', replace_module('a', 'c')))
            with harness.connect(relay.tool.port) as new:
                self.assertEqual(ask(new, b'a'), b'c')
                self.assertEqual(ask(old, b'a'), b'b')
                relay.reload(listener('one', '127.0.0.1:0'))
                self.assertEqual((ask(old, b'a'), ask(new, b'a')), (b'b', b'c'))
                self.assertEqual(ask_once(relay.tool.port, b'a'), b'a')

    def test_wrong_file(self):
        text = listener('one', '127.0.0.1:0', replace_module('a', 'b'))
        with Relay(text) as relay, harness.connect(relay.tool.port) as old:
            relay.reload_wrong(listener('one', '127.0.0.1:0', 'module=patern\n') + 'color=red\n')
            for line in (4, 5):
                relay.tool.wait_for_log(f'{relay.path}:{line}: key ')
            os.unlink(relay.path)
            relay.send()
            relay.n_refused += 1
            harness.wait_until(lambda: relay.count(REFUSED) == 2, relay.tool.log)
            self.assertEqual((ask(old, b'a'), ask_once(relay.tool.port, b'a')), (b'b', b'b'))
            relay.reload(listener('one', '127.0.0.1:0', replace_module('a', 'd')))
            self.assertEqual((ask(old, b'a'), ask_once(relay.tool.port, b'a')), (b'b', b'd'))

    def test_listeners_come_and_go(self):
        one, two, three = (f'127.0.0.1:{harness.free_port()}' for _ in range(3))
        path = os.path.join(harness.make_folder(), 's')
        with Relay(listener('one', one) + listener('two', two), listeners=2) as relay:
            ports = [int(address.rpartition(':')[2]) for address in (one, two, three)]
            with harness.connect(ports[0]) as old, harness.connect(ports[1]) as other:
                self.assertEqual((ask(old, b'1'), ask(other, b'2')), (b'1', b'2'))
                relay.reload(listener('two', two) + listener('three', three)
                             + listener('four', path))
                new = [relay.tool.read_address() for _ in range(2)]
                self.assertEqual(new, [three, path])
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(('127.0.0.1', ports[0]))
                self.assertEqual((ask(old, b'1'), ask(other, b'2')), (b'1', b'2'))
                self.assertEqual((ask_once(ports[1], b'2'), ask_once(ports[2], b'3')),
                                 (b'2', b'3'))
                relay.reload(listener('one', one))
                self.assertFalse(os.path.exists(path))
                self.assertEqual((ask(old, b'1'), ask_once(ports[0], b'1')), (b'1', b'1'))

    def test_address_in_use(self):
        """All or nothing: what can be opened is closed again where the rest cannot."""
        free = f'127.0.0.1:{harness.free_port()}'
        with socket.create_server(('127.0.0.1', 0)) as other:
            taken = f'127.0.0.1:{other.getsockname()[1]}'
            with Relay(listener('one', '127.0.0.1:0')) as relay:
                relay.reload_wrong(listener('one', '127.0.0.1:0', replace_module('a', 'b'))
                                   + listener('two', free) + listener('three', taken))
                relay.tool.wait_for_log(f'{relay.path}:9: key "listen": "{taken}"')
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(('127.0.0.1', int(free.rpartition(':')[2])))
                self.assertEqual(ask_once(relay.tool.port, b'a'), b'a')

    def test_sections_change_places(self):
        """A socket goes to the section that has its address now."""
        one, two = (f'127.0.0.1:{harness.free_port()}' for _ in range(2))
        with Relay(listener('one', one, replace_module('a', 'b')) + listener('two', two),
                   listeners=2) as relay:
            relay.reload(listener('one', two, replace_module('a', 'b')) + listener('two', one))
            self.assertEqual([ask_once(int(address.rpartition(':')[2]), b'a')
                              for address in (one, two)], [b'a', b'b'])

    def test_counting_goes_on(self):
        """A change does not give a peer room for as many again."""
        def text(n, module):
            return (f'[relay]\nmax-connections-per-peer={n}\n'
                    + listener('one', '127.0.0.1:0', replace_module('a', module)))
        with Relay(text(2, 'b')) as relay, harness.connect(relay.tool.port) as one, \
                harness.connect(relay.tool.port) as two:
            self.assertEqual((ask(one, b'a'), ask(two, b'a')), (b'b', b'b'))
            relay.reload(text(2, 'c'))
            self.assertEqual(harness.fetch_cut(relay.tool.port, b'a'), b'')
            relay.tool.wait_for_log('there are 2 connections of it already')
            relay.reload(text(3, 'd'))
            self.assertEqual(ask_once(relay.tool.port, b'a'), b'd')

    def test_max_connections(self):
        """A place that an old connection leaves is one for the new settings."""
        def text(n):
            return f'[relay]\nmax-connections={n}\n' + listener('one', '127.0.0.1:0')
        with Relay(text(1)) as relay, harness.connect(relay.tool.port) as one:
            self.assertEqual(ask(one, b'a'), b'a')
            relay.reload(text(1) + 'sni=false\n')
            with harness.connect(relay.tool.port) as two:
                two.sendall(b'x')
                two.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    two.recv(1)
                one.close()
                two.settimeout(harness.TIMEOUT)
                self.assertEqual(two.recv(1), b'x')

    def test_access(self):
        path = os.path.join(harness.make_folder(), 's')
        common = '[relay]\nsocket-mode=0600\nallow-uid={}\n'

        def connect():
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(harness.TIMEOUT)
            client.connect(path)
            return client

        def is_served():
            with connect() as client:
                try:
                    client.sendall(b'a')
                    return client.recv(1) == b'a'
                except (BrokenPipeError, ConnectionResetError):
                    return False
        me = os.getuid()
        with Relay(common.format(me) + listener('one', path)) as relay, connect() as old:
            self.assertEqual(ask(old, b'1'), b'1')
            self.assertTrue(is_served())
            relay.reload(common.format(me + 1) + listener('one', path))
            self.assertFalse(is_served())
            self.assertEqual(ask(old, b'1'), b'1')
            relay.reload_wrong(common.format('nobody-has-this-name') + listener('one', path))
            self.assertFalse(is_served())
            relay.reload(common.format('*') + listener('one', path))
            self.assertTrue(is_served())

    def test_what_is_for_the_next_start(self):
        folder = harness.make_folder()
        with Relay(listener('one', '127.0.0.1:0')) as relay:
            relay.reload(f'[relay]\nrecord={folder}\nverbose=true\n'
                         + listener('one', '127.0.0.1:0'))
            relay.tool.wait_for_log('key "record" of [relay] has changed')
            self.assertEqual(relay.count('key "verbose"'), 0)
            self.assertEqual(ask_once(relay.tool.port, b'a'), b'a')
            self.assertEqual(os.listdir(folder), [])

    def test_datagrams(self):
        """A socket of datagrams stays with its clients; others come and go."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            server.bind(('127.0.0.1', 0))
            for peer in (server, client):
                peer.settimeout(harness.TIMEOUT)
            target = f'udp:127.0.0.1:{server.getsockname()[1]}'
            text = f'[listener one]\nlisten=udp:127.0.0.1:0\nconnect={target}\n'
            with Relay(text) as relay:
                def pass_on(data):
                    client.sendto(data, ('127.0.0.1', relay.tool.port))
                    return server.recv(100)
                self.assertEqual(pass_on(b'1'), b'1')
                relay.reload(text + 'module=pass\n')
                relay.tool.wait_for_log('[listener one] is for datagrams')
                self.assertEqual(pass_on(b'2'), b'2')
                relay.reload(text + listener('two', '127.0.0.1:0'))
                self.assertEqual(pass_on(b'3'), b'3')

    def test_stop_with_old_connections(self):
        with Relay('[relay]\ngrace=60\n' + listener('one', '127.0.0.1:0')) as relay:
            with harness.connect(relay.tool.port) as old:
                self.assertEqual(ask(old, b'1'), b'1')
                relay.reload('[relay]\ngrace=50\n' + listener('one', '127.0.0.1:0'))
                relay.tool.process.terminate()
                harness.wait_until(lambda: not self.accepts(relay.tool.port))
                self.assertEqual(ask(old, b'1'), b'1')
            self.assertEqual(relay.tool.wait(), 0)

    @staticmethod
    def accepts(port):
        try:
            with socket.create_connection(('127.0.0.1', port)):
                return True
        except ConnectionRefusedError:
            return False

    def test_notify(self):
        with Manager() as manager:
            env = manager.env
            with Relay(listener('one', '127.0.0.1:0'), env=env) as relay:
                self.assertEqual(manager.hear()['READY'], '1')
                relay.reload(listener('one', '127.0.0.1:0'))
                self.assertIn('MONOTONIC_USEC', manager.hear())
                self.assertEqual(manager.hear(), {'READY': '1'})
                relay.reload_wrong('wrong')
                self.assertIn('RELOADING', manager.hear())
                self.assertEqual(manager.hear(), {'READY': '1'})

    def test_under_load(self):
        """Clients come and go while the file changes again and again: none of them fails, and those
        that stay are never cut."""
        texts = [listener('one', '127.0.0.1:0', replace_module('a', other)) for other in 'bc']
        failures, n_done = [], [0, 0]

        def stay(port, index):
            try:
                with harness.connect(port) as client:
                    first = ask(client, b'a')
                    while not done.is_set():
                        if ask(client, b'a') != first:
                            raise AssertionError('an old connection has changed')
                        n_done[index] += 1
            except Exception as error:  # whatever it is
                failures.append(repr(error))

        def come_and_go(port, index):
            try:
                while not done.is_set():
                    if ask_once(port, b'a') not in (b'b', b'c'):
                        raise AssertionError('there was another answer')
                    n_done[index] += 1
            except Exception as error:  # the same
                failures.append(repr(error))
        done = threading.Event()
        with Relay(texts[0]) as relay:
            threads = [threading.Thread(target=what, args=(relay.tool.port, index))
                       for index, what in enumerate((stay, come_and_go)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for i in range(50):
                relay.reload(texts[(i + 1) % 2])
            done.set()
            for thread in threads:
                thread.join()
            self.assertEqual(failures, [])
            self.assertGreater(min(n_done), 50)
            # Each generation has ended with its last connection.
            self.assertEqual(ask_once(relay.tool.port, b'a'), b'b')

    def test_signals_in_a_row(self):
        """However often it is asked, the last file counts."""
        with Relay(listener('one', '127.0.0.1:0', replace_module('a', 'b'))) as relay:
            for i in range(20):
                relay.write(listener('one', '127.0.0.1:0', replace_module('a', chr(99 + i))))
                relay.send()
            harness.wait_until(lambda: ask_once(relay.tool.port, b'a') == chr(99 + 19).encode())


if __name__ == '__main__':
    harness.main()
