#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests the style checker with samples that are good and samples that are bad in one way each."""

import os
import subprocess
import sys
import tempfile
import unittest

import code_rules
import comments
import source_tree
import symbol_rules
import text_rules
import word_rules

HERE = os.path.dirname(os.path.abspath(__file__))
LICENSE = '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n'


def c_file(body, path='imp-remote/core/imp-sample.c'):
    return source_tree.SourceFile(path, 'c', LICENSE + body)


def function(lines, name='imp_sample'):
    return f'void\n{name} (void)\n{{\n' + '  work ();\n' * lines + '}\n'


def errors(source):
    return [text for rule in text_rules.RULES + word_rules.RULES + code_rules.RULES
            for _, text in rule(source)]


class Output(unittest.TestCase):
    """What others say is printed and logged by those who make it harmless."""

    def test_raw(self):
        for call in ('g_message ("%s", text)', 'printf ("x")', 'fputs (text, stdout)',
                     'g_log_structured ("x", 0, NULL)', 'g_print ("%s", text)'):
            found = errors(c_file(f'void\na (void)\n{{\n  {call};\n}}\n'))
            self.assertEqual(len(found), 1, call)
            self.assertIn('does not care what it prints', found[0])

    def test_clean(self):
        for call in ('imp_log_message ("%s", text)', 'g_strdup_printf ("x")',
                     'tool_print ("%s", text)', 'a = "printf (";'):
            self.assertEqual(errors(c_file(f'void\na (void)\n{{\n  {call};\n}}\n')), [], call)
        inside = c_file('/* As printf (), but better. */\n')
        self.assertEqual(errors(inside), [])
        self.assertEqual(errors(c_file('void\na (void)\n{\n  puts (clean);\n}\n',
                                       'imp-remote/tool/tool.c')), [])
        self.assertEqual(errors(c_file('void\na (void)\n{\n  printf ("x");\n}\n',
                                       'tests/core/test-sample.c')), [])


class TextRules(unittest.TestCase):
    def assert_one(self, source, part):
        found = errors(source)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_good(self):
        self.assertEqual(errors(c_file('int a;\n')), [])

    def test_license(self):
        self.assert_one(source_tree.SourceFile('a.c', 'c', 'int a;\n'), 'SPDX')
        late = source_tree.SourceFile('a.py', 'python', 'a = 1\nb = 2\n#' + LICENSE)
        self.assert_one(late, 'SPDX')

    def test_width(self):
        self.assertEqual(errors(c_file('//' + 'x' * 98 + '\n')), [])
        self.assert_one(c_file('//' + 'x' * 99 + '\n'), '101 characters')
        table = source_tree.SourceFile('docs/a.md', 'text', '| ' + 'x' * 120 + ' |\n')
        self.assertEqual(errors(table), [])
        prose = source_tree.SourceFile('docs/a.md', 'text', 'x' * 120 + '\n')
        self.assert_one(prose, '120 characters')

    def test_blanks(self):
        self.assert_one(c_file('int a; \n'), 'blanks')
        self.assert_one(c_file('\tint a;\n'), 'a tab')
        self.assert_one(c_file('int a;'), 'no newline')
        self.assert_one(c_file('int a;\n\n'), 'empty lines')

    def test_words(self):
        self.assert_one(c_file('/* TO' 'DO: later */\n'), 'unfinished')
        self.assert_one(c_file('/* X' 'XX */\n'), 'unfinished')
        self.assert_one(c_file('char *a = "/ho' 'me/somebody/x";\n'), 'somebody')
        self.assertEqual(errors(c_file('char *a = "lib/home/x";\n')), [])

    def test_file_length(self):
        comment = '/* Only code counts,\n * not what is said about it. */\n\n'
        self.assertEqual(errors(c_file((comment + 'int a;\n') * 650)), [])
        self.assert_one(c_file((comment + 'int a;\n') * 651), '651 lines of code')


