# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves analyzers that shout: shout-server.py ADDRESS [backward]. Ends with its standard input."""

import sys

import samples
from samples import GLib, Imp

server = Imp.Server.new(samples.shout_factory())
if 'backward' in sys.argv[2:]:
    server.use_codec(samples.Backward())
server.listen(sys.argv[1])
print('listening', server.list_addresses()[0], flush=True)

loop = GLib.MainLoop()
GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                      lambda fd, condition: loop.quit())
# What an exception leaves on the standard error is for authors of analyzers, not for this test.
sys.excepthook = lambda kind, error, trace: None
loop.run()
server.close()
