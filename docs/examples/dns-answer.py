# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers a DNS server's clients itself for some names, and lets others wait in vain:
imp-remote relay --listen udp:localhost:5353 \\
    --module './dns-answer.py=answer=www.example&address=192.0.2.1&drop=ads.example' \\
    --connect udp:192.0.2.53:53

A name stands for all names below it as well. Of a name that is answered there is an address of IPv4
and nothing else. An answer is 16 bytes longer than its question at most: whoever forges the address
that a question comes from gains next to nothing. What is no question of this kind passes."""

import socket

from gi.repository import GObject, Imp

CLIENT, SERVER = Imp.Direction.FROM_CLIENT, Imp.Direction.FROM_SERVER
TYPE_A, TYPE_ANY, CLASS_IN = 1, 255, 1
TTL = 60
# Of the flags: a response; the kind of question; "recursion desired"; "recursion available".
RESPONSE, OPCODE, DESIRED, AVAILABLE = 0x8000, 0x7800, 0x0100, 0x0080


def number(data, at):
    return int.from_bytes(data[at:at + 2], 'big')


def read_question(packet):
    """Its name, its type, and where it ends; or nothing, if that is not a query with one."""
    if len(packet) < 12 or number(packet, 2) & (RESPONSE | OPCODE) or number(packet, 4) != 1:
        return None
    labels, at = [], 12
    while at < len(packet) and packet[at]:
        if packet[at] > 63:
            return None
        labels.append(packet[at + 1:at + 1 + packet[at]].lower())
        at += 1 + packet[at]
    if at + 5 > len(packet) or number(packet, at + 3) != CLASS_IN:
        return None
    return b'.'.join(labels).decode('latin-1'), number(packet, at + 1), at + 5


def is_below(name, top):
    return bool(top) and (name == top or name.endswith('.' + top))


class DnsAnswer(Imp.Analyzer):
    data_type = Imp.DATA_TYPE_PACKET
    answer = GObject.Property(type=str, default='', blurb='the name that is answered here')
    address = GObject.Property(type=str, default='192.0.2.1', blurb='what it is answered')
    drop = GObject.Property(type=str, default='', blurb='the name that gets no answer')

    def __init__(self, **settings):
        super().__init__(**settings)
        self.pass_bytes(SERVER, Imp.MAX_OFFSET)

    def do_bytes(self, direction, data, offset, data_type):
        question = read_question(data)
        if question is not None and is_below(question[0], self.drop):
            self.replace_data(b'')
        elif question is not None and is_below(question[0], self.answer):
            self.replace_data(b'')
            self.send_back(direction, self.make_answer(data, *question))
        else:
            self.pass_data()

    def make_answer(self, packet, name, kind, end):
        record = b''
        if kind in (TYPE_A, TYPE_ANY):
            # 0xc00c: the name of the question, once more.
            record = (b'\xc0\x0c' + TYPE_A.to_bytes(2, 'big') + CLASS_IN.to_bytes(2, 'big')
                      + TTL.to_bytes(4, 'big') + b'\0\x04' + socket.inet_aton(self.address))
        flags = RESPONSE | AVAILABLE | number(packet, 2) & DESIRED
        counts = (1, 1 if record else 0, 0, 0)
        return (packet[:2] + flags.to_bytes(2, 'big')
                + b''.join(count.to_bytes(2, 'big') for count in counts) + packet[12:end] + record)
