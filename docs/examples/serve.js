// SPDX-License-Identifier: LGPL-2.1-or-later
// Serves the analyzers of shout.js from a program of your own: gjs -m serve.js ADDRESS

import GLib from 'gi://GLib';
import Imp from 'gi://Imp?version=1';
import {Shout} from './shout.js';

const factory = Imp.TypeFactory.new(Shout.$gtype, Shout.data_type, Shout.results);
const server = Imp.Server.new(factory);
server.listen(ARGV[0]);
print(`listening ${server.list_addresses().join(' ')}`);
new GLib.MainLoop(null, false).run();
