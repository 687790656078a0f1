#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which connections are inspected by which modules, by the rules of a file."""

import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import unittest

import tool_harness as harness
from test_config import Files

ECHO = harness.Upstream(harness.echo)


def mark(letter):
    """A module that makes this letter of each "a"."""
    return f'module=pattern=rx=a&rxlen=1&action=replace&actdata={letter}\n'


def rule(name, *lines):
    return f'[rule {name}]\n' + ''.join(line if line.endswith('\n') else line + '\n'
                                         for line in lines)


def connect(port, source='127.0.0.1'):
    return socket.create_connection(('127.0.0.1', port), timeout=harness.TIMEOUT,
                                    source_address=(source, 0))


def ask(client):
    """What "a" becomes; None: the connection is refused."""
    with client:
        try:
            client.sendall(b'a')
            return client.recv(1).decode() or None
        except (BrokenPipeError, ConnectionResetError):
            return None


def ask_from(port, source):
    try:
        return ask(connect(port, source))
    except ConnectionResetError:
        return None


def socks(port, host, target_port):
    """A client that asks for a host by its name, and the answer's code."""
    client = connect(port)
    name = host.encode('idna') if not host.isascii() else host.encode()
    client.sendall(b'\5\1\0' + b'\5\1\0\3' + bytes([len(name)]) + name
                   + struct.pack('>H', target_port))
    answer = b''
    while len(answer) < 2 + 10:
        piece = client.recv(100)
        if not piece:
            break
        answer += piece
    return client, answer[3]


def hello(name):
    """The beginning of TLS."""
    context = ssl.create_default_context()
    out = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


