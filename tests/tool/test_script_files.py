#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Script files as they lie in the field: any name, links, environments, and what they print."""

import os
import shutil
import signal
import subprocess
import textwrap
import unittest

import tool_harness as harness

PYTHON = '/usr/bin/python3'
# Passes everything; what stands before it is what a test is about.
PASS_PY = """
from gi.repository import Imp

class Pass(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        self.pass_bytes(direction, Imp.MAX_OFFSET)
"""
PASS_JS = """
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

export const Pass = GObject.registerClass(class Pass extends Imp.Analyzer {
    vfunc_data(direction) { this.pass_bytes(direction, Imp.MAX_OFFSET); }
});
"""


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


class ScriptFiles(unittest.TestCase):
    def setUp(self):
        self.folder = harness.make_folder()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as target:
            target.write(textwrap.dedent(text))
        return path

    def link(self, name, target):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.symlink(target, path)
        return path

    def serve(self, path, **options):
        return harness.Tool('serve', '--module', path, '127.0.0.1:0', **options)

    def assert_works(self, path, *says, arguments=(), **options):
        """A connection goes through the script, and the log says all that it should."""
        with harness.Upstream(echo) as upstream, \
                harness.Tool('relay', '--grace=1', '--listen', '127.0.0.1:0', '--module', path,
                             '--connect', upstream.address, *arguments, **options) as relay:
            with harness.connect(relay.port) as client:
                client.sendall(b'\xffx')
                self.assertEqual(client.recv(100), b'\xffx')
            for text in says:
                relay.wait_for_log(text)

    def assert_refused(self, path, *says, **options):
        status, _, err = harness.run_tool('serve', '--module', path, '@x', **options)
        self.assertEqual(status, 1)
        for text in says:
            self.assertIn(text, err)


class Names(ScriptFiles):
    def test_python(self):
        """What is no name for a Python module or a GType is one for a file."""
        for name in ('3d-view', 'two words', 'naïve', "it's", 'semi;colon', 'v1.2.x', '-dash',
                     'class', '#', '日本', 'a%20b'):
            with self.subTest(name):
                self.assert_works(self.write(f'{name}.py', PASS_PY))

    def test_like_a_module(self):
        """A script that is called as a module that its host, or itself, imports."""
        for name in ('json', 'signal', 'gi', 'host', 'Imp', '__main__'):
            with self.subTest(name):
                text = f'import signal, subprocess\nprint("i am " + __name__){PASS_PY}'
                self.assert_works(self.write(f'{name}/{name}.py', text), 'i am ')

    def test_javascript(self):
        for name in ('3d-view', 'two words', 'naïve', 'scheme:x', 'hash#mark', 'a%20b', 'a?b',
                     '日本'):
            with self.subTest(name):
                self.assert_works(self.write(f'{name}.js', PASS_JS))

    def test_classes(self):
        """Names of classes are not those of GTypes either, and two can be called the same."""
        text = PASS_PY.replace('class Pass', 'class Größe')
        self.assert_works(self.write('classes.py', text))
        text = PASS_PY + 'factories = []\nfor number in range(3):\n' \
            '    class Größe(Imp.Analyzer):\n        do_data = Pass.do_data\n' \
            '    factories.append(Größe)\n' \
            'def create_factory(settings):\n' \
            '    return Imp.TypeFactory.new(factories[2], Imp.DATA_TYPE_STREAM, 0)\n'
        self.assert_works(self.write('many.py', text))

    def test_changed(self):
        """What runs is what stands in the file, and not what stood there a moment ago."""
        for word in ('one', 'two', 'six'):
            path = self.write('same.py', f'print("this is {word}"){PASS_PY}')
            self.assert_works(path, f'this is {word}')


