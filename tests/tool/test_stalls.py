#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What relay and serve tell of connections that do not go on: whom they wait for, with each of the
reasons made for real."""

import json
import os
import re
import signal
import socket
import unittest

import tool_harness as harness
from control_clients import ask

MODULES = os.environ['IMP_TEST_MODULES']
FORGETFUL = os.path.join(MODULES, 'forgetful.so')
PAGE = os.path.join(os.path.dirname(__file__), '../../docs/status.md')
GATEKEEPER = os.path.join(MODULES, 'gatekeeper.so')
PATTERN = 'pattern=rx=foo&rxlen=3&action=deny'
NUMBER = '[0-9]+'
TIME = '[0-9]+ (ms|s|min)'


def drown(connection):
    """Writes until nothing more is taken, and for a moment nothing is."""
    connection.settimeout(1)
    try:
        while True:
            connection.send(b'x' * 65536)
    except socket.timeout:
        connection.settimeout(harness.TIMEOUT)


def read_exactly(connection, size):
    data = b''
    while len(data) < size and (piece := connection.recv(size - len(data))):
        data += piece
    return data


def plain(text):
    """Without what differs from time to time, and without where lines are broken."""
    text = text.replace(FORGETFUL, './forgetful.so')
    return re.sub(r'[0-9]+ (ms|s)\b', '#', re.sub(r'[0-9]+', '#', ' '.join(text.split()))
                  .replace('# ms', '# s')).replace('# s', '#')


class StallTest(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(harness.make_folder(), 'control')

    def relay(self, *options, connect='127.0.0.1:9'):
        return harness.Tool('relay', '--control', self.path, '--grace', '0', '--listen',
                            '127.0.0.1:0', *options,
                            '--connect', connect)

    def row(self):
        rows = ask(self.path, 'status')['connections']
        return rows[0] if rows else None

    def wait_for(self, whom, why):
        """The only connection, once it waits for this."""
        def is_there():
            row = self.row()
            return row is not None and (row['waits-for'], row['why']) == (whom, why)
        harness.wait_until(is_there, otherwise=f'it never waits for {whom}: {why}')
        return self.row()

    def why(self, connection=1):
        status, out, err = harness.run_tool('status', '--why', str(connection), self.path)
        self.assertEqual((status, err), (0, ''))
        self.assertTrue(all(len(line) < 80 or ' ' not in line.strip()
                            for line in out.split('\n')), out)
        return out.replace('\n  ', ' ')

    def table(self):
        status, out, err = harness.run_tool('status', self.path)
        self.assertEqual((status, err), (0, ''))
        return out


class Waits(StallTest):
    def test_verdict(self):
        """An analyzer that does not answer."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'ready')
                    self.assertEqual(client.recv(5), b'ready')
                with harness.connect(relay.port) as client:
                    client.sendall(b'x' * 12345)
                    harness.wait_until(lambda: self.row() is not None
                                       and self.row()['from-client']['held'] == 12345)
                    row = self.wait_for('analyzer', 'verdict')
                    self.assertEqual(row['id'], 2)
                    self.assertEqual(row['from-client']['received'], 12345)
                    self.assertEqual(row['from-client']['passed'], 0)
                    self.assertGreaterEqual(row['from-client']['held-ms'], 0)
                    self.assertLessEqual(row['waits-ms'], row['since-ms'])
                    text = self.why(2)
                    self.assertRegex(text, f'^Connection 2: 127.0.0.1:{NUMBER} -> '
                                           f'{upstream.address}, for {TIME}.\n')
                    self.assertRegex(text, f'\nFrom the client: The analyzer {FORGETFUL} has held '
                                           f'12 KiB from the client for {TIME}. It will be '
                                           f'ended in about {TIME} by --deadline 60. ')
                    self.assertIn('\nThe analyzer has not said anything yet.\n', text)
                    self.assertRegex(self.table(), f'\n +2 .* 12 KiB +- +{TIME}  analyzer: verdict')

    def test_last_verdict(self):
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'ready')
                    harness.wait_until(lambda: self.row() is not None
                                       and self.row()['from-server']['held'] == 0
                                       and self.row().get('verdict') == 'pass')
                    self.assertGreaterEqual(self.row()['verdict-ms'], 0)
                    self.assertRegex(self.why(), f'\nThe last verdict, pass, came {TIME} ago.\n')

    def test_part(self):
        """Of several modules, the one that has the data."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', PATTERN, '--module', FORGETFUL, '--module', PATTERN,
                            connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    row = self.wait_for('analyzer', 'verdict')
                    self.assertIn('forgetful', row['part'])
                    self.assertEqual(row['modules'], ['pattern', FORGETFUL, 'pattern'])
                    self.assertIn(f'The analyzer {row["part"]} has held 5 B', self.why())

    def test_server(self):
        """One that does not read."""
        with harness.Upstream(lambda connection: connection.recv(1) and harness.wait_until(
                lambda: self.over)) as upstream:
            self.over = False
            with self.relay(connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    drown(client)
                    row = self.wait_for('server', 'read')
                    self.assertGreater(row['from-client']['queued'], 0)
                    self.assertRegex(self.why(), 'From the client: The server does not read: .* '
                                                 'wait for it.* Nothing has moved for ')
                    self.over = True

    def test_client(self):
        """One that does not read."""
        with harness.Upstream(lambda connection: drown(connection) or connection.recv(1)
                              ) as upstream:
            with self.relay(connect=upstream.address) as relay:
                with harness.connect(relay.port):
                    row = self.wait_for('client', 'read')
                    self.assertGreater(row['from-server']['queued'], 0)
                    self.assertIn('From the server: The client does not read: ', self.why())

    def test_connect(self):
        """A server whose machine takes no further connections."""
        with socket.socket() as server:
            server.bind(('127.0.0.1', 0))
            server.listen(0)
            with harness.connect(server.getsockname()[1]):
                address = '127.0.0.1:%u' % server.getsockname()[1]
                with self.relay('--connect-timeout', '60', connect=address) as relay:
                    with harness.connect(relay.port):
                        row = self.wait_for('server', 'connect')
                        self.assertEqual((row['stage'], row['server']), ('connecting', address))
                        self.assertIn(f'The server {address} has not accepted the connection yet',
                                      self.why())

    def test_greeting(self):
        """A client that does not say where it wants to go."""
        with harness.Tool('relay', '--control', self.path, '--grace', '0', '--listen',
                          '127.0.0.1:0', '--socks') as relay:
            with harness.connect(relay.port):
                row = self.wait_for('client', 'greeting')
                self.assertEqual(row['stage'], 'greeting')
                self.assertIn('The client is to say something first', self.why())

    def test_ask(self):
        """An analyzer that is asked before there is a server."""
        with self.relay('--ask-first', '--deadline', '0', '--module',
                        GATEKEEPER + '=deny=caddr:127.0.0.1&delay=60000') as relay:
            with harness.connect(relay.port):
                row = self.wait_for('analyzer', 'ask')
                self.assertEqual(row['stage'], 'asking')
                self.assertIn('has not agreed to the connection yet', self.why())

    def test_pause(self):
        """An analyzer that wants to see nothing now."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', GATEKEEPER + '=deny=caddr:127.0.0.1&delay=60000',
                            connect=upstream.address) as relay:
                with harness.connect(relay.port):
                    row = self.wait_for('analyzer', 'pause')
                    self.assertTrue(row['from-client']['paused'])
                    self.assertIn('does not want to see more from the client now', self.why())

    def test_idle(self):
        """Nothing is wrong, and it does not look so."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay(connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.assertEqual(client.recv(5), b'hello')
                    row = self.row()
                    self.assertEqual(row['why'], 'idle')
                    self.assertEqual(row['from-client']['sent'], 5)
                    self.assertEqual(ask(self.path, 'status')['totals']['stalled'], 0)
                    self.assertIn('Nothing is wrong here', self.why())


class Remote(StallTest):
    def test_stopped(self):
        """The process that has the analyzer is stopped: named, with what waits for it."""
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('serve', '--module', PATTERN,
                             '127.0.0.1:0') as serve:
            module = f'remote=addr={serve.address}'
            with self.relay('--module', module, connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.assertEqual(read_exactly(client, 5), b'hello')
                    serve.process.send_signal(signal.SIGSTOP)
                    try:
                        client.sendall(b'x' * 1000)
                        row = self.wait_for('analyzer', 'verdict')
                        self.assertEqual(row['modules'], ['remote'])
                        self.assertIn(serve.address, row['analyzer-server'])
                        self.assertIn(f'The analyzer remote at {row["analyzer-server"]} has held ',
                                      self.why())
                    finally:
                        serve.process.send_signal(signal.SIGCONT)
                    self.assertEqual(read_exactly(client, 1000), b'x' * 1000)

    def test_unreachable(self):
        """It cannot be reached."""
        with harness.Upstream(harness.echo) as upstream, socket.socket() as server:
            server.bind(('127.0.0.1', 0))
            server.listen(0)
            port = server.getsockname()[1]
            with harness.connect(port), \
                    self.relay('--module', f'remote=addr=127.0.0.1:{port}&connect_timeout=60000',
                               connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.wait_for('analyzer', 'connect')
                    self.assertRegex(self.why(), f'The analyzer remote at 127.0.0.1:{port} cannot '
                                                 'be reached, and 5 B from the client wait')


class Serve(StallTest):
    def serve(self, module):
        return harness.Tool('serve', '--control', self.path, '--grace', '0', '--module', module,
                            '127.0.0.1:0')

    def test_analyzer(self):
        """A server's own view: which analyzer has to say something."""
        with harness.Upstream(harness.echo) as upstream, self.serve(FORGETFUL) as serve, \
                harness.Tool('relay', '--grace', '0', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={serve.address}', '--connect',
                             upstream.address) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(b'x' * 2048)
                harness.wait_until(lambda: (self.row() or {}).get('held') == 2048)
                row = self.wait_for('analyzer', 'verdict')
                self.assertEqual((row['analyzers'], row['waiting'], row['paused']), (1, 1, 0))
                self.assertGreaterEqual(row['waits-ms'], 0)
                analyzer, = row['longest']
                self.assertEqual((analyzer['analyzer'], analyzer['held'], analyzer['waiting']),
                                 ('ForgetfulAnalyzer', 2048, True))
                self.assertRegex(self.why(), 'Analyzer [0-9]+ [(]ForgetfulAnalyzer[)] holds 2.0 KiB'
                                             f' for {TIME}, and has to say')
                self.assertRegex(self.table(), f' 1 analyzer .* 2.0 KiB .* {TIME} +analyzer: verd')
                serve.process.send_signal(signal.SIGUSR1)
                serve.wait_for_log('analyzer: verdict')

    def test_idle(self):
        with self.serve('pass') as serve, harness.connect(serve.port):
            row = self.wait_for('client', 'idle')
            self.assertEqual((row['kind'], row['analyzers'], row['held']), ('analyzers', 0, 0))
            self.assertIn('Nothing is wrong here', self.why())

    def test_client(self):
        """A client that does not read what the analyzers say to it."""
        with self.serve('pattern=rx=a&rxlen=1&action=replace&actdata=bbbbbbbb') as serve:
            with harness.connect(serve.port) as client:
                client.sendall(b'{"op":"set_version","version":1}\n'
                               b'{"op":"new_analyzer","id":1,"context":{}}\n')
                client.settimeout(1)
                data = b'{"op":"data","id":1,"dir":0,"offset":0,"type":-1,"text":"%s"}\n' % (
                    b'ab' * 20000)
                try:
                    while True:
                        client.sendall(data)
                except socket.timeout:
                    pass
                row = self.wait_for('client', 'read')
                self.assertGreater(row['queued'], 0)
                self.assertIn('The client does not read: ', self.why())


