#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--ask-first: an analyzer that refuses, wherever it is and however long it takes, is heard before
the server is connected. And --sni: the name in TLS is known by then."""

import os
import signal
import socket
import ssl
import time
import unittest

import proxy_clients as clients
import tool_harness as harness

GATEKEEPER = os.path.join(os.environ['IMP_TEST_MODULES'], 'gatekeeper.so')
DENY_ALL = f'{GATEKEEPER}=deny=caddr:127.0.0.1'
DENY_NAME = f'{GATEKEEPER}=deny=name:evil.test'
DENIED = 'refused: Denied by the analyzer: not on the list'


class Counting(harness.Upstream):
    """Counts those that come, and echoes."""

    def __init__(self):
        self.seen = 0
        super().__init__(self.count)

    def count(self, connection):
        self.seen += 1
        harness.echo(connection)


def exchange(connection, data=b'hello'):
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    return harness.read_all(connection)


def fixed(upstream, module, *options):
    return harness.Tool('relay', '--listen', '127.0.0.1:0', *options, '--ask-first', '--module',
                        module, '--connect', upstream.address)


def proxies(module, *options):
    return harness.Tool('relay', '--listen', '127.0.0.1:0', *options, '--ask-first', '--module',
                        module, '--socks', '--listen', '127.0.0.1:0', '--ask-first', '--module',
                        module, '--http-connect', listeners=2)


def ports(relay):
    return [int(address.rpartition(':')[2]) for address in relay.addresses]


class Here(unittest.TestCase):
    """Analyzers in the relay itself."""

    def test_agreed(self):
        with Counting() as upstream, fixed(upstream, GATEKEEPER) as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(exchange(client), b'hello')
            relay.wait_for_log(f'saddr=127.0.0.1 sport={upstream.port}')

    def test_denied(self):
        """The server hears nothing; the client gets an end, and what the analyzer says."""
        for answer in ('', 'go away'):
            with Counting() as upstream, \
                    fixed(upstream, f'{DENY_ALL}&answer={answer}') as relay, \
                    harness.connect(relay.port) as client:
                self.assertEqual(harness.read_all(client), answer.encode())
                relay.wait_for_log(DENIED)
                self.assertEqual(upstream.seen, 0)

    def test_dropped(self):
        with Counting() as upstream, \
                fixed(upstream, f'{DENY_ALL}&answer=go away&drop=1') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            self.assertEqual(upstream.seen, 0)

    def test_proxies(self):
        """Whoever has asked for a server is told in its own words."""
        with proxies(DENY_NAME) as relay, Counting() as upstream:
            socks, connect = ports(relay)
            self.assertEqual(clients.socks5_code(socks, 'evil.test', 80), 2)
            self.assertEqual(clients.socks4_code(socks, 'evil.test', 80), 91)
            connection, code = clients.http_connect(connect, 'evil.test:80')
            with connection:
                self.assertEqual((code, harness.read_all(connection)),
                                 (403, b'Denied by the analyzer: not on the list\n'))
            connection, code = clients.socks5(socks, 'localhost', upstream.port)
            with connection:
                self.assertEqual((code, exchange(connection)), (0, b'hello'))

    def test_dropped_by_a_proxy(self):
        with proxies(f'{DENY_NAME}&drop=1') as relay:
            connection, code = clients.socks5(ports(relay)[0], 'localhost', 9)
            connection.close()
            self.assertEqual(code, 5)
            with harness.connect(ports(relay)[1]) as client:
                client.sendall(b'CONNECT evil.test:80 HTTP/1.1\r\n\r\n')
                self.assertEqual(harness.read_to_reset(client), b'')

    def test_time_to_decide(self):
        """A direction is paused until the analyzer knows."""
        with Counting() as upstream, fixed(upstream, f'{DENY_ALL}&delay=300') as relay, \
                harness.connect(relay.port) as client:
            client.sendall(b'early')
            self.assertEqual(harness.read_all(client), b'')
            self.assertEqual(upstream.seen, 0)
        with Counting() as upstream, fixed(upstream, f'{GATEKEEPER}=delay=300') as relay, \
                harness.connect(relay.port) as client:
            begun = time.monotonic()
            self.assertEqual(exchange(client), b'hello')
            self.assertGreaterEqual(time.monotonic() - begun, 0.29)

    def test_never_decided(self):
        with Counting() as upstream, \
                fixed(upstream, f'{GATEKEEPER}=delay=60000', '--deadline=1',
                      '--max-extensions=0') as relay, harness.connect(relay.port) as client:
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('failed: ')
            self.assertEqual(upstream.seen, 0)

    def test_nobody_to_connect_to(self):
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            port = closed.getsockname()[1]
            with proxies(GATEKEEPER) as relay:
                self.assertEqual(clients.socks5_code(ports(relay)[0], '127.0.0.1', port), 5)

    def test_client_that_has_gone(self):
        """It is known once there is a server, which is told so as well."""
        with Counting() as upstream, fixed(upstream, f'{GATEKEEPER}=delay=200') as relay:
            client = harness.connect(relay.port)
            client.sendall(b'all that I say')
            client.close()
            harness.wait_until(lambda: upstream.seen == 1)


class Deaf:
    """A server whose queue is full until it listens: then it keeps what it hears of those that come
    later."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=0)
        self.address = self.listener.getsockname()
        self.early = [socket.socket() for _ in range(4)]
        for filler in self.early:
            filler.setblocking(False)
            filler.connect_ex(self.address)
        self.names = {filler.getsockname() for filler in self.early}
        self.n_waiting = self.count_waiting()

    def count_waiting(self):
        """Of those whose SYN is not answered."""
        with open('/proc/net/tcp', encoding='ascii') as table:
            rows = [line.split() for line in table]
        return sum(row[2].endswith(f':{self.address[1]:04X}') and row[3] == '02' for row in rows)

    def wait_for_another(self):
        harness.wait_until(lambda: self.count_waiting() > self.n_waiting)

    def listen(self):
        """What the next one says until its end."""
        self.listener.settimeout(harness.TIMEOUT)
        while True:
            connection, name = self.listener.accept()
            with connection:
                if name not in self.names:
                    return harness.read_all(connection)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for one in [self.listener, *self.early]:
            one.close()


