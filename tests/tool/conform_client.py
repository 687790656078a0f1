# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small provider of the protocol, in the wire format json, with traffic of its own; and broken
ones, each of which does one thing wrong. It shares nothing with the library."""

import json
import socket

SERVER_OPS = {'set_version': 1, 'interface': 1, 'result': 1, 'exception': 1, 'ping': 2, 'pong': 2,
              'goodbye': 2}
ENDS = ('deny', 'drop', 'fatal')


class Broken(Exception):
    """The server has broken a rule, and is left."""


class Analyzer:
    def __init__(self):
        self.fed = [0, 0]
        self.settled = [0, 0]


class Provider:
    """One connection to a server; it always has an analyzer, and feeds it once."""

    def __init__(self, client):
        self.client = client
        self.analyzers = {}
        self.last = 0
        self.version = None  # in force
        self.goodbye = False

    def send(self, **message):
        self.client.sendall(json.dumps(message).encode() + b'\n')

    def begin(self):
        self.send(op='set_version', version=2, minimum=1)
        self.open()

    def open(self):
        self.last += 1
        self.analyzers[self.last] = Analyzer()
        self.send(op='new_analyzer', id=self.last, context={'caddr': '192.0.2.1'})
        self.feed(self.last, 'hello, world\n')

    def feed(self, number, text):
        self.send(op='data', id=number, dir=0, text=text)
        self.analyzers[number].fed[0] += len(text)

    def run(self):
        """To the end of the connection."""
        self.begin()
        buffered = b''
        while data := self.client.recv(65536):
            buffered += data
            while b'\n' in buffered:
                line, _, buffered = buffered.partition(b'\n')
                self.take(line)

    def take(self, line):
        try:
            message = json.loads(line)
            name = message['op']
            if name not in SERVER_OPS or SERVER_OPS[name] > (self.version or 2):
                raise Broken(f'{name} is not for a server to say')
            getattr(self, 'on_' + name)(message)
        except (ValueError, KeyError, TypeError) as error:
            raise Broken(repr(error)) from error
        if self.goodbye and not self.analyzers:
            raise Broken('it is over')
        if not self.analyzers:
            self.open()

    def on_set_version(self, message):
        if self.version is not None or message.get('minimum', 1) > 2:
            raise Broken('no version in common, or a second one')
        self.version = min(message['version'], 2)

    def on_interface(self, message):
        raise Broken('nobody has asked')

    def look_up(self, number):
        if not 0 < number <= self.last:
            raise Broken(f'there never was an analyzer {number}')
        return self.analyzers.get(number)

    def on_exception(self, message):
        if message['id'] == 0:
            raise Broken(message['message'])
        self.look_up(message['id'])
        self.analyzers.pop(message['id'], None)

    def on_result(self, message):
        analyzer = self.look_up(message['id'])
        if analyzer and (message['result'] in ENDS or not self.is_allowed(analyzer, message)):
            self.delete(message['id'])

    def delete(self, number):
        del self.analyzers[number]
        self.send(op='delete_analyzer', id=number)

    @staticmethod
    def is_allowed(analyzer, message):
        if message['result'] not in ('pass', 'replace'):
            return True
        direction, offset = message['dir'], message['offset']
        settled = analyzer.settled[direction]
        if message['result'] == 'replace' and not settled <= offset <= analyzer.fed[direction]:
            return False
        if -1 < offset < settled:
            return False
        analyzer.settled[direction] = offset
        return True

    def on_ping(self, message):
        self.send(op='pong', token=message.get('token', 0))

    def on_pong(self, message):
        pass

    def on_goodbye(self, message):
        self.goodbye = True


def serve(provider, path, over):
    """Connects again and again."""
    while not over.is_set():
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)
                provider(client).run()
        except (Broken, OSError):
            over.wait(0.002)


# --- the broken ones: each says which case must find it

class NoPong(Provider):
    """finds: ping/pong"""

    def on_ping(self, message):
        if message['token'] < 1000:
            super().on_ping(message)


class SpeaksTooSoon(Provider):
    """finds: greeting/first"""

    def begin(self):
        super().begin()
        self.send(op='ping', token=1)


class StaysWithGarbage(Provider):
    """finds: framing/unknown-op"""

    def take(self, line):
        try:
            super().take(line)
        except Broken:
            pass


class TakesAnyId(Provider):
    """finds: ids/never"""

    def look_up(self, number):
        return self.analyzers.get(number)


class KeepsWhatIsDenied(Provider):
    """finds: results/deny"""

    def delete(self, number):
        del self.analyzers[number]


class TakesWhatIsBeyond(Provider):
    """finds: results/beyond"""

    @staticmethod
    def is_allowed(analyzer, message):
        return True


class IgnoresGoodbye(Provider):
    """finds: goodbye/server"""

    def on_goodbye(self, message):
        self.open()


class IgnoresTheLimit(Provider):
    """finds: limits/announced"""

    def on_set_version(self, message):
        super().on_set_version(message)
        self.feed(self.last, 2000 * 'x')


class FeedsTwice(Provider):
    """finds: results/future"""

    def on_result(self, message):
        super().on_result(message)
        self.send(op='data', id=message['id'], dir=0, offset=3, text='again')


class GivesIdsTwice(Provider):
    """finds: greeting/serve"""

    def begin(self):
        super().begin()
        self.send(op='new_analyzer', id=self.last)


MUTANTS = [NoPong, SpeaksTooSoon, StaysWithGarbage, TakesAnyId, KeepsWhatIsDenied,
           TakesWhatIsBeyond, IgnoresGoodbye, IgnoresTheLimit, FeedsTwice, GivesIdsTwice]
