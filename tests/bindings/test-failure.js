/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fails in a class or a function in JavaScript never looks as if it agreed. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {bytes, contains, equal, fails, raises, run, test, texts} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const STREAM = Imp.DATA_TYPE_STREAM;
const ALL = Imp.ResultFlags.ALL;

function define(klass, description = {}) {
    return GObject.registerClass(description, klass);
}

/* Passes everything, unless something has kept it from being made. */
const Agreeable = define(class Agreeable extends Imp.Analyzer {
    vfunc_data(direction) {
        this.pass_bytes(direction, Imp.MAX_OFFSET);
    }
});

function create(klass) {
    return Imp.TypeFactory.new(klass.$gtype, STREAM, ALL).create_analyzer({});
}

function feed(analyzer) {
    analyzer.data_bytes(CLIENT, [120], 0, STREAM);
    return texts(analyzer.poll_results());
}

/* Lets the loop run until there is something. */
async function eventually(get) {
    for (;;) {
        const found = get();
        if (found)
            return found;
        await new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
            resolve();
            return GLib.SOURCE_REMOVE;
        }));
    }
}

/* Neither the library nor JavaScript gets an analyzer from this class. */
function assertNeverMade(klass, ...says) {
    const message = fails(Imp.Error.FATAL, () => create(klass));
    [`${klass.name}.constructor failed: `, ...says].forEach(text => contains(message, text));
    raises(() => new klass());
}

test('constructor', () => {
    const Late = define(class Late extends Agreeable {
        constructor() {
            super();
            throw new RangeError('no block list');
        }
    });
    assertNeverMade(Late, 'RangeError: no block list');
    assertNeverMade(define(class Heir extends Late {}), 'no block list');
    assertNeverMade(define(class Initialized extends Agreeable {
        _init() {
            super._init();
            throw new Error('in _init');
        }
    }), 'Error: in _init');
    assertNeverMade(define(class Wanting extends Agreeable {
        constructor(settings) {
            super();
            this.words = settings.words;
        }
    }), 'TypeError', 'settings');
    assertNeverMade(define(class Field extends Agreeable {
        words = JSON.parse('{');
    }), 'SyntaxError');
    assertNeverMade(define(class Forgetful extends Agreeable {
        constructor() {
            // eslint-disable-line constructor-super
        }
    }), 'ReferenceError', 'super');
});

test('constructor that makes nothing', () => {
    /* GObject says so, too. */
    const before = GLib.log_set_always_fatal(GLib.LogLevelFlags.LEVEL_ERROR);
    const Forgetful = define(class Forgetful2 extends Agreeable {
        _init() {
        }
    });
    fails(Imp.Error.FATAL, () => create(Forgetful));
    GLib.log_set_always_fatal(before);
});

test('own verdict', () => {
    const Refusing = define(class Refusing extends Agreeable {
        constructor() {
            super();
            this.log(CLIENT, 0, 0, Imp.LogLevel.INFO, 'first');
            this.deny(CLIENT, 'not today');
        }
    });
    const Failing = define(class FailingItself extends Agreeable {
        constructor() {
            super();
            this.fail('own words');
        }
    });
    equal(texts(create(Refusing).poll_results())[1], 'deny dir=0 "not today"');
    equal(fails(Imp.Error.FATAL, () => create(Failing)), 'own words');
});

test('subclass', () => {
    const Middle = define(class Middle extends Agreeable {
        constructor() {
            super();
            this.rules = ['one'];
        }
    });
    const Bottom = define(class Bottom extends Middle {
        constructor() {
            super();
            this.rules.push('two');
        }
    });
    equal(create(Bottom).rules, ['one', 'two']);
    equal(new Bottom().rules, ['one', 'two']);
    equal(new Bottom() instanceof Middle, true);
    equal(feed(create(Bottom)), ['pass dir=0 offset=max']);
});

