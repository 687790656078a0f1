#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A release is of one version, wherever that is said."""

import json
import os
import re
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(*path):
    with open(os.path.join(TOP, *path), encoding='utf-8') as stream:
        return stream.read()


def find(pattern, *path):
    return re.search(pattern, read(*path), re.MULTILINE).group(1)


VERSION = find(r"^  version: '([^']+)'", 'meson.build')


class Versions(unittest.TestCase):
    def test_news(self):
        self.assertEqual(find(r'^## (\S+)', 'NEWS.md'), VERSION)

    def test_doap(self):
        self.assertEqual(find(r'<revision>([^<]+)<', 'imp-remote.doap'), VERSION)

    def test_debian(self):
        self.assertEqual(find(r'^imp-remote \((.+)-[^-]+\)', 'debian', 'changelog'), VERSION)

    def test_rpm(self):
        self.assertEqual(find(r'^Version:\s+(\S+)', 'packaging', 'imp-remote.spec'), VERSION)

    def test_flatpak(self):
        module = json.loads(read('packaging', 'flatpak-module.json'))
        self.assertEqual([source['path'] for source in module['sources']],
                         [f'imp-remote-{VERSION}.tar.xz'])

    def test_macros(self):
        """Each version has macros of its own, up to this one."""
        major, minor, _ = VERSION.split('.')
        for number in range(1, int(minor) + 1):
            for name in ('IMP_VERSION', 'IMP_AVAILABLE_IN', 'IMP_DEPRECATED_IN'):
                self.assertIn(f'#define {name}_{major}_{number} ',
                              read('imp-remote', 'imp-macros.h'))
        self.assertNotIn(f'IMP_VERSION_{major}_{int(minor) + 1}',
                         read('imp-remote', 'imp-macros.h'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
