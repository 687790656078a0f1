// SPDX-License-Identifier: LGPL-2.1-or-later
// Takes as much memory as the client asks for; everything else it passes.

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const taken = [];

export const Greedy = GObject.registerClass(class Greedy extends Imp.Analyzer {
    vfunc_data(direction, data) {
        if (data.get_size() > 0 && new TextDecoder().decode(data.toArray()) === 'memory\n')
            taken.push(new Uint8Array(300 << 20).fill(1));
        this.pass_bytes(direction, Imp.MAX_OFFSET);
        this.pass_bytes(1 - direction, Imp.MAX_OFFSET);
    }
});
