#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes a man page of a text in reStructuredText, with the version and the date at its foot.

usage: make-page.py RST2MAN VERSION DATE IN OUT [TOOL]

The date is that of SOURCE_DATE_EPOCH, where that is set, so that a build can be repeated. Where
@MODULES@ stands in the text, it becomes what TOOL says of its modules.
"""

import datetime
import os
import re
import subprocess
import sys


def find_date(default):
    epoch = os.environ.get('SOURCE_DATE_EPOCH')
    if epoch is None:
        return default
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    return moment.date().isoformat()


def quote(text):
    return re.sub(r'([\\*`|_])', r'\\\1', text)


def ask(tool, *names):
    # Those of the library alone, whoever builds it.
    return subprocess.run([tool, 'modules', *names], check=True, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, 'IMP_REMOTE_MODULES': os.devnull}).stdout.splitlines()


def describe_modules(tool):
    """A section for each module, with its settings and what they mean."""
    text = []
    for line in ask(tool):
        name, _, summary = line.partition(': ')
        if '/' in name:
            continue
        title = f'Module {name}'
        text += [title, '-' * len(title), '', quote(summary[0].upper() + summary[1:]) + '.', '']
        for setting in ask(tool, name)[1:]:
            # A line of meaning is further in than that of its setting.
            if setting.startswith('      '):
                text += ['    ' + quote(setting.strip()), '']
            elif '=' in setting:
                key, _, values = setting.strip().partition('=')
                text.append(f'**{key}**\\ ={quote(values)}')
            else:
                text += ['It has no settings.', '']
    return '\n'.join(text)


def make(rst2man, version, date, source, target, tool=None):
    with open(source, encoding='utf-8') as stream:
        text = stream.read()
    if tool is not None:
        text = text.replace('@MODULES@', describe_modules(tool))
    fields = f':Version: imp-remote {version}\n:Date: {find_date(date)}\n'
    text, n_places = re.subn(r'^:Manual group: .*\n', lambda found: found.group() + fields, text,
                             flags=re.M)
    if n_places != 1:
        sys.exit(f'{source}: exactly one line ":Manual group:" is wanted')
    subprocess.run([rst2man, '--strict', '-', target], input=text, check=True, text=True,
                   encoding='utf-8')


if __name__ == '__main__':
    make(*sys.argv[1:])
