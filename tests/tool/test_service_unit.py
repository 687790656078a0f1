#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd units: what systemd thinks of them, and whether the tool and its scripts can live
with what they forbid."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import unittest

import tool_harness as harness
from service_manager import AS_SERVICE, Manager

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNITS = os.environ['IMP_TEST_UNITS']
DROP_INS = os.environ['IMP_TEST_DROP_INS']
BINDIR = os.environ['IMP_TEST_BINDIR']
# Of each kind one: the name of the template, and an instance.
PLAIN = ('imp-remote', 'test')
CORE = ('imp-remote-core', '0')
# systemd calls less than this "OK".
EXPOSURE_MAX = 2.5


def run(*command):
    program = shutil.which(command[0])
    if program is None:
        raise AssertionError(f'{command[0]} is missing')
    return subprocess.run([program, *command[1:]], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


class Copy:
    """The units with the built tool in them, as an instance, with some drop-ins."""

    def __init__(self, *drop_ins, kind=PLAIN):
        self.folder = harness.make_folder()
        template, instance = kind
        self.path = os.path.join(self.folder, f'{template}@{instance}.service')
        for name in (f'{template}@.service', f'{template}@.socket'):
            # A relay needs no socket unit.
            if not os.path.exists(os.path.join(UNITS, name)):
                continue
            with open(os.path.join(UNITS, name), encoding='utf-8') as source:
                text = source.read().replace(f'{BINDIR}/imp-remote', harness.TOOL)
            with open(os.path.join(self.folder, name.replace('@', '@' + instance)), 'w',
                      encoding='utf-8') as target:
                target.write(text)
            if name.endswith('.service'):
                self.lines = text.split('\n')
        os.mkdir(self.path + '.d')
        for name in drop_ins:
            shutil.copy(os.path.join(DROP_INS, name), self.path + '.d')
            with open(os.path.join(DROP_INS, name), encoding='utf-8') as source:
                self.lines += source.read().split('\n')

    def values(self, name):
        return [line.split('=', 1)[1] for line in self.lines if line.startswith(name + '=')]

    def exec_start(self, module, options=''):
        """The command line, as systemd makes it of this environment."""
        addresses = next(value.split('=', 1)[1] for value in self.values('Environment')
                         if value.startswith('ADDRESSES='))
        lists = {'$OPTIONS': options, '$ADDRESSES': addresses}
        words = []
        for word in self.values('ExecStart')[0].split():
            words += shlex.split(lists[word]) if word in lists else \
                [word.replace('${MODULE}', module)]
        return words


def system_calls(names):
    """Of groups of systemd: all that are in them."""
    found = set()
    for name in names:
        if not name.startswith('@'):
            found.add(name)
            continue
        listing = run('systemd-analyze', 'syscall-filter', '--no-pager', name)
        if listing.returncode != 0:
            raise AssertionError(listing.stdout)
        members = [line.strip() for line in listing.stdout.split('\n')[1:]]
        found |= system_calls(m for m in members if m and not m.startswith('#'))
    return found


def allowed_system_calls(copy):
    allowed = set()
    for value in copy.values('SystemCallFilter'):
        if value.startswith('~'):
            allowed -= system_calls(value[1:].split())
        else:
            allowed |= system_calls(value.split())
    # systemd adds these to every list of what is allowed.
    return allowed | system_calls(['@default'])


class Opinion(unittest.TestCase):
    def test_exposure(self):
        for drop_ins, kind in (([], PLAIN), (['tcp.conf'], PLAIN), (['jit.conf'], PLAIN),
                               (['sandbox.conf'], PLAIN),
                               (['jit.conf', 'sandbox.conf', 'tcp.conf'], PLAIN), ([], CORE),
                               (['jit.conf', 'sandbox.conf', 'tcp.conf'], CORE)):
            with self.subTest(drop_ins, kind=kind):
                done = run('systemd-analyze', 'security', '--offline=true', '--no-pager',
                           Copy(*drop_ins, kind=kind).path)
                found = re.search(r'Overall exposure level for \S+: ([\d.]+)', done.stdout)
                self.assertIsNotNone(found, done.stdout)
                print(f'{drop_ins}: {found.group(1)}')
                self.assertLess(float(found.group(1)), EXPOSURE_MAX)

    def test_verify(self):
        for drop_ins, kind in (([], PLAIN), (['jit.conf', 'sandbox.conf', 'tcp.conf'], PLAIN),
                               ([], CORE), (['jit.conf', 'sandbox.conf', 'tcp.conf'], CORE)):
            with self.subTest(drop_ins, kind=kind):
                copy = Copy(*drop_ins, kind=kind)
                done = run('systemd-analyze', 'verify', '--man=no', copy.path,
                           copy.path.replace('.service', '.socket'))
                self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_verify_fails(self):
        """It does look at it."""
        copy = Copy()
        with open(copy.path, 'a', encoding='utf-8') as unit:
            unit.write('ExecStart=/nonexistent\n')
        self.assertNotEqual(run('systemd-analyze', 'verify', '--man=no', copy.path).returncode, 0)


class CommandLine(unittest.TestCase):
    def start(self, command, manager, **options):
        return manager.start(*command[1:], **options)

    def test_serves(self):
        command = Copy().exec_start('pattern=string=foo&action=deny', '--workers=1 -c cbor')
        self.assertEqual(command[0], harness.TOOL)
        with Manager() as manager, self.start(command, manager, options=['--names=imp-remote']):
            self.assertIn('READY', manager.hear())
            status, out, _ = harness.run_tool('ping', manager.paths[0])
            self.assertEqual(status, 0, out)

    def test_documented(self):
        """What the documentation writes into the file can be served."""
        for page in ('README.md', 'docs/man/imp-remote-serve.1.rst'):
            text = _read(os.path.join(SOURCE, page))
            module = re.search(r"\bMODULE='([^']+)'", text).group(1)
            options = re.search(r"\bOPTIONS='([^']+)'", text)
            command = Copy().exec_start(module, options.group(1) if options else '')
            with self.subTest(page), Manager() as manager, self.start(command, manager):
                self.assertIn('READY', manager.hear())
                self.assertEqual(harness.run_tool('ping', manager.paths[0])[0], 0)

    def test_cores(self):
        """A service for each core, with a socket of its own at the same port: all are served,
        wherever they come to, and one that ends takes its socket out."""
        with open(os.path.join(UNITS, 'imp-remote-core@.socket'), encoding='utf-8') as unit:
            self.assertIn('\nReusePort=yes\n', unit.read())
        managers, tools, port = [], [], 0
        for core in range(2):
            copy = Copy(kind=('imp-remote-core', str(core)))
            self.assertEqual(copy.values('CPUAffinity'), ['%i'])
            self.assertEqual(copy.values('EnvironmentFile'), ['/etc/imp-remote/%j.conf'])
            listener = socket.create_server(('127.0.0.1', port), reuse_port=True)
            port = listener.getsockname()[1]
            manager = Manager(n_sockets=0)
            manager.listeners.append(listener)
            managers.append(manager)
            tools.append(self.start(copy.exec_start('pass'), manager,
                                    options=['--names=imp-remote']))
            self.assertIn('READY', manager.hear())
        with managers[0], managers[1], tools[0], tools[1]:
            for _ in range(40):
                self.assertEqual(harness.run_tool('ping', f'127.0.0.1:{port}')[0], 0)
            self.assertEqual(tools[0].stop(), 0)
            managers[0].listeners[0].close()
            for _ in range(10):
                self.assertEqual(harness.run_tool('ping', f'127.0.0.1:{port}')[0], 0)

    def test_without_module(self):
        """Nobody who has forgotten to say what is to be done gets an analyzer that agrees."""
        with Manager() as manager:
            status, err = manager.run(*Copy().exec_start('')[1:])
            self.assertEqual(status, 2, err)
            self.assertIn('--module ""', err)
        self.assertEqual(Copy().values('EnvironmentFile'), ['/etc/imp-remote/%i.conf'])
        self.assertEqual(Copy().values('RestartPreventExitStatus'), ['2'])


class Forbidden(unittest.TestCase):
    """What the unit forbids is nothing that is needed."""

    def make_script(self):
        path = os.path.join(harness.make_folder(), 'look.py')
        with open(path, 'w', encoding='ascii') as script:
            script.write(harness.PASSING_SCRIPT)
        return path

    def trace(self, copy, module, options=''):
        """(system calls, families of sockets) of a service that somebody pings."""
        log = os.path.join(harness.make_folder(), 'log')
        strace = ('strace', '-D', '-f', '-qq', '-e', 'signal=none', '-o', log, harness.TOOL)
        with Manager() as manager:
            with manager.start(*copy.exec_start(module, options)[1:], tool=strace) as tool:
                self.assertIn('READY', manager.hear())
                self.assertEqual(harness.run_tool('ping', manager.paths[0])[0], 0)
                self.assertEqual(tool.stop(), 0)
        harness.wait_until(lambda: 'exit_group(' in _read(log))
        text = _read(log)
        calls = set(re.findall(r'^\d+ +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed)', text, re.M))
        self.assertIn('accept', calls)
        if 'sys/kernel/' in text:
            self.assertEqual(copy.values('ProcSubset')[-1], 'all')
        return calls, set(re.findall(r'\bsocket\((AF_\w+)', text))

    def check(self, copy, module, options=''):
        calls, families = self.trace(copy, module, options)
        self.assertEqual(calls - allowed_system_calls(copy), set())
        allowed = {name for value in copy.values('RestrictAddressFamilies')
                   for name in value.split()}
        self.assertEqual(families - allowed, set())
        return calls, families

    def test_module(self):
        self.check(Copy(), 'pattern=string=foo&action=deny')

    def test_workers(self):
        """Several processes need no more than one."""
        self.check(Copy(), 'pattern=string=foo&action=deny', '--workers=2')

    def test_script(self):
        calls, _ = self.check(Copy(), self.make_script() + '=sandbox=off')
        self.assertIn('setsid', calls)

    def test_sandbox(self):
        """bwrap needs its drop-in, and no more."""
        script = self.make_script()
        calls, families = self.check(Copy('sandbox.conf'), script, '--sandbox')
        self.assertIn('AF_NETLINK', families)
        self.assertGreater(calls - allowed_system_calls(Copy()), {'mount'})

    def test_no_new_code(self):
        """Without memory that can be written to and run, all works but gjs."""
        for module in ('pattern=rx=fo%2Bo&rxlen=10&action=deny',
                       self.make_script() + '=sandbox=off'):
            with self.subTest(module), Manager() as manager, \
                    manager.start(*Copy().exec_start(module)[1:], options=['--no-new-code']):
                self.assertIn('READY', manager.hear())
                self.assertEqual(harness.run_tool('ping', manager.paths[0])[0], 0)
        command = [sys.executable, AS_SERVICE, '--no-new-code', '--', 'gjs', '-c', '1']
        self.assertNotEqual(subprocess.run(command, stderr=subprocess.DEVNULL,
                                           check=False).returncode, 0)

    def test_script_hears_nothing_of_it(self):
        """A script cannot speak in the service's name."""
        with Manager() as manager, \
                manager.start('serve', '--module', self.make_script() + '=sandbox=off', 'systemd',
                              env={'WATCHDOG_USEC': '60000000'}) as tool:
            self.assertIn('READY', manager.hear())
            hosts = harness.children(tool.process)
            self.assertNotEqual(hosts, [])
            for host in hosts:
                with open(f'/proc/{host}/environ', 'rb') as environment:
                    names = {line.split(b'=')[0] for line in environment.read().split(b'\0')}
                self.assertFalse(names & {b'NOTIFY_SOCKET', b'WATCHDOG_USEC', b'WATCHDOG_PID'})
                links = {os.readlink(f'/proc/{host}/fd/{fd}')
                         for fd in os.listdir(f'/proc/{host}/fd')}
                listener = os.readlink(f'/proc/self/fd/{manager.listeners[0].fileno()}')
                self.assertNotIn(listener, links)


def _read(path):
    with open(path, encoding='utf-8', errors='replace') as log:
        return log.read()


if __name__ == '__main__':
    harness.main()
