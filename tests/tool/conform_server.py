# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small server of the protocol, in the wire format json, with the reference analyzer; and broken
ones, each of which does one thing wrong. It shares nothing with the library."""

import base64
import json
import os
import socket
import struct
import threading

MAX_MESSAGE, MAX_CONTEXT = 1 << 20, 1 << 16
MAX_MALFORMED = 16
MAX_BLANKS = 4096
URGENT = ('fatal', 'deny', 'drop', 'pause', 'continue', 'account_field')
PROVIDER_OPS = {'set_version': 1, 'get_interface': 1, 'set_interface': 1, 'new_analyzer': 1,
                'delete_analyzer': 1, 'data': 1, 'busy': 2, 'ping': 2, 'pong': 2, 'goodbye': 2}
SERVER_OPS = ('interface', 'result', 'exception', 'status', 'release')


class Malformed(Exception):
    """A message that makes no sense; the connection goes on."""


class Refused(Exception):
    """What ends a connection."""


class Analyzer:
    """The reference analyzer; each byte is an order."""

    def __init__(self, connection, number):
        self.connection = connection
        self.id = number
        self.position = [0, 0]
        self.settled = [0, 0]
        self.busy = [False, False]
        self.waiting = [[], []]
        self.over = False

    def emit(self, result, direction=None, **fields):
        message = {'op': 'result', 'id': self.id, 'result': result, **fields}
        if direction is not None:
            message['dir'] = direction
        if direction is not None and self.busy[direction] and result not in URGENT:
            self.waiting[direction].append(message)
        else:
            self.connection.send_result(self, message)

    def set_busy(self, direction, busy):
        self.busy[direction] = busy
        while not busy and self.waiting[direction]:
            self.connection.send_result(self, self.waiting[direction].pop(0))

    def settle(self, direction, offset):
        self.settled[direction] = offset
        self.emit('pass', direction, offset=offset)

    def end(self, result, *arguments, **fields):
        self.emit(result, *arguments, **fields)
        self.over = True

    def feed(self, direction, data, offset):
        if offset:
            self.position[direction] = max(offset, 0)
        if not data and self.settled[direction] != -1:
            self.settle(direction, -1)
        for byte in data:
            self.position[direction] += 1
            if self.over:
                return
            if 0 <= self.settled[direction] < self.position[direction]:
                self.follow(direction, chr(byte), self.position[direction])

    def follow(self, direction, order, offset):
        beside = {'t': ('to_sender', {'text': 'T'}), 's': ('pause', {}), 'g': ('continue', {}),
                  'l': ('log', {'level': 'notice', 'message': 'reference'})}
        replaced = {'r': 'R', 'x': '', 'b': 'b' * 1000}
        if order in beside:
            self.emit(beside[order][0], direction, **beside[order][1])
        if order == 'k':
            self.emit('account_field', key='reference', value='1')
        if order == 'h':
            return
        if order == 'w':
            self.connection.send_want(self, direction, offset + 100)
        elif order == 'a':
            self.emit('prepass', direction, offset=offset)
        elif order in replaced:
            self.settled[direction] = offset
            self.emit('replace', direction, offset=offset, text=replaced[order])
        elif order in 'dz!':
            self.refuse(order, direction)
        else:
            self.settle(direction, {'j': offset + 10, 'm': -1}.get(order, offset))
            if order == 'q':
                self.emit('pass_pattern', direction, pattern='END', max_length=3)

    def refuse(self, order, direction):
        if order == 'd':
            self.end('deny', direction, message='denied')
        elif order == 'z':
            self.end('drop')
        else:
            self.end('fatal', message='failed')


class Connection:
    """One client."""

    one_by_one = False  # the next one waits for the end of this one

    def __init__(self, server, client):
        self.server = server
        self.client = client
        self.analyzers = {}
        self.version = None
        self.features = ()
        self.max_message = None
        self.malformed = 0

    # --- out

    def send(self, message):
        line = json.dumps(message).encode() + b'\n'
        self.client.sendall(line)

    def fits(self, message):
        return self.max_message is None or len(json.dumps(message)) < self.max_message

    def send_result(self, analyzer, message):
        if analyzer.over:
            return
        if self.fits(message):
            self.send(message)
        else:
            analyzer.over = True
            self.analyzers.pop(analyzer.id, None)
            self.exception(analyzer.id, 'a message larger than max-message')

    def send_want(self, analyzer, direction, offset):
        if 'want' in self.features:
            analyzer.emit('want', direction, offset=offset)

    def exception(self, number, text):
        self.send({'op': 'exception', 'id': number, 'message': text})

    # --- in

    def lines(self):
        buffered, blanks = b'', 0
        while data := self.client.recv(65536):
            buffered += data
            while b'\n' in buffered:
                line, _, buffered = buffered.partition(b'\n')
                blanks = blanks + len(line) + 1 if not line.strip() else 0
                self.check_length(len(line) + 1, blanks)
                if line.strip():
                    yield line
            self.check_length(len(buffered), 0)

    def check_length(self, length, blanks):
        if length > MAX_MESSAGE:
            raise Refused('a message longer than max-message')
        if blanks > MAX_BLANKS:
            raise Refused('too many blanks')

    def run(self):
        try:
            for line in self.lines():
                self.take(line)
        except Refused as error:
            self.exception(0, str(error))

    def take(self, line):
        try:
            message = json.loads(line)
            self.handle(message)
        except (ValueError, KeyError, TypeError, Malformed) as error:
            self.refuse_malformed(line, error)

    def refuse_malformed(self, line, error):
        if not self.version and not line.lstrip().startswith(b'{'):
            raise Refused('this is no json')
        number = self.find_id(line)
        if number == 0:
            self.malformed += 1
        if self.malformed > MAX_MALFORMED:
            raise Refused('too many wrong messages')
        self.analyzers.pop(number, None)
        self.exception(number, repr(error))

    @staticmethod
    def find_id(line):
        try:
            message = json.loads(line)
            return message['id'] if message['op'] in ('data', 'new_analyzer', 'busy') else 0
        except (ValueError, KeyError, TypeError):
            return 0

    def handle(self, message):
        name = message['op']
        if name not in PROVIDER_OPS and name not in SERVER_OPS:
            raise Malformed(f'no op is called {name}')
        if self.version is None and name != 'set_version':
            self.greet(1)
        if name in SERVER_OPS or PROVIDER_OPS[name] > (self.version or 2):
            raise Refused(f'{name} is not for a client to say')
        getattr(self, 'on_' + name)(message)

    def greet(self, version):
        self.version = version
        message = {'op': 'set_version', 'version': version}
        if version > 1:
            message.update(minimum=1, features=['end'],
                           limits={'max-message': MAX_MESSAGE, 'max-context': MAX_CONTEXT})
        self.send(message)

    def on_set_version(self, message):
        if self.version is not None:
            raise Refused('a second set_version')
        if message.get('minimum', message['version']) > 2:
            raise Refused('no version in common')
        self.features = message.get('features') or ()
        self.max_message = (message.get('limits') or {}).get('max-message')
        self.greet(min(message['version'], 2))

    def on_get_interface(self, message):
        asked = message.get('interfaces') or [{'type': -1}]
        self.send({'op': 'interface', 'interfaces': [
            {'type': -1} for entry in asked if entry.get('type') in (None, -1)][:1]})

    def on_set_interface(self, message):
        interface = message['interface']
        if interface.get('type') not in (None, -1) or interface.get('results') is not None:
            self.exception(0, 'there is no such interface')

    def on_new_analyzer(self, message):
        number, context = message['id'], message.get('context') or {}
        if number in self.analyzers:
            self.exception(number, 'the id is in use')
        elif sum(len(key) + len(str(value)) + 2 for key, value in context.items()) > MAX_CONTEXT:
            self.exception(number, 'the context is too large')
        else:
            self.analyzers[number] = Analyzer(self, number)

    def on_delete_analyzer(self, message):
        self.analyzers.pop(message['id'], None)

    def on_data(self, message):
        if message['dir'] not in (0, 1):
            raise Malformed('no such direction')
        data = message['text'].encode() if 'text' in message else base64.b64decode(message['data'])
        analyzer = self.analyzers.get(message['id'])
        if analyzer is None:
            self.exception(message['id'], 'there is no such analyzer')
        else:
            analyzer.feed(message['dir'], data, message.get('offset') or 0)

    def on_busy(self, message):
        if message['id'] in self.analyzers:
            self.analyzers[message['id']].set_busy(message['dir'], message['busy'])

    def on_ping(self, message):
        self.send({'op': 'pong', 'token': message.get('token') or 0})

    def on_pong(self, message):
        pass

    def on_goodbye(self, message):
        pass


class Server:
    """Listens at a unix socket until it is closed."""

    def __init__(self, path, connection=Connection):
        self.connection = connection
        self.address = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.connection.one_by_one:
                self.serve(client)
            else:
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client:
            try:
                self.connection(self, client).run()
            except OSError:
                pass  # the client has gone

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.unlink(self.address)


# --- the broken ones: each says which case must find it

class OffsetsGoBack(Connection):
    """finds: results/order"""

    def send_result(self, analyzer, message):
        if message['result'] == 'replace':
            message['offset'] = max(message['offset'] - 2, 0)
        super().send_result(analyzer, message)


class NoPong(Connection):
    """finds: ping/pong"""

    def on_ping(self, message):
        if message.get('token'):
            super().on_ping(message)


class PongsInDisorder(Connection):
    """finds: ping/order"""

    held = None

    def on_ping(self, message):
        if message['token'] == 30:
            self.held = message
            return
        super().on_ping(message)
        if self.held:
            held, self.held = self.held, None
            super().on_ping(held)


class SwallowsExceptions(Connection):
    """finds: ids/unknown-data"""

    def exception(self, number, text):
        if number == 0:
            super().exception(number, text)


class AnswersUnknownIds(Connection):
    """finds: ids/deleted-data"""

    def on_data(self, message):
        if message['id'] in self.analyzers:
            super().on_data(message)
        else:
            Analyzer(self, message['id'] + 1000).feed(0, b'p', 0)
            super().on_data(message)


class TakesAnyLength(Connection):
    """finds: limits/over-message"""

    def check_length(self, length, blanks):
        super().check_length(0, blanks)


class ClosesSilently(Connection):
    """finds: greeting/minimum"""

    def run(self):
        try:
            for line in self.lines():
                self.take(line)
        except Refused:
            pass


class GreetsTwice(Connection):
    """finds: greeting/twice"""

    def on_set_version(self, message):
        if self.version is None:
            super().on_set_version(message)


class TakesIdsTwice(Connection):
    """finds: ids/in-use"""

    def on_new_analyzer(self, message):
        self.analyzers.pop(message['id'], None)
        super().on_new_analyzer(message)


class GoesOnAfterDeny(Connection):
    """finds: results/deny"""

    def send_result(self, analyzer, message):
        super().send_result(analyzer, message)
        if message['result'] == 'deny':
            self.send({'op': 'result', 'id': analyzer.id, 'result': 'pass', 'dir': 0, 'offset': 9})


class IgnoresBusy(Connection):
    """finds: busy/waits"""

    def on_busy(self, message):
        pass


class WantsOfEverybody(Connection):
    """finds: want/without"""

    def send_want(self, analyzer, direction, offset):
        analyzer.emit('want', direction, offset=offset)


class ForgetsTheEnd(Connection):
    """finds: results/end"""

    def on_data(self, message):
        if message.get('text') != '':
            super().on_data(message)


class IgnoresOurLimit(Connection):
    """finds: limits/announced"""

    def fits(self, message):
        return True


class SpeaksVersionTwoAlways(Connection):
    """finds: greeting/old"""

    def greet(self, version):
        super().greet(2)


class LosesACut(Connection):
    """finds: framing/together"""

    def lines(self):
        while data := self.client.recv(65536):
            yield data.split(b'\n')[0]


class HangsWithAClient(Connection):
    """finds: faults/close-analyzer"""

    one_by_one = True

    def run(self):
        try:
            super().run()
        finally:
            if self.analyzers:
                threading.Event().wait()


class DropsWhatIsNotRead(Connection):
    """finds: faults/never-reads"""

    def send(self, message):
        # As one that does not wait, and forgets what could not be written.
        timeout = struct.pack('ll', 0, 1000)
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        try:
            super().send(message)
        except BlockingIOError:
            raise ConnectionAbortedError from None


MUTANTS = [OffsetsGoBack, NoPong, PongsInDisorder, SwallowsExceptions, AnswersUnknownIds,
           TakesAnyLength, ClosesSilently, GreetsTwice, TakesIdsTwice, GoesOnAfterDeny,
           IgnoresBusy, WantsOfEverybody, ForgetsTheEnd, IgnoresOurLimit, SpeaksVersionTwoAlways,
           LosesACut, HangsWithAClient, DropsWhatIsNotRead]
