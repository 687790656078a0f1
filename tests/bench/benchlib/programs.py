# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting, pinning and ending the programs of one run."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

START_TIMEOUT = 15


class BenchError(Exception):
    """What a user should read, without a traceback."""


class Programs:
    """Where the programs are, and which of them run.

    What a build does not have yet is taken from @newer, if that is given, and works with the
    library of the build: programs that do without it, or only call what was always there. An
    analyzer of today may be one that an older library does not understand."""

    BORROWED = ('bench-transfer', 'bench-dense-transfer', 'bench-splice-relay',
                'bench-copy-relay', 'bench-relay-pair')

    def __init__(self, builddir, newer=None):
        self.builddir = builddir
        self.newer = newer
        self.cpus = sorted(os.sched_getaffinity(0))
        self.folder = tempfile.mkdtemp(prefix='imp-bench-')
        self.running = []
        self.sockets = 0
        self.environment = dict(os.environ)
        source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__)))))
        bindings = os.path.join(source, 'imp-remote', 'bindings')
        for name, path in (('GI_TYPELIB_PATH', self.library),
                           ('LD_LIBRARY_PATH', self.library),
                           ('PYTHONPATH', bindings), ('GJS_PATH', bindings)):
            rest = self.environment.get(name)
            self.environment[name] = path + (':' + rest if rest else '')
        self.environment.pop('G_DEBUG', None)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def find(self, name):
        """One of the programs of the benchmark."""
        borrows = self.newer is not None and name in self.BORROWED and not self.has(name)
        path = os.path.join(self.newer if borrows else self.builddir, 'tests', 'bench', name)
        if not os.path.exists(path):
            raise BenchError(f'{path} is missing: build with meson first, or name --build')
        return path

    def has(self, name):
        """Its own."""
        return os.path.exists(os.path.join(self.builddir, 'tests', 'bench', name))

    def find_tool(self):
        path = os.path.join(self.builddir, 'imp-remote', 'tool', 'imp-remote')
        if not os.path.exists(path):
            raise BenchError(f'{path} is missing: build with meson first')
        return path

    @property
    def library(self):
        return os.path.join(self.builddir, 'imp-remote')

    def make_certificates(self):
        """Makes them once; the programs find them by the environment."""
        folder = os.path.join(self.folder, 'tls')
        if not os.path.isdir(folder):
            os.mkdir(folder)
            script = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
                os.path.abspath(__file__)))), 'lib', 'certificates.sh')
            subprocess.run(['sh', script, folder], check=True)
        return folder

    def address(self, transport):
        self.environment.pop('IMP_BENCH_TLS', None)
        if transport == 'tls':
            self.environment['IMP_BENCH_TLS'] = self.make_certificates()
        if transport in ('tcp', 'tls'):
            return '127.0.0.1:0'
        self.sockets += 1
        return os.path.join(self.folder, f'{self.sockets}.sock')

    def cpus_of(self, placement, side):
        """The CPUs for a server (0), a client (1) or whatever has no place of its own (None)."""
        if placement == 'same':
            return {self.cpus[0]}
        if placement == 'split' and side is not None:
            return {self.cpus[side]}
        return set(self.cpus)

    def start(self, command, cpus):
        errors = tempfile.TemporaryFile(mode='w+')
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
            env=self.environment, preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        process.errors = errors
        process.command = command
        self.running.append(process)
        return process

    def fail(self, process, what):
        process.errors.seek(0)
        said = process.errors.read().strip()
        raise BenchError(f'{" ".join(process.command)}: {what}' + (f': {said}' if said else ''))

    def start_server(self, command, cpus):
        """Starts what prints "listening ADDRESS"; returns it and the address."""
        process = self.start(command, cpus)
        deadline = time.monotonic() + START_TIMEOUT
        text = b''
        while b'\n' not in text:
            ready, _, _ = select.select([process.stdout], [], [],
                                        max(0, deadline - time.monotonic()))
            part = os.read(process.stdout.fileno(), 4096) if ready else b''
            if not part:
                self.fail(process, 'it does not listen')
            text += part
        word, _, address = text.decode().split('\n')[0].partition(' ')
        if word != 'listening':
            self.fail(process, f'it said {text!r} instead of where it listens')
        return process, address

    def run_to_end(self, command, timeout, cpus):
        """Runs a program; returns what it prints."""
        process = self.start(command, cpus)
        try:
            text, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.fail(process, f'it has not ended after {timeout:.0f} s')
        if process.returncode != 0:
            self.fail(process, f'it ended with status {process.returncode}')
        self.forget(process)
        return text

    def run_client(self, command, timeout, cpus):
        """Runs what prints one JSON object; returns that."""
        text = self.run_to_end(command, timeout, cpus)
        return json.loads(text) if text.strip() else None

    def time(self, command, timeout, cpus):
        """Runs a program that prints little; returns how long that took, and the CPU time of it
        and of those that it has waited for."""
        begin = time.monotonic()
        process = self.start(command, cpus)
        end = os.pidfd_open(process.pid)
        ready, _, _ = select.select([end], [], [], timeout)
        seconds = time.monotonic() - begin
        os.close(end)
        if not ready:
            self.fail(process, f'it has not ended after {timeout:.0f} s')
        usage = self.reap(process)
        if process.returncode != 0:
            self.fail(process, f'it ended with status {process.returncode}')
        self.forget(process)
        return seconds, usage.ru_utime + usage.ru_stime

    def wait(self, process, timeout=10):
        """Lets a server end, which it does after its last connection."""
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.fail(process, f'it has not ended {timeout} s after its last connection')
        if process.returncode != 0:
            self.fail(process, f'it ended with status {process.returncode}')
        self.forget(process)

    def forget(self, process):
        process.stdout.close()
        process.errors.close()
        self.running.remove(process)

    @staticmethod
    def reap(process, options=0):
        """Not wait(), which would lose the usage."""
        pid, status, usage = os.wait4(process.pid, options)
        if pid == 0:
            return None
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage

    def stop(self, process):
        """Ends a program of ours that may go on by itself; returns the CPU time it has used."""
        # Not terminate() and kill(): they would reap a process that has ended, and its usage.
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while (usage := self.reap(process, os.WNOHANG)) is None:
            if time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.01)
        self.forget(process)
        return usage.ru_utime + usage.ru_stime

    def wait_for_text(self, process, path_or_pattern):
        """Waits until a program says something on stderr, or makes a file."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and process.poll() is None:
            if isinstance(path_or_pattern, str):
                if os.path.exists(path_or_pattern):
                    return path_or_pattern
            else:
                found = path_or_pattern.search(
                    os.pread(process.errors.fileno(), 65536, 0).decode())
                if found:
                    return found.group(1)
            time.sleep(0.01)
        self.fail(process, 'it does not listen')
        return None

    def close(self):
        for process in list(self.running):
            process.kill()
            process.wait()
            self.forget(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def cpu_seconds(process):
    """User and system time of all threads of a running process: its own CPU clock."""
    return time.clock_gettime((~process.pid << 3) | 2)
