#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every example of the documentation, and compares it with what the pages print of it."""

import glob
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'style'))

import code_rules  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLES = os.path.join(TOP, 'docs', 'examples')
COOKBOOK = ('cookbook.md', 'cookbook-scripts.md', 'cookbook-c.md', 'http.md')
CENSOR = os.environ['IMP_TEST_CENSOR']
DOAP = '{http://usefulinc.com/ns/doap#}'
TEXT = b'call 555 1234\nhello\n'
SPAN = re.compile(r'`([\w./*-]+)`')
LINK = re.compile(r'\]\(([\w./-]+)\)')
BLOCK = re.compile(r'^```\w*\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as stream:
        return stream.read()


def run(*command, text=b''):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True,
                          timeout=60).stdout


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(('localhost', port)) != 0


def without_license(text):
    return '\n'.join(line for line in text.split('\n') if 'SPDX' not in line).lstrip('\n')


def blocks_of(*path):
    return [block.lstrip('\n') for block in BLOCK.findall(read(*path))]


class Quoted(unittest.TestCase):
    def test_cookbook(self):
        blocks = [block for page in COOKBOOK for block in blocks_of('docs', page)]
        names = sorted(os.listdir(EXAMPLES))
        self.assertGreater(len(names), 5)
        for name in names:
            if os.path.isfile(os.path.join(EXAMPLES, name)):
                with self.subTest(name=name):
                    self.assertIn(without_license(read('docs', 'examples', name)), blocks)

    def test_readme(self):
        self.assertIn(without_license(read('docs', 'examples', 'shout.py')), blocks_of('README.md'))

    def test_pages_are_listed(self):
        listed = read('docs', 'meson.build')
        for name in os.listdir(os.path.join(TOP, 'docs')):
            if name.endswith('.md'):
                self.assertIn(f"'{name[:-3]}'", listed)

    def test_rooms_are_named(self):
        page = read('docs', 'overview.md')
        folder = os.path.join(TOP, 'imp-remote')
        rooms = [name for name in os.listdir(folder) if os.path.isdir(os.path.join(folder, name))]
        self.assertGreater(len(rooms), 5)
        for name in rooms:
            self.assertIn(f'(`{name}`)', page)

    def test_rooms_include_what_is_said(self):
        rows = re.findall(r'^\| `(\w+)/` \|.*\| ([\w, ]*)\|$', read('docs', 'architecture.md'),
                          re.MULTILINE)
        said = {room: set(re.findall(r'\w+', rooms)) for room, rooms in rows}
        for room in ('modules', 'tool'):
            self.assertEqual(said[room], {'all', 'above'})
            said[room] = set(said) - {'modules', 'tool', 'bindings'}
        said['tool'].add('modules')
        del said['bindings']
        self.assertEqual(said, code_rules.MAY_INCLUDE)

    def test_doap(self):
        root = ElementTree.fromstring(read('imp-remote.doap').encode())
        names = [element.text for element in root.iter(DOAP + 'name')]
        versions = [element.text for element in root.iter(DOAP + 'revision')]
        self.assertEqual((names, versions), (['imp-remote'], [os.environ['IMP_TEST_VERSION']]))
        self.assertIn('\n## %s\n' % versions[0], read('NEWS.md'))


class Paths(unittest.TestCase):
    """Files that the pages for contributors name are there."""

    def check(self, *page):
        text = read(*page)
        # Links to other pages are checked by what makes the pages.
        found = [name for name in LINK.findall(text) if not name.endswith('.html')]
        found += [span for span in SPAN.findall(text) if '/' in span]
        self.assertGreater(len(found), 2)
        for name in found:
            # These stand for any name.
            pattern = re.sub('NAME|ROOM', '*', name)
            with self.subTest(name=name):
                self.assertTrue(any(glob.glob(os.path.join(TOP, room, pattern))
                                    for room in ('', 'imp-remote')), name)

    def test_architecture(self):
        self.check('docs', 'architecture.md')

    def test_contributing(self):
        self.check('CONTRIBUTING.md')

    def test_security(self):
        self.check('SECURITY.md')


class Readme(unittest.TestCase):
    """What a new user types is what was tried, with other ports and another path."""

    def start(self, command, ready):
        """Runs it until the test ends; returns once it has said that it is @ready."""
        process = subprocess.Popen(shlex.split(command), cwd=TOP, stdout=subprocess.PIPE, text=True,
                                   env={**os.environ, 'PYTHONUNBUFFERED': '1'})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        self.assertIn(ready, process.stdout.readline())

    def test_commands(self):
        commands = [block.replace('\\\n', ' ') for block in blocks_of('README.md')
                    if re.match(r'(build/imp|python3 -m|curl)', block)]
        self.assertEqual(len(commands), 4)
        with tempfile.TemporaryDirectory(prefix='imp-test-') as folder:
            places = {'build/imp-remote/tool/imp-remote': os.environ['IMP_REMOTE_TOOL'],
                      './shout.sock': os.path.join(folder, 'socket')}
            # Not one that a program may get that asks for any.
            for port, first in (('8000', 20000), ('8080', 25000)):
                places[port] = str(next(number for number in range(first, first + 1000)
                                        if is_free(number)))
            for said, place in places.items():
                commands = [command.replace(said, place) for command in commands]
            serve, web, relay, curl = commands
            self.start(serve, 'listening')
            self.start(web, 'Serving HTTP')
            self.start(relay, 'listening')
            heard = run(*shlex.split(curl), '--noproxy', '*')
        self.assertEqual(heard.decode(), read('README.md').upper())


class Run(unittest.TestCase):
    def test_censor(self):
        self.assertEqual(run(CENSOR, text=TEXT), b'call *** ****\nhello\n')

    def test_rot13(self):
        printed = run(sys.executable, os.path.join(EXAMPLES, 'rot13.py')).decode()
        self.assertEqual(printed, '{"bc":"cvat","gbxra":7}\nping token=7\n')

    def through(self, *command):
        """What comes out of through.py when the server is the command."""
        with tempfile.TemporaryDirectory(prefix='imp-test-') as folder:
            address = os.path.join(folder, 'socket')
            with subprocess.Popen([*command, address], stdout=subprocess.PIPE) as server:
                try:
                    self.assertIn(b'listening', server.stdout.readline())
                    return run(sys.executable, os.path.join(EXAMPLES, 'through.py'), address,
                               text=TEXT)
                finally:
                    server.terminate()

    def test_python(self):
        heard = self.through(sys.executable, os.path.join(EXAMPLES, 'serve.py'))
        self.assertEqual(heard, TEXT.upper())

    def test_js(self):
        heard = self.through('/usr/bin/gjs', '-m', os.path.join(EXAMPLES, 'serve.js'))
        self.assertEqual(heard, TEXT.upper())

    def test_tool(self):
        for name in ('shout.py', 'shout.js'):
            heard = self.through(os.environ['IMP_REMOTE_TOOL'], 'serve', '--module',
                                 os.path.join(EXAMPLES, name))
            self.assertEqual(heard, TEXT.upper(), name)


if __name__ == '__main__':
    unittest.main(verbosity=2)
