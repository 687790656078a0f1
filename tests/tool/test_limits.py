#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each limit that serve takes on its command line: what just fits is served, one more is refused by
the option's name and value."""

import json
import os
import socket
import time
import unittest

import tool_harness as harness

# Holds all that does not end in a match, as far as one could begin there.
HOLDER = 'pattern=rx=a%5Ba-z%5D%7B999%7D!&rxlen=1001&action=deny&hold-timeout=0'

# Any user but the one who runs this.
NOBODY = 65534


class Client:
    """Speaks json, line by line, to a server."""

    def __init__(self, path, greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.TIMEOUT)
        self.socket.connect(path)
        self.file = self.socket.makefile('rb')
        if greet:
            self.say(op='set_version', version=2, minimum=1)
            self.limits = self.hear()['limits']

    def say(self, **message):
        self.socket.sendall(json.dumps(message).encode() + b'\n')

    def hear(self):
        line = self.file.readline()
        return json.loads(line) if line else None

    def ask(self, **message):
        """All that is said to it, up to the answer to a ping."""
        self.say(**message)
        self.say(op='ping', token=1)
        heard = []
        while (answer := self.hear()) is not None and answer['op'] != 'pong':
            heard.append(answer)
        return heard

    def hear_to_the_end(self):
        heard = []
        while (answer := self.hear()) is not None:
            heard.append(answer)
        return heard

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()
        self.socket.close()


