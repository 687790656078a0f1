#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--metrics of a relay: who may read what is counted, how, and that it adds up."""

import os
import socket
import subprocess
import threading
import unittest

import metrics_reader as reader
import tool_harness as harness

PATTERN = 'pattern=string=foo&action=replace&actdata=quux'


def talk(relay, data):
    """One connection, to its end."""
    with harness.connect(relay.port) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return harness.read_end(client)[0]


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.server = harness.Upstream(harness.echo)
        self.addCleanup(self.server.__exit__)

    def start(self, *args, **options):
        tool = harness.Tool(*args, **options)
        tool.__enter__()
        self.addCleanup(tool.__exit__, None, None, None)
        return tool

    def relay(self, *options, modules=(PATTERN,), metrics=('127.0.0.1:0',), **more):
        places = [word for place in metrics for word in ('--metrics', place)]
        chosen = [word for module in modules for word in ('--module', module)]
        n = len([place for place in metrics if not place.startswith('file:')])
        return self.start('relay', *places, '--listen', '127.0.0.1:0', *options, *chosen,
                          '--connect', self.server.address, metrics=n, **more)

    def wait_for(self, relay, condition):
        """What is counted once that is so."""
        found = []

        def look():
            found[:] = [reader.scrape(relay.metrics[0])]
            return condition(found[0])
        harness.wait_until(look)
        return found[0]


class Counting(Base):
    def check_ledger(self, seen):
        """All that came passed, was replaced, was denied or waits."""
        for direction in ('from_client', 'from_server'):
            self.assertEqual(seen.sum('imp_relay_input_bytes_total', direction=direction),
                             seen.sum('imp_relay_settled_bytes_total', direction=direction)
                             + seen.sum('imp_relay_held_bytes', direction=direction))
        self.assertEqual(seen.sum('imp_relay_connections_total'),
                         seen.sum('imp_relay_open_connections')
                         + seen.sum('imp_relay_ended_connections_total'))

    def test_bytes(self):
        relay = self.relay()
        self.assertEqual(talk(relay, b'a foo'), b'a quux')
        seen = self.wait_for(relay, lambda s: s.sum('imp_relay_open_connections') == 0)
        self.check_ledger(seen)
        there, back = {'direction': 'from_client'}, {'direction': 'from_server'}
        self.assertEqual(seen.find('imp_relay_input_bytes_total', **there), [5])
        self.assertEqual(seen.find('imp_relay_input_bytes_total', **back), [6])
        self.assertEqual(seen.find('imp_relay_output_bytes_total', **there), [6])
        self.assertEqual(seen.find('imp_relay_output_bytes_total', **back), [6])
        self.assertEqual(seen.find('imp_relay_settled_bytes_total', verdict='replaced', **there),
                         [3])
        self.assertEqual(seen.find('imp_relay_ended_connections_total', outcome='passed'), [1])
        self.assertEqual(seen.find('imp_relay_group_info', connect=self.server.address), [1])

    def test_denied_and_broken(self):
        relay = self.relay(modules=('pattern=string=foo&action=deny&actdata=no',))
        talk(relay, b'a foo')
        with harness.connect(relay.port) as client:
            client.sendall(b'hello')
            client.recv(5, socket.MSG_WAITALL)
            harness.reset(client)
        seen = self.wait_for(relay, lambda s: s.sum('imp_relay_open_connections') == 0
                             and s.sum('imp_relay_ended_connections_total') == 2)
        self.check_ledger(seen)
        self.assertEqual(seen.find('imp_relay_ended_connections_total', outcome='denied',
                                   reason='analyzer'), [1])
        self.assertEqual(seen.find('imp_relay_ended_connections_total', outcome='broken',
                                   reason='disconnected'), [1])
        self.assertGreater(seen.sum('imp_relay_settled_bytes_total', verdict='denied'), 0)

    def test_refused(self):
        relay = self.relay('--max-connections-per-peer', '1')
        with harness.connect(relay.port):
            self.wait_for(relay, lambda s: s.sum('imp_relay_open_connections') == 1)
            self.assertEqual(harness.fetch_cut(relay.port), b'')
            seen = reader.scrape(relay.metrics[0])
        self.assertEqual(seen.find('imp_relay_refused_connections_total',
                                   reason='max-connections-per-peer'), [1])
        self.check_ledger(seen)

    def test_no_server(self):
        relay = self.start('relay', '--metrics', '127.0.0.1:0', '--listen', '127.0.0.1:0',
                           '--connect', f'127.0.0.1:{harness.free_port()}', metrics=1)
        harness.fetch_cut(relay.port)
        seen = self.wait_for(relay, lambda s: s.sum('imp_relay_ended_connections_total') == 1)
        self.assertEqual(seen.find('imp_relay_ended_connections_total', reason='refused'), [1])

    def test_while_loaded(self):
        """The sums are right at any moment, and nothing that only grows becomes less."""
        relay = self.relay()
        stop = threading.Event()

        def load():
            while not stop.is_set():
                talk(relay, b'foo and ' * 4000)
        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            before = reader.scrape(relay.metrics[0])
            for _ in range(40):
                seen = reader.scrape(relay.metrics[0])
                self.check_ledger(seen)
                self.check_growth(before, seen)
                before = seen
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.wait_for(relay, lambda s: s.sum('imp_relay_settled_bytes_total',
                                             verdict='replaced') > 0)

    def check_growth(self, before, after):
        for name, labels, value in before.samples:
            if name.endswith(('_total', '_bucket', '_count')):
                now = after.find(name, **labels)
                self.assertEqual(len(now), 1, (name, labels))
                self.assertGreaterEqual(now[0], value, (name, labels))


