# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds a header to the responses of an HTTP server, after its own ones:
imp-remote relay --listen localhost:8080 --module './http-header.py=header=X-Seen-By: me' \\
    --connect localhost:80

It understands HTTP/1.0 and 1.1: connections that are kept, requests that do not wait for responses,
HEAD, 1xx, 204 and 304, bodies of a given length, in chunks, or up to the end. Bodies pass as they
come. Where it does not understand, all that follows passes as it is, in both directions: HTTP/2,
CONNECT, what comes after 101, header lines that are folded, a body with two lengths or with another
coding than "chunked", a response that nobody has asked for, 1000 requests without a response. A
line that has more than 64 KiB is refused."""

import collections
import re

from gi.repository import GObject, Imp

CLIENT, SERVER = Imp.Direction.FROM_CLIENT, Imp.Direction.FROM_SERVER
REQUEST = re.compile(rb'([!-~]+) [^ ]+ HTTP/1\.[01]\r?\n')
RESPONSE = re.compile(rb'HTTP/1\.[01] ([1-5]\d\d)(?: .*)?\r?\n')
HEADER = re.compile(rb'([!-9;-~]+):[ \t]*(.*?)[ \t]*\r?\n')
CHUNK = re.compile(rb'([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?\r?\n')
EMPTY = (b'\r\n', b'\n')


class NotUnderstood(Exception):
    """Nothing else is touched then."""


class Side:
    """One direction: what the next line is, and what the head of the message has said."""

    def __init__(self, read):
        self.read = read
        self.has_body = True
        self.length = self.chunked = None


class HttpHeader(Imp.Framer):
    header = GObject.Property(type=str, default='X-Seen-By: imp-remote', blurb='what is added')

    def __init__(self):
        super().__init__(max_record=65536)
        self.sides = [Side(self.read_request), Side(self.read_response)]
        self.methods = collections.deque()   # of requests without a response
        self.final = False                   # is the response none of 1xx?
        for direction in (CLIENT, SERVER):
            self.set_lines(direction)

    def do_record(self, direction, record):
        self.pass_record()
        try:
            self.sides[direction].read(direction, record.get_data())
        except NotUnderstood:
            self.pass_rest(CLIENT)
            self.pass_rest(SERVER)

    def do_incomplete(self, direction, rest):
        self.pass_record()

    def match(self, pattern, line):
        found = pattern.fullmatch(line)
        if not found:
            raise NotUnderstood
        return found

    def read_request(self, direction, line):
        if line in EMPTY:
            return   # some clients send it after a body
        method = self.match(REQUEST, line)[1]
        if method == b'CONNECT' or len(self.methods) == 1000:
            raise NotUnderstood
        self.methods.append(method)
        self.sides[direction] = Side(self.read_header)

    def read_response(self, direction, line):
        status = self.match(RESPONSE, line)[1]
        if not self.methods or status == b'101':
            raise NotUnderstood
        side = self.sides[direction] = Side(self.read_header)
        self.final = not status.startswith(b'1')
        side.has_body = self.final and self.methods[0] != b'HEAD' and status not in (b'204', b'304')
        if self.final:
            self.methods.popleft()

    def read_header(self, direction, line):
        side = self.sides[direction]
        if line in EMPTY:
            self.begin_body(direction, side, line)
            return
        name, value = self.match(HEADER, line).groups()
        if name.lower() == b'content-length':
            if not re.fullmatch(rb'\d{1,18}', value) or side.length not in (None, int(value)):
                raise NotUnderstood
            side.length = int(value)
        elif name.lower() == b'transfer-encoding':
            if value.lower() != b'chunked' or side.chunked:
                raise NotUnderstood
            side.chunked = True

    def begin_body(self, direction, side, line):
        if side.chunked and side.length is not None:
            raise NotUnderstood
        side.read = self.read_request if direction == CLIENT else self.read_response
        if side.has_body and side.chunked:
            side.read = self.read_chunk
        elif side.has_body and side.length is not None:
            self.pass_next(direction, side.length)
        elif side.has_body and direction == SERVER:
            self.pass_rest(SERVER)
        if direction == SERVER and self.final:
            self.replace_record(self.header.encode() + b'\r\n' + line)

    def read_chunk(self, direction, line):
        size = int(self.match(CHUNK, line)[1], 16)
        self.pass_next(direction, size)
        self.sides[direction].read = self.end_chunk if size else self.read_trailer

    def end_chunk(self, direction, line):
        if line not in EMPTY:
            raise NotUnderstood
        self.sides[direction].read = self.read_chunk

    def read_trailer(self, direction, line):
        if line in EMPTY:
            self.sides[direction].read = (self.read_request if direction == CLIENT
                                          else self.read_response)
