#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compiles programs that say which versions of the library they may use."""

import os
import shlex
import subprocess
import unittest

INCLUDES = os.environ['IMP_TEST_INCLUDES'].split(':')
# What a later version might declare.
LATER = '''
#include <imp-remote.h>
IMP_DEPRECATED_IN_0_1_FOR (imp_new) void imp_old (void);
IMP_UNAVAILABLE (0, 3) void imp_new (void);
IMP_AVAILABLE_IN_0_1 void imp_good (void);
void call (void) { %s (); }
'''


def compile_text(text, *defines):
    """Compiles a program as users do; gives the status and what the compiler says."""
    flags = subprocess.run(['pkg-config', '--cflags', 'gio-2.0'], check=True,
                           stdout=subprocess.PIPE, encoding='utf-8').stdout
    command = ['cc', '-Wall', '-Werror', '-fsyntax-only', '-xc', '-', *shlex.split(flags),
               *[f'-I{folder}' for folder in INCLUDES], *[f'-D{define}' for define in defines]]
    result = subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            encoding='utf-8', check=False, env={**os.environ, 'LC_ALL': 'C'})
    return result.returncode, result.stdout


class Versions(unittest.TestCase):
    def assert_good(self, text, *defines):
        self.assertEqual(compile_text(text, *defines), (0, ''))

    def assert_bad(self, said, text, *defines):
        status, output = compile_text(text, *defines)
        self.assertNotEqual(status, 0)
        self.assertIn(said, output)

    def test_program(self):
        text = ('#include <imp-remote.h>\n'
                'ImpAnalyzer *make (void) { return imp_pass_analyzer_new (); }\n')
        self.assert_good(text)
        self.assert_good(text, 'IMP_VERSION_MIN_REQUIRED=IMP_VERSION_0_1',
                         'IMP_VERSION_MAX_ALLOWED=IMP_VERSION_0_1')

    def test_available(self):
        self.assert_good(LATER % 'imp_good')

    def test_too_new(self):
        self.assert_bad('Not available before 0.3', LATER % 'imp_new')

    def test_deprecated(self):
        self.assert_bad("Use 'imp_new' instead", LATER % 'imp_old')
        self.assert_good(LATER % 'imp_old', 'IMP_DISABLE_DEPRECATION_WARNINGS')

    def test_order(self):
        text = '#include <imp-remote.h>\n'
        self.assert_bad('IMP_VERSION_MIN_REQUIRED must be', text,
                        'IMP_VERSION_MIN_REQUIRED=G_ENCODE_VERSION(0,0)')
        self.assert_bad('IMP_VERSION_MAX_ALLOWED must be', text,
                        'IMP_VERSION_MAX_ALLOWED=G_ENCODE_VERSION(0,0)')


if __name__ == '__main__':
    unittest.main(verbosity=2)
