#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares the symbols and the public types of the library with what they were, or writes that.

Programs that were built against an earlier library must run with this one. What they rely on is
written down in *.abi beside this script: a change of it is an error unless it is intended.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
HINT = 'If this is intended, "make update-abi" writes it down; programs may have to be rebuilt.'

# Only what the installed headers tell is public; where it stands and how it is called is not.
DUMP = ['--drop-private-types', '--exported-interfaces-only', '--no-architecture',
        '--no-show-locs', '--no-corpus-path', '--no-comp-dir-path', '--no-elf-needed',
        '--no-parameter-names', '--type-id-style', 'hash']
# What abidiff calls harmless, such as another value of an enum, is written down as well.
DIFF = ['--harmless', '--no-show-locs', '--no-corpus-path']

ENUM_OR_STRUCT = re.compile(r'^\} (\w+);', re.MULTILINE)
NAMED_STRUCT = re.compile(r'^struct _(\w+)\n\{', re.MULTILINE)


def require(program):
    if not shutil.which(program):
        sys.exit(f'{program} is missing: .ci/install-packages brings it')
    return program


def header_folder(headers):
    """A folder with the names of the public headers, which is all that libabigail looks at."""
    folder = tempfile.TemporaryDirectory(prefix='imp-abi-')
    for header in headers:
        with open(os.path.join(folder.name, os.path.basename(header)), 'wb'):
            pass
    return folder


def sort_key(element):
    return [element.tag] + [element.get(name, '') for name in ('name', 'id', 'type-id')]


def merge_declarations(elements):
    """Drops all but the first of the declarations of a type that is defined nowhere.

    Each source file has one, with an id of its own. Gives what is left, and the ids to replace.
    """
    left, first, replaced = [], {}, {}
    for element in elements:
        if element.get('is-declaration-only') == 'yes':
            kept = first.setdefault((element.tag, element.get('name')), element.get('id'))
            if kept != element.get('id'):
                replaced[element.get('id')] = kept
                continue
        left.append(element)
    return left, replaced


def merge_units(text):
    """A dump with all source files as one, sorted: it stays the same when files change places."""
    root = ElementTree.fromstring(text)
    units = root.findall('abi-instr')
    elements = sorted((element for unit in units for element in unit), key=sort_key)
    elements, replaced = merge_declarations(elements)
    for unit in units:
        root.remove(unit)
    merged = ElementTree.SubElement(root, 'abi-instr', {**units[0].attrib, 'path': 'all'})
    merged.extend(elements)
    for element in merged.iter():
        for name, value in element.attrib.items():
            if name.endswith('type-id') and value in replaced:
                element.set(name, replaced[value])
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding='unicode') + '\n'


def dump(binary, headers):
    """What programs rely on, as text that says nothing of the place where it was built."""
    with header_folder(headers) as folder:
        command = [require('abidw'), *DUMP, '--headers-dir', folder, binary]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding='utf-8').stdout
    return merge_units(text)


def compare(old, new):
    """The differences between two dumps, given as files, as text; empty if there are none.

    abidiff could read the library itself, but then takes all types to be private, since the old
    dump does not say in which header they are.
    """
    result = subprocess.run([require('abidiff'), *DIFF, old, new], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8')
    if result.returncode == 0:
        return ''
    return result.stdout or f'abidiff failed with status {result.returncode}'


def public_types(header_text):
    """The enums and structs that a header defines."""
    return set(ENUM_OR_STRUCT.findall(header_text)) | set(NAMED_STRUCT.findall(header_text))


def unknown_types(headers, dumps):
    """Public types that no dump knows, so that a change of them would not be seen."""
    public = set()
    for header in headers:
        with open(header, encoding='utf-8') as stream:
            public |= public_types(stream.read())
    return sorted(name for name in public
                  if not any(f'<typedef-decl name="{name}"' in text for text in dumps))


def write_dumps(options, folder):
    """Dumps each library, libimp-remote-1.so.0.1.0 to libimp-remote-1.abi; gives the names."""
    names = [os.path.basename(binary).split('.so')[0] + '.abi' for binary in options.binary]
    for name, binary in zip(names, options.binary):
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as stream:
            stream.write(dump(binary, options.header))
    return names


def check(options):
    """Yields what is wrong, as text."""
    with tempfile.TemporaryDirectory(prefix='imp-abi-') as folder:
        names = write_dumps(options, folder)
        for name in names:
            old = os.path.join(options.folder, name)
            differences = compare(old, os.path.join(folder, name))
            if differences:
                yield f'The library is no longer as {old} says:\n{differences}\n{HINT}'
        dumps = []
        for name in names:
            with open(os.path.join(folder, name), encoding='utf-8') as stream:
                dumps.append(stream.read())
    for name in unknown_types(options.header, dumps):
        yield f'{name} is public, but not looked at: name it in tests/abi/types.c'


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', 1)[0])
    parser.add_argument('command', choices=['check', 'update'])
    parser.add_argument('binary', nargs='+', help='a shared library')
    parser.add_argument('--header', action='append', default=[], help='a public header')
    parser.add_argument('--folder', default=HERE, help='where the dumps lie')
    options = parser.parse_args()
    if options.command == 'update':
        write_dumps(options, options.folder)
        return 0
    errors = list(check(options))
    for error in errors:
        print(error)
    print(f'{len(errors)} errors')
    return 1 if errors else 0


if __name__ == '__main__':
    sys.exit(main())
