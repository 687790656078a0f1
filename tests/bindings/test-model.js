/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model from JavaScript: data types, results, interfaces, analyzers, factories, settings. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {bytes, contains, equal, fails, raises, run, test, text, texts} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const SERVER = Imp.Direction.FROM_SERVER;
const STREAM = Imp.DATA_TYPE_STREAM;

const closed = [];

/* Does what the data say. */
const Obedient = GObject.registerClass(class Obedient extends Imp.Analyzer {
    vfunc_data(direction, data, offset) {
        const word = text(data);
        switch (word) {
        case 'raise':
            throw new RangeError('bad thing');
        case 'bare':
            throw new TypeError();
        case 'odd':
            throw 'only a string';  // eslint-disable-line no-throw-literal
        case 'error':
            throw new GLib.Error(Imp.error_quark(), Imp.Error.LIMIT, 'own words');
        case 'false':
            return false;
        case 'context':
            this.account('caddr', this.lookup_context('caddr'));
        }
        this.account('word', `${word}@${offset}`);
        return undefined;
    }

    vfunc_busy(direction, busy) {
        this.account('busy', `${direction} ${busy}`);
    }

    vfunc_close() {
        closed.push(this);
    }
});

/* Keeps what it gets as plain bytes. */
const Plain = GObject.registerClass(class Plain extends Imp.Analyzer {
    seen = [];

    vfunc_bytes(direction, data, offset, dataType) {
        if (!(data instanceof Uint8Array))
            throw new TypeError(`${data} is no array of bytes`);
        this.seen.push([direction, ...data, offset, dataType].join());
    }
});

/* Answers what it is fed, and counts no offsets. */
const Terse = GObject.registerClass(class Terse extends Imp.Analyzer {
    vfunc_bytes(direction, data) {
        if (direction === CLIENT)
            this.replace_data(data.map(byte => byte - 0x20));
        else
            this.pass_data();
    }
});

const Quiet = GObject.registerClass(class Quiet extends Imp.Analyzer {});

const Configured = GObject.registerClass({
    Properties: {
        word: GObject.ParamSpec.string('word', 'word', 'a word', GObject.ParamFlags.READWRITE, ''),
        number: GObject.ParamSpec.int('number', 'number', 'a number', GObject.ParamFlags.READWRITE,
            0, 9, 3),
    },
}, class Configured extends Imp.Factory {
    vfunc_list_interfaces() {
        return [Imp.Interface.new(STREAM, Imp.ResultFlags.PASS | Imp.ResultFlags.LOG)];
    }

    vfunc_ignores(context) {
        if ('unsure' in context)
            throw new Error('no rule');
        if ('boring' in context)
            return true;
        /* Nothing is returned: it is interested. */
    }

    vfunc_create_analyzer(context) {
        if ('raise' in context)
            throw new Error('no such thing');
        if ('none' in context)
            return null;
        return 'interesting' in context ? new Obedient() : Imp.PassAnalyzer.new();
    }
});

function feed(word, context = {}) {
    const factory = Imp.TypeFactory.new(Obedient.$gtype, STREAM, Imp.ResultFlags.ALL);
    const analyzer = factory.create_analyzer(context);
    analyzer.data_bytes(CLIENT, new TextEncoder().encode(word), 0, STREAM);
    return texts(analyzer.poll_results());
}

test('constants', () => {
    equal([Imp.DATA_TYPE_ANY, STREAM, Imp.DATA_TYPE_PACKET, Imp.MAX_OFFSET], [0, -1, 1, -1]);
    equal([Imp.MAJOR_VERSION, Imp.MINOR_VERSION, Imp.MICRO_VERSION >= 0], [0, 2, true]);
});

