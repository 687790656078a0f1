// SPDX-License-Identifier: LGPL-2.1-or-later
// Masks keys in what the server says, an answer of a language model that comes word by word, say:
// imp-remote relay --listen localhost:8080 --module ./redact.js --connect localhost:8000

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const Redact = GObject.registerClass(
class Redact extends Imp.Rewriter {
    constructor() {
        super();
        this.add_string(Imp.Direction.FROM_SERVER, 'correct horse battery staple');
        this.add_regex(Imp.Direction.FROM_SERVER, '\\b(sk-|ghp_)[A-Za-z0-9]{20}', 24);
    }

    vfunc_match(direction, pattern, match, _offset) {
        this.replace('*'.repeat(match.get_size()));
    }
});
