# SPDX-License-Identifier: LGPL-2.1-or-later
"""What makes the library feel at home in Python: comparing, printing, bytes, `with`, errors."""

import importlib
import os
import sys
import tempfile

import samples
import tap
from tap import GLib, GObject, Imp, contains, equal, fails, raises

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM


class Terse(Imp.Analyzer):
    """Counts nothing."""

    def do_bytes(self, direction, data, offset, data_type):
        self.replace_data(data.upper())


def test_results_compare():
    one = Imp.Result.new_pass(CLIENT, 5)
    equal(one, Imp.Result.new_pass(CLIENT, 5))
    assert one != Imp.Result.new_pass(CLIENT, 6)
    assert one != Imp.Result.new_prepass(CLIENT, 5)
    assert one != 'pass dir=0 offset=5'
    equal(len({one, Imp.Result.new_pass(CLIENT, 5), Imp.Result.new_pass(SERVER, 5)}), 2)
    assert one in [Imp.Result.new_drop(), Imp.Result.new_pass(CLIENT, 5)]
    equal(Imp.Interface.new(STREAM, Imp.ResultFlags.PASS),
          Imp.Interface.new(STREAM, Imp.ResultFlags.PASS))
    equal(Imp.Message.new_ping(7), Imp.Message.new_ping(7))
    assert Imp.Message.new_ping(7) != Imp.Message.new_pong(7)


def test_results_print():
    equal(repr(Imp.Result.new_pass(CLIENT, 5)), '<Imp.Result pass dir=0 offset=5>')
    equal(str(Imp.Result.new_deny(SERVER, 'no', None)), 'deny dir=1 "no"')
    contains(repr(Imp.Interface.new(STREAM, Imp.ResultFlags.PASS)), 'imp.data.stream: pass')
    contains(repr(Imp.Message.new_ping(7)), '<Imp.Message ')
    status = Imp.FactoryStatus.new('heart', Imp.FactoryState.UP, None, 7, -1)
    contains(repr(status), f'<Imp.FactoryStatus {status.to_string()}>')


def test_results_take_bytes():
    equal(Imp.Result.new_replace(CLIENT, 7, b'abc').get_data().get_data(), b'abc')
    equal(Imp.Result.new_to_sender(CLIENT, b'abc'),
          Imp.Result.new_to_sender(CLIENT, GLib.Bytes.new(b'abc')))


def test_data():
    analyzer = Terse()
    analyzer.data(CLIENT, b'one')
    analyzer.data(CLIENT, GLib.Bytes.new(b'two'))
    analyzer.data_bytes(CLIENT, b'three')
    analyzer.data(CLIENT, b'seen later', offset=100)
    equal(analyzer.poll_results(),
          [Imp.Result.new_replace(CLIENT, 3, b'ONE'), Imp.Result.new_replace(CLIENT, 6, b'TWO'),
           Imp.Result.new_replace(CLIENT, 11, b'THREE'),
           Imp.Result.new_replace(CLIENT, 110, b'SEEN LATER')])


def test_push():
    heard = []
    with Imp.Filter(analyzer=Terse()) as output:
        output.set_output(lambda source, direction, data, data_type:
                          heard.append((data.get_data(), data_type)))
        assert output.push(CLIENT, b'hello')
        assert output.push(CLIENT, GLib.Bytes.new(b'you'))
        assert output.push_bytes(CLIENT, b'there')
        assert output.push(SERVER, b'packet', Imp.DATA_TYPE_PACKET)
    equal(heard, [(b'HELLO', STREAM), (b'YOU', STREAM), (b'THERE', STREAM),
                  (b'PACKET', Imp.DATA_TYPE_PACKET)])


def test_type_factory_asks_the_class():
    class Packets(Imp.Analyzer):
        data_type = Imp.DATA_TYPE_PACKET
        results = Imp.ResultFlags.PASS

    for kind, expected in ((Packets, (Imp.DATA_TYPE_PACKET, Imp.ResultFlags.PASS)),
                           (Terse, (STREAM, Imp.ResultFlags.ALL))):
        factory = Imp.TypeFactory.new(kind)
        equal((factory.get_data_type(), factory.get_results()), expected)
    equal(Imp.TypeFactory.new(Packets, STREAM).get_data_type(), STREAM)


def test_with():
    with tempfile.TemporaryDirectory() as folder:
        with Imp.Server(factory=samples.shout_factory()) as server:
            server.listen(f'{folder}/socket')
            with Imp.RemoteFactory(address=f'{folder}/socket') as remote:
                with remote.create_analyzer({}) as analyzer:
                    assert not analyzer.is_closed()
                assert analyzer.is_closed()
            contains(str(remote.create_analyzer({}).poll_results()), 'closed')
        fails(Imp.Error.CLOSED, server.listen, f'{folder}/other')