class Links(ScriptFiles):
    def test_beside(self):
        """What a script imports lies beside the file, wherever a link to it lies."""
        self.write('real/beside.py', 'WORD = "found"\n')
        self.write('real/beside.js', 'export const word = "found";\n')
        self.write('real/app.py', f'import beside\nprint(beside.WORD, __file__){PASS_PY}')
        self.write('real/app.js', f'import {{word}} from "./beside.js";\nprint(word);{PASS_JS}')
        for kind in ('py', 'js'):
            real = os.path.join(self.folder, f'real/app.{kind}')
            link = self.link(f'links/absolute.{kind}', real)
            says = ('found', os.path.basename(link)) if kind == 'py' else ('found',)
            self.assert_works(link, *says)
            self.link(f'links/relative.{kind}', f'../real/app.{kind}')
            self.assert_works(self.link(f'second.{kind}', f'links/relative.{kind}'), 'found')
        folder = self.link('current', 'real')
        self.assert_works(os.path.join(folder, 'app.py'), 'found')
        self.assert_works(os.path.join(folder, 'app.js'), 'found')

    def test_dangling(self):
        status, _, err = harness.run_tool('serve', '--module', self.link('no.py', 'nowhere.py'),
                                          '@x')
        self.assertEqual(status, 2)
        self.assertIn('no.py', err)