class Limits(unittest.TestCase):
    def serve(self, *options, module='pass'):
        path = os.path.join(harness.make_folder(), 's')
        self.path = path
        return harness.Tool('serve', '--module', module, *options, path)

    def assert_exception(self, heard, number, name, value):
        exceptions = [message for message in heard if message['op'] == 'exception']
        self.assertEqual([message['id'] for message in exceptions], [number], heard)
        self.assertIn(name, exceptions[0]['message'])
        self.assertIn(str(value), exceptions[0]['message'])

    def assert_fits(self, heard):
        self.assertNotIn('exception', [message['op'] for message in heard], heard)

    def test_max_connections(self):
        with self.serve('--max-connections=1'), Client(self.path) as first, \
                Client(self.path, greet=False) as second:
            second.say(op='set_version', version=2, minimum=1)
            second.socket.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                second.socket.recv(1)
            self.assert_fits(first.ask(op='new_analyzer', id=1))
            first.__exit__()
            second.socket.settimeout(harness.TIMEOUT)
            self.assertEqual(second.socket.recv(1), b'{')

    def test_max_analyzers(self):
        with self.serve('--max-analyzers=2'), Client(self.path) as client:
            for number in 1, 2:
                self.assert_fits(client.ask(op='new_analyzer', id=number))
            heard = client.ask(op='new_analyzer', id=3)
            self.assert_exception(heard, 3, 'max-analyzers', 2)

    def test_max_message(self):
        with self.serve('--max-message=200'), Client(self.path) as client:
            self.assertEqual(client.limits['max-message'], 200)
            line = json.dumps({'op': 'new_analyzer', 'id': 1}).encode()
            client.socket.sendall(line.ljust(199) + b'\n')
            self.assert_fits(client.ask(op='ping', token=2))
            client.socket.sendall(line.ljust(200) + b'\n')
            self.assert_exception(client.hear_to_the_end(), 0, 'max-message', 200)

    def test_max_context(self):
        with self.serve('--max-context=10'), Client(self.path) as client:
            self.assertEqual(client.limits['max-context'], 10)
            self.assert_fits(client.ask(op='new_analyzer', id=1, context={'a': '1234567'}))
            heard = client.ask(op='new_analyzer', id=2, context={'a': '12345678'})
            self.assert_exception(heard, 2, 'max-context', 10)

    def test_max_context_all(self):
        with self.serve('--max-context-all=15', module=HOLDER), Client(self.path) as client:
            self.assert_fits(client.ask(op='new_analyzer', id=1, context={'a': '1234567'}))
            heard = client.ask(op='new_analyzer', id=2, context={'a': '1234567'})
            self.assert_exception(heard, 2, 'max-context-all', 15)
            self.assert_fits(client.ask(op='new_analyzer', id=2, context={'a': '123456'}))

    def hold(self, option, value):
        with self.serve(f'--{option}={value}', module=HOLDER), Client(self.path) as client:
            for number in 1, 2:
                self.assert_fits(client.ask(op='new_analyzer', id=number))
            fits = client.ask(op='data', id=1, dir=0, type=-1, text='a' * value)
            self.assert_fits(fits)
            # The one that holds most goes, whichever is fed.
            number = 1 if option == 'max-held' else 2
            heard = client.ask(op='data', id=number, dir=0, type=-1, text='a')
            self.assert_exception(heard, 1, option, value)
            self.assert_fits(client.ask(op='data', id=2, dir=0, type=-1, text='a'))

    def test_max_held(self):
        self.hold('max-held', 500)

    def test_max_held_all(self):
        self.hold('max-held-all', 600)

    def test_max_memory(self):
        size = 1024 * 1024
        with self.serve(f'--max-memory={size}'), Client(self.path) as client, \
                Client(self.path) as hoarder:
            self.assert_fits(client.ask(op='new_analyzer', id=1))
            hoarder.socket.sendall(b'{"op":"' + size * b' ')
            self.assert_exception(hoarder.hear_to_the_end(), 0, 'max-memory', size)
            self.assert_fits(client.ask(op='data', id=1, dir=0, type=-1, text='x'))

    def test_max_output(self):
        """Beyond what the connection takes, and beyond that."""
        module = 'pattern=string=x&action=replace&actdata=' + 400 * 'y'
        with self.serve('--max-output=2000', module=module), Client(self.path) as client:
            for number in 1, 2:
                self.assert_fits(client.ask(op='new_analyzer', id=number))
            client.say(op='data', id=1, dir=0, type=-1, text=5 * 'x')
            for _ in range(5):
                self.assertEqual(client.hear()['text'], 400 * 'y')
            client.say(op='data', id=1, dir=0, type=-1, text=100 * 'x')
            heard = client.ask(op='data', id=2, dir=0, type=-1, text='x')
            self.assert_exception(heard, 1, 'max-output', 2000)
            self.assertEqual([message['id'] for message in heard
                              if message['op'] == 'result'][-1], 2)

    def test_max_idle(self):
        options = '--max-connections=2', '--max-idle=300'
        with self.serve(*options) as server, Client(self.path) as first, \
                Client(self.path) as second, Client(self.path, greet=False) as third:
            self.assert_fits(first.ask(op='new_analyzer', id=1))
            third.say(op='set_version', version=2, minimum=1)
            self.assertEqual(third.hear()['op'], 'set_version')
            self.assertEqual([message['op'] for message in second.hear_to_the_end()], ['goodbye'])
            self.assert_fits(first.ask(op='data', id=1, dir=0, type=-1, text='x'))
            server.wait_for_log('max-idle')

    def test_max_silence(self):
        options = '--max-connections=1', '--max-silence=300'
        with self.serve(*options) as server, Client(self.path) as first, \
                Client(self.path, greet=False) as second:
            self.assert_fits(first.ask(op='new_analyzer', id=1))
            second.say(op='set_version', version=2, minimum=1)
            self.assertEqual(second.hear()['op'], 'set_version')
            heard = first.hear_to_the_end()
            self.assert_exception(heard, 1, 'max-silence', 300)
            self.assertEqual(heard[-1]['op'], 'goodbye')
            server.wait_for_log('max-silence')

    def test_max_connections_per_peer(self):
        user = f'uid {os.geteuid()}'
        with self.serve('--max-connections-per-peer=2') as server, Client(self.path) as first, \
                Client(self.path) as second, Client(self.path, greet=False) as third:
            for client in first, second:
                self.assert_fits(client.ask(op='new_analyzer', id=1))
            third.say(op='set_version', version=2, minimum=1)
            heard = third.hear_to_the_end()
            self.assert_exception(heard, 0, 'max-connections-per-peer', 2)
            self.assertIn(user, heard[0]['message'])
            status, _, err = harness.run_tool('ping', self.path)
            self.assertEqual(status, 1)
            self.assertIn('max-connections-per-peer', err)
            server.wait_for_log(user)
            for client in first, second:
                self.assert_fits(client.ask(op='data', id=1, dir=0, type=-1, text='x'))

    def test_max_connections_per_peer_of_relay(self):
        """All of 127.0.0.0/8 is one peer; another one is the user at a unix socket."""
        path = os.path.join(harness.make_folder(), 's')
        with harness.Upstream(lambda client: client.sendall(client.recv(1))) as upstream, \
                harness.Tool('relay', '--max-connections-per-peer=2', '--listen', '127.0.0.1:0',
                             '--listen', path, '--connect', upstream.address,
                             listeners=2) as relay:
            first = harness.connect(relay.port)
            second = socket.create_connection(('127.0.0.1', relay.port), harness.TIMEOUT,
                                              ('127.0.0.9', 0))
            with self.assertRaises(ConnectionResetError), harness.connect(relay.port) as third:
                third.recv(1)
            relay.wait_for_log('loopback')
            relay.wait_for_log('max-connections-per-peer')
            with socket.socket(socket.AF_UNIX) as local:
                local.settimeout(harness.TIMEOUT)
                local.connect(path)
                local.sendall(b'x')
                self.assertEqual(local.recv(1), b'x')
            for client in first, second:
                client.sendall(b'x')
                self.assertEqual(client.recv(1), b'x')
            first.close()
            second.close()
            # Places that were given back are there for others, as soon as that is known.
            for _ in range(harness.TIMEOUT * 100):
                try:
                    with harness.connect(relay.port) as client:
                        client.sendall(b'x')
                        self.assertEqual(client.recv(1), b'x')
                        return
                except ConnectionResetError:
                    time.sleep(0.01)
            self.fail('no place has become free')

    def test_max_analyzers_per_peer(self):
        with self.serve('--max-analyzers-per-peer=2'), Client(self.path) as first, \
                Client(self.path) as second:
            for client in first, second:
                self.assert_fits(client.ask(op='new_analyzer', id=1))
            heard = second.ask(op='new_analyzer', id=2)
            self.assert_exception(heard, 2, 'max-analyzers-per-peer', 2)

    def test_max_held_per_peer(self):
        with self.serve('--max-held-per-peer=600', '--max-held-all=600', module=HOLDER), \
                Client(self.path) as first, Client(self.path) as second:
            for client in first, second:
                self.assert_fits(client.ask(op='new_analyzer', id=1))
            self.assert_fits(first.ask(op='data', id=1, dir=0, type=-1, text=400 * 'a'))
            self.assert_fits(second.ask(op='data', id=1, dir=0, type=-1, text=201 * 'a'))
            self.assert_exception(first.ask(op='ping', token=2), 1, 'max-held-per-peer', 600)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another user')
    def test_another_user(self):
        """Who has all places that one user may have does not keep others out."""
        path = f'@imp-test-{os.getpid()}'
        with harness.Tool('serve', '--max-connections-per-peer=2', '--max-analyzers-per-peer=2',
                          '--allow-uid=*', path), \
                Client('\0' + path[1:]) as first, Client('\0' + path[1:]) as second:
            for client in first, second:
                self.assert_fits(client.ask(op='new_analyzer', id=1))
            self.assertEqual(harness.run_tool('ping', path)[0], 1)
            os.seteuid(NOBODY)
            try:
                other = Client('\0' + path[1:])
            finally:
                os.seteuid(0)
            with other:
                for number in 1, 2:
                    self.assert_fits(other.ask(op='new_analyzer', id=number))
                self.assert_exception(other.ask(op='new_analyzer', id=3), 3,
                                      f'uid {NOBODY} has 2', 2)

    def test_message_timeout(self):
        with self.serve('--message-timeout=200'), Client(self.path) as client, \
                Client(self.path) as slow:
            begin = time.monotonic()
            slow.socket.sendall(b'{"op":')
            self.assert_exception(slow.hear_to_the_end(), 0, 'message-timeout', 200)
            self.assertGreaterEqual(time.monotonic() - begin, 0.199)
            self.assert_fits(client.ask(op='new_analyzer', id=1))

    def test_handshake_timeout(self):
        with self.serve('--handshake-timeout=200'), Client(self.path) as client, \
                Client(self.path, greet=False) as silent:
            begin = time.monotonic()
            self.assertEqual(silent.socket.recv(1), b'')
            self.assertLess(time.monotonic() - begin, 5)
            self.assert_fits(client.ask(op='new_analyzer', id=1))

    def test_grace(self):
        with self.serve('--grace=1') as server, Client(self.path) as client:
            self.assert_fits(client.ask(op='new_analyzer', id=1))
            begin = time.monotonic()
            server.process.terminate()
            self.assertEqual(client.hear()['op'], 'goodbye')
            self.assert_fits(client.ask(op='data', id=1, dir=0, type=-1, text='x'))
            self.assertEqual(client.hear_to_the_end(), [])
            self.assertEqual(server.wait(), 0)
            self.assertGreaterEqual(time.monotonic() - begin, 0.99)


