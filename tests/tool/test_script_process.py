#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The processes that run scripts: how they end, who feels it, how they are started again."""

import json
import os
import signal
import socket
import time
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
DYING = os.path.join(HERE, 'modules', 'dying.py')
DYING_JS = os.path.join(HERE, 'modules', 'dying.js')


def say(port, text):
    """What comes back through a relay; b'' if the connection was ended instead."""
    try:
        with harness.connect(port) as client:
            client.sendall(text)
            return client.recv(100)
    except ConnectionResetError:
        return b''


class Processes(unittest.TestCase):
    def relay(self, module, upstream, *options):
        return harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', module,
                            '--connect', upstream.address, *options)

    def serve(self, module):
        return harness.Tool('serve', '--grace=0', '--module', module, '127.0.0.1:0')


class Death(Processes):
    def assert_survived(self, tool, port, order, said):
        """Whoever was there is refused; whoever comes next is served, by another process."""
        host, = children(tool.process)
        with harness.connect(port) as other:
            other.sendall(b'before\n')
            self.assertEqual(other.recv(100), b'before\n')
            self.assertEqual(say(port, order), b'')
            self.assertEqual(say(port, b'after\n'), b'after\n')
        tool.wait_for_log(said)
        wait_until(lambda: host not in children(tool.process))

    def test_python(self):
        for order, said in ((b'exit\n', 'ended with exit status 3; it is started again'),
                            (b'sysexit\n', 'ended with exit status 5'),
                            (b'segv\n', 'was killed by signal 11'),
                            (b'helper\n', 'ended with exit status 4'),
                            (b'close\n', 'was killed by signal 9'),
                            (b'garbage\n', 'lost its connection: ')):
            with self.subTest(order), harness.Upstream(echo) as upstream, \
                    self.relay(DYING, upstream) as relay:
                self.assert_survived(relay, relay.port, order, f'dying.py" {said}')

    def test_javascript(self):
        for order, said in ((b'exit\n', 'ended with exit status 3'),
                            (b'kill\n', 'was killed by signal 9')):
            with self.subTest(order), harness.Upstream(echo) as upstream, \
                    self.relay(DYING_JS, upstream) as relay:
                self.assert_survived(relay, relay.port, order, f'dying.js" {said}')

    def test_killed(self):
        """By somebody else, while nothing is going on, and behind a server."""
        with harness.Upstream(echo) as upstream, self.serve(DYING) as server, \
                self.relay(f'remote=addr={server.address}', upstream) as relay:
            for _ in range(3):
                host, = children(server.process)
                os.kill(host, signal.SIGKILL)
                wait_until(lambda: host not in children(server.process))
                wait_until(lambda: say(relay.port, b'after\n') == b'after\n')

    def test_own_failure(self):
        """An analyzer that fails by itself ends its own connection, and nothing is started."""
        with harness.Upstream(echo) as upstream, self.serve(DYING) as server, \
                self.relay(f'remote=addr={server.address}&fail=soft', upstream) as relay:
            host = children(server.process)
            self.assertEqual(say(relay.port, b'fail\n'), b'')
            relay.wait_for_log('failed: The analyzer failed: failed by itself')
            self.assertEqual(say(relay.port, b'after\n'), b'after\n')
            self.assertEqual(children(server.process), host)

    def test_soft(self):
        """The end of a script is a fault: where the provider is soft, it passes."""
        for order in (b'exit\n', b'segv\n', b'garbage\n', b'helper\n'):
            with self.subTest(order), harness.Upstream(echo) as upstream, \
                    self.serve(DYING) as server, \
                    self.relay(f'remote=addr={server.address}&fail=soft', upstream) as relay, \
                    harness.connect(relay.port) as other:
                other.sendall(b'before\n')
                self.assertEqual(other.recv(100), b'before\n')
                self.assertEqual(say(relay.port, order), order)
                relay.wait_for_log('dying.py')
                other.sendall(b'more\n')
                self.assertEqual(other.recv(100), b'more\n')

    def test_soft_here(self):
        """The same setting of the script's own, where no server is in between."""
        with harness.Upstream(echo) as upstream, \
                self.relay(DYING + '=fail=soft', upstream) as relay:
            self.assertEqual(say(relay.port, b'exit\n'), b'exit\n')
            self.assertEqual(say(relay.port, b'fail\n'), b'')

    def test_soft_limit(self):
        """Whoever can make the script end gets past it so often, and no more; each time is logged,
        whichever process it was and whether there is one."""
        for workers in 1, 3:
            with self.subTest(workers), harness.Upstream(echo) as upstream, \
                    self.relay(f'{DYING}=fail=soft&soft-limit=2&workers={workers}',
                               upstream) as relay:
                heard = [say(relay.port, b'exit\n') for _ in range(8)]
                self.assertEqual(heard, 2 * [b'exit\n'] + 6 * [b''])
                relay.wait_for_log('2 connections have gone on without an analyzer within a minute '
                                   '(soft-limit): further ones are refused')
                relay.stop()
                refused = [line for line in relay.log if '(soft-limit)' in line
                           and ' -> ' in line]
                self.assertEqual(len(refused), 6, relay.log)
                passed = [line for line in relay.log if ': log: ' in line]
                self.assertEqual(len(passed), 2, relay.log)

    def test_chain(self):
        """What is lost behind two servers is lost, too, and no decision."""
        with harness.Upstream(echo) as upstream, self.serve(DYING) as inner, \
                self.serve(f'remote=addr={inner.address}') as outer, \
                self.relay(f'remote=addr={outer.address}&fail=soft', upstream) as relay:
            self.assertEqual(say(relay.port, b'exit\n'), b'exit\n')
            self.assertEqual(say(relay.port, b'fail\n'), b'')


