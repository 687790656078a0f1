#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one analyzer script for imp-remote: serves it on the socket that is descriptor 3.

usage: host.py SCRIPT [KEY=VALUE]...
       host.py --describe SCRIPT

The script is a Python file that needs no more than one class: exactly one derived from Imp.Factory,
or, if there is none, exactly one derived from Imp.Analyzer, with the optional attributes data_type
(default: Imp.DATA_TYPE_STREAM) and results (default: Imp.ResultFlags.ALL). The properties of the
class are its settings. Instead of that, it may define a function imp_module(settings), which gets
the settings as a dictionary and returns an Imp.Factory; create_factory is another name for that. A
ValueError that this function raises is taken for a complaint about the settings.

With --describe, what the script says of itself is written to the descriptor instead: the first line
of its docstring, and its settings.

The script runs as it would under `python3 SCRIPT`: it imports what lies beside the real file, if
SCRIPT is a link, and nothing of that where PYTHONSAFEPATH is set.

The process ends when the other end of the socket is closed.
"""

import importlib.machinery
import importlib.util
import inspect
import os
import re
import signal
import site
import subprocess
import sys
import threading
import traceback
import urllib.parse

SOCKET_FD = 3
FUNCTIONS = ('imp_module', 'create_factory')
# Stop orders that reach a whole group of processes mean the tool, which ends the socket when its
# connections are over.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ScriptError(Exception):
    """What is wrong with the script, in words for the one who wrote or started it."""


class ScriptLoader(importlib.machinery.SourceFileLoader):
    """Reads the file itself each time: bytecode of an earlier one could be as old and as long."""

    def get_code(self, fullname):
        return self.source_to_code(self.get_data(self.path), self.path)


def serve_on(_number, _frame):
    """Handles a stop order. It is a handler, since what is ignored would be ignored by children."""


class ForkGuard:
    """Lets a child that this process forks be stopped, as any other process, from the start."""

    def __init__(self):
        self.blocked = threading.local()
        os.register_at_fork(before=self.block, after_in_parent=self.unblock,
                            after_in_child=self.restore)

    def block(self):
        """Else a child that is stopped at once would be so by a handler that does nothing."""
        self.blocked.before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)

    def unblock(self):
        signal.pthread_sigmask(signal.SIG_SETMASK, self.blocked.before)

    def restore(self):
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is serve_on:
                is_interrupt = number == signal.SIGINT
                signal.signal(number, signal.default_int_handler if is_interrupt
                              else signal.SIG_DFL)
        self.unblock()


def set_up_process():
    for number in STOP_SIGNALS:
        signal.signal(number, serve_on)
    ForkGuard()
    # A helper that the script starts would keep the connection open behind its back.
    os.set_inheritable(SOCKET_FD, False)
    # A script may print what it was fed, and who reads it takes it for UTF-8, whatever the locale
    # is. A descriptor that is closed has no stream.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(line_buffering=True, encoding='utf-8', errors='backslashreplace')


def system_folders():
    """Where Debian's own interpreter finds packages, if it is the same Python as this one."""
    command = 'import site, sys; print(*sys.version_info[:2], *site.getsitepackages(), sep="\\n")'
    out = subprocess.run(['/usr/bin/python3', '-I', '-c', command], stdout=subprocess.PIPE,
                         stdin=subprocess.DEVNULL, text=True, check=False).stdout.splitlines()
    own = [str(number) for number in sys.version_info[:2]]
    return out[2:] if out[:2] == own else []


def import_library():
    """Imports Imp with its overrides, also into a virtual environment that lacks PyGObject."""
    global Gio, GLib, Imp
    found = importlib.util.find_spec('gi')
    if found is None or found.origin is None:  # a folder that has only overrides
        for folder in system_folders():
            site.addsitedir(folder)
    try:
        import gi
        gi.require_version('Imp', '1')
        from gi.repository import Gio, GLib, Imp
    except (AttributeError, ImportError, ValueError) as error:
        raise ScriptError(f'cannot be run by {sys.executable}, which is not set up for PyGObject '
                          f'and imp-remote: {error}') from error
    # Without them, exceptions in the script would pass unseen.
    if Imp.Analyzer.__module__ != 'gi.overrides.Imp':
        raise ScriptError(f'cannot be run by {sys.executable}, which does not find '
                          'gi/overrides/Imp.py')


