/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both ends of the tests in JavaScript use: an analyzer that shouts, and an own codec. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/* Turns what the client says into capitals; passes what the server says. */
export const Shout = GObject.registerClass(class Shout extends Imp.Analyzer {
    constructor() {
        super();
        this.position = 0;
    }

    vfunc_data(direction, data) {
        if (direction === Imp.Direction.FROM_SERVER) {
            this.pass_bytes(direction, Imp.MAX_OFFSET);
            return;
        }
        const chunk = decoder.decode(data.toArray());
        if (chunk === 'raise')
            throw new RangeError('bad thing');
        if (chunk === 'context')
            this.account('caddr', this.lookup_context('caddr'));
        this.position += chunk.length;
        this.replace_bytes(direction, this.position, chunk.toUpperCase());
    }
});

const backward = line => [...line].reverse().join('');

/* JSON lines, each spelled backward: a codec need not be sensible. */
export const Backward = GObject.registerClass({
    Implements: [Imp.Codec],
}, class Backward extends GObject.Object {
    constructor() {
        super();
        this.json = Imp.json_codec_new();
    }

    vfunc_get_name() {
        return 'backward';
    }

    vfunc_encode(message) {
        const line = decoder.decode(this.json.encode(message).toArray()).slice(0, -1);
        return new GLib.Bytes(encoder.encode(`${backward(line)}\n`));
    }

    vfunc_decode(data) {
        const input = decoder.decode(data.toArray());
        const end = input.indexOf('\n');
        if (end < 0)
            return undefined;
        const line = encoder.encode(`${backward(input.slice(0, end))}\n`);
        const [, message, used] = this.json.decode(new GLib.Bytes(line));
        return [message, used];
    }
});

export function shoutFactory() {
    const {PASS, REPLACE, ACCOUNT_FIELD} = Imp.ResultFlags;
    return Imp.TypeFactory.new(Shout.$gtype, Imp.DATA_TYPE_STREAM, PASS | REPLACE | ACCOUNT_FIELD);
}