class OnTheWire(Processes):
    def talk(self, server, messages, last):
        host, _, port = server.address.rpartition(':')
        with socket.create_connection((host, int(port)), timeout=harness.TIMEOUT) as client, \
                client.makefile('rw', encoding='utf-8') as stream:
            for message in messages:
                stream.write(json.dumps(message) + '\n')
            stream.flush()
            for line in stream:
                answer = json.loads(line)
                if answer['op'] in last:
                    return answer
        raise AssertionError('the connection was closed')

    def test_exception(self):
        """Version 2 hears of an exception; version 1, whose clients need not notice, of a FATAL."""
        analyzer = [{'op': 'new_analyzer', 'id': 1, 'context': {}},
                    {'op': 'data', 'id': 1, 'dir': 0, 'offset': 0, 'type': -1, 'text': 'exit\n'}]
        version = {'op': 'set_version', 'version': 2, 'minimum': 1}
        with self.serve(DYING) as server:
            answer = self.talk(server, [version, *analyzer], ('exception', 'result'))
            self.assertEqual((answer['op'], answer['id']), ('exception', 1))
            self.assertIn('dying.py', answer['message'])
        with self.serve(DYING) as server:
            answer = self.talk(server, analyzer, ('exception', 'result'))
            self.assertEqual((answer['op'], answer['result']), ('result', 'fatal'))
            self.assertIn('dying.py', answer['message'])


class Hanging(Processes):
    def test_started_again(self):
        """One that does not react after somebody has given up; others do not wait indefinitely."""
        for module, order in ((DYING, b'loop\n'), (DYING, b'stop\n'), (DYING_JS, b'loop\n')):
            with self.subTest(module + str(order)), harness.Upstream(echo) as upstream, \
                    self.serve(module + '=hang-timeout=300') as server, \
                    self.relay(f'remote=addr={server.address}&deadline=800', upstream) as relay:
                host, = children(server.process)
                self.assertEqual(say(relay.port, order), b'')
                server.wait_for_log('hang-timeout); it is started again')
                wait_until(lambda: host not in children(server.process))
                self.assertEqual(say(relay.port, b'after\n'), b'after\n')

    def test_deadline_of_relay(self):
        """A script that nobody else asks hangs no longer than the relay waits."""
        with harness.Upstream(echo) as upstream, \
                self.relay(DYING + '=hang-timeout=300', upstream, '--deadline=1') as relay:
            self.assertEqual(say(relay.port, b'loop\n'), b'')
            relay.wait_for_log('hang-timeout); it is started again')
            self.assertEqual(say(relay.port, b'after\n'), b'after\n')

    def test_client_gone(self):
        """The one who gives up may be the client of the relay."""
        with harness.Upstream(echo) as upstream, \
                self.relay(DYING + '=hang-timeout=300', upstream) as relay:
            client = harness.connect(relay.port)
            client.sendall(b'loop\n')
            time.sleep(.2)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
            client.close()
            relay.wait_for_log('hang-timeout')
            self.assertEqual(say(relay.port, b'after\n'), b'after\n')

    def test_no_deadline(self):
        """As long as nobody gives up, a script may take its time without any reaction."""
        with harness.Upstream(echo) as upstream, \
                self.serve(DYING + '=hang-timeout=300') as server, \
                self.relay(f'remote=addr={server.address}&deadline=0&keepalive=0',
                           upstream) as relay:
            host = children(server.process)
            self.assertEqual(say(relay.port, b'slow\n'), b'slow\n')
            self.assertEqual(children(server.process), host)

    def test_own_deadline(self):
        """The script's own deadline names the script, the direction and the setting."""
        with harness.Upstream(echo) as upstream, \
                self.relay(DYING + '=deadline=400&hang-timeout=0', upstream) as relay:
            self.assertEqual(say(relay.port, b'slow\n'), b'')
            relay.wait_for_log('dying.py: the analyzer let 5 bytes from the client wait for more '
                               'than 400 ms (deadline)')