class Environment(ScriptFiles):
    def test_python_path(self):
        """With a safe path or without, all entries of PYTHONPATH stay."""
        for name in ('first', 'second'):
            self.write(f'{name}/on_{name}.py', '')
        path = self.write('app/app.py', f'import on_first, on_second{PASS_PY}')
        entries = [os.path.join(self.folder, name) for name in ('first', 'second')]
        joined = os.pathsep.join(entries)
        for safe in ('', '1'):
            with self.subTest(safe):
                self.assert_works(path, env={'PYTHONPATH': joined, 'PYTHONSAFEPATH': safe})

    def test_safe_path(self):
        """With a safe path, what lies beside the script cannot be imported, as ever in Python."""
        self.write('beside.py', '')
        path = self.write('app.py', f'import beside{PASS_PY}')
        self.assert_works(path, env={'PYTHONSAFEPATH': ''})
        self.assert_refused(path, 'beside', env={'PYTHONSAFEPATH': '1'})

    def test_no_hosts(self):
        """Where a program that runs scripts is missing, it is told which one, and who says so."""
        for name, text, host in (('app.py', PASS_PY, 'host.py'), ('app.js', PASS_JS, 'host.mjs')):
            self.assert_refused(self.write(name, text), 'cannot be started: there is no '
                                f'"/nowhere/{host}", the program that runs it (IMP_REMOTE_HOSTS)',
                                env={'IMP_REMOTE_HOSTS': '/nowhere'})

    def make_environment(self, *options, folder=None):
        path = folder or os.path.join(self.folder, 'elsewhere')
        subprocess.run([PYTHON, '-m', 'venv', '--without-pip', *options, path],
                       check=True)
        command = [os.path.join(path, 'bin', 'python3'), '-c',
                   'import sysconfig; print(sysconfig.get_path("purelib"))']
        packages = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        with open(os.path.join(packages.strip(), 'only_there.py'), 'w', encoding='utf-8'):
            pass
        return path

    def test_virtual_environment(self):
        """One that is active runs the script, whether or not it sees Debian's packages."""
        path = self.write('app.py', f'import only_there, sys\nprint(sys.prefix){PASS_PY}')
        self.assert_refused(path, 'only_there', env={'VIRTUAL_ENV': ''})
        for options in ((), ('--system-site-packages',)):
            with self.subTest(options):
                venv = self.make_environment(*options)
                self.assert_works(path, venv, env={'VIRTUAL_ENV': venv})

    def make_fake(self, name, shown):
        """A folder that looks like a virtual environment, whose interpreter says so."""
        self.write(f'{name}/pyvenv.cfg', '')
        program = self.write(f'{name}/bin/python3', f'#!/bin/sh\necho {shown} >&2\n'
                             f'exec {PYTHON} "$@"\n')
        os.chmod(program, 0o755)
        return os.path.join(self.folder, name)

    def test_own_environment(self):
        """One that lies beside the script runs it, in a sandbox as well, and so it does where the
        script is only asked for its settings."""
        self.write('app/real.py', f'import only_there, sys\nprint(sys.prefix){PASS_PY}')
        self.assert_refused(os.path.join(self.folder, 'app', 'real.py'), 'only_there')
        for name, options in (('.venv', ()), ('venv', ('--system-site-packages',)), ('', ())):
            folder = os.path.join(self.folder, 'app', name).rstrip('/')
            venv = self.make_environment(*options, folder=folder)
            # It is the real file that counts, and not the link.
            for path in (os.path.join(self.folder, 'app', 'real.py'),
                         self.link(f'link{name}.py', 'app/real.py')):
                with self.subTest(name, path=path):
                    self.assert_works(path, venv)
                    status, out, err = harness.run_tool('modules', path)
                    self.assertEqual(status, 0, err)
                    self.assertIn('interpreter=', out)
            # The next one is looked for behind it.
            os.unlink(os.path.join(venv, 'pyvenv.cfg'))

    def test_order(self):
        """What was set, then the script's own, then the one that is active."""
        path = self.write('app/app.py', PASS_PY)
        active, own = self.make_fake('active', 'active one'), self.make_fake('app/venv', 'own one')
        env = {'VIRTUAL_ENV': active}
        self.assert_works(path, 'own one', env=env)
        for setting in ('python', 'interpreter'):
            self.assert_works(f'{path}={setting}={active}/bin/python3', 'active one', env=env)
        self.assert_works(f'{path}=python={active}', 'active one', env=env)
        self.assert_works(f'{path}=python={own}&interpreter={active}/bin/python3', 'active one')
        shutil.rmtree(own)
        self.assert_works(path, 'active one', env=env)

    def test_option(self):
        """--python is for scripts in Python alone, and a script's own setting counts more."""
        path = self.write('app.py', PASS_PY)
        first, second = self.make_fake('first', 'first one'), self.make_fake('second', 'second one')
        self.assert_works(path, 'first one', arguments=('--python', first))
        self.assert_works(f'{path}=python={second}', 'second one', arguments=('--python', first))
        self.assert_works(self.write('app.js', PASS_JS), arguments=('--python', first))
        status, _, err = harness.run_tool('modules', '--python', f'{first}/bin/python3', path)
        self.assertEqual(status, 0)
        self.assertIn('first one', err)
        status, _, err = harness.run_tool('modules', '--python', '/nowhere/python', path)
        self.assertEqual(status, 1)
        self.assertIn('/nowhere/python', err)

    def test_broken_environment(self):
        """What it is, is said, and nothing else runs the script in its place."""
        venv = self.make_fake('app/.venv', 'never')
        os.unlink(os.path.join(venv, 'bin', 'python3'))
        os.symlink('/nowhere/python3.9', os.path.join(venv, 'bin', 'python3'))
        path = self.write('app/app.py', PASS_PY)
        self.assert_refused(path, venv, 'no bin/python3')
        self.assertIn(venv, harness.run_tool('modules', path)[2])

    def test_strangers_environment(self):
        """Who cannot change the script does not get to run in its place."""
        path = self.write('app/app.py', PASS_PY)
        venv = self.make_fake('app/.venv', 'run by a stranger')
        self.assert_works(path, 'run by a stranger')
        for name in ('', 'pyvenv.cfg', 'bin', 'bin/python3'):
            file = os.path.join(venv, name).rstrip('/')
            mode = os.stat(file).st_mode
            os.chmod(file, mode | 0o002)
            with self.subTest(name):
                self.assert_not_run(path, 'NOT USED', f'anybody can write to "{file}"')
            os.chmod(file, mode)
            if os.geteuid() == 0:
                os.chown(file, 65534, -1)
                with self.subTest(name, owner=65534):
                    self.assert_not_run(path, 'NOT USED', f'"{file}" belongs to the user 65534')
                os.chown(file, 0, -1)
        if os.geteuid() != 0:
            print('NOT TESTED without root: files of other users')
        self.assert_works(path, 'run by a stranger')

    def assert_not_run(self, path, *reasons):
        status, _, err = harness.run_tool('modules', path)
        self.assertEqual(status, 0, err)
        self.assertNotIn('run by a stranger', err)
        for reason in reasons:
            self.assertIn(reason, err)

    def test_stale_environment(self):
        venv = os.path.join(self.folder, 'removed')
        self.assert_works(self.write('app.py', PASS_PY), 'VIRTUAL_ENV', venv,
                          env={'VIRTUAL_ENV': venv})

    def test_strange_environment(self):
        """Of an interpreter that cannot do it, the name and the reason are told."""
        venv = self.make_environment()
        python = os.path.join(venv, 'bin', 'python3')
        os.unlink(python)
        self.write('elsewhere/bin/python3', f'#!/bin/sh\nexec {PYTHON} -S -E "$@"\n')
        os.chmod(python, 0o755)
        self.assert_refused(self.write('app.py', PASS_PY), 'app.py', PYTHON, 'imp-remote',
                            env={'VIRTUAL_ENV': venv})


