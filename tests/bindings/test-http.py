# SPDX-License-Identifier: LGPL-2.1-or-later
"""Analyzers of HTTP in Python."""

import tap
from tap import Imp, contains, equal, fails

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
GET = b'GET /%s HTTP/1.1\r\nHost: a\r\nX-Old: 1\r\nx-old: 2\r\n\r\n'
POST = b'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc'
OK = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'


class Filtered:
    """An analyzer in a filter, and what comes out."""
    def __init__(self, analyzer):
        self.filter = Imp.Filter.new(analyzer)
        self.output = {CLIENT: b'', SERVER: b''}
        self.filter.set_output(self.take)

    def take(self, _source, direction, data, _data_type):
        self.output[direction] += data.get_data() or b''

    def push(self, direction, data):
        return self.filter.push_bytes(direction, data, Imp.DATA_TYPE_STREAM)


class Changing(Imp.HttpAnalyzer):
    def __init__(self, **properties):
        super().__init__(**properties)
        self.ended = []

    def do_request_head(self, request):
        target = request.get_target()
        if target == '/no':
            head = Imp.HttpHead.new_response(403, 'No')
            head.append_field('X-Why', 'because')
            self.answer(head, b'no!')
        elif target == '/refuse':
            self.refuse(400, 'not this')
        elif target == '/error':
            raise ValueError('cannot do this')
        else:
            self.change(request)

    @staticmethod
    def change(request):
        equal((request.is_request(), request.get_method(), request.get_minor()), (True, 'GET', 1))
        equal((request.get_status(), request.get_reason()), (0, None))
        equal([(request.get_name(i), request.get_value(i))
               for i in range(request.get_n_fields())],
              [('Host', 'a'), ('X-Old', '1'), ('x-old', '2')])
        equal((request.lookup('x-OLD'), request.list_values('x-old')), ('1', ['1', '2']))
        equal((request.has_token('host', 'A'), request.is_changed()), (True, False))
        request.set_method('QUERY')
        request.set_target('/new')
        request.set_field('x-old', '3')
        request.append_field('X-Add', 'yes')
        request.remove_field('Host')
        equal(request.is_changed(), True)
        fails(Imp.Error.SETTINGS, request.set_field, 'X', 'a\r\nb: c')
        fails(Imp.Error.UNSUPPORTED, request.set_field, 'Content-Length', '3')

    def do_response_head(self, request, response):
        fails(Imp.Error.CLOSED, request.set_field, 'X', 'y')
        response.set_status(201, 'Made')
        self.read_body(Imp.HttpBody.WHOLE)

    def do_response_body(self, _request, response, piece, is_last):
        equal((piece.get_data(), is_last), (b'abc', True))
        contains(response.to_bytes().get_data(), b'201 Made')
        self.replace_body(b'other')

    def do_message_end(self, direction, head):
        self.ended.append((direction, head.get_method()))


def test_changes():
    for size in (1, 5, 1000):
        analyzer = Changing()
        rig = Filtered(analyzer)
        for direction, data in ((CLIENT, GET % b''), (SERVER, OK)):
            for at in range(0, len(data), size):
                rig.push(direction, data[at:at + size])
        equal(rig.output[CLIENT],
              b'QUERY /new HTTP/1.1\r\nX-Old: 3\r\nX-Add: yes\r\n\r\n')
        equal(rig.output[SERVER], b'HTTP/1.1 201 Made\r\nContent-Length: 5\r\n\r\nother')
        equal(analyzer.ended, [(CLIENT, 'QUERY'), (SERVER, None)])


def test_answer():
    rig = Filtered(Changing())
    rig.push(CLIENT, GET % b'no')
    equal(rig.output, {CLIENT: b'', SERVER: b'HTTP/1.1 403 No\r\nX-Why: because\r\n'
                                            b'Content-Length: 3\r\n\r\nno!'})


def test_refuse():
    rig = Filtered(Changing())
    contains(fails(Imp.Error.DENIED, rig.push, CLIENT, GET % b'refuse'), 'not this')
    contains(rig.output[SERVER], b'HTTP/1.1 400 Bad Request\r\n')


def test_error():
    rig = Filtered(Changing())
    fails(Imp.Error.FATAL, rig.push, CLIENT, GET % b'error')


class Watching(Imp.HttpAnalyzer):
    seen = b''
    became = None

    def do_request_head(self, request):
        self.read_body(Imp.HttpBody.STREAM)

    def do_request_body(self, _request, piece, is_last):
        self.seen += piece.get_data() or b''

    def do_opaque(self, request, response):
        self.became = (request.get_target(), response.get_status())


def test_stream():
    analyzer = Watching()
    rig = Filtered(analyzer)
    rig.push(CLIENT, POST)
    equal(analyzer.seen, b'abc')
    equal(rig.output[CLIENT], b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
                              b'3\r\nabc\r\n0\r\n\r\n')


def test_opaque():
    analyzer = Watching()
    rig = Filtered(analyzer)
    rig.push(CLIENT, b'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nanything')
    rig.push(SERVER, b'HTTP/1.1 200 OK\r\n\r\nat all')
    equal(analyzer.became, ('a:1', 200))
    equal(rig.output[SERVER], b'HTTP/1.1 200 OK\r\n\r\nat all')
    equal(rig.output[CLIENT][-8:], b'anything')


if __name__ == '__main__':
    tap.run(globals())