class Datagrams(StallTest):
    def test_clients(self):
        """Clients of datagrams are in the same table."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            server.bind(('127.0.0.1', 0))
            target = 'udp:127.0.0.1:%u' % server.getsockname()[1]
            with harness.Tool('relay', '--control', self.path, '--grace', '0', '--listen',
                              'udp:127.0.0.1:0', '--module', f'remote=addr={self.path}.none',
                              '--connect', target) as relay:
                client.connect(('127.0.0.1', relay.port))
                client.send(b'hello')
                harness.wait_until(lambda: self.row() is not None)
                row = self.row()
                self.assertEqual((row['kind'], row['client'], row['server']),
                                 ('datagrams', '127.0.0.1:%u' % client.getsockname()[1], target))
                self.assertGreater(row['id'], 1000000000)
                self.assertEqual(ask(self.path, 'status')['totals']['connections'], 1)
                self.assertIn(f'Connection {row["id"]}: {row["client"]} -> {target}',
                              self.why(row['id']))

    def test_held(self):
        """A packet whose analyzer is in a process that is stopped."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, \
                harness.Tool('serve', '--grace', '0', '127.0.0.1:0') as serve:
            server.bind(('127.0.0.1', 0))
            serve.process.send_signal(signal.SIGSTOP)
            try:
                with harness.Tool('relay', '--control', self.path, '--grace', '0', '--listen',
                                  'udp:127.0.0.1:0', '--module', f'remote=addr={serve.address}',
                                  '--connect',
                                  'udp:127.0.0.1:%u' % server.getsockname()[1]) as relay:
                    client.connect(('127.0.0.1', relay.port))
                    client.send(b'hello')
                    row = self.wait_for('analyzer', 'verdict')
                    self.assertEqual(row['from-client']['held'], 5)
            finally:
                serve.process.send_signal(signal.SIGCONT)


