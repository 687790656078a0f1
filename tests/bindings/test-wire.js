/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages and codecs from JavaScript, and a codec that is written in JavaScript. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {bytes, contains, equal, fails, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const STREAM = Imp.DATA_TYPE_STREAM;

const backward = line => [...line].reverse().join('');

/* JSON lines, each spelled backward: a codec need not be sensible. */
const Backward = GObject.registerClass({
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
        if (message.get_op() === Imp.Op.PONG)
            throw new RangeError('pong cannot be said');
        return bytes(`${backward(text(this.json.encode(message)).slice(0, -1))}\n`);
    }

    vfunc_decode(data) {
        const input = text(data);
        const end = input.indexOf('\n');
        if (end < 0) {
            if (input.length > 100)
                throw new RangeError('no end in sight');
            return undefined;
        }
        const [, message, used] = this.json.decode(bytes(`${backward(input.slice(0, end))}\n`));
        equal(used, end + 1);
        return [message, end + 1];
    }
});

test('messages', () => {
    const interfaces = [Imp.Interface.new(STREAM, Imp.ResultFlags.PASS)];
    const ask = Imp.Message.new_get_interface(interfaces);
    equal([ask.get_op(), ask.get_interfaces().length], [Imp.Op.GET_INTERFACE, 1]);
    equal(Imp.Message.new_interface(interfaces).get_interfaces()[0].get_data_type(), STREAM);
    equal(Imp.Message.new_set_interface(interfaces[0]).get_op(), Imp.Op.SET_INTERFACE);
    const create = Imp.Message.new_new_analyzer(5, {caddr: 'x'});
    equal([create.get_id(), create.dup_context()], [5, {caddr: 'x'}]);
    equal(Imp.Message.new_delete_analyzer(5).get_op(), Imp.Op.DELETE_ANALYZER);
    const data = Imp.Message.new_data(5, CLIENT, 7, STREAM, bytes('abc'));
    equal([data.get_direction(), data.get_offset(), data.get_data_type(), text(data.get_data())],
        [CLIENT, 7, STREAM, 'abc']);
    equal(Imp.Message.new_busy(5, CLIENT, true).get_busy(), true);
    const result = Imp.Message.new_result(5, Imp.Result.new_pass(CLIENT, 9));
    equal(result.get_result().get_offset(), 9);
    equal(Imp.Message.new_exception(0, 'oh').get_text(), 'oh');
    equal([Imp.Message.new_ping(8).get_token(), Imp.Message.new_pong(8).get_token()], [8, 8]);
    equal(Imp.Message.new_goodbye('bye').get_text(), 'bye');
    const question = Imp.Message.new_get_status(8, 2000);
    equal([question.get_token(), question.get_timeout()], [8, 2000]);
    const answer = Imp.Message.new_status(8, {state: 'up'}, true);
    equal([answer.get_token(), answer.dup_status(), answer.get_more()], [8, {state: 'up'}, true]);
    const share = Imp.Message.new_share(1 << 20, 4096);
    equal([share.get_size(), share.get_block_size()], [1 << 20, 4096]);
    const shared = Imp.Message.new_shared_data(5, CLIENT, 0, STREAM, 3, 64, 100);
    equal([shared.get_block(), shared.get_position(), shared.get_length()], [3, 64, 100]);
    const release = Imp.Message.new_release(3, 2);
    equal([release.get_block(), release.get_count()], [3, 2]);
    contains(data.to_string(), 'data');
    equal([data.equal(data), data.equal(create)], [true, false]);
});

test('version', () => {
    const message = Imp.Message.new_set_version(2, 1, {message: '5'}, ['ping']);
    equal([message.get_version(), message.get_minimum(), message.get_features()],
        [2, 1, ['ping']]);
    equal(message.dup_limits(), {message: '5'});
});

test('stock codecs', () => {
    const message = Imp.Message.new_data(1, CLIENT, 0, STREAM, bytes('GET /'));
    for (const [codec, name] of [[Imp.json_codec_new(), 'json'], [Imp.cbor_codec_new(), 'cbor']]) {
        equal(codec.get_name(), name);
        const encoded = codec.encode(message);
        const [good, decoded, used] = codec.decode(encoded);
        equal([good, decoded.equal(message)], [true, true]);
        equal(used, encoded.toArray().length);
        const part = new GLib.Bytes(encoded.toArray().slice(0, -1));
        equal(codec.decode(part), [true, null, 0]);
    }
    equal(Imp.codec_new_by_name('cbor').get_name(), 'cbor');
    fails(Imp.Error.UNSUPPORTED, () => Imp.codec_new_by_name('morse'));
    fails(Imp.Error.PROTOCOL, () => Imp.json_codec_new().decode(bytes('{]}\n')));
    fails(Imp.Error.UNSUPPORTED, () => Imp.json_codec_new().decode(bytes('{"op":7}\n')));
});

test('own codec', () => {
    const codec = new Backward();
    const message = Imp.Message.new_ping(8);
    equal(codec.get_name(), 'backward');
    const encoded = codec.encode(message);
    contains(text(encoded), 'gnip');
    const [good, decoded, used] = codec.decode(encoded);
    equal([good, decoded.equal(message), used], [true, true, encoded.toArray().length]);
    equal(codec.decode(bytes('abc')), [true, null, 0]);
});

test('own codec fails', () => {
    const codec = new Backward();
    equal(fails(Imp.Error.FATAL, () => codec.encode(Imp.Message.new_pong(1))),
        'RangeError: pong cannot be said');
    equal(fails(Imp.Error.FATAL, () => codec.decode(bytes('x'.repeat(101)))),
        'RangeError: no end in sight');
});

run();
