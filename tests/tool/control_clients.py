# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients of a control socket, as any program could write them."""

import json
import socket

import tool_harness as harness


class Control:
    """A connection to a control socket, at a path or "@NAME"."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.TIMEOUT)
        self.socket.connect('\0' + address[1:] if address.startswith('@') else address)
        self.file = self.socket.makefile('rb')

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next answer; None at the end."""
        line = self.file.readline()
        return json.loads(line) if line else None

    def ask(self, command, **arguments):
        self.send(json.dumps({'command': command, **arguments}).encode() + b'\n')
        return self.receive()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def ask(address, command, **arguments):
    with Control(address) as control:
        return control.ask(command, **arguments)
