# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the functions test_* of a script and tells how they went, as TAP."""

import sys
import traceback

import gi

gi.require_version('Imp', '1')

from gi.repository import Gio, GLib, GObject, Imp  # noqa: E402,F401


def equal(found, expected):
    if found != expected:
        raise AssertionError(f'found {found!r}, not {expected!r}')


def contains(text, part):
    if part not in text:
        raise AssertionError(f'{part!r} is not in {text!r}')


def raises(kind, function, *arguments):
    """Calls a function that has to fail, and gives the exception."""
    try:
        value = function(*arguments)
    except kind as error:
        return error
    raise AssertionError(f'no {kind.__name__}, but {value!r}')


def fails(code, function, *arguments):
    """Calls a function that has to fail with one of the library's errors."""
    error = raises(GLib.Error, function, *arguments)
    if not error.matches(Imp.error_quark(), code):
        raise AssertionError(f'not {code!r}, but {error!r}')
    return error.message


def texts(results):
    return [result.to_string() for result in results]


def run(namespace):
    """Runs the tests in a namespace in the order in which they stand; exits."""
    tests = [(name, value) for name, value in namespace.items()
             if name.startswith('test_') and callable(value)]
    print(f'1..{len(tests)}')
    failed = 0
    for number, (name, function) in enumerate(tests, 1):
        try:
            function()
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f'# {line}')
            print(f'not ok {number} {name}', flush=True)
        else:
            print(f'ok {number} {name}', flush=True)
    sys.exit(1 if failed or not tests else 0)
