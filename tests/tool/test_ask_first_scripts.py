#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""--ask-first with scripts, which decide in a process of their own, here or behind a server."""

import os
import socket
import unittest

import proxy_clients as clients
import tool_harness as harness

GATE = '''
from gi.repository import Imp


class Gate(Imp.Factory):
    __gtype_name__ = 'Gate'

    def do_create_analyzer(self, context):
        analyzer = Imp.PassAnalyzer() if context.get('name') == 'localhost' else Open()
        if context.get('name') == 'evil.test':
            analyzer.deny(Imp.Direction.FROM_CLIENT, 'said by a script')
        if context.get('name') == 'broken.test':
            raise ValueError('no idea')
        return analyzer


class Open(Imp.Analyzer):
    __gtype_name__ = 'Open'

    def do_data(self, direction, data, offset, data_type):
        self.pass_bytes(direction, Imp.MAX_OFFSET)
'''


PAGE = os.path.join(os.path.dirname(__file__), '../../docs/relay.md')


class Page(unittest.TestCase):
    def test_example(self):
        """The script that the documentation shows."""
        with open(PAGE, encoding='utf-8') as page:
            script = page.read().partition('```python\n')[2].partition('```')[0]
        path = os.path.join(harness.make_folder(), 'names.py')
        with open(path, 'w', encoding='ascii') as file:
            file.write(script)
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--ask-first', '--module', path,
                             '--socks') as relay:
            self.assertEqual(clients.socks5_code(relay.port, 'www.ads.example', 80), 2)
            relay.wait_for_log('no advertisements')
            connection, code = clients.socks5(relay.port, 'localhost', upstream.port)
            connection.close()
            self.assertEqual(code, 0)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.script = os.path.join(harness.make_folder(), 'gate.py')
        with open(self.script, 'w', encoding='ascii') as file:
            file.write(GATE)

    def check(self, module):
        with harness.Upstream(harness.echo) as upstream, \
                harness.Tool('relay', '--listen', '127.0.0.1:0', '--ask-first', '--module', module,
                             '--socks') as relay:
            for _ in range(5):
                self.assertEqual(clients.socks5_code(relay.port, 'evil.test', 80), 2)
            relay.wait_for_log('refused: Denied by the analyzer: said by a script')
            self.assertEqual(clients.socks5_code(relay.port, 'broken.test', 80), 1)
            relay.wait_for_log('no idea')
            for host in ('localhost', '127.0.0.1'):
                connection, code = clients.socks5(relay.port, host, upstream.port)
                with connection:
                    self.assertEqual(code, 0)
                    connection.sendall(b'hello')
                    connection.shutdown(socket.SHUT_WR)
                    self.assertEqual(harness.read_all(connection), b'hello')

    def test_here(self):
        self.check(self.script)

    def test_behind_a_server(self):
        path = os.path.join(harness.make_folder(), 'socket')
        with harness.Tool('serve', '--module', self.script, path):
            self.check(f'remote=addr={path}')


if __name__ == '__main__':
    unittest.main(verbosity=2)
