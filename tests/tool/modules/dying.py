# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ends, or hangs, in the way that the client asks for; everything else it passes."""

import os
import signal
import sys
import time

from gi.repository import Imp


def end_with_helper():
    """A process that has the connection open still lives on."""
    if os.fork() == 0:
        os.closerange(0, 3)
        time.sleep(10)
    os._exit(4)


def close_all():
    os.closerange(3, 64)
    time.sleep(60)


ORDERS = {
    b'exit\n': lambda: os._exit(3),
    b'sysexit\n': lambda: sys.exit(5),
    b'segv\n': lambda: os.kill(os.getpid(), signal.SIGSEGV),
    b'helper\n': end_with_helper,
    b'close\n': close_all,
    b'garbage\n': lambda: os.write(3, b'no message'),
    b'loop\n': lambda: time.sleep(60),
    b'stop\n': lambda: os.kill(os.getpid(), signal.SIGSTOP),
    b'slow\n': lambda: time.sleep(2),
}


class Dying(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        order = data.get_data()
        if order == b'fail\n':
            self.fail('failed by itself')
        ORDERS.get(order, lambda: None)()
        self.pass_bytes(direction, Imp.MAX_OFFSET)
        self.pass_bytes(1 - direction, Imp.MAX_OFFSET)
