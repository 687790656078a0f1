// SPDX-License-Identifier: LGPL-2.1-or-later
// A factory with settings: logs one of them, and passes everything.

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

let text = '';

const Logger = GObject.registerClass(
class Logger extends Imp.Analyzer {
    constructor() {
        super();
        this.log(Imp.Direction.FROM_CLIENT, 0, 0, Imp.LogLevel.NOTICE, text);
        for (const direction of [Imp.Direction.FROM_CLIENT, Imp.Direction.FROM_SERVER])
            this.pass_bytes(direction, Imp.MAX_OFFSET);
    }

    // What was under way when everything was passed still comes.
    vfunc_data(_direction, _data, _offset, _dataType) {}
});

export function createFactory(settings) {
    if (Object.keys(settings).join() !== 'text')
        throw new RangeError(`text is wanted, not ${Object.keys(settings)}`);
    text = settings.text;
    return Imp.TypeFactory.new(Logger, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.ALL);
}
