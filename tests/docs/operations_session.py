# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the commands of docs/operations.md, in their order, in one shell and in a folder of their
own: for the test of the page, and for the script that writes what is shown of their output."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'tool'))

import tool_harness as harness  # noqa: E402  pylint: disable=wrong-import-position

PAGE = os.path.join(TOP, 'docs', 'operations.md')
BLOCK = re.compile(r'^```\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PORT = re.compile(r'(127\.0\.0\.1[: /])([0-9]{4,5})\b')
# What is started, and says so when it can be reached.
STARTED = re.compile(r'^(?!curl).*(?<![&>])&$', re.MULTILINE)
READY = re.compile(r'^(?:listening |Serving HTTP )', re.MULTILINE)
# Where a machine has it, and where the folder has it.
PLACES = {'/etc/systemd/system': 'units', '/etc/imp-remote': 'etc', '/run/imp-relay': 'run',
          '/usr/share/imp-remote-1': 'share', '/run/haproxy': 'haproxy'}
# A command, and behind it what it has printed when the page was written.
SHOWN = re.compile(r'\$ (.*)\n((?:.*\n)*)')


def read_blocks():
    with open(PAGE, encoding='utf-8') as page:
        return BLOCK.findall(page.read())


class Session:
    """One shell, in which one block after the other is run."""

    def __init__(self):
        self.folder = harness.make_folder()
        self.ports = {}
        self.log = os.path.join(self.folder, 'log')
        for name in ('tools', 'work', *PLACES.values()):
            os.mkdir(os.path.join(self.folder, name))
        self._link('tools/imp-remote', harness.TOOL)
        self._link('tools/systemctl', os.path.join(TOP, 'tests', 'docs', 'systemctl'))
        for name in ('haproxy.cfg', 'metrics'):
            self._link('share/' + name, os.path.join(TOP, 'data', name))
        self.marks, done = os.pipe()
        with open(self.log, 'wb') as log:
            self.shell = subprocess.Popen(
                ['bash', '-e', '-o', 'pipefail'], stdin=subprocess.PIPE, stdout=log, stderr=log,
                text=True, cwd=os.path.join(self.folder, 'work'), pass_fds=[done],
                start_new_session=True,
                env={**os.environ, 'PATH': f'{self.folder}/tools:/usr/sbin:{os.environ["PATH"]}',
                     'PYTHONUNBUFFERED': '1', 'SESSION_FOLDER': self.folder,
                     'SESSION_DONE': str(done)})
        os.close(done)

    def _link(self, name, target):
        os.symlink(os.path.abspath(target), os.path.join(self.folder, name))

    def _port(self, match):
        port = self.ports.setdefault(match[2], None)
        while port is None or port in [p for said, p in self.ports.items() if said != match[2]]:
            port = self.ports[match[2]] = str(harness.free_port())
        return match[1] + port

    def adapt(self, text):
        """For this folder, with ports at which nobody listens."""
        for said, used in PLACES.items():
            text = text.replace(said, os.path.join(self.folder, used))
        text = text.replace('/usr/bin/imp-remote', os.path.join(self.folder, 'tools/imp-remote'))
        return PORT.sub(self._port, text)

    def restore(self, text):
        """The other way round, for what is shown."""
        for said, used in self.ports.items():
            text = re.sub(rf'(?<=[:]){used}\b', said, text)
        for said, used in PLACES.items():
            text = text.replace(os.path.join(self.folder, used), said)
        return text

    def read_log(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def _fail(self, why):
        raise AssertionError(f'{why}\n--- what was printed:\n{self.read_log()}')

    def _wait(self, condition, otherwise):
        try:
            harness.wait_until(condition, otherwise)
        except AssertionError as error:
            self._fail(str(error))

    def _has_mark(self):
        return bool(select.select([self.marks], [], [], 0)[0])

    def run(self, block):
        """Until its commands are done, and what it has started can be reached."""
        wanted = len(READY.findall(self.read_log())) + len(STARTED.findall(block))
        self.shell.stdin.write(self.adapt(block) + '\necho >&$SESSION_DONE\n')
        self.shell.stdin.flush()
        # What it has started has the other end as well, so that the shell's end is no end there.
        self._wait(lambda: self._has_mark() or self.shell.poll() is not None,
                   f'a command does not end of\n{block}')
        if not self._has_mark():
            self._fail(f'a command has failed of\n{block}')
        os.read(self.marks, 1)
        self._wait(lambda: len(READY.findall(self.read_log())) >= wanted,
                   f'not all can be reached that was started by\n{block}')

    def show(self, command):
        """What a command prints, as the page shows it."""
        path = os.path.join(self.folder, 'shown')
        self.run(f'{{ {command}; }} > {path} 2>&1 || true')
        with open(path, encoding='utf-8') as shown:
            return re.sub(r' +$', '', self.restore(shown.read()), flags=re.MULTILINE)

    def close(self):
        """Ends all that it has started."""
        subprocess.run([os.path.join(TOP, 'tests', 'docs', 'systemctl'), 'stop-all'], check=True,
                       env={**os.environ, 'SESSION_FOLDER': self.folder})
        self.shell.stdin.close()
        # Those that were stopped, too.
        for number in (signal.SIGCONT, signal.SIGKILL):
            try:
                os.killpg(self.shell.pid, number)
            except ProcessLookupError:
                pass
        self.shell.wait(harness.TIMEOUT)
        os.close(self.marks)
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def run_page():
    """Each command of the page once: (block, what it printed now as the page would show it) for
    those of which the page shows something."""
    shown = []
    with Session() as session:
        for block in read_blocks():
            match = SHOWN.fullmatch(block)
            if match is not None:
                shown.append((block, f'$ {match[1]}\n{session.show(match[1])}'))
            else:
                session.run(block)
    return shown
