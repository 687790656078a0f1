#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the layout of the C files with what clang-format makes of them, or lets it lay them out.

Installed headers are left out: they align their prototypes by hand. The version is fixed, since
each lays out some lines in its own way.
"""

import argparse
import shutil
import subprocess
import sys

import source_tree

CLANG_FORMAT = 'clang-format-14'


def is_installed_header(source):
    return (source.room not in (None, 'tool') and source.path.endswith('.h')
            and not source.path.endswith('-private.h'))


def formatted_files(top):
    """The files whose layout is clang-format's."""
    return [source.path for source in source_tree.read_tree(top)
            if source.path.endswith(('.c', '.h')) and not is_installed_header(source)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('top', help='the top of the source tree')
    parser.add_argument('--fix', action='store_true', help='write the files anew')
    options = parser.parse_args()
    if not shutil.which(CLANG_FORMAT):
        sys.exit(f'{CLANG_FORMAT} is missing: .ci/install-packages brings it')
    files = formatted_files(options.top)
    if not files:
        sys.exit(f'{options.top}: no C source found there')
    mode = ['-i'] if options.fix else ['--dry-run', '--Werror']
    result = subprocess.run([CLANG_FORMAT, '--style=file', *mode, *files], cwd=options.top,
                            check=False)
    if result.returncode:
        sys.exit('"make format" lays them out')
    if not options.fix:
        print(f'{len(files)} files are laid out as .clang-format says')


if __name__ == '__main__':
    main()
