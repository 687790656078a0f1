// SPDX-License-Identifier: LGPL-2.1-or-later
// Says in capital letters what the server says: imp-remote serve --module ./shout.js ADDRESS

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const CAPITAL = 'A'.charCodeAt(0) - 'a'.charCodeAt(0);

export const Shout = GObject.registerClass(
class Shout extends Imp.Analyzer {
    static data_type = Imp.DATA_TYPE_STREAM;
    static results = Imp.ResultFlags.PASS | Imp.ResultFlags.REPLACE;

    constructor() {
        super();
        this.pass_bytes(Imp.Direction.FROM_CLIENT, Imp.MAX_OFFSET);
    }

    vfunc_bytes(direction, bytes, _offset, _dataType) {
        if (direction === Imp.Direction.FROM_SERVER) {
            this.replace_data(
                bytes.map(byte => byte >= 0x61 && byte <= 0x7a ? byte + CAPITAL : byte));
        }
    }
});
