# SPDX-License-Identifier: LGPL-2.1-or-later
"""Takes what the client asks for, or more than there is; everything else it passes."""

import os
import signal
import subprocess
import time

from gi.repository import Imp

taken = []


def take_files():
    while True:
        taken.append(open(os.devnull, 'rb'))


def start_child():
    taken.append(subprocess.Popen(['sleep', '1000'], start_new_session=False))
    print('child', taken[-1].pid)


def start_and_hang():
    start_child()
    time.sleep(1000)


def stop():
    start_child()
    os.kill(os.getpid(), signal.SIGSTOP)


ORDERS = {
    b'memory\n': lambda: taken.append(bytearray(300 << 20)),
    b'files\n': take_files,
    b'child\n': start_child,
    b'hang\n': start_and_hang,
    b'stop\n': stop,
    b'exit\n': lambda: (start_child(), os._exit(3)),
}


class Greedy(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        ORDERS.get(data.get_data(), lambda: None)()
        self.pass_bytes(direction, Imp.MAX_OFFSET)
        self.pass_bytes(1 - direction, Imp.MAX_OFFSET)
