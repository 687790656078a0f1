/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The examples in JavaScript do not see the borders of chunks. */
import Imp from 'gi://Imp?version=1';

import {IrcShout} from '../../docs/examples/irc-shout.js';
import {Redact} from '../../docs/examples/redact.js';
import {Shout} from '../../docs/examples/shout.js';
import {run, test} from '../bindings/tap.js';

const TRIALS = 100000;

/* What the client and the server say, in turn. */
function prove(analyzer, ...said) {
    const factory = Imp.TypeFactory.new(analyzer.$gtype, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.ALL);
    const prover = new Imp.Prover({factory, random_trials: TRIALS});
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

run();
