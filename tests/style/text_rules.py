# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules that look at lines: license, width, blanks, words that must not be there."""

import re

import comments

MAX_WIDTH = 100
MAX_CODE_LINES = 650
LICENSE = 'SPDX-License-Identifier: LGPL-2.1-or-later'

# Written in pieces, so that this file does not break its own rule.
UNFINISHED = re.compile(r'\b(%s)\b' % '|'.join(['TO' 'DO', 'FIX' 'ME', 'X' 'XX', 'HA' 'CK']))
MACHINE_PATH = re.compile(r'(?<![\w./-])(%s)/' % '|'.join(['/wo' 'rk', '/ro' 'ot', '/ho' 'me',
                                                         r'/tm' r'p/wt-\w+']))


def check_license(source):
    if source.kind == 'text':
        return
    head = source.lines[:2]
    if not any(LICENSE in line for line in head):
        yield 1, f'no "{LICENSE}" in the first two lines'


def check_lines(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_WIDTH and not is_unbreakable(source, line):
            yield number, f'{len(line)} characters wide; at most {MAX_WIDTH}'
        if line != line.rstrip():
            yield number, 'blanks at the end of the line'
        if '\t' in line and not (source.kind == 'make' and line.startswith('\t')):
            yield number, 'a tab'
        if '\r' in line:
            yield number, 'a carriage return'
        for match in UNFINISHED.finditer(line):
            yield number, f'"{match.group(0)}" stands for something unfinished'
        for match in MACHINE_PATH.finditer(line):
            yield number, f'"{match.group(0)}" is a path on somebody\'s machine'


def is_unbreakable(source, line):
    """Rows of tables and addresses of the web cannot be wrapped."""
    return source.kind == 'text' and (line.lstrip().startswith('|') or '://' in line)


def check_ends(source):
    if source.text and not source.text.endswith('\n'):
        yield len(source.lines), 'no newline at the end of the file'
    if source.text.endswith('\n\n'):
        yield len(source.lines), 'empty lines at the end of the file'


def check_file_length(source):
    """A type stays in one file: only what is much too long is cut, and comments cost nothing."""
    if source.kind == 'text':
        return
    length = comments.count_code_lines(source)
    if length > MAX_CODE_LINES:
        yield 1, f'{length} lines of code; at most {MAX_CODE_LINES}'


RULES = [check_license, check_lines, check_ends, check_file_length]