class Starting(Processes):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, text):
        path = os.path.join(self.folder, 'script.py')
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def test_slow(self):
        path = self.write('import time\ntime.sleep(60)\n')
        status, _, err = harness.run_tool('serve', '--module', path + '=start-timeout=300', '@x')
        self.assertEqual(status, 1)
        self.assertIn('script.py" was not ready after 300 ms (start-timeout)', err)

    def test_stopped(self):
        """A tool that waits for its script ends at once when it is told to."""
        path = self.write('import sys, time\nprint("loading")\ntime.sleep(60)\n')
        for command in (['serve', '@x'], ['relay', '--listen', '127.0.0.1:0', '--connect', '@x']):
            tool = harness.Tool(command[0], '--module', path, *command[1:], listeners=0)
            tool.wait_for_log('loading')
            host, = children(tool.process)
            begun = time.monotonic()
            self.assertEqual(tool.stop(), 0)
            self.assertLess(time.monotonic() - begun, 30)
            wait_until(lambda: not is_alive(host))

    def test_pauses(self):
        """One that cannot start again is tried less and less often, and then used again."""
        with open(DYING, encoding='utf-8') as source:
            good = source.read()
        path = self.write(good)
        # Without a sandbox it can write down how often it was started.
        with harness.Upstream(echo) as upstream, \
                self.relay(path + '=sandbox=off', upstream) as relay:
            starts = os.path.join(self.folder, 'starts')
            self.write(f'open({starts!r}, "a").write("x")\nraise RuntimeError("broken")\n')
            self.assertEqual(say(relay.port, b'exit\n'), b'')
            wait_until(lambda: os.path.exists(starts) and os.path.getsize(starts) >= 4)
            time.sleep(3)
            self.assertLess(os.path.getsize(starts), 25)
            for _ in range(2):  # the first one has it tried at once
                self.assertEqual(say(relay.port, b'refused\n'), b'')
            relay.wait_for_log(', and is not started again yet')
            self.write(good)
            wait_until(lambda: say(relay.port, b'after\n') == b'after\n')

    def test_interfaces(self):
        """What it can do is asked again."""
        text = 'from gi.repository import Imp\nimport os\n\nclass A(Imp.Analyzer):\n' \
            '    results = Imp.ResultFlags.{}\n' \
            '    def do_data(self, *rest):\n        os._exit(1)\n'
        path = self.write(text.format('PASS'))
        with self.serve(path) as server:
            self.assertIn('interface: imp.data.stream: pass\n',
                          harness.run_tool('ping', server.address)[1])
            self.write(text.format('LOG'))
            os.kill(children(server.process)[0], signal.SIGKILL)
            wait_until(lambda: 'interface: imp.data.stream: log\n'
                       in harness.run_tool('ping', server.address)[1])


class Settings(Processes):
    def assert_refused(self, settings, *says, status=2):
        got, out, err = harness.run_tool('serve', '--module', f'{DYING}={settings}', '@x')
        self.assertEqual((got, out), (status, ''), err)
        for text in says:
            self.assertIn(text, err)

    def test_errors(self):
        self.assert_refused('start-timeout=0', 'start-timeout=0', 'from 1 to')
        self.assert_refused('deadline=soon&fail=never', 'deadline=soon', 'hard or soft')
        self.assert_refused('hang_timeout=1&hang-timeout=2', 'more than once')
        self.assert_refused('start-timeout=1&own=setting', '"own=setting"', 'no settings here',
                            status=1)
        self.assert_refused('interpreter=/nonexistent/python', '/nonexistent/python', 'dying.py',
                            status=1)
        self.assert_refused('interpreter=true', 'ended with exit status 0', status=1)

    def test_interpreter(self):
        folder = harness.make_folder()
        program = os.path.join(folder, 'my python')
        with open(program, 'w', encoding='utf-8') as target:
            target.write('#!/bin/sh\necho "run by me" >&2\nexec /usr/bin/python3 "$@"\n')
        os.chmod(program, 0o755)
        for interpreter in (program.replace(' ', '%20'), 'python3'):
            with harness.Upstream(echo) as upstream, \
                    self.relay(f'{DYING}=interpreter={interpreter}', upstream) as relay:
                self.assertEqual(say(relay.port, b'fine\n'), b'fine\n')
                if interpreter != 'python3':
                    relay.wait_for_log('run by me')

    def test_path(self):
        """A file may have "=" in its name."""
        folder = harness.make_folder()
        with open(DYING, encoding='utf-8') as source:
            text = source.read()
        for name in ('a=b.py', '=.py', 'a.py=b.py'):
            path = os.path.join(folder, name)
            with open(path, 'w', encoding='utf-8') as target:
                target.write(text)
        for name in ('a=b.py', '=.py', 'a=b.py=deadline=5000'):
            with self.subTest(name), harness.Upstream(echo) as upstream, \
                    self.relay(os.path.join(folder, name), upstream) as relay:
                self.assertEqual(say(relay.port, b'fine\n'), b'fine\n')

    def test_described(self):
        for path in (DYING, DYING_JS):
            status, out, err = harness.run_tool('modules', path)
            self.assertEqual((status, err), (0, ''))
            for text in ('start-timeout=', '(default: 60000)', 'hang-timeout=', 'interpreter=',
                         'deadline=', 'fail=hard or soft'):
                self.assertIn(text, out)
        status, out, err = harness.run_tool('modules', './nowhere.py')
        self.assertEqual((status, out), (2, ''))
        self.assertIn('./nowhere.py', err)


if __name__ == '__main__':
    harness.main()
