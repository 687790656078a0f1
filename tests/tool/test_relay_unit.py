#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unit of a relay with a file of settings: what systemd thinks of it, what it forbids, and what
a reload does. And what is installed beside the units: the group, and the folders."""

import os
import re
import signal
import socket
import unittest

import tool_harness as harness
from service_manager import Manager
from test_service_unit import (DROP_INS, EXPOSURE_MAX, Copy, allowed_system_calls, run)

KIND = ('imp-remote-relay', 'web')
LIVE = 'imp-remote'


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def say(listener, data):
    with socket.create_connection(listener.getsockname(), timeout=harness.TIMEOUT) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return client.makefile('rb').read()


class Opinion(unittest.TestCase):
    def test_exposure(self):
        # What bwrap needs comes on top of a network.
        for drop_ins, more in (([], 0), (['jit.conf'], 0), (['sandbox.conf'], 0.3)):
            with self.subTest(drop_ins):
                done = run('systemd-analyze', 'security', '--offline=true', '--no-pager',
                           Copy(*drop_ins, kind=KIND).path)
                found = re.search(r'Overall exposure level for \S+: ([\d.]+)', done.stdout)
                self.assertIsNotNone(found, done.stdout)
                print(f'{drop_ins}: {found.group(1)}')
                self.assertLess(float(found.group(1)), EXPOSURE_MAX + more)

    def test_verify(self):
        for drop_ins in ([], ['jit.conf', 'sandbox.conf']):
            done = run('systemd-analyze', 'verify', '--man=no', Copy(*drop_ins, kind=KIND).path)
            self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_beside(self):
        """systemd makes the group and the folders of the files that are installed."""
        root = harness.make_folder()
        os.makedirs(os.path.join(root, 'etc'))
        with open(os.path.join(root, 'etc', 'passwd'), 'w', encoding='ascii') as users:
            users.write('root:x:0:0:root:/root:/bin/sh\n')
        done = run('systemd-sysusers', f'--root={root}', os.path.join(DROP_INS, 'sysusers.conf'))
        self.assertEqual(done.returncode, 0, done.stdout)
        with open(os.path.join(root, 'etc', 'group'), encoding='ascii') as groups:
            self.assertIn('\nimp-remote:x:', '\n' + groups.read())
        for group in Copy(kind=KIND).values('SupplementaryGroups'):
            self.assertEqual(group, LIVE)
        done = run('systemd-tmpfiles', f'--root={root}', '--create',
                   os.path.join(DROP_INS, 'tmpfiles.conf'))
        self.assertEqual(done.returncode, 0, done.stdout)
        for path in 'etc/imp-remote', 'run/imp-remote':
            self.assertEqual(os.stat(os.path.join(root, path)).st_mode & 0o7777, 0o755)


class Running(unittest.TestCase):
    def setUp(self):
        self.copy = Copy(kind=KIND)
        self.config = os.path.join(harness.make_folder(), 'web.conf')
        self.manager = Manager(n_sockets=0)
        for _ in range(2):
            self.manager.listeners.append(socket.create_server(('127.0.0.1', 0)))
        self.addCleanup(self.manager.__exit__, None, None, None)

    def command(self, name, index=0):
        line = self.copy.values(name)[index]
        return line.replace('/etc/imp-remote/%i.conf', self.config).split()

    def write(self, upstream, module):
        """Two listeners, each at the socket that has its name."""
        with open(self.config, 'w', encoding='utf-8') as config:
            for name in 'web', 'other':
                config.write(f'[listener {name}]\nlisten = systemd:{name}\n'
                             f'connect = {upstream.address}\nmodule = {module}\n')

    def start(self, tool=(harness.TOOL,)):
        command = self.command('ExecStart')
        self.assertEqual(command[0], harness.TOOL)
        relay = self.manager.start(*command[1:], options=['--names=other:web'], listeners=2,
                                   tool=tool)
        self.assertIn('READY', self.manager.hear())
        return relay

    def test_reload(self):
        with harness.Upstream(echo) as upstream:
            self.write(upstream, 'pass')
            with self.start() as relay:
                for listener in self.manager.listeners:
                    self.assertEqual(say(listener, b'foo'), b'foo')
                check, told = self.command('ExecReload'), self.command('ExecReload', 1)
                self.assertEqual(told, ['/bin/kill', '-HUP', '$MAINPID'])

                # What is wrong is said before anybody is told.
                self.write(upstream, 'patern=string=foo')
                status, _, err = harness.run_tool(*check[1:])
                self.assertEqual(status, 2)
                self.assertIn('"patern"', err)
                self.assertEqual(say(self.manager.listeners[0], b'foo'), b'foo')

                self.write(upstream, 'pattern=string=foo&action=replace&replacement=bar')
                self.assertEqual(harness.run_tool(*check[1:])[0], 0)
                relay.process.send_signal(signal.SIGHUP)
                self.assertEqual(self.manager.hear()['RELOADING'], '1')
                self.assertIn('READY', self.manager.hear())
                for listener in self.manager.listeners:
                    self.assertEqual(say(listener, b'foo'), b'bar')
                self.assertEqual(relay.stop(), 0)
            self.assertEqual(self.manager.hear()['STOPPING'], '1')

    def test_names(self):
        """A listener gets the sockets that have its name, and no others."""
        with harness.Upstream(echo) as upstream:
            with open(self.config, 'w', encoding='utf-8') as config:
                config.write('[listener web]\nlisten = systemd:web\n'
                             f'connect = {upstream.address}\n'
                             'module = pattern=string=foo&action=replace&replacement=web\n'
                             '[listener other]\nlisten = systemd:other\n'
                             f'connect = {upstream.address}\n')
            with self.start():
                self.assertEqual([say(listener, b'foo') for listener in self.manager.listeners],
                                 [b'foo', b'web'])
            with open(self.config, 'w', encoding='utf-8') as config:
                config.write('[listener web]\nlisten = systemd:nobody\n'
                             f'connect = {upstream.address}\n')
            status, err = self.manager.run(*self.command('ExecStart')[1:],
                                           options=['--names=other:web'])
            self.assertEqual(status, 2, err)
            self.assertIn('"nobody"', err)

    def test_forbidden(self):
        """What the unit forbids is nothing that is needed; names are looked up as well."""
        log = os.path.join(harness.make_folder(), 'log')
        strace = ('strace', '-D', '-f', '-qq', '-e', 'signal=none', '-o', log, harness.TOOL)
        with harness.Upstream(echo) as upstream:
            self.write(upstream, 'pattern=string=foo&action=deny')
            with open(self.config, encoding='utf-8') as config:
                text = config.read().replace('127.0.0.1:', 'localhost:')
            with open(self.config, 'w', encoding='utf-8') as config:
                config.write(text)
            with self.start(tool=strace) as relay:
                self.assertEqual(say(self.manager.listeners[1], b'bar'), b'bar')
                self.assertEqual(relay.stop(), 0)
        harness.wait_until(lambda: 'exit_group(' in _read(log))
        text = _read(log)
        calls = set(re.findall(r'^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)', text, re.M))
        self.assertIn('accept', calls)
        self.assertEqual(calls - allowed_system_calls(self.copy), set())
        families = set(re.findall(r'\bsocket\((AF_\w+)', text))
        self.assertIn('AF_INET', families)
        self.assertEqual(families - set(self.copy.values('RestrictAddressFamilies')[0].split()),
                         set())


def _read(path):
    with open(path, encoding='utf-8', errors='replace') as stream:
        return stream.read()


if __name__ == '__main__':
    unittest.main(verbosity=2)
