# SPDX-License-Identifier: LGPL-2.1-or-later
"""Serves the analyzers of shout.py from a program of your own: serve.py ADDRESS"""

import sys

import gi
gi.require_version('Imp', '1')
from gi.repository import GLib, Imp
from shout import Shout

server = Imp.Server.new(Imp.TypeFactory.new(Shout))
server.listen(sys.argv[1])
print('listening', *server.list_addresses(), flush=True)
GLib.MainLoop().run()
