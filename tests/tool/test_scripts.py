#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Modules in Python and JavaScript, each in a process of its own."""

import os
import signal
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = (os.path.join(HERE, 'modules'), os.path.join(HERE, '..', '..', 'docs', 'examples'))


def script(name):
    """One that fails on demand, or an example of the documentation."""
    return next(path for path in (os.path.join(folder, name) for folder in FOLDERS)
                if os.path.exists(path))


class Scripts(unittest.TestCase):
    def relay(self, module, upstream):
        return harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', module,
                            '--connect', upstream.address)

    def test_class(self):
        """200 kB of text through a class in either language, by way of relay, or of a server."""
        path = os.path.join(harness.make_folder(), 'text')
        harness.write_text(path, 200_000)
        wanted = harness.sed(path, 's/[a-z]/\\U&/g')
        for name in ('shout.py', 'shout.js'):
            with self.subTest(name), harness.file_server(path) as upstream, \
                    self.relay(script(name), upstream) as relay:
                self.assertTrue(harness.fetch(relay.port) == wanted)
            with self.subTest(name + ' served'), harness.file_server(path) as upstream, \
                    harness.Tool('serve', '--module', script(name), '127.0.0.1:0') as server, \
                    self.relay(f'remote=addr={server.address}', upstream) as relay:
                self.assertTrue(harness.fetch(relay.port) == wanted)

    def test_interface(self):
        for name in ('shout.py', 'shout.js'):
            with self.subTest(name), \
                    harness.Tool('serve', '--module', script(name), '127.0.0.1:0') as server:
                out = harness.run_tool('ping', server.address)[1]
                self.assertIn('interface: imp.data.stream: pass, replace\n', out)

    def test_settings(self):
        with harness.Upstream(echo) as upstream, \
                self.relay(script('settings.py') + '=the-greeting=gr%C3%BC%C3%9F%26ott%3D',
                           upstream) as relay, \
                harness.connect(relay.port) as client:
            wanted = 'grüß&ott=x'.encode()
            client.sendall(b'x')
            with client.makefile('rb') as reader:   # it may come in one piece or in two
                self.assertEqual(reader.read(len(wanted)), wanted)
        with harness.Upstream(echo) as upstream, \
                self.relay(script('settings.js') + '=text=some%20text', upstream) as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'x')
            self.assertEqual(client.recv(1), b'x')
            relay.wait_for_log('log: some text')

    def assert_refused(self, module, *says, status=1):
        got, out, err = harness.run_tool('serve', '--module', module, '@x')
        self.assertEqual((got, out), (status, ''))
        for text in says:
            self.assertIn(text, err)

    def test_errors(self):
        folder = harness.make_folder()

        def broken(name, text):
            path = os.path.join(folder, name)
            with open(path, 'w', encoding='utf-8') as target:
                target.write(text)
            return path

        self.assert_refused(script('settings.py'), 'settings.py: wrong settings: the_greeting')
        self.assert_refused(script('settings.js'), 'settings.js: wrong settings: text is wanted')
        self.assert_refused(script('shout.py') + '=x=1', '"x=1": there are no settings here')
        self.assert_refused(script('shout.js') + '=x=1', '"x=1": there are no settings here')
        self.assert_refused(script('shout.py') + '=x=%ff', 'x=%ff', 'UTF-8', status=2)
        self.assert_refused(script('shout.py') + '=x', 'key=value', status=2)
        self.assert_refused(broken('syntax.py', 'x = = 1\n'), 'SyntaxError', 'line 1')
        self.assert_refused(broken('syntax.js', 'let x = = 1\n'), 'SyntaxError')
        self.assert_refused(broken('none.py', 'x = 1\n'), 'exactly one class', 'none')
        self.assert_refused(broken('none.js', 'export let x = 1\n'), 'exactly one class', 'none')
        self.assert_refused(broken('exit.py', 'import sys; sys.exit(0)\n'), 'before it was ready')
        self.assert_refused(broken('no.py', 'def create_factory(settings):\n    return 7\n'),
                            'returned 7')

    def test_exception(self):
        """The analyzer fails with the exception's text, and others go on."""
        with harness.Upstream(echo) as upstream, self.relay(script('faults.py'), upstream) as relay:
            self.assertEqual(harness.fetch_cut(relay.port, b'raise\n'), b'')
            with harness.connect(relay.port) as client:
                client.sendall(b'fine\n')
                self.assertEqual(client.recv(100), b'fine\n')
            relay.wait_for_log('raised as ordered')

    def test_crash(self):
        """A script that ends takes its connections with it, and nothing else."""
        with harness.Upstream(echo) as upstream, self.relay(script('faults.py'), upstream) as relay:
            self.assertEqual(harness.fetch_cut(relay.port, b'exit\n'), b'')
            with harness.connect(relay.port) as client:
                client.sendall(b'fine\n')
                self.assertEqual(client.recv(100), b'fine\n')
            self.assertEqual(relay.stop(), 0)

    def test_output(self):
        """What a script prints does not stand between the results of the tool."""
        with harness.Upstream(echo) as upstream, self.relay(script('faults.py'), upstream) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(b'print\n')
                self.assertEqual(client.recv(100), b'print\n')
            relay.wait_for_log('printed as ordered')

    def test_threads(self):
        """A script that answers from a timer, a pool, or a thread that waits for a process."""
        with harness.Upstream(echo) as upstream, self.relay(script('threads.py'),
                                                            upstream) as relay:
            for how in (b'timer\n', b'pool\n', b'process\n'):
                with self.subTest(how), harness.connect(relay.port) as client:
                    for text in (how, b'second piece'):
                        client.sendall(text)
                        self.assertEqual(client.recv(100), text)
            with harness.connect(relay.port) as client:
                client.sendall(b'deny\n')
                relay.wait_for_log('refused: Denied by the analyzer: from a thread')

    def test_no_process_stays(self):
        """Whether the tool is asked to end, killed, or the script hangs."""
        for number, order in ((signal.SIGTERM, b'fine\n'), (signal.SIGTERM, b'hang\n'),
                              (signal.SIGKILL, b'fine\n'), (signal.SIGKILL, b'hang\n')):
            with self.subTest(f'{number!r} {order!r}'), harness.Upstream(echo) as upstream, \
                    self.relay(script('faults.py'), upstream) as relay:
                host, = children(relay.process)
                with harness.connect(relay.port) as client:
                    client.sendall(order)
                    if order == b'fine\n':
                        self.assertEqual(client.recv(100), order)
                    relay.process.send_signal(number)
                self.assertEqual(relay.wait(), 0 if number == signal.SIGTERM else -number)
                wait_until(lambda: not is_alive(host))

    def test_signal_for_all(self):
        """What stops a whole group, or all of a service, reaches the script and its sandbox, too;
        they serve on until the tool has ended in order."""
        for name, sandbox, number in (('faults.py', 'auto', signal.SIGINT),
                                      ('faults.py', 'auto', signal.SIGTERM),
                                      ('faults.py', 'off', signal.SIGINT),
                                      ('shout.js', 'auto', signal.SIGTERM),
                                      ('shout.js', 'off', signal.SIGTERM)):
            with self.subTest(f'{name} {sandbox} {number!r}'), harness.Upstream(echo) as upstream, \
                    self.relay(f'{script(name)}=sandbox={sandbox}', upstream) as relay, \
                    harness.connect(relay.port) as client:
                hosts = harness.descendants(relay.process)
                client.sendall(b'1\n')
                self.assertEqual(client.recv(100), b'1\n')
                for pid in [*hosts, relay.process.pid]:
                    os.kill(pid, number)
                client.sendall(b'2\n')
                self.assertEqual(client.recv(100), b'2\n')
                client.close()
                self.assertEqual(relay.wait(), 0)
                wait_until(lambda: not any(map(is_alive, hosts)))


if __name__ == '__main__':
    harness.main()
