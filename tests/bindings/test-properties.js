/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of properties do what the properties do. test-properties.py sees to it that there
 * are all of them. */
import GObject from 'gi://GObject';
import Gio from 'gi://Gio';
import Imp from 'gi://Imp?version=1';

import {equal, run, test} from './tap.js';

function streams() {
    return Gio.SimpleIOStream.new(Gio.MemoryInputStream.new(),
        Gio.MemoryOutputStream.new_resizable());
}

function isSettable(spec) {
    return spec.flags & GObject.ParamFlags.WRITABLE &&
        !(spec.flags & GObject.ParamFlags.CONSTRUCT_ONLY);
}

/* How many there are. */
function checkAll(sample) {
    let count = 0;
    for (const spec of sample.constructor.list_properties()) {
        const short = spec.name.replace(/-/g, '_');
        if (typeof sample[`get_${short}`] !== 'function')
            continue;
        const value = sample[`get_${short}`]();
        equal(String(value ?? ''), String(sample[short] ?? ''));
        count++;
        if (!isSettable(spec) || typeof sample[`set_${short}`] !== 'function')
            continue;
        let heard = 0;
        const handler = sample.connect(`notify::${spec.name}`, () => heard++);
        sample[`set_${short}`](value);
        equal(heard, 0);
        if (typeof value === 'boolean') {
            sample[`set_${short}`](!value);
            equal(heard, 1);
            equal(sample[`get_${short}`](), !value);
        }
        sample.disconnect(handler);
    }
    return count;
}

function atLeast(count, minimum) {
    if (count < minimum)
        throw new Error(`${count} properties, not ${minimum} or more`);
}

test('provider', () => {
    const analyzer = () => new Imp.PassAnalyzer();
    const factory = Imp.PatternFactory.new('text=a');
    atLeast(checkAll(Imp.Filter.new(analyzer())), 9);
    atLeast(checkAll(Imp.Relay.new(streams(), streams(), analyzer())), 12);
    atLeast(checkAll(Imp.IOStream.new(streams(), analyzer(), Imp.Direction.FROM_SERVER)), 8);
    atLeast(checkAll(Imp.Prover.new(factory)), 7);
});

test('rpc', () => {
    atLeast(checkAll(Imp.RemoteFactory.new('@nobody')), 15);
    atLeast(checkAll(Imp.Server.new(Imp.PatternFactory.new('text=a'))), 16);
});

run();