test('data types', () => {
    equal(Imp.data_type_register('imp.test.js', -98), true);
    equal(Imp.data_type_get_name(-98), 'imp.test.js');
    equal(Imp.data_type_from_name('imp.test.js'), -98);
    equal([Imp.data_type_is_stream(-98), Imp.data_type_is_stream(98)], [true, false]);
    contains(fails(Imp.Error.FAILED, () => Imp.data_type_register('imp.test.other', -98)), '-98');
});

test('result types', () => {
    equal(Imp.result_type_to_string(Imp.ResultType.TO_SENDER), 'to_sender');
    equal(Imp.result_type_from_string('to_sender'), Imp.ResultType.TO_SENDER);
    equal(Imp.result_type_to_flag(Imp.ResultType.DENY), Imp.ResultFlags.DENY);
});

test('results', () => {
    const data = bytes('a\0b');
    const replace = Imp.Result.new_replace(CLIENT, 7, data);
    equal([replace.get_result_type(), replace.get_direction(), replace.has_direction()],
        [Imp.ResultType.REPLACE, CLIENT, true]);
    equal([replace.get_offset(), text(replace.get_data())], [7, 'a\0b']);
    equal(replace.equal(Imp.Result.new_replace(CLIENT, 7, data)), true);
    equal(replace.equal(Imp.Result.new_replace(CLIENT, 8, data)), false);
    equal(Imp.Result.new_pass(SERVER, Imp.MAX_OFFSET).get_offset(), -1);
    equal(Imp.Result.new_prepass(SERVER, 2 ** 52).get_offset(), 2 ** 52);
    equal(Imp.Result.new_replace_later(CLIENT, 1, 9).get_end_offset(), 9);
    equal(Imp.Result.new_want(CLIENT, 9).get_offset(), 9);
    equal(text(Imp.Result.new_to_sender(SERVER, data).get_data()), 'a\0b');
    const pattern = Imp.Result.new_pass_pattern(CLIENT, 'a+b', 5);
    equal([pattern.get_pattern(), pattern.get_max_length()], ['a+b', 5]);
    equal(Imp.Result.new_drop().get_result_type(), Imp.ResultType.DROP);
    equal(Imp.Result.new_pause(CLIENT).get_result_type(), Imp.ResultType.PAUSE);
    equal(Imp.Result.new_continue(CLIENT).get_result_type(), Imp.ResultType.CONTINUE);
    equal(Imp.Result.new_port(Imp.ResultType.PORT_OPEN, CLIENT, 4).get_result_type(),
        Imp.ResultType.PORT_OPEN);
});

test('texts of results', () => {
    const log = Imp.Result.new_log(CLIENT, 1, 2, Imp.LogLevel.ALERT, 'grüß', {k: 'v'});
    equal([log.get_length(), log.get_level(), log.get_message(), log.get_details()],
        [2, Imp.LogLevel.ALERT, 'grüß', {k: 'v'}]);
    const deny = Imp.Result.new_deny(SERVER, 'no', null);
    equal([deny.get_message(), deny.get_details()], ['no', null]);
    equal(Imp.Result.new_fatal('broken').get_message(), 'broken');
    const field = Imp.Result.new_account_field('key', 'value');
    equal([field.get_key(), field.get_value(), field.has_direction()], ['key', 'value', false]);
});

test('interfaces', () => {
    const interface_ = Imp.Interface.new(STREAM, Imp.ResultFlags.PASS | Imp.ResultFlags.DENY);
    equal([interface_.get_data_type(), interface_.get_results()],
        [STREAM, Imp.ResultFlags.PASS | Imp.ResultFlags.DENY]);
    equal([interface_.allows(Imp.ResultType.DENY), interface_.allows(Imp.ResultType.DROP)],
        [true, false]);
    equal(interface_.equal(Imp.Interface.new(STREAM, Imp.ResultFlags.PASS)), false);
    contains(interface_.to_string(), 'deny');
});

