#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example http-header between curl, or what a test says itself, and a real nginx."""

import os
import re
import socket
import subprocess
import threading
import time
import unittest

from traffic import Daemon, example, free_port
from tool_harness import TIMEOUT, Tool, Upstream, make_folder, read_all

# "ssi" has nginx send what it does not know the length of, in chunks.
CONFIGURATION = '''
daemon off;
worker_processes 1;
error_log stderr;
pid nginx.pid;
events { worker_connections 100; }
http {
    access_log off;
    client_body_temp_path client;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    types { text/html html; }
    server {
        listen 127.0.0.1:%d;
        root files;
        client_max_body_size 100m;
        location = /page.html { ssi on; }
        location = /none { return 204; }
        location = /put { proxy_pass http://127.0.0.1:%d; proxy_request_buffering off; }
    }
}
'''
HEADER = 'X-Seen-By: a test'
LARGE = 3 << 20


def count(connection):
    """A server behind nginx that says how many bytes the body of a request had."""
    data = b''
    while b'\r\n\r\n' not in data:
        data += connection.recv(65536)
    head, body = data.split(b'\r\n\r\n', 1)
    length = int(re.search(rb'(?i)content-length: (\d+)', head)[1])
    got = len(body)
    while got < length:
        got += len(connection.recv(65536))
    text = b'%d' % got
    connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n' % len(text) + text)