class Regret(unittest.TestCase):
    """An analyzer that has agreed refuses while the server is still being connected."""

    def check(self, settings, destination, make_request, expected):
        regret = os.path.join(harness.make_folder(), 'regret')
        with Deaf() as server:
            port = server.address[1]
            with harness.Tool('relay', '--listen', '127.0.0.1:0', '--ask-first', '--module',
                              f'{DENY_ALL}&regret={regret}{settings}', '--proxy-protocol=out',
                              *destination(port)) as relay, harness.connect(relay.port) as client:
                client.sendall(make_request(port))
                server.wait_for_another()
                with open(regret, 'wb'):
                    relay.wait_for_log('regretted')
                self.assertEqual(server.listen(), b'')
                self.assertTrue(harness.read_all(client).startswith(expected))

    def test_socks(self):
        self.check('', lambda port: ['--socks'],
                   lambda port: b'\x04\x01' + port.to_bytes(2, 'big') + b'\x7f\0\0\x01\0',
                   b'\x00\x5b')

    def test_http_connect(self):
        self.check('', lambda port: ['--http-connect'],
                   lambda port: f'CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n'.encode(),
                   b'HTTP/1.1 403 ')

    def test_fixed(self):
        """The client gets what the analyzer says."""
        self.check('&answer=go away', lambda port: ['--connect', f'127.0.0.1:{port}'],
                   lambda port: b'', b'go away')


