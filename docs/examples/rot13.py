# SPDX-License-Identifier: LGPL-2.1-or-later
"""A codec of your own: the JSON format, a little harder to read."""

import codecs

import gi
gi.require_version('Imp', '1')
from gi.repository import GLib, GObject, Imp


class Rot13(GObject.Object, Imp.Codec):
    def __init__(self):
        super().__init__()
        self.json = Imp.json_codec_new()

    def do_get_name(self):
        return 'rot13'

    def do_encode(self, message):
        line = self.json.encode(message).get_data().decode()
        return GLib.Bytes.new(codecs.encode(line, 'rot13').encode())

    def do_decode(self, data):
        line, newline, rest = (data.get_data() or b'').partition(b'\n')
        if not newline:
            return None   # more bytes are needed
        text = codecs.decode((line + newline).decode(), 'rot13').encode()
        good, message, used = self.json.decode(GLib.Bytes.new(text))
        return message, used


if __name__ == '__main__':
    encoded = Rot13().encode(Imp.Message.new_ping(7))
    print(encoded.get_data().decode(), end='')
    print(Rot13().decode(encoded)[1])
