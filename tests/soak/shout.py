# SPDX-License-Identifier: LGPL-2.1-or-later
"""An analyzer that turns small letters into capitals."""

import gi

gi.require_version('Imp', '1')
from gi.repository import Imp  # noqa: E402 pylint: disable=wrong-import-position


class Shout(Imp.Analyzer):
    results = Imp.ResultFlags.PASS | Imp.ResultFlags.REPLACE

    def __init__(self):
        super().__init__()
        self.position = [0, 0]

    def do_data(self, direction, data, offset, data_type):
        text = data.get_data()
        if not text:
            return
        self.position[direction] += len(text)
        self.replace_bytes(direction, self.position[direction], text.upper())
