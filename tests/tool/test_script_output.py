#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scripts print: lines of the tool's log, whatever is in them and however many there are."""

import os
import re
import subprocess
import textwrap
import unittest

import tool_harness as harness
from tool_harness import children, echo, is_alive, wait_until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARY = os.path.dirname(os.path.dirname(harness.TOOL))
# Does what it is told by the traffic, and then passes that.
ORDERS_PY = """
import atexit, os, subprocess, sys
from gi.repository import Imp

def die():
    sys.stderr.write('last words')
    helper = subprocess.Popen(['sleep', '60'])
    print('helper', helper.pid)
    os._exit(7)

ORDERS = {
    b'print': lambda: print('printed', 'grüße ☃', '\\udcff'),
    b'stderr': lambda: print('complained', file=sys.stderr),
    b'bytes': lambda: os.write(1, b'odd \\xff\\x80 \\x00\\n'),
    b'forge': lambda: print('a\\nimp-remote-Message: forged\\r\\x1b[2J\\u202e\\u2028b'),
    b'long': lambda: print('x' * 10000),
    b'flood': lambda: [print('noise', number) for number in range(20000)],
    b'endless': lambda: [os.write(2, b'y' * 65536) for _ in range(400)],
    b'part': lambda: os.write(1, b'no end'),
    b'die': die,
}
atexit.register(print, 'at exit', end='')
print('is loaded')

class Orders(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        if direction == Imp.Direction.FROM_CLIENT:
            ORDERS.get(data.get_data(), lambda: None)()
        self.pass_bytes(direction, Imp.MAX_OFFSET)
"""
ORDERS_JS = """
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const ORDERS = {
    print: () => print('printed', 'grüße ☃'),
    stderr: () => printerr('complained'),
    log: () => console.warn('warned'),
    forge: () => print('a\\nimp-remote-Message: forged\\r\\x1b[2J\\u202e\\u2028b'),
    flood: () => {
        for (let number = 0; number < 20000; number++)
            print('noise', number);
    },
};
print('is loaded');

export const Orders = GObject.registerClass(class Orders extends Imp.Analyzer {
    vfunc_data(direction, data) {
        if (direction === Imp.Direction.FROM_CLIENT)
            ORDERS[new TextDecoder().decode(data.toArray())]?.();
        this.pass_bytes(direction, Imp.MAX_OFFSET);
    }
});
"""


def say(port, text):
    with harness.connect(port) as client:
        client.sendall(text)
        return client.recv(100)


