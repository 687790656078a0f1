#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a process that runs a script may have, and that nothing of it outlives the tool."""

import os
import re
import signal
import subprocess
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LIBRARY = os.path.dirname(os.path.dirname(harness.TOOL))
GREEDY = os.path.join(HERE, 'modules', 'greedy.py')
GREEDY_JS = os.path.join(HERE, 'modules', 'greedy.js')
# So that the tool's child is the script itself, and the numbers of its own children mean something
# here. With a sandbox there are no others, and all of it ends together: tool-script_sandbox.
BARE = '=sandbox=off'


class Greedy(unittest.TestCase):
    def relay(self, module, upstream):
        return harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', module,
                            '--connect', upstream.address)

    def say(self, relay, text):
        """What comes back; b'' if the connection was ended instead."""
        try:
            with harness.connect(relay.port) as client:
                client.sendall(text)
                return client.recv(100)
        except ConnectionResetError:
            return b''


class Limits(Greedy):
    def test_memory(self):
        """More than there is fails where it is asked for, and harms nobody else."""
        for path, said in ((GREEDY, 'MemoryError'), (GREEDY_JS, 'greedy.js')):
            with self.subTest(path), harness.Upstream(echo) as upstream, \
                    self.relay(path + '=max-memory=200000000', upstream) as relay:
                self.assertEqual(self.say(relay, b'memory\n'), b'')
                relay.wait_for_log(said)
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')
            with self.subTest(path + ' default'), harness.Upstream(echo) as upstream, \
                    self.relay(path, upstream) as relay:
                self.assertEqual(self.say(relay, b'memory\n'), b'memory\n')

    def test_files(self):
        with harness.Upstream(echo) as upstream, \
                self.relay(GREEDY + '=max-files=50', upstream) as relay:
            self.assertEqual(self.say(relay, b'files\n'), b'')
            relay.wait_for_log('Too many open files')

    def test_process(self):
        """No core file, no privileges to be gained, and a session of its own."""
        with harness.Tool('serve', '--module', GREEDY + BARE, '127.0.0.1:0') as server:
            host, = children(server.process)
            with open(f'/proc/{host}/limits', encoding='ascii') as limits:
                text = limits.read()
            self.assertRegex(text, r'Max core file size +0 +0 ')
            self.assertRegex(text, r'Max data size +1073741824 +1073741824 ')
            self.assertRegex(text, r'Max open files +1024 +1024 ')
            with open(f'/proc/{host}/status', encoding='ascii') as status:
                self.assertIn('NoNewPrivs:\t1\n', status.read())
            self.assertEqual(os.getsid(host), host)
            self.assertEqual(os.getpgid(host), host)

    def test_refused_limits(self):
        for settings, says in (('max-files=1', 'max-files must be'),
                               ('max-memory=x', 'max-memory')):
            status, _, err = harness.run_tool('serve', '--module', f'{GREEDY}={settings}', '@x')
            self.assertEqual(status, 2)
            self.assertIn(says, err)
        status, _, err = harness.run_tool('serve', '--module', f'{GREEDY}=max-memory=1000000', '@x')
        self.assertEqual(status, 1)
        self.assertIn('before it was ready', err)


class Offspring(Greedy):
    def find_child(self, relay):
        relay.wait_for_log('child ')
        line = next(line for line in relay.log if 'child ' in line)
        return int(re.search(r'child (\d+)', line).group(1))

    def test_host_ends(self):
        """What a script has started ends with its process, whatever that dies of."""
        for order, number in ((b'exit\n', None), (b'child\n', signal.SIGKILL),
                              (b'hang\n', signal.SIGSEGV)):
            with self.subTest(order), harness.Upstream(echo) as upstream, \
                    self.relay(GREEDY + BARE, upstream) as relay:
                host, = children(relay.process)
                client = harness.connect(relay.port)
                client.sendall(order)
                child = self.find_child(relay)
                if number is not None:
                    self.assertTrue(is_alive(child))
                    os.kill(host, number)
                wait_until(lambda: not is_alive(child))
                client.close()
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')

    def test_tool_ends(self):
        """And with the tool, whether or not the script still reacts."""
        for order in (b'child\n', b'hang\n', b'stop\n'):
            for number in (signal.SIGTERM, signal.SIGKILL):
                with self.subTest(f'{order} {number!r}'), harness.Upstream(echo) as upstream, \
                        self.relay(GREEDY + BARE, upstream) as relay:
                    host, = children(relay.process)
                    with harness.connect(relay.port) as client:
                        client.sendall(order)
                        child = self.find_child(relay)
                    relay.process.send_signal(number)
                    relay.wait()
                    wait_until(lambda: not is_alive(child) and not is_alive(host))

    def test_thread(self):
        """A script lives longer than the thread that has started it, but not than the program."""
        program = """if True:
            import sys, threading
            from gi.repository import GLib, Imp

            factories = []
            thread = threading.Thread(
                target=lambda: factories.append(Imp.module_new_factory(sys.argv[1])))
            thread.start()
            thread.join()
            analyzer = factories[0].create_analyzer({})
            analyzer.data_bytes(Imp.Direction.FROM_CLIENT, b'hang\\n', 0, Imp.DATA_TYPE_STREAM)
            GLib.MainLoop().run()
            """
        env = {**os.environ, 'GI_TYPELIB_PATH': LIBRARY, 'LD_LIBRARY_PATH': LIBRARY,
               'PYTHONPATH': os.path.join(TOP, 'imp-remote', 'bindings'),
               'IMP_REMOTE_HOSTS': os.path.join(LIBRARY, 'modules')}
        with subprocess.Popen(['/usr/bin/python3', '-c', program, GREEDY + BARE], env=env,
                              text=True, stderr=subprocess.PIPE) as process:
            line = next(line for line in process.stderr if 'child ' in line)
            child = int(re.search(r'child (\d+)', line).group(1))
            host, = children(process)
            process.kill()
            wait_until(lambda: not is_alive(child) and not is_alive(host))


if __name__ == '__main__':
    harness.main()
