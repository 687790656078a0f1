# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends its standard input through remote analyzers to its standard output: through.py ADDRESS"""

import sys

import gi
gi.require_version('Imp', '1')
from gi.repository import GLib, Imp

DIRECTION = Imp.Direction.FROM_SERVER


def write(source, direction, data, data_type):
    sys.stdout.buffer.write(data.get_data() or b'')


remote = Imp.RemoteFactory.new(sys.argv[1])
output = Imp.Filter.new(remote.create_analyzer({'app': 'through.py'}))
output.set_output(write)
context = GLib.MainContext.default()
for line in sys.stdin.buffer:
    output.push(DIRECTION, line)
    while output.is_paused(DIRECTION):
        context.iteration(True)
output.push(DIRECTION, b'')
while output.check() and not output.is_finished(DIRECTION):
    context.iteration(True)