class WordRules(unittest.TestCase):
    def check(self, line):
        return [text for _, text in word_rules.check_words(c_file(line + '\n'))]

    def test_bad(self):
        for line, better in (('/* Some Oct' 'ets. */', 'byte'),
                             ('on_nons' 'ense (a);', 'malformed'),
                             ('a = shel' 'ves;', 'result queue'), ('bu' 'ry (a);', 'release'),
                             ('/* The wire f' 'orm. */', 'wire format'),
                             ('/* All analyzers are set' 'tled. */', 'resolved'),
                             ('/* Ends w' 'hat a() began. */', 'Finishes'),
                             ('/* Whom h' 'e calls. */', 'they'), ('colo' 'ur', 'color'),
                             ('seri' 'alise', '-ize'), ('analy' 'ser', 'analyze')):
            found = self.check(line)
            self.assertEqual(len(found), 1, line)
            self.assertIn(better, found[0])

    def test_good(self):
        for line in ('/* Sends what is there; the wire format; all bytes are settled. */',
                     'g_assert_cmpstr (a, ==, ">he");', 'the->her = this;', 'shelved',
                     'analyses of a promise', 'otherwise'):
            self.assertEqual(self.check(line), [], line)


class Comments(unittest.TestCase):
    def assert_left(self, kind, text, left):
        self.assertEqual(comments.strip_comments(kind, text), left)

    def test_c(self):
        self.assert_left('c', 'a; /* b\nc */ d; // e\nf;', 'a; \n d; \nf;')
        self.assert_left('c', 'a = "/* b */" + \'"\'; /* " */', 'a = "/* b */" + \'"\'; ')
        self.assert_left('js', 'a = `/* b\n */`; // c', 'a = `/* b\n */`; ')

    def test_hash(self):
        self.assert_left('shell', '#!/bin/sh\n# a\nb  # c\n', '#!/bin/sh\n\nb  # c\n')
        self.assert_left('python', 'def a():\n    """b\n    c"""\n    # d\n    return "e"',
                         'def a():\n\n\n\n    return "e"')

    def test_count(self):
        text = 'def a():\n    """b."""\n\n    # c\n    return 1\n'
        self.assertEqual(comments.count_code_lines(source_tree.SourceFile('a.py', 'python', text)),
                         2)


class FunctionRules(unittest.TestCase):
    def test_c(self):
        source = c_file(function(3) + '\n' + function(100, 'imp_other')
                        + 'struct _Imp\n{\n' + '  int a;\n' * 120 + '};\n')
        self.assertEqual([(name, length) for name, _, length in code_rules.functions(source)],
                         [('imp_sample', 3), ('imp_other', 100)])
        self.assertEqual(errors(source), [])

    def test_c_too_long(self):
        self.assertIn('imp_sample has 101 lines', errors(c_file(function(101)))[0])

    def test_c_wrapped_arguments(self):
        source = c_file('int\nimp_wrapped (int a,\n             int b)\n{\n  return a;\n}\n')
        self.assertEqual(code_rules.functions(source), [('imp_wrapped', 5, 1)])

    def test_python(self):
        text = 'class A:\n    def long(self):\n' + '        work()\n' * 101
        source = source_tree.SourceFile('a.py', 'python', '#' + LICENSE + text)
        self.assertIn('long has 101 lines', errors(source)[0])

    def test_js(self):
        body = '        work();\n' * 101
        for head in ('function long() {', 'async function long(a) {', 'const long = (a) => {',
                     'static long(a, b) {', 'vfunc_data(direction, data) {',
                     'const a = function () {'):
            text = LICENSE + 'class A {\n    ' + head + '\n' + body + '    }\n}\n'
            found = errors(source_tree.SourceFile('a.js', 'js', text))
            self.assertEqual(len(found), 1, (head, found))
            self.assertIn('has 101 lines', found[0])
        text = LICENSE + 'if (a) {\n' + body + '}\n'
        self.assertEqual(errors(source_tree.SourceFile('a.js', 'js', text)), [])

    def test_share(self):
        short = [c_file(function(10)) for _ in range(299)]
        three = [c_file(function(41)) for _ in range(3)]
        self.assertEqual(list(code_rules.check_long_share(short[:297] + three)), [])
        self.assertEqual(len(list(code_rules.check_long_share(short[:200] + three))), 3)