test('nobody runs it', () => {
    const refused = (klass, description) =>
        contains(raises(() => define(klass, description)).message, 'vfunc_');

    refused(class R1 extends Imp.Analyzer {
        *vfunc_data() {}
    });
    refused(class R2 extends Imp.Analyzer {
        async *vfunc_busy() {}
    });
    refused(class R3 extends Imp.Analyzer {
        async vfunc_close() {}
    });
    refused(class R4 extends Imp.Factory {
        async vfunc_create_analyzer() {}
    });
    refused(class R5 extends Imp.Factory {
        *vfunc_list_interfaces() {}
    });
    refused(class R6 extends GObject.Object {
        async vfunc_encode() {}
    }, {Implements: [Imp.Codec]});
});

/* vfunc_bytes() is called where vfunc_data() is not there, so that nobody has both. */
test('one input', () => {
    const says = klass => raises(() => define(klass)).message;

    contains(says(class Both extends Imp.Analyzer {
        vfunc_data() {}

        vfunc_bytes() {}
    }), 'Both.vfunc_bytes() would never be called');
    contains(says(class Beside extends Agreeable {
        vfunc_bytes() {}
    }), 'Beside.vfunc_bytes() would never be called');
});

test('plain input fails', async () => {
    const Plain = define(class Plain extends Imp.Analyzer {
        vfunc_bytes() {
            return this.answer();
        }
    });
    const answered = answer => {
        const analyzer = create(Plain);
        analyzer.answer = answer;
        return [feed(analyzer), analyzer];
    };
    const error = new RangeError('bad thing');

    equal(answered(() => {
        throw error;
    })[0], ['fatal "RangeError: bad thing"']);
    contains(answered(() => false)[0][0], '.bytes() failed without saying why"');
    contains(answered(() => (function* () {})())[0][0], 'vfunc_bytes() returned');
    equal(answered(() => true)[0], []);
    equal(answered(() => undefined)[0], []);
    const [said, analyzer] = answered(() => Promise.reject(error));
    equal(said, []);
    const later = await eventually(() => texts(analyzer.poll_results())[0]);
    equal(later, 'fatal "Plain.vfunc_bytes failed: RangeError: bad thing"');
});

test('promises', async () => {
    const later = () => new Promise(resolve => GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
        resolve();
        return GLib.SOURCE_REMOVE;
    }));
    const Slow = define(class Slow extends Imp.Analyzer {
        async vfunc_data(direction) {
            await later();
            this.pass_bytes(direction, Imp.MAX_OFFSET);
        }
    });
    const Broken = define(class Broken extends Imp.Analyzer {
        async vfunc_data() {
            await later();
            throw new RangeError('boom');
        }

        async vfunc_busy() {
            throw new Error('at once');
        }
    });
    const Returning = define(class Returning extends Imp.Analyzer {
        vfunc_data() {
            return later().then(() => false);
        }
    });
    const answer = async analyzer => {
        let found = feed(analyzer);
        equal(found, []);
        await eventually(() => (found = texts(analyzer.poll_results())).length);
        return found;
    };
    equal(await answer(create(Slow)), ['pass dir=0 offset=max']);
    equal(await answer(create(Broken)), ['fatal "Broken.vfunc_data failed: RangeError: boom"']);
    contains((await answer(create(Returning)))[0], 'Returning.vfunc_data failed');
    const analyzer = create(Broken);
    analyzer.set_busy(CLIENT, true);
    const [text] = await eventually(() => {
        const found = texts(analyzer.poll_results());
        return found.length && found;
    });
    equal(text, 'fatal "Broken.vfunc_busy failed: Error: at once"');
});

test('late discovery', () => {
    const Generator = define(class Generator extends Imp.Analyzer {
        vfunc_data() {
            return (function* () {})();
        }
    });
    const Promising = define(class Promising extends Imp.Factory {
        vfunc_create_analyzer() {
            return Promise.resolve(new Agreeable());
        }
    });
    contains(feed(create(Generator))[0], 'vfunc_data() returned');
    contains(fails(Imp.Error.FATAL, () => new Promising().create_analyzer({})),
        'vfunc_create_analyzer() returned a promise');
});

