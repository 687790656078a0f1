#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ping tells how the modules of a server are, and by its exit status whether they can be used."""

import json
import os
import signal
import socket
import threading
import time
import unittest

import tool_harness as harness
from tool_harness import children, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
DYING = os.path.join(HERE, 'modules', 'dying.py')
DYING_JS = os.path.join(HERE, 'modules', 'dying.js')
# So that the tool's child is the script itself, which is what is to be stopped.
BARE = '=sandbox=off'
# Fails, as a whole, at the first connection.
FAILING = """
from gi.repository import Imp

class Failing(Imp.Factory):
    def do_create_analyzer(self, context):
        self.fail('the model is gone')
        return Imp.PassAnalyzer.new()

def create_factory(settings):
    return Failing()
"""
# Two parts, one of which says that it will be back.
PARTS = """
from gi.repository import Imp

class Parts(Imp.Factory):
    def do_list_statuses(self):
        return [Imp.FactoryStatus.new('a', Imp.FactoryState.UP, None, -1, -1),
                Imp.FactoryStatus.new('b', Imp.FactoryState.RESTARTING, 'loads', 5, 2000)]

def create_factory(settings):
    return Parts()
"""


class Status(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def copy(self, path):
        with open(path, encoding='utf-8') as source:
            return self.write(os.path.basename(path), source.read())

    def serve(self, module):
        return harness.Tool('serve', '--grace=0', '--module', module, '127.0.0.1:0')

    def ping(self, address, *options):
        """Exit status, the modules, and the whole answer."""
        status, out, err = harness.run_tool('ping', '--json', *options, address)
        self.assertIn(status, (0, 3), err)
        answer = json.loads(out)
        self.assertEqual(status, 0 if all(module['state'] == 'up' for module in answer['modules'])
                         else 3)
        return status, answer['modules'], answer

    def wait_for_state(self, address, state):
        """Pings until there is one module, in this state, and returns what is said of it."""
        found = []

        def has_come():
            found[:] = self.ping(address)[1]
            return [module['state'] for module in found] == [state]
        wait_until(has_come)
        return found[0]

    def end_script(self, server):
        host, = children(server.process)
        os.kill(host, signal.SIGKILL)
        wait_until(lambda: host not in children(server.process))


class Up(Status):
    def test_text(self):
        for module, said in (('pass', 'pass: up'), ('pattern=string=x', 'pattern: up')):
            with self.subTest(module), self.serve(module) as server:
                status, out, err = harness.run_tool('ping', server.address)
                self.assertEqual((status, err), (0, ''))
                self.assertIn(f'\nmodule: {said}\n', out)
        for module in (DYING, DYING_JS):
            with self.subTest(module), self.serve(module) as server:
                status, out, err = harness.run_tool('ping', server.address)
                self.assertEqual((status, err), (0, ''))
                self.assertRegex(out, rf'\nmodule: {module}: up for \d+\.\d s\n')

    def test_json(self):
        with self.serve('pass') as server:
            self.assertEqual(self.ping(server.address)[:2],
                             (0, [{'name': 'pass', 'state': 'up'}]))
        with self.serve(DYING) as server:
            _, (module,), answer = self.ping(server.address)
            self.assertEqual((module['name'], module['state']), (DYING, 'up'))
            self.assertGreaterEqual(module['since-ms'], 0)
            self.assertNotIn('next-attempt-ms', module)
            self.assertEqual(answer['interfaces'], [{'type': -1}])

    def test_object(self):
        path = os.path.join(os.environ['IMP_TEST_MODULES'], 'count.so')
        with self.serve(path) as server:
            self.assertEqual(self.ping(server.address)[1], [{'name': path, 'state': 'up'}])

    def test_strange_name(self):
        path = self.write('a\x1b[31m\nb.py', 'from gi.repository import Imp\n'
                          'class A(Imp.Analyzer): pass\n')
        with self.serve(path) as server:
            status, out, _ = harness.run_tool('ping', server.address)
            self.assertEqual(status, 0)
            self.assertIn(r'/a\x1b[31m\x0ab.py: up', out)
            self.assertNotIn('\x1b', out)


class NotUsable(Status):
    def test_restarting(self):
        """A script that cannot start again, until it can."""
        for original, broken in ((DYING, 'raise RuntimeError("broken")\n'),
                                 (DYING_JS, 'throw new Error("broken");\n')):
            path = self.copy(original)
            with self.subTest(path), self.serve(path) as server:
                self.write(os.path.basename(path), broken)
                self.end_script(server)
                module = self.wait_for_state(server.address, 'restarting')
                wait_until(lambda: 'ended with exit status 1 before it was ready'
                           in self.ping(server.address)[1][0]['reason'])
                self.assertEqual(module['name'], path)
                self.assertGreaterEqual(module['since-ms'], 0)
                self.assertGreaterEqual(module['next-attempt-ms'], 0)
                status, out, err = harness.run_tool('ping', server.address)
                self.assertEqual((status, err), (3, ''))
                self.assertRegex(out, rf'module: {path}: restarting for \d+\.\d s, (being tried now'
                                      r'|next attempt in \d+\.\d s): ended with exit status 1')
                # It says what it can do all the same.
                self.assertIn('interface: imp.data.stream', out)
                self.copy(original)
                self.assertNotIn('reason', self.wait_for_state(server.address, 'up'))

    def test_time(self):
        """It is counted from when it was of use last, not from the last attempt."""
        path = self.copy(DYING)
        with self.serve(path) as server:
            self.write('dying.py', 'raise RuntimeError("broken")\n')
            self.end_script(server)
            self.wait_for_failures(server, 1)
            _, (first,), _ = self.ping(server.address)
            begun = time.monotonic()
            self.wait_for_failures(server, 3)
            passed = time.monotonic() - begun
            _, (second,), _ = self.ping(server.address)
            self.assertEqual([first['state'], second['state']], ['restarting', 'restarting'])
            self.assertGreaterEqual(second['since-ms'] - first['since-ms'], 1000 * passed - 2)

    def wait_for_failures(self, server, number):
        wait_until(lambda: sum('before it was ready' in line
                               for line in list(server.log)) >= number)

    def test_stopped(self):
        """A script that does not react is of no use now, though its process lives."""
        with self.serve(DYING + BARE) as server:
            host, = children(server.process)
            os.kill(host, signal.SIGSTOP)
            _, (module,), _ = self.ping(server.address, '--timeout=2')
            self.assertEqual((module['name'], module['state']), (DYING, 'unusable'))
            self.assertIn('no answer', module['reason'])
            os.kill(host, signal.SIGCONT)
            self.wait_for_state(server.address, 'up')

    def test_failed(self):
        """What a script says of itself."""
        path = self.write('failing.py', FAILING)
        with harness.Upstream(harness.echo) as upstream, self.serve(path) as server, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={server.address}', '--connect',
                             upstream.address) as relay:
            self.assertEqual(self.ping(server.address)[1][0]['state'], 'up')
            with harness.connect(relay.port) as client:
                client.sendall(b'first')
                self.assertEqual(client.recv(100), b'first')
            self.assertEqual(harness.fetch_cut(relay.port), b'')
            _, (module,), _ = self.ping(server.address)
            self.assertEqual((module['name'], module['state'], module['reason']),
                             (path, 'unusable', 'the model is gone'))

    def test_parts(self):
        """A script is one module, as good as the worst of its parts."""
        path = self.write('parts.py', PARTS)
        with self.serve(path) as server:
            _, modules, _ = self.ping(server.address)
            self.assertEqual(modules, [{'name': path, 'state': 'restarting', 'reason': 'loads',
                                        'since-ms': 5, 'next-attempt-ms': 2000}])