def module_name(path):
    """The name of the file, as far as it is one for a module and for the GTypes of its classes."""
    name = re.sub(r'[^0-9A-Za-z_]', '_', os.path.splitext(os.path.basename(path))[0])
    is_taken = name in sys.modules or name in sys.stdlib_module_names
    return f'script_{name}' if is_taken or not name.isidentifier() else name


def load(path):
    """Runs the script, as a module that can import what lies beside it."""
    folder = os.path.dirname(os.path.realpath(path))
    # The first entry is the folder of this file, unless the interpreter was told not to have it.
    if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):
        sys.path[0] = folder
    loader = ScriptLoader(module_name(path), os.path.abspath(path))
    spec = importlib.util.spec_from_file_location(loader.name, loader.path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def own_classes(module, base):
    """The classes that the script itself defines, not those that it imports."""
    own = [value for value in vars(module).values()
           if inspect.isclass(value) and issubclass(value, base)
           and value.__module__ == module.__name__]
    return list(dict.fromkeys(own))


def find_function(module):
    """The name of the function that makes the factory, or None."""
    return next((name for name in FUNCTIONS if hasattr(module, name)), None)


def find_class(module):
    factories = own_classes(module, Imp.Factory)
    analyzers = own_classes(module, Imp.Analyzer)
    if len(factories) == 1:
        return factories[0]
    if not factories and len(analyzers) == 1:
        return analyzers[0]
    names = ', '.join(cls.__name__ for cls in factories or analyzers) or 'none'
    raise ScriptError('needs exactly one class derived from Imp.Analyzer or from Imp.Factory, or a '
                      f'function imp_module(settings); there are: {names}')


def factory_by_function(module, name, settings):
    try:
        factory = getattr(module, name)(settings)
    except ValueError as error:
        raise ScriptError(f'wrong settings: {error}') from error
    if not isinstance(factory, Imp.Factory):
        raise ScriptError(f'{name}() returned {factory!r}, which is no Imp.Factory')
    return factory


def factory_by_class(cls, settings):
    text = '&'.join(f'{urllib.parse.quote(key)}={urllib.parse.quote(value)}'
                    for key, value in settings)
    try:
        if issubclass(cls, Imp.Factory):
            return Imp.Factory.new_from_settings(cls.__gtype__, text)
        return Imp.TypeFactory.new_from_settings(
            cls.__gtype__, getattr(cls, 'data_type', Imp.DATA_TYPE_STREAM),
            getattr(cls, 'results', Imp.ResultFlags.ALL), text)
    except GLib.Error as error:
        raise ScriptError(f'wrong settings: {error.message}') from error


def make_factory(path, arguments):
    module = load(path)
    settings = [argument.split('=', 1) for argument in arguments]
    name = find_function(module)
    if name is not None:
        return factory_by_function(module, name, dict(settings))
    return factory_by_class(find_class(module), settings)


def first_line(text):
    return next((line.strip() for line in (text or '').splitlines() if line.strip()), '')


def describe(path):
    """Writes a line about the script, and its settings."""
    module = load(path)
    name = find_function(module)
    if name is None:
        settings = Imp.module_describe_settings(find_class(module).__gtype__)
    else:
        meaning = first_line(getattr(module, name).__doc__)
        settings = f'  those that its function {name}() takes\n'
        if meaning:
            settings += f'      {meaning}\n'
    text = f'{first_line(module.__doc__) or "a script"}\n{settings}'
    with open(SOCKET_FD, 'wb', closefd=False) as target:
        target.write(text.encode('utf-8', 'replace'))


def serve(factory):
    """Serves the one connection, until it has ended."""
    loop = GLib.MainLoop()
    server = Imp.Server.new(factory)
    # The tool knows who its clients are.
    server.props.trust_context = True
    server.connect('disconnected', lambda *_: loop.quit())
    socket = Gio.Socket.new_from_fd(SOCKET_FD)
    server.add_stream(socket.connection_factory_create_connection())
    loop.run()
    server.close()


def run(path, arguments):
    if path == '--describe':
        describe(*arguments)
    else:
        serve(make_factory(path, arguments))


def main():
    path, *arguments = sys.argv[1:]
    set_up_process()
    try:
        import_library()
        run(path, arguments)
    except ScriptError as error:
        name = arguments[0] if path == '--describe' else path
        print(f'{os.path.basename(name)}: {error}', file=sys.stderr)
        return 1
    except Exception:  # whatever it is, it is the script's: show where, and end
        traceback.print_exc()
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
