/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewriters and framers in JavaScript. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {contains, equal, fails, raises, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const SERVER = Imp.Direction.FROM_SERVER;
const STREAM = Imp.DATA_TYPE_STREAM;

const Mask = GObject.registerClass(class Mask extends Imp.Rewriter {
    constructor(properties = {}) {
        super(properties);
        this.ids = [
            this.add_string(SERVER, 'secret'),
            this.add_regex(SERVER, '(?<user>\\w+)@(\\w+)?', 40),
        ];
    }

    vfunc_match(direction, pattern, match, offset) {
        if (pattern === this.ids[0]) {
            this.replace('******');
            return;
        }
        equal(text(this.get_group(0)), text(match));
        equal(this.get_named_group('nobody'), null);
        const host = this.get_group(2);
        if (host === null)
            this.keep();
        else if (text(host) === 'evil')
            this.deny(direction, `${offset}: evil`);
        else if (text(host) === 'error')
            throw new Error('cannot do this');
        else
            this.replace(text(this.get_named_group('user')).toUpperCase());
    }
});

/* An analyzer in a filter, and what comes out. */
class Filtered {
    constructor(analyzer, direction = SERVER) {
        this.filter = Imp.Filter.new(analyzer);
        this.direction = direction;
        this.output = '';
        this.filter.set_output((source, unused, data) => {
            this.output += text(data);
        });
    }

    push(data) {
        this.filter.push_bytes(this.direction, data, STREAM);
    }
}

test('rewriter', () => {
    const whole = 'a secret of joe@example, bob@ and secre';
    for (let at = 1; at < whole.length; at++) {
        const rewriter = new Mask();
        const rig = new Filtered(rewriter);
        equal(rewriter.ids, [1, 2]);
        rig.push(whole.slice(0, at));
        rig.push(whole.slice(at));
        equal(rewriter.get_max_held(SERVER), 41);
        rig.push('');
        equal(rig.output, 'a ****** of JOE, bob@ and secre');
        equal([rewriter.n_matches, rewriter.n_replaced], [3, 2]);
    }
});

test('a rewriter that refuses', () => {
    let rig = new Filtered(new Mask());
    contains(fails(Imp.Error.DENIED, () => rig.push('ok joe@evil secret')), '3: evil');
    equal(rig.output, 'ok ');
    rig = new Filtered(new Mask());
    contains(fails(Imp.Error.FATAL, () => rig.push('joe@error ')), 'Error: cannot do this');
    contains(fails(Imp.Error.SETTINGS, () => new Mask().add_regex(SERVER, 'a*', 3)),
        'empty string');
});

test('a delay', () => {
    const rewriter = new Mask({max_delay: 10, on_delay: Imp.DelayAction.PASS});
    const rig = new Filtered(rewriter);
    rig.push('a secr');
    equal(rig.output, 'a ');
    while (rig.output.length < 6)
        GLib.MainContext.default().iteration(true);
    equal([rewriter.n_delayed, rewriter.n_late], [1, 0]);
});

test('a misspelt virtual function', () => {
    contains(String(raises(() => GObject.registerClass(class Wrong extends Imp.Rewriter {
        vfunc_mach() {}
    }))), 'did you mean vfunc_match()?');
});

test('a virtual function that is never called', () => {
    contains(String(raises(() => GObject.registerClass(class Unused extends Imp.Framer {
        vfunc_bytes() {}
    }))), 'vfunc_bytes() would never be called');
});

const Lines = GObject.registerClass(class Lines extends Imp.Framer {
    constructor() {
        super();
        this.set_lines(CLIENT);
        this.held = [];
    }

    vfunc_record(direction, record) {
        const line = text(record);
        if (line === 'later\n')
            this.held.push(this.hold_record());
        else if (line === 'drop\n')
            this.drop_record();
        else if (line === 'loud\n')
            this.replace_record(line.toUpperCase());
        else if (line !== 'nothing\n')
            this.pass_record();
        if (line === 'rest\n')
            this.pass_rest(direction);
        if (line === 'body\n')
            this.pass_next(direction, 5);
    }

    vfunc_incomplete(direction, rest) {
        this.replace_record(`(${text(rest)})`);
    }
});

test('framer', () => {
    const framer = new Lines();
    const rig = new Filtered(framer, CLIENT);
    rig.push('a\nlou');
    rig.push('d\ndrop\nlater\nlater\nlater\nb\nend');
    equal(rig.output, 'a\nLOUD\n');
    framer.pass_held(framer.held[1]);
    framer.replace_held(framer.held[0], '1\n');
    framer.drop_held(framer.held[2]);
    rig.push('');
    equal(rig.output, 'a\nLOUD\n1\nlater\nb\n(end)');
    const other = new Filtered(new Lines(), CLIENT);
    other.push('rest\nloud\n');
    equal(other.output, 'rest\nloud\n');
    const body = new Filtered(new Lines(), CLIENT);
    body.push('body\nloud\nloud\n');
    equal(body.output, 'body\nloud\nLOUD\n');
    const silent = new Filtered(new Lines(), CLIENT);
    contains(fails(Imp.Error.FATAL, () => silent.push('nothing\n')), 'no answer');
});

const Records = GObject.registerClass(class Records extends Imp.Framer {
    constructor() {
        super({max_record: 9});
        this.records = [];
    }

    vfunc_record(direction, record) {
        this.records.push(text(record));
        this.pass_record();
    }
});

test('framings', () => {
    const cases = [
        [framer => framer.set_delimiter(CLIENT, '--'), 'a--b--', ['a--', 'b--']],
        [framer => framer.set_length(CLIENT, 2), 'abcd', ['ab', 'cd']],
        [framer => framer.set_length_prefix(CLIENT, 1, true, 1), '\x01a\x02bc',
            ['\x01a', '\x02bc']],
    ];
    for (const [prepare, data, records] of cases) {
        const framer = new Records();
        prepare(framer);
        const rig = new Filtered(framer, CLIENT);
        for (const letter of data)
            rig.push(letter);
        equal(framer.records, records);
        equal(rig.output, data);
    }
});

run();
