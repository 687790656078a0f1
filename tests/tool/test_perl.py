#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool and peers in Perl, on Perl's own Storable and Sereal: a client that drives `serve`, and
a server behind `relay`, through which goes real HTTP."""

import http.client
import http.server
import os
import subprocess
import threading
import unittest
import urllib.request

import tool_harness as harness

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'rpc')
FORMS = ('storable', 'sereal')
REPLACE = 'pattern=string=secret&action=replace&actdata=gone&hold-timeout=0'
SCRIPT = r"""interface
expect 2
new 1 caddr 10.0.0.1
data 1 0 0 -1 my secret is sec
data 1 0 0 -1 ret
data 1 0 0 -1
expect 5
delete 1
"""
# What imp-model.md and the description of the pattern say.
EXPECTED = """0x4006 1
0x4102 [-1 [4097 4113 16 17]]
0x4103 1 4097 0 3
0x4103 1 4113 0 9 "gone"
0x4103 1 4097 0 13
0x4103 1 4113 0 19 "gone"
0x4103 1 4097 0 -1
"""
WORDS = [b'Perl', b'Per', b'Pe', b'l', b'PERL', b' ', b'\n', b'bytes', b'\0\xff']


class Client(unittest.TestCase):
    """A data provider in Perl, and our server."""

    def drive(self, form, *options):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', *options, '--module', REPLACE, path):
            done = subprocess.run(['perl', os.path.join(PEERS, 'perl-client.pl'), form, path],
                                  input=SCRIPT, stdout=subprocess.PIPE, text=True, check=True,
                                  timeout=harness.TIMEOUT)
        self.assertEqual(done.stdout, EXPECTED)

    def test_recognized(self):
        for form in FORMS:
            with self.subTest(form):
                self.drive(form)

    def test_told(self):
        for form in FORMS:
            with self.subTest(form):
                self.drive(form, '--codec', form)


class Pages(http.server.BaseHTTPRequestHandler):
    """One page for all paths; and what is posted comes back."""

    protocol_version = 'HTTP/1.1'

    def answer(self, body):
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(self.server.page)

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers['Content-Length'])))

    def log_message(self, *args):
        pass


class Server(unittest.TestCase):
    """A server in Perl, our relay before it, and a web server behind."""

    @classmethod
    def setUpClass(cls):
        cls.web = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Pages)
        cls.web.page = b''.join(WORDS[i * i % 11 % len(WORDS)] for i in range(300000))
        threading.Thread(target=cls.web.serve_forever, daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.web.shutdown()
        cls.web.server_close()

    def start_perl(self, form):
        path = os.path.join(harness.make_folder(), 'socket')
        perl = subprocess.Popen(['perl', os.path.join(PEERS, 'perl-server.pl'), form, path],
                                stdout=subprocess.PIPE)
        self.addCleanup(perl.stdout.close)
        self.addCleanup(perl.wait)
        self.addCleanup(perl.kill)
        self.assertEqual(perl.stdout.readline(), b'listening\n')
        return path

    def start(self, form):
        path = self.start_perl(form)
        relay = harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={path}&codec={form}',
                             '--connect', f'127.0.0.1:{self.web.server_port}')
        relay.__enter__()
        self.addCleanup(relay.__exit__, None, None, None)
        return relay

    def get(self, relay, path):
        with urllib.request.urlopen(f'http://127.0.0.1:{relay.port}{path}',
                                    timeout=harness.TIMEOUT) as answer:
            return answer.read()

    def test_ping(self):
        """A server that cannot be asked how its modules are is not asked."""
        for form in FORMS:
            with self.subTest(form):
                path = self.start_perl(form)
                status, out, err = harness.run_tool('ping', '--codec', form, path)
                self.assertEqual((status, err), (0, ''))
                self.assertIn(f'version: 1\ncodec: {form}\nmodule: {path}: up: the server does not '
                              'tell of its modules\n', out)

    def test_page_changed(self):
        self.assertGreater(self.web.page.count(b'Perl'), 1000)
        wanted = self.web.page.replace(b'Perl', b'PERL')
        for form in FORMS:
            with self.subTest(form):
                relay = self.start(form)
                for _ in range(3):
                    self.assertTrue(self.get(relay, '/') == wanted)

    def test_many_requests_on_one_connection(self):
        for form in FORMS:
            with self.subTest(form):
                relay = self.start(form)
                connection = http.client.HTTPConnection('127.0.0.1', relay.port,
                                                        timeout=harness.TIMEOUT)
                for number in range(20):
                    connection.request('POST', '/', f'{number} times Perl')
                    answer = connection.getresponse()
                    self.assertEqual(answer.read(), f'{number} times PERL'.encode())
                connection.close()

    def test_denied(self):
        for form in FORMS:
            with self.subTest(form):
                relay = self.start(form)
                with self.assertRaises((OSError, http.client.HTTPException)):
                    self.get(relay, '/forbidden')
                relay.wait_for_log('forbidden word')
                self.assertTrue(self.get(relay, '/') != b'')


if __name__ == '__main__':
    unittest.main()
