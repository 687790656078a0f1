#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same server with its analyzer in Python."""

import argparse

import gi

gi.require_version('Imp', '1')
from gi.repository import GLib, Imp  # noqa: E402


class Pass(Imp.Analyzer):
    def __init__(self, **properties):
        super().__init__(**properties)
        self.position = [0, 0]

    def do_bytes(self, direction, data, offset, data_type):
        position = (offset or self.position[direction]) + len(data)
        self.position[direction] = position
        self.pass_bytes(direction, position)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--address', required=True)
    options = parser.parse_args()
    loop = GLib.MainLoop()
    server = Imp.Server.new(
        Imp.TypeFactory.new(Pass, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.PASS))
    server.connect('disconnected', lambda *_: loop.quit())
    server.listen(options.address)
    print('listening', server.list_addresses()[0], flush=True)
    loop.run()


main()
