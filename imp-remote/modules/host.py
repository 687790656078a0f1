#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one analyzer script for imp-remote: serves it on the socket that is descriptor 3.

usage: host.py SCRIPT [KEY=VALUE]...

The script is a Python file that defines either exactly one class derived from Imp.Analyzer, with
the optional attributes data_type (default: Imp.DATA_TYPE_STREAM) and results (default:
Imp.ResultFlags.ALL), or a function create_factory(settings), which gets the settings as a
dictionary and returns an Imp.Factory. A ValueError that this function raises is taken for a
complaint about the settings.

The process ends when the other end of the socket is closed.
"""

import importlib.util
import inspect
import os
import sys
import traceback

import gi

gi.require_version('Imp', '1')
from gi.repository import Gio, GLib, Imp  # noqa: E402

SOCKET_FD = 3


class ScriptError(Exception):
    """What is wrong with the script, in words for the one who wrote or started it."""


def load(path):
    """Runs the script, as a module that can import what lies beside it."""
    folder, name = os.path.split(os.path.abspath(path))
    sys.path[0] = folder
    spec = importlib.util.spec_from_file_location(os.path.splitext(name)[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def own_analyzers(module):
    """The analyzer classes that the script itself defines, not those that it imports."""
    return [value for value in vars(module).values()
            if inspect.isclass(value) and issubclass(value, Imp.Analyzer)
            and value.__module__ == module.__name__]


def factory_by_function(module, settings):
    try:
        factory = module.create_factory(settings)
    except ValueError as error:
        raise ScriptError(f'wrong settings: {error}') from error
    if not isinstance(factory, Imp.Factory):
        raise ScriptError(f'create_factory() returned {factory!r}, which is no Imp.Factory')
    return factory


def factory_by_class(module, settings):
    classes = own_analyzers(module)
    if len(classes) != 1:
        names = ', '.join(cls.__name__ for cls in classes) or 'none'
        raise ScriptError('needs a function create_factory(settings), or exactly one class derived '
                          f'from Imp.Analyzer; there are: {names}')
    if settings:
        raise ScriptError(f'takes no settings, so "{next(iter(settings))}" says nothing to it; '
                          'define create_factory(settings) to take some')
    return Imp.TypeFactory.new(classes[0],
                               getattr(classes[0], 'data_type', Imp.DATA_TYPE_STREAM),
                               getattr(classes[0], 'results', Imp.ResultFlags.ALL))


def make_factory(path, arguments):
    module = load(path)
    settings = dict(argument.split('=', 1) for argument in arguments)
    if hasattr(module, 'create_factory'):
        return factory_by_function(module, settings)
    return factory_by_class(module, settings)


def serve(factory):
    """Serves the one connection that there is, until it is over."""
    loop = GLib.MainLoop()
    server = Imp.Server.new(factory)
    server.connect('disconnected', lambda *_: loop.quit())
    socket = Gio.Socket.new_from_fd(SOCKET_FD)
    server.add_stream(socket.connection_factory_create_connection())
    loop.run()
    server.close()


def main():
    path, *arguments = sys.argv[1:]
    name = os.path.basename(path)
    sys.stdout.reconfigure(line_buffering=True)
    try:
        factory = make_factory(path, arguments)
    except ScriptError as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 1
    except Exception:  # whatever it is, it is the script's: show where, and end
        traceback.print_exc()
        return 1
    serve(factory)
    return 0


if __name__ == '__main__':
    sys.exit(main())
