# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs say: of themselves, of errors in them, and of connections."""

import collections
import itertools
import re
import time

# What nobody may ever say, whatever is done to it. Sanitizers speak in the first three ways.
COMPLAINT = re.compile(rb'ERROR: \w+Sanitizer|SUMMARY: \w+Sanitizer|: runtime error: |'
                       # What is soft is told with a level, as is what analyzers say.
                       rb'(?:-|: )(?:WARNING|CRITICAL|ERROR) \*\*: '
                       rb'(?!\S+ \S+ -> \S+: log: |\S+ A connection goes on without its )|'
                       rb'Traceback \(most recent call last\)|Fatal Python error|'
                       rb'\*\*\* (?:buffer overflow|stack smashing)|malloc\(\): |free\(\): ')
# The relay names the client, then what it is connected with. The client's port alone would not do:
# it can have several connections at once, to different listeners.
NOTICE = re.compile(rb'127\.0\.0\.1:(\d+) -> 127\.0\.0\.1:(\d+): '
                    rb'(refused|failed|no analyzer|log): (.*)')
# As many as may come between a connection and who is told of it.
EARLY_MAX = 1000
EXCERPT_MAX = 40  # lines


def find_complaints(lines):
    """The lines that tell of an error in a program."""
    return [line.decode(errors='replace').strip() for line in lines if COMPLAINT.search(line)]


def get_excerpt(path):
    """The first complaint with what follows it, or the end if there is none."""
    ended = collections.deque(maxlen=EXCERPT_MAX // 4)
    with open(path, 'rb') as file:
        for line in file:
            if COMPLAINT.search(line):
                ended = [line, *itertools.islice(file, EXCERPT_MAX - 1)]
                break
            ended.append(line)
    return b''.join(ended).decode(errors='replace')


class Notices:
    """Brings what the relay says of a connection to whom it concerns: to its tell(kind, text)."""

    def __init__(self):
        # Several: the kernel gives a port away as soon as a connection is reset, while who had
        # it still waits for the reason.
        self.by_ports = collections.defaultdict(list)
        self.early = collections.deque(maxlen=EARLY_MAX)

    def add(self, port, target, connection, begun):
        """@begun is when @connection was not there yet: what was said before is another one's."""
        self.by_ports[(port, target)].append(connection)
        for when, ports, kind, text in self.early:
            if ports == (port, target) and when >= begun:
                connection.tell(kind, text)

    def remove(self, port, target, connection):
        connections = self.by_ports[(port, target)]
        connections.remove(connection)
        if not connections:
            del self.by_ports[(port, target)]

    def take(self, line):
        match = NOTICE.search(line)
        if match is None:
            return
        ports = int(match.group(1)), int(match.group(2))
        kind, text = (group.decode(errors='replace') for group in match.group(3, 4))
        if ports not in self.by_ports:
            self.early.append((time.monotonic(), ports, kind, text))
            return
        for connection in self.by_ports[ports]:
            connection.tell(kind, text)
