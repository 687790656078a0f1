# SPDX-License-Identifier: LGPL-2.1-or-later
"""Masks keys in what the server says, an answer of a language model that comes word by word, say:
imp-remote relay --listen localhost:8080 --module ./redact.py --connect localhost:8000"""

from gi.repository import Imp


class Redact(Imp.Rewriter):
    def __init__(self):
        super().__init__()
        self.add_string(Imp.Direction.FROM_SERVER, b'correct horse battery staple')
        self.add_regex(Imp.Direction.FROM_SERVER, r'\b(sk-|ghp_)[A-Za-z0-9]{20}', 24)

    def do_match(self, direction, pattern, match, offset):
        self.replace(b'*' * match.get_size())