class Tables(StallTest):
    def test_json(self):
        """What programs rely on."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.wait_for('analyzer', 'verdict')
                    status, out, err = harness.run_tool('status', '--json', self.path)
                    self.assertEqual((status, err, out.count('\n')), (0, '', 1))
                    answer = json.loads(out)
                    self.assertEqual(set(answer), {'program', 'version', 'pid', 'totals',
                                                   'connections'})
                    row, = answer['connections']
                    self.assertEqual(
                        {name: type(value) for name, value in row.items()},
                        {'id': int, 'kind': str, 'client': str, 'server': str, 'listener': str,
                         'modules': list, 'since-ms': int, 'stage': str, 'state': str,
                         'idle-ms': int, 'waits-for': str, 'why': str, 'waits-ms': int,
                         'deadline-ms': int, 'from-client': dict, 'from-server': dict})
                    self.assertEqual(
                        {name: type(value) for name, value in row['from-client'].items()},
                        {'received': int, 'passed': int, 'replaced': int, 'held': int,
                         'held-ms': int, 'queued': int, 'sent': int, 'busy': bool, 'paused': bool,
                         'ended': bool, 'waits-for': str, 'why': str})
                    self.assertEqual(row['listener'], relay.address)

    def test_order(self):
        """What stands still comes first, however new it is; no more rows than are asked for."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                clients = [harness.connect(relay.port) for _ in range(5)]
                harness.wait_until(lambda: ask(self.path, 'status')['totals']['connections'] == 5)
                clients[3].sendall(b'hello')
                harness.wait_until(lambda: ask(self.path, 'status')['totals']['stalled'] == 1)
                rows = ask(self.path, 'status')['connections']
                self.assertEqual(len(rows), 5)
                self.assertEqual(rows[0]['client'], '%s:%u' % clients[3].getsockname())
                ids = [row['id'] for row in rows[1:]]
                self.assertEqual(ids, sorted(ids))
                for limit in 0, 1, 3:
                    answer = ask(self.path, 'status', limit=limit)
                    self.assertEqual([row['id'] for row in answer['connections']],
                                     [row['id'] for row in rows[:limit]])
                    self.assertEqual(answer['totals'], {'connections': 5, 'stalled': 1})
                self.assertEqual(ask(self.path, 'status', id=3)['connections'][0]['id'], 3)

    def test_page(self):
        """What docs/status.md shows is what is printed, but for addresses and numbers."""
        with open(PAGE, encoding='utf-8') as page:
            shown = re.findall(r'^```\n(.*?)^```', page.read(), re.M | re.S)
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                with harness.connect(relay.port), harness.connect(relay.port) as client:
                    harness.wait_until(
                        lambda: ask(self.path, 'status')['totals']['connections'] == 2)
                    client.sendall(b'x' * 12345)
                    harness.wait_until(lambda: self.row()['from-client']['held'] == 12345)
                    self.assertEqual(plain(shown[0].partition('status /run/imp/control\n')[2]),
                                     plain(self.table()))
                    self.assertEqual(plain(shown[1].partition('2 /run/imp/control\n')[2]),
                                     plain(self.why(self.row()['id'])))

    def test_signal(self):
        """SIGUSR1 has the same in the log."""
        with harness.Upstream(harness.echo) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'hello')
                    self.wait_for('analyzer', 'verdict')
                    relay.process.send_signal(signal.SIGUSR1)
                    relay.wait_for_log('analyzer: verdict')
                    self.assertTrue(any(re.search('SIGUSR1: relay .*: 1 connection, 1 of them '
                                                  'stalled', line) for line in relay.log))

    def test_wrong(self):
        with self.relay():
            for args, text in ((['--why', '7'], 'there is no connection 7'),
                               (['--why', '-1'], '--why "-1"'), (['--why', 'x'], 'x')):
                status, out, err = harness.run_tool('status', *args, self.path)
                self.assertNotEqual(status, 0)
                self.assertEqual((out, err.count('\n')), ('', 1), err)
                self.assertIn(text, err)

    def test_many(self):
        """A thousand connections: all are counted, and one that stands still is found."""
        with harness.Upstream(lambda connection: connection.recv(1)) as upstream:
            with self.relay('--module', FORGETFUL, connect=upstream.address) as relay:
                clients = [harness.connect(relay.port) for _ in range(1000)]
                harness.wait_until(
                    lambda: ask(self.path, 'status')['totals']['connections'] == 1000)
                clients[777].sendall(b'hello')
                harness.wait_until(lambda: ask(self.path, 'status')['totals']['stalled'] == 1)
                answer = ask(self.path, 'status')
                self.assertEqual(len(answer['connections']), 100)
                self.assertEqual(answer['connections'][0]['client'],
                                 '%s:%u' % clients[777].getsockname())
                self.assertEqual(len(ask(self.path, 'status', limit=10000)['connections']), 1000)
                relay.process.send_signal(signal.SIGUSR1)
                relay.wait_for_log('SIGUSR1: ')
                self.assertLess(len(relay.log), 150)


if __name__ == '__main__':
    harness.main()
