# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each property of a public class has functions that are named after it, and tells of its changes.

Not so those that are settings: the limits of Server and RemoteFactory, of which there are dozens,
and what the factories of modules read from a string. These are set by name.
"""

import os
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import tap
from tap import Gio, GLib, GObject, Imp, equal

CORE = '{http://www.gtk.org/introspection/core/1.0}'
SETTINGS = {'PatternFactory', 'PinningFactory', 'SessionLogFactory'}
NUMBERS = {GObject.TYPE_UINT, GObject.TYPE_UINT64}
ADDRESS = os.path.join(tempfile.mkdtemp(prefix='imp-properties-'), 'socket')


def make_cascade():
    return Imp.Cascade.new([pattern()])


def pattern():
    return Imp.PatternFactory.new('text=a')


def analyzer():
    return Imp.PassAnalyzer()


def streams():
    return Gio.SimpleIOStream.new(Gio.MemoryInputStream.new(),
                                  Gio.MemoryOutputStream.new_resizable())


class Frames(Imp.Framer):
    pass


class Rewrites(Imp.Rewriter):
    pass


class Http(Imp.HttpAnalyzer):
    pass


def datagrams():
    socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM,
                            Gio.SocketProtocol.UDP)
    return Imp.DatagramRelay.new(socket, Gio.NetworkAddress.new('127.0.0.1', 9), pattern())


SAMPLES = {
    'Cascade': make_cascade,
    'DatagramRelay': datagrams,
    'Filter': lambda: Imp.Filter.new(analyzer()),
    'Framer': Frames,
    'HttpAnalyzer': Http,
    'IOStream': lambda: Imp.IOStream.new(streams(), analyzer(), Imp.Direction.FROM_SERVER),
    'Prover': lambda: Imp.Prover.new(pattern()),
    'Recorder': lambda: Imp.Recorder.new(tempfile.mkdtemp(prefix='imp-properties-')),
    'Recording': None,
    'Relay': lambda: Imp.Relay.new(streams(), streams(), analyzer()),
    'RemoteFactory': lambda: Imp.RemoteFactory.new(ADDRESS),
    'Rewriter': Rewrites,
    'Server': lambda: Imp.Server.new(pattern()),
    'Shadow': lambda: Imp.Shadow.new(analyzer()),
    'TypeFactory': lambda: Imp.TypeFactory.new(Imp.PassAnalyzer, Imp.DATA_TYPE_STREAM,
                                               Imp.ResultFlags.ALL),
    'FaultStream': lambda: Imp.FaultStream.new(streams(), 'chunk=9'),
}


def classes():
    namespace = ElementTree.parse(sys.argv[1]).getroot().find(CORE + 'namespace')
    return [(element.get('name'), {method.get('name') for method in element.findall(
        CORE + 'method')}) for element in namespace.findall(CORE + 'class')
        if element.find(CORE + 'property') is not None]


def own_properties(name):
    kind = getattr(Imp, name)
    return [spec for spec in kind.list_properties() if spec.owner_type == kind.__gtype__]


def is_setting(name, spec):
    return (name in SETTINGS or not spec.flags & GObject.ParamFlags.READABLE
            or name in ('Server', 'RemoteFactory') and spec.value_type in NUMBERS
            and spec.name != 'socket-mode')


def is_settable(spec):
    return (spec.flags & GObject.ParamFlags.WRITABLE
            and not spec.flags & GObject.ParamFlags.CONSTRUCT_ONLY)


def other_value(spec, value):
    """One that it may have as well."""
    if spec.value_type == GObject.TYPE_BOOLEAN:
        return not value
    if spec.value_type in NUMBERS or spec.value_type in (GObject.TYPE_INT, GObject.TYPE_INT64):
        return value + 1 if value < spec.maximum else value - 1
    if spec.value_type == GObject.TYPE_STRING:
        return {'balance': 'first', 'codec': 'json'}.get(spec.name, '/nothing/of/that/name')
    if spec.value_type == GObject.TYPE_STRV:
        return ['192.0.2.1'] if spec.name == 'proxy-from' else ['0']
    if GObject.type_is_a(spec.value_type, GObject.TYPE_ENUM):
        return next(each for each in type(value).__enum_values__.values() if each != value)
    return None


def test_all_have_functions():
    missing = []
    count = 0
    for name, methods in classes():
        for spec in own_properties(name):
            short = spec.name.replace('-', '_')
            if is_setting(name, spec):
                continue
            count += 1
            if f'get_{short}' not in methods:
                missing.append(f'{name}.get_{short}')
            if is_settable(spec) and f'set_{short}' not in methods:
                missing.append(f'{name}.set_{short}')
    equal(missing, [])
    equal(count > 100, True)


def test_all_notify_explicitly():
    equal([f'{name}:{spec.name}' for name, methods in classes() for spec in own_properties(name)
           if is_settable(spec) and not spec.flags & GObject.ParamFlags.EXPLICIT_NOTIFY], [])


def test_functions():
    """They give what the property has; the same value again is no change, another one is one."""
    changed = 0
    for name, methods in classes():
        if name in SETTINGS or SAMPLES[name] is None:
            continue
        sample = SAMPLES[name]()
        for spec in own_properties(name):
            if is_setting(name, spec):
                continue
            changed += check_property(name, sample, spec)
    equal(changed > 40, True)


def check_property(name, sample, spec):
    short = spec.name.replace('-', '_')
    get = getattr(sample, f'get_{short}')
    value = get()
    equal((name, spec.name, value or None),
          (name, spec.name, sample.get_property(spec.name) or None))
    if spec.value_type == GObject.TYPE_STRV:
        value = value or None  # which Python shows as an empty list
    if not is_settable(spec) or GObject.type_is_a(spec.value_type, GObject.TYPE_OBJECT):
        return 0
    heard = []
    handler = sample.connect(f'notify::{spec.name}', lambda *unused: heard.append(1))
    change = getattr(sample, f'set_{short}')
    change(value)
    equal((name, spec.name, heard), (name, spec.name, []))
    other = other_value(spec, value)
    change(other)
    equal((name, spec.name, heard, get()), (name, spec.name, [1], other))
    change(value)
    equal((name, spec.name, heard), (name, spec.name, [1, 1]))
    sample.disconnect(handler)
    return 1


def test_held_bytes():
    """It is told when it changes by itself."""
    class Waits(Imp.Analyzer):
        fed = 0

        def do_data(self, direction, data, offset, data_type):
            self.fed += data.get_size()
            if self.fed > 3:
                self.pass_bytes(direction, Imp.MAX_OFFSET)

    held = []
    sample = Imp.Filter.new(Waits())
    sample.set_output(lambda *unused: None)
    sample.connect('notify::held-bytes', lambda *unused: held.append(sample.get_held_bytes()))
    sample.push(Imp.Direction.FROM_CLIENT, GLib.Bytes.new(b'abc'), Imp.DATA_TYPE_STREAM)
    equal(held, [3])
    sample.push(Imp.Direction.FROM_CLIENT, GLib.Bytes.new(b'd'), Imp.DATA_TYPE_STREAM)
    equal(held, [3, 0])
    sample.push(Imp.Direction.FROM_CLIENT, GLib.Bytes.new(b'e'), Imp.DATA_TYPE_STREAM)
    equal(held, [3, 0])


def test_structs_have_room():
    """Public classes and interfaces can get more functions without becoming larger."""
    namespace = ElementTree.parse(sys.argv[1]).getroot().find(CORE + 'namespace')
    glib = '{http://www.gtk.org/introspection/glib/1.0}is-gtype-struct-for'
    structs = [(record.get('name'), [field.get('name') for field in record.findall(CORE + 'field')])
               for record in namespace.findall(CORE + 'record') if record.get(glib)]
    equal([name for name, fields in structs if len(fields) > 1 and fields[-1] != 'padding'], [])
    equal(sum(len(fields) > 1 for name, fields in structs) >= 7, True)


if __name__ == '__main__':
    tap.run(globals())
