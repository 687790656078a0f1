#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""relay --shadow and --canary: what the shadow would do otherwise is logged, what it decides is
what it is to decide, and whatever it does, the connections do not notice."""

import os
import re
import signal
import socket
import time
import unittest

import tool_harness as harness

LAMB = 'pattern=string=wolf&action=replace&actdata=lamb'
SHEEP = 'pattern=string=wolf&action=replace&actdata=sheep'
UNRULY = os.path.join(os.environ['IMP_TEST_MODULES'], 'unruly.so')
TOTALS = re.compile(r'--shadow -> \S+: (\d+) connections? w\w+ compared, (\d+) of them differs?, '
                    r'(\d+) w\w+ not compared to the end, and (\d+) others? not at all; (\d+) '
                    r'bytes? w\w+ the same, (\d+) not compared; they came (\d+ us \w+) on '
                    r'average, and (\d+ us \w+) at the most')
SIZE = 10_000_000


class Shadow(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def relay(self, upstream, shadow, *args, module=LAMB):
        shadows = [word for spec in shadow for word in ('--shadow', spec)]
        return harness.Tool('relay', '--listen', '127.0.0.1:0', '--module', module, *shadows, *args,
                            '--connect', upstream.address)

    def totals(self, relay):
        """After it was stopped."""
        found = [match for line in relay.log if (match := TOTALS.search(line))]
        self.assertEqual(len(found), 1, relay.log)
        *counts, mean, most = found[0].groups()
        return [int(number) for number in counts] + [self.lag(mean), self.lag(most)]

    def lag(self, text):
        number, _, direction = text.split()
        return int(number) * {'later': 1, 'earlier': -1}[direction]

    def exchange(self, relay, text):
        with harness.connect(relay.port) as client:
            client.sendall(text)
            client.shutdown(1)
            return harness.read_all(client)

    def test_differences(self):
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [SHEEP], '--verbose') as relay:
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            relay.wait_for_log('shadow: the output to the server differs at byte 2: "sheep')
            # What the client gets was made of what the main module has made.
            self.assertEqual(self.exchange(relay, b'no such animal'), b'no such animal')
            relay.wait_for_log('shadow: 0 differences; 28 bytes were the same')
            relay.wait_for_log('shadow: 1 difference;')
            self.assertEqual(relay.stop(), 0)
        totals = self.totals(relay)
        self.assertEqual(totals[:4], [2, 1, 0, 0])
        self.assertEqual(totals[4], 28 + 2 + 7)
        self.assertGreaterEqual(totals[7], totals[6])

    def test_cascade(self):
        cat = 'pattern=string=lamb&action=replace&actdata=cat'
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [LAMB, cat]) as relay:
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            relay.wait_for_log('differs at byte 2: "cat')

    def test_denies(self):
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, ['pattern=string=wolf&action=deny&actdata=no'], '-v') as relay:
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            relay.wait_for_log('shadow: the outcome differs: denied: "no", and not passed')

    def check_unnoticed(self, how, meanwhile=None):
        """Much goes through, in little memory, and waits for no shadow."""
        source = os.path.join(self.folder, 'source')
        harness.write_random(source, SIZE)
        with open(source, 'rb') as file:
            wanted = file.read()
        with harness.file_server(source) as upstream, \
             self.relay(upstream, [how], module='pass') as relay:
            if meanwhile is not None:
                meanwhile(relay)
            before = relay.peak_memory()
            start = time.monotonic()
            for _ in range(3):
                self.assertEqual(harness.fetch(relay.port), wanted)
            # Much longer than it takes, and much shorter than any of its timeouts.
            self.assertLess(time.monotonic() - start, 20)
            self.assertLess(relay.peak_memory() - before, 30_000_000)
            # Those that come after are served as well.
            self.assertEqual(len(harness.fetch(relay.port)), SIZE)
            self.assertEqual(relay.stop(), 0)
        compared, differ, gave_up, others, same, uncompared, _, _ = self.totals(relay)
        self.assertEqual(compared + others, 4)
        return differ, gave_up + others, same, uncompared

    def test_silent(self):
        differ, gave_up, same, uncompared = self.check_unnoticed(f'{UNRULY}=how=silent')
        self.assertEqual((differ, gave_up, same), (0, 4, 0))
        self.assertGreaterEqual(uncompared, 4 * SIZE)

    def test_sleeps(self):
        self.assertGreaterEqual(self.check_unnoticed(f'{UNRULY}=how=sleep')[3], 4 * SIZE)

    def test_crashes(self):
        differ, gave_up, same, _ = self.check_unnoticed(f'{UNRULY}=how=crash')
        self.assertEqual((differ + gave_up, same), (4, 0))

    def test_floods(self):
        differ, gave_up, _, _ = self.check_unnoticed(f'{UNRULY}=how=flood')
        self.assertEqual(differ + gave_up, 4)

    def test_stopped(self):
        def stop(relay):
            child, = harness.children(relay.process)
            os.kill(child, signal.SIGSTOP)
        self.assertEqual(self.check_unnoticed('pass', stop)[2], 0)

    def test_max_shadows(self):
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [LAMB], '--max-shadows', '1', '-v') as relay:
            with harness.connect(relay.port) as first:
                first.sendall(b'wolf')
                self.assertEqual(first.recv(4, socket.MSG_WAITALL), b'lamb')
                self.assertEqual(self.exchange(relay, b'a wolf'), b'a lamb')
                first.shutdown(1)
                self.assertEqual(harness.read_all(first), b'')
            relay.wait_for_log('shadow: 0 differences; 8 bytes were the same')
            self.assertEqual(relay.stop(), 0)
        compared, differ, _, others = self.totals(relay)[:4]
        self.assertEqual((compared, differ, others), (1, 0, 1))

    def test_restarted(self):
        """After the process was killed, there is another one, and it is asked."""
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [SHEEP], '-v') as relay:
            child, = harness.children(relay.process)
            os.kill(child, signal.SIGKILL)
            relay.wait_for_log('was killed by signal 9; it starts again')
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            harness.wait_until(lambda: harness.children(relay.process) not in ([], [child]))
            while not any('differs at byte 2: "sheep' in line for line in relay.log):
                self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            child, = harness.children(relay.process)
        harness.wait_until(lambda: not harness.is_alive(child))

    def test_gone(self):
        """That its process is gone is no decision, in a connection that is there or a new one."""
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [LAMB], '-v') as relay:
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
            relay.wait_for_log('shadow: 0 differences; 14 bytes were the same')
            child, = harness.children(relay.process)
            with harness.connect(relay.port) as client:
                client.sendall(b'wolf')
                self.assertEqual(client.recv(4, socket.MSG_WAITALL), b'lamb')
                os.kill(child, signal.SIGKILL)
                relay.wait_for_log('was killed by signal 9; it starts again')
                self.assertEqual(self.exchange(relay, b'a wolf!'), b'a lamb!')
                client.sendall(b'wolf')
                client.shutdown(1)
                self.assertEqual(harness.read_all(client), b'lamb')
            relay.wait_for_log('shadow: not compared to the end: it cannot be reached: ')
            self.assertEqual(relay.stop(), 0)
        compared, differ, gave_up, others = self.totals(relay)[:4]
        self.assertEqual((compared + others, differ), (3, 0), relay.log)
        self.assertGreaterEqual(gave_up + others, 1)
        self.assertFalse(any('differs' in line and '--shadow ->' not in line
                             for line in relay.log), relay.log)

    def test_fails(self):
        """An analyzer that fails while its process is there is a difference."""
        with harness.Upstream(harness.echo) as upstream, \
             self.relay(upstream, [f'{UNRULY}=how=fail'], module='pass') as relay:
            self.assertEqual(self.exchange(relay, b'a wolf!'), b'a wolf!')
            relay.wait_for_log('shadow: the outcome differs: failed: ')
            self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.totals(relay)[:2], [1, 1])

    def test_killed(self):
        """No process stays behind."""
        with harness.Upstream(harness.echo) as upstream:
            relay = self.relay(upstream, ['pass'])
            child, = harness.children(relay.process)
            relay.process.kill()
            relay.wait()
        harness.wait_until(lambda: not harness.is_alive(child))

    def test_canary(self):
        with harness.Upstream(harness.echo) as upstream:
            for percent, wanted in (('100', b'a sheep!'), ('0', b'a lamb!')):
                with self.relay(upstream, [SHEEP], '--canary', percent) as relay:
                    for _ in range(5):
                        self.assertEqual(self.exchange(relay, b'a wolf!'), wanted)
                    self.assertEqual(relay.stop(), 0)
                self.assertEqual(sum('canary: the shadow modules decide' in line
                                     for line in relay.log), 5 * (percent == '100'))
            with self.relay(upstream, [SHEEP], '--canary', '50.0', '--log-rate=0') as relay:
                answers = [self.exchange(relay, b'a wolf!') for _ in range(200)]
                self.assertEqual(relay.stop(), 0)
        n_decided = answers.count(b'a sheep!')
        self.assertEqual(n_decided + answers.count(b'a lamb!'), 200)
        # Chance does otherwise once in 10^12 times.
        self.assertTrue(50 <= n_decided <= 150, n_decided)
        self.assertEqual(sum('canary: the shadow' in line for line in relay.log), n_decided)

    def test_options(self):
        base = ('relay', '--listen', '127.0.0.1:0')
        for args in (('--canary', '5'), *(('--shadow', 'pass', '--canary', percent)
                                          for percent in ('', '-1', '100.1', '1e1', 'x', '5%', '.',
                                                          '1.', '.5', '1.2.3', ' 5'))):
            status, _, err = harness.run_tool(*base, *args, '--connect', '127.0.0.1:1')
            self.assertEqual(status, 2, args)
            self.assertIn('--canary', err)
        status, _, err = harness.run_tool(*base, '--shadow', 'pattern=x=1', '--connect',
                                          '127.0.0.1:1')
        self.assertEqual(status, 1)
        self.assertIn('--shadow "pattern=x=1"', err)
        status, _, err = harness.run_tool(*base, '--shadow', 'pass')
        self.assertEqual(status, 2)
        self.assertIn('--shadow "pass": a --connect', err)


if __name__ == '__main__':
    harness.main()
