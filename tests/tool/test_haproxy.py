#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's HAProxy, with the configuration that is installed, in front of four servers, and
providers that know its address only: a relay, and clients in Perl. One server after the other is
killed, stopped, drained and added."""

import csv
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import unittest

import tool_harness as harness

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIGURATION = os.path.join(TOP, 'data', 'haproxy.cfg')
PAGE = os.path.join(TOP, 'docs', 'haproxy.md')
PERL = os.path.join(TOP, 'tests', 'rpc', 'perl-client.pl')
NAMES = 'abcd'
SHOUT = 'pattern=string=quiet&action=replace&actdata=LOUD&rxdir=0&hold-timeout=0'
CONNECTIONS = 16
FORMS = ('storable', 'sereal')
WORD = 'quiet'


class Balancer:
    """HAProxy, once it listens. `ports` are those of the servers, `agents` of the agent checks."""

    def __init__(self, folder, ports, agents):
        self.control = os.path.join(folder, 'control')
        self.path = os.path.join(folder, 'providers')
        self.port = harness.free_port()
        with open(CONFIGURATION, encoding='utf-8') as source:
            text = source.read()
        for said, used in ((':7700', f':{self.port}'),
                           ('/run/haproxy/imp-remote.sock', self.control),
                           ('/run/haproxy/imp-remote-providers.sock', self.path),
                           *((f':770{i + 1}', f':{port}') for i, port in enumerate(ports)),
                           *((f'port 780{i + 1}', f'port {port}')
                             for i, port in enumerate(agents))):
            if said not in text:
                raise AssertionError(f'{said} is not in {CONFIGURATION}')
            text = text.replace(said, used)
        path = os.path.join(folder, 'haproxy.cfg')
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        program = shutil.which('haproxy')
        if program is None:
            raise AssertionError('haproxy is missing')
        self.log = os.path.join(folder, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen([program, '-db', '-f', path], stdout=log, stderr=log)
        harness.wait_until(lambda: self.process.poll() is not None or self.listens(),
                           'HAProxy does not listen')
        if self.process.poll() is not None:
            with open(self.log, encoding='utf-8') as log:
                raise AssertionError(log.read())

    def listens(self):
        with socket.socket() as probe, socket.socket(socket.AF_UNIX) as control:
            return probe.connect_ex(('127.0.0.1', self.port)) == 0 \
                and control.connect_ex(self.control) == 0

    def command(self, text):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.TIMEOUT)
            client.connect(self.control)
            client.sendall(text.encode() + b'\n')
            return harness.read_all(client).decode().strip()

    def servers(self):
        """What it knows of each."""
        rows = self.command('show stat').removeprefix('# ').splitlines()
        return {row['svname']: row for row in csv.DictReader(rows)
                if row['pxname'] == 'analyzers' and row['svname'] != 'BACKEND'}

    def sessions(self, name):
        """How many there are, and how many there have been."""
        row = self.servers()[name]
        return int(row['scur']), int(row['stot'])

    def is_checked(self, name, wanted):
        """HAProxy takes a server to be up until it has looked."""
        row = self.servers()[name]
        return row['status'].startswith(wanted) \
            and (wanted != 'UP' or row['check_status'] == row['agent_status'] == 'L7OK')

    def wait_for(self, name, wanted):
        harness.wait_until(lambda: self.is_checked(name, wanted),
                           f'{name} is not {wanted}: {self.servers()[name]}')

    def end(self):
        self.process.kill()
        self.process.wait()


class Server(harness.Tool):
    """Behind the balancer, at ports that it knows."""

    def __init__(self, port, agent):
        super().__init__('serve', '--proxy-protocol', 'in', '--proxy-from', '127.0.0.1',
                         '--agent-check', f'127.0.0.1:{agent}', '--module', SHOUT,
                         f'127.0.0.1:{port}')

    def end(self):
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.abort()


class Perl:
    """A client in Perl with one analyzer, which knows the balancer only."""

    def __init__(self, form, path):
        self.process = subprocess.Popen(['perl', PERL, form, path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.offset = 0
        self.say('new 1 caddr 10.0.0.1', f'data 1 0 0 -1 {WORD}', 'expect 3')
        self.hear('0x4006 1')
        self.hear('0x4103 1 4097 1 -1')
        self.hear_replaced()

    def say(self, *lines):
        self.process.stdin.write(''.join(line + '\n' for line in lines))
        self.process.stdin.flush()

    def hear(self, wanted):
        line = self.process.stdout.readline().rstrip('\n')
        if line != wanted:
            raise AssertionError(f'{line!r} is not {wanted!r}')

    def hear_replaced(self):
        self.offset += len(WORD)
        self.hear(f'0x4103 1 4113 0 {self.offset} "LOUD"')

    def check(self):
        self.say(f'data 1 0 {self.offset} -1 {WORD}', 'expect 1')
        self.hear_replaced()

    def end(self):
        """It has nothing to complain of."""
        self.say('delete 1')
        self.process.stdin.close()
        status = self.process.wait(harness.TIMEOUT)
        self.process.stdout.close()
        if status != 0:
            raise AssertionError(f'Perl ended with {status}')

    def abort(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Load:
    """Clients of a relay that come and go all the time, until the end of the block."""

    def __init__(self, case, n=4):
        self.case = case
        self.done, self.failed, self.over = 0, [], False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(n)]

    def _run(self):
        while not self.over:
            try:
                address = ('127.0.0.1', self.case.relay.port)
                with socket.create_connection(address, harness.TIMEOUT) as client:
                    for _ in range(5):
                        self.case.check(client)
                self.done += 1
            except (OSError, AssertionError) as error:
                self.failed.append(error)
                return

    def wait_for_more(self, n=20):
        wanted = self.done + n
        harness.wait_until(lambda: self.done >= wanted or self.failed, 'nothing goes on')

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *error):
        self.over = True
        for thread in self.threads:
            thread.join()
        if error[0] is None:
            self.case.assertEqual(self.failed, [])


class Behind(unittest.TestCase):
    def setUp(self):
        folder = harness.make_folder()
        self.ports = [(harness.free_port(), harness.free_port()) for _ in NAMES]
        self.servers = {name: self.start(*self.ports[i]) for i, name in enumerate(NAMES)}
        self.balancer = Balancer(folder, *zip(*self.ports))
        self.addCleanup(self.balancer.end)
        for name in NAMES:
            self.balancer.wait_for(name, 'UP')
        self.upstream = harness.Upstream(harness.echo)
        self.addCleanup(self.upstream.__exit__)

    def start(self, port, agent):
        server = Server(port, agent)
        self.addCleanup(server.end)
        return server

    def start_relay(self, deadline=30000):
        relay = harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr=127.0.0.1:{self.balancer.port}&fail=hard'
                             f'&connections={CONNECTIONS}&deadline={deadline}',
                             '--connect', self.upstream.address)
        self.addCleanup(relay.abort)
        self.relay = relay
        # They spread over all before the first client comes, and its load over all connections.
        self.clients = [self.connect() for _ in range(4 * CONNECTIONS)]
        self.wait_for_sessions()
        for client in self.clients:
            self.check(client)

    def connect(self):
        client = socket.create_connection(('127.0.0.1', self.relay.port), harness.TIMEOUT)
        self.addCleanup(client.close)
        return client

    def hear(self, client):
        heard = b''
        while len(heard) < 4:
            data = client.recv(4 - len(heard))
            if not data:
                raise ConnectionResetError('it has ended')
            heard += data
        self.assertEqual(heard, b'LOUD')

    def check(self, client):
        """What it says goes through an analyzer."""
        client.sendall(WORD.encode())
        self.hear(client)

    def find_living(self):
        """Those that go on, after all have said something."""
        living = []
        for ask in (lambda client: client.sendall(WORD.encode()), self.hear):
            living, asked = [], living or self.clients
            for client in asked:
                try:
                    ask(client)
                    living.append(client)
                except ConnectionError:
                    pass
        return living

    def check_new(self, n=24):
        """Whoever comes now is served, by the relay and in Perl."""
        for _ in range(n):
            with self.connect() as client:
                self.check(client)
        for form in FORMS:
            Perl(form, self.balancer.path).end()

    def serves_new(self):
        """Whether so many in a row are served as come to each connection of the relay."""
        try:
            for _ in range(2 * CONNECTIONS):
                with self.connect() as client:
                    self.check(client)
            return True
        except ConnectionError:
            return False

    def wait_for_sessions(self):
        """All connections of the relay lead to somewhere."""
        harness.wait_until(lambda: sum(int(row['scur'])
                                       for row in self.balancer.servers().values()) >= CONNECTIONS,
                           'the relay has not connected again')

    def check_lost(self):
        """Some of them are, and each is told once; all others go on."""
        left = self.find_living()
        lost = len(self.clients) - len(left)
        self.assertGreater(lost, 0)
        self.assertGreater(len(left), 0)
        self.clients = left
        for client in left:
            self.check(client)
        return lost

    def failures(self):
        return [line for line in self.relay.log if 'failed' in line]

    def start_perl(self, name):
        """One whose analyzer is at this server; those that came elsewhere end."""
        others = []
        for turn in range(100):
            before = self.balancer.sessions(name)[1]
            client = Perl(FORMS[turn % len(FORMS)], self.balancer.path)
            if self.balancer.sessions(name)[1] > before:
                break
            others.append(client)
        for other in others:
            other.end()
        self.addCleanup(client.abort)
        return client

    def test_killed(self):
        """Its clients are told at once, others not at all, and it is missed by none that come."""
        self.start_relay()
        self.servers['a'].abort()
        self.check_lost()
        self.check_new()
        self.balancer.wait_for('a', 'DOWN')
        self.check_new()
        self.start(*self.ports[0])
        self.balancer.wait_for('a', 'UP')
        for _ in range(8):
            Perl(FORMS[0], self.balancer.path).end()
        self.assertGreater(self.balancer.sessions('a')[1], 0)

    def test_stopped(self):
        """It takes connections, and does nothing: that is noticed by those who wait, and by the
        balancer, which ends what it has there."""
        self.start_relay(deadline=2000)
        perl = self.start_perl('b')
        self.servers['b'].process.send_signal(signal.SIGSTOP)
        self.check_lost()
        self.balancer.wait_for('b', 'DOWN')
        perl.say(f'data 1 0 {perl.offset} -1 {WORD}', 'expect 1')
        self.assertNotEqual(perl.process.wait(harness.TIMEOUT), 0)
        harness.wait_until(lambda: self.balancer.sessions('b')[0] == 0, 'it has sessions')
        harness.wait_until(self.serves_new, 'the relay still uses what has ended')
        self.check_new()
        self.servers['b'].process.send_signal(signal.SIGCONT)
        self.balancer.wait_for('b', 'UP')
        self.check_new()

    def test_drained(self):
        """Nobody is refused: what it has goes on, what is new goes elsewhere."""
        self.start_relay()
        perl = self.start_perl('c')
        with Load(self) as load:
            self.servers['c'].process.send_signal(signal.SIGUSR2)
            self.balancer.wait_for('c', 'DRAIN')
            before = self.balancer.sessions('c')[1]
            self.servers['c'].wait_for_log('clients are told goodbye')
            self.check_new()
            load.wait_for_more()
        for client in self.clients:
            self.check(client)
        perl.check()
        self.check_new()
        self.assertEqual(self.balancer.sessions('c')[1], before)
        # There is no word for it in its version of the protocol, but an end.
        perl.say('delete 1', 'expect 1')
        self.assertNotEqual(perl.process.wait(harness.TIMEOUT), 0)
        for client in self.clients:
            self.check(client)
            client.close()
        harness.wait_until(lambda: self.balancer.sessions('c')[0] == 0, 'it is not empty')
        self.assertEqual(self.failures(), [])
        self.servers['c'].process.send_signal(signal.SIGUSR2)
        self.balancer.wait_for('c', 'UP')
        self.check_new()
        harness.wait_until(lambda: Perl(FORMS[1], self.balancer.path).end()
                           or self.balancer.sessions('c')[1] > before, 'nobody comes')

    def test_ends(self):
        """A server that is asked to end fails nobody either, and is used when it is back."""
        self.start_relay()
        perl = self.start_perl('d')
        with Load(self) as load:
            self.servers['d'].process.terminate()
            self.check_new()
            self.balancer.wait_for('d', 'DRAIN')
            load.wait_for_more()
        perl.check()
        for client in self.clients:
            self.check(client)
            client.close()
        self.assertEqual(self.balancer.servers()['d']['chkfail'], '0')
        self.assertEqual(self.failures(), [])
        perl.say('delete 1', 'expect 1')
        self.assertNotEqual(perl.process.wait(harness.TIMEOUT), 0)
        self.assertEqual(self.servers['d'].wait(), 0)
        self.check_new()
        self.start(*self.ports[3])
        self.balancer.wait_for('d', 'UP')
        self.check_new()

    def test_added(self):
        """By the runtime API, as the page says."""
        with open(PAGE, encoding='utf-8') as page:
            commands = re.findall(r'^echo "([^"]*)" \| socat', page.read(), re.M)
        self.assertGreater(len(commands), 1)
        port, agent = harness.free_port(), harness.free_port()
        self.start(port, agent)
        for command in commands:
            answer = self.balancer.command(command.replace('\\\n', '')
                                           .replace('7705', str(port))
                                           .replace('7805', str(agent)))
            self.assertIn(answer, ('', 'New server registered.'), command)
        self.balancer.wait_for('e', 'UP')
        for _ in range(2 * (len(NAMES) + 1)):
            Perl(FORMS[0], self.balancer.path).end()
        self.assertGreater(self.balancer.sessions('e')[1], 0)

    def test_weights(self):
        """What the agent check says is what the balancer does."""
        with harness.connect(self.ports[0][1]) as client:
            self.assertRegex(harness.read_all(client), rb'^(ready )?up 100%\n$')
        self.assertEqual(self.balancer.servers()['a']['weight'], '100')


if __name__ == '__main__':
    harness.main()
