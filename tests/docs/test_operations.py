#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""All commands of the page about operations work, in their order, and what it shows of their output
has the shape of what they print."""

import re
import unittest

import operations_session

# What differs from run to run, or from machine to machine.
VARYING = (
    # Columns are as wide as what stands in them, and lines are folded where they are full.
    (r'\s+', ' '),
    (r'\b[0-9.]+ (?:ms|s|min|h|d)\b', 'TIME'),
    (r'\b[0-9.]+ (?:B|KiB|MiB|GiB)(?:/s)?', 'SIZE'),
    (r'\b[0-9.]+\s?%', 'PERCENT'),
    (r'(?<=127\.0\.0\.1:)[0-9]+', 'PORT'),
    (r'\b[0-9]+\b', 'N'),
)


def shape(text):
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text.strip()


class Page(unittest.TestCase):
    def test_commands(self):
        shown = operations_session.run_page()
        self.assertGreater(len(shown), 4)
        for said, printed in shown:
            with self.subTest(said.split('\n')[0]):
                self.assertIn('\n', said.strip())
                self.assertEqual(shape(said), shape(printed))

    def test_shape(self):
        """Other words, and lines that are missing, are seen."""
        said = 'relay, process 17: 1 connection\n  3  20 ms 127.0.0.1:5 4 KiB  analyzer'
        self.assertEqual(shape(said), shape(said.replace('17', '4').replace('20 ms', '1.5 s')))
        self.assertEqual(shape(said), shape(said.replace('  3', '113').replace(':5', ':8')))
        for other in (said.replace('analyzer', 'client'), said.split('\n', maxsplit=1)[0],
                      said.replace('4 KiB', '-'), said + '\nmore'):
            self.assertNotEqual(shape(said), shape(other), other)


if __name__ == '__main__':
    unittest.main(verbosity=2)