def fail_within():
    with Terse() as analyzer:
        analyzers.append(analyzer)
        raise KeyError('lost')


analyzers = []


def test_with_and_exception():
    raises(KeyError, fail_within)
    assert analyzers.pop().is_closed()


def test_names_in_errors():
    class Wrong(Imp.Analyzer):
        def do_bytes(self, direction, data, offset, data_type):
            return False

        def do_busy(self, direction, busy):
            return False

    class Lazy(Imp.Rewriter):
        def do_match(self, direction, pattern, match, offset):
            return False

    analyzer = Wrong()
    analyzer.data(CLIENT, b'x')
    equal(str(analyzer.poll_results()[0]), 'fatal "Wrong.do_bytes() failed without saying why"')
    analyzer = Wrong()
    analyzer.set_busy(CLIENT, True)
    equal(str(analyzer.poll_results()[0]), 'fatal "Wrong.do_busy() failed without saying why"')
    analyzer = Lazy()
    analyzer.add_string(CLIENT, b'x')
    analyzer.data(CLIENT, b'x')
    contains(str(analyzer.poll_results()[0]), 'Lazy.do_match() failed without saying why')


def classes():
    """All types of objects of the library's own."""
    for name in dir(Imp):
        found = getattr(Imp, name)
        if isinstance(found, type) and issubclass(found, GObject.Object):
            yield found


def needed(cls):
    """The properties that its constructor in C cannot do without."""
    properties = {spec.name.replace('-', '_') for spec in cls.list_properties()
                  if spec.flags & (GObject.ParamFlags.CONSTRUCT_ONLY | GObject.ParamFlags.CONSTRUCT)
                  and (spec.value_type.is_a(GObject.TYPE_OBJECT)
                       or spec.value_type.is_a(GObject.TYPE_INTERFACE)
                       or spec.value_type == GObject.TYPE_GTYPE)}
    for base in cls.__mro__:
        for info in base.__info__.get_methods() if '__info__' in base.__dict__ else ():
            if info.is_constructor() and info.get_name() == 'new':
                return [argument.get_name() for argument in info.get_arguments()
                        if argument.get_name() in properties and not argument.may_be_null()]
    return []


def test_what_is_needed():
    refused = {}
    for cls in classes():
        if needed(cls):
            refused[cls.__name__] = str(raises(TypeError, cls))
            contains(refused[cls.__name__], f'{cls.__name__}() needs the property ')
    assert {'Filter', 'Relay', 'Server', 'Shadow', 'TypeFactory'} <= set(refused), refused
    contains(str(raises(TypeError, Imp.IOStream)), 'base_stream')
    contains(str(raises(TypeError, Imp.RemoteFactory)), 'address or addresses or stream')
    contains(str(raises(TypeError, lambda: Imp.Filter(analyzer=None))), 'analyzer')

    class Guarded(Imp.Server):
        pass

    contains(str(raises(TypeError, Guarded)), 'Guarded() needs the property factory')
    Guarded(factory=samples.shout_factory()).close()


def test_errors_are_codes():
    contains(str(raises(TypeError, Imp.Error, 'words')), 'GLib.Error')
    equal(Imp.Error(9), Imp.Error.DENIED)
    assert not issubclass(Imp.Error, BaseException)
    contains(Imp.Error.__doc__, 'error.matches(Imp.error_quark(), Imp.Error.DENIED)')
    try:
        Imp.RemoteFactory.new('no:such:address')
    except GLib.Error as error:
        assert error.matches(Imp.error_quark(), Imp.Error.SETTINGS), error
        assert not error.matches(Imp.error_quark(), Imp.Error.DENIED), error
    else:
        raise AssertionError('a wrong address was taken')


def test_asyncio():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'examples')
    sys.path.insert(0, path)
    judge = importlib.import_module('judge')
    said = [f'word {number};'.encode() for number in range(5)]
    heard = []
    with Imp.Filter(analyzer=judge.Judge()) as output:
        output.set_output(lambda source, direction, data, data_type: heard.append(data.get_data()))
        for word in said:
            output.push(SERVER, word)
        while len(b''.join(heard)) < len(b''.join(said)):
            GLib.MainContext.default().iteration(True)
        equal(b''.join(heard), b''.join(said))
        output.push(SERVER, b'a secret')
        contains(fails(Imp.Error.DENIED, iterate_until_it_fails, output), 'a secret')


def iterate_until_it_fails(output):
    while output.check():
        GLib.MainContext.default().iteration(True)


if __name__ == '__main__':
    tap.run(globals())
