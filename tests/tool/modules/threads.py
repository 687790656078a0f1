# SPDX-License-Identifier: LGPL-2.1-or-later
"""Answers from other threads than that of the loop, in the way that the client asks for."""

import concurrent.futures
import subprocess
import threading

from gi.repository import Imp

POOL = concurrent.futures.ThreadPoolExecutor()


def after_process(function):
    subprocess.run(['true'], check=True)
    function()


class Threads(Imp.Analyzer):
    def __init__(self):
        super().__init__()
        self.how = None
        self.position = 0
        self.pass_bytes(Imp.Direction.FROM_SERVER, Imp.MAX_OFFSET)

    def do_data(self, direction, data, offset, data_type):
        if direction == Imp.Direction.FROM_SERVER or data.get_size() == 0:
            return
        self.position += data.get_size()
        self.how = self.how or data.get_data()
        position = self.position
        if self.how == b'timer\n':
            threading.Timer(.05, lambda: self.pass_bytes(direction, position)).start()
        elif self.how == b'pool\n':
            POOL.submit(self.pass_bytes, direction, position)
        elif self.how == b'process\n':
            POOL.submit(after_process, lambda: self.pass_bytes(direction, position))
        else:
            threading.Thread(target=self.deny, args=(direction, 'from a thread')).start()