test('answers to input', () => {
    const analyzer = new Terse();
    analyzer.data_bytes(CLIENT, new TextEncoder().encode('abc'), 0, STREAM);
    analyzer.data_bytes(SERVER, new TextEncoder().encode('defg'), 0, STREAM);
    analyzer.data_bytes(CLIENT, new TextEncoder().encode('hi'), 7, STREAM);
    const results = analyzer.poll_results();
    equal(texts(results), ['replace dir=0 offset=3 data=3 bytes', 'pass dir=1 offset=4',
        'replace dir=0 offset=9 data=2 bytes']);
    equal(text(results[0].get_data()), 'ABC');
    analyzer.pass_data();
    contains(texts(analyzer.poll_results())[0],
        'pass_data() was called while nothing is being fed');
});

test('shortcuts', () => {
    const factory = Imp.TypeFactory.new(Obedient.$gtype, STREAM, Imp.ResultFlags.ALL);
    const analyzer = factory.create_analyzer({});
    analyzer.data_bytes(CLIENT, '0123456789', 0, STREAM);
    analyzer.data(SERVER, bytes('abc'), 0, STREAM);
    analyzer.prepass_bytes(SERVER, 1);
    analyzer.pass_bytes(CLIENT, 2);
    analyzer.replace_bytes(CLIENT, 4, new Uint8Array([255, 0]));
    analyzer.replace_later(CLIENT, 4, 6);
    analyzer.send_back(SERVER, 'hello');
    analyzer.log(CLIENT, 0, 1, Imp.LogLevel.INFO, 'seen');
    analyzer.want(SERVER, 1);
    analyzer.pause(SERVER);
    analyzer.resume(SERVER);
    analyzer.add_result(Imp.Result.new_account_field('a', 'b'));
    analyzer.pass_pattern(SERVER, 'x+', 4);
    analyzer.deny(CLIENT, 'enough');
    const {ResultType} = Imp;
    equal(analyzer.poll_results().map(result => result.get_result_type()), [
        ResultType.ACCOUNT_FIELD, ResultType.ACCOUNT_FIELD, ResultType.PREPASS, ResultType.PASS,
        ResultType.REPLACE, ResultType.REPLACE_LATER, ResultType.TO_SENDER, ResultType.LOG,
        ResultType.WANT, ResultType.PAUSE, ResultType.CONTINUE, ResultType.ACCOUNT_FIELD,
        ResultType.PASS_PATTERN, ResultType.DENY,
    ]);
    analyzer.pass_bytes(CLIENT, 10);
    equal(analyzer.poll_results(), []);
    for (const end of [plugin => plugin.drop(), plugin => plugin.fail('broken')]) {
        const other = new Quiet();
        end(other);
        equal(other.poll_results().length, 1);
    }
});

test('callback', () => {
    const analyzer = new Quiet();
    const seen = [];
    analyzer.account('early', 'one');
    analyzer.set_callback((source, result) => seen.push([source === analyzer, result.get_key()]));
    analyzer.account('late', 'one');
    equal(seen, [[true, 'early'], [true, 'late']]);
    analyzer.set_callback(null);
    analyzer.account('waiting', 'one');
    equal(seen.length, 2);
    equal(analyzer.poll_results().map(result => result.get_key()), ['waiting']);
});

test('busy and close', () => {
    const analyzer = new Obedient();
    analyzer.set_busy(CLIENT, true);
    analyzer.pass_bytes(CLIENT, Imp.MAX_OFFSET);
    equal(analyzer.poll_results().map(result => result.get_value()), ['0 true']);
    analyzer.set_busy(CLIENT, false);
    equal(analyzer.poll_results().length, 2);
    equal([analyzer.is_closed(), analyzer.get_interface()], [false, null]);
    analyzer.close();
    equal([analyzer.is_closed(), closed.pop() === analyzer], [true, true]);
});

