#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was built has the defenses that compiler and linker offer."""

import json
import os
import re
import subprocess
import unittest

BUILD = os.environ['IMP_TEST_BUILD']
FLAGS = os.environ['IMP_TEST_HARDENED'].split()
LIBRARIES = os.environ['IMP_TEST_LIBRARIES'].split(os.pathsep)
PROGRAMS = os.environ['IMP_TEST_PROGRAMS'].split(os.pathsep)
ENDBR64 = b'\xf3\x0f\x1e\xfa'


def readelf(option, path):
    return subprocess.run(['readelf', '--wide', option, path], stdout=subprocess.PIPE, text=True,
                          check=True, env={**os.environ, 'LC_ALL': 'C'}).stdout


def segments(path):
    """(type, flags) of each."""
    return re.findall(r'^ +([A-Z_]+) +0x\w+ 0x\w+ 0x\w+ 0x\w+ 0x\w+ ([RWE ]{3}) ',
                      readelf('--segments', path), re.M)


class Hardening(unittest.TestCase):
    def test_flags(self):
        """Of every object of ours, whatever it is linked into."""
        with open(os.path.join(BUILD, 'compile_commands.json'), encoding='utf-8') as listing:
            commands = [entry['command'].split() for entry in json.load(listing)
                        if entry['file'].endswith('.c')]
        self.assertGreater(len(commands), 100)
        self.assertIn('-fstack-protector-strong', FLAGS)
        for command in commands:
            self.assertEqual(set(FLAGS) - set(command), set(), command[-1])

    def test_memory(self):
        """Nothing is both to write to and to run, the stack least of all."""
        for path in LIBRARIES + PROGRAMS:
            with self.subTest(path):
                found = segments(path)
                self.assertIn('GNU_STACK', [kind for kind, _ in found])
                self.assertIn('LOAD', [kind for kind, _ in found])
                for kind, flags in found:
                    self.assertFalse('W' in flags and 'E' in flags, kind)

    def test_relocations(self):
        """All are done when it starts, and what they are written to can only be read then."""
        for path in LIBRARIES + PROGRAMS:
            with self.subTest(path):
                self.assertIn('GNU_RELRO', [kind for kind, _ in segments(path)])
                dynamic = readelf('--dynamic', path)
                self.assertRegex(dynamic, r'\(FLAGS_1\).*\bNOW\b')
                self.assertNotIn('TEXTREL', dynamic)

    def test_position(self):
        for path in PROGRAMS:
            with self.subTest(path):
                self.assertRegex(readelf('--dynamic', path), r'\(FLAGS_1\).*\bPIE\b')

    def test_stack_protector(self):
        for path in LIBRARIES[:1] + PROGRAMS:
            with self.subTest(path):
                self.assertIn('__stack_chk_fail', readelf('--dyn-syms', path))

    def test_fortify(self):
        """The C library's functions that know how much room there is. Where the compiler knows
        better they are not needed, as in the library; so there the flags have to do."""
        for path in PROGRAMS:
            with self.subTest(path):
                used = set(re.findall(r'UND (__\w+_chk)\b', readelf('--dyn-syms', path)))
                self.assertEqual(bool(used), '-D_FORTIFY_SOURCE=2' in FLAGS, used)

    @unittest.skipUnless('-fcf-protection' in FLAGS and os.uname().machine == 'x86_64',
                         'this is how it looks on x86_64 only')
    def test_control_flow(self):
        """Where a pointer to a function may lead is marked. Debian's crt1.o has no such marks, so
        the linker does not vouch for the whole."""
        for path in LIBRARIES + PROGRAMS:
            with self.subTest(path), open(path, 'rb') as built:
                self.assertIn(ENDBR64, built.read())


if __name__ == '__main__':
    unittest.main(verbosity=2)