class Workers(Status):
    """Several processes are one module, which is up while one of them is."""

    def assert_reason(self, server, *says, state='up'):
        module = {}

        def is_said():
            module.update({'reason': '', **self.ping(server.address, '--timeout=3')[1][0]})
            return all(text in module['reason'] for text in says)
        wait_until(is_said)
        self.assertEqual(module['state'], state)

    def test_counts(self):
        path = self.copy(DYING)
        with self.serve(path + '=workers=3&sandbox=off') as server:
            _, modules, _ = self.ping(server.address)
            self.assertEqual([(module['name'], module['state'], module.get('reason'))
                              for module in modules], [(path, 'up', None)])
            hosts = children(server.process)
            os.kill(hosts[0], signal.SIGSTOP)
            self.assert_reason(server, '2 of 3 processes are up, and one is unusable: no answer')
            self.write('dying.py', 'raise RuntimeError("broken")\n')
            os.kill(hosts[1], signal.SIGKILL)
            self.assert_reason(server, '1 of 3 processes is up, and one is unusable: no answer')
            os.kill(hosts[0], signal.SIGKILL)
            self.assert_reason(server, '1 of 3 processes is up, and one is restarting: ended with '
                               'exit status 1 before it was ready')
            os.kill(hosts[2], signal.SIGKILL)
            self.assert_reason(server, '0 of 3 processes are up, and one is restarting: ended with '
                               'exit status 1', state='restarting')
            self.copy(DYING)
            wait_until(lambda: 'reason' not in self.ping(server.address)[1][0])
            self.assertEqual(len(children(server.process)), 3)


