#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
import sys

import gi
gi.require_version('Imp', '1')
from gi.repository import GLib, Imp

remote = Imp.RemoteFactory.new(sys.argv[1])
analyzer = remote.create_analyzer({'app': 'through.py'})
output = Imp.Filter.new(analyzer)


def write(source, direction, data, data_type):
    sys.stdout.buffer.write(data.get_data() or b'')


output.set_output(write)
for line in sys.stdin.buffer:
    output.push_bytes(Imp.Direction.FROM_SERVER, line, Imp.DATA_TYPE_STREAM)
output.push_bytes(Imp.Direction.FROM_SERVER, b'', Imp.DATA_TYPE_STREAM)

context = GLib.MainContext.default()
while not output.is_finished(Imp.Direction.FROM_SERVER):
    output.check()
    context.iteration(True)
