#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Does what a page says, as its reader would: walk_page.py PAGE...

A block behind "`NAME`:" is written to that file. The lines of a block `sh` are typed into a shell,
the same one for the whole page, and the next block without a language has lines that are in what
was printed, in their order; a line `...` there stands for any others. A command fails only where
the page says so: "exit status 1". What ends in `&` goes on; the next command comes once all its
addresses answer. Ports of the page become others, which are free. Needs nothing but Python and
what the page says; IMP_TEST_BUILD is a build folder where nothing is installed.
"""

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import time

FENCE = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
FILE = re.compile(r'`([\w.-]+)`(?: \([^()]*\))?:\s*$')
STATUS = re.compile(r'exit\s+status\s+(\d+)')
PORT = re.compile(r'(?<=localhost:)\d{4,5}|(?<=localhost )\d{4,5}|(?<=127\.0\.0\.1[:/])\d{4,5}')
ADDRESS = re.compile(r'(?:udp:)?' + r'(?:localhost[: ]|127\.0\.0\.1:)\d{4,5}')
SOCKET = re.compile(r'(\./[\w-]+\.sock) &$')
TIMEOUT = 180


class Failure(Exception):
    """The page is not right, or the program."""


def read_blocks(text):
    """Language, text, and the paragraph before it."""
    end = 0
    for match in FENCE.finditer(text):
        before = text[end:match.start()].strip().rsplit('\n\n', 1)[-1]
        end = match.end()
        yield match[1], match[2], before


def is_free(port, kind='tcp'):
    """Whether nobody listens there. It is not tried: who listens would notice."""
    listens = re.compile(rf' [0-9A-F]+:{int(port):04X} [0-9A-F]+:0000 0[A7] ')
    for path in ('/proc/net/' + kind, f'/proc/net/{kind}6'):
        if os.path.exists(path):
            with open(path, encoding='ascii') as table:
                if listens.search(table.read()):
                    return False
    return True


def choose_ports(text):
    """Which of this machine stand for those of the page. Below those that a program may get that
    asks for any."""
    candidates = (port for port in range(20000 + os.getpid() % 10000, 32000)
                  if is_free(port) and is_free(port, 'udp'))
    return {port: str(next(candidates)) for port in sorted(set(PORT.findall(text)))}


def answers(address):
    if '/' in address:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(address) == 0
    return not is_free(re.split('[: ]', address)[-1], 'udp' if 'udp:' in address else 'tcp')


def find_addresses(command):
    """Where a command will listen."""
    words = command.replace('\\\n', ' ').split()
    listens = [after for word, after in zip(words, words[1:]) if word == '--listen']
    # Another program: the socket that comes last, or the first address that it is given.
    return listens or SOCKET.findall(command) or ADDRESS.findall(command)[:1]


class Shell:
    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(['/bin/bash'], cwd=folder, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env={**os.environ, 'no_proxy': '*', 'PYTHONUNBUFFERED': '1',
                                             'PYTHONDONTWRITEBYTECODE': '1'})
        self.count = 0

    def read_until(self, mark):
        heard = b''
        until = time.monotonic() + TIMEOUT
        while mark not in heard:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, until - time.monotonic()))
            piece = os.read(self.process.stdout.fileno(), 65536) if ready else b''
            if not piece:
                raise Failure(f'nothing more came of a command:\n{heard.decode()}')
            heard += piece
        return heard

    def run(self, command):
        """What it prints, and its status."""
        self.count += 1
        mark = f'walked-{os.getpid()}-{self.count}'
        self.process.stdin.write(f'{command}\nprintf "%s %s;\\n" {mark} $?\n'.encode())
        self.process.stdin.flush()
        heard = self.read_until(mark.encode())
        while b';' not in heard.partition(mark.encode())[2]:
            heard += os.read(self.process.stdout.fileno(), 65536)
        said, _, rest = heard.partition(mark.encode())
        return said.decode(), int(rest.partition(b';')[0])

    def wait_for(self, address):
        place = os.path.join(self.folder, address) if '/' in address else address
        until = time.monotonic() + TIMEOUT
        while not answers(place):
            if time.monotonic() > until:
                raise Failure(f'nobody listens at {address}')
            time.sleep(0.05)

    def close(self):
        # A page may have ended its shell; then there is nobody to tell.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(b'kill $(jobs -p) 2>/dev/null; wait\n')
            self.process.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def check_output(expected, said, command):
    rest = iter(said.splitlines())
    for line in expected.splitlines():
        if line != '...' and line not in rest:
            raise Failure(f'no line "{line}" at its place in what this printed:\n{command}\n{said}')


def is_whole(command):
    """Whether it is no beginning of a command only."""
    if command.endswith('\\\n'):
        return False
    return subprocess.run(['/bin/bash', '-n', '-c', command], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def split_commands(block):
    """One by one, so that each status counts."""
    command = ''
    for line in block.splitlines():
        command += line + '\n'
        if is_whole(command):
            yield command.strip()
            command = ''
    if command:
        raise Failure(f'no whole command:\n{command}')


class Walk:
    def __init__(self, text, folder):
        self.text = text
        self.folder = folder
        self.shell = Shell(folder)
        self.said = None
        self.command = None
        self.ports = choose_ports(text)

    def place(self, block):
        return PORT.sub(lambda match: self.ports[match[0]], block)

    def type_in(self, block, before):
        expected = STATUS.search(before)
        wanted = int(expected[1]) if expected else 0
        said, statuses = '', []
        for command in split_commands(self.place(block)):
            print('+', command, flush=True)
            heard, status = self.shell.run(command)
            print(heard, end='', flush=True)
            said += heard
            statuses.append(status)
            if command.endswith('&'):
                for address in find_addresses(command):
                    self.shell.wait_for(address)
        if statuses[-1] != wanted or any(statuses[:-1]):
            raise Failure(f'exit status {statuses}, and not {wanted}:\n{block}\n{said}')
        self.said, self.command = said, block

    def step(self, language, block, before):
        named = FILE.search(before)
        if named:
            with open(os.path.join(self.folder, named[1]), 'w', encoding='utf-8') as file:
                file.write(self.place(block))
        elif language == 'sh':
            self.type_in(block, before)
        elif language == '':
            if self.said is None:
                raise Failure(f'output of no command:\n{block}')
            check_output(self.place(block), self.said, self.command)
            self.said = None
        else:
            raise Failure(f'a block of {language} that has no name:\n{block}')
        return bool(named)

    def run(self):
        """How many files and commands there were."""
        try:
            kinds = [self.step(*block) for block in read_blocks(self.text)]
        finally:
            self.shell.close()
        return kinds.count(True), kinds.count(False)


def offer_vapi(build, folder):
    """Vala finds what is not installed through a folder of data alone."""
    vapi = os.path.join(folder, 'vala', 'vapi')
    os.makedirs(vapi)
    for room, suffix in (('imp-remote', '.vapi'), ('meson-private', '.deps')):
        os.symlink(os.path.join(build, room, 'imp-remote-1' + suffix),
                   os.path.join(vapi, 'imp-remote-1' + suffix))
    os.environ['XDG_DATA_DIRS'] = folder + ':/usr/local/share:/usr/share'


def walk(path):
    build = os.environ.get('IMP_TEST_BUILD')
    with open(path, encoding='utf-8') as page, \
            tempfile.TemporaryDirectory(prefix='imp-data-') as data, \
            tempfile.TemporaryDirectory(prefix='imp-walk-') as folder:
        if build is not None:
            offer_vapi(build, data)
        return Walk(page.read(), folder).run()


def main():
    for path in sys.argv[1:]:
        try:
            files, others = walk(path)
        except Failure as failure:
            sys.exit(f'{path}: {failure}')
        if files == 0 or others == 0:
            sys.exit(f'{path}: there is nothing to do')
        print(f'{path}: {files} files and {others} blocks of commands and output are right')


if __name__ == '__main__':
    main()