class IncludeRules(unittest.TestCase):
    def include(self, path, header):
        return errors(c_file(f'#include "{header}"\n', path))

    def test_allowed(self):
        for path, header in (('imp-remote/core/a.c', 'core/imp-result.h'),
                             ('imp-remote/rpc/a.c', 'wire/imp-codec.h'),
                             ('imp-remote/provider/a.c', 'io/imp-transport-private.h'),
                             ('imp-remote/tool/main.c', 'modules/imp-registry.h'),
                             ('imp-remote/wire/a.c', 'imp-macros.h'),
                             ('imp-remote/wire/a.c', 'io/imp-output-buffer-private.h'),
                             ('tests/core/test-a.c', 'test-lib.h')):
            self.assertEqual(self.include(path, header), [], path)

    def test_forbidden(self):
        for path, header in (('imp-remote/core/a.c', 'wire/imp-codec.h'),
                             ('imp-remote/io/a.c', 'wire/imp-codec.h'),
                             ('imp-remote/analyzers/a.c', 'wire/imp-codec.h'),
                             ('imp-remote/io/a.c', 'rpc/imp-link-private.h'),
                             ('imp-remote/wire/a.c', 'rpc/imp-link-private.h'),
                             ('imp-remote/provider/a.c', 'rpc/imp-link-private.h'),
                             ('imp-remote/rpc/a.c', 'provider/imp-relay.h'),
                             ('imp-remote/modules/a.c', 'tool/command.h'),
                             ('imp-remote/newroom/a.c', 'core/imp-result.h')):
            self.assertEqual(len(self.include(path, header)), 1, path)

    def test_relative(self):
        self.assertEqual(len(self.include('imp-remote/core/a.c', 'imp-result.h')), 1)
        self.assertEqual(len(self.include('imp-remote/core/a.c', '../core/imp-result.h')), 1)


GOOD_HEADER = '''
IMP_AVAILABLE_IN_0_1
G_DECLARE_DERIVABLE_TYPE (ImpThing, imp_thing, IMP, THING, GObject)
IMP_DEPRECATED_IN_0_2_FOR (imp_thing_get)
void imp_thing_ask (ImpThing *self);
void imp_thing_hide (ImpThing *self);
IMP_AVAILABLE_IN_0_2
const char *const *imp_thing_get (ImpThing *self,
                                  GList *list);
'''

GIR = '''<repository xmlns="http://www.gtk.org/introspection/core/1.0"
                     xmlns:glib="http://www.gtk.org/introspection/glib/1.0"><namespace name="Imp">
<class name="Thing"{version}>{doc}<method name="get" version="0.1"><doc>d</doc></method>
<property name="size"{inner}><doc>d</doc></property></class></namespace></repository>'''


