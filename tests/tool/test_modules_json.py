#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""imp-remote modules --json: the same that is printed for people, in members. And the verdicts of a
relay as JSON."""

import json
import os
import re
import unittest

import tool_harness as harness

SCRIPT = '''
"""Says: nothing (default: at all)"""
from gi.repository import GObject, Imp


class Own(Imp.Analyzer):
    number = GObject.Property(type=int, default=7, minimum=1, maximum=9, blurb='a=b (or c): {x}')
    word = GObject.Property(type=str, default='(default: "x")')
'''


def ask(*arguments):
    status, out, err = harness.run_tool('modules', '--json', *arguments)
    if (status, err) != (0, ''):
        raise AssertionError((status, err))
    return json.loads(out)


class ModulesJson(unittest.TestCase):
    def test_list(self):
        lines = harness.run_tool('modules')[1].splitlines()[:-1]
        listed = ask()
        self.assertEqual(list(listed), ['modules'])
        self.assertEqual([f'{module["name"]}: {module["summary"]}' for module in listed['modules']],
                         lines)

    def test_same_as_text(self):
        """Nothing of what is printed for people is missing, and nothing is added."""
        for module in ask()['modules']:
            name = module['name']
            told = ask(name)
            lines = [f'{name}: {told["summary"]}']
            for setting in told['settings']:
                line = f'  {setting["name"]}={setting["values"]}'
                if 'aliases' in setting:
                    line += f' (or {", ".join(setting["aliases"])})'
                if 'max-number' in setting:
                    line += f' (N: 0, 1, ... up to {setting["max-number"]})'
                if 'default' in setting:
                    line += f' (default: {setting["default"]})'
                lines += [line, '      ' + setting['meaning']]
                self.assertFalse(setting['of-every-script'])
            if not told['settings']:
                lines.append('  no settings')
            self.assertEqual(lines, harness.run_tool('modules', name)[1].splitlines())

    def test_one(self):
        settings = {setting['name']: setting for setting in ask('pattern')['settings']}
        self.assertEqual(settings['action']['default'], 'deny')
        self.assertIn('reject', settings['action']['values'])
        settings = {setting['name']: setting for setting in ask('protocol-pinning')['settings']}
        self.assertEqual(settings['rxN']['max-number'], 999)
        self.assertEqual(ask('pass')['settings'], [])

    def test_errors(self):
        for name, status in (('patern', 2), ('./nowhere.so', 2)):
            done = harness.run_tool('modules', '--json', name)
            self.assertEqual(done[:2], (status, ''))
            self.assertIn(name, done[2])

    @unittest.skipUnless('IMP_TEST_SCRIPTS' in os.environ, 'this build has no bindings')
    def test_script(self):
        path = os.path.join(harness.make_folder(), 'a: b.py')
        with open(path, 'w', encoding='utf-8') as script:
            script.write(SCRIPT)
        told = ask(path)
        self.assertEqual((told['name'], told['summary']),
                         (path, 'Says: nothing (default: at all)'))
        settings = {setting['name']: setting for setting in told['settings']}
        self.assertEqual(settings['number']['default'], '7')
        self.assertEqual(settings['number']['meaning'], 'a=b (or c): {x}')
        self.assertFalse(settings['number']['of-every-script'])
        self.assertEqual(settings['word']['default'], '(default: "x")')
        for name in ('python', 'sandbox', 'deadline'):
            self.assertTrue(settings[name]['of-every-script'], name)
        self.assertEqual(settings['sandbox']['default'], 'auto')


class Verdicts(unittest.TestCase):
    def test_relay(self):
        """Each in an object of its own: whose, which, and where."""
        module = 'pattern=string=foo&action=replace&replacement=bar'
        with harness.Upstream(lambda connection: connection.sendall(b'')) as upstream, \
                harness.Tool('relay', '--verbose', '--log-format=json', '--listen', '127.0.0.1:0',
                             '--module', module, '--connect', upstream.address) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(b'a foo b')
                relay.wait_for_log(r'"IMP_OUTCOME":"replace"')
            found = [json.loads(line) for line in relay.log
                     if re.search('"IMP_KIND":"analyzer-verdict"', line)]
        verdict = next(line for line in found if line['IMP_OUTCOME'] == 'replace')
        self.assertEqual((verdict['IMP_DIRECTION'], verdict['IMP_OFFSET'], verdict['IMP_MODULE'],
                          verdict['IMP_CONNECTION']), ('client', '5', 'pattern', '1'))


if __name__ == '__main__':
    unittest.main(verbosity=2)
