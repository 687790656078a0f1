# SPDX-License-Identifier: LGPL-2.1-or-later
"""What both ends of the tests in Python use: an analyzer that shouts, and a codec of their own."""

import gi

gi.require_version('Imp', '1')

from gi.repository import GLib, GObject, Imp  # noqa: E402

FROM_SERVER = Imp.Direction.FROM_SERVER


class Shout(Imp.Analyzer):
    """Turns what the client says into capitals; passes what the server says."""

    def __init__(self):
        super().__init__()
        self.position = 0

    def do_data(self, direction, data, offset, data_type):
        if direction == FROM_SERVER:
            self.pass_bytes(direction, Imp.MAX_OFFSET)
            return
        chunk = data.get_data() or b''
        if chunk == b'raise':
            raise ValueError('bad thing')
        if chunk == b'context':
            self.account('caddr', self.lookup_context('caddr'))
        self.position += len(chunk)
        self.replace_bytes(direction, self.position, chunk.upper())


class Backward(GObject.Object, Imp.Codec):
    """JSON lines, each spelled backward: a codec need not be sensible."""

    def __init__(self):
        super().__init__()
        self.json = Imp.json_codec_new()

    def do_get_name(self):
        return 'backward'

    def do_encode(self, message):
        line = self.json.encode(message).get_data()
        return GLib.Bytes.new(line[:-1][::-1] + b'\n')

    def do_decode(self, data):
        text = data.get_data() or b''
        end = text.find(b'\n')
        if end < 0:
            return None
        good, message, used = self.json.decode(GLib.Bytes.new(text[:end][::-1] + b'\n'))
        return message, used


def shout_factory():
    return Imp.TypeFactory.new(Shout, Imp.DATA_TYPE_STREAM,
                               Imp.ResultFlags.PASS | Imp.ResultFlags.REPLACE
                               | Imp.ResultFlags.ACCOUNT_FIELD)