class SymbolRules(unittest.TestCase):
    def test_declared(self):
        self.assertEqual(symbol_rules.declared_symbols(GOOD_HEADER),
                         {'imp_thing_get_type', 'imp_thing_ask', 'imp_thing_get'})

    def test_compared(self):
        self.assertEqual(list(symbol_rules.compare_symbols({'imp_a'}, {'imp_a'})), [])
        self.assertIn('not exported', next(symbol_rules.compare_symbols({'imp_a'}, set())))
        self.assertIn('no public header', next(symbol_rules.compare_symbols(set(), {'imp_a'})))
        self.assertIn('does not begin', next(symbol_rules.compare_symbols({'a'}, {'a'})))

    def test_since(self):
        good = c_file('/**\n * imp_a:\n *\n * Does.\n *\n * Since: 0.1\n */\n')
        bad = c_file('/**\n * imp_a:\n *\n * Does.\n */\n')
        self.assertEqual(list(symbol_rules.undocumented_symbols({'imp_a'}, [good])), [])
        self.assertEqual(len(list(symbol_rules.undocumented_symbols({'imp_a'}, [bad]))), 1)

    def test_introspection(self):
        version, doc = ' version="0.1"', '<doc>d</doc>'
        good = GIR.format(version=version, doc=doc, inner=version)
        self.assertEqual(list(symbol_rules.unversioned_elements(good)), [])
        for change in ({'version': ''}, {'doc': ''}, {'inner': ''}):
            bad = GIR.format(**{'version': version, 'doc': doc, 'inner': version, **change})
            self.assertEqual(len(list(symbol_rules.unversioned_elements(bad))), 1, change)

    def test_headers(self):
        self.assertEqual(list(symbol_rules.compare_headers(['a.h'], ['a.h'])), [])
        self.assertEqual(len(list(symbol_rules.compare_headers(['a.h'], []))), 1)
        self.assertEqual(len(list(symbol_rules.compare_headers([], ['a.h']))), 1)
        self.assertEqual(len(list(symbol_rules.compare_headers(['a-private.h'],
                                                               ['a-private.h']))), 1)

    def test_real_library(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, 'a.c')
            with open(source, 'w', encoding='utf-8') as stream:
                stream.write('int imp_seen;\n'
                             '__attribute__ ((visibility ("hidden"))) int imp_hidden;\n')
            library = os.path.join(folder, 'a.so')
            subprocess.run(['cc', '-shared', '-fPIC', '-o', library, source], check=True)
            found = symbol_rules.exported_symbols(library)
        self.assertIn('imp_seen', found)
        self.assertNotIn('imp_hidden', found)


class Format(unittest.TestCase):
    def run_on(self, text, *arguments):
        """Runs on a header of each kind that has @text; what became of the private one is last."""
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, 'imp-remote/core'))
            for name, content in (('imp-a.h', LICENSE + 'int   by_hand;\n'),
                                  ('imp-a-private.h', LICENSE + text)):
                with open(os.path.join(folder, 'imp-remote/core', name), 'w',
                          encoding='utf-8') as stream:
                    stream.write(content)
            with open(os.path.join(folder, '.clang-format'), 'w', encoding='utf-8') as stream:
                stream.write('BasedOnStyle: GNU\n')
            command = [sys.executable, os.path.join(HERE, 'format.py'), folder, *arguments]
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                    encoding='utf-8', check=False)
            with open(os.path.join(folder, 'imp-remote/core/imp-a-private.h'),
                      encoding='utf-8') as stream:
                return result.returncode, result.stdout, stream.read()

    def test_good(self):
        status, output, _ = self.run_on('int a;\n')
        self.assertEqual((status, output), (0, '1 files are laid out as .clang-format says\n'))

    def test_bad(self):
        status, output, text = self.run_on('int   a;\n')
        self.assertEqual((status, text), (1, LICENSE + 'int   a;\n'))
        self.assertIn('imp-a-private.h:2:4: error', output)

    def test_fix(self):
        self.assertEqual(self.run_on('int   a;\n', '--fix'), (0, '', LICENSE + 'int a;\n'))


class WholeProgram(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                full = os.path.join(folder, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, 'w', encoding='utf-8') as stream:
                    stream.write(text)
            return subprocess.run([sys.executable, os.path.join(HERE, 'check-style.py'), folder],
                                  stdout=subprocess.PIPE, encoding='utf-8', check=False)

    def test_good(self):
        result = self.run_on({'imp-remote/core/a.c': LICENSE + 'int a;\n'})
        self.assertEqual((result.returncode, result.stdout), (0, '0 errors\n'))

    def test_bad(self):
        result = self.run_on({'imp-remote/core/a.c': LICENSE + '\tint a;\n',
                              'script': '#!/usr/bin/python3\n',
                              'build/meson-private/x': '', 'build/b.c': 'ignored\n'})
        self.assertEqual(result.returncode, 1)
        self.assertIn('imp-remote/core/a.c:2: a tab', result.stdout)
        self.assertIn('script:1: no "SPDX', result.stdout)
        self.assertNotIn('build/b.c', result.stdout)

    def test_empty(self):
        result = self.run_on({'README.md': 'Nothing.\n'})
        self.assertEqual(result.returncode, 1)
        self.assertIn('no C source', result.stdout)


if __name__ == '__main__':
    unittest.main(verbosity=2)
