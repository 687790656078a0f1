#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`serve` as a service manager starts it: sockets that are there already, and what it says."""

import os
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import tool_harness as harness
from service_manager import Manager


def ping(path, *options):
    return harness.run_tool('ping', *options, path)[0]


class Notify(unittest.TestCase):
    def test_ready_and_stopping(self):
        for abstract in (False, True):
            with self.subTest(abstract=abstract), Manager(abstract=abstract) as manager:
                with manager.start('serve', '--grace=7', 'systemd') as tool:
                    self.assertEqual(manager.hear(),
                                     {'READY': '1', 'STATUS': f'Listening at {tool.address}'})
                    self.assertEqual(ping(manager.paths[0]), 0)
                    self.assertTrue(manager.hears_nothing())
                    self.assertEqual(tool.stop(), 0)
                stopping = manager.hear()
                self.assertEqual(stopping['STOPPING'], '1')
                self.assertGreater(int(stopping['EXTEND_TIMEOUT_USEC']), 7000000)
                self.assertTrue(manager.hears_nothing())

    def test_not_ready(self):
        with Manager() as manager:
            status, err = manager.run('serve', '--module', 'patern', 'systemd')
            self.assertEqual(status, 2)
            self.assertIn('"patern"', err)
            self.assertTrue(manager.hears_nothing())

    def test_reload(self):
        with Manager() as manager, manager.start('serve', 'systemd') as tool:
            self.assertIn('READY', manager.hear())
            before = time.monotonic_ns() // 1000
            tool.process.send_signal(signal.SIGHUP)
            reloading = manager.hear()
            self.assertEqual(reloading['RELOADING'], '1')
            self.assertLessEqual(before, int(reloading['MONOTONIC_USEC']))
            self.assertLessEqual(int(reloading['MONOTONIC_USEC']), time.monotonic_ns() // 1000)
            self.assertEqual(manager.hear(), {'READY': '1'})

    def test_watchdog(self):
        env = {'WATCHDOG_USEC': '200000'}
        for options in ([], ['--watchdog-pid=0']):
            with self.subTest(options), Manager() as manager, \
                    manager.start('serve', 'systemd', options=options, env=env) as tool:
                self.assertIn('READY', manager.hear())
                begun = time.monotonic()
                for _ in range(6):
                    self.assertEqual(manager.hear(), {'WATCHDOG': '1'})
                # One at once, then one each half of the time.
                self.assertGreater(time.monotonic() - begun, 0.4)
                # A loop that hangs is not like one that runs.
                tool.process.send_signal(signal.SIGSTOP)
                manager.hears_nothing(0.15)
                self.assertTrue(manager.hears_nothing(0.5))
                tool.process.send_signal(signal.SIGCONT)
                self.assertEqual(manager.hear(), {'WATCHDOG': '1'})

    def test_watchdog_of_another(self):
        with Manager() as manager, \
                manager.start('serve', 'systemd', options=['--watchdog-pid=1'],
                              env={'WATCHDOG_USEC': '50000'}):
            self.assertIn('READY', manager.hear())
            self.assertTrue(manager.hears_nothing(0.3))

    def test_bad_environment(self):
        with Manager() as manager:
            for name, value in (('NOTIFY_SOCKET', 'vsock:2:1'), ('NOTIFY_SOCKET', '/' + 200 * 'x'),
                                ('NOTIFY_SOCKET', '@'), ('WATCHDOG_USEC', '-1'),
                                ('WATCHDOG_USEC', '0'), ('WATCHDOG_USEC', '9' * 30)):
                with self.subTest(name, value=value):
                    status, err = manager.run('serve', 'systemd', env={name: value})
                    self.assertEqual(status, 2)
                    self.assertIn(f'{name} "{value}"', err)

    def test_nobody_hears(self):
        """It serves nevertheless, and says so once."""
        with Manager() as manager:
            env = {'NOTIFY_SOCKET': '/nonexistent/notify', 'WATCHDOG_USEC': '20000', 'G_DEBUG': ''}
            with manager.start('serve', 'systemd', env=env) as tool:
                tool.wait_for_log('NOTIFY_SOCKET')
                self.assertEqual(ping(manager.paths[0]), 0)
                time.sleep(0.2)
                self.assertEqual(sum('NOTIFY_SOCKET' in line for line in tool.log), 1)

    def test_without(self):
        """Without a manager there is no watchdog either."""
        folder = harness.make_folder()
        with harness.Tool('serve', f'{folder}/s', env={'WATCHDOG_USEC': 'x'}) as tool:
            self.assertEqual(ping(tool.address), 0)


class Sockets(unittest.TestCase):
    def test_all(self):
        with Manager(3) as manager, manager.start('serve', 'systemd', listeners=3) as tool:
            self.assertEqual(tool.addresses, ['fd:3', 'fd:4', 'fd:5'])
            self.assertEqual([ping(path) for path in manager.paths], [0, 0, 0])

    def test_by_name(self):
        with Manager(3) as manager, \
                manager.start('serve', 'systemd:b', options=['--names=a:b:b'], listeners=2) as tool:
            self.assertEqual(tool.addresses, ['fd:4', 'fd:5'])
            self.assertEqual([ping(path) for path in manager.paths[1:]], [0, 0])
            self.assertEqual(ping(manager.paths[0], '--timeout=1'), 1)

    def test_names_that_do_not_fit(self):
        with Manager(2) as manager:
            for names, address, says in ((['--names=a:b'], 'systemd:c', '"c"'),
                                         ([], 'systemd:c', '"c"'),
                                         (['--names=a'], 'systemd', '"a"'),
                                         (['--names=a:b:c'], 'systemd:a', '"a:b:c"'),
                                         (['--names='], 'systemd', '""')):
                with self.subTest(names, address=address):
                    status, err = manager.run('serve', address, options=names)
                    self.assertEqual(status, 2)
                    self.assertIn('LISTEN_FDNAMES', err)
                    self.assertIn(says, err)
                    self.assertTrue(manager.hears_nothing())

    def test_what_is_no_name(self):
        for address in ('systemd:', 'systemd:a:b', 'systemd:70000'):
            status, _, err = harness.run_tool('serve', address)
            self.assertEqual(status, 2)
            self.assertIn(f'"{address}"', err)
            self.assertNotIn('LISTEN', err)
        status, _, err = harness.run_tool('ping', 'systemd:a')
        self.assertEqual(status, 2)
        self.assertIn('"systemd:a" is for listening only', err)

    def test_for_another_process(self):
        with Manager() as manager:
            status, err = manager.run('serve', 'systemd', options=['--pid=1'])
            self.assertEqual(status, 2)
            self.assertIn('LISTEN_PID', err)

    def test_connection(self):
        """What Accept=yes would hand over is refused, and not taken for a listening socket."""
        ours, theirs = socket.socketpair()
        with Manager(0) as manager, ours, theirs:
            manager.listeners.append(theirs)
            status, err = manager.run('serve', 'systemd')
            self.assertEqual(status, 2)
            self.assertIn('does not listen', err)

    def test_socket_activate(self):
        """As systemd itself does it."""
        program = shutil.which('systemd-socket-activate')
        self.assertIsNotNone(program, 'systemd-socket-activate: the package systemd is missing')
        path = os.path.join(harness.make_folder(), 's')
        with subprocess.Popen([program, f'--listen={path}', '--fdname=analyzers', harness.TOOL,
                               'serve', 'systemd:analyzers'],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                harness.wait_until(lambda: os.path.exists(path))
                self.assertEqual(ping(path), 0)
            finally:
                process.terminate()


class IdleExit(unittest.TestCase):
    def test_nobody_comes(self):
        with Manager() as manager:
            begun = time.monotonic()
            with manager.start('serve', '--idle-exit=1', 'systemd') as tool:
                self.assertEqual(tool.wait(), 0)
            # GLib rounds timers of seconds, by a quarter at most.
            self.assertGreater(time.monotonic() - begun, 0.7)
            self.assertIn('READY', manager.hear())
            self.assertIn('STOPPING', manager.hear())

    def test_not_while_connected(self):
        with Manager() as manager, manager.start('serve', '--idle-exit=1', 'systemd') as tool:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(manager.paths[0])
                time.sleep(2.5)
                self.assertIsNone(tool.process.poll())
                # The time begins anew.
                self.assertEqual(ping(manager.paths[0]), 0)
                begun = time.monotonic()
            self.assertEqual(tool.wait(), 0)
            # GLib rounds timers of seconds, by a quarter at most.
            self.assertGreater(time.monotonic() - begun, 0.7)

    def test_next_one_is_served(self):
        """Who connects when it has ended is served by the next one."""
        with Manager() as manager:
            with manager.start('serve', '--idle-exit=1', 'systemd') as tool:
                self.assertEqual(tool.wait(), 0)
            statuses = []
            waiting = threading.Thread(target=lambda: statuses.append(ping(manager.paths[0])))
            waiting.start()
            harness.wait_until(lambda: manager.listeners[0] in _readable(manager.listeners))
            with manager.start('serve', 'systemd'):
                waiting.join(harness.TIMEOUT)
                self.assertEqual(statuses, [0])

    def test_never(self):
        with Manager() as manager, manager.start('serve', '--idle-exit=0', 'systemd') as tool:
            time.sleep(1.5)
            self.assertIsNone(tool.process.poll())

    def test_bad_value(self):
        status, _, err = harness.run_tool('serve', '--idle-exit=-1', '@x')
        self.assertEqual(status, 2)
        self.assertIn('-1', err)


def _readable(sockets):
    return select.select(sockets, [], [], 0)[0]


if __name__ == '__main__':
    harness.main()