test('context', () => {
    contains(feed('context', {caddr: '10.0.0.1'})[0], '10.0.0.1');
    const factory = Imp.TypeFactory.new(Quiet.$gtype, STREAM, Imp.ResultFlags.ALL);
    const analyzer = factory.create_analyzer({a: 'ö', ü: 'b'});
    const context = analyzer.get_context();
    equal([Object.keys(context).length, context.a], [2, 'ö']);
    equal([analyzer.lookup_context('ü'), analyzer.lookup_context('missing')], ['b', null]);
});

test('exceptions', () => {
    equal(feed('raise'), ['fatal "RangeError: bad thing"']);
    equal(feed('bare'), ['fatal "TypeError"']);
    equal(feed('odd'), ['fatal "exception: only a string"']);
    equal(feed('error'), ['fatal "own words"']);
    contains(feed('false')[0], 'failed without saying why');
    equal(feed('word'), ['account_field "word"="word@0"']);
});

test('what is not implemented', () => {
    const analyzer = new Quiet();
    analyzer.data_bytes(CLIENT, 'x', 0, STREAM);
    contains(texts(analyzer.poll_results())[0], 'fatal');
});

test('plain input', () => {
    const analyzer = new Plain();
    analyzer.data_bytes(CLIENT, [97, 0, 98], 0, STREAM);
    analyzer.data(SERVER, new GLib.Bytes([1, 2]), 7, STREAM);
    analyzer.data_bytes(CLIENT, [], 0, STREAM);
    equal(texts(analyzer.poll_results()), []);
    equal(analyzer.seen, ['0,97,0,98,0,-1', '1,1,2,7,-1', '0,0,-1']);
});

test('misspelt', () => {
    const Implements = [Imp.Codec];
    const data = raises(() => GObject.registerClass(class WrongData extends Imp.Analyzer {
        vfunc_dta() {}
    }));
    contains(data.message, 'vfunc_data()');
    const create = raises(() => GObject.registerClass(class WrongCreate extends Imp.Factory {
        vfunc_create_analyzr() {}
    }));
    contains(create.message, 'vfunc_create_analyzer()');
    const decode = raises(() => GObject.registerClass({Implements},
        class WrongDecode extends GObject.Object {
            vfunc_decod() {}
        }));
    contains(decode.message, 'vfunc_decode()');
});

test('inheritance', () => {
    const Louder = GObject.registerClass(class Louder extends Obedient {
        vfunc_data(...args) {
            super.vfunc_data(...args);
            this.account('louder', 'yes');
        }

        vfunc_notify() {}
    });
    let plugin = new Louder();
    plugin.data_bytes(CLIENT, 'x', 0, STREAM);
    equal(plugin.poll_results().map(result => result.get_key()), ['word', 'louder']);
    plugin = new Louder();
    plugin.data_bytes(CLIENT, 'raise', 0, STREAM);
    equal(texts(plugin.poll_results()), ['fatal "RangeError: bad thing"']);
});

test('factories', () => {
    const factory = new Configured();
    equal(factory.list_interfaces().map(entry => entry.get_data_type()), [STREAM]);
    equal(factory.create_analyzer({}) instanceof Imp.PassAnalyzer, true);
    equal(factory.create_analyzer({interesting: 'yes'}) instanceof Obedient, true);
    equal(fails(Imp.Error.FATAL, () => factory.create_analyzer({raise: 'yes'})),
        'Error: no such thing');
    contains(fails(Imp.Error.FAILED, () => factory.create_analyzer({none: 'yes'})), 'Configured');
});

test('factory that ignores', () => {
    const factory = new Configured();
    equal(factory.ignores({boring: 'yes'}), true);
    const passing = factory.create_analyzer({boring: 'yes', none: 'yes'});
    equal(passing instanceof Imp.PassAnalyzer, true);
    equal(factory.ignores({}), false);
    equal(factory.ignores({interesting: 'yes'}), false);
    contains(fails(Imp.Error.FATAL, () => factory.ignores({unsure: 'yes'})), 'no rule');
    contains(fails(Imp.Error.FATAL, () => factory.create_analyzer({unsure: 'yes'})), 'no rule');
});

