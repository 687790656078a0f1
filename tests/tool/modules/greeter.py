# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers each chunk of the client's by a greeting, as its settings say."""

from gi.repository import GObject, Imp


class Greeter(Imp.Analyzer):
    greeting = GObject.Property(type=str, default='hi', blurb='what is said instead')
    times = GObject.Property(type=int, default=1, minimum=1, maximum=9, blurb='how often')

    def do_data(self, direction, data, offset, data_type):
        text = (self.greeting * self.times).encode()
        if data.get_size() > 0 and direction == Imp.Direction.FROM_CLIENT:
            self.replace_bytes(direction, offset + data.get_size(), text)
        else:
            self.pass_bytes(direction, Imp.MAX_OFFSET)
