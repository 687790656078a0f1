#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples http-shield, and HTTP without any, between curl or clients of ours and real servers:
nginx, HAProxy before it, and Python's."""

import concurrent.futures
import json
import os
import re
import socket
import subprocess
import sys
import unittest

from traffic import Daemon, example, free_port
from tool_harness import TIMEOUT, Tool, Upstream, make_folder, read_all, run_tool

NGINX = '''
daemon off;
worker_processes 1;
error_log stderr;
pid nginx.pid;
events { worker_connections 200; }
http {
    access_log off;
    client_body_temp_path client;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    default_type image/png;
    types { text/html html; }
    server {
        listen 127.0.0.1:%d;
        root files;
        client_max_body_size 100m;
        location = /page.html { ssi on; }
        location = /none { return 204; }
        location = /put { dav_methods PUT; }
        location /echo { return 200 "$http_transfer_encoding;$http_content_length;$http_expect"; }
    }
}
'''
HAPROXY = '''
defaults
    mode http
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend all
    bind 127.0.0.1:%d
    default_backend nginx
backend nginx
    server nginx 127.0.0.1:%d
'''
LARGE = os.urandom(3 << 20)
TEXT = b'<p>a secret of secrets</p>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n' * 100
PAGE = b'<p><!--# echo var="request_method" --> secret</p>\r\n' * 3000


def get(target, method=b'GET', more=b''):
    return b'%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n' % (method, target, more)