test('interface of a factory', () => {
    const factory = new Configured();
    const wanted = [Imp.Interface.new(Imp.DATA_TYPE_PACKET, Imp.ResultFlags.ALL),
        Imp.Interface.new(STREAM, Imp.ResultFlags.ALL)];
    const matching = factory.match_interfaces(wanted);
    equal(matching.map(entry => entry.get_data_type()), [STREAM]);
    const bound = factory.set_interface(matching[0]);
    const analyzer = bound.create_analyzer({interesting: 'yes'});
    equal(analyzer.get_interface().equal(matching[0]), true);
    fails(Imp.Error.UNSUPPORTED, () => factory.set_interface(wanted[0]));
});

test('interface asked for', async () => {
    const wanted = [Imp.Interface.new(STREAM, Imp.ResultFlags.ALL)];
    const found = await new Promise((resolve, reject) => {
        new Configured().query_interfaces_async(wanted, null, (source, result) => {
            try {
                resolve(source.query_interfaces_finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
    equal(found.length, 1);
});

/* Is not well, and says so. */
const Ailing = GObject.registerClass(class Ailing extends Imp.Factory {
    vfunc_list_statuses() {
        return [Imp.FactoryStatus.new('heart', Imp.FactoryState.UP, null, 7, -1),
            Imp.FactoryStatus.new('head', Imp.FactoryState.RESTARTING, 'dizzy', 1500, 0)];
    }
});

test('statuses', async () => {
    const asked = await new Promise((resolve, reject) => {
        new Ailing().query_statuses_async(1000, null, (source, result) => {
            try {
                resolve(source.query_statuses_finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
    for (const found of [new Ailing().list_statuses(), asked]) {
        equal(found.map(status => status.get_name()), ['heart', 'head']);
        equal(found.map(status => status.get_state()),
            [Imp.FactoryState.UP, Imp.FactoryState.RESTARTING]);
        equal(found.map(status => status.get_reason()), [null, 'dizzy']);
        equal(found.map(status => [status.get_since(), status.get_retry()]), [[7, -1], [1500, 0]]);
        equal(found[1].to_string(), 'head: restarting for 1.5 s, being tried now: dizzy');
    }
    const factory = new Configured();
    equal(factory.list_statuses().map(status => status.get_state()), [Imp.FactoryState.UP]);
    factory.fail('out of luck');
    const [status] = factory.list_statuses();
    equal([status.get_state(), status.get_reason()], [Imp.FactoryState.UNUSABLE, 'out of luck']);
});

test('measurements', () => {
    const factory = Imp.TypeFactory.new(Quiet.$gtype, STREAM, Imp.ResultFlags.ALL);
    equal(factory.get_measurements(), null);
    factory.set_measured(true);
    const analyzer = factory.create_analyzer({});
    equal(factory.get_measurements().deepUnpack().analyzers.unpack(), 1);
    analyzer.close();
});

test('settings', () => {
    const factory = Imp.Factory.new_from_settings(Configured.$gtype, 'word=a%26b&number=7');
    equal([factory.word, factory.number], ['a&b', 7]);
    equal(factory.get_settings().split('&').sort(), ['number=7', 'word=a%26b']);
    const message = fails(Imp.Error.SETTINGS,
        () => Imp.Factory.new_from_settings(Configured.$gtype, 'wrod=a&number=77'));
    contains(message, 'wrod');
    contains(message, '77');
});

test('type factory', () => {
    const factory = Imp.TypeFactory.new(Quiet.$gtype, STREAM, Imp.ResultFlags.LOG);
    equal([factory.get_analyzer_type().name, factory.get_data_type(), factory.get_results()],
        [Quiet.$gtype.name, STREAM, Imp.ResultFlags.LOG]);
});

run();
