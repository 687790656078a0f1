#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of docs/operations.md, and writes there what those print of which it shows
something: IMP_REMOTE_TOOL=build/imp-remote/tool/imp-remote tests/docs/update_operations.py"""

import operations_session


def main():
    shown = operations_session.run_page()
    with open(operations_session.PAGE, encoding='utf-8') as page:
        text = page.read()
    for said, printed in shown:
        text = text.replace(f'```\n{said}```', f'```\n{printed}```', 1)
    with open(operations_session.PAGE, 'w', encoding='utf-8') as page:
        page.write(text)


main()
