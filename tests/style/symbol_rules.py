# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules about what the library offers: its symbols, its headers and their documentation."""

import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree

PREFIX = 'imp_'
# What exports a function: the macro of the version that brought or deprecated it.
VERSION_MACRO = r'IMP_(?:AVAILABLE|DEPRECATED)_IN_\d+_\d+(?:_FOR\s*\([^)]*\))?'
DECLARATION = re.compile(r'^' + VERSION_MACRO + r'\s([^;{]*?)\b(\w+)\s*\(([^;]*?)\)',
                         re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r'/\*\*\n \* (\w+):?.*?\*/', re.DOTALL)
VERSION = re.compile(r'Since: \d+\.\d+')
INCLUDE = re.compile(r'^#include "(?:imp-remote/)?([^"]+)"', re.MULTILINE)
# A file that another project may have as well, with another content.
BARE_INCLUDE = re.compile(r'^#include "(?!imp-remote/)([^"]+)"', re.MULTILINE)
CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
NEED_VERSION = {CORE + name for name in (
    'alias', 'bitfield', 'callback', 'class', 'constant', 'constructor', 'enumeration', 'function',
    'interface', 'method', 'property', 'record', 'union')} | {GLIB + 'signal', GLIB + 'boxed'}


def declared_symbols(header_text):
    """The functions that a header exports."""
    symbols = set()
    for match in DECLARATION.finditer(header_text):
        name = match.group(2)
        if name.startswith('G_DECLARE_'):
            symbols.add(match.group(3).split(',')[1].strip() + '_get_type')
        else:
            symbols.add(name)
    return symbols


def exported_symbols(library):
    """The symbols that the built library exports."""
    output = subprocess.run(['nm', '-D', '--defined-only', '--format=posix', library], check=True,
                            stdout=subprocess.PIPE, encoding='utf-8').stdout
    return {line.split()[0].split('@')[0] for line in output.splitlines()}


def compare_symbols(declared, exported):
    for name in sorted(exported - declared):
        yield f'{name} is exported, but no public header declares it with IMP_AVAILABLE_IN_*'
    for name in sorted(declared - exported):
        yield f'{name} is declared in a public header, but not exported'
    for name in sorted(name for name in declared | exported if not name.startswith(PREFIX)):
        yield f'{name} does not begin with {PREFIX}'


def undocumented_symbols(declared, sources):
    """Every exported function has a doc comment that says since when; types have theirs in GIR."""
    documented = set()
    for source in sources:
        if source.kind == 'c':
            documented |= {match.group(1) for match in BLOCK.finditer(source.text)
                           if VERSION.search(match.group(0))}
    for name in sorted(declared - documented):
        if not name.endswith('_get_type'):
            yield f'{name} has no doc comment with a "Since:" line'


def unversioned_elements(gir_text):
    """Everything in the introspection data says what it is and since when."""
    namespace = ElementTree.fromstring(gir_text).find(CORE + 'namespace')
    hidden = {element.get(GLIB + 'type-struct') for element in namespace}
    yield from unversioned_below(namespace, namespace.get('name'), hidden)


def unversioned_below(parent, path, hidden):
    for element in parent:
        name = element.get('name')
        if element.tag not in NEED_VERSION or element.get('introspectable') == '0':
            continue
        kind = element.tag.split('}')[1]
        documented = element.find(CORE + 'doc') is not None
        if not documented and parent.tag == CORE + 'namespace' and name in hidden:
            continue   # the class struct of a final type
        if element.get('version') is None:
            yield f'the {kind} {path}.{name} has no "Since:" line'
        if not documented:
            yield f'the {kind} {path}.{name} has no documentation'
        if kind not in ('function', 'method', 'constructor', 'callback'):
            yield from unversioned_below(element, f'{path}.{name}', hidden)


def headers_of(include_dir, umbrella='imp-remote.h'):
    """The headers that the umbrella header brings in, however deep."""
    found = []
    waiting = [umbrella]
    while waiting:
        name = waiting.pop()
        path = os.path.join(include_dir, name)
        if name in found:
            continue
        found.append(name)
        if os.path.exists(path):   # else the build makes it
            with open(path, encoding='utf-8') as stream:
                waiting += INCLUDE.findall(stream.read())
    return found


def compare_headers(included, installed):
    for name in sorted(set(included) - set(installed)):
        yield f'{name} is included by imp-remote.h, but not installed'
    for name in sorted(set(installed) - set(included)):
        yield f'{name} is installed, but not included by imp-remote.h'
    for name in sorted(name for name in installed if name.endswith('-private.h')):
        yield f'{name} is private, but installed'


def check_library(library, include_dir, installed, sources, gir):
    """Yields the errors of a built library."""
    included = headers_of(include_dir)
    yield from compare_headers(included, installed)
    declared = set()
    for name in included:
        if not os.path.exists(os.path.join(include_dir, name)):
            continue
        with open(os.path.join(include_dir, name), encoding='utf-8') as stream:
            text = stream.read()
        declared |= declared_symbols(text)
        for bare in BARE_INCLUDE.findall(text):
            yield f'{name} is installed: it has to include "imp-remote/{bare}"'
    yield from compare_symbols(declared, exported_symbols(library))
    yield from undocumented_symbols(declared, sources)
    if gir:
        with open(gir, encoding='utf-8') as stream:
            yield from unversioned_elements(stream.read())
