# SPDX-License-Identifier: LGPL-2.1-or-later
"""The types for checkers of Python: the examples agree with them, what is wrong does not, and they
say what is there.

usage: test-types.py IMP.PYI STUBS EXAMPLES: the types of the library, the folder with what is
installed beside them, and that of the examples. Those of GLib and so on are the few in types/.
"""

import ast
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap
from tap import GObject, Imp, contains, equal

TYPES, STUBS, EXAMPLES = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
# The examples have no annotations of their own.
OPTIONS = ['--strict', '--allow-untyped-defs', '--allow-untyped-calls', '--no-error-summary',
           '--allow-subclassing-any',
           '--disable-error-code=var-annotated', '--scripts-are-modules']
WRONG = '''
from gi.repository import GLib, Imp

class Wrong(Imp.Analyzer):
    def do_bytes(self, direction: Imp.Direction, data: bytes, offset: int, data_type: int) -> None:
        self.replace_data(3)
        self.pass_dta()

    def do_busy(self, direction: str, busy: bool, /) -> None:
        pass

try:
    Imp.Filter()
    Imp.Filter(analyzer=Wrong()).push(Imp.Direction.FROM_CLIENT, 'text')
    print(Imp.Result.new_pass(Imp.Direction.FROM_CLIENT, 5).get_ofset())
except Imp.Error:
    pass
'''
FINDINGS = {6: 'incompatible type "int"; expected "bytes"', 7: 'no attribute "pass_dta"',
            9: 'incompatible with supertype', 13: 'Missing named argument "analyzer"',
            14: 'incompatible type "str"', 15: 'has no attribute "get_ofset"',
            16: 'Exception type must be derived from BaseException'}
# Made by PyGObject, of GObject's own, or of no use.
NOT_OURS = {'quark', 'new_literal', 'props', 'ref', 'unref'}


def check(folder, *files):
    """What mypy finds."""
    found = os.path.join(folder, 'path', 'gi')
    repository = os.path.join(found, 'repository')
    os.makedirs(repository)
    shutil.copy(os.path.join(STUBS, '__init__.pyi'), found)
    shutil.copy(os.path.join(STUBS, 'repository.pyi'), os.path.join(repository, '__init__.pyi'))
    for path in [TYPES, *glob.glob(os.path.join(HERE, 'types', '*.pyi'))]:
        shutil.copy(path, repository)
    done = subprocess.run(
        ['mypy', *OPTIONS, '--cache-dir', os.path.join(folder, 'cache'), *files,
         os.path.join(repository, 'Imp.pyi')],
        env={**os.environ, 'MYPYPATH': os.path.join(folder, 'path')}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_examples():
    files = sorted(glob.glob(os.path.join(EXAMPLES, '*.py')))
    assert len(files) > 5, files
    with tempfile.TemporaryDirectory() as folder:
        equal(check(folder, *files), (0, ''))


def test_what_is_wrong():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'wrong.py')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(WRONG)
        status, said = check(folder, path)
    equal(status, 1)
    found = dict(re.findall(r'wrong\.py:(\d+): error: (.*)', said))
    equal(sorted(map(int, found)), sorted(FINDINGS))
    for line, words in FINDINGS.items():
        contains(found[str(line)], words)


def described():
    """The names at the top, and those of each class, as the types have them."""
    with open(TYPES, encoding='utf-8') as stream:
        tree = ast.parse(stream.read())
    return names_in(tree), {node.name: names_in(node) for node in tree.body
                            if isinstance(node, ast.ClassDef)}


def names_in(node):
    names = {child.name for child in node.body
             if isinstance(child, (ast.FunctionDef, ast.ClassDef))}
    return names | {child.target.id for child in node.body if isinstance(child, ast.AnnAssign)}


def public(names):
    return {name for name in names if not name.startswith('_')}


def is_ours(name):
    """No struct of functions, and nothing that the override imports."""
    return not re.search(r'(Class|Interface|Iface|Private)$', name) or name == 'Interface'


def test_names():
    top, classes = described()
    there = {name for name in public(dir(Imp)) if is_ours(name) and hasattr(Imp, name)}
    equal(sorted(there - top), [])
    equal([name for name in sorted(public(top)) if not hasattr(Imp, name)], [])
    assert len(classes) > 30, classes


def test_members():
    for name, members in described()[1].items():
        cls = getattr(Imp, name)
        specs = {spec.name.replace('-', '_') for spec in cls.list_properties()} if (
            isinstance(cls, type) and issubclass(cls, GObject.Object)) else set()
        missing = [member for member in members - NOT_OURS - specs
                   if not hasattr(cls, member) and not member.startswith(('do_', '__'))]
        equal((name, missing), (name, []))
        own = {member for base in cls.__mro__ if base.__module__ in (
            'gi.repository.Imp', 'gi.overrides.Imp') and base.__name__ == name
            for member in vars(base)}
        ours = {member for member in public(own) if not member.startswith(('do_', 'imp_'))
                and callable(getattr(cls, member, None))}
        equal((name, sorted(ours - members - NOT_OURS)), (name, []))


if __name__ == '__main__':
    tap.run(globals())