class Behind(Status):
    def test_through(self):
        """Through two servers, and back."""
        path = self.copy(DYING)
        with self.serve(path + BARE) as inner, \
                self.serve(f'remote=addr={inner.address}') as middle, \
                self.serve(f'remote=addr={middle.address}') as outer:
            name = f'remote {middle.address}: remote {inner.address}: {path}'
            self.assertEqual(self.wait_for_state(outer.address, 'up')['name'], name)
            self.write('dying.py', 'raise RuntimeError("broken")\n')
            self.end_script(inner)
            module = self.wait_for_state(outer.address, 'restarting')
            self.assertEqual(module['name'], name)
            self.assertIn('next-attempt-ms', module)
            self.copy(DYING)
            self.wait_for_state(outer.address, 'up')
            host, = children(inner.process)
            os.kill(host, signal.SIGSTOP)
            _, (module,), _ = self.ping(outer.address, '--timeout=4')
            self.assertEqual((module['name'], module['state']), (name, 'unusable'))
            os.kill(host, signal.SIGCONT)

    def test_gone(self):
        """A server that is away, and is back."""
        path = os.path.join(self.folder, 'inner')
        inner = harness.Tool('serve', '--grace=0', path)
        with self.serve(f'remote=addr={path}') as outer:
            self.wait_for_state(outer.address, 'up')
            self.assertEqual(inner.stop(), 0)
            status, out, err = harness.run_tool('ping', outer.address)
            self.assertEqual(status, 3)
            self.assertIn(f'module: remote {path}: restarting', out)
            self.assertIn('version: 2\n', out)
            self.assertIn('no interfaces', err)
            with harness.Tool('serve', '--grace=0', path):
                self.wait_for_state(outer.address, 'up')

    def test_stuck(self):
        """A module that knows no answer to anything does not keep ping from telling that."""
        path = os.path.join(self.folder, 'inner')
        with harness.Tool('serve', '--grace=0', path) as inner, \
                self.serve(f'remote=addr={path}') as outer:
            self.wait_for_state(outer.address, 'up')
            os.kill(inner.process.pid, signal.SIGSTOP)
            status, out, err = harness.run_tool('ping', '--timeout=2', outer.address)
            os.kill(inner.process.pid, signal.SIGCONT)
            self.assertEqual(status, 3)
            self.assertIn(f'module: remote {path}: unusable: no answer', out)
            self.assertNotIn('round-trip', out)
            self.assertIn('no interfaces: no answer within 2 seconds', err)

    def test_no_answer(self):
        """That nobody is there is another thing than a module that cannot be used."""
        status, out, _ = harness.run_tool('ping', os.path.join(self.folder, 'nobody'))
        self.assertEqual((status, out), (1, ''))


class Foreign(Status):
    """Servers that do not tell: older ones, and those of version 1."""

    def answer(self, connection, greeting):
        with connection, connection.makefile('rw', encoding='utf-8') as stream:
            for line in stream:
                message = json.loads(line)
                self.heard.append(message['op'])
                if message['op'] == 'set_version':
                    stream.write(json.dumps({'op': 'set_version', **greeting}) + '\n')
                elif message['op'] == 'get_interface':
                    stream.write('{"op":"interface","interfaces":[{"type":-1}]}\n')
                stream.flush()

    def test_older(self):
        for greeting in ({'version': 1}, {'version': 2, 'minimum': 1, 'features': ['end']}):
            self.heard = []
            with self.subTest(greeting), socket.create_server(('127.0.0.1', 0)) as listener:
                address = f'127.0.0.1:{listener.getsockname()[1]}'
                thread = threading.Thread(
                    target=lambda: self.answer(listener.accept()[0], greeting), daemon=True)
                thread.start()
                _, modules, _ = self.ping(address, '--codec=json')
                self.assertEqual(modules, [{
                    'name': address, 'state': 'up',
                    'reason': 'the server does not tell of its modules'}])
                thread.join(harness.TIMEOUT)
                self.assertEqual(self.heard, ['set_version', 'get_interface'])


if __name__ == '__main__':
    harness.main()
