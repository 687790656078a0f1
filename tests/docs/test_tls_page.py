#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands of the page about TLS do what it says, in their order."""

import os
import re
import shlex
import subprocess
import sys
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'tool'))

import tool_harness as harness  # noqa: E402  pylint: disable=wrong-import-position

BLOCK = re.compile(r'^```\n(.*?)^```$', re.MULTILINE | re.DOTALL)


class Page(unittest.TestCase):
    def test_commands(self):
        with open(os.path.join(TOP, 'docs', 'tls.md'), encoding='utf-8') as page:
            text = page.read()
        folder = harness.make_folder()
        os.chdir(folder)
        with harness.Upstream(harness.echo) as upstream:
            for said, used in (('4433', str(harness.free_port())),
                               ('8080', str(harness.free_port())), ('8000', str(upstream.port))):
                text = text.replace(f'localhost:{said}', f'localhost:{used}')
            blocks = [block.replace('\\\n', ' ') for block in BLOCK.findall(text)]
            tools = [block for block in blocks if block.startswith('imp-remote ')]
            self.assertEqual(len(blocks) - len(tools), 3)
            for block in blocks:
                if block not in tools:
                    subprocess.run(['sh', '-e', '-c', block], check=True,
                                   stderr=subprocess.DEVNULL)
            serve, ping, relay = (shlex.split(block)[1:] for block in tools)
            with harness.Tool(*serve):
                status, out, err = harness.run_tool(*ping)
                self.assertEqual((status, err), (0, ''))
                self.assertIn('module: pass: up', out)
                # A client without a certificate is refused.
                self.assertEqual(harness.run_tool('ping', '--tls-ca', 'ca.pem', ping[-1])[0], 1)
                with harness.Tool(*relay) as running, harness.connect(running.port) as client:
                    client.sendall(b'hello')
                    self.assertEqual(client.recv(100), b'hello')


if __name__ == '__main__':
    unittest.main(verbosity=2)
