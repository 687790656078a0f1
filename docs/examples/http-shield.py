# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands before an HTTP server: only reads pass, each response says so, a word is masked in text:
imp-remote relay --listen localhost:8080 --module ./http-shield.py=word=secret \\
    --connect localhost:80"""

from gi.repository import GObject, Imp

METHODS = ('GET', 'HEAD', 'OPTIONS')


class HttpShield(Imp.HttpAnalyzer):
    word = GObject.Property(type=str, default='secret', blurb='what is masked')

    def do_request_head(self, request):
        if request.get_method() not in METHODS:
            response = Imp.HttpHead.new_response(405, 'Method Not Allowed')
            response.append_field('Allow', ', '.join(METHODS))
            self.answer(response, b'This can only be read.\n')
            return
        # What is compressed could not be searched, and a part would hide what it begins with.
        for name in ('Accept-Encoding', 'Range'):
            request.remove_field(name)

    def do_response_head(self, request, response):
        response.set_field('X-Shield', 'read-only')
        if (response.lookup('Content-Type') or '').lower().startswith('text/'):
            self.read_body(Imp.HttpBody.WHOLE)

    def do_response_body(self, request, response, body, is_last):
        word = self.word.encode()
        text = body.get_data() or b''
        if word in text:
            response.remove_field('ETag')
            self.replace_body(text.replace(word, b'*' * len(word)))
