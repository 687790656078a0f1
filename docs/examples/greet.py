# SPDX-License-Identifier: LGPL-2.1-or-later
"""Greets each line, through an analyzer that says it in capital letters: greet.py PORT"""

import sys

import gi
gi.require_version('Imp', '1')
from gi.repository import Gio, GLib, Imp

from shout import Shout


class Guest:
    def __init__(self, connection):
        self.stream = Imp.IOStream.new(connection, Shout(), Imp.Direction.FROM_CLIENT)
        self.lines = Gio.DataInputStream.new(self.stream.get_input_stream())
        self.listen()

    def listen(self):
        self.lines.read_line_async(GLib.PRIORITY_DEFAULT, None, self.on_line)

    def on_line(self, lines, result):
        try:
            line, _length = lines.read_line_finish_utf8(result)
            if line is None:
                self.stream.close_async(GLib.PRIORITY_DEFAULT, None, self.on_closed)
                return
            answer = GLib.Bytes.new(f'hello {line}\n'.encode())
            self.stream.get_output_stream().write_bytes_async(
                answer, GLib.PRIORITY_DEFAULT, None, self.on_answered)
        except GLib.Error as error:
            self.leave(error)

    def on_answered(self, output, result):
        try:
            output.write_bytes_finish(result)
            self.listen()
        except GLib.Error as error:
            self.leave(error)

    def on_closed(self, stream, result):
        try:
            stream.close_finish(result)
        except GLib.Error as error:
            print(f'a guest has not heard all: {error.message}', file=sys.stderr)

    def leave(self, error):
        print(f'a guest is lost: {error.message}', file=sys.stderr)
        self.stream.close_async(GLib.PRIORITY_DEFAULT, None, lambda *_: None)


def on_incoming(_service, connection, _source):
    Guest(connection)
    return True


service = Gio.SocketService.new()
address = Gio.InetSocketAddress.new_from_string('127.0.0.1', int(sys.argv[1]))
_success, effective = service.add_address(address, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP)
service.connect('incoming', on_incoming)
print(f'listening {effective.get_port()}', flush=True)
GLib.MainLoop().run()
