#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests the rules about structure with small libraries, some of which break them in one way."""

import os
import subprocess
import tempfile
import unittest

import source_tree
import structure_rules


def c_file(path, text):
    return source_tree.SourceFile('imp-remote/' + path, 'c', text)


def calls(name, *others):
    """The text of a C file whose one function calls @others."""
    declared = ''.join(f'void {other} (void);\n' for other in others)
    called = ''.join(f'  {other} ();\n' for other in others)
    return f'{declared}void\n{name} (void)\n{{\n{called}}}\n'


def make_archive(folder, files, name='liba.a'):
    """Compiles @files, a dict of name -> text, into a static library."""
    objects = []
    for path, text in files.items():
        source = os.path.join(folder, path)
        with open(source, 'w', encoding='utf-8') as stream:
            stream.write(text)
        objects.append(source + '.o')
        subprocess.run(['cc', '-c', '-o', objects[-1], source], check=True)
    archive = os.path.join(folder, name)
    # As Meson does for libraries that are not installed: the objects stay where they are.
    subprocess.run(['ar', 'csrDT', archive, *objects], check=True)
    return archive


class Circles(unittest.TestCase):
    def check(self, files, more=None):
        with tempfile.TemporaryDirectory() as folder:
            archives = [make_archive(folder, files)]
            if more:
                archives.append(make_archive(folder, more, 'libb.a'))
            return dict(structure_rules.check_circles(archives))

    def test_none(self):
        self.assertEqual(self.check({'a.c': calls('a', 'b', 'c', 'elsewhere'),
                                     'b.c': calls('b', 'c'), 'c.c': calls('c', 'c')}), {})

    def test_two(self):
        found = self.check({'a.c': calls('a', 'b'), 'b.c': calls('b', 'a'),
                            'c.c': calls('c', 'a')})
        self.assertEqual(sorted(found), ['a.c', 'b.c'])
        self.assertIn('uses b of b.c', found['a.c'])

    def test_three_in_two_libraries(self):
        found = self.check({'a.c': calls('a', 'b'), 'b.c': calls('b', 'c')},
                           {'c.c': calls('c', 'a')})
        self.assertEqual(sorted(found), ['a.c', 'b.c', 'c.c'])

    def test_through_data(self):
        found = self.check({'a.c': 'extern int b;\nint a (void) { return b; }\n',
                            'b.c': 'int a (void);\nint b;\nint c (void) { return a (); }\n'})
        self.assertEqual(sorted(found), ['a.c', 'b.c'])

    def test_empty(self):
        self.assertIn('no symbols', str(self.check({'a.c': ''})))


class PrivateHeaders(unittest.TestCase):
    def check(self, header, text, *users):
        include = f'#include "{header}"\n'
        sources = [c_file(header, text)] + [c_file(user, include) for user in users]
        return [text for _, _, text in structure_rules.check_private_headers(sources)]

    def test_functions(self):
        for text in ('void imp_a_do (ImpA *self);\n', 'ImpA *\nimp_a_do (ImpA *self)\n{\n}\n',
                     'static inline int\nimp_a_do (void)\n{\n}\n',
                     'G_DECLARE_FINAL_TYPE (ImpA, imp_a, IMP, A, GObject)\n'):
            self.assertEqual(self.check('core/imp-a-private.h', text, 'core/imp-a.c',
                                        'core/imp-a-more.c'), [], text)

    def test_struct(self):
        struct = 'struct _ImpA\n{\n  void (*f) (int);\n};\n'
        for text in (struct, struct + '/* void f (void); */\n', struct + '#define F(a) (a)\n',
                     struct + 'typedef void (*ImpB) (int);\n', struct + 'extern const int a;\n'):
            found = self.check('core/imp-a-private.h', text, 'core/imp-a.c', 'core/imp-a-more.c')
            self.assertEqual(len(found), 1, text)
            self.assertIn('a struct: of imp-a.c, imp-a-more.c', found[0])

    def test_struct_for_others(self):
        struct = 'struct _ImpA\n{\n  int a;\n};\n'
        for users in (['core/imp-a.c'], ['core/imp-a.c', 'core/imp-b.c'], []):
            self.assertEqual(self.check('core/imp-a-private.h', struct, *users), [])

    def test_state(self):
        found = self.check('core/imp-a-state-private.h', 'void f (void);\n')
        self.assertEqual(len(found), 1)
        self.assertIn('the state of a type', found[0])


class StaticNames(unittest.TestCase):
    def check(self, **files):
        sources = [c_file(f'core/{name}.c', text) for name, text in files.items()]
        sources.append(source_tree.SourceFile('tests/a.c', 'c', 'static void\nwork (void)\n{\n}\n'))
        return [(path, text) for path, _, text in structure_rules.check_static_names(sources)]

    def test_good(self):
        self.assertEqual(self.check(a='static void\nwork (void)\n{\n}\n',
                                    b='void\nwork (void)\n{\n}\n\nstatic int\nb (void)\n{\n}\n',
                                    c='static int work;\nstatic void c (void);\n'), [])

    def test_same(self):
        found = self.check(a='static void\nwork (void)\n{\n}\n',
                           b='static inline const char *\nwork (int a,\n      int b)\n{\n}\n')
        self.assertEqual([path for path, _ in found],
                         ['imp-remote/core/a.c', 'imp-remote/core/b.c'])
        self.assertIn('work is static also in imp-remote/core/b.c', found[0][1])

    def test_twice_in_one_file(self):
        self.assertEqual(self.check(a='#ifdef A\nstatic int\nf (void)\n{\n}\n#else\nstatic int\n'
                                      'f (void)\n{\n}\n#endif\n'), [])



class Tests(unittest.TestCase):
    def check(self, build, *names):
        sources = [source_tree.SourceFile('tests/io/' + name, 'python', '') for name in names]
        sources.append(source_tree.SourceFile('tests/io/meson.build', 'config', build))
        return [path for path, _, _ in structure_rules.check_tests_are_run(sources)]

    def test_named(self):
        self.assertEqual(self.check("foo += {'one': {}}\ntest('x', files('test_two.py'))",
                                    'test-one.c', 'test_two.py', 'rig.c'), [])

    def test_forgotten(self):
        self.assertEqual(self.check("foo += {'one-more': {}, 'tool-two': {}}", 'test-one.c',
                                    'test_two.py'),
                         ['tests/io/test-one.c', 'tests/io/test_two.py'])


if __name__ == '__main__':
    unittest.main(verbosity=2)
