#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`serve --workers`: several processes at the same sockets, which look like one from outside."""

import os
import re
import signal
import socket
import unittest

import tool_harness as harness
from service_manager import Manager
from test_agent_check import Json

MODULE = ('--module', 'pattern=string=quiet&action=replace&actdata=LOUD')


def serve(*args, n=3, **options):
    return harness.Tool('serve', f'--workers={n}', *MODULE, *args, **options)


def arguments(pid):
    with open(f'/proc/{pid}/cmdline', 'rb') as line:
        return line.read().decode().split('\0')


def workers(tool):
    return [pid for pid in harness.children(tool.process)
            if any(word.startswith('--worker=') for word in arguments(pid))]


def has(pid, client):
    """Whether this process has the other end of a client at TCP."""
    with open(f'/proc/{pid}/net/tcp', encoding='ascii') as table:
        ports = '{:04X} {:04X}'.format(client.getpeername()[1], client.getsockname()[1])
        inode = next(line.split()[9] for line in table
                     if '{} {}'.format(*(word.rpartition(':')[2] for word in line.split()[1:3]))
                     == ports)
    try:
        return f'socket:[{inode}]' in [os.readlink(f'/proc/{pid}/fd/{fd}')
                                       for fd in os.listdir(f'/proc/{pid}/fd')]
    except FileNotFoundError:
        return has(pid, client)  # something was just closed


def clients_of_all(tool):
    """Clients, so many that each worker has one, by worker."""
    found = {}
    for number in range(500):
        client = Json(tool)
        client.add(number + 1)
        client.number = number + 1
        pid = next(pid for pid in workers(tool) if has(pid, client.socket))
        if pid in found:
            client.__exit__()
        else:
            found[pid] = client
        if len(found) == len(workers(tool)):
            return found
    raise AssertionError(f'of {workers(tool)} only {list(found)} have clients')


def works(client):
    client.say({'op': 'data', 'id': client.number, 'dir': 0, 'text': 'quiet'})
    client.hear('result')


def close(clients):
    for client in clients.values():
        client.__exit__()


