# SPDX-License-Identifier: LGPL-2.1-or-later
"""The types for checkers of JavaScript: the examples agree with them, and what is wrong does not.

usage: test-dts.py IMP.D.TS EXAMPLES: the types of the library, and the folder of the examples.
Those of GLib and so on are the few in types/gjs.d.ts.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

import tap
from tap import contains, equal

TYPES, EXAMPLES = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS = ['--noEmit', '--allowJs', '--checkJs', '--target', 'es2022', '--module', 'es2022',
           '--moduleResolution', 'node', '--strict', '--noImplicitAny', 'false',
           '--useUnknownInCatchVariables', 'false', '--pretty', 'false']
WRONG = '''
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

const Wrong = GObject.registerClass(class Wrong extends Imp.Analyzer {
    vfunc_bytes(direction, bytes) {
        this.replace_data(3);
        this.pass_dta();
    }
});
class Odd extends Imp.Analyzer {
    vfunc_busy() {
        return 'no';
    }
}
const output = Imp.Filter.new(new Wrong());
output.push(Imp.Direction.FROM_CLIENT, 'text');
print(Imp.Result.new_pass(Imp.Direction.FROM_CLIENT, 5).get_ofset(), Odd);
'''
FINDINGS = {7: "'number' is not assignable to parameter", 8: "'pass_dta' does not exist",
            12: "'vfunc_busy' in type 'Odd' is not assignable", 17: 'Expected 3 arguments',
            18: "'get_ofset' does not exist"}


def check(*files):
    """What TypeScript finds."""
    done = subprocess.run(['tsc', *OPTIONS, os.path.join(HERE, 'types', 'gjs.d.ts'), TYPES, *files],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def test_examples():
    files = sorted(glob.glob(os.path.join(EXAMPLES, '*.js')))
    assert len(files) > 4, files
    equal(check(*files), (0, ''))


def test_what_is_wrong():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'wrong.js')
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(WRONG)
        status, said = check(path)
    assert status != 0, said
    found = dict(re.findall(r'wrong\.js\((\d+),\d+\): error TS\d+: (.*)', said))
    equal(sorted(map(int, found)), sorted(FINDINGS))
    for line, words in FINDINGS.items():
        contains(found[str(line)], words)


if __name__ == '__main__':
    tap.run(globals())
