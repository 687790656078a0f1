/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves analyzers that shout: shout-server.js ADDRESS [backward]. Ends with its standard input. */
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Imp from 'gi://Imp?version=1';

import {Backward, shoutFactory} from './samples.js';

const server = Imp.Server.new(shoutFactory());
if (ARGV.includes('backward'))
    server.use_codec(new Backward());
server.listen(ARGV[0]);
print(`listening ${server.list_addresses()[0]}`);

const loop = new GLib.MainLoop(null, false);
const input = new Gio.UnixInputStream({fd: 0, close_fd: false});
input.read_bytes_async(1, GLib.PRIORITY_DEFAULT, null, () => loop.quit());
loop.run();
server.close();
