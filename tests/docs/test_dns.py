#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The example dns-answer between a real DNS server (dnsmasq) and real clients (dig and host)."""

import os
import re
import subprocess
import unittest

from traffic import Daemon, example, free_port
from tool_harness import TIMEOUT, Tool, make_folder

SERVER = '192.0.2.7'
OWN = '192.0.2.99'
SETTINGS = f'answer=own.example&address={OWN}&drop=ads.example'


class Dns(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = make_folder()
        port = free_port()
        # To a client that takes so much, an answer of several thousand bytes.
        texts = ','.join(f'part {i} ' + 'x' * 240 for i in range(12))
        cls.daemon = Daemon(port, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null',
                            '--pid-file=', f'--user={os.environ.get("USER", "root")}',
                            f'--port={port}', '--listen-address=127.0.0.1', '--bind-interfaces',
                            '--no-resolv', '--no-hosts', '--local=/example/',
                            '--edns-packet-max=8000',
                            f'--address=/www.example/{SERVER}', f'--address=/own.example/{SERVER}',
                            f'--address=/ads.example/{SERVER}', '--txt-record=text.example,hello',
                            f'--txt-record=long.example,{texts}', folder=folder)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()

    def relay(self, *options):
        tool = Tool('relay', '--listen', 'udp:127.0.0.1:0', *options, '--connect',
                    f'udp:127.0.0.1:{self.daemon.port}')
        tool.__enter__()
        self.addCleanup(tool.__exit__, None, None, None)
        return tool

    def ask(self, relay, *query):
        """What dig prints, and its status."""
        done = subprocess.run(['dig', '@127.0.0.1', '-p', str(relay.port), '+tries=1', '+time=10',
                               *query], stdout=subprocess.PIPE, text=True, check=False,
                              timeout=TIMEOUT)
        return done.stdout, done.returncode

    def short(self, relay, *query):
        text, status = self.ask(relay, '+short', *query)
        self.assertEqual(status, 0, text)
        return text.splitlines()

    def check_usual(self, relay):
        self.assertEqual(self.short(relay, 'www.example', 'A'), [SERVER])
        self.assertEqual(self.short(relay, 'text.example', 'TXT'), ['"hello"'])
        text, status = self.ask(relay, 'none.example', 'A')
        self.assertEqual(status, 0)
        self.assertIn('NXDOMAIN', text)

    def test_pass(self):
        relay = self.relay()
        self.check_usual(relay)
        self.assertEqual(self.short(relay, 'own.example', 'A'), [SERVER])

    def test_large(self):
        """An answer larger than what fits into one packet of the network is still one."""
        relay = self.relay()
        text, status = self.ask(relay, '+bufsize=8000', '+ignore', 'long.example', 'TXT')
        self.assertEqual((status, len(re.findall('"part [0-9]+ x{240}"', text))), (0, 12), text)
        self.assertNotIn(' tc', text.partition(';; flags:')[2].partition(';')[0])
        self.assertIn('(UDP)', text)

    def test_answer(self):
        """The server is not asked, and clients believe it."""
        relay = self.relay('--module', example('dns-answer.py') + '=' + SETTINGS)
        self.check_usual(relay)
        for name in ('own.example', 'deep.below.OWN.example'):
            self.assertEqual(self.short(relay, name, 'A'), [OWN])
        text, status = self.ask(relay, 'own.example', 'AAAA')
        self.assertEqual(status, 0)
        self.assertRegex(text, 'NOERROR(.|\n)*ANSWER: 0')
        host = subprocess.run(['host', '-t', 'A', '-p', str(relay.port), 'own.example',
                               '127.0.0.1'], stdout=subprocess.PIPE, text=True, check=True,
                              timeout=TIMEOUT)
        self.assertIn(f'own.example has address {OWN}', host.stdout)

    def test_drop(self):
        relay = self.relay('--module', example('dns-answer.py') + '=' + SETTINGS)
        text, status = self.ask(relay, '+time=1', 'x.ads.example', 'A')
        self.assertEqual(status, 9, text)
        self.assertIn('timed out', text)
        self.check_usual(relay)


if __name__ == '__main__':
    unittest.main()
