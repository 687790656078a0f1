# SPDX-License-Identifier: LGPL-2.1-or-later
"""Says in capital letters what somebody says on IRC:
imp-remote relay --listen localhost:6668 --module ./irc-shout.py --connect irc.example:6667

Only texts of PRIVMSG from the client change, ASCII letters in them, and no CTCP (/me and the like).
A line that has more than 16 KiB is refused."""

import re

from gi.repository import Imp

# Tags and who says it may stand before it, and the text is all behind the target.
PRIVMSG = re.compile(rb'((?:@[^ ]+ +)?(?::[^ ]+ +)?PRIVMSG +[^ ]+ )([^\1]*)', re.IGNORECASE)


class IrcShout(Imp.Framer):
    def __init__(self):
        super().__init__(max_record=16384)
        self.set_lines(Imp.Direction.FROM_CLIENT)

    def do_record(self, direction, line):
        said = PRIVMSG.fullmatch(line.get_data())
        if said:
            self.replace_record(said[1] + said[2].upper())
        else:
            self.pass_record()

    def do_incomplete(self, direction, rest):
        self.do_record(direction, rest)
