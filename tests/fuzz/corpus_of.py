#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the seeds of one wire format's fuzz target from the vectors.

Every message, every other way to write it, everything that must be refused, and the whole
conversation become a file each.
"""

import json
import os
import shutil
import sys


def bytes_of(text):
    """Vectors are written in hexadecimal, or as one line of JSON."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text.encode('utf-8', 'surrogatepass') + b'\n'


def bytes_of_runs(text):
    """Vectors of Perl's formats: hexadecimal, where 78*100 stands for a hundred times the byte."""
    whole = b''
    for word in text.split():
        one, _, times = word.partition('*')
        whole += bytes.fromhex(one) * int(times or 1)
    return whole


def read_cases(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8') as file:
        return json.load(file)['cases']


def collect(vectors, codec):
    found = {}
    whole = b''
    for case in read_cases(os.path.join(vectors, 'messages.json')):
        texts = [case[codec]] if codec in case else []
        texts += case.get(codec + '_also', [])
        for number, text in enumerate(texts):
            found[f'{case["name"]}-{number}'] = bytes_of(text)
        whole += bytes_of(texts[0]) if texts else b''
    for case in read_cases(os.path.join(vectors, f'bad-{codec}.json')):
        found[f'bad-{case["name"]}'] = bytes_of(case['hex'] if 'hex' in case else case['line'])
    for name in ('messages', 'refused'):
        for case in read_cases(os.path.join(vectors, codec, name + '.json')):
            found[f'{name}-{case["name"]}'] = bytes_of_runs(case['hex'])
    if whole:
        found['all'] = whole
    return found


def main():
    vectors, codec, target = sys.argv[1:]
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    found = collect(vectors, codec)
    if not found:
        sys.exit(f'{vectors} has no vectors for {codec}')
    for number, (name, data) in enumerate(sorted(found.items())):
        plain = ''.join(c if c.isalnum() else '-' for c in name)[:60]
        with open(os.path.join(target, f'{number:03}-{plain}'), 'wb') as file:
            file.write(data)


if __name__ == '__main__':
    main()
