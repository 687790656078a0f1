/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Says whether this gjs goes deaf by itself: without the override, calls from C with as many arrays
 * as make its collector begin some times. */
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const CHUNK = new Uint8Array(16384);
const N_CALLS = 65536;

let heard = 0;
const Listener = GObject.registerClass(class Listener extends Imp.Analyzer {
    vfunc_bytes() {
        heard++;
        return true;
    }
});

const listener = new Listener();
let fed = 0;
while (fed === heard && fed < N_CALLS) {
    listener.data_bytes(Imp.Direction.FROM_CLIENT, CHUNK, 0, Imp.DATA_TYPE_STREAM);
    fed++;
}
print(fed === heard ? 'sound' : 'deaf');
