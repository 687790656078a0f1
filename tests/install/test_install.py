#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the library into an empty folder and uses it from there, as other projects would."""

import fnmatch
import glob
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ['IMP_TEST_BUILD']
PREFIX = os.environ['IMP_TEST_PREFIX']
LIBDIR = os.environ['IMP_TEST_LIBDIR']
SCRIPT = '''
import gi
gi.require_version('Imp', '1')
from gi.repository import Imp
try:
    class Wrong(Imp.Analyzer):
        def do_dta(self):
            pass
except TypeError as error:
    print(error)
'''
JS = '''
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';
try {
    GObject.registerClass(class Wrong extends Imp.Analyzer { vfunc_dta() {} });
} catch (error) {
    print(error.message);
}
'''


def clean_environment():
    """Without what would lead to the build folder."""
    return {name: value for name, value in os.environ.items()
            if name not in ('GI_TYPELIB_PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'GJS_PATH',
                            'PKG_CONFIG_PATH', 'IMP_REMOTE_HOSTS')}


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='imp-test-')
        root = os.path.join(cls.folder, 'root')
        subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet',
                        '--destdir', root], check=True)
        cls.prefix = root + PREFIX
        cls.libdir = os.path.join(cls.prefix, LIBDIR)
        cls.relocate()
        cls.env = {**clean_environment(), 'LD_LIBRARY_PATH': cls.libdir,
                   'PKG_CONFIG_PATH': os.path.join(cls.libdir, 'pkgconfig')}

    @classmethod
    def relocate(cls):
        """Lets the .pc file speak of the folder where the library lies for the moment."""
        path = os.path.join(cls.libdir, 'pkgconfig', 'imp-remote-1.pc')
        with open(path, encoding='utf-8') as stream:
            text = stream.read()
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(text.replace(f'prefix={PREFIX}', f'prefix={cls.prefix}', 1))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_command(self, *command, **env):
        result = subprocess.run(command, env={**self.env, **env}, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, encoding='utf-8', check=False)
        self.assertEqual(result.returncode, 0, f'{command}:\n{result.stdout}')
        return result.stdout

    def installed(self, *pattern):
        """The one file below the prefix that a pattern names."""
        found = glob.glob(os.path.join(self.prefix, *pattern), recursive=True)
        self.assertEqual(len(found), 1, f'{pattern}: {found}')
        return found[0]

    def test_c(self):
        flags = self.run_command('pkg-config', '--cflags', '--libs', 'imp-remote-1').split()
        program = os.path.join(self.folder, 'program')
        self.run_command('cc', '-Wall', '-Werror', '-o', program,
                         os.path.join(HERE, 'program.c'), *flags)
        self.assertEqual(self.run_command(program), 'outside\n')

    def test_not_installed(self):
        """A program is compiled with what lies in the build folder."""
        env = {'PKG_CONFIG_PATH': os.path.join(BUILD, 'meson-uninstalled')}
        flags = self.run_command('pkg-config', '--cflags', '--libs', 'imp-remote-1', **env).split()
        program = os.path.join(self.folder, 'program-not-installed')
        self.run_command('cc', '-Wall', '-Werror', '-o', program,
                         os.path.join(HERE, 'program.c'), *flags)
        self.assertEqual(self.run_command(program), 'outside\n')

    def test_vala(self):
        program = os.path.join(self.folder, 'program-vala')
        flags = self.run_command('pkg-config', '--cflags', '--libs', 'imp-remote-1').split()
        self.run_command('valac', '--vapidir', os.path.join(self.prefix, 'share', 'vala', 'vapi'),
                         '--pkg', 'imp-remote-1', '-o', program,
                         os.path.join(HERE, 'program.vala'),
                         *[word for flag in flags for word in ('-X', flag)])
        self.assertEqual(self.run_command(program),
                         'string=a\n10.0.0.1 VALA!\nSTREAM\n'
                         'The analyzer failed: seven is unlucky\n')

    def test_python(self):
        override = self.installed('lib', '**', 'gi', 'overrides', 'Imp.py')
        typelib = self.installed('lib', '**', 'Imp-1.typelib')
        printed = self.run_command(sys.executable, '-c', SCRIPT,
                                   GI_TYPELIB_PATH=os.path.dirname(typelib),
                                   PYTHONPATH=override.rsplit('/gi/', 1)[0])
        self.assertIn('do_data()', printed)

    def test_js(self):
        typelib = self.installed('lib', '**', 'Imp-1.typelib')
        script = os.path.join(self.folder, 'script.js')
        with open(script, 'w', encoding='utf-8') as stream:
            stream.write(JS)
        printed = self.run_command('gjs', '-m', script,
                                   GI_TYPELIB_PATH=os.path.dirname(typelib),
                                   XDG_DATA_DIRS=os.path.join(self.prefix, 'share'))
        self.assertIn('vfunc_data()', printed)

    def test_debian(self):
        """Each file is in some package of Debian's, so that building them does not fail."""
        patterns = []
        for name in glob.glob(os.path.join(SOURCE, 'debian', '*.install')):
            with open(name, encoding='utf-8') as stream:
                patterns += [line.split()[0] for line in stream if line.strip()]
        patterns = [pattern.replace('${env:UNIT_DIR}', 'usr/lib/systemd/system')
                    for pattern in patterns]
        # What debian/rules removes; and this lies elsewhere, as it tells meson.
        patterns += ['usr/share/doap/*', '*/gi/overrides/Imp.py', '*/gi-stubs']
        self.assertGreater(len(patterns), 10)
        left = []
        for folder, _, names in os.walk(self.prefix):
            for name in names:
                path = 'usr/' + os.path.relpath(os.path.join(folder, name), self.prefix)
                if not any(fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, pattern + '/*')
                           for pattern in patterns):
                    left.append(path)
        self.assertEqual(left, [])

    def test_tool(self):
        tool = self.installed('bin', 'imp-remote')
        self.assertIn('pattern', self.run_command(tool, 'modules'))

    def read_stripped(self, path):
        """A program without what debuggers want to know, such as where its sources lie."""
        stripped = os.path.join(self.folder, 'stripped')
        subprocess.run(['strip', '-o', stripped, path], check=True)
        with open(stripped, 'rb') as stream:
            return stream.read()

    def test_knows_no_build_folder(self):
        """A folder that is gone, on most machines, and that somebody could make again."""
        for path in (self.installed('bin', 'imp-remote'),
                     os.path.join(self.libdir, 'libimp-remote-1.so')):
            for folder in (BUILD, SOURCE):
                with self.subTest(f'{path} {folder}'):
                    self.assertNotIn(folder.encode(), self.read_stripped(path))
        self.assertIn(BUILD.encode(),
                      self.read_stripped(os.path.join(BUILD, 'imp-remote', 'tool', 'imp-remote')))

    def test_scripts(self):
        """With the hosts that are installed, and with nothing of the build folder; in a sandbox,
        where there are any, and without."""
        sandboxes = ['off', 'require']
        trial = subprocess.run(['bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true'],
                               stderr=subprocess.PIPE, text=True, check=False)
        if trial.returncode != 0:
            print('bwrap DOES NOT WORK HERE, so no sandbox is tested:', trial.stderr.strip())
            sandboxes.remove('require')
        tool = self.installed('bin', 'imp-remote')
        env = {**self.env, 'PYTHONPATH': self.installed('lib', '**', 'gi', 'overrides',
                                                        'Imp.py').rsplit('/gi/', 1)[0],
               'GI_TYPELIB_PATH': os.path.dirname(self.installed('lib', '**', 'Imp-1.typelib')),
               'XDG_DATA_DIRS': os.path.join(self.prefix, 'share')}
        for name, sandbox in itertools.product(('shout.py', 'shout.js'), sandboxes):
            path = os.path.join(SOURCE, 'docs', 'examples', name)
            command = [tool, 'serve', '--module', f'{path}=sandbox={sandbox}',
                       os.path.join(self.folder, 'socket')]
            with self.subTest(f'{name} {sandbox}'):
                refused = subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True,
                                         check=False)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(f'there is no "{PREFIX}/libexec/imp-remote-1/host.', refused.stderr)
                hosts = os.path.join(self.prefix, 'libexec', 'imp-remote-1')
                with subprocess.Popen(command, env={**env, 'IMP_REMOTE_HOSTS': hosts},
                                      stdout=subprocess.PIPE, text=True) as server:
                    try:
                        self.assertIn('listening', server.stdout.readline())
                        self.assertIn('interface: imp.data.stream: pass, replace\n',
                                      self.run_command(tool, 'ping', command[-1]))
                    finally:
                        server.terminate()
                self.assertEqual(server.returncode, 0)

    def test_files(self):
        for pattern in (('share', 'gir-1.0', 'Imp-1.gir'), ('share', 'doap', 'imp-remote.doap'),
                        ('share', 'doc', 'imp-remote-1', 'index.html'),
                        ('libexec', 'imp-remote-1', 'host.py'),
                        ('libexec', 'imp-remote-1', 'launch'),
                        ('include', 'imp-remote-1', 'imp-remote.h')):
            self.installed(*pattern)
        self.installed('share', 'imp-remote-1', 'imp-remote.wrap')
        # What is found by names as common as core/ is nobody's.
        self.assertEqual(sorted(os.listdir(os.path.join(self.prefix, 'include', 'imp-remote-1'))),
                         ['imp-remote', 'imp-remote.h'])
        headers = glob.glob(os.path.join(self.prefix, 'include', '**', '*-private.h'),
                            recursive=True)
        self.assertEqual(headers, [])


if __name__ == '__main__':
    unittest.main(verbosity=2)
