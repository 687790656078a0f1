// SPDX-License-Identifier: LGPL-2.1-or-later
// Answers each chunk of the client's by a greeting, as its settings say.

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const summary = 'Answers in JavaScript.';

export const Greeter = GObject.registerClass({
    Properties: {
        greeting: GObject.ParamSpec.string('greeting', null, 'what is said instead',
            GObject.ParamFlags.READWRITE, 'hi'),
        times: GObject.ParamSpec.int('times', null, 'how often',
            GObject.ParamFlags.READWRITE, 1, 9, 1),
    },
}, class Greeter extends Imp.Analyzer {
    constructor(properties) {
        super(properties);
        this.position = 0;
        this.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET);
    }

    vfunc_data(direction, data) {
        if (direction === Imp.Direction.FROM_CLIENT && data.get_size() > 0) {
            this.position += data.get_size();
            this.replace_bytes(direction, this.position, this.greeting.repeat(this.times));
        }
    }
});
