# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the tool share: processes that end, servers on loopback, and data."""

import atexit
import collections
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import weakref

TOOL = os.environ.get('IMP_REMOTE_TOOL', 'imp-remote')
TIMEOUT = 60
CLIENTS = collections.defaultdict(weakref.WeakSet)  # by the port that they are connected to

# An analyzer that lets all pass.
PASSING_SCRIPT = '''
from gi.repository import Imp


class Look(Imp.Analyzer):
    data_type = Imp.DATA_TYPE_STREAM
    results = Imp.ResultFlags.PASS

    def __init__(self):
        super().__init__()
        self.pass_bytes(Imp.Direction.FROM_CLIENT, Imp.MAX_OFFSET)
        self.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET)
'''


def make_folder():
    """A new folder with a short path, as unix sockets want it, that goes when the test ends."""
    folder = tempfile.mkdtemp(prefix='imp-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def run_tool(*args, timeout=TIMEOUT, env=None):
    """Runs the tool to its end: (status, standard output, standard error)."""
    done = subprocess.run([TOOL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, timeout=timeout, check=False,
                          errors='replace', env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


class Tool:
    """A running serve or relay; `addresses` are where it listens, and `metrics` where one reads
    what it has counted."""

    def __init__(self, *args, listeners=1, metrics=0, command=(TOOL,), pass_fds=(), env=None,
                 cwd=None):
        self.log = []
        self.process = subprocess.Popen([*command, *args], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                        errors='replace', pass_fds=pass_fds, cwd=cwd,
                                        env={**os.environ, **(env or {})})
        self.logger = threading.Thread(target=self._read_log, daemon=True)
        self.logger.start()
        self.metrics = [self.read_address('metrics ') for _ in range(metrics)]
        self.addresses = [self.read_address() for _ in range(listeners)]

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip('\n'))

    def read_address(self, prefix='listening '):
        """Where it says next that it listens."""
        line = self.process.stdout.readline()
        if not line.startswith(prefix):
            self.process.kill()
            self.process.wait()
            self.logger.join()
            raise AssertionError(f'{self.process.args}: {line!r}, and on stderr: {self.log}')
        return line.split(' ', 1)[1].rstrip('\n')

    @property
    def address(self):
        return self.addresses[0]

    @property
    def port(self):
        return int(self.address.rpartition(':')[2])

    def wait_for_log(self, text):
        """Waits until a line with this text has been logged."""
        end = time.monotonic() + TIMEOUT
        while not any(text in line for line in list(self.log)):
            if time.monotonic() > end:
                raise AssertionError(f'{text!r} is not in {self.log}')
            time.sleep(0.01)

    def peak_memory(self):
        """The most memory it has had, in bytes."""
        with open(f'/proc/{self.process.pid}/status', encoding='ascii') as status:
            return int(re.search(r'^VmHWM:\s*(\d+) kB', status.read(), re.M).group(1)) * 1024

    def stop(self):
        """Asks it to end, and returns its status."""
        self.process.terminate()
        return self.wait()

    def abort(self):
        """Ends it where it would wait for what never comes."""
        self.process.kill()
        self.wait()

    def wait(self):
        status = self.process.wait(TIMEOUT)
        self.logger.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.returncode is not None:
            return
        # It would wait for those that a test has left open, and the test with it.
        for address in self.addresses:
            for client in list(CLIENTS.pop(address.rpartition(':')[2], [])):
                client.close()
        status = self.stop()
        if error[0] is not None:
            print('\n'.join(self.log), file=sys.stderr)
        elif status != 0:
            raise AssertionError(f'{self.process.args} ended with {status}: {self.log}')


class Upstream:
    """A TCP server on loopback that runs `serve(socket)` in a thread per connection."""

    def __init__(self, serve):
        self.serve = serve
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.address = f'127.0.0.1:{self.port}'
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with connection:
            try:
                self.serve(connection)
            except OSError:
                pass  # the client has gone, as some tests want it

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def children(process):
    with open(f'/proc/{process.pid}/task/{process.pid}/children', encoding='ascii') as listing:
        return [int(pid) for pid in listing.read().split()]


def descendants(process):
    """All that it has started, and what those have: also the processes inside of a sandbox."""
    found, parents = [], [process.pid]
    while parents:
        parent = parents.pop()
        try:
            with open(f'/proc/{parent}/task/{parent}/children', encoding='ascii') as listing:
                pids = [int(pid) for pid in listing.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        found += pids
        parents += pids
    return found


def is_alive(pid):
    """Not gone, and no zombie either."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
            return stat.read().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


def wait_until(condition, otherwise='it did not happen'):
    end = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(otherwise)
        time.sleep(0.01)


def echo(connection):
    while data := connection.recv(1 << 16):
        connection.sendall(data)


def file_server(path):
    """Serves one file, without any protocol, to whoever connects and says something."""
    def serve(connection):
        connection.recv(100)
        with open(path, 'rb') as source:
            connection.sendfile(source)
    return Upstream(serve)


def ask(client, text=b'a'):
    """Says something, and gives as many bytes of what is answered."""
    client.sendall(text)
    answer = b''
    while len(answer) < len(text):
        piece = client.recv(100)
        if not piece:
            raise AssertionError('the connection has ended')
        answer += piece
    return answer


def read_all(connection):
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b''.join(pieces)


def read_end(connection):
    """What comes, and whether a reset ends it."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        return b''.join(pieces), 'reset'
    return b''.join(pieces), 'end'


def read_to_reset(connection):
    """What comes before the connection is reset, as it must be where not all came."""
    got, end = read_end(connection)
    if end == 'reset':
        return got
    raise AssertionError(f'after {len(got)} bytes came an end and no reset')


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def free_port():
    """A port at which nobody listens now, for programs that cannot choose one themselves."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def connect(port):
    client = socket.create_connection(('127.0.0.1', port), timeout=TIMEOUT)
    CLIENTS[str(port)].add(client)
    return client


def fetch(port, request=b'go\n'):
    with connect(port) as connection:
        connection.sendall(request)
        return read_all(connection)


def fetch_cut(port, request=b'go\n'):
    """As fetch(), of what is refused before its end, perhaps before anything can be said."""
    try:
        connection = connect(port)
    except ConnectionResetError:
        return b''
    with connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            return b''
        return read_to_reset(connection)


def write_random(path, size, seed=1):
    with open(path, 'wb') as target:
        target.write(random.Random(seed).randbytes(size))


def write_text(path, size, seed=1):
    """Lines of words, some of which are, hold or nearly are "foo"."""
    words = 12 * ['lorem', 'ipsum', 'dolor', 'sit amet', 'consectetur']
    words += ['foo', 'foofoo', 'fofoo', 'fo', 'o', 'f', 'food', 'ffoo', 'bar', '']
    rng = random.Random(seed)
    block = '\n'.join(' '.join(rng.choices(words, k=12)) for _ in range(4000)).encode()
    with open(path, 'wb') as target:
        while (left := size - target.tell()) > 0:
            cut = rng.randrange(len(block))
            target.write((block[cut:] + block[:cut])[:left])


def sed(path, script):
    """What sed makes of a file: an opinion that does not depend on us."""
    return subprocess.run(['sed', script, path], stdout=subprocess.PIPE, check=True,
                          env={**os.environ, 'LC_ALL': 'C'}).stdout


def main():
    unittest.main(verbosity=2)
