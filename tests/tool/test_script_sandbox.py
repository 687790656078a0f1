#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scripts in a sandbox: what they cannot do fails visibly; where there is none, it is said."""

import os
import subprocess
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, '..', '..', 'docs', 'examples')
TRIAL = ('bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true')

CURIOUS = """
import os, socket
from gi.repository import Imp

ORDERS = {
    b'net\\n': lambda: socket.create_connection(('192.0.2.1', 80), timeout=5),
    b'udp\\n': lambda: socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 53)),
    b'local\\n': lambda: socket.create_connection(('127.0.0.1', %(port)d), timeout=5),
    b'write\\n': lambda: open(%(folder)r + '/written', 'w'),
    b'usr\\n': lambda: open('/usr/written', 'w'),
    b'root\\n': lambda: open('/written', 'w'),
    b'secret\\n': lambda: open(%(secret)r),
    b'kill\\n': lambda: os.kill(%(pid)d, 0),
    b'tmp\\n': lambda: open('/tmp/written', 'w').write('x'),
}

class Curious(Imp.Analyzer):
    def do_bytes(self, direction, data, offset, data_type):
        ORDERS.get(bytes(data), lambda: None)()
        if data == b'env\\n':
            print('the environment has', sorted(os.environ))
        self.pass_bytes(direction, Imp.MAX_OFFSET)
        self.pass_bytes(1 - direction, Imp.MAX_OFFSET)
"""
REFUSED = {b'net\n': 'unreachable', b'udp\n': 'unreachable', b'local\n': 'refused',
           b'write\n': 'Read-only file system', b'usr\n': 'Read-only file system',
           b'root\n': 'Read-only file system', b'secret\n': 'No such file',
           b'kill\n': 'No such process'}


