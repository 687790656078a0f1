#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The man pages: what man, lexgrog and mandoc think of them, that they speak of pages that are
there, and that they list what the tool knows."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = os.environ['IMP_TEST_PAGES']
NAMES = os.environ['IMP_TEST_NAMES'].split()
VERSION = os.environ['IMP_TEST_VERSION']
TOOL = os.environ['IMP_REMOTE_TOOL']


def run(*command, **env):
    if shutil.which(command[0]) is None:
        raise AssertionError(f'{command[0]} is missing')
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env={**os.environ, 'LC_ALL': 'C.UTF-8', **env})
    return done.returncode, done.stdout


def read(name):
    with open(os.path.join(PAGES, name), encoding='utf-8') as stream:
        return stream.read()


def plain(name):
    """The page as it is read, in one line."""
    status, text = run('mandoc', '-T', 'utf8', '-O', 'width=1000', os.path.join(PAGES, name))
    if status > 2:
        raise AssertionError(text)
    return re.sub(r'.\x08', '', text)


class Opinions(unittest.TestCase):
    def test_lexgrog(self):
        """What whatis and apropos make of it."""
        for name in NAMES:
            status, text = run('lexgrog', os.path.join(PAGES, name))
            self.assertEqual(status, 0, text)
            self.assertRegex(text, rf'"{re.escape(name.rsplit(".", 1)[0])} - .+"\n')

    def test_man(self):
        for name in NAMES:
            with self.subTest(name):
                done = subprocess.run(['man', '--warnings', '-E', 'UTF-8', '-Tutf8', '-Z', '-l',
                                       os.path.join(PAGES, name)], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True, check=False,
                                      env={**os.environ, 'MANWIDTH': '80', 'LC_ALL': 'C.UTF-8'})
                # Long words are no fault of a page.
                said = [line for line in done.stderr.splitlines()
                        if not re.search("(cannot adjust|can't break) line", line)]
                self.assertEqual((done.returncode, said), (0, []))

    def test_mandoc(self):
        for name in NAMES:
            with self.subTest(name):
                self.assertEqual(run('mandoc', '-T', 'lint', '-W', 'error',
                                     os.path.join(PAGES, name)), (0, ''))

    def test_found(self):
        """As they are installed, man finds each in its section."""
        with tempfile.TemporaryDirectory() as folder:
            for name in NAMES:
                place = os.path.join(folder, 'man' + name[-1])
                os.makedirs(place, exist_ok=True)
                shutil.copy(os.path.join(PAGES, name), place)
            for name in NAMES:
                page, section = name.rsplit('.', 1)
                status, text = run('man', '-M', folder, '-w', section, page)
                self.assertEqual((status, text.strip()),
                                 (0, os.path.join(folder, f'man{section}', name)))


class Foot(unittest.TestCase):
    def test_version_and_date(self):
        for name in NAMES:
            page, section = name.rsplit('.', 1)
            head = re.search(r'^\.TH .*$', read(name), re.M).group()
            epoch = os.environ.get('SOURCE_DATE_EPOCH')
            date = r'\d{4}-\d\d-\d\d' if epoch is None else '.*'
            self.assertRegex(head.replace('\\-', '-'),
                             rf'^\.TH "?{re.escape(page.upper())}"? "?{section}"? "{date}" '
                             rf'"imp-remote {re.escape(VERSION)}" "imp-remote"$')

    def test_epoch(self):
        """The same time gives the same page, wherever and whenever it is made."""
        made = []
        with tempfile.TemporaryDirectory() as folder:
            for zone in ('Asia/Tokyo', 'America/Lima'):
                target = os.path.join(folder, 'page')
                status, text = run(
                    sys.executable, os.path.join(SOURCE, 'docs/man/make-page.py'),
                    os.environ['IMP_TEST_RST2MAN'], VERSION, '2000-01-01',
                    os.path.join(SOURCE, 'docs/man/imp-remote-modules.5.rst'), target, TOOL,
                    SOURCE_DATE_EPOCH='86400', TZ=zone)
                self.assertEqual((status, text), (0, ''))
                with open(target, encoding='utf-8') as stream:
                    made.append(stream.read())
        self.assertIn('1970-01-02', made[0].replace('\\-', '-'))
        self.assertEqual(made[0], made[1])


class Contents(unittest.TestCase):
    def test_references(self):
        for name in NAMES:
            text = read(name).replace('\\-', '-').replace('\\fP', '').replace('\\fB', '')
            for page, section in re.findall(r'(imp-remote[a-z.-]*)(?:\\ ?|)\((\d)\)', text):
                self.assertIn(f'{page}.{section}', NAMES, name)

    def test_commands(self):
        """Each has a page, and stands in the list of all."""
        _, text = run(TOOL, '--help')
        commands = re.findall(r'^  ([a-z]+)\b.* {2}', text, re.M)
        self.assertGreater(len(commands), 10)
        listed = plain('imp-remote.1')
        for command in commands:
            self.assertIn(f'imp-remote-{command}.1', NAMES)
            self.assertIn(f'imp-remote-{command}(1)', listed)

    def test_modules(self):
        """All settings of all modules, with their values, defaults and meaning."""
        if 'imp-remote-modules.5' not in NAMES:
            self.skipTest('made without the tool: it cannot be run here')
        page = re.sub(r'\s+', ' ', plain('imp-remote-modules.5'))
        env = {'IMP_REMOTE_MODULES': os.devnull}
        n_settings = 0
        for module in run(TOOL, 'modules', **env)[1].splitlines():
            name = module.split(':')[0]
            if '/' in name:
                continue
            self.assertIn(f'Module {name}', page)
            for line in run(TOOL, 'modules', name, **env)[1].splitlines()[1:]:
                if '=' in line or line.startswith('      '):
                    self.assertIn(line.strip(), page, name)
                    n_settings += 1
        self.assertGreater(n_settings, 50)

    def test_script_settings(self):
        if os.environ['IMP_TEST_SCRIPTS'] != '1':
            print('NOT TESTED without bindings: the settings of scripts')
            return
        page = plain('imp-remote-modules.5')
        status, text = run(TOOL, 'modules', os.path.join(SOURCE, 'docs/examples/shout.py'))
        self.assertEqual(status, 0, text)
        settings = re.findall(r'^  ([a-z-]+)=.*?(?:\(default: (.*)\))?$',
                              text.split('as every script')[1], re.M)
        self.assertGreater(len(settings), 10)
        start = page.index('SETTINGS OF SCRIPTS')
        for name, default in settings:
            self.assertRegex(page[start:], rf'\b{name}\b')
            self.assertIn(default, page[start:])


if __name__ == '__main__':
    unittest.main(verbosity=2)
