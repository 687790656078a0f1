# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of examples in real traffic share: servers of others, on loopback."""

import os
import socket
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'tool'))

from tool_harness import TIMEOUT, wait_until  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLES = os.path.join(TOP, 'docs', 'examples')


def example(name):
    """The file of an example that is a module; those in C were built."""
    folder = os.environ['IMP_TEST_EXAMPLE_MODULES'] if name.endswith('.so') else EXAMPLES
    return os.path.join(folder, name)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


class Daemon:
    """A server of somebody else, which listens at a port of 127.0.0.1 once it is made."""

    def __init__(self, port, *command, folder):
        self.port = port
        self.path = os.path.join(folder, 'server.log')
        with open(self.path, 'wb') as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_until(self._accepts)

    def _accepts(self):
        if self.process.poll() is not None:
            with open(self.path, encoding='utf-8', errors='replace') as log:
                raise AssertionError(f'{self.process.args} has ended: {log.read()}')
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)