class Sandbox(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.secret = os.path.join(harness.make_folder(), 'secret')
        self.write(self.secret, 'secret')

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def relay(self, module, upstream, *options, **more):
        return harness.Tool('relay', '--grace=1', *options, '--listen', '127.0.0.1:0', '--module',
                            module, '--connect', upstream.address, **more)

    def say(self, relay, text):
        try:
            with harness.connect(relay.port) as client:
                client.sendall(text)
                return client.recv(100)
        except ConnectionResetError:
            return b''


class Works(Sandbox):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run(TRIAL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest(f'bwrap DOES NOT WORK HERE, so no sandbox is tested: '
                                    f'{done.stderr.strip()}')

    def curious(self, upstream):
        return self.write('curious.py', CURIOUS % {'port': upstream.port, 'folder': self.folder,
                                                   'secret': self.secret, 'pid': os.getpid()})

    def test_refused(self):
        """Each is an exception in the log, the end of that connection, and of no other."""
        with harness.Upstream(echo) as upstream:
            path = self.curious(upstream)
            with self.relay(path, upstream, '--sandbox') as relay, \
                    harness.connect(relay.port) as other:
                for order, said in REFUSED.items():
                    self.assertEqual(self.say(relay, order), b'', order)
                    relay.wait_for_log(said)
                    relay.log.clear()
                for order in (b'tmp\n', b'fine\n'):
                    self.assertEqual(self.say(relay, order), order)
                other.sendall(b'still there\n')
                self.assertEqual(other.recv(100), b'still there\n')
            self.assertFalse(os.path.exists('/tmp/written'))

    def test_environment(self):
        """Nothing of it but what interpreters need."""
        with harness.Upstream(echo) as upstream, \
                self.relay(self.curious(upstream) + '=sandbox=require', upstream,
                           env={'MY_TOKEN': 'secret', 'LC_ALL': 'C.UTF-8'}) as relay:
            self.assertEqual(self.say(relay, b'env\n'), b'env\n')
            relay.wait_for_log('LC_ALL')
            self.assertFalse([line for line in relay.log if 'MY_TOKEN' in line])

    def test_readable(self):
        with harness.Upstream(echo) as upstream:
            path = self.curious(upstream)
            with self.relay(f'{path}=sandbox=require&readable={self.secret}', upstream) as relay:
                self.assertEqual(self.say(relay, b'secret\n'), b'secret\n')
        status, _, err = harness.run_tool('serve', '--module', path + '=sandbox=auto&readable=x',
                                          '@x')
        self.assertEqual(status, 2, err)
        self.assertIn('"x" (readable) is no absolute path', err)

    def test_examples(self):
        """Python and gjs, from the build folder."""
        for name in ('shout.py', 'shout.js'):
            with self.subTest(name), \
                    harness.Tool('serve', '--sandbox', '--module', os.path.join(EXAMPLES, name),
                                 '127.0.0.1:0') as server:
                self.assertIn('interface: imp.data.stream: pass, replace\n',
                              harness.run_tool('ping', server.address)[1])

    def test_virtual_environment(self):
        venv = os.path.join(self.folder, 'venv')
        subprocess.run(['/usr/bin/python3', '-m', 'venv', '--without-pip', venv], check=True)
        with harness.Upstream(echo) as upstream:
            path = self.write('app.py', 'import sys\nprint(sys.prefix)\n'
                              + CURIOUS % {'port': 1, 'folder': '', 'secret': '', 'pid': 1})
            with self.relay(path, upstream, '--sandbox', env={'VIRTUAL_ENV': venv}) as relay:
                relay.wait_for_log(venv)
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')

    def test_ends(self):
        """Its end is told as that of what runs in it, and nothing stays."""
        path = self.write('end.py', 'import os, signal\nfrom gi.repository import Imp\n'
                          'class End(Imp.Analyzer):\n'
                          '    def do_bytes(self, *rest):\n'
                          '        os.kill(os.getpid(), signal.SIGSEGV)\n')
        with harness.Upstream(echo) as upstream, \
                self.relay(path, upstream, '--sandbox') as relay:
            self.assertEqual(self.say(relay, b'x'), b'')
            relay.wait_for_log('was killed by signal 11')
            wait_until(lambda: len(children(relay.process)) == 1)
            outer, = children(relay.process)
            with open(f'/proc/{outer}/task/{outer}/children', encoding='ascii') as listing:
                inner = int(listing.read().split()[0])
            relay.process.kill()
            relay.wait()
            wait_until(lambda: not is_alive(outer) and not is_alive(inner))


class Missing(Sandbox):
    def test_no_bwrap(self):
        """Where it is required the script does not run; else the log says that there is none."""
        path = self.write('app.py', CURIOUS % {'port': 1, 'folder': '', 'secret': '', 'pid': 1})
        bin_folder = harness.make_folder()
        with harness.Upstream(echo) as upstream:
            status, _, err = harness.run_tool('serve', '--sandbox', '--module', path, '@x',
                                              env={'PATH': bin_folder})
            self.assertEqual(status, 1)
            self.assertIn('it needs a sandbox, but there is no bwrap in PATH', err)
            with self.relay(path + '=sandbox=auto', upstream, env={'PATH': bin_folder}) as relay:
                relay.wait_for_log('runs WITHOUT A SANDBOX (sandbox=auto): there is no bwrap')
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')

    def test_forbidden(self):
        """As in a container that forbids name spaces: bwrap's own words are told. It is asked for
        no network, no other processes, and nothing to write to."""
        path = self.write('app.py', CURIOUS % {'port': 1, 'folder': '', 'secret': '', 'pid': 1})
        bin_folder = harness.make_folder()
        fake = os.path.join(bin_folder, 'bwrap')
        arguments = os.path.join(bin_folder, 'arguments')
        self.write(fake, f'#!/bin/sh\nprintf "%s\\n" "$@" > {arguments}\n'
                   'echo "bwrap: No permissions to create new namespace" >&2\nexit 1\n')
        os.chmod(fake, 0o755)
        status, _, err = harness.run_tool('serve', '--sandbox', '--module', path, '@x',
                                          env={'PATH': f'{bin_folder}:{os.environ["PATH"]}'})
        self.assertEqual(status, 1)
        self.assertIn('it needs a sandbox, but', err)
        self.assertIn('bwrap: No permissions to create new namespace', err)
        with open(arguments, encoding='utf-8') as written:
            words = written.read().split('\n')
        for wanted in ('--unshare-all', '--die-with-parent', '--remount-ro', self.folder):
            self.assertIn(wanted, words)
        for never in ('--bind', '--share-net', '/run', os.path.expanduser('~')):
            self.assertNotIn(never, words)


if __name__ == '__main__':
    harness.main()
