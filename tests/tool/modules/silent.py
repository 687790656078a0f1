# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says "ready" by passing what comes first, and from then on what its setting says: nothing, a
pause, something about one direction, what it waits for, or what to look for."""

from gi.repository import Imp

CLIENT = Imp.Direction.FROM_CLIENT


class Silent(Imp.Analyzer):
    what = 'nothing'

    def __init__(self):
        super().__init__()
        self.fed = [0, 0]
        if self.what == 'pattern':
            self.pass_pattern(CLIENT, 'EVIL', 4)

    def do_data(self, direction, data, offset, data_type):
        self.fed[direction] += data.get_size()
        if self.what == 'pattern':
            self.judge(direction, offset)
        elif data.get_data() == b'ready' or (self.what == 'one' and direction != CLIENT):
            self.pass_bytes(direction, self.fed[direction])
        elif self.what == 'pause':
            self.pause(direction)
        elif self.what == 'want':
            self.want(direction, 1000)

    def judge(self, direction, offset):
        if direction == CLIENT:
            self.deny(direction, f'evil at {offset}')
        else:
            self.pass_bytes(direction, Imp.MAX_OFFSET)


def create_factory(settings):
    name = settings.get('what', 'nothing')
    kind = type(f'Silent{name.title()}', (Silent,), {'what': name})
    return Imp.TypeFactory.new(kind, Imp.DATA_TYPE_STREAM, 0)
