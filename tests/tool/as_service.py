#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program as a service manager does: with sockets from descriptor 3 on, and an environment
that says whom they are for."""

import argparse
import ctypes
import fcntl
import os

FIRST = 3
PR_SET_NO_NEW_PRIVS = 38
PR_SET_MDWE = 65


def prctl(option):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(1), ctypes.c_ulong(0), ctypes.c_ulong(0),
                  ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), f'prctl {option}')


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument('--fds', default='', help='descriptors, with commas between them')
    parser.add_argument('--names', help='the value of LISTEN_FDNAMES')
    parser.add_argument('--pid', help='of whom they are for, instead of this process')
    parser.add_argument('--watchdog-pid', help='the value of WATCHDOG_PID; 0: of this process')
    parser.add_argument('--no-new-code', action='store_true',
                        help='as NoNewPrivileges= and MemoryDenyWriteExecute=')
    parser.add_argument('command', nargs='+')
    return parser.parse_args()


def main():
    options = parse()
    given = [int(fd) for fd in options.fds.split(',') if fd]
    kept = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in given]
    for number, fd in enumerate(kept, FIRST):
        os.dup2(fd, number)
    for fd in given:
        if fd >= FIRST + len(kept):
            os.close(fd)
    me = str(os.getpid())
    if kept:
        os.environ['LISTEN_FDS'] = str(len(kept))
        os.environ['LISTEN_PID'] = options.pid or me
    if options.names is not None:
        os.environ['LISTEN_FDNAMES'] = options.names
    if options.watchdog_pid is not None:
        os.environ['WATCHDOG_PID'] = me if options.watchdog_pid == '0' else options.watchdog_pid
    if options.no_new_code:
        prctl(PR_SET_NO_NEW_PRIVS)
        prctl(PR_SET_MDWE)
    os.execvp(options.command[0], options.command)


main()