class Elsewhere(unittest.TestCase):
    """Analyzers behind a server, whose refusal takes a way back."""

    def serve(self, module):
        path = os.path.join(harness.make_folder(), 'socket')
        return path, harness.Tool('serve', '--module', module, path)

    def test_denied(self):
        path, server = self.serve(DENY_NAME)
        with server, proxies(f'remote=addr={path}') as relay, Counting() as upstream:
            for _ in range(20):
                self.assertEqual(clients.socks5_code(ports(relay)[0], 'evil.test', 80), 2)
            self.assertEqual(clients.http_code(ports(relay)[1], 'evil.test:80'), 403)
            connection, code = clients.socks5(ports(relay)[0], 'localhost', upstream.port)
            with connection:
                self.assertEqual((code, exchange(connection)), (0, b'hello'))

    def test_denied_behind_another_server(self):
        inner, inner_server = self.serve(DENY_ALL)
        with inner_server:
            outer, outer_server = self.serve(f'remote=addr={inner}')
            with outer_server, Counting() as upstream, \
                    fixed(upstream, f'remote=addr={outer}') as relay:
                for _ in range(20):
                    with harness.connect(relay.port) as client:
                        self.assertEqual(harness.read_all(client), b'')
                self.assertEqual(upstream.seen, 0)

    def check_denied(self, module, times=20):
        with Counting() as upstream, fixed(upstream, module) as relay:
            for _ in range(times):
                with harness.connect(relay.port) as client:
                    self.assertEqual(harness.read_all(client), b'')
            self.assertEqual(upstream.seen, 0)

    def test_several_connections(self):
        """The one that has the analyzer is asked, whichever that is; and behind a server, all."""
        inner, inner_server = self.serve(f'{DENY_ALL}&delay=20')
        with inner_server:
            self.check_denied(f'remote=addr={inner}&connections=4')
            outer, outer_server = self.serve(f'remote=addr={inner}&connections=4')
            with outer_server:
                self.check_denied(f'remote=addr={outer}&connections=4')

    def test_several_servers(self):
        """One that is dead matters to nobody whose analyzer is at another one."""
        dead = os.path.join(harness.make_folder(), 'nobody')
        path, server = self.serve(DENY_NAME)
        with server, Counting() as upstream:
            for modules in ([f'remote=addresses={dead},{path}'],
                            [GATEKEEPER, '--module', f'remote=addresses={dead},{path}']):
                with harness.Tool('relay', '--listen', '127.0.0.1:0', '--ask-first', '--module',
                                  *modules, '--socks') as relay:
                    connection, code = clients.socks5(relay.port, 'localhost', upstream.port)
                    with connection:
                        self.assertEqual((code, exchange(connection)), (0, b'hello'))
                    self.assertEqual(clients.socks5_code(relay.port, 'evil.test', 80), 2)

    def test_time_to_decide(self):
        path, server = self.serve(f'{DENY_ALL}&delay=200')
        with server, Counting() as upstream, fixed(upstream, f'remote=addr={path}') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(harness.read_all(client), b'')
            self.assertEqual(upstream.seen, 0)

    def test_stuck(self):
        """Who says nothing has not agreed, whatever `fail` is for what it does not say later."""
        for fail in ('hard', 'soft'):
            path, server = self.serve(GATEKEEPER)
            with server, Counting() as upstream, \
                    fixed(upstream, f'remote=addr={path}&fail={fail}', '--deadline=1') as relay:
                with harness.connect(relay.port) as client:
                    self.assertEqual(exchange(client), b'hello')
                server.process.send_signal(signal.SIGSTOP)
                with harness.connect(relay.port) as client:
                    self.assertEqual(harness.read_to_reset(client), b'')
                relay.wait_for_log('The analyzer cannot be asked')
                server.process.send_signal(signal.SIGCONT)
                self.assertEqual(upstream.seen, 1)

    def test_gone(self):
        """An outcome is one: hard refuses, and soft lets pass."""
        path = os.path.join(harness.make_folder(), 'nobody')
        with proxies(f'remote=addr={path}&fail=hard') as relay, Counting() as upstream:
            self.assertEqual(clients.socks5_code(ports(relay)[0], 'localhost', upstream.port), 1)
            self.assertEqual(clients.http_code(ports(relay)[1], upstream.address), 502)
            self.assertEqual(upstream.seen, 0)
        with Counting() as upstream, fixed(upstream, f'remote=addr={path}&fail=soft') as relay, \
                harness.connect(relay.port) as client:
            self.assertEqual(exchange(client), b'hello')