class Reading(Base):
    def test_formats(self):
        relay = self.relay()
        place = relay.metrics[0]
        prometheus = (f'{reader.OPEN.split(";")[0]};version=1.0.0;q=0.75,'
                      'text/plain;version=0.0.4;q=0.5,*/*;q=0.1')
        for accept, wanted in ((prometheus, reader.OPEN), (reader.OPEN, reader.OPEN),
                               ('text/plain', reader.PLAIN), ('*/*', reader.PLAIN),
                               ('', reader.PLAIN),
                               ('text/plain;q=1, application/openmetrics-text;q=0.1',
                                reader.PLAIN),
                               ('application/openmetrics-text;q=0', reader.PLAIN)):
            status, kind, body = reader.curl(place, '--header', f'Accept: {accept}')
            self.assertEqual((status, kind), (200, wanted), accept)
            seen = reader.Scrape(body, wanted == reader.OPEN)
            self.assertEqual(seen.find('imp_relay_connections_total'), [0])

    def test_head(self):
        relay = self.relay()
        answer = reader.ask(relay.metrics[0], b'HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
        head, _, body = answer.partition(b'\r\n\r\n')
        self.assertTrue(head.startswith(b'HTTP/1.1 200 OK\r\n'), head)
        self.assertEqual(body, b'')

    def test_unix_socket(self):
        path = f'{self.folder}/metrics'
        relay = self.relay(metrics=(path,))
        self.assertEqual(relay.metrics, [path])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(reader.scrape(path).find('imp_relay_connections_total'), [0])
        relay.stop()
        self.assertFalse(os.path.exists(path))

    def test_label(self):
        """What the user has written may hold anything."""
        path = f'{self.folder}/a "b" \\n'
        tool = self.start('relay', '--metrics', '127.0.0.1:0', '--listen', path, '--connect',
                          self.server.address, metrics=1)
        seen = reader.scrape(tool.metrics[0])
        self.assertEqual(seen.find('imp_relay_group_info', listen=path), [1])

    def test_promtool(self):
        relay = self.relay('--listen', '127.0.0.1:0', listeners=2)
        talk(relay, b'foo')
        text = reader.curl(relay.metrics[0])[2]
        done = subprocess.run(['promtool', 'check', 'metrics'], input=text, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual((done.returncode, done.stdout), (0, ''))

    def test_file(self):
        path = f'{self.folder}/imp.prom'
        relay = self.relay('--metrics-interval', '1', metrics=(f'file:{path}',))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o644)
        first = os.stat(path).st_ino
        talk(relay, b'foo')

        def read():
            with open(path, encoding='utf-8') as text:
                return reader.Scrape(text.read(), False)
        harness.wait_until(lambda: read().find('imp_relay_connections_total') == [1])
        self.assertNotEqual(os.stat(path).st_ino, first)
        self.assertEqual(os.listdir(self.folder), ['imp.prom'])
        relay.stop()
        self.assertEqual(os.listdir(self.folder), [])

    def test_file_that_fails(self):
        """It says so once, and goes on."""
        folder = f'{self.folder}/there'
        os.mkdir(folder)
        relay = self.relay('--metrics-interval', '1', metrics=(f'file:{folder}/imp.prom',))
        os.rename(folder, folder + '-not')
        relay.wait_for_log('Cannot create')
        os.rename(folder + '-not', folder)
        relay.wait_for_log('is written again')
        self.assertEqual(len([line for line in relay.log if 'Cannot create' in line]), 1)
        self.assertEqual(talk(relay, b'foo'), b'quux')


class Workers(Base):
    def test_serve(self):
        """Each of several processes has a place of its own, and says which one it is."""
        tool = self.start('serve', '--workers', '2', '--metrics', f'file:{self.folder}/imp.prom',
                          '--metrics', f'{self.folder}/imp', f'{self.folder}/serve')
        for number in ('0', '1'):
            path = f'{self.folder}/imp.{number}'
            harness.wait_until(lambda: os.path.exists(path))
            seen = reader.scrape(path)
            self.assertEqual({labels.get('worker') for _, labels, _ in seen.samples}, {number})
            with open(f'{path}.prom', encoding='utf-8') as text:
                self.assertEqual(reader.Scrape(text.read(), False).names(),
                                 seen.names())
        tool.stop()
        self.assertEqual([name for name in os.listdir(self.folder) if 'imp' in name], [])

    def test_refused(self):
        status, _, err = harness.run_tool('serve', '--workers', '2', '--metrics', '127.0.0.1:0',
                                          f'{self.folder}/serve')
        self.assertEqual(status, 2, err)
        self.assertIn('--workers', err)


class Hostile(Base):
    def check(self, request, status):
        answer = reader.ask(self.place, request)
        self.assertEqual(answer.split(b'\r\n')[0].split(b' ')[:2],
                         [b'HTTP/1.1', str(status).encode()], request[:80])

    def test_requests(self):
        self.place = self.relay().metrics[0]
        for request, status in (
                (b'GET /metrics HTTP/1.1\r\n\r\n', 200),
                (b'GET /metrics?name[]=x HTTP/1.0\r\nHost: a\r\n\r\n', 200),
                (b'GET / HTTP/1.1\r\n\r\n', 404),
                (b'GET /metrics/ HTTP/1.1\r\n\r\n', 404),
                (b'GET /metricsx HTTP/1.1\r\n\r\n', 404),
                (b'GET /../metrics HTTP/1.1\r\n\r\n', 404),
                (b'GET http://127.0.0.1/metrics HTTP/1.1\r\n\r\n', 404),
                (b'POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello', 405),
                (b'OPTIONS /metrics HTTP/1.1\r\n\r\n', 405),
                (b'get /metrics HTTP/1.1\r\n\r\n', 405),
                (b'GET /metrics\r\n\r\n', 400),
                (b'GET  /metrics HTTP/1.1\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1 \r\n\r\n', 400),
                (b' GET /metrics HTTP/1.1\r\n\r\n', 400),
                (b'GET /metrics HTTP/2.0\r\n\r\n', 505),
                (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
                (b'GET /metrics FTP/1.1\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\nHost: a\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\r\nHost a\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\r\n: a\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\r\nA: \0\r\n\r\n', 400),
                (b'GET /metrics HTTP/1.1\r\nA: \x1b[2J\r\n\r\n', 400),
                (b'GET /\xff HTTP/1.1\r\n\r\n', 400),
                (b'\x16\x03\x01\x02\x00', 400),
                (b'GET /' + b'a' * 9000, 431),
                (b'GET /metrics HTTP/1.1\r\n' + b'A: b\r\n' * 2000, 431),
                (b'GET /metrics HTTP/1.1\r\nAccept: ' + b',;q=' * 1500 + b'\r\n\r\n', 200)):
            with self.subTest(request=request[:60]):
                self.check(request, status)

    def test_split(self):
        """Byte by byte, and with more behind it than is asked for."""
        place = self.relay().metrics[0]
        host, _, port = place.rpartition(':')
        with socket.create_connection((host, int(port)), timeout=harness.TIMEOUT) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n':
                client.sendall(bytes([byte]))
            self.assertIn(b'# TYPE imp_relay_connections_total counter',
                          harness.read_all(client))
        answer = reader.ask(place, b'GET /metrics HTTP/1.1\r\n\r\n' * 100)
        self.assertEqual(answer.count(b'HTTP/1.1 200 OK'), 1)

    def test_silent_clients(self):
        """Those that say nothing, or read nothing, do not keep others out for long."""
        relay = self.relay()
        host, _, port = relay.metrics[0].rpartition(':')
        silent = [socket.create_connection((host, int(port))) for _ in range(40)]
        for client in silent[:20]:
            client.sendall(b'GET /metrics HTTP/1.1\r\n')
        try:
            # Whoever comes behind them waits for their time to be over.
            self.assertEqual(reader.scrape(relay.metrics[0]).find('imp_relay_connections_total'),
                             [0])
            self.assertLess(len(os.listdir(f'/proc/{relay.process.pid}/fd')), 16 + 20)
            # And meanwhile traffic goes on.
            with harness.connect(relay.port) as client:
                client.sendall(b'hello')
                self.assertEqual(client.recv(5, socket.MSG_WAITALL), b'hello')
        finally:
            for client in silent:
                client.close()


class Errors(Base):
    def refused(self, *options):
        status, out, err = harness.run_tool('relay', *options, '--listen',
                                            f'{self.folder}/listen', '--connect',
                                            self.server.address)
        self.assertEqual(out, '')
        self.assertEqual(len(err.splitlines()), 1, err)
        return status, err

    def test_exposed(self):
        for place in ('0.0.0.0:0', '[::]:0'):
            status, text = self.refused('--metrics', place)
            self.assertEqual(status, 2)
            self.assertIn('--metrics-insecure', text)
            self.assertIn(place, text)
        relay = self.relay('--metrics-insecure', metrics=('0.0.0.0:0',))
        port = relay.metrics[0].rpartition(':')[2]
        self.assertEqual(reader.scrape(f'127.0.0.1:{port}').find('imp_relay_connections_total'),
                         [0])

    def test_usage(self):
        for options, wanted in ((('--metrics', 'tls://127.0.0.1:0'), 'tls://127.0.0.1:0'),
                                (('--metrics', 'nowhere'), 'nowhere'),
                                (('--metrics', 'file:here'), 'absolute'),
                                (('--metrics-interval', '5'), '--metrics-interval'),
                                (('--metrics-insecure',), '--metrics-insecure'),
                                (('--metrics', '127.0.0.1:0', '--metrics-interval', '0'),
                                 '1 to 3600')):
            status, text = self.refused(*options)
            self.assertEqual(status, 2, text)
            self.assertIn(wanted, text)

    def test_failed(self):
        for place in (self.server.address, f'file:{self.folder}/none/imp.prom'):
            status, text = self.refused('--metrics', place)
            self.assertEqual(status, 1, text)
            self.assertIn(place.removeprefix('file:'), text)


if __name__ == '__main__':
    harness.main()
