#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests that the comparison sees every change on which programs could stumble, and no other."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = '''
typedef struct _Box Box;
typedef enum
{
  COLOR_RED,
  COLOR_BLUE,
} Color;
struct _BoxClass
{
  void (*open) (Box *self);
};
typedef struct _BoxClass BoxClass;
void imp_box_paint (Box *self, Color color);
void imp_box_derive (BoxClass *klass);
'''
SOURCE = '''
#include "box.h"
struct _Box
{
  int size;
};
static void hide (Box *self) { self->size = 0; }
void imp_box_paint (Box *self, Color color) { hide (self); }
void imp_box_derive (BoxClass *klass) { }
'''
# It knows the box by its name only, which makes a declaration of the type.
MORE = '''
#include "box.h"
void imp_box_open (Box *self, BoxClass *klass) { klass->open (self); }
'''


class Compared(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='imp-test-')
        self.addCleanup(self.folder.cleanup)
        self.build()
        self.run_abi('update', 0)

    def build(self, change=('', ''), flags=('-O0',), files=('box.c',)):
        for name, text in (('box.h', HEADER), ('box.c', SOURCE), ('more.c', MORE)):
            with open(os.path.join(self.folder.name, name), 'w', encoding='utf-8') as stream:
                stream.write(text.replace(*change) if change[0] else text)
        subprocess.run(['cc', '-g', '-shared', '-fPIC', *flags, '-o', 'libbox.so', *files],
                       cwd=self.folder.name, check=True)

    def run_abi(self, command, status):
        header = os.path.join(self.folder.name, 'box.h')
        library = os.path.join(self.folder.name, 'libbox.so')
        result = subprocess.run([sys.executable, os.path.join(HERE, 'abi.py'), command, library,
                                 '--header', header, '--folder', self.folder.name],
                                stdout=subprocess.PIPE, encoding='utf-8', check=False)
        self.assertEqual(result.returncode, status, result.stdout)
        return result.stdout

    def test_same(self):
        self.assertEqual(self.run_abi('check', 0), '0 errors\n')
        for flags in (('-O2',), ('-O2', '-fvisibility=default', '-DNDEBUG')):
            self.build(flags=flags)
            self.run_abi('check', 0)

    def test_private(self):
        for change in (('int size;', 'long size, height;'), ('void hide', 'int hide'),
                       ('self, Color color) {', 'self, Color paint) {')):
            self.build(change)
            self.run_abi('check', 0)

    def test_changes(self):
        for change, said in ((('imp_box_paint', 'imp_box_color'), 'imp_box_paint'),
                             (('  COLOR_RED,\n', ''), 'COLOR_RED'),
                             (('COLOR_BLUE', 'COLOR_BLUE,\n  COLOR_GREEN'), 'COLOR_GREEN'),
                             (('Color color', 'long color'), 'imp_box_paint'),
                             (('(*open)', '(*close) (void);\n  void (*open)'), 'BoxClass'),
                             (('static void hide', 'void imp_hide (void) { }\nstatic void hide'),
                              'imp_hide')):
            with self.subTest(change=change):
                self.build(change)
                output = self.run_abi('check', 1)
                self.assertIn(said, output)
                self.assertIn('make update-abi', output)

    def test_order(self):
        dumps = []
        for files in (('box.c', 'more.c'), ('more.c', 'box.c')):
            self.build(files=files)
            self.run_abi('update', 0)
            with open(os.path.join(self.folder.name, 'libbox.abi'), encoding='utf-8') as stream:
                dumps.append(stream.read())
        self.assertEqual(*dumps)
        self.assertEqual(dumps[0].count('<class-decl name="_Box"'), 1)

    def test_not_looked_at(self):
        self.build(('typedef enum', 'typedef struct\n{\n  int a;\n} Lid;\n\ntypedef enum'))
        self.assertIn('Lid is public, but not looked at', self.run_abi('check', 1))


if __name__ == '__main__':
    unittest.main(verbosity=2)
