#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The threat model names tests: they are there."""

import os
import re
import sys
import unittest

SOURCE = sys.argv.pop(1)
PAGE = os.path.join(SOURCE, 'docs', 'security.md')
# FILE, or FILE NAME
TEST = re.compile(r'`(tests/[^` ]+)(?: ([^`]+))?`')


def read(*path):
    with open(os.path.join(SOURCE, *path), encoding='utf-8') as source:
        return source.read()


def has_test(path, name):
    """Whether a file that a build runs has a test of that name, or is one."""
    if not os.path.isfile(os.path.join(SOURCE, path)):
        return False
    folder, base = os.path.split(path)
    stem = re.sub(r'^(test|fuzz)[-_]|\.(c|py)$', '', base)
    if not re.search(rf"\b{re.escape(stem)}\b", read(folder, 'meson.build')):
        return False
    if name is None:
        return True
    if path.endswith('.py'):
        return f'def {name}(self' in read(path)
    return f'"{name}"' in read(path)


class Threats(unittest.TestCase):
    def test_named_tests_exist(self):
        named = TEST.findall(read('docs', 'security.md'))
        self.assertGreater(len(named), 50)
        missing = [(path, name) for path, name in named if not has_test(path, name or None)]
        self.assertEqual(missing, [])

    def test_what_is_missing_is_found(self):
        self.assertFalse(has_test('tests/rpc/test-nothing.c', None))
        self.assertFalse(has_test('tests/rpc/test-malformed.c', '/malformed/nothing'))
        self.assertFalse(has_test('tests/tool/test_limits.py', 'test_nothing'))
        self.assertTrue(has_test('tests/tool/test_limits.py', 'test_grace'))

    def test_security_policy(self):
        self.assertIn('(docs/security.md)', read('SECURITY.md'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
