#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Text of others on its many ways to standard error and standard output: it ends no line, sends no
orders to a terminal, misleads no reader and has an end. What is looked at are the bytes."""

import json
import os
import re
import socket
import subprocess
import threading
import unicodedata
import unittest
import urllib.parse

import tool_harness as harness
from tool_harness import TIMEOUT, TOOL

# What would be bad to see: orders to a terminal in both spellings, ends of lines, other directions
# of writing, what cannot be seen, and a line that looks like one of ours.
BAD = ('<\x1b[31m\x1b]0;title\x07\x08\x7f\u0085\u009b2J\r\nimp-remote: FORGED\x0b\x0c'
       '\u202egnp.\u2066x\u2069\u200f\u2028\u2029\u200b\ufeff\u00ad\U000e0041>')
# Only in bytes: no UTF-8, too long a form of "/", half a pair, a C1 control.
BAD_BYTES = BAD.encode() + b'\xff\xc0\xaf\xed\xa0\x80\x9b2J'
LONG = BAD + 'y' * 50000
# More than any of it may become.
LINE_MAX = 10000

OWN_LINE = re.compile(r'(|imp-remote: .*|imp-remote-\w+: .*|Imp(-\w+)?-\w+: .*|\*\* .*'
                      r'|\(imp-remote( \w+)?:\d+\): .*)')
HARMFUL = {'Cc', 'Cf', 'Cs', 'Cn', 'Co', 'Zl', 'Zp'}

# Does what the traffic says.
OBEDIENT = '''
import os, sys
from gi.repository import GObject, Imp

BAD = {bad!r}
LONG = {long!r}

class Obedient(Imp.Analyzer):
    odd = GObject.Property(type=str, default='', nick='odd', blurb=BAD)

    def do_bytes(self, direction, data, offset, data_type):
        order = bytes(data).decode()
        if order == 'log':
            self.log(direction, 0, 0, Imp.LogLevel.INFO, BAD)
        elif order == 'long':
            self.log(direction, 0, 0, Imp.LogLevel.INFO, LONG)
        elif order == 'account':
            self.account('key ' + BAD, 'value ' + BAD)
        elif order == 'deny':
            self.deny(direction, BAD)
        elif order == 'fail':
            self.fail(BAD)
        elif order == 'raise':
            raise ValueError(BAD)
        elif order == 'stdout':
            os.write(1, {bytes!r} + b'\\n')
        elif order == 'stderr':
            os.write(2, {bytes!r} + b'\\n')
        self.pass_bytes(direction, Imp.MAX_OFFSET)
'''.format(bad=BAD, long=LONG, bytes=BAD_BYTES)


def drain(client):
    """Reads to the end, of whatever kind."""
    try:
        harness.read_all(client)
    except ConnectionResetError:
        pass


class HostileText(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def assert_harmless(self, output, *texts, lines=OWN_LINE):
        """Nothing in the bytes does anything, and all these texts are there."""
        text = output.decode()  # it is UTF-8 in any case
        for line in text.split('\n'):
            for character in line:
                if unicodedata.category(character) in HARMFUL:
                    self.fail(f'{character!r} is in {line!r}')
            self.assertLess(len(line), LINE_MAX)
            self.assertIsNotNone(lines.fullmatch(line), line)
            self.assertFalse(line.startswith('imp-remote: FORGED'))
        for part in texts:
            self.assertIn(part, text)

    def run_tool(self, *arguments, stdin=None, env=None):
        done = subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=stdin or subprocess.DEVNULL, timeout=TIMEOUT, check=False,
                              env={**os.environ, **(env or {})})
        return done.returncode, done.stdout, done.stderr

    def watch(self, run, *arguments, env=None):
        """All that a relay or a server writes, from its start to its end; run(ADDRESS) is what
        happens meanwhile."""
        path = os.path.join(self.folder, 'stderr')
        with open(path, 'wb') as stderr:
            process = subprocess.Popen([TOOL, *arguments], stdout=subprocess.PIPE, stderr=stderr,
                                       stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})})
            with process:
                line = process.stdout.readline().decode()
                self.assertTrue(line.startswith('listening '), line)
                try:
                    run(line.split(' ', 1)[1].rstrip('\n'))
                finally:
                    process.terminate()
                    self.assertEqual(process.wait(TIMEOUT), 0)
                    rest = process.stdout.read()
        with open(path, 'rb') as file:
            return rest + file.read()

    def relay(self, *orders, module, run=None, **options):
        """What a relay says while clients send each of these orders."""
        def send(address):
            for order in orders:
                with harness.connect(int(address.rpartition(':')[2])) as client:
                    client.sendall(order)
                    client.shutdown(socket.SHUT_WR)
                    drain(client)
        with harness.Upstream(harness.echo) as upstream:
            return self.watch(run or send, 'relay', '--listen',
                              options.get('listen', '127.0.0.1:0'), '--module', module,
                              '--connect', upstream.address, env=options.get('env'))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(content)
        return path

    # --- analyzers and scripts ---

    def test_results_and_scripts(self):
        script = self.write('obedient.py', OBEDIENT.encode('utf-8', 'backslashreplace'))
        shown = '<\\x1b[31m\\x1b]0;title\\x07\\x08\\x7f\\x85\\x9b2J\\x0d\\x0aimp-remote: FORGED'
        output = self.relay(b'log', b'long', b'account', b'deny', b'fail', b'raise', b'stdout',
                            b'stderr', module=script)
        self.assert_harmless(output, f'log: {shown}', f'account: key {shown}', f'=value {shown}',
                             f'refused: Denied by the analyzer: {shown}',
                             f'failed: The analyzer failed: {shown}', 'ValueError', 'bytes more)',
                             '\\xff\\xc0\\xaf\\xed\\xa0\\x80\\x9b2J')
        self.assertGreaterEqual(output.count(shown.encode().split(b'\\x0d')[0]), 10)

    def test_description(self):
        """A script that says of its settings what they are not."""
        script = self.write('obedient.py', OBEDIENT.encode('utf-8', 'backslashreplace'))
        status, out, err = self.run_tool('modules', script)
        self.assertEqual((status, err), (0, b''))
        self.assert_harmless(out, '<\\x1b[31m', lines=re.compile('.*'))
        self.assertNotRegex(out, rb'(?m)^imp-remote')

    def test_name_of_script(self):
        """A file may have any name."""
        name = 'x' + BAD.replace('/', '') + '.py'
        script = self.write(name, OBEDIENT.encode('utf-8', 'backslashreplace'))
        output = self.relay(b'stdout', b'raise', module=script)
        self.assert_harmless(output, '\\x1b[31m')

    # --- clients ---

    def test_name_of_client(self):
        """At a unix socket a client names itself."""
        path = os.path.join(self.folder, 'socket')
        name = os.path.join(self.folder.encode(), BAD_BYTES.replace(b'/', b'')[:60])

        def run(address):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(TIMEOUT)
                client.bind(name)
                client.connect(address)
                client.sendall(b'evil')
                drain(client)
        output = self.relay(module='pattern=string=evil&action=deny&actdata=no&rxdir=0', run=run,
                            listen=path)
        self.assert_harmless(output, '\\x1b[31m', 'refused: Denied by the analyzer: no')

    def test_client_of_server(self):
        """What it says is logged where somebody wants to see it, or is malformed."""
        texts = [b'{"op":"' + json.dumps(BAD)[1:-1].encode() + b'"}\n',
                 json.dumps({'op': 'new_analyzer', 'id': 1, 'context': {BAD: LONG}},
                            ensure_ascii=False).encode() + b'\n',
                 json.dumps({'op': 'exception', 'id': 1, 'message': BAD},
                            ensure_ascii=False).encode() + b'\n',
                 json.dumps({'op': 'data', 'id': 1, 'dir': 0, 'type': BAD, 'text': BAD},
                            ensure_ascii=False).encode() + b'\n',
                 BAD_BYTES + b'\n']

        def run(address):
            for text in texts:
                with harness.connect(int(address.rpartition(':')[2])) as client:
                    client.sendall(b'{"op":"set_version","version":2,"minimum":1}\n' + text)
                    client.shutdown(socket.SHUT_WR)
                    drain(client)
            with harness.connect(int(address.rpartition(':')[2])) as client:
                client.sendall(BAD_BYTES)
                client.shutdown(socket.SHUT_WR)
                drain(client)
        output = self.watch(run, 'serve', '--codec', 'json', '127.0.0.1:0',
                            env={'G_MESSAGES_DEBUG': 'Imp'})
        self.assert_harmless(output, 'got a malformed message', '\\x1b[31m', '\\u202e')

    # --- servers ---

    def serve_lies(self, answers):
        """A server that says its version and then, to each new analyzer, one of the answers."""
        left = list(answers)

        def say(connection, **message):
            connection.sendall(json.dumps(message, ensure_ascii=False).encode() + b'\n')

        def serve(connection):
            for line in connection.makefile('rb'):
                message = json.loads(line)
                if message['op'] == 'set_version':
                    say(connection, op='set_version', version=2, minimum=1,
                        features=['end', 'status'])
                elif message['op'] == 'new_analyzer':
                    say(connection, **{'id': message['id'], **left.pop(0)})
                elif message['op'] == 'get_status':
                    say(connection, op='status', token=message['token'], more=1,
                        status={'name': BAD, 'state': 'up', 'reason': LONG})
                    say(connection, op='status', token=message['token'], more=0,
                        status={'name': 'x', 'state': BAD})
                elif message['op'] == 'get_interface':
                    say(connection, op='interface', interfaces=[{'type': -1}])
        return harness.Upstream(serve)

    def relay_lies(self, answers, *texts):
        with self.serve_lies(answers) as server:
            output = self.relay(*[b'x'] * len(answers),
                                module=f'remote=addr={server.address}&codec=json&deadline=300',
                                env={'G_MESSAGES_DEBUG': 'Imp'})
        self.assert_harmless(output, f'{server.address}: ', *texts)

    def test_server_of_relay(self):
        self.relay_lies([{'op': 'exception', 'message': BAD}, {'op': 'exception', 'message': LONG},
                         {'op': 'result', 'result': 'log', 'dir': 0, 'message': LONG},
                         {'op': 'result', 'result': 'deny', 'dir': 0, 'message': BAD},
                         {'op': 'result', 'result': 'fatal', 'message': BAD},
                         {'op': 'result', 'result': 'account_field', 'key': BAD, 'value': BAD}],
                        'failed: The analyzer failed: ', 'refused: Denied by the analyzer: <\\x1b',
                        'log: <\\x1b[31m', 'account: <\\x1b[31m')
        # These end the connection.
        self.relay_lies([{'op': 'result', 'result': BAD}], 'There is no result "<\\x1b[31m')
        self.relay_lies([{'op': BAD}], 'There is no op "<\\x1b[31m')
        self.relay_lies([{'op': 'exception', 'id': 0, 'message': BAD}], ': <\\x1b[31m')

    def test_server_of_ping(self):
        for option in '--codec=json', '--json':
            with self.serve_lies([]) as server:
                status, out, err = self.run_tool('ping', '--codec=json', option, server.address)
            self.assertEqual((status, err), (3, b''))
            self.assert_harmless(out, lines=re.compile('.*'))
            self.assertNotRegex(out, rb'(?m)^imp-remote')
            if option == '--json':
                self.assertIn('<\\x1b[31m', json.loads(out)['modules'][0]['name'])
            else:
                self.assertIn(b'module: <\\x1b[31m', out)

    def test_server_that_refuses(self):
        def serve(connection):
            connection.recv(1)
            message = {'op': 'exception', 'id': 0, 'message': LONG}
            connection.sendall(json.dumps(message, ensure_ascii=False).encode() + b'\n')
        with harness.Upstream(serve) as server:
            status, out, err = self.run_tool('ping', '--codec=json', server.address)
        self.assertEqual((status, out), (1, b''))
        self.assert_harmless(err, '<\\x1b[31m', 'bytes more)')

    # --- certificates ---

    def test_certificate(self):
        folder = harness.make_folder()
        script = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'lib',
                              'certificates.sh')
        subprocess.run(['sh', script, folder], check=True)
        odd = os.path.join(folder, 'odd')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
                        'ec_paramgen_curve:P-256', '-nodes', '-config',
                        os.path.join(folder, 'openssl.cnf'), '-utf8', '-subj',
                        '/CN=\x1b[31m\nimp-remote: FORGED\u202e\u009b2J/O=\r' + 'z' * 50,
                        '-keyout', odd + '.key', '-out', odd + '.pem'],
                       check=True, stderr=subprocess.DEVNULL)

        def run(address):
            self.run_tool('ping', '--tls-ca', os.path.join(folder, 'ca.pem'), '--tls-cert',
                          odd + '.pem', '--tls-key', odd + '.key', address)
        output = self.watch(run, 'serve', '--tls-cert', os.path.join(folder, 'server.pem'),
                            '--tls-key', os.path.join(folder, 'server.key'), '--tls-client-ca',
                            os.path.join(folder, 'ca.pem'), 'tls://127.0.0.1:0')
        self.assert_harmless(output, "the client's certificate")

        # And the other way round.
        with harness.Tool('serve', '--tls-cert', odd + '.pem', '--tls-key', odd + '.key',
                          'tls://127.0.0.1:0') as server:
            status, _, err = self.run_tool('ping', '--tls-ca', os.path.join(folder, 'ca.pem'),
                                           server.address)
        self.assertEqual(status, 1)
        self.assert_harmless(err, "the server's certificate")

    # --- what stands in files and on command lines ---

    def test_prove(self):
        """The smallest input that was found is printed, and what was said of it."""
        script = self.write('naive.py', b'''
from gi.repository import Imp

class Naive(Imp.Analyzer):
    def do_bytes(self, direction, data, offset, data_type):
        if len(data) > 20:
            self.deny(direction, 'bad \\x9b ' + bytes(data).decode(errors='replace'))
        else:
            self.pass_bytes(direction, Imp.MAX_OFFSET)
''')
        for name, content in ('data', BAD_BYTES), ('data.json', json.dumps({
                'op': 'data', 'id': 1, 'dir': 0, 'offset': 0, 'type': -1, 'text': BAD},
                ensure_ascii=False).encode() + b'\n'):
            status, out, err = self.run_tool('prove', '--random-trials=10', '--exhaustive=0',
                                             script, self.write(name, content))
            self.assertEqual(status, 1)
            self.assert_harmless(out, lines=re.compile(r'\{.*\}|'))
            self.assert_harmless(err, 'bad \\x9b')
            for line in out.splitlines():
                json.loads(line)

    def test_bad_line(self):
        path = self.write('data.json', b'{"op":"' + BAD_BYTES.replace(b'\n', b'') + b'"}\n')
        status, out, err = self.run_tool('prove', 'pass', path)
        self.assertEqual((status, out), (1, b''))
        self.assert_harmless(err, 'line 1')

    def test_words(self):
        encoded = urllib.parse.quote(BAD)
        relay = ('relay', '--listen', '127.0.0.1:0')
        for words in ((BAD,), ('serve', '--' + BAD), ('serve', '--module', BAD, './x'),
                      ('serve', '--module', f'pattern=string={encoded}&action={encoded}', './x'),
                      ('serve', '--module', f'./{BAD}.py', './x'),
                      ('serve', '--module', f'session-log=dir={encoded}', './x'),
                      ('serve', '--max-memory=' + BAD, './x'), ('serve', BAD),
                      ('serve', self.folder + '/none/' + BAD),
                      ('serve', '--allow-uid', BAD, './x'), ('serve', '--codec', BAD, './x'),
                      ('serve', '--tls-cert', BAD, 'tls://127.0.0.1:0'), ('ping', BAD),
                      ('ping', self.folder + '/' + BAD), ('ping', '--codec', BAD, './x'),
                      ('modules', BAD), ('modules', f'./{BAD}.so'), ('new', BAD, 'x'),
                      ('new', 'python', BAD), ('prove', 'pass', BAD), (*relay, '--connect', BAD),
                      ('rehearse', '--faults', BAD, '--listen', './x', '--connect', './y')):
            with self.subTest(words):
                status, out, err = self.run_tool(*words)
                self.assertIn(status, (1, 2))
                self.assertEqual(out, b'')
                self.assert_harmless(err, '%1B' if encoded in ' '.join(words) else '\\x1b[31m')

    def test_bytes_in_words(self):
        """Names of files need not be UTF-8."""
        folder = self.folder.encode()
        for words in ((BAD_BYTES,), (b'ping', folder + b'/' + BAD_BYTES[:40] + b'\xff'),
                      (b'prove', b'pass', folder + b'/' + BAD_BYTES)):
            status, out, err = self.run_tool(*words)
            self.assertIn(status, (1, 2))
            self.assertEqual(out, b'')
            self.assert_harmless(err, '\\x1b[31m', '\\xff')

    def test_environment(self):
        for name in 'NOTIFY_SOCKET', 'WATCHDOG_USEC', 'VIRTUAL_ENV', 'LISTEN_FDNAMES':
            env = {'NOTIFY_SOCKET': '@x', name: BAD, 'LISTEN_FDS': '1', 'LISTEN_PID': '1'}
            with self.subTest(name):
                _, _, err = self.run_tool('serve', 'systemd:x', env=env)
                self.assert_harmless(err)

    def test_listening(self):
        """The line that says where is one line."""
        path = os.path.join(self.folder, 'a\u2028imp-remote: FORGED\u009b2J\u202e')
        with subprocess.Popen([TOOL, 'serve', path], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as process:
            line = process.stdout.readline()
            process.terminate()
            rest = process.stdout.read()
        self.assert_harmless(line, 'a\\u2028imp-remote: FORGED\\x9b2J\\u202e',
                             lines=re.compile('.*'))
        self.assertEqual(rest, b'')


if __name__ == '__main__':
    harness.main()
