# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rewriters and framers in Python."""

import tap
from tap import GLib, Imp, contains, equal, fails, raises

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM


class Mask(Imp.Rewriter):
    def __init__(self, **properties):
        super().__init__(**properties)
        self.ids = [self.add_string(SERVER, b'secret'),
                    self.add_regex(SERVER, r'(?<user>\w+)@(\w+)?', 40)]

    def do_match(self, direction, pattern, match, offset):
        if pattern == self.ids[0]:
            self.replace(b'*' * match.get_size())
            return
        equal(self.get_group(0).get_data(), match.get_data())
        equal(self.get_group(9), None)
        equal(self.get_named_group('nobody'), None)
        host = self.get_group(2)
        if host is None:
            self.keep()
        elif host.get_data() == b'evil':
            self.deny(direction, f'{offset}: evil')
        elif host.get_data() == b'error':
            raise ValueError('cannot do this')
        else:
            self.replace(self.get_named_group('user').get_data().upper())


class Filtered:
    """An analyzer in a filter, and what comes out."""
    def __init__(self, analyzer, direction=SERVER):
        self.filter = Imp.Filter.new(analyzer)
        self.direction = direction
        self.output = b''
        self.filter.set_output(self.take)

    def take(self, _source, _direction, data, _data_type):
        self.output += data.get_data() or b''

    def push(self, data):
        return self.filter.push_bytes(self.direction, data, STREAM)


def test_rewriter():
    whole = b'a secret of joe@example, bob@ and secre'
    for at in range(1, len(whole)):
        rewriter = Mask()
        equal(rewriter.ids, [1, 2])
        rig = Filtered(rewriter)
        rig.push(whole[:at])
        rig.push(whole[at:])
        equal(rewriter.get_max_held(SERVER), 41)
        rig.push(b'')
        equal(rig.output, b'a ****** of JOE, bob@ and secre')
        equal((rewriter.props.n_matches, rewriter.props.n_replaced), (3, 2))


def test_rewriter_refuses():
    rig = Filtered(Mask())
    contains(fails(Imp.Error.DENIED, rig.push, b'ok joe@evil secret'), '3: evil')
    equal(rig.output, b'ok ')
    rig = Filtered(Mask())
    contains(fails(Imp.Error.FATAL, rig.push, b'joe@error '), 'ValueError: cannot do this')
    contains(fails(Imp.Error.SETTINGS, Mask().add_regex, SERVER, 'a*', 3), 'empty string')
    contains(fails(Imp.Error.SETTINGS, Mask().add_string, SERVER, b''), '1 to 65536')


def test_rewriter_delay():
    rewriter = Mask(max_delay=10, on_delay=Imp.DelayAction.PASS)
    rig = Filtered(rewriter)
    rig.push(b'a secr')
    equal(rig.output, b'a ')
    while len(rig.output) < 6:
        GLib.MainContext.default().iteration(True)
    equal((rewriter.props.n_delayed, rewriter.props.n_late), (1, 0))


def test_misspelt():
    def define():
        class Wrong(Imp.Rewriter):
            def do_mach(self, direction, pattern, match, offset):
                pass
        return Wrong
    contains(str(raises(TypeError, define)), 'did you mean do_match()?')


def test_never_called():
    def define():
        class Wrong(Imp.Framer):
            def do_bytes(self, direction, data, offset, data_type):
                pass
        return Wrong
    contains(str(raises(TypeError, define)), 'do_bytes() would never be called')


class Lines(Imp.Framer):
    def __init__(self):
        super().__init__()
        self.set_lines(CLIENT)
        self.held = []

    def do_record(self, direction, record):
        line = record.get_data()
        if line == b'later\n':
            self.held.append(self.hold_record())
        elif line == b'drop\n':
            self.drop_record()
        elif line == b'loud\n':
            self.replace_record(line.upper())
        elif line == b'rest\n':
            self.pass_rest(direction)
            self.pass_record()
        elif line == b'body\n':
            self.pass_next(direction, 5)
            self.pass_record()
        elif line != b'nothing\n':
            self.pass_record()

    def do_incomplete(self, direction, rest):
        self.replace_record(b'(' + rest.get_data() + b')')


def test_framer():
    framer = Lines()
    rig = Filtered(framer, CLIENT)
    rig.push(b'a\nlou')
    rig.push(b'd\ndrop\nlater\nlater\nlater\nb\nend')
    equal(rig.output, b'a\nLOUD\n')
    framer.pass_held(framer.held[1])
    framer.replace_held(framer.held[0], b'1\n')
    equal(rig.output, b'a\nLOUD\n1\nlater\n')
    framer.drop_held(framer.held[2])
    equal(rig.output, b'a\nLOUD\n1\nlater\nb\n')
    rig.push(b'')
    equal(rig.output, b'a\nLOUD\n1\nlater\nb\n(end)')
    rig = Filtered(Lines(), CLIENT)
    rig.push(b'body\nloud\nloud\n')
    equal(rig.output, b'body\nloud\nLOUD\n')
    rig = Filtered(Lines(), CLIENT)
    rig.push(b'rest\nloud\n')
    equal(rig.output, b'rest\nloud\n')
    contains(fails(Imp.Error.FATAL, Filtered(Lines(), CLIENT).push, b'nothing\n'), 'no answer')


class Records(Imp.Framer):
    def __init__(self):
        super().__init__(max_record=9)
        self.records = []

    def do_record(self, direction, record):
        self.records.append(record.get_data())
        self.pass_record()


def test_framings():
    for prepare, data, records in (
            (lambda f: f.set_delimiter(CLIENT, b'--'), b'a--b--', [b'a--', b'b--']),
            (lambda f: f.set_length(CLIENT, 2), b'abcd', [b'ab', b'cd']),
            (lambda f: f.set_length_prefix(CLIENT, 2, True, 2), b'\x01\0a\0\0',
             [b'\x01\0a', b'\0\0'])):
        framer = Records()
        prepare(framer)
        rig = Filtered(framer, CLIENT)
        for byte in data:
            rig.push(bytes([byte]))
        equal(framer.records, records)
        equal(rig.output, data)
    framer = Records()
    framer.set_length_prefix(CLIENT, 4, False, 4)
    contains(fails(Imp.Error.DENIED, Filtered(framer, CLIENT).push, b'\0\0\1\0'), '260 bytes')
    contains(fails(Imp.Error.SETTINGS, framer.set_length_prefix, CLIENT, 3, False, 0), 'not 3')


if __name__ == '__main__':
    tap.run(globals())
