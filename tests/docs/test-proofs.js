/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The examples in JavaScript do not see the borders of chunks. */
import Imp from 'gi://Imp?version=1';

import {HttpShield} from '../../docs/examples/http-shield.js';
import {IrcShout} from '../../docs/examples/irc-shout.js';
import {Redact} from '../../docs/examples/redact.js';
import {Shout} from '../../docs/examples/shout.js';
import {run, test} from '../bindings/tap.js';

const TRIALS = 100000;

/* What the client and the server say, in turn. */
function prove(analyzer, ...said) {
    proveInOrder(analyzer, false, ...said);
}

function proveInOrder(analyzer, keep_order, ...said) {
    const factory = Imp.TypeFactory.new(analyzer.$gtype, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.ALL);
    const prover = new Imp.Prover({factory, random_trials: TRIALS, keep_order});
    said.forEach((data, number) => {
        if (data)
            prover.add_bytes(number % 2, data, Imp.DATA_TYPE_STREAM);
    });
    prover.run();
    const trials = prover.get_n_trials();
    print(`# ${analyzer.name}: ${trials} trials, seed ${prover.seed}`);
    if (trials < TRIALS)
        throw new Error(`only ${trials} trials`);
}

test('shout', () => {
    prove(Shout, 'hush', 'hello you');
});

test('redact', () => {
    prove(Redact, '', 'a correct horse battery staple sk-or sk-abcdefghij0123456789 ghp_0');
});

test('irc-shout', () => {
    prove(IrcShout, 'PRIVMSG a :b\nc');
    prove(IrcShout, 'NICK joe\r\nPRIVMSG #a :hello\r\n@a=b :c privmsg d e\n\nPRIVMSG a :\x01x\n' +
        'PRIVMSG x :no end', 'privmsg a :b\n');
});

test('http-shield', () => {
    const get = 'GET / HTTP/1.1\r\nHost: a\r\nRange: 1\r\n\r\n';
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';
    proveInOrder(HttpShield, true, get + post + get,
        'HTTP/1.1 200 OK\r\nContent-Type: text/a\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '3\r\na s\r\n6\r\necret \r\n0\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxy');
});

run();