class Rules(Files):
    def start(self, listener, *rules, common=''):
        text = common + listener + ''.join(rules)
        self.assertEqual(self.check(text), (0, []))
        return harness.Tool('relay', '--config', self.write(text))

    def start_to_echo(self, names, *rules, more=''):
        listener = (f'[listener one]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\n{mark("z")}'
                    + ''.join(f'rule={name}\n' for name in names.split()) + more)
        return self.start(listener, *rules)

    def test_client(self):
        with self.start_to_echo('two three deny rest', rule('two', 'client=127.0.0.2', mark('b')),
                                rule('three', 'client=127.0.0.3', 'client=127.0.0.4/31',
                                     'action=skip'),
                                rule('deny', 'client=127.0.0.8/29', 'action=deny'),
                                rule('rest', 'client=127.0.0.0/28', mark('c'))) as relay:
            answers = {last: ask_from(relay.port, f'127.0.0.{last}')
                       for last in (1, 2, 3, 4, 5, 6, 8, 15, 16)}
            self.assertEqual(answers, {1: 'c', 2: 'b', 3: 'a', 4: 'a', 5: 'a', 6: 'c', 8: None,
                                       15: None, 16: 'z'})
            relay.wait_for_log('The rule "deny" denies it')

    def test_order(self):
        """The first one that holds counts."""
        rules = (rule('all', mark('b')), rule('here', 'client=127.0.0.1', mark('c')))
        for names, answer in (('all here', 'b'), ('here all', 'c'), ('', 'z')):
            with self.subTest(names), self.start_to_echo(names, *rules) as relay:
                self.assertEqual(ask(connect(relay.port)), answer)

    def test_port_and_server(self):
        port = ECHO.port
        others = (f'port={port - 1}', f'port=1-{port - 1}', 'server=127.0.0.2', 'server=::/0')
        these = (f'port={port}', f'port={port - 1}-{port + 1}', 'server=127.0.0.0/8')
        for line in others + these:
            with self.subTest(line), \
                    self.start_to_echo('it', rule('it', line, 'action=skip')) as relay:
                self.assertEqual(ask(connect(relay.port)), 'a' if line in these else 'z')

    def test_all_conditions(self):
        """Each kind has to hold; of one kind, one is enough."""
        for client, port, answer in (('127.0.0.1', ECHO.port, 'b'), ('127.0.0.2', ECHO.port, 'z'),
                                     ('127.0.0.1', 1, 'z')):
            with self.subTest((client, port)), self.start_to_echo(
                    'it', rule('it', 'client=127.0.0.9', f'client={client}', f'port={port}',
                               mark('b'))) as relay:
                self.assertEqual(ask(connect(relay.port)), answer)

    def test_server_of_a_name(self):
        """It is known when it is connected; a rule in front of it that is certain comes first."""
        listener = (f'[listener one]\nlisten=127.0.0.1:0\nconnect=localhost:{ECHO.port}\n'
                    'rule=it\n' + mark('z'))
        for line, answer in (('server=127.0.0.1', None), ('server=192.0.2.0/24', 'z')):
            with self.subTest(line), \
                    self.start(listener, rule('it', line, 'action=deny')) as relay:
                self.assertEqual(ask(connect(relay.port)), answer)

    def test_several_modules(self):
        with self.start_to_echo('it', rule('it', mark('b'), 'module=pattern=rx=b&rxlen=1'
                                           '&action=replace&actdata=c')) as relay:
            self.assertEqual(ask(connect(relay.port)), 'c')

    def test_ask_first(self):
        with self.start_to_echo('it deny', rule('it', 'client=127.0.0.2', mark('b')),
                                rule('deny', 'client=127.0.0.3', 'action=deny'),
                                more='ask-first=true\n') as relay:
            self.assertEqual([ask_from(relay.port, f'127.0.0.{last}') for last in (1, 2, 3)],
                             ['z', 'b', None])

    def test_denied_before_the_server(self):
        """Where the rule can be known without it, the server hears nothing."""
        with socket.create_server(('127.0.0.1', 0)) as server:
            server.settimeout(0.1)
            listener = (f'[listener one]\nlisten=127.0.0.1:0\n'
                        f'connect=127.0.0.1:{server.getsockname()[1]}\nrule=it\n')
            with self.start(listener, rule('it', 'client=127.0.0.0/8', 'action=deny')) as relay:
                self.assertIsNone(ask_from(relay.port, '127.0.0.1'))
                with self.assertRaises(TimeoutError):
                    server.accept()

    def test_names_by_socks(self):
        listener = ('[listener one]\nlisten=127.0.0.1:0\nsocks=true\nallow-to=127.0.0.1\n'
                    'rule=skip\nrule=deny\nrule=port\n' + mark('z'))
        rules = (rule('skip', 'name=localhost', 'action=skip'),
                 rule('deny', 'name=*.invalid', 'name=.example', 'action=deny'),
                 rule('port', 'port=1', 'action=deny'))
        with self.start(listener, *rules) as relay:
            for host in ('localhost', 'LocalHost', 'localhost.'):
                client, code = socks(relay.port, host, ECHO.port)
                self.assertEqual((code, ask(client)), (0, 'a'), host)
            client, code = socks(relay.port, '127.0.0.1', ECHO.port)
            self.assertEqual((code, ask(client)), (0, 'z'))
            # Not allowed by a rule is what code 2 says.
            for host, port in (('a.invalid', ECHO.port), ('A.B.Invalid.', ECHO.port),
                               ('example', ECHO.port), ('x.EXAMPLE', ECHO.port), ('127.0.0.1', 1)):
                client, code = socks(relay.port, host, port)
                client.close()
                self.assertEqual(code, 2, (host, port))

    def ask_tls(self, client, name):
        begin = hello(name)
        with client:
            try:
                client.sendall(begin + b'a')
                answer = b''
                while len(answer) <= len(begin):
                    piece = client.recv(4096)
                    if not piece:
                        return None
                    answer += piece
            except (BrokenPipeError, ConnectionResetError):
                return None
        return answer[len(begin):].decode()

    def test_names_in_tls(self):
        with self.start_to_echo('skip deny', rule('skip', 'name=.example.com', 'action=skip'),
                                rule('deny', 'name=evil.test', 'action=deny'),
                                more='sni=true\n') as relay:
            self.assertEqual(self.ask_tls(connect(relay.port), 'www.example.com'), 'a')
            self.assertEqual(self.ask_tls(connect(relay.port), 'EXAMPLE.com'), 'a')
            self.assertIsNone(self.ask_tls(connect(relay.port), 'evil.test'))

    def test_two_names(self):
        """One that asks for a name and writes another one into TLS: to be skipped, both must be
        right; to be denied, one is enough."""
        listener = ('[listener one]\nlisten=127.0.0.1:0\nsocks=true\nsni=true\n'
                    'allow-to=127.0.0.1\nrule=deny\nrule=skip\nrule=rest\n')
        rules = (rule('deny', 'name=evil.test', 'action=deny'),
                 rule('skip', 'name=localhost', 'name=good.test', 'action=skip'),
                 rule('rest', 'module=pattern=rx=.&rxlen=1&action=deny'))
        with self.start(listener, *rules) as relay:
            for name, answer in (('good.test', 'a'), ('other.test', None), ('evil.test', None)):
                client, code = socks(relay.port, 'localhost', ECHO.port)
                self.assertEqual(code, 0)
                self.assertEqual(self.ask_tls(client, name), answer, name)
            client, code = socks(relay.port, '127.0.0.1', ECHO.port)
            self.assertEqual(code, 0)
            self.assertIsNone(self.ask_tls(client, 'good.test'))

    def test_reload(self):
        listener = f'[listener one]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\nrule=it\n'
        with self.start(listener, rule('it', mark('b'))) as relay:
            self.assertEqual(ask(connect(relay.port)), 'b')
            self.write(listener + rule('it', mark('c')))
            relay.process.send_signal(signal.SIGHUP)
            relay.wait_for_log('those of new connections now')
            self.assertEqual(ask(connect(relay.port)), 'c')

    def test_mapped(self):
        """What would never hold is refused, and clients of IPv4 that come by IPv6 are found."""
        base = f'[listener one]\nlisten=[::]:0\nconnect={ECHO.address}\nrule=it\n' + mark('z')
        self.assert_errors(
            base + '[rule it]\naction=deny\nclient=::ffff:127.0.0.0/104\nserver=::ffff:7f00:1\n',
            'imp.conf:8: key "client": "::ffff:127.0.0.0/104"',
            'imp.conf:9: key "server": "::ffff:7f00:1"')
        with self.start(base, rule('it', 'client=127.0.0.0/8', 'action=deny')) as relay:
            self.assertIsNone(ask_from(relay.port, '127.0.0.1'))

    def test_wrong(self):
        base = f'[listener one]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\n'
        self.assert_errors(
            base + 'rule=none\nrule=bad\nrule=bad\n'
            '[rule bad]\nclient=1.2.3.4.5\nserver=::/200\nport=0\nport=7-3\nname=a b\ncolor=red\n'
            'action=jump\n'
            '[rule none at all]\n[rule both]\naction=skip\nmodule=pass\n[rule]\n'
            '[rule unused]\nmodule=patern\n',
            'imp.conf:4: key "rule": there is no section [rule none]',
            'imp.conf:8: key "client": "1.2.3.4.5"',
            'imp.conf:9: key "server": "::/200"',
            'imp.conf:10: key "port": "0": a port from 1 to 65535',
            'imp.conf:11: key "port": "7-3": a port from 1 to 65535',
            'imp.conf:12: key "name": "a b": it is a host\'s name',
            'imp.conf:13: key "color": there is no such key of a rule',
            'imp.conf:14: key "action": "jump": it is skip, deny or inspect',
            'imp.conf:15: [rule none at all]: a key "module" is wanted',
            'imp.conf:17: key "action": "skip": no module can be beside it',
            'imp.conf:19: [rule]: it has a name',
            'imp.conf:21: key "module": "patern": There is no module "patern"')

    def test_what_does_not_fit(self):
        base = f'[listener one]\nlisten=127.0.0.1:0\nconnect={ECHO.address}\nrule=it\n'
        self.assert_errors(base + rule('it', 'name=a', 'action=skip'),
                           'imp.conf:4: key "rule": "it": its key "name" is for sni, socks or')
        self.assert_errors(base + 'ask-first=true\n' + rule('it', 'server=::1', 'action=skip'),
                           'imp.conf:4: key "rule": "it": its key "server" cannot be had with ask')
        self.assert_errors(base + 'upstream-proxy=socks://127.0.0.1\n'
                           + rule('it', 'server=::1', 'action=skip'),
                           'imp.conf:4: key "rule": "it": its key "server" cannot be had with up')
        self.assert_errors('[listener one]\nlisten=udp:127.0.0.1:0\nrule=it\n'
                           'connect=udp:127.0.0.1:9\n' + rule('it', 'action=skip'),
                           'imp.conf:3: key "rule": is for connections')

    @unittest.skipUnless(shutil.which('strace'), 'there is no strace')
    def test_skip_copies_nothing(self):
        """What is skipped is moved by the kernel, once it is clear that it is much: what the
        process sees is its beginning."""
        size = 32 << 20
        path = os.path.join(self.folder, 'file')
        harness.write_random(path, size)
        with harness.file_server(path) as server:
            listener = (f'[listener one]\nlisten=127.0.0.1:0\nconnect={server.address}\nrule=it\n'
                        'module=pattern=rx=no such text&rxlen=12\n')
            text = f'[relay]\nrecord={self.folder}/records\n{listener}'
            os.mkdir(f'{self.folder}/records')
            with self.start(text, rule('it', 'action=skip')) as relay, \
                    tempfile.NamedTemporaryFile('r') as trace:
                with subprocess.Popen(['strace', '-f', '-e', 'trace=splice,read,readv,recvmsg,'
                                       'recvfrom,recv', '-e', 'signal=none', '-o', trace.name, '-p',
                                       str(relay.process.pid)], stderr=subprocess.PIPE,
                                      text=True) as strace:
                    self.assertIn('attached', strace.stderr.readline())
                    self.assertEqual(len(harness.fetch(relay.port)), size)
                    strace.terminate()
                copied = spliced = 0
                for line in trace:
                    number = line.rpartition('= ')[2].split()[0]
                    if not number.isdigit():
                        continue
                    if 'splice' in line:
                        spliced += int(number)
                    else:
                        copied += int(number)
            # Into a pipe and out of it again.
            self.assertGreater(spliced, 2 * size - (2 << 20))
            self.assertLess(copied, 1 << 20)
            self.assertEqual(os.listdir(f'{self.folder}/records'), [])


if __name__ == '__main__':
    harness.main()
