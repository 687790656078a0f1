# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says in capital letters what the server says: imp-remote serve --module ./shout.py ADDRESS"""

from gi.repository import Imp


class Shout(Imp.Analyzer):
    data_type = Imp.DATA_TYPE_STREAM
    results = Imp.ResultFlags.PASS | Imp.ResultFlags.REPLACE

    def __init__(self):
        super().__init__()
        self.pass_bytes(Imp.Direction.FROM_CLIENT, Imp.MAX_OFFSET)

    def do_bytes(self, direction, data, offset, data_type):
        if direction == Imp.Direction.FROM_SERVER:
            self.replace_data(data.upper())
