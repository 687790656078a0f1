#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool as it was built, before anything is installed: it runs scripts from any folder, with
nothing set. The one that is installed knows nothing of the build folder."""

import os
import shutil
import subprocess
import unittest

import tool_harness as harness

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
EXAMPLES = os.path.join(TOP, 'docs', 'examples')
INSTALLED = os.environ['IMP_INSTALLED_TOOL']
LIBRARY = os.path.dirname(os.path.dirname(harness.TOOL))
# What a shell has in any case.
PLAIN = {'PATH': '/usr/bin:/bin', 'HOME': os.environ.get('HOME', '/'), 'LC_ALL': 'C.UTF-8'}
# A script that fails looks like one that agrees where the overrides are missing.
FAILING_JS = """
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const Fails = GObject.registerClass(class Fails extends Imp.Analyzer {
    async vfunc_data() { throw new Error('as ordered'); }
});
"""
SHOW_PY = """
import os
from gi.repository import Imp

print(f'python path {os.environ["PYTHONPATH"]} library path {os.environ["LD_LIBRARY_PATH"]}')

class Show(Imp.Analyzer):
    pass
"""


class InPlace(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def run_plain(self, *command, **env):
        done = subprocess.run(command, cwd=self.folder, env={**PLAIN, **env}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=harness.TIMEOUT, check=False)
        return done.returncode, done.stdout, done.stderr

    def start_plain(self, tool, *args, **env):
        """A tool in the test's folder whose environment has nothing but this."""
        words = [f'{name}={value}' for name, value in {**PLAIN, **env}.items()]
        return harness.Tool(*args, command=('env', '--chdir', self.folder, '-i', *words, tool))

    def assert_serves(self, tool, module, **env):
        with self.start_plain(tool, 'serve', '--module', module, './socket', **env):
            status, out, err = self.run_plain(tool, 'ping', './socket', **env)
            self.assertEqual((status, err), (0, ''))
            self.assertIn('interface: imp.data.stream: pass, replace\n', out)

    def test_scripts(self):
        """From another folder, by an absolute path, by a relative one and by a link."""
        os.symlink(harness.TOOL, os.path.join(self.folder, 'link'))
        for name in ('shout.py', 'shout.js'):
            shutil.copy(os.path.join(EXAMPLES, name), self.folder)
            for tool in (harness.TOOL, './link', os.path.relpath(harness.TOOL, self.folder)):
                with self.subTest(f'{tool} {name}'):
                    self.assert_serves(tool, f'./{name}')

    def test_overrides(self):
        path = self.write('fails.js', FAILING_JS)
        with harness.Upstream(harness.echo) as upstream, \
                self.start_plain(harness.TOOL, 'relay', '--grace=1', '--listen', '127.0.0.1:0',
                                 '--module', path, '--connect', upstream.address) as relay:
            self.assertEqual(harness.fetch_cut(relay.port, b'hello'), b'')
            relay.wait_for_log('as ordered')

    def test_paths(self):
        """What the user has set stays, and an empty variable does not become the working folder."""
        path = self.write('show.py', SHOW_PY)
        with self.start_plain(harness.TOOL, 'serve', '--module', path, './socket',
                              PYTHONPATH='/nowhere/mine', LD_LIBRARY_PATH='') as server:
            server.wait_for_log(f'python path {TOP}/imp-remote/bindings:/nowhere/mine '
                                f'library path {LIBRARY}')
            self.assertFalse([line for line in server.log if f'{LIBRARY}:' in line])

    def assert_not_in_place(self, tool):
        for name in ('shout.py', 'shout.js'):
            with self.subTest(f'{tool} {name}'):
                status, out, err = self.run_plain(tool, 'serve', '--module',
                                                  os.path.join(EXAMPLES, name), './socket',
                                                  LD_LIBRARY_PATH=LIBRARY)
                self.assertEqual((status, out), (1, ''))
                self.assertRegex(err, r'there is no "/\S+/imp-remote-1/host\.(py|mjs)"')
                self.assertNotIn(LIBRARY, err)
                self.assertNotIn(os.path.join(TOP, 'imp-remote'), err)

    def test_copy(self):
        """Somewhere else it is not the program of the build folder any more."""
        self.assert_not_in_place(shutil.copy(harness.TOOL, self.folder))

    def test_installed(self):
        self.assert_not_in_place(INSTALLED)

    def test_without_overrides(self):
        """Where JavaScript does not find them, the script is refused."""
        env = {'GI_TYPELIB_PATH': LIBRARY, 'LD_LIBRARY_PATH': LIBRARY,
               'IMP_REMOTE_HOSTS': os.path.join(LIBRARY, 'modules')}
        status, _, err = self.run_plain(INSTALLED, 'serve', '--module',
                                        os.path.join(EXAMPLES, 'shout.js'), './socket', **env)
        self.assertEqual(status, 1)
        self.assertIn('overrides/Imp.js', err)
        self.assert_serves(INSTALLED, os.path.join(EXAMPLES, 'shout.js'), **env,
                           GJS_PATH=os.path.join(TOP, 'imp-remote', 'bindings'))


class Development(unittest.TestCase):
    """`meson devenv` is for programs of one's own."""

    def run_there(self, *command):
        build = os.path.dirname(LIBRARY)
        done = subprocess.run(['meson', 'devenv', '-C', build, *command], env=PLAIN, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=harness.TIMEOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_tool(self):
        self.assertEqual(self.run_there('sh', '-c', 'command -v imp-remote').splitlines()[-1],
                         harness.TOOL)

    def test_programs(self):
        """Of one's own, in Python and in JavaScript, which find the library and run scripts."""
        module = os.path.join(EXAMPLES, 'shout.py')
        for command, begin in ((['/usr/bin/python3', '-c'],
                                'from gi.repository import Imp; print(Imp.Analyzer.__module__);'),
                               (['gjs', '-c'],
                                'const Imp = imports.gi.Imp;'
                                'print(`overrides ${Imp.hasOverrides}`);')):
            program = begin + f'factory = Imp.module_new_factory({module!r});' \
                'print(factory.list_interfaces()[0].to_string())'
            with self.subTest(command[0]):
                said = self.run_there(*command, program)
                self.assertRegex(said, 'gi.overrides.Imp|overrides true')
                self.assertIn('imp.data.stream: pass, replace', said)


if __name__ == '__main__':
    harness.main()
