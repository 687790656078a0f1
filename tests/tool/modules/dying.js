// SPDX-License-Identifier: LGPL-2.1-or-later
// Ends, or hangs, in the way that the client asks for; everything else it passes.

import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';
import System from 'system';

export const Dying = GObject.registerClass(
class Dying extends Imp.Analyzer {
    vfunc_data(direction, data) {
        switch (new TextDecoder().decode(data.toArray())) {
        case 'exit\n':
            System.exit(3);
            break;
        case 'kill\n':
            GLib.spawn_command_line_sync('sh -c "kill -KILL $PPID"');
            break;
        case 'loop\n':
            GLib.usleep(60 * GLib.USEC_PER_SEC);
        }
        this.pass_bytes(direction, Imp.MAX_OFFSET);
        this.pass_bytes(1 - direction, Imp.MAX_OFFSET);
    }
});
