#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scripts in a sandbox: what they cannot do fails visibly; where there is none, it is said."""

import os
import pwd
import shutil
import signal
import subprocess
import unittest

import tool_harness as harness
from tool_harness import children, descendants, echo, is_alive, wait_until

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


# Reads a word at the start, and at each connection: one from a module, and one from a file.
BESIDE = """
import os, sys
from gi.repository import Imp
import beside

print('beside', beside.WORD)

class Beside(Imp.Analyzer):
    def do_bytes(self, direction, data, offset, data_type):
        name = 'word' if data == b'relative\\n' else os.path.join(os.path.dirname(__file__), 'word')
        print('it says', open(name).read())
        self.pass_bytes(direction, Imp.MAX_OFFSET)
        self.pass_bytes(1 - direction, Imp.MAX_OFFSET)
"""
NOT_HERE = 'bwrap DOES NOT WORK HERE, so no sandbox is tested: '


def try_bwrap(*command):
    """What bwrap says if it does not work; '' if it does."""
    done = subprocess.run([*command, *TRIAL], stderr=subprocess.PIPE, text=True, check=False)
    return '' if done.returncode == 0 else done.stderr.strip() or 'nothing'


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
        said = try_bwrap()
        if said:
            raise unittest.SkipTest(NOT_HERE + said)

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

    def test_default(self):
        """Nobody has to ask for it, and each of several processes has its own."""
        with harness.Upstream(echo) as upstream:
            path = self.curious(upstream)
            with self.relay(path + '=workers=3', upstream) as relay:
                self.assertFalse([line for line in relay.log if 'SANDBOX' in line])
                self.assertEqual(len(children(relay.process)), 3)
                for order in 2 * ('local', 'write', 'secret'):  # one after the other has it
                    self.assertEqual(self.say(relay, f'{order}\n'.encode()), b'', order)
                for said in ('refused', 'Read-only file system', 'No such file'):
                    wait_until(lambda text=said: 2 == sum(
                        text in line and 'failed: ' in line for line in list(relay.log)))
                for name in self.inner_names(relay):
                    self.assertEqual(len(name), 1)

    def inner_names(self, relay):
        """The network name spaces of each of its processes, without the tool's own."""
        outside = os.readlink('/proc/self/ns/net')
        for outer in children(relay.process):
            with open(f'/proc/{outer}/task/{outer}/children', encoding='ascii') as listing:
                inner, = listing.read().split()
            yield {os.readlink(f'/proc/{inner}/ns/net')} - {outside}

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

    def write_beside(self):
        self.write('beside.py', 'WORD = "found"\n')
        self.write('word', 'one')
        return self.write('app.py', BESIDE)

    def test_beside(self):
        """What lies beside the script can be imported and read, under relative names as well, and
        as it is now, though what is mounted there is what was there before."""
        self.write_beside()
        with harness.Upstream(echo) as upstream, \
                self.relay('./app.py', upstream, cwd=self.folder) as relay:
            relay.wait_for_log('beside found')
            for word, order in (('one', b'x\n'), ('two', b'relative\n'), ('three', b'x\n')):
                os.replace(self.write('new', word), os.path.join(self.folder, 'word'))
                self.assertEqual(self.say(relay, order), order)
                relay.wait_for_log(f'it says {word}')

    def test_ways(self):
        """A script that is called by a link, and by a way back from one."""
        self.write_beside()
        folder = harness.make_folder()
        os.mkdir(os.path.join(self.folder, 'deep'))
        os.symlink(os.path.join(self.folder, 'deep'), os.path.join(folder, 'way'))
        os.symlink(os.path.join(self.folder, 'app.py'), os.path.join(folder, 'link.py'))
        for name in ('way/../app.py', './link.py'):
            with self.subTest(name), harness.Upstream(echo) as upstream, \
                    self.relay(name, upstream, cwd=folder) as relay:
                relay.wait_for_log('beside found')
                self.assertEqual(self.say(relay, b'fine\n'),
                                 b'fine\n' if name.startswith('way') else b'')

    def test_home(self):
        """A script in a home folder itself sees nothing else of that, and the log says so; it is
        started again when it changes all the same."""
        path = self.write('alone.py', CURIOUS % {'port': 1, 'folder': '', 'pid': 1,
                                                 'secret': self.folder + '/word'})
        beside = self.write_beside()
        home = {'HOME': self.folder}
        with harness.Upstream(echo) as upstream:
            with self.relay(path, upstream, '--reload', env=home) as relay:
                relay.wait_for_log('lies in a folder that its sandbox does not show')
                self.assertEqual(self.say(relay, b'secret\n'), b'')
                os.replace(self.write('new', 'print("it is new")\n' + CURIOUS % {
                    'port': 1, 'folder': '', 'pid': 1, 'secret': ''}), path)
                relay.wait_for_log('it is new')
                relay.wait_for_log('a new process serves it')
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')
            status, _, err = harness.run_tool('serve', '--module', beside, '@x', env=home)
            self.assertEqual(status, 1)
            self.assertIn("No module named 'beside'", err)
            self.assertIn('see the settings sandbox and readable', err)
            with self.relay(f'{beside}=readable={self.folder}', upstream, env=home) as relay:
                self.assertEqual(self.say(relay, b'x\n'), b'x\n')

    def test_killed(self):
        """Whichever of its processes is killed, all of it ends, and it is started again."""
        with harness.Upstream(echo) as upstream, \
                self.relay(self.curious(upstream), upstream) as relay:
            for which in (0, -1):
                pids = descendants(relay.process)
                with harness.connect(relay.port) as client:
                    client.sendall(b'fine\n')
                    self.assertEqual(client.recv(100), b'fine\n')
                    os.kill(pids[which], signal.SIGKILL)
                    wait_until(lambda: not any(map(is_alive, pids)))
                wait_until(lambda: self.say(relay, b'fine\n') == b'fine\n')
                relay.wait_for_log('was killed by signal 9 (Killed)')
                relay.log.clear()

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
            wait_until(lambda: len(descendants(relay.process)) > 1)
            inner = next(pid for pid in descendants(relay.process) if pid != outer)
            relay.process.kill()
            relay.wait()
            wait_until(lambda: not is_alive(outer) and not is_alive(inner))


