#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What completes command lines: bash and zsh themselves, at a terminal, are given the beginning of
a line, and say what it becomes."""

import os
import pty
import re
import shutil
import signal
import subprocess
import threading
import unittest

import tool_harness as harness

SCRIPTS = os.environ['IMP_TEST_COMPLETIONS']
CODECS = 'json cbor'.split() + ('storable sereal'.split()
                                if os.environ['IMP_TEST_PERL'] == '1' else [])
TIMEOUT = 60

# Control-X C puts in all that could stand there, and control-X P writes the line to a FIFO.
BASH = r'''
PS1='$ '
bind 'set enable-bracketed-paste off'
bind '"\C-xc": insert-completions'
bind -x '"\C-xp": printf "%s\n" "$READLINE_LINE" >"$FOLDER/line"'
source "$SCRIPTS/imp-remote"
echo ready >"$FOLDER/line"
'''

ZSH = r'''
PS1='$ '
unset zle_bracketed_paste
fpath=("$SCRIPTS" $fpath)
autoload -Uz compinit && compinit -D -u
all () { compstate[insert]=all }
complete_all () { comppostfuncs=(all); zle complete-word }
write_line () { print -r -- "$BUFFER" >"$FOLDER/line" }
zle -N complete_all
zle -N write_line
bindkey '^Xc' complete_all
bindkey '^Xp' write_line
zstyle ':completion:*' list-prompt ''
setopt no_list_ambiguous no_auto_list no_beep
echo ready >"$FOLDER/line"
'''


class Shell:
    """One that waits for lines, with the built tool in its PATH."""

    def __init__(self, command, beginning, cwd):
        program = shutil.which(command[0])
        if program is None:
            raise AssertionError(f'{command[0]} is missing')
        self.folder = harness.make_folder()
        os.mkfifo(os.path.join(self.folder, 'line'))
        with open(os.path.join(self.folder, 'beginning'), 'w', encoding='ascii') as stream:
            stream.write(beginning)
        path = os.path.dirname(harness.TOOL) + ':' + os.environ['PATH']
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [program, *command[1:]], stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd,
            start_new_session=True,
            env={**os.environ, 'PATH': path, 'TERM': 'dumb', 'FOLDER': self.folder,
                 'SCRIPTS': SCRIPTS, 'HOME': self.folder, 'HISTFILE': '/dev/null'})
        os.close(theirs)
        self.seen = b''
        threading.Thread(target=self._drain, daemon=True).start()
        self.write(f'. {self.folder}/beginning\n')
        if self.read_line() != 'ready':
            raise AssertionError(self.seen)

    def _drain(self):
        try:
            while data := os.read(self.terminal, 65536):
                self.seen += data
        except OSError:
            pass

    def write(self, text):
        os.write(self.terminal, text.encode())

    def read_line(self):
        lines = []

        def read():
            with open(os.path.join(self.folder, 'line'), encoding='utf-8') as stream:
                lines.append(stream.read().rstrip('\n'))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        reader.join(TIMEOUT)
        if not lines:
            raise AssertionError(f'no answer: {self.seen}')
        return lines[0]

    def complete(self, line):
        """The words that the last one of @line becomes."""
        # Control-U empties the line.
        self.write(f'\x15{line}\x18c\x18p')
        whole = self.read_line()
        start = re.search(r'[^ =]*$', line).start()
        return whole[start:].replace('\\', '').split()

    def close(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.terminal)


class Lines:
    """What is true of both."""

    @classmethod
    def setUpClass(cls):
        cls.folder = harness.make_folder()
        for name in ('look.py', 'other.js', 'notes.txt'):
            with open(os.path.join(cls.folder, name), 'w', encoding='ascii'):
                pass
        os.mkdir(os.path.join(cls.folder, 'recordings'))
        cls.shell = Shell(cls.COMMAND, cls.BEGINNING, cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.shell.close()

    def check(self, line, words):
        # zsh repeats the option with each value.
        option = re.search(r'(--[a-z-]+=)?[^ ]*$', line).group(1) or ''
        found = [word.removeprefix(option).rstrip('/=') for word in self.shell.complete(line)]
        self.assertEqual(sorted(found), sorted(words), line)

    def test_commands(self):
        self.check('imp-remote re', ['rehearse', 'relay', 'replay'])
        self.check('imp-remote se', ['serve'])
        self.check('imp-remote --v', ['--version'])

    def test_options(self):
        self.check('imp-remote serve --tls-', ['--tls-cert', '--tls-client-ca', '--tls-key'])
        # Of limits, of the log, and of scripts.
        self.check('imp-remote serve --max-a', ['--max-analyzers', '--max-analyzers-per-peer'])
        self.check('imp-remote relay --log-f', ['--log-format'])
        self.check('imp-remote filter --sand', ['--sandbox'])
        # What is for nobody.
        self.check('imp-remote serve --worke', ['--workers'])

    def test_alias(self):
        self.check('imp-remote faults --fa', ['--faults'])

    def test_codecs(self):
        self.check('imp-remote ping --codec ', CODECS)
        self.check('imp-remote serve --codec=', ['auto', *CODECS])
        self.check('imp-remote serve -c aut', ['auto'])

    def test_choices(self):
        self.check('imp-remote relay --proxy-protocol=out-', ['out-v1', 'out-v2'])
        self.check('imp-remote relay --log-format ', ['auto', 'journal', 'json', 'text'])
        self.check('imp-remote completion z', ['zsh'])

    def test_modules(self):
        self.check('imp-remote modules pat', ['pattern'])
        self.check('imp-remote serve --module=p', ['pass', 'pattern', 'protocol-pinning'])
        self.check('imp-remote relay -m lo', ['look.py'])
        self.check('imp-remote filter --module not', ['not'])

    def test_files(self):
        self.check('imp-remote serve --tls-cert no', ['notes.txt'])
        self.check('imp-remote relay --record=', ['recordings'])
        self.check('imp-remote pcap no', ['notes.txt'])
        # A number can be anything.
        self.check('imp-remote relay --max-connections ', [])


class Bash(Lines, unittest.TestCase):
    COMMAND = ('bash', '--norc', '--noprofile', '-i')
    BEGINNING = BASH


class Zsh(Lines, unittest.TestCase):
    COMMAND = ('zsh', '-f', '-i')
    BEGINNING = ZSH


class Command(unittest.TestCase):
    def test_is_installed(self):
        """What is installed is what the tool prints."""
        for shell, name in (('bash', 'imp-remote'), ('zsh', '_imp-remote')):
            status, out, err = harness.run_tool('completion', shell)
            self.assertEqual((status, err), (0, ''))
            with open(os.path.join(SCRIPTS, name), encoding='utf-8') as stream:
                self.assertEqual(stream.read(), out)

    def test_all_options(self):
        """Each that --help shows, of each subcommand."""
        _, text, _ = harness.run_tool('completion', 'bash')
        for command in re.findall(r'^  ([a-z]+)\b.*', harness.run_tool('--help')[1], re.M):
            if command == 'imp':
                continue
            shown = re.findall(r'^  (?:-\w, )?(--[a-z-]+)',
                               harness.run_tool(command, '--help')[1], re.M)
            line = re.search(rf"^    {command}[|)].* options='(.*)' ;;$", text, re.M).group(1)
            found = [word.rstrip('=') for word in line.split() if word.startswith('--')]
            # A command that this build lacks says no more than that.
            self.assertEqual(sorted(found), sorted(shown) or ['--help'], command)

    def test_errors(self):
        for arguments, message in (([], 'exactly one shell'), (['fish'], '"fish"'),
                                   (['bash', 'zsh'], 'exactly one shell'),
                                   (['--color'], '--color')):
            status, out, err = harness.run_tool('completion', *arguments)
            self.assertEqual((status, out), (2, ''))
            self.assertIn(message, err)


if __name__ == '__main__':
    unittest.main(verbosity=2)
