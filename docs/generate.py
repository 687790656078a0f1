#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has gi-docgen make the pages, and adds to their style: generate.py STYLE FOLDER GI-DOCGEN..."""

import os
import subprocess
import sys


def main():
    style, folder, *command = sys.argv[1:]
    done = subprocess.run([*command[:-1], '--output-dir', folder, command[-1]], check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    with open(style, encoding='utf-8') as addition, \
            open(os.path.join(folder, 'style.css'), 'a', encoding='utf-8') as whole:
        whole.write('\n' + addition.read())


if __name__ == '__main__':
    main()