class OtherUser(Sandbox):
    """Without the rights of root. A user who has none starts the tests as themselves."""

    @classmethod
    def setUpClass(cls):
        nobody = pwd.getpwnam('nobody')
        cls.command = ()
        if os.getuid() == 0:
            cls.command = ('setpriv', f'--reuid={nobody.pw_uid}', f'--regid={nobody.pw_gid}',
                           '--clear-groups')
            done = subprocess.run([*cls.command, harness.TOOL, '--version'], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                raise unittest.SkipTest('NO OTHER USER CAN RUN THE TOOL FROM HERE, so no sandbox '
                                        f'of theirs is tested: {done.stdout.strip()}')
        cls.refused = try_bwrap(*cls.command)

    def setUp(self):
        super().setUp()
        if self.command:
            for path in (self.folder, os.path.dirname(self.secret)):
                shutil.chown(path, 'nobody')

    def test_other_user(self):
        """Where users may make name spaces they have sandboxes; else it is said that they do
        not."""
        with harness.Upstream(echo) as upstream:
            path = self.write('curious.py', CURIOUS % {
                'port': upstream.port, 'folder': self.folder, 'secret': self.secret,
                'pid': os.getpid()})
            # What this user cannot see is no reason to have no sandbox.
            hidden = os.path.join(harness.make_folder(), 'hidden')
            with self.relay(path, upstream, command=(*self.command, harness.TOOL),
                            env={'PYTHONPATH': hidden, 'HOME': '/nowhere'}) as relay:
                if self.refused:
                    print('USERS HAVE NO SANDBOXES HERE:', self.refused)
                    relay.wait_for_log('runs WITHOUT A SANDBOX (sandbox=auto): ')
                    self.assertEqual(self.say(relay, b'secret\n'), b'secret\n')
                    return
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')
                for order in (b'net\n', b'local\n', b'write\n', b'secret\n'):
                    self.assertEqual(self.say(relay, order), b'', order)
                    relay.wait_for_log(REFUSED[order])
                self.assertFalse(os.path.exists(os.path.join(self.folder, 'written')))
                pids = descendants(relay.process)
                relay.process.kill()
                relay.wait()
                wait_until(lambda: not any(map(is_alive, pids)))


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
            with self.relay(path + '=workers=2', upstream, env={'PATH': bin_folder}) as relay:
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')
                said = [line for line in relay.log if 'SANDBOX' in line]
                self.assertEqual(len(said), 1)
                self.assertIn('runs WITHOUT A SANDBOX (sandbox=auto): there is no bwrap', said[0])
            with self.relay(path + '=sandbox=off', upstream, env={'PATH': bin_folder}) as relay:
                self.assertEqual(self.say(relay, b'fine\n'), b'fine\n')
                self.assertFalse([line for line in relay.log if 'SANDBOX' in line])
        status, out, err = harness.run_tool('modules', path, env={'PATH': bin_folder})
        self.assertEqual(status, 0)
        self.assertIn('sandbox=off, auto or require', out)
        self.assertIn('describes itself WITHOUT A SANDBOX: there is no bwrap', err)

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
