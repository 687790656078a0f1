# SPDX-License-Identifier: LGPL-2.1-or-later
"""Goes wrong in the way that the client asks for."""

import os
import time

from gi.repository import Imp


class Faults(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        order = data.get_data()
        if order == b'raise\n':
            raise RuntimeError('raised as ordered')
        if order == b'exit\n':
            os._exit(3)
        if order == b'hang\n':
            time.sleep(1000)
        if order == b'print\n':
            print('printed as ordered')
        self.pass_bytes(direction, Imp.MAX_OFFSET)
        self.pass_bytes(1 - direction, Imp.MAX_OFFSET)
