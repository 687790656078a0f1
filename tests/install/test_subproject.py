#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds a project that has the library as a subproject, by the wrap file that is shipped."""

import os
import shutil
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
# What a release has of the source tree, as far as it is built here.
PARTS = ['imp-remote', 'data', 'docs', 'meson.build', 'meson_options.txt', 'imp-remote.doap',
         'COPYING']


class Subproject(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='imp-test-')
        self.addCleanup(shutil.rmtree, self.folder)
        self.project = os.path.join(self.folder, 'outside')
        self.build = os.path.join(self.folder, 'build')
        shutil.copytree(os.path.join(HERE, 'subproject'), self.project)
        shutil.copy(os.path.join(HERE, 'program.c'), self.folder)
        subprojects = os.path.join(self.project, 'subprojects')
        os.makedirs(os.path.join(subprojects, 'imp-remote'))
        shutil.copy(os.path.join(SOURCE, 'data', 'imp-remote.wrap'), subprojects)
        for part in PARTS:
            os.symlink(os.path.join(SOURCE, part),
                       os.path.join(subprojects, 'imp-remote', part))

    def run_command(self, *command):
        # Not one that is installed here, and not this build's.
        env = {name: value for name, value in os.environ.items()
               if name not in ('PKG_CONFIG_PATH', 'LD_LIBRARY_PATH')}
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                encoding='utf-8', check=False, env=env)
        self.assertEqual(result.returncode, 0, f'{command}:\n{result.stdout[-4000:]}')
        return result.stdout

    def test_fallback(self):
        said = self.run_command('meson', 'setup', '--wrap-mode=forcefallback', '--optimization=0',
                                '--werror', self.build, self.project)
        self.assertIn('subproject', said)
        self.run_command('ninja', '-C', self.build)
        program = os.path.join(self.build, 'outside')
        self.assertEqual(self.run_command(program), 'outside\n')
        # The library that it runs with is the one that was built with it.
        linked = self.run_command('ldd', program)
        self.assertIn(os.path.join(self.build, 'subprojects', 'imp-remote'), linked)
        tool = os.path.join(self.build, 'subprojects', 'imp-remote', 'imp-remote', 'tool',
                            'imp-remote')
        self.assertIn('pattern', self.run_command(tool, 'modules'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
