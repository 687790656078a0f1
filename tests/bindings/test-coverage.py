# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing public is left out by the tests or the overrides of Python and JavaScript.

usage: test-coverage.py GIR TESTS OVERRIDES, a file and two folders. Every function, method and
constructor that introspection shows, but those of properties, is named in the tests of both
languages; every virtual function is known to both overrides.
"""

import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

CORE = '{http://www.gtk.org/introspection/core/1.0}'
CALLABLE = {CORE + 'function', CORE + 'method', CORE + 'constructor'}
# The bindings call these themselves, or have no use for them.
IMPLIED = {'ref', 'unref'}
# Those of properties, which test-properties.py and test-properties.js call, all of them.
ACCESSOR = ('{http://www.gtk.org/introspection/glib/1.0}get-property',
            '{http://www.gtk.org/introspection/glib/1.0}set-property')


def public_names(path):
    """Yields the functions as TYPE.NAME, or NAME for those without a type."""
    namespace = ElementTree.parse(path).getroot().find(CORE + 'namespace')
    for element in namespace.iter():
        for child in element:
            name = child.get('name')
            if (child.tag not in CALLABLE or child.get('introspectable') == '0'
                    or child.get('moved-to') or name in IMPLIED
                    or any(child.get(attribute) for attribute in ACCESSOR)):
                continue
            yield name if element is namespace else f'{element.get("name")}.{name}'


def named_in(text, name):
    """Is a function called in a test? A constructor only with its type."""
    owner, dot, short = name.rpartition('.')
    # A function of a type can be called by its long name too: Imp.data_type_get_name().
    long = re.sub(r'(?<=[a-z])(?=[A-Z])', '_', owner).lower() + '_' + short
    if re.search(rf'\.{long}\b', text):
        return True
    if short == 'new' or short.startswith('new_'):
        return re.search(rf'\b{owner}\.{short}\b', text) or short == 'new' and (
            re.search(rf'\bnew (Imp\.)?{owner}\(|\bImp\.{owner}\(', text))
    return re.search(rf'\.{short}\b', text)


def untested(names, folder, ending):
    """The functions that no test of a language names."""
    text = ''
    for path in glob.glob(os.path.join(folder, '*' + ending)):
        if os.path.abspath(path) != os.path.abspath(__file__):
            text += read(path)
    return [name for name in names if not named_in(text, name)]


# The boolean of these is an answer, and no success: nothing returned does not mean "yes".
ANSWERS = {'Factory.ignores', 'Server.authorize'}


def virtual_functions(path):
    """TYPE.NAME of the virtual functions, and whether each tells its success by a boolean."""
    found = {}
    for owner in ElementTree.parse(path).getroot().find(CORE + 'namespace'):
        for function in owner.findall(CORE + 'virtual-method'):
            if function.get('introspectable') != '0':
                kind = function.find(f'{CORE}return-value/{CORE}type').get('name')
                name = f'{owner.get("name")}.{function.get("name")}'
                found[name] = kind == 'gboolean' and name not in ANSWERS
    return found


def known_to_js(folder):
    text = read(os.path.join(folder, 'overrides', 'Imp.js'))
    table = re.search(r'^const VIRTUAL_FUNCTIONS = \{\n(.*?)^\};', text, re.MULTILINE | re.DOTALL)
    found = {}
    for owner, entries in re.findall(r'(\w+): \{([^}]*)\}', table.group(1)):
        for name, value in re.findall(r'(\w+): (null|\[[^\]]*\])', entries):
            found[f'{owner}.{name}'] = value != 'null'
    return found


def unknown_to_python(functions, folder):
    text = read(os.path.join(folder, 'gi', 'overrides', 'Imp.py'))
    owners = sorted({name.split('.')[0] for name in functions})
    return [owner for owner in owners if not re.search(rf'class {owner}\(Imp\.{owner}[,)]', text)]


def read(path):
    with open(path, encoding='utf-8') as stream:
        return stream.read()


def main():
    gir, tests, overrides = sys.argv[1:]
    names = sorted(public_names(gir))
    functions = virtual_functions(gir)
    js = known_to_js(overrides)
    findings = [
        ('functions tested from Python', untested(names, tests, '.py')),
        ('functions tested from JavaScript', untested(names, tests, '.js')),
        ('virtual functions known to Python', unknown_to_python(functions, overrides)),
        ('virtual functions known to JavaScript', sorted(set(functions.items()) ^ set(js.items()))),
    ]
    print(f'1..{len(findings)}')
    for number, (what, missing) in enumerate(findings, 1):
        for name in missing:
            print(f'# missing: {name}')
        print(f'{"not ok" if missing else "ok"} {number} {what}')
    # A description without anything in it would let everything pass.
    return 0 if names and functions and not any(missing for what, missing in findings) else 1


if __name__ == '__main__':
    sys.exit(main())