class Servers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = make_folder()
        os.chmod(cls.folder, 0o755)   # who nginx becomes may read it
        os.mkdir(os.path.join(cls.folder, 'files'))
        for name, data in (('large.bin', LARGE), ('text.html', TEXT), ('page.html', PAGE)):
            cls.write(os.path.join('files', name), data)
        cls.nginx = cls.start_nginx()
        cls.servers = {'nginx': cls.nginx, 'haproxy': cls.start_haproxy(),
                       'python': cls.start_python()}

    @classmethod
    def write(cls, name, data):
        path = os.path.join(cls.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    @classmethod
    def start(cls, port, *command):
        daemon = Daemon(port, *command, folder=cls.folder)
        cls.addClassCleanup(daemon.stop)
        return daemon

    @classmethod
    def start_nginx(cls):
        port = free_port()
        path = cls.write('nginx.conf', (NGINX % port).encode())
        return cls.start(port, '/usr/sbin/nginx', '-p', cls.folder, '-e', 'stderr', '-c', path)

    @classmethod
    def start_haproxy(cls):
        port = free_port()
        path = cls.write('haproxy.cfg', (HAPROXY % (port, cls.nginx.port)).encode())
        return cls.start(port, '/usr/sbin/haproxy', '-db', '-f', path)

    @classmethod
    def start_python(cls):
        port = free_port()
        return cls.start(port, sys.executable, '-m', 'http.server', '--protocol', 'HTTP/1.1',
                         '--bind', '127.0.0.1', '--directory', os.path.join(cls.folder, 'files'),
                         str(port))

    @staticmethod
    def relay(name, port):
        return Tool('relay', '--listen', '127.0.0.1:0', '--module', example(name), '--connect',
                    f'127.0.0.1:{port}')

    @staticmethod
    def curl(port, *args):
        done = subprocess.run(
            ['curl', '-q', '--noproxy', '*', '-sS', '-i', '--max-time', str(TIMEOUT),
             *(arg.replace('URL', f'http://127.0.0.1:{port}') for arg in args)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        return re.sub(rb'(?i)(date|last-modified): [^\r]*', b'', done.stdout), done.stderr

    @staticmethod
    def talk(port, data):
        with socket.create_connection(('127.0.0.1', port), timeout=TIMEOUT) as connection:
            connection.sendall(data)
            return re.sub(rb'(?i)(date|last-modified): [^\r]*', b'', read_all(connection))


class Shield(Servers):
    NAMES = ['http-shield.so']
    if os.environ.get('IMP_TEST_SCRIPTS'):
        NAMES += ['http-shield.py', 'http-shield.js']

    def check_reads(self, port):
        heard, error = self.curl(port, 'URL/text.html', 'URL/large.bin', 'URL/missing')
        self.assertEqual(error, b'')
        self.assertEqual(heard.count(b'X-Shield: read-only\r\n'), 3)
        self.assertIn(b'\r\n\r\n' + TEXT.replace(b'secret', b'******'), heard)
        self.assertIn(b'\r\n\r\n' + LARGE, heard)
        heard, error = self.curl(port, '-I', 'URL/text.html', 'URL/large.bin')
        self.assertEqual((error, heard.count(b' 200 OK')), (b'', 2))

    def check_writes(self, port):
        for args in (['-d', 'a=b'], ['-X', 'DELETE'],
                     ['-T', os.path.join(self.folder, 'files', 'large.bin')]):
            heard, _error = self.curl(port, *args, 'URL/put')
            self.assertTrue(heard.startswith(b'HTTP/1.1 405 Method Not Allowed\r\n'), heard)
            self.assertTrue(heard.endswith(b'This can only be read.\n'), heard)

    def test_servers(self):
        for name in self.NAMES:
            for server, daemon in self.servers.items():
                with self.subTest(name=name, server=server), self.relay(name, daemon.port) as relay:
                    self.check_reads(relay.port)
                    self.check_writes(relay.port)

    def check_pipeline(self, port):
        """Answers of both kinds, in the order of the requests."""
        heard = self.talk(port, get(b'/page.html') + get(b'/put', b'POST', b'Content-Length: 3\r\n')
                          + b'abc' + get(b'/none') + get(b'/large.bin', b'HEAD')
                          + get(b'/', b'DELETE', b'Transfer-Encoding: chunked\r\n')
                          + b'3\r\nGET\r\n0\r\n\r\n'
                          + get(b'/text.html', more=b'Connection: close\r\n'))
        self.assertEqual(re.findall(rb'HTTP/1\.1 (\d+) [A-Z][^\r]*\r\n(?!\r)', heard),
                         [b'200', b'405', b'204', b'200', b'405', b'200'])
        self.assertIn(PAGE.replace(b'<!--# echo var="request_method" -->', b'GET')
                      .replace(b'secret', b'******'), heard)

    def test_pipeline(self):
        for name in self.NAMES:
            with self.subTest(name=name), self.relay(name, self.nginx.port) as relay:
                self.check_pipeline(relay.port)

    def test_load(self):
        """Many clients at a time, all of whom see what one sees."""
        for name in self.NAMES:
            with self.subTest(name=name), self.relay(name, self.nginx.port) as relay, \
                    concurrent.futures.ThreadPoolExecutor(16) as pool:
                for done in [pool.submit(self.check_pipeline, relay.port) for _ in range(100)]:
                    done.result(TIMEOUT)


class Proof(unittest.TestCase):
    def test_chunks(self):
        path = os.path.join(make_folder(), 'said.jsonl')
        with open(path, 'w', encoding='utf-8') as file:
            for direction, data in (
                    (0, get(b'/') + get(b'/', b'POST', b'Content-Length: 3\r\n') + b'abc'),
                    (1, b'HTTP/1.1 200 OK\r\nContent-Type: text/a\r\nContent-Length: 12\r\n\r\n'
                        b'some secrets')):
                print(json.dumps({'op': 'data', 'id': 1, 'dir': direction, 'offset': 0, 'type': -1,
                                  'text': data.decode()}), file=file)
        status, out, err = run_tool('prove', '--keep-order', '--random-trials=100000',
                                    example('http-shield.so'), path, timeout=150)
        self.assertEqual((status, err), (0, ''), out)
        self.assertRegex(out, 'proved .*: 1[0-9]{5} trials')


class Plain(Servers):
    """What nobody changes comes as it would without the relay."""
    def setUp(self):
        self.tool = self.relay('http-plain.so', self.nginx.port)
        self.addCleanup(self.tool.__exit__, None)

    def compare(self, *args):
        plain = self.curl(self.nginx.port, *args)
        self.assertEqual(self.curl(self.tool.port, *args), plain)
        return plain[0]

    def test_curl(self):
        self.compare('URL/text.html', 'URL/large.bin', 'URL/none', 'URL/missing')
        self.compare('--raw', 'URL/page.html', 'URL/page.html')
        self.compare('-I', 'URL/large.bin', 'URL/page.html')
        self.compare('-0', 'URL/page.html')
        self.compare('-r', '5-9', 'URL/text.html')

    def test_upload(self):
        large = '@' + os.path.join(self.folder, 'files', 'large.bin')
        for args in (['-H', 'Transfer-Encoding: chunked'], ['-H', 'Expect: 100-continue'], []):
            heard = self.compare('--data-binary', large, *args, 'URL/echo')
            self.assertIn(b' 200 OK', heard)

    def test_pipeline(self):
        data = get(b'/page.html') * 20 + get(b'/large.bin') + get(b'/none') \
            + get(b'/text.html', more=b'Connection: close\r\n')
        self.assertEqual(self.talk(self.tool.port, data), self.talk(self.nginx.port, data))

    def switch(self, request, response):
        """Both sides say anything, once it is no HTTP any more."""
        def serve(connection):
            heard = b''
            while not heard.endswith(b'\r\n\r\n'):
                heard += connection.recv(65536)
            connection.sendall(response + b'\x81\x05hello')
            while not heard.endswith(b'bye'):
                heard += connection.recv(65536)
            connection.sendall(b'HTTP/1.1 what?\n\n')
            return heard

        with Upstream(serve) as upstream, self.relay('http-plain.so', upstream.port) as relay, \
                socket.create_connection(('127.0.0.1', relay.port), timeout=TIMEOUT) as client:
            client.sendall(request + b'\x00\xff\n')
            heard = b''
            while not heard.endswith(b'hello'):
                heard += client.recv(65536)
            client.sendall(b'good bye')
            return heard + read_all(client)

    def test_upgrade(self):
        response = b'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n' \
                   b'Connection: upgrade\r\n\r\n'
        heard = self.switch(get(b'/ws', more=b'Upgrade: websocket\r\nConnection: upgrade\r\n'),
                            response)
        self.assertEqual(heard, response + b'\x81\x05helloHTTP/1.1 what?\n\n')

    def test_connect(self):
        response = b'HTTP/1.1 200 Connection established\r\n\r\n'
        heard = self.switch(b'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', response)
        self.assertEqual(heard, response + b'\x81\x05helloHTTP/1.1 what?\n\n')

    def test_headers(self):
        module = 'http-headers=set_response=X-A: b|server: hidden&remove_response=ETag&' \
            'set_request=Expect-Nothing: 1&remove_request=Range'
        with Tool('relay', '--listen', '127.0.0.1:0', '--module', module, '--connect',
                  f'127.0.0.1:{self.nginx.port}') as relay:
            heard, error = self.curl(relay.port, '-r', '0-3', 'URL/text.html', 'URL/large.bin')
        self.assertEqual((error, heard.count(b'X-A: b\r\n'), heard.count(b'Server: hidden\r\n')),
                         (b'', 2, 2))
        self.assertNotIn(b'ETag', heard)
        self.assertNotIn(b' 206 Partial', heard)
        self.assertEqual((heard.count(TEXT), heard.count(LARGE)), (1, 1))

    def test_refused(self):
        """The client hears why, and the server nothing."""
        heard = self.talk(self.tool.port, b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n'
                          b'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\n\r\n')
        self.assertTrue(heard.startswith(b'HTTP/1.1 400 Bad Request\r\n'), heard)
        self.assertTrue(heard.endswith(b'both Content-Length and Transfer-Encoding\n'), heard)


if __name__ == '__main__':
    unittest.main(verbosity=2)
