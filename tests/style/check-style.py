#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks the habits of the project: lines, functions, includes, symbols and their documentation.

Prints one line per error, PATH:LINE: WHAT, and exits with 1 if there was one.
"""

import argparse
import os
import sys

import code_rules
import source_tree
import structure_rules
import symbol_rules
import text_rules

# Errors in the structure that are known: this list may only become shorter.
KNOWN = os.path.join('tests', 'style', 'known-errors')


def check_sources(sources):
    """Yields (path, line, text) for the errors in the source files."""
    for source in sources:
        for rule in text_rules.RULES + code_rules.RULES:
            for line, text in rule(source):
                yield source.path, line, text
    yield from code_rules.check_long_share(sources)


def check_structure(options, sources):
    """Yields the errors in how files hang together, but for those that are known."""
    found = [(f'{path}:{line}', text)
             for rule in structure_rules.RULES for path, line, text in rule(sources)]
    ran = {'header', 'static'}
    if options.archive:
        ran.add('circle')
        found += structure_rules.check_circles(options.archive)
    path = os.path.join(options.top, KNOWN)
    known = []
    if os.path.exists(path):
        with open(path, encoding='utf-8') as stream:
            known = [line for line in stream.read().splitlines() if line[:1] not in ('', '#')]
    for place, text in found:
        if text.key not in known:
            yield f'{place}: {text}'
    keys = {text.key for _, text in found}
    for line in known:
        if line.split()[0] in ran and line not in keys:
            yield f'{KNOWN}: "{line}" is no longer so: remove the line'


def check_all(options):
    sources = source_tree.read_tree(options.top)
    if not any(source.kind == 'c' for source in sources):
        yield f'{options.top}: no C source found there'
    for path, line, text in check_sources(sources):
        yield f'{path}:{line}: {text}'
    yield from check_structure(options, sources)
    if options.library:
        include_dir = os.path.join(options.top, 'imp-remote')
        for text in symbol_rules.check_library(options.library, include_dir, options.header,
                                               sources, options.gir):
            yield f'{os.path.basename(options.library)}: {text}'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('top', help='the top of the source tree')
    parser.add_argument('--library', help='the shared library, whose symbols are compared')
    parser.add_argument('--gir', help='the introspection data, for its documentation')
    parser.add_argument('--header', action='append', default=[],
                        help='a header that is installed, given from imp-remote/ on')
    parser.add_argument('--archive', action='append', default=[],
                        help='a static library with objects of the library, for their circles')
    errors = list(check_all(parser.parse_args()))
    for error in errors:
        print(error)
    print(f'{len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
