# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers each chunk of the client's by a greeting, as its settings say."""

from gi.repository import GObject, Imp


class Greeter(Imp.Analyzer):
    greeting = GObject.Property(type=str, default='hi', blurb='what is said instead')
    times = GObject.Property(type=int, default=1, minimum=1, maximum=9, blurb='how often')

    def __init__(self):
        super().__init__()
        self.position = 0
        self.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET)

    def do_data(self, direction, data, offset, data_type):
        text = (self.greeting * self.times).encode()
        if direction == Imp.Direction.FROM_CLIENT and data.get_size() > 0:
            self.position += data.get_size()
            self.replace_bytes(direction, self.position, text)
