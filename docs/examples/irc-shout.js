// SPDX-License-Identifier: LGPL-2.1-or-later
// Says in capital letters what somebody says on IRC:
// imp-remote relay --listen localhost:6668 --module ./irc-shout.js --connect irc.example:6667
//
// Only texts of PRIVMSG from the client change, ASCII letters in them, and no CTCP (/me and the
// like). A line that has more than 16 KiB is refused.

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

// Tags and who says it may stand before it, and the text is all behind the target.
const PRIVMSG = /^((?:@[^ ]+ +)?(?::[^ ]+ +)?PRIVMSG +[^ ]+ )[^\x01]*$/i;
const CAPITAL = 'A'.charCodeAt(0) - 'a'.charCodeAt(0);

export const IrcShout = GObject.registerClass(
class IrcShout extends Imp.Framer {
    constructor() {
        super({max_record: 16384});
        this.set_lines(Imp.Direction.FROM_CLIENT);
    }

    vfunc_record(_direction, line) {
        const bytes = line.toArray();
        const said = PRIVMSG.exec(String.fromCharCode(...bytes));
        if (!said) {
            this.pass_record();
            return;
        }
        const begin = said[1].length;
        this.replace_record(bytes.map((byte, at) =>
            at >= begin && byte >= 0x61 && byte <= 0x7a ? byte + CAPITAL : byte));
    }

    vfunc_incomplete(direction, rest) {
        this.vfunc_record(direction, rest);
    }
});
