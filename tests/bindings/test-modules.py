# SPDX-License-Identifier: LGPL-2.1-or-later
"""What fails when it is made says so at once; scripts are started without blocking."""

import glob
import os
import random
import sys
import tempfile
import time

import tap
from tap import Gio, GLib, Imp, contains, equal, fails

FOLDER = tempfile.mkdtemp(prefix='imp-modules-')
ANALYZER = '''
from gi.repository import Imp


class Passes(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        self.pass_bytes(direction, Imp.MAX_OFFSET)
'''


def script(name, before):
    path = os.path.join(FOLDER, name)
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(before + ANALYZER)
    return path


def processes():
    """The processes that have a script of this test on their command line."""
    found = []
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            with open(path, 'rb') as stream:
                line = stream.read()
        except OSError:
            continue
        if FOLDER.encode() in line and int(path.split('/')[2]) != os.getpid():
            found.append(line)
    return found


def all_end():
    """They have been killed, which takes the kernel a moment."""
    end = time.monotonic() + 30
    while processes() and time.monotonic() < end:
        time.sleep(0.01)
    equal(processes(), [])


def finish(start, cancel_after=None):
    """Starts something, and runs the loop until it has finished."""
    loop = GLib.MainLoop()
    cancellable = Gio.Cancellable()
    results = []

    def on_result(source, result):
        results.append(result)
        loop.quit()

    start(cancellable, on_result)
    if cancel_after is not None:
        GLib.timeout_add(cancel_after, lambda: cancellable.cancel() or GLib.SOURCE_REMOVE)
    if not results:
        loop.run()
    return results[0]


def new_factory(spec, settings=None, cancel_after=None):
    result = finish(lambda cancellable, callback: Imp.module_new_factory_async(
        spec, settings, cancellable, callback), cancel_after)
    return Imp.module_new_factory_finish(result)


def is_cancelled(function, *arguments):
    error = tap.raises(GLib.Error, function, *arguments)
    if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED):
        raise AssertionError(repr(error))


def initialize(made, code=Imp.Error.SETTINGS):
    """The same error, whichever way."""
    message = fails(code, made.init, None)
    result = finish(lambda cancellable, callback: made.init_async(
        GLib.PRIORITY_DEFAULT, cancellable, callback))
    equal(fails(code, made.init_finish, result), message)
    return message


def test_initable_remote():
    contains(initialize(Imp.RemoteFactory(address='nowhere')), '"nowhere"')
    contains(initialize(Imp.RemoteFactory(addresses=['@a', 'nowhere'])), '"nowhere"')
    contains(initialize(Imp.RemoteFactory(address='@a', codec='morse')), '"morse"')
    contains(initialize(Imp.RemoteFactory(address='@a', balance='none')), '"none"')
    contains(initialize(Imp.RemoteFactory(address='@a', tls_ca='/nothing.pem')), 'tls-ca')
    contains(initialize(Imp.RemoteFactory(address='tls://a:1', tls_ca='/nothing.pem')),
             '/nothing.pem')
    equal(Imp.RemoteFactory(address='@a').init(None), True)
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    is_cancelled(Imp.RemoteFactory(address='@a').init, cancellable)


def test_initable_others():
    contains(initialize(Imp.PatternFactory(rx='(', rxlen=1)), '"("')
    equal(Imp.PatternFactory(rx='a', rxlen=1).init(None), True)
    contains(initialize(Imp.SessionLogFactory(dir='/nothing/here')), '/nothing/here')
    contains(initialize(Imp.PinningFactory()), 'no rule')
    factory = Imp.PatternFactory(rx='a', rxlen=1)
    contains(initialize(Imp.Server(factory=factory, codec='morse'), Imp.Error.UNSUPPORTED),
             '"morse"')
    contains(initialize(Imp.Server(factory=factory, tls_cert='/nothing.pem')), '/nothing.pem')
    equal(Imp.Server(factory=factory).init(None), True)
    contains(initialize(Imp.Recorder()), 'folder')
    error = tap.raises(GLib.Error, Imp.Recorder(folder='/nothing/here').init, None)
    contains(error.message, '/nothing/here')


def test_factory():
    factory = new_factory(script('good.py', ''))
    analyzer = factory.create_analyzer({})
    equal(isinstance(analyzer, Imp.Analyzer), True)
    equal(Imp.Factory.get_settings(new_factory('pattern=text=a')), 'string=a')


def test_errors():
    contains(fails(Imp.Error.SETTINGS, new_factory, './nothing.py'), './nothing.py')
    contains(fails(Imp.Error.SETTINGS, new_factory, 'pattern=rx=('), '"("')
    contains(fails(Imp.Error.SETTINGS, new_factory, script('good.py', '') + '=workers=0'),
             'workers')
    ends = script('ends.py', 'import sys\nsys.exit(7)\n')
    contains(fails(Imp.Error.FAILED, new_factory, ends, 'workers=3'), 'exit status 7')
    all_end()
    late = script('late.py', 'import time\ntime.sleep(600)\n')
    contains(fails(Imp.Error.FAILED, new_factory, late, 'start-timeout=300&workers=2'),
             'start-timeout')
    all_end()


def test_does_not_block():
    """The loop goes on while the script sleeps, which goes on only when the loop has said so."""
    gate = os.path.join(FOLDER, 'gate')
    waits = script('waits.py', f'import os, time\nwhile not os.path.exists({gate!r}):\n'
                               '    time.sleep(0.01)\n')

    def open_gate():
        with open(gate, 'w', encoding='utf-8'):
            return GLib.SOURCE_REMOVE

    GLib.timeout_add(100, open_gate)
    equal(isinstance(new_factory(waits, 'sandbox=off'), Imp.Factory), True)


def test_cancelled():
    late = script('late.py', 'import time\ntime.sleep(600)\n')
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    is_cancelled(lambda: Imp.module_new_factory_finish(finish(
        lambda unused, callback: Imp.module_new_factory_async(late, None, cancellable, callback))))
    # In a sandbox, this is asked for its version.
    hangs = os.path.join(FOLDER, 'hangs')
    with open(hangs, 'w', encoding='utf-8') as stream:
        stream.write(f'#!/bin/sh\n: {FOLDER}\nsleep 600\n')
    os.chmod(hangs, 0o755)
    seed = int(time.time())
    print(f'# seed {seed}', file=sys.stderr)
    chance = random.Random(seed)
    for number in range(25):
        settings = chance.choice(['workers=1', 'workers=3', 'workers=2&sandbox=off',
                                  'reload=true', f'interpreter={hangs}'])
        is_cancelled(new_factory, late, settings, chance.randrange(400) if number else 0)
        all_end()


def test_cancelled_when_some_are_ready():
    """Those that wait for others are ended as well."""
    first = os.path.join(FOLDER, 'first')
    uneven = script('uneven.py', 'import os, time\ntry:\n'
                                 f'    os.close(os.open({first!r}, os.O_CREAT | os.O_EXCL))\n'
                                 'except FileExistsError:\n    time.sleep(600)\n')
    is_cancelled(new_factory, uneven, 'workers=3&sandbox=off', 700)
    all_end()


if __name__ == '__main__':
    tap.run(globals())
