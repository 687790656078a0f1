#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A script is no more than a class: its settings are properties, which the tool describes."""

import os
import unittest

import tool_harness as harness
from tool_harness import echo

MODULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'modules')
GREETERS = [os.path.join(MODULES, name) for name in ('greeter.py', 'greeter.js')]

FACTORY_PY = """
from gi.repository import GObject, Imp

class Deny(Imp.Analyzer):
    reason = ''

    def do_data(self, direction, data, offset, data_type):
        self.deny(direction, self.reason)

class Denier(Imp.Factory):
    least = GObject.Property(type=int, default=1, minimum=0, maximum=9)
    most = GObject.Property(type=int, default=5, minimum=0, maximum=9)

    def do_create_analyzer(self, context):
        analyzer = Deny()
        analyzer.reason = f'between {self.least} and {self.most}'
        return analyzer
"""
FACTORY_JS = """
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const Deny = GObject.registerClass(class Deny extends Imp.Analyzer {
    vfunc_data(direction) { this.deny(direction, this.reason); }
});

export const Denier = GObject.registerClass({
    Properties: {
        least: GObject.ParamSpec.int('least', null, null, GObject.ParamFlags.READWRITE, 0, 9, 1),
        most: GObject.ParamSpec.int('most', null, null, GObject.ParamFlags.READWRITE, 0, 9, 5),
    },
}, class Denier extends Imp.Factory {
    vfunc_create_analyzer() {
        const analyzer = new Deny();
        analyzer.reason = `between ${this.least} and ${this.most}`;
        return analyzer;
    }
});
"""
FUNCTION_PY = """
'''Made by a function.'''
from gi.repository import Imp

class Pass(Imp.Analyzer):
    word = None

    def do_data(self, direction, data, offset, data_type):
        print('the word is', self.word)
        self.pass_bytes(direction, Imp.MAX_OFFSET)

def {}(settings):
    '''A word to print (word).'''
    if set(settings) != {{'word'}}:
        raise ValueError('word is wanted')
    Pass.word = settings['word']
    return Imp.TypeFactory.new(Pass, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.PASS)
"""
FUNCTION_JS = """
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

let word = null;
const Pass = GObject.registerClass(class Pass extends Imp.Analyzer {{
    vfunc_data(direction) {{
        print(`the word is ${{word}}`);
        this.pass_bytes(direction, Imp.MAX_OFFSET);
    }}
}});

export function {}(settings) {{
    if (Object.keys(settings).join() !== 'word')
        throw new RangeError('word is wanted');
    ({{word}} = settings);
    return Imp.TypeFactory.new(Pass, Imp.DATA_TYPE_STREAM, Imp.ResultFlags.PASS);
}}
"""


