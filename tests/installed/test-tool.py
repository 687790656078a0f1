# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tool as it is installed: what it serves, and what comes through its relay."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading

FOLDER = tempfile.mkdtemp(prefix='imp-test-')
SCRIPT = '''
import gi
gi.require_version('Imp', '1')
from gi.repository import Imp

class Shout(Imp.Analyzer):
    """Turns what the client says into capitals."""
    position = 0

    def do_data(self, direction, data, offset, data_type):
        if direction == Imp.Direction.FROM_SERVER:
            self.pass_bytes(direction, Imp.MAX_OFFSET)
            return
        self.position += data.get_size()
        self.replace_bytes(direction, self.position, data.get_data().upper())
'''


class Running:
    """A process of the tool that listens at a socket of its own."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(['imp-remote', *arguments], stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode().split()
        assert line[:1] == ['listening'], f'{arguments}: {line}'

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


def path(name):
    return os.path.join(FOLDER, name)


def echo(server):
    """Answers each client with what it has said, once it has said all."""
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            said = b''
            while chunk := client.recv(4096):
                said += chunk
            client.sendall(said)


def talk(address, said):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(address)
        client.sendall(said)
        client.shutdown(socket.SHUT_WR)
        heard = b''
        while chunk := client.recv(4096):
            heard += chunk
        return heard


def through(module):
    address = path('relay')
    with Running('relay', '--listen', address, '--module', module, '--connect', path('echo')):
        return talk(address, b'to be or not to be')


def run(*arguments):
    return subprocess.run(['imp-remote', *arguments], check=True, stdout=subprocess.PIPE,
                          encoding='utf-8').stdout


def test_modules():
    assert 'pattern' in run('modules')


def test_relay():
    assert through('pattern=string=be&action=replace&actdata=sleep') == b'to sleep or not to sleep'


def test_serve():
    with Running('serve', '--module', 'pattern=string=be&action=replace&actdata=go', path('serve')):
        assert 'interface: ' in run('ping', path('serve'))
        assert through('remote=address=' + path('serve')) == b'to go or not to go'


def test_script():
    with open(path('shout.py'), 'w', encoding='utf-8') as stream:
        stream.write(SCRIPT)
    assert through(path('shout.py')) == b'TO BE OR NOT TO BE'


def main():
    tests = [test_modules, test_relay, test_serve, test_script]
    print(f'1..{len(tests)}', flush=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path('echo'))
        server.listen()
        threading.Thread(target=echo, args=[server], daemon=True).start()
        for number, test in enumerate(tests, 1):
            test()
            print(f'ok {number} {test.__name__}', flush=True)
    shutil.rmtree(FOLDER)


if __name__ == '__main__':
    main()