test('odd exceptions', () => {
    const Odd = define(class Odd extends Imp.Analyzer {
        vfunc_data() {
            throw Odd.error;
        }
    });
    for (const [error, said] of [[Object.create(null), 'exception'], [null, 'exception: null'],
        [undefined, 'exception: undefined'], [Symbol('x'), 'exception: Symbol(x)'],
        [new TypeError(), 'TypeError']]) {
        Odd.error = error;
        equal(feed(create(Odd)), [`fatal "${said}"`]);
    }
});

function ask(factory) {
    return new Promise(resolve => factory.query_interfaces_async(null, null, (source, result) =>
        resolve(fails(Imp.Error.FATAL, () => source.query_interfaces_finish(result)))));
}

const Failing = define(class Failing extends Imp.Factory {
    vfunc_list_interfaces() {
        throw new RangeError('no interfaces');
    }

    vfunc_create_analyzer() {
        return this.answer;
    }
});

test('interfaces', async () => {
    const reason = 'Failing.vfunc_list_interfaces failed: RangeError: no interfaces';
    const Naming = define(class Naming extends Failing {
        vfunc_list_interfaces() {
            return 'imp.data.stream';
        }
    });
    equal(fails(Imp.Error.FATAL,
        () => new Failing().set_interface(Imp.Interface.new(STREAM, ALL))), reason);
    equal(await ask(new Failing()), reason);
    contains(await ask(new Naming()), 'imp.data.stream');
    const factory = new Failing();
    equal(factory.list_interfaces(), []);
    equal(fails(Imp.Error.FATAL, () => factory.create_analyzer({})), reason);
});

test('statuses', () => {
    const Raising = define(class Raising extends Imp.Factory {
        vfunc_list_statuses() {
            throw new RangeError('no statuses');
        }
    });
    const Calling = define(class Calling extends Imp.Factory {
        vfunc_list_statuses() {
            return 'fine';
        }
    });
    for (const [factory, reason] of [
        [new Raising(), 'Raising.vfunc_list_statuses failed: RangeError: no statuses'],
        [new Calling(), 'fine'],
    ]) {
        const [status] = factory.list_statuses();
        equal(status.get_state(), Imp.FactoryState.UNUSABLE);
        contains(status.get_reason(), reason);
    }
});

test('wrong answers', () => {
    for (const answer of [5, 'analyzer', Agreeable, {}]) {
        const factory = new Failing();
        factory.answer = answer;
        contains(fails(Imp.Error.FATAL, () => factory.create_analyzer({})), 'no Imp.Analyzer');
    }
    const Binding = define(class Binding extends Failing {
        vfunc_set_interface(wanted) {
            return wanted;
        }
    });
    contains(fails(Imp.Error.FATAL,
        () => new Binding().set_interface(Imp.Interface.new(STREAM, ALL))), 'no Imp.Factory');
});

test('said by itself', () => {
    const factory = new Failing();
    factory.fail('first');
    factory.fail('second');
    equal(fails(Imp.Error.FATAL, () => factory.create_analyzer({})), 'first');
});

test('constructed', () => {
    const Broken = define(class BrokenLater extends Agreeable {
        vfunc_constructed() {
            super.vfunc_constructed();
            throw new Error('not whole');
        }
    });
    contains(fails(Imp.Error.FATAL, () => create(Broken)),
        'BrokenLater.vfunc_constructed failed: Error: not whole');
});

const Limited = define(class Limited extends Imp.Factory {
    get max_limit() {
        throw new Error('cannot be read');
    }

    set max_limit(value) {
        throw new RangeError(`${value} is too much`);
    }

    vfunc_create_analyzer() {
        return new Agreeable();
    }
}, {
    Properties: {
        'max-limit': GObject.ParamSpec.int('max-limit', '', '', GObject.ParamFlags.READWRITE,
            0, 9, 3),
    },
});

test('properties', () => {
    /* gjs says so, too. */
    const before = GLib.log_set_always_fatal(GLib.LogLevelFlags.LEVEL_ERROR);
    contains(fails(Imp.Error.SETTINGS,
        () => Imp.Factory.new_from_settings(Limited.$gtype, 'max_limit=7')),
    'Limited.max-limit (property) failed: RangeError: 7 is too much');
    let factory = new Limited();
    equal(factory.get_settings().includes('7'), false);
    contains(fails(Imp.Error.FATAL, () => factory.create_analyzer({})), 'cannot be read');
    factory = new Limited();
    equal(raises(() => (factory.max_limit = 8)).message, '8 is too much');
    contains(fails(Imp.Error.FATAL, () => factory.create_analyzer({})), '8 is too much');
    GLib.log_set_always_fatal(before);
});