class ScriptSettings(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(text)
        return path

    def relay(self, module, upstream):
        return harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', module,
                            '--connect', upstream.address)

    def talk(self, module, said, wanted, *logged):
        with harness.Upstream(echo) as upstream, self.relay(module, upstream) as relay:
            with harness.connect(relay.port) as client, client.makefile('rb') as reader:
                client.sendall(said)
                self.assertEqual(reader.read(len(wanted)), wanted)
            for text in logged:
                relay.wait_for_log(text)

    def assert_refused(self, module, *says):
        status, out, err = harness.run_tool('serve', '--module', module, '@x')
        self.assertEqual((status, out), (1, ''))
        for text in says:
            self.assertIn(text, err)

    def test_analyzer(self):
        """Properties of an analyzer's class, with any text in them."""
        for path in GREETERS:
            with self.subTest(path):
                self.talk(path, b'x', b'hi')
                self.talk(path + '=times=3', b'x', b'hihihi')
                self.talk(path + '=times=2&greeting=%26%3D%25%20gr%C3%BC%C3%9F', b'x',
                          '&=% grüß&=% grüß'.encode())

    def test_all_errors(self):
        for path in GREETERS:
            with self.subTest(path):
                self.assert_refused(path + '=times=77&nothing=1&greeting=a&greeting=b',
                                    'wrong settings: "times=77": times must be a whole number from '
                                    '1 to 9; "nothing=1": there is no such setting (known are '
                                    'greeting, times); "greeting=b": greeting is set more than '
                                    'once')

    def test_factory(self):
        """A factory's class goes before those of analyzers."""
        for name, text in (('app.py', FACTORY_PY), ('app.js', FACTORY_JS)):
            path = self.write(name, text)
            with self.subTest(name), harness.Upstream(echo) as upstream, \
                    self.relay(path + '=most=7', upstream) as relay:
                with harness.connect(relay.port) as client:
                    client.sendall(b'x')
                    self.assertEqual(client.recv(100), b'')
                relay.wait_for_log('between 1 and 7')
            self.assert_refused(path + '=most=10&least=-1', 'most must be a whole number from 0 to '
                                '9; "least=-1": least must be')
            out = harness.run_tool('modules', path)[1]
            self.assertIn('  most=a whole number from 0 to 9 (default: 5)\n', out)

    def test_function(self):
        """By either of its names."""
        for kind, text, names in (('py', FUNCTION_PY, ('imp_module', 'create_factory')),
                                  ('js', FUNCTION_JS, ('imp_module', 'createFactory'))):
            for name in names:
                with self.subTest(f'{kind} {name}'):
                    path = self.write(f'app.{kind}', text.format(name))
                    self.talk(path + '=word=a%3Db', b'x', b'x', 'the word is a=b')
                    self.assert_refused(path, 'wrong settings: word is wanted')
                    out = harness.run_tool('modules', path)[1]
                    self.assertIn(f'  those that its function {name}() takes\n', out)
                    if kind == 'py':
                        self.assertTrue(out.startswith(f'{path}: Made by a function.\n'), out)
                        self.assertIn('      A word to print (word).\n', out)

    def test_classes(self):
        """Which of several classes is meant is not guessed."""
        two = 'from gi.repository import Imp\nclass A(Imp.{0}): pass\nclass B(Imp.{0}): pass\n'
        for base in ('Analyzer', 'Factory'):
            self.assert_refused(self.write('two.py', two.format(base)), 'exactly one class', 'A, B')

    def test_described(self):
        for path, summary in zip(GREETERS, ('Answers each chunk of the client\'s by a greeting, as '
                                            'its settings say.', 'Answers in JavaScript.')):
            with self.subTest(path):
                status, out, err = harness.run_tool('modules', path)
                self.assertEqual((status, err), (0, ''))
                self.assertTrue(out.startswith(
                    f'{path}: {summary}\n'
                    '  greeting=text in UTF-8 (default: hi)\n      what is said instead\n'
                    '  times=a whole number from 1 to 9 (default: 1)\n      how often\n'
                    'and, as every script,\n'), out)
                for line in ('  interpreter=text in UTF-8', '  fail=hard or soft (default: hard)',
                             '  deadline=a whole number from 0 to 2147483647 (default: 0)',
                             '  start-timeout=a whole number from 1 to 2147483647 (default: 60000)',
                             '  hang-timeout=a whole number from 0 to 2147483647 (default: 10000)'):
                    self.assertIn(f'\n{line}\n', out)

    def test_not_described(self):
        """One that cannot be loaded, does not know its end, or prints where the answer goes."""
        path = self.write('broken.py', 'print("so far")\nraise RuntimeError("broken")\n')
        status, out, err = harness.run_tool('modules', path)
        self.assertEqual((status, out), (1, ''))
        for text in ('broken.py', 'so far', 'RuntimeError: broken', 'has not described itself'):
            self.assertIn(text, err)
        path = self.write('loud.py', 'import os\nos.write(3, b"x" * 70000)\n')
        status, out, err = harness.run_tool('modules', path)
        self.assertEqual((status, out), (1, ''))
        self.assertIn('has not described itself', err)
        status, out, err = harness.run_tool('modules', os.path.join(self.folder, 'nothing.py'))
        self.assertEqual((status, out), (2, ''))


if __name__ == '__main__':
    harness.main()
