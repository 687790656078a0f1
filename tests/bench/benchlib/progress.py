# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is being done, for those who wait."""

import sys


class Progress:
    """One line that changes on a terminal; one line per step elsewhere, where asked for."""

    def __init__(self, total):
        self.total = total
        self.done = 0
        self.terminal = sys.stderr.isatty()

    def step(self, text):
        self.done += 1
        if self.terminal:
            sys.stderr.write(f'\r\033[K[{self.done}/{self.total}] {text}')
            sys.stderr.flush()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.terminal:
            sys.stderr.write('\r\033[K')