test('result callback', () => {
    const seen = [];
    const analyzer = create(Agreeable);
    analyzer.set_callback(function receive(source, result) {
        seen.push(result.to_string());
        throw new RangeError('nowhere to put it');
    });
    analyzer.data_bytes(CLIENT, [120], 0, STREAM);
    equal(seen, ['pass dir=0 offset=max',
        'fatal "receive failed: RangeError: nowhere to put it"']);
    equal(analyzer.is_closed(), true);
});

test('output', async () => {
    const Twice = define(class Twice extends Imp.Analyzer {
        vfunc_data(direction) {
            this.pass_bytes(direction, 1);
            this.pass_bytes(direction, 2);
            this.pass_bytes(direction, Imp.MAX_OFFSET);
        }
    });
    const push = filter => () => filter.push(CLIENT, bytes('abc'), STREAM);
    const written = [], failed = [];
    let filter = Imp.Filter.new(create(Twice));
    filter.connect('failed', (source, message) => failed.push(message));
    filter.set_output(function write(source, direction, data) {
        written.push(data.toArray()[0]);
        throw new Error('nobody reads');
    });
    const reason = 'write failed: Error: nobody reads';
    equal(fails(Imp.Error.FAILED, push(filter)), reason);
    equal(fails(Imp.Error.FAILED, push(filter)), reason);
    equal([written, failed], [[97], [reason]]);

    filter = Imp.Filter.new(create(Twice));
    filter.set_output(async () => {
        throw new Error('later');
    });
    push(filter)();
    await eventually(() => {
        try {
            return !filter.check();
        } catch (error) {
            contains(error.message, 'later');
            return true;
        }
    });
    filter = Imp.Filter.new(create(Twice));
    filter.set_output(() => filter.fail('enough'));
    equal(fails(Imp.Error.FAILED, push(filter)), 'enough');
});

test('codec', () => {
    const Nameless = define(class Nameless extends GObject.Object {
        vfunc_get_name() {
            throw new Error('no name');
        }

        vfunc_encode() {
            return bytes('x');
        }
    }, {Implements: [Imp.Codec]});
    const Textual = define(class Textual extends GObject.Object {
        vfunc_encode() {
            return 'text';
        }
    }, {Implements: [Imp.Codec]});
    const ping = Imp.Message.new_ping(7);
    const codec = new Nameless();
    equal(codec.encode(ping).get_size(), 1);
    contains(codec.get_name(), 'Nameless');
    contains(fails(Imp.Error.FATAL, () => codec.encode(ping)),
        'Nameless.vfunc_get_name failed: Error: no name');
    contains(fails(Imp.Error.FATAL, () => new Textual().encode(ping)), 'no GLib.Bytes');
});

/* The library makes each analyzer from its loop, and no call of JavaScript's is under way. */
test('server', async () => {
    let count = 0;
    const Every = define(class EveryOther extends Agreeable {
        constructor() {
            super();
            if (count++ % 2 === 0)
                throw new RangeError('no block list');
        }
    });
    const server = Imp.Server.new(Imp.TypeFactory.new(Every.$gtype, STREAM, ALL));
    server.listen('127.0.0.1:0');
    const remote = Imp.RemoteFactory.new(server.list_addresses()[0]);
    const analyzers = Array.from({length: 6}, () => remote.create_analyzer({}));
    analyzers.forEach(analyzer => analyzer.data_bytes(CLIENT, [120], 0, STREAM));
    for (const [index, analyzer] of analyzers.entries()) {
        const [found] = await eventually(() => {
            const results = texts(analyzer.poll_results());
            return results.length && results;
        });
        if (index % 2 === 0)
            contains(found, 'EveryOther.constructor failed: RangeError: no block list');
        else
            equal(found, 'pass dir=0 offset=max');
    }
    remote.close();
    server.close();
});

run();