def client_hello(name):
    """The beginning of TLS as a real client says it."""
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Names(unittest.TestCase):
    def relay(self, upstream, *options, module=GATEKEEPER):
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--sni', *options, '--module',
                            module, '--connect', upstream.address)

    def test_name(self):
        hello = client_hello('example.org')
        with Counting() as upstream, self.relay(upstream) as relay:
            with harness.connect(relay.port) as client:
                self.assertEqual(exchange(client, hello), hello)
            relay.wait_for_log('sni=example.org sport=')

    def test_byte_by_byte(self):
        hello = client_hello('cut.example.org')
        with Counting() as upstream, self.relay(upstream) as relay:
            with harness.connect(relay.port) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in hello[:-1]:
                    client.sendall(bytes([byte]))
                time.sleep(0.05)
                self.assertEqual(upstream.seen, 0)
                self.assertEqual(exchange(client, hello[-1:]), hello)
            relay.wait_for_log('sni=cut.example.org sport=')

    def test_denied_first(self):
        with Counting() as upstream, \
                self.relay(upstream, '--ask-first',
                           module=f'{GATEKEEPER}=deny=sni:evil.test') as relay:
            with harness.connect(relay.port) as client:
                client.sendall(client_hello('evil.test'))
                self.assertEqual(harness.read_all(client), b'')
            self.assertEqual(upstream.seen, 0)
            with harness.connect(relay.port) as client:
                hello = client_hello('good.test')
                self.assertEqual(exchange(client, hello), hello)

    def test_other_protocols(self):
        """They are known by their first byte."""
        with Counting() as upstream, self.relay(upstream, '--sni-timeout=60000') as relay:
            for said in (b'GET / HTTP/1.1\r\n\r\n', b'\x16\x02', b'x'):
                with harness.connect(relay.port) as client:
                    client.sendall(said)
                    self.assertEqual(client.recv(100), said)
            self.assertNotIn('sni=', '\n'.join(relay.log))

    def test_server_speaks_first(self):
        def greet(connection):
            connection.sendall(b'220 ready\r\n')
            harness.echo(connection)
        with harness.Upstream(greet) as upstream, \
                self.relay(upstream, '--sni-timeout=200') as relay:
            with harness.connect(relay.port) as client:
                begun = time.monotonic()
                self.assertEqual(client.recv(100), b'220 ready\r\n')
                self.assertGreaterEqual(time.monotonic() - begun, 0.2)
                self.assertEqual(exchange(client), b'hello')

    def test_ends(self):
        """Of a client that says nothing, or half of it, all goes on as it came."""
        with Counting() as upstream, self.relay(upstream, '--sni-timeout=60000') as relay:
            for said in (b'', client_hello('example.org')[:50]):
                with harness.connect(relay.port) as client:
                    self.assertEqual(exchange(client, said), said)

    def test_behind_a_proxy(self):
        """There it comes when the server is there."""
        with Counting() as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--sni', '--module', GATEKEEPER,
                             '--http-connect') as relay:
            hello = client_hello('example.org')
            connection, code = clients.http_connect(relay.port, upstream.address)
            with connection:
                self.assertEqual(code, 200)
                self.assertEqual(exchange(connection, hello), hello)
            relay.wait_for_log('sni=example.org sport=')


if __name__ == '__main__':
    unittest.main(verbosity=2)