class ScriptOutput(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()
        self.python = self.write('orders.py', ORDERS_PY)
        self.javascript = self.write('orders.js', ORDERS_JS)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(textwrap.dedent(text))
        return path

    def relay(self, module, upstream, **options):
        return harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', module,
                            '--connect', upstream.address, **options)

    def assert_logs(self, module, orders, env=None):
        """Each order is followed, its connection goes through, and the log has the line."""
        with harness.Upstream(echo) as upstream, \
                self.relay(module, upstream, env={'LC_ALL': 'C.UTF-8', **(env or {})}) as relay:
            host, = children(relay.process)
            for order, line in orders.items():
                with self.subTest(order):
                    self.assertEqual(say(relay.port, order.encode()), order.encode())
                    name = os.path.basename(module)
                    relay.wait_for_log(f': {name}[{host}]: {line}')
            return list(relay.log)

    def test_python(self):
        self.assert_logs(self.python, {
            'print': 'printed grüße ☃ \\udcff', 'stderr': 'complained',
            'bytes': r'odd \xff\x80 \x00', 'long': 4096 * 'x' + '... (5904 bytes more)'})

    def test_javascript(self):
        self.assert_logs(self.javascript, {'print': 'printed grüße ☃', 'stderr': 'complained'})
        # What is a line to us would be the end of the interpreter.
        with harness.Upstream(echo) as upstream, \
                self.relay(self.javascript, upstream, env={'G_DEBUG': ''}) as relay:
            self.assertEqual(say(relay.port, b'log'), b'log')
            relay.wait_for_log('warned')

    def test_locale(self):
        """It is UTF-8, whatever the interpreter makes of the locale."""
        for name, value in (('PYTHONIOENCODING', 'ascii:strict'), ('PYTHONUTF8', '0')):
            self.assert_logs(self.python, {'print': 'printed grüße ☃ \\udcff'},
                             env={name: value})

    def test_forged(self):
        """What is printed cannot be taken for what somebody else says."""
        for module in (self.python, self.javascript):
            log = self.assert_logs(module, {'forge': 'imp-remote-Message: forged'})
            for line in log:
                self.assertRegex(line, r'^[\w-]+-Message: [\d:.]+: ')
                self.assertTrue(line.isprintable(), line)
            self.assertEqual(len([line for line in log if 'forged' in line]), 1)
            self.assertIn(r'forged\x0d\x1b[2J\u202e\u2028b', '\n'.join(log))

    def test_flood(self):
        """Who prints too much is not held up, nor are others; what is left out is counted."""
        for module in (self.python, self.javascript):
            with self.subTest(module), harness.Upstream(echo) as upstream, \
                    self.relay(module, upstream) as relay, \
                    harness.connect(relay.port) as other:
                self.assertEqual(say(relay.port, b'flood'), b'flood')
                other.sendall(b'other')
                self.assertEqual(other.recv(100), b'other')
                relay.wait_for_log('(log-rate is 100), the last of them: noise')
                self.assertEqual(relay.stop(), 0)
                left_out = sum(int(number) for number in re.findall(
                    r'\]: (\d+) lines were left out', '\n'.join(relay.log)))
                logged = [line for line in relay.log if re.search(r'\]: noise \d+$', line)]
                # The last words of the interpreter may have been one too many.
                others = any('the last of them: at exit' in line for line in relay.log)
                self.assertEqual(len(logged) + left_out, 20000 + others)

    def test_rate(self):
        """As many as somebody wants, or all."""
        with harness.Upstream(echo) as upstream, \
                self.relay(self.python + '=log-rate=0', upstream) as relay:
            self.assertEqual(say(relay.port, b'flood'), b'flood')
            relay.wait_for_log(']: noise 19999')
            self.assertFalse([line for line in relay.log if 'left out' in line])
        status, _, err = harness.run_tool('serve', '--module', self.python + '=log-rate=-1', '@x')
        self.assertEqual(status, 2)
        self.assertIn('log-rate=-1', err)

    def test_no_lines(self):
        """Bytes without an end of a line cost no memory, and no time of others."""
        with harness.Upstream(echo) as upstream, self.relay(self.python, upstream) as relay:
            self.assertEqual(say(relay.port, b'endless'), b'endless')
            host, = children(relay.process)
            os.kill(host, 9)
            relay.wait_for_log(f'... ({400 * 65536 - 4096} bytes more)')

    def test_nobody_reads(self):
        """Where nobody reads the tool's log either, traffic goes on."""
        reading, writing = os.pipe()
        with harness.Upstream(echo) as upstream:
            relay = subprocess.Popen(
                [harness.TOOL, 'relay', '--grace=1', '--listen', '127.0.0.1:0', '--module',
                 self.python + '=log-rate=0', '--connect', upstream.address],
                stdout=subprocess.PIPE, stderr=writing, text=True)
            with relay:
                port = int(relay.stdout.readline().rpartition(':')[2])
                for _ in range(5):
                    self.assertEqual(say(port, b'flood'), b'flood')
                relay.terminate()
                self.assertEqual(relay.wait(harness.TIMEOUT), 0)
        os.close(reading)
        os.close(writing)

    def test_death(self):
        """What was printed comes before the notice of the end, with which a helper ends, too."""
        # In a sandbox the helper's number would be another one for the script than it is here.
        with harness.Upstream(echo) as upstream, \
                self.relay(self.python + '=sandbox=off', upstream) as relay:
            host, = children(relay.process)
            with self.assertRaises(ConnectionResetError):
                say(relay.port, b'die')
            relay.wait_for_log('ended with exit status 7')
            log = '\n'.join(relay.log)
            helper = int(re.search(r'\]: helper (\d+)', log).group(1))
            wait_until(lambda: not is_alive(helper))
            self.assertLess(log.index(f'orders.py[{host}]: last words'), log.index('ended with'))
            wait_until(lambda: children(relay.process))
            self.assertNotEqual(children(relay.process), [host])
            self.assertEqual(say(relay.port, b'print'), b'print')

    def test_stopped(self):
        """Also what it prints when the tool has told it to end."""
        with harness.Upstream(echo) as upstream, self.relay(self.python, upstream) as relay:
            host, = children(relay.process)
            self.assertEqual(say(relay.port, b'part'), b'part')
            self.assertEqual(relay.stop(), 0)
            self.assertIn(f'orders.py[{host}]: no endat exit', '\n'.join(relay.log))

    def test_refused(self):
        """Why a script cannot be loaded stands before what the tool says about it."""
        for name, text, said in (('bad.py', 'raise ValueError("as ordered")', 'as ordered'),
                                 ('bad.js', 'throw new Error("as ordered")', 'as ordered')):
            status, _, err = harness.run_tool('serve', '--module', self.write(name, text), '@x')
            self.assertEqual(status, 1)
            lines = err.splitlines()
            self.assertRegex(err, rf'{name}\[\d+\]: .*{said}')
            self.assertIn('before it was ready; what it has printed is in the log', lines[-1])

    def test_library(self):
        """A program that uses the library has the lines in its own log."""
        program = self.write('program.py', f"""
            from gi.repository import Imp

            factory = Imp.module_new_factory({self.python!r})
            print(factory.list_interfaces()[0].to_string())
            del factory
            """)
        env = {**os.environ, 'GI_TYPELIB_PATH': LIBRARY, 'LD_LIBRARY_PATH': LIBRARY,
               'PYTHONPATH': os.path.join(TOP, 'imp-remote', 'bindings'),
               'IMP_REMOTE_HOSTS': os.path.join(LIBRARY, 'modules')}
        done = subprocess.run(['/usr/bin/python3', program], env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=harness.TIMEOUT,
                              check=True)
        self.assertEqual(done.stdout, 'imp.data.stream: all results\n')
        self.assertRegex(done.stderr, r'Imp-modules-Message: .*: orders\.py\[\d+\]: is loaded\n')


if __name__ == '__main__':
    harness.main()
