# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes comments out of source text, line by line, so that what is left is code."""

import ast
import re

TOKENS = {
    'c': re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|(/\*.*?\*/|//[^\n]*)', re.DOTALL),
    'js': re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|`(?:\\.|[^`\\])*`'
                     r'|(/\*.*?\*/|//[^\n]*)', re.DOTALL),
}
TOKENS['vala'] = TOKENS['c']
HASH = re.compile(r'^\s*#(?!!).*$', re.MULTILINE)


def keep_newlines(match):
    """What a comment leaves behind: its line ends; strings stay as they are."""
    return match.group(0) if match.group(1) is None else '\n' * match.group(1).count('\n')


def docstring_lines(text):
    """The numbers of the lines, from 1, that statements fill which are only a string."""
    lines = set()
    for node in ast.walk(ast.parse(text)):
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)):
            lines |= set(range(node.lineno, node.end_lineno + 1))
    return lines


def strip_comments(kind, text):
    """@text, of a source file of that @kind, without comments; every line keeps its number."""
    if kind in TOKENS:
        return TOKENS[kind].sub(keep_newlines, text)
    stripped = HASH.sub('', text)
    if kind != 'python':
        return stripped
    strings = docstring_lines(text)
    return '\n'.join('' if number in strings else line
                     for number, line in enumerate(stripped.split('\n'), 1))


def count_code_lines(source):
    """How many lines of a source file hold code."""
    return sum(1 for line in strip_comments(source.kind, source.text).split('\n') if line.strip())
