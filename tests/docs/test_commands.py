#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands that the pages show are ones that the tool takes, and each page can be found."""

import glob
import os
import re
import shlex
import sys
import unittest

SOURCE = sys.argv.pop(1)
PATHS = sorted(glob.glob('docs/*.md', root_dir=SOURCE)
               + glob.glob('docs/man/*.rst', root_dir=SOURCE)
               + glob.glob('docs/examples/*', root_dir=SOURCE) + ['README.md'])
# A command stands in a line of its own, a comment at the most before it; `\` continues it, which a
# string of Python doubles.
COMMAND = re.compile(r'^(?: \* |// | *)(?:\S*/)?imp-remote relay (.*)')
INLINE = re.compile(r'`(?:\S*/)?imp-remote relay\s(--[^`]*)`')
MODULES = {'-m', '--module', '--shadow'}
ENDS = {'-c', '--connect', '--socks', '--http-connect', '--original-destination'}
FLAGS = {'--ask-first', '--http-connect', '--original-destination', '--reload', '--sandbox',
         '--socks', '--verbose', '-v'}
ADDRESS = re.compile(
    r'(?:udp:|tls://)?(?:(?:[^/@:\[\]]+|\[[^\]]+\]):[0-9]+|srv:[^:]+)'
    r'|(?:udp:)?\.?/.+|@.+|fd:[0-9]+|systemd')
LOCAL = re.compile(r'\.?/|@|udp:\.?/|(?:localhost|127\.[0-9.]+|\[::1\]):')


def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as source:
        return source.read()


def find_commands(text):
    """The arguments of each `imp-remote relay` of a text that has arguments."""
    lines = text.splitlines()
    found = [re.sub(r'\s+', ' ', inline) for inline in INLINE.findall(text)]
    for i, line in enumerate(lines):
        match = COMMAND.match(line)
        if match is None or not match[1].startswith('-'):
            continue
        command = match[1].rstrip('"')
        while command.endswith('\\'):
            i += 1
            command = command.rstrip('\\') + lines[i].removeprefix(' *').removeprefix('//')
        found.append(command.removesuffix('"""').removesuffix('&').rstrip())
    return found


def split(command):
    """Options and their values; None stands before a word that belongs to none."""
    options = []
    for word in shlex.split(command):
        if word.startswith('-'):
            option, equals, value = word.partition('=')
            options.append((option, value if equals else None))
        elif options and options[-1][1] is None and options[-1][0] not in FLAGS:
            options[-1] = (options[-1][0], word)
        else:
            options.append((None, word))
    return options


def get_servers(module):
    """The addresses that a module remote is given."""
    name, _, settings = module.partition('=')
    if name != 'remote':
        return []
    fields = dict(field.partition('=')[::2] for field in settings.split('&'))
    return (fields.get('addr') or fields.get('address') or fields.get('addresses', '')).split(',')


def find_faults(command):
    waiting = []
    listens = False
    for option, value in split(command):
        if option in ('-l', '--listen', '-c', '--connect'):
            if value is None or not ADDRESS.fullmatch(value):
                yield f'{option} {value} is no address'
        if option is None:
            yield f'{value} belongs to no option'
        elif option in ('-l', '--listen'):
            if waiting:
                yield f'{waiting} belongs to no {option} before it'
            listens = True
        elif option in MODULES:
            waiting.append(value)
            for server in get_servers(value or ''):
                if not ADDRESS.fullmatch(server):
                    yield f'{option} {value}: {server} is no address'
                elif not LOCAL.match(server) and not server.startswith('tls://'):
                    yield f'{option} {value}: another machine without TLS'
        elif option in ENDS:
            if not listens:
                yield f'{option} without --listen'
            waiting, listens = [], False
    if waiting or listens:
        yield f'nothing stands behind {waiting or "--listen"}'


class Commands(unittest.TestCase):
    def test_commands_are_taken(self):
        commands = [(path, command) for path in PATHS for command in find_commands(read(path))]
        self.assertGreater(len(commands), 30)
        faults = [(path, command, fault) for path, command in commands
                  for fault in find_faults(command)]
        self.assertEqual(faults, [])

    def test_faults_are_found(self):
        def check(command):
            return list(find_faults(find_commands('imp-remote relay ' + command)[0]))

        good = '--listen localhost:8080 \\\n  --module a --shadow \\\n  b --connect localhost:80'
        self.assertEqual(check(good), [])
        self.assertEqual(check('--listen udp:[::1]:53 -m x --socks --listen ./y --connect @z'), [])
        for bad in ('--listen localhost:1 --connect localhost:2 --module a',
                    '--listen localhost:1 --connect localhost:2 --shadow a',
                    '--listen localhost:1 --socks --module a',
                    '--listen :8080 --connect localhost:2',
                    '--listen localhost:1 --connect localhost',
                    '--listen localhost:1 --module a',
                    "--listen localhost:1 --module 'a'\\\n    'b' --connect localhost:2",
                    '--listen localhost:1 --module remote=addr=other:9 --connect localhost:2',
                    "--listen localhost:1 --module 'remote=addr=x&fail=hard' --connect @y"):
            self.assertNotEqual(check(bad), [], bad)


class Pages(unittest.TestCase):
    def test_no_sign_is_lost(self):
        """gi-docgen takes what stands behind @ and % for names, in pages and in code alike."""
        for path in glob.glob('docs/*.md', root_dir=SOURCE):
            text = re.sub(r'^```.*?^```', '', read(path), flags=re.MULTILINE | re.DOTALL)
            self.assertEqual(re.findall(r'(?:^|\W)(?:@\w|%\d).*', text), [], path)

    def test_each_page_is_linked(self):
        pages = sorted(name.removesuffix('.md') for name in os.listdir(os.path.join(SOURCE, 'docs'))
                       if name.endswith('.md'))
        self.assertIn('overview', pages)
        readme, overview = read('README.md'), read('docs/overview.md')
        build = read('docs/meson.build')
        for page in pages:
            self.assertIn(f'(docs/{page}.md)', readme)
            self.assertIn(f"'{page}'", build)
            if page != 'overview':
                self.assertIn(f'({page}.html)', overview)


if __name__ == '__main__':
    unittest.main(verbosity=2)