class Relay(unittest.TestCase):
    def test_max_growth(self):
        """What an analyzer adds goes through up to the limit, and nothing of what is more."""
        module = 'pattern=string=foo&action=replace&actdata=foobar&rxdir=0'
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--max-growth=6', '--listen', '127.0.0.1:0', '--module',
                             module, '--connect', upstream.address) as relay, \
                harness.connect(relay.port) as client:
            for _ in range(2):
                client.sendall(b'foo.')
                self.assertEqual(client.recv(7, socket.MSG_WAITALL), b'foobar.')
            client.sendall(b'foo.')
            self.assertEqual(harness.read_to_reset(client), b'')
            relay.wait_for_log('is 9 bytes longer than what has come; the limit is 6')
            relay.stop()
            relay.wait_for_log('connections refused by a limit: max-growth: 1')

    def assert_refused(self, option, request, *texts):
        """Relays to an echo until a limit is met; the log says all that."""
        module = os.path.join(os.environ['IMP_TEST_MODULES'], 'chatter.so')
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', option, '--listen', '127.0.0.1:0', '--module', module,
                             '--connect', upstream.address) as relay:
            for _ in range(2):
                with harness.connect(relay.port) as client:
                    client.sendall(request)
                    harness.read_to_reset(client)
            relay.stop()
            for text in texts:
                relay.wait_for_log(text)

    def test_max_log_rate(self):
        self.assert_refused('--max-log-rate=1', b'often', '(max-log-rate is 1 a second)',
                            'connections refused by a limit: max-log-rate: 2')

    def test_max_log_rate_of_remote(self):
        """The same as a setting of a module, for what a server's analyzers say."""
        module = os.path.join(os.environ['IMP_TEST_MODULES'], 'chatter.so')
        with harness.Tool('serve', '--module', module, '127.0.0.1:0') as server, \
                harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--module',
                             f'remote=addr={server.address}&max_log_rate=1', '--connect',
                             upstream.address) as relay:
            for request, answer in (b'x', b'x'), (b'often', b''):
                with harness.connect(relay.port) as client:
                    client.sendall(request)
                    self.assertEqual(client.recv(1) if answer else harness.read_to_reset(client),
                                     answer)
            relay.wait_for_log('(max-log-rate is 1 a second)')

    def test_max_log_size(self):
        self.assert_refused('--max-log-size=4', b'x',
                            "The analyzer's log has 5 bytes of text (max-log-size is 4)",
                            'connections refused by a limit: max-log-size: 2')


if __name__ == '__main__':
    harness.main()