class Processes(unittest.TestCase):
    def test_all_serve(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with serve('127.0.0.1:0', path, listeners=2) as tool:
            self.assertEqual(tool.addresses[1], path)
            self.assertEqual(len(workers(tool)), 3)
            clients = clients_of_all(tool)
            for client in clients.values():
                works(client)
            self.assertEqual(harness.run_tool('ping', path)[0], 0)
            close(clients)
        self.assertFalse(os.path.exists(path))

    def test_one(self):
        with serve('127.0.0.1:0', n=1) as tool:
            self.assertEqual(harness.children(tool.process), [])

    def test_killed(self):
        """The others do not notice, and there is soon another one."""
        with serve('127.0.0.1:0') as tool:
            clients = clients_of_all(tool)
            victim, lost = clients.popitem()
            os.kill(victim, signal.SIGKILL)
            self.assertEqual(lost.file.read(), '')
            lost.__exit__()
            for client in clients.values():
                works(client)
            tool.wait_for_log(f'(process {victim}) was killed by signal 9; it starts again in 100')
            harness.wait_until(lambda: len(workers(tool)) == 3)
            close(clients)
            close(clients_of_all(tool))

    def test_stopped(self):
        """What is there may finish."""
        with serve('--grace=50', '127.0.0.1:0') as tool:
            clients = clients_of_all(tool)
            tool.process.terminate()
            for client in clients.values():
                client.hear('goodbye')
                works(client)
            harness.wait_until(lambda: not is_taken(tool.port))
            close(clients)
            self.assertEqual(tool.wait(), 0)

    def test_second_signal(self):
        with serve('--grace=50', '127.0.0.1:0') as tool:
            clients = clients_of_all(tool)
            tool.process.terminate()
            for client in clients.values():
                client.hear('goodbye')
            tool.process.terminate()
            self.assertEqual(tool.wait(), 1)
            for pid, client in clients.items():
                harness.wait_until(lambda pid=pid: not harness.is_alive(pid))
                client.__exit__()

    def test_none_stays_behind(self):
        with serve('127.0.0.1:0') as tool:
            pids = workers(tool)
            tool.abort()
            for pid in pids:
                harness.wait_until(lambda pid=pid: not harness.is_alive(pid))

    def test_hangup(self):
        with serve('127.0.0.1:0') as tool:
            tool.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: sum('SIGHUP' in line for line in tool.log) == 4)

    def test_hangup_while_starting(self):
        """One that may have read the file before it was another hears of it once it is ready."""
        with serve('127.0.0.1:0') as tool:
            before = workers(tool)
            os.kill(before[0], signal.SIGKILL)
            harness.wait_until(lambda: set(workers(tool)) - set(before))
            new, = set(workers(tool)) - set(before)
            os.kill(new, signal.SIGSTOP)
            tool.process.send_signal(signal.SIGHUP)
            harness.wait_until(lambda: sum('SIGHUP' in line for line in tool.log) >= 3)
            os.kill(new, signal.SIGCONT)
            harness.wait_until(lambda: sum('SIGHUP' in line for line in tool.log) == 4)

    def test_idle_exit(self):
        with serve('--idle-exit=1', '127.0.0.1:0') as tool:
            self.assertEqual(tool.wait(), 0)
            self.assertTrue(any('--idle-exit' in line for line in tool.log))

    def test_not_idle(self):
        with serve('--idle-exit=1', '127.0.0.1:0') as tool:
            with Json(tool) as client, self.assertRaises(TimeoutError):
                client.socket.settimeout(4)
                client.hear('goodbye')
            self.assertEqual(tool.wait(), 0)

    def test_control(self):
        """Each has a control socket of its own."""
        path = os.path.join(harness.make_folder(), 'control')
        with serve('--control', path, '127.0.0.1:0'):
            for number in range(3):
                status, out, err = harness.run_tool('status', f'{path}.{number}')
                self.assertEqual(status, 0, (out, err))

    def test_errors(self):
        """They are found once, before anybody is told that it listens."""
        for args, wanted, text in ((['--module', 'patern', '127.0.0.1:0'], 2, '"patern"'),
                                   (['--max-message=0', '127.0.0.1:0'], 2, '--max-message'),
                                   (['0.0.0.0:0'], 2, 'other machines can reach this address'),
                                   (['127.0.0.1:x'], 2, '127.0.0.1:x'),
                                   (['192.0.2.1:1'], 1, '192.0.2.1:1')):
            with self.subTest(args):
                status, out, err = harness.run_tool('serve', '--workers=3', *args)
                self.assertEqual((status, out), (wanted, ''), err)
                self.assertEqual([text in line for line in err.splitlines()], [True], err)


def is_taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


