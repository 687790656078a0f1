#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is wrong with a page is found by whoever walks through it."""

import os
import tempfile
import unittest

import walk_page


def walk(text):
    with tempfile.TemporaryDirectory(prefix='imp-walk-') as folder:
        path = os.path.join(folder, 'page.md')
        with open(path, 'w', encoding='utf-8') as page:
            page.write(text)
        return walk_page.walk(path)


def shell(command, output='', before=''):
    text = f'{before}\n\n```sh\n{command}\n```\n'
    return text + (f'\n```\n{output}\n```\n' if output else '')


class Walk(unittest.TestCase):
    def test_right(self):
        text = '`hello.txt`:\n\n```\nhello\nworld\n```\n' + shell('cat hello.txt', '...\nworld')
        self.assertEqual(walk(text), (1, 2))
        walk(shell('for word in a b; do\n    echo $word\ndone', 'a\nb'))
        walk(shell('echo a \\\n    b', 'a b'))
        walk(shell('echo a\nfalse', 'a', 'It ends with exit status 1:'))
        # It is one shell.
        walk(shell('name=value') + shell('echo $name', 'value'))

    def test_wrong(self):
        for text in (shell('false'), shell('false\ntrue'), shell('exit 1'), shell('echo "a'),
                     shell('true', before='exit status 1'),
                     shell('echo a', 'b'), shell('echo a b', 'a'),
                     shell('printf "b\\na\\n"', 'a\nb'),
                     '```\noutput of nothing\n```\n', '```python\npass\n```\n',
                     shell('echo a', 'a') + '```\na\n```\n'):
            with self.subTest(text=text), self.assertRaises(walk_page.Failure):
                walk(text)

    def test_addresses(self):
        for command, addresses in (
                ('imp-remote serve --module ./a.py ./a.sock &', ['./a.sock']),
                ('imp-remote relay --listen localhost:8081 --module remote=addr=./a.sock \\\n'
                 '    --connect localhost:8000 &', ['localhost:8081']),
                ('imp-remote relay --listen udp:127.0.0.1:5515 --connect udp:127.0.0.1:5514 &',
                 ['udp:127.0.0.1:5515']),
                ('python3 -m http.server --bind localhost 8000 > web.log 2>&1 &',
                 ['localhost 8000']),
                ('./gate localhost:8080 localhost:8000 > gate.log &', ['localhost:8080'])):
            self.assertEqual(walk_page.find_addresses(command), addresses)

    def test_ports_are_replaced(self):
        ports = walk_page.choose_ports('localhost:8000 127.0.0.1:8001 /udp/127.0.0.1/8001 8002')
        self.assertEqual(list(ports), ['8000', '8001'])
        self.assertEqual(len(set(ports.values())), 2)


if __name__ == '__main__':
    unittest.main(verbosity=2)
