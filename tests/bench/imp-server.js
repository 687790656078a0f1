// SPDX-License-Identifier: LGPL-2.1-or-later
// The same server with its analyzer in JavaScript.
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';
import {programArgs} from 'system';

const Pass = GObject.registerClass(class Pass extends Imp.Analyzer {
    _init(properties) {
        super._init(properties);
        this._position = [0, 0];
    }

    vfunc_bytes(direction, data, offset, _type) {
        const position = (offset || this._position[direction]) + data.length;
        this._position[direction] = position;
        this.pass_bytes(direction, position);
        return true;
    }
});

const address = programArgs[programArgs.indexOf('--address') + 1];
const loop = GLib.MainLoop.new(null, false);
const server = Imp.Server.new(
    Imp.TypeFactory.new(Pass.$gtype, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.PASS));
server.connect('disconnected', () => loop.quit());
server.listen(address);
print(`listening ${server.list_addresses()[0]}`);
loop.run();
