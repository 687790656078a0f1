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
import word_rules


def check_sources(sources):
    """Yields (path, line, text) for the errors in the source files."""
    for source in sources:
        for rule in text_rules.RULES + word_rules.RULES + code_rules.RULES:
            for line, text in rule(source):
                yield source.path, line, text
    yield from code_rules.check_long_share(sources)
    for rule in structure_rules.RULES:
        yield from rule(sources)


def check_all(options):
    sources = source_tree.read_tree(options.top)
    if not any(source.kind == 'c' for source in sources):
        yield f'{options.top}: no C source found there'
    for path, line, text in check_sources(sources):
        yield f'{path}:{line}: {text}'
    if options.archive:
        for name, text in structure_rules.check_circles(options.archive):
            yield f'{name}: {text}'
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
