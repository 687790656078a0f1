# SPDX-License-Identifier: LGPL-2.1-or-later
"""A factory with settings: puts a greeting before what the server says."""

from gi.repository import Imp


class Greeter(Imp.Analyzer):
    greeting = ''

    def __init__(self):
        super().__init__()
        self.pass_bytes(Imp.Direction.FROM_CLIENT, Imp.MAX_OFFSET)
        self.replace_bytes(Imp.Direction.FROM_SERVER, 0, self.greeting.encode())

    def do_data(self, direction, data, offset, data_type):
        self.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET)


def create_factory(settings):
    if set(settings) != {'the_greeting'}:
        raise ValueError(f'the_greeting is wanted, not {sorted(settings)}')
    Greeter.greeting = settings['the_greeting']
    return Imp.TypeFactory.new(Greeter, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.ALL)