class HttpHeader(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = make_folder()
        os.chmod(cls.folder, 0o755)   # who nginx becomes may read it
        os.mkdir(os.path.join(cls.folder, 'files'))
        cls.write('small', b'HTTP/1.1 200 OK\r\n\r\nthis is the body\r\n\r\n')
        cls.write('large', os.urandom(LARGE))
        cls.write('page.html', b'<p><!--# echo var="request_method" --></p>\r\n\r\n' * 3000)
        counter = Upstream(count)
        cls.addClassCleanup(counter.__exit__)
        port = free_port()
        path = os.path.join(cls.folder, 'nginx.conf')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(CONFIGURATION % (port, counter.port))
        cls.server = Daemon(port, '/usr/sbin/nginx', '-p', cls.folder, '-e', 'stderr', '-c', path,
                            folder=cls.folder)
        cls.addClassCleanup(cls.server.stop)
        cls.relay = cls.make_relay(port)
        cls.addClassCleanup(cls.relay.__exit__, None)

    @classmethod
    def write(cls, name, data):
        with open(os.path.join(cls.folder, 'files', name), 'wb') as file:
            file.write(data)

    @staticmethod
    def make_relay(port):
        return Tool('relay', '--listen', '127.0.0.1:0', '--module',
                    f'{example("http-header.py")}=header={HEADER}', '--connect',
                    f'127.0.0.1:{port}')

    def curl(self, port, *args):
        """What curl hears, heads included, without what is another one each time."""
        done = subprocess.run(
            ['curl', '-q', '--noproxy', '*', '-sS', '-i', '--max-time', str(TIMEOUT),
             *(arg.replace('URL', f'http://127.0.0.1:{port}') for arg in args)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b''))
        return re.sub(rb'Date: [^\r]*', b'Date:', done.stdout)

    def compare(self, *args, responses=1):
        """The same is heard through the relay, but for a header at the end of each head."""
        plain = self.curl(self.server.port, *args)
        found = self.curl(self.relay.port, *args)
        self.assertEqual(found.count(HEADER.encode()), responses)
        self.assertEqual(found.replace(HEADER.encode() + b'\r\n', b''), plain)
        self.assertEqual(found.count(HEADER.encode() + b'\r\n\r\n'), responses)
        return plain

    def test_kept(self):
        """Several requests on one connection, bodies of which look like heads."""
        said = self.compare('-v', '--stderr', os.path.join(self.folder, 'said'), 'URL/small',
                            'URL/none', 'URL/missing', 'URL/small', responses=4)
        self.assertIn(b' 404 Not Found', said)
        with open(os.path.join(self.folder, 'said'), encoding='utf-8') as file:
            self.assertEqual(file.read().count('Re-using existing connection'), 3)

    def test_large(self):
        self.assertGreater(len(self.compare('URL/large', 'URL/large', responses=2)), 2 * LARGE)

    def test_chunked(self):
        said = self.compare('--raw', 'URL/page.html', 'URL/page.html', 'URL/small', responses=3)
        self.assertEqual(said.count(b'Transfer-Encoding: chunked'), 2)
        self.assertIn(b'\r\n0\r\n\r\nHTTP/1.1 200 OK', said)

    def test_head(self):
        self.compare('-I', 'URL/small', 'URL/large', 'URL/page.html', responses=3)

    def test_not_modified(self):
        said = self.compare('-H', 'If-None-Match: *', 'URL/small', 'URL/large', responses=2)
        self.assertEqual(said.count(b' 304 Not Modified'), 2)

    def test_range(self):
        self.assertIn(b' 206 Partial', self.compare('-r', '1-5', 'URL/large'))

    def test_continue(self):
        """The head of 100 has no header, the response has one, and a body goes up as well."""
        said = self.compare('-H', 'Expect: 100-continue', '--data-binary',
                            '@' + os.path.join(self.folder, 'files', 'large'), 'URL/put')
        self.assertTrue(said.startswith(b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n'), said)
        self.assertTrue(said.endswith(b'\r\n\r\n%d' % LARGE), said)

    def talk(self, port, data):
        with socket.create_connection(('127.0.0.1', port), timeout=TIMEOUT) as connection:
            connection.sendall(data)
            return re.sub(rb'Date: [^\r]*', b'Date:', read_all(connection))

    def test_pipelined(self):
        """All requests in one packet; the last one of HTTP/1.0, whose body ends with the stream."""
        data = b''.join(b'%s HTTP/1.1\r\nHost: localhost\r\n\r\n' % line for line in (
            b'GET /small', b'HEAD /large', b'GET /none', b'GET /page.html'))
        data += b'GET /page.html HTTP/1.0\r\n\r\n'
        found = self.talk(self.relay.port, data)
        self.assertEqual(found.count(HEADER.encode() + b'\r\n\r\n'), 5)
        self.assertEqual(found.replace(HEADER.encode() + b'\r\n', b''),
                         self.talk(self.server.port, data))

    def answered(self, request, *pieces):
        """What a client hears to which a server of ours answers in these pieces."""
        def serve(connection):
            connection.recv(65536)
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.02)

        with Upstream(serve) as upstream, self.make_relay(upstream.port) as relay:
            return self.talk(relay.port, request)

    def test_not_understood(self):
        get = b'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
        for request, answer in (
                (get, b'HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'),
                (get, b'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
                (get, b'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'),
                (get, b'HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n'),
                (get, b'220 this is no HTTP\r\n\r\n'),
                (b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', b'HTTP/1.1 200 OK\r\n\r\n'),
                (b'CONNECT a:1 HTTP/1.1\r\n\r\n', b'HTTP/1.1 200 OK\r\n\r\n'),
                (get, b'HTTP/1.1 200 OK\r\nA:')):
            with self.subTest(request=request, answer=answer):
                self.assertEqual(self.answered(request, answer[:30], answer[30:]), answer)

    def test_as_it_comes(self):
        """A body does not wait for its end, nor for the end of a chunk."""
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def serve(connection):
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nabc')
            go_on.wait(TIMEOUT)

        with Upstream(serve) as upstream, self.make_relay(upstream.port) as relay, \
                socket.create_connection(('127.0.0.1', relay.port), timeout=TIMEOUT) as client:
            client.sendall(b'GET / HTTP/1.1\r\n\r\n')
            heard = b''
            while not heard.endswith(b'100\r\nabc'):
                heard += client.recv(65536)
            self.assertIn(HEADER.encode() + b'\r\n\r\n', heard)
            go_on.set()


if __name__ == '__main__':
    unittest.main(verbosity=2)
