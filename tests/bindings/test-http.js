/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Analyzers of HTTP in JavaScript. */
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {contains, equal, fails, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const SERVER = Imp.Direction.FROM_SERVER;
const OK = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';

function get(target) {
    return `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Old: 1\r\nx-old: 2\r\n\r\n`;
}

/* An analyzer in a filter, and what comes out. */
class Filtered {
    constructor(analyzer) {
        this.filter = Imp.Filter.new(analyzer);
        this.output = ['', ''];
        this.filter.set_output((source, direction, data) => {
            this.output[direction] += text(data);
        });
    }

    push(direction, data) {
        return this.filter.push_bytes(direction, data, Imp.DATA_TYPE_STREAM);
    }
}

function change(request) {
    equal([request.is_request(), request.get_method(), request.get_minor()], [true, 'GET', 1]);
    equal([request.get_status(), request.get_reason()], [0, null]);
    equal([request.get_n_fields(), request.get_name(1), request.get_value(2)], [3, 'X-Old', '2']);
    equal([request.lookup('x-OLD'), request.list_values('x-old')], ['1', ['1', '2']]);
    equal([request.has_token('host', 'A'), request.is_changed()], [true, false]);
    request.set_method('QUERY');
    request.set_target('/new');
    request.set_field('x-old', '3');
    request.append_field('X-Add', 'yes');
    request.remove_field('Host');
    equal(request.is_changed(), true);
    fails(Imp.Error.SETTINGS, () => request.set_field('X', 'a\r\nb: c'));
    fails(Imp.Error.UNSUPPORTED, () => request.set_field('Content-Length', '3'));
}

const Changing = GObject.registerClass(class Changing extends Imp.HttpAnalyzer {
    constructor(properties = {}) {
        super(properties);
        this.ended = [];
    }

    vfunc_request_head(request) {
        if (request.get_target() === '/no')
            this.answer(Imp.HttpHead.new_response(403, 'No'), 'no!');
        else if (request.get_target() === '/refuse')
            this.refuse(400, 'not this');
        else if (request.get_target() === '/error')
            throw new Error('cannot do this');
        else
            change(request);
    }

    vfunc_response_head(request, response) {
        fails(Imp.Error.CLOSED, () => request.set_field('X', 'y'));
        response.set_status(201, 'Made');
        this.read_body(Imp.HttpBody.WHOLE);
    }

    vfunc_response_body(request, response, piece, isLast) {
        equal([text(piece), isLast], ['abc', true]);
        contains(text(response.to_bytes()), '201 Made');
        this.replace_body('other');
    }

    vfunc_message_end(direction, head) {
        this.ended.push([direction, head.get_method()]);
    }
});

test('changes', () => {
    for (const size of [1, 5, 1000]) {
        const analyzer = new Changing();
        const rig = new Filtered(analyzer);
        for (const [direction, data] of [[CLIENT, get('/')], [SERVER, OK]]) {
            for (let at = 0; at < data.length; at += size)
                rig.push(direction, data.slice(at, at + size));
        }
        equal(rig.output, ['QUERY /new HTTP/1.1\r\nX-Old: 3\r\nX-Add: yes\r\n\r\n',
            'HTTP/1.1 201 Made\r\nContent-Length: 5\r\n\r\nother']);
        equal(analyzer.ended, [[CLIENT, 'QUERY'], [SERVER, null]]);
    }
});

test('an answer', () => {
    const rig = new Filtered(new Changing());
    rig.push(CLIENT, get('/no'));
    equal(rig.output, ['', 'HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!']);
});

test('a refusal, and an error', () => {
    const rig = new Filtered(new Changing());
    contains(fails(Imp.Error.DENIED, () => rig.push(CLIENT, get('/refuse'))), 'not this');
    contains(rig.output[SERVER], 'HTTP/1.1 400 Bad Request\r\n');
    contains(fails(Imp.Error.FATAL, () => new Filtered(new Changing()).push(CLIENT, get('/error'))),
        'cannot do this');
});

test('what is no HTTP any more', () => {
    const Watching = GObject.registerClass(class Watching extends Imp.HttpAnalyzer {
        vfunc_opaque(request, response) {
            this.became = [request.get_target(), response.get_status()];
        }
    });
    const analyzer = new Watching();
    const rig = new Filtered(analyzer);
    rig.push(CLIENT, 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nanything');
    rig.push(SERVER, 'HTTP/1.1 200 OK\r\n\r\nat all');
    equal(analyzer.became, ['a:1', 200]);
    equal(rig.output[SERVER], 'HTTP/1.1 200 OK\r\n\r\nat all');
});

run();
