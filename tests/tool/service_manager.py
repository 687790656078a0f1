# SPDX-License-Identifier: LGPL-2.1-or-later
"""A service manager for tests: it has the sockets, starts the tool and hears what that says."""

import os
import socket
import subprocess
import sys

import tool_harness as harness

AS_SERVICE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'as_service.py')


def listen(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    return listener


class Manager:
    """More sockets than those at paths can be appended to its listeners."""

    def __init__(self, n_sockets=1, abstract=False):
        self.folder = harness.make_folder()
        self.paths = [os.path.join(self.folder, f's{i}') for i in range(n_sockets)]
        self.listeners = [listen(path) for path in self.paths]
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.settimeout(harness.TIMEOUT)
        name = os.path.join(self.folder, 'notify')
        self.notify.bind('\0' + name if abstract else name)
        self.env = {'NOTIFY_SOCKET': '@' + name if abstract else name}

    def command(self, *options):
        fds = ','.join(str(listener.fileno()) for listener in self.listeners)
        return [sys.executable, AS_SERVICE, f'--fds={fds}', *options, '--']

    def start(self, *args, options=(), tool=(harness.TOOL,), listeners=1, env=None):
        return harness.Tool(*args, command=[*self.command(*options), *tool], listeners=listeners,
                            pass_fds=[listener.fileno() for listener in self.listeners],
                            env={**self.env, **(env or {})})

    def run(self, *args, options=(), env=None):
        """Of what ends by itself: (status, standard error)."""
        done = subprocess.run([*self.command(*options), harness.TOOL, *args],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=harness.TIMEOUT,
                              pass_fds=[listener.fileno() for listener in self.listeners],
                              env={**os.environ, **self.env, **(env or {})})
        return done.returncode, done.stderr

    def hear(self):
        """The next message, as a dictionary."""
        text = self.notify.recv(65536).decode()
        return dict(line.split('=', 1) for line in text.split('\n'))

    def hears_nothing(self, seconds=0.0):
        self.notify.settimeout(seconds)
        try:
            return not self.notify.recv(65536)
        except (BlockingIOError, TimeoutError):
            return True
        finally:
            self.notify.settimeout(harness.TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for listener in [*self.listeners, self.notify]:
            listener.close()
