// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands before an HTTP server: only reads pass, each response says so, a word is masked in text:
// imp-remote relay --listen localhost:8080 --module ./http-shield.js --connect localhost:80

import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const METHODS = ['GET', 'HEAD', 'OPTIONS'];
const WORD = 'secret';

export const HttpShield = GObject.registerClass(
class HttpShield extends Imp.HttpAnalyzer {
    vfunc_request_head(request) {
        if (!METHODS.includes(request.get_method())) {
            const response = Imp.HttpHead.new_response(405, 'Method Not Allowed');
            response.append_field('Allow', METHODS.join(', '));
            this.answer(response, 'This can only be read.\n');
            return;
        }
        // What is compressed could not be searched, and a part would hide what it begins with.
        for (const name of ['Accept-Encoding', 'Range'])
            request.remove_field(name);
    }

    vfunc_response_head(request, response) {
        response.set_field('X-Shield', 'read-only');
        if ((response.lookup('Content-Type') ?? '').toLowerCase().startsWith('text/'))
            this.read_body(Imp.HttpBody.WHOLE);
    }

    vfunc_response_body(request, response, body, _isLast) {
        // Latin-1 has a character for each byte, whatever the text is in.
        const text = new TextDecoder('iso-8859-1').decode(body.toArray());
        if (!text.includes(WORD))
            return;
        response.remove_field('ETag');
        const masked = text.replaceAll(WORD, '*'.repeat(WORD.length));
        this.replace_body(Uint8Array.from(masked, c => c.charCodeAt(0)));
    }
});
