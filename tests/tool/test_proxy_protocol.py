#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""PROXY headers, of both versions and in both directions: with HAProxy and nginx at the other end,
and with those who may not say for whom a connection is."""

import contextlib
import os
import socket
import subprocess
import unittest

import tool_harness as harness

GATEKEEPER = os.path.join(os.environ['IMP_TEST_MODULES'], 'gatekeeper.so')
SIGNATURE = b'\r\n\r\n\x00\r\nQUIT\n'
HEADERS = (b'PROXY TCP4 192.0.2.7 198.51.100.2 4711 443\r\n',
           SIGNATURE + b'\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x02\x12\x67\x01\xbb')


def free_ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(('127.0.0.1', 0))) for _ in range(n)]
        return [one.getsockname()[1] for one in sockets]


def wait_for_port(port, process):
    def listens():
        if process.poll() is not None:
            raise AssertionError(f'{process.args} ended with {process.returncode}')
        try:
            socket.create_connection(('127.0.0.1', port), timeout=1).close()
        except ConnectionRefusedError:
            return False
        return True
    harness.wait_until(listens)


@contextlib.contextmanager
def running(port, *command):
    """A program that listens there, as long as this lasts."""
    with open(os.path.join(harness.make_folder(), 'log'), 'wb') as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            yield
        finally:
            process.terminate()
            process.wait(harness.TIMEOUT)


@contextlib.contextmanager
def haproxy(frontend, backend):
    """Its port. @frontend: what stands behind its bind, @backend: its server."""
    port, = free_ports(1)
    path = os.path.join(harness.make_folder(), 'haproxy.cfg')
    with open(path, 'w', encoding='ascii') as config:
        config.write(f'''
global
    maxconn 100
defaults
    mode tcp
    timeout connect 10s
    timeout client 10s
    timeout server 10s
frontend in
    bind 127.0.0.1:{port} {frontend}
    default_backend out
backend out
    server one {backend}
''')
    with running(port, '/usr/sbin/haproxy', '-db', '-f', path):
        yield port


@contextlib.contextmanager
def nginx():
    """Its port; it answers with the address that the header said."""
    port, = free_ports(1)
    folder = harness.make_folder()
    path = os.path.join(folder, 'nginx.conf')
    with open(path, 'w', encoding='ascii') as config:
        config.write(f'''
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a;
    proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d;
    scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} proxy_protocol;
        location / {{ return 200 "$proxy_protocol_addr:$proxy_protocol_port\\n"; }}
    }}
}}
''')
    with running(port, '/usr/sbin/nginx', '-p', folder, '-e', 'stderr', '-c', path):
        yield port


def relay(upstream_port, *options, listen='127.0.0.1:0'):
    return harness.Tool('relay', '--listen', listen, *options, '--module', GATEKEEPER, '--connect',
                        f'127.0.0.1:{upstream_port}')


def relay_in(upstream_port, *options, trusted='127.0.0.0/8', **more):
    return relay(upstream_port, '--proxy-protocol', 'in', '--proxy-from', trusted, *options, **more)


def ask(port, said=b'hello', header=b''):
    with harness.connect(port) as client:
        client.sendall(header + said)
        client.shutdown(socket.SHUT_WR)
        return client.getsockname()[1], harness.read_all(client)


class Programs(unittest.TestCase):
    def test_haproxy_sends(self):
        """The context has the client that HAProxy has seen."""
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            for how in ('send-proxy', 'send-proxy-v2',
                        'send-proxy-v2 proxy-v2-options crc32c,unique-id'):
                with haproxy('', f'127.0.0.1:{tool.port} {how}') as port:
                    cport, got = ask(port)
                    self.assertEqual(got, b'hello', how)
                    tool.wait_for_log(f'127.0.0.1:{cport} -> 127.0.0.1:{upstream.port}: log: '
                                      f'known: caddr=127.0.0.1 cport={cport} saddr=')

    def test_haproxy_receives(self):
        """What it has understood it says in a header of its own."""
        with harness.Upstream(harness.echo) as upstream, \
                haproxy('accept-proxy', f'127.0.0.1:{upstream.port} send-proxy') as port:
            for how in ('out', 'out-v1', 'out-v2'):
                with relay(port, '--proxy-protocol', how) as tool:
                    cport, got = ask(tool.port)
                    self.assertEqual(
                        got, f'PROXY TCP4 127.0.0.1 127.0.0.1 {cport} {tool.port}\r\n'.encode()
                        + b'hello', how)

    def test_nginx_receives(self):
        request = b'GET / HTTP/1.0\r\n\r\n'
        with nginx() as port:
            for how in ('out-v1', 'out-v2'):
                with relay(port, '--proxy-protocol', how) as tool:
                    cport, got = ask(tool.port, request)
                    self.assertTrue(got.endswith(f'127.0.0.1:{cport}\n'.encode()), (how, got))


class Servers(unittest.TestCase):
    """Servers of analyzers behind HAProxy."""

    def serve(self, address, *options):
        return harness.Tool('serve', '--proxy-protocol', 'in', '--proxy-from', '127.0.0.1',
                            *options, address)

    def test_plain(self):
        with self.serve('127.0.0.1:0') as server:
            for how in ('send-proxy', 'send-proxy-v2'):
                with haproxy('', f'127.0.0.1:{server.port} {how}') as port:
                    status, out, err = harness.run_tool('ping', f'127.0.0.1:{port}')
                    self.assertEqual(status, 0, (how, out, err))

            def is_refused():
                self.assertNotEqual(harness.run_tool('ping', '--timeout=1', server.address)[0], 0)
                return any('No PROXY header comes first' in line for line in list(server.log))
            # Refusals are logged once a second: a line may be about somebody else.
            harness.wait_until(is_refused)

    def test_tls(self):
        """The header comes before it."""
        path = os.path.join(harness.make_folder(), 'both.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj',
                        '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path,
                        '-out', path + '.crt'], check=True, stderr=subprocess.DEVNULL)
        with self.serve('tls://127.0.0.1:0', '--tls-cert', path + '.crt', '--tls-key',
                        path) as server, \
                haproxy('', f'127.0.0.1:{server.port} send-proxy-v2') as port:
            status, out, err = harness.run_tool('ping', '--tls-ca', path + '.crt',
                                                f'tls://127.0.0.1:{port}')
            self.assertEqual(status, 0, (out, err))

    def test_options(self):
        for args, text in ((['--proxy-protocol', 'in'], '--proxy-from ADDRESS[/BITS] must say'),
                           (['--proxy-from', '127.0.0.1'], 'is for --proxy-protocol in'),
                           (['--proxy-protocol', 'out', '--proxy-from', '127.0.0.1'], '"out"'),
                           (['--proxy-protocol', 'in', '--proxy-from', 'here'],
                            'proxy-from: "here" is no IP address')):
            status, out, err = harness.run_tool('serve', *args, '127.0.0.1:0')
            self.assertEqual((status, out), (2, ''), (args, err))
            self.assertIn(text, err)


class Headers(unittest.TestCase):
    def test_in(self):
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            for header in HEADERS:
                self.assertEqual(ask(tool.port, header=header)[1], b'hello')
            tool.wait_for_log('192.0.2.7:4711 -> 127.0.0.1')
            tool.wait_for_log('known: caddr=192.0.2.7 cport=4711 saddr=127.0.0.1')

    def test_in_without_addresses(self):
        """As of a proxy that looks whether the relay is alive: the connection is its own."""
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            for header in (b'PROXY UNKNOWN\r\n', SIGNATURE + b'\x20\x00\x00\x00'):
                cport, got = ask(tool.port, header=header)
                self.assertEqual(got, b'hello')
                tool.wait_for_log(f'known: caddr=127.0.0.1 cport={cport}')

    def test_in_and_out(self):
        with harness.Upstream(harness.echo) as upstream, \
                relay_in(upstream.port, '--proxy-protocol', 'out-v1') as tool:
            for header in HEADERS:
                self.assertEqual(ask(tool.port, header=header)[1], HEADERS[0] + b'hello')

    def test_name(self):
        header = (SIGNATURE + b'\x21\x11\x00\x1a' + HEADERS[1][16:] + b'\x02\x00\x0bexample.org')
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            self.assertEqual(ask(tool.port, header=header)[1], b'hello')
            tool.wait_for_log('sni=example.org')

    def test_byte_by_byte(self):
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            for header in HEADERS:
                with harness.connect(tool.port) as client:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for byte in header + b'hello':
                        client.sendall(bytes([byte]))
                    client.shutdown(socket.SHUT_WR)
                    self.assertEqual(harness.read_all(client), b'hello')

    def test_unix(self):
        """There, who may connect may say it."""
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Upstream(harness.echo) as upstream, \
                relay(upstream.port, '--proxy-protocol', 'in', listen=path) as tool, \
                socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            client.sendall(HEADERS[1] + b'hello')
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.read_all(client), b'hello')
            tool.wait_for_log('caddr=192.0.2.7')

    def test_with_socks(self):
        """Whose it is comes first, then where it goes."""
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--proxy-protocol', 'in',
                             '--proxy-from', '127.0.0.1', '--module', GATEKEEPER,
                             '--socks') as tool:
            request = b'\x04\x01' + upstream.port.to_bytes(2, 'big') + b'\x7f\x00\x00\x01\x00'
            got = ask(tool.port, header=HEADERS[0] + request)[1]
            self.assertEqual((got[1], got[8:]), (90, b'hello'))
            tool.wait_for_log('caddr=192.0.2.7')


class Refused(unittest.TestCase):
    def test_not_trusted(self):
        with harness.Upstream(harness.echo) as upstream, \
                relay_in(upstream.port, trusted='192.0.2.0/24') as tool, \
                harness.connect(tool.port) as client:
            client.sendall(HEADERS[0] + b'hello')
            self.assertEqual(harness.read_to_reset(client), b'')
            tool.wait_for_log('refused: This address may not say for whom its connections are '
                              '(--proxy-from)')

    def test_malformed(self):
        with harness.Upstream(harness.echo) as upstream, relay_in(upstream.port) as tool:
            for said, line in ((b'GET / HTTP/1.1\r\n\r\n', 'begins with the byte 0x47'),
                               (b'PROXY TCP4 1.2.3.4\r\n', 'two addresses and two ports'),
                               (SIGNATURE + b'\x21\x11\x00\x00', 'lacks its addresses')):
                with harness.connect(tool.port) as client:
                    client.sendall(said)
                    self.assertEqual(harness.read_to_reset(client), b'')
                tool.wait_for_log(line)

    def test_none(self):
        with harness.Upstream(harness.echo) as upstream, \
                relay_in(upstream.port, '--greeting-timeout=1') as tool, \
                harness.connect(tool.port) as client:
            client.sendall(b'PROXY ')
            self.assertEqual(harness.read_to_reset(client), b'')
            tool.wait_for_log('no complete PROXY header within 1000 ms')

    def test_peers(self):
        """Who is one peer is what the header says."""
        with harness.Upstream(harness.echo) as upstream, \
                relay_in(upstream.port, '--max-connections-per-peer=1') as tool, \
                harness.connect(tool.port) as one, harness.connect(tool.port) as other, \
                harness.connect(tool.port) as third:
            one.sendall(HEADERS[0] + b'x')
            self.assertEqual(one.recv(1), b'x')
            other.sendall(HEADERS[0].replace(b'.7', b'.8') + b'x')
            self.assertEqual(other.recv(1), b'x')
            third.sendall(HEADERS[1] + b'x')
            self.assertEqual(harness.read_to_reset(third), b'')
            tool.wait_for_log('192.0.2.7:4711 -> ')
            tool.wait_for_log('There are 1 connections of it already')
            one.shutdown(socket.SHUT_WR)
            self.assertEqual(harness.read_all(one), b'')
            harness.wait_until(lambda: self.is_taken(tool.port))

    def is_taken(self, port):
        with harness.connect(port) as client:
            try:
                client.sendall(HEADERS[0] + b'x')
                return client.recv(1) == b'x'
            except ConnectionResetError:
                return False

    def test_options(self):
        for args, text in ((['--proxy-protocol', 'in'], '--proxy-from ADDRESS[/BITS] must say'),
                           (['--proxy-from', '127.0.0.1'], 'is for --proxy-protocol in'),
                           (['--proxy-protocol', 'both'], '"both"'),
                           (['--proxy-protocol', 'in', '--proxy-from', 'localhost'],
                            '"localhost" is no IP address'),
                           (['--proxy-protocol', 'in', '--proxy-from', '127.0.0.1/8'],
                            '127.0.0.1/8')):
            status, out, err = harness.run_tool('relay', '--listen', '127.0.0.1:0', *args,
                                                '--connect', '127.0.0.1:9')
            self.assertEqual((status, out), (2, ''), (args, err))
            self.assertIn(text, err)


if __name__ == '__main__':
    unittest.main(verbosity=2)