class Output(ScriptFiles):
    def test_undecodable(self):
        """What cannot be written in the encoding of the output is written in another way."""
        text = 'import sys, logging\n' + PASS_PY.replace(
            '        self.', '        text = (data.get_data() or b"").decode("utf-8", "{}")\n'
                             '        {}\n        self.')
        for encoding in ('utf-8:strict', 'ascii', 'latin-1:strict'):
            for print_it in ('print("seen", text, "\\u2603")', 'sys.stderr.write(text + "\\n")',
                             'sys.stdout.write("\\ud800" + text + "\\n")',
                             'logging.error("%s\\u2603", text)'):
                with self.subTest(f'{encoding} {print_it}'):
                    path = self.write('app.py', text.format('surrogateescape', print_it))
                    self.assert_works(path, '\\udcff', env={'PYTHONIOENCODING': encoding})


CHILDREN = f"""
import multiprocessing, os, signal, subprocess, time

def wait():
    time.sleep(60)

def report(name, status):
    print(name, 'was ended by', -status)

ready = os.pipe()
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    child = subprocess.Popen(['sleep', '60'])
    child.send_signal(number)
    report('program', child.wait(20))
    shell = subprocess.Popen(['/bin/sh', '-c', 'echo; sleep 60; true'], start_new_session=True,
                             stdout=subprocess.PIPE)
    # A shell that is just starting its first program may miss a signal.
    shell.stdout.readline()
    time.sleep(0.3)
    os.killpg(shell.pid, number)
    report('group', shell.wait(20))
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.write(ready[1], b'x')
        time.sleep(60)
    os.read(ready[0], 1)
    os.kill(pid, number)
    report('fork', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
worker = multiprocessing.get_context('fork').Process(target=wait)
worker.start()
worker.terminate()
worker.join(20)
report('worker', worker.exitcode)
out = subprocess.run(['grep', 'SigBlk', '/proc/self/status'], stdout=subprocess.PIPE, text=True)
print('blocked', out.stdout.split()[1])
{PASS_PY}
"""


class Signals(ScriptFiles):
    def test_children(self):
        """What a script starts can be stopped as anything else, however the tool was started."""
        program = ('import os, signal, sys\n'
                   'signal.signal(signal.SIGINT, signal.SIG_IGN)\n'
                   'signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGALRM})\n'
                   'os.execvp(sys.argv[1], sys.argv[1:])\n')
        path = self.write('app.py', CHILDREN)
        wanted = [f'{name} was ended by {int(number)}'
                  for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
                  for name in ('program', 'group', 'fork')]
        wanted += [f'worker was ended by {int(signal.SIGTERM)}', 'blocked 0000000000000000']
        self.assert_works(path, *wanted)
        self.assert_works(path, *wanted,
                          command=(PYTHON, '-c', program, harness.TOOL))


if __name__ == '__main__':
    harness.main()