class AsOne(unittest.TestCase):
    """For load balancers and service managers."""

    def test_agent_check(self):
        with serve('--agent-check', '127.0.0.1:0', '--max-connections=4', '127.0.0.1:0',
                   n=2) as tool:
            port = int(tool.process.stdout.readline().rpartition(':')[2])

            def ask():
                with harness.connect(port) as client:
                    return harness.read_all(client)
            self.assertEqual(ask(), b'ready up 100%\n')
            clients = clients_of_all(tool)
            harness.wait_until(lambda: ask() == b'ready up 75%\n')
            tool.process.send_signal(signal.SIGUSR2)
            harness.wait_until(lambda: ask() == b'drain\n')
            for client in clients.values():
                client.hear('goodbye')
                works(client)
            close(clients)

    def test_drained(self):
        """Also one that starts meanwhile."""
        with serve('127.0.0.1:0', n=2) as tool:
            clients = clients_of_all(tool)
            tool.process.send_signal(signal.SIGUSR2)
            for client in clients.values():
                client.hear('goodbye')
            close(clients)
            old = workers(tool)
            for pid in old:
                os.kill(pid, signal.SIGKILL)
            harness.wait_until(lambda: len(set(workers(tool)) - set(old)) == 2)
            harness.wait_until(lambda: self.says_goodbye(tool))
            tool.process.send_signal(signal.SIGUSR2)
            tool.wait_for_log('Serving again')
            harness.wait_until(lambda: not self.says_goodbye(tool))

    def test_status_in_log(self):
        """Each process says what its clients wait for."""
        with serve('127.0.0.1:0', n=2) as tool:
            clients = clients_of_all(tool)
            tool.process.send_signal(signal.SIGUSR1)
            harness.wait_until(lambda: sum('SIGUSR1: ' in line for line in tool.log) == 2)
            for client in clients.values():
                works(client)
            close(clients)

    def says_goodbye(self, tool):
        with Json(tool) as client:
            client.say({'op': 'ping', 'token': 1}, {'op': 'ping', 'token': 2})
            told = False
            for line in client.file:
                told = told or '"goodbye"' in line
                if '"token":2' in line:
                    return told
        raise AssertionError('no answer came')

    def test_service(self):
        """The service manager hears one word, from the process that it has started."""
        with Manager() as manager:
            with manager.start('serve', '--workers=3', *MODULE, '--grace=7', 'systemd') as tool:
                self.assertEqual(manager.hear(),
                                 {'READY': '1', 'STATUS': f'Listening at {tool.address}'})
                self.assertEqual(harness.run_tool('ping', manager.paths[0])[0], 0)
                self.assertTrue(manager.hears_nothing())
                self.assertEqual(tool.stop(), 0)
            self.assertEqual(manager.hear()['STOPPING'], '1')
            self.assertTrue(manager.hears_nothing())

    def test_watchdog(self):
        """A worker that hangs is killed by the first process: the service goes on."""
        with Manager() as manager, \
                manager.start('serve', '--workers=2', *MODULE, 'systemd',
                              env={'WATCHDOG_USEC': '3000000'}) as tool:
            self.assertIn('READY', manager.hear())
            self.assertEqual(manager.hear(), {'WATCHDOG': '1'})
            victim = workers(tool)[0]
            os.kill(victim, signal.SIGSTOP)
            tool.wait_for_log(f'(process {victim}) has said nothing for 3000 ms: it is killed')
            tool.wait_for_log(f'(process {victim}) was killed by signal 9; it starts again')
            harness.wait_until(lambda: len(workers(tool)) == 2)
            self.assertEqual(manager.hear(), {'WATCHDOG': '1'})


@unittest.skipUnless(os.environ.get('IMP_TEST_SCRIPTS'), 'this build runs no scripts')
class Scripts(unittest.TestCase):
    def setUp(self):
        self.script = os.path.join(harness.make_folder(), 'look.py')
        with open(self.script, 'w', encoding='ascii') as target:
            target.write(harness.PASSING_SCRIPT)

    def test_alone(self):
        """N processes run it, and one serves."""
        with harness.Tool('serve', '--workers=2', '--module', self.script + '=sandbox=off',
                          '127.0.0.1:0') as tool:
            self.assertEqual(workers(tool), [])
            harness.wait_until(lambda: len(harness.children(tool.process)) == 2)

    def test_with_others(self):
        """N processes serve, and each has one that runs it."""
        with serve('--module', self.script + '=sandbox=off', '127.0.0.1:0', n=2) as tool:
            clients = clients_of_all(tool)
            for pid in workers(tool):
                hosts = [child for child in harness.children(type('Of', (), {'pid': pid}))
                         if any(re.search(r'look\.py$', word) for word in arguments(child))]
                self.assertEqual(len(hosts), 1)
            close(clients)


if __name__ == '__main__':
    harness.main()
