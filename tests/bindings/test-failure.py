# SPDX-License-Identifier: LGPL-2.1-or-later
"""What fails in a class or a function in Python never looks as if it agreed."""

import asyncio
import dataclasses
import functools
import sys
import threading

import tap
from tap import GLib, GObject, Imp, contains, equal, fails, raises, texts

CLIENT = Imp.Direction.FROM_CLIENT
STREAM = Imp.DATA_TYPE_STREAM
ALL = Imp.ResultFlags.ALL


class Agreeable(Imp.Analyzer):
    """Passes everything, unless something has kept it from being made."""

    def do_data(self, direction, data, offset, data_type):
        self.pass_bytes(direction, Imp.MAX_OFFSET)


def create(cls):
    return Imp.TypeFactory.new(cls, STREAM, ALL).create_analyzer({})


def feed(analyzer):
    analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
    return texts(analyzer.poll_results())


def assert_never_made(cls, *says):
    """Neither the library nor Python gets an analyzer from this class."""
    message = fails(Imp.Error.FATAL, create, cls)
    for text in (f'{cls.__name__}.__init__ failed: ', *says):
        contains(message, text)
    raises(BaseException, cls)


def test_constructor():
    class Late(Agreeable):
        def __init__(self):
            super().__init__()
            raise FileNotFoundError('no block list')

    class Early(Agreeable):
        def __init__(self):
            raise KeyError('early')

    class Wanting(Agreeable):
        def __init__(self, path):
            super().__init__()
            self.path = path

    class Heir(Late):
        pass

    class Wrapper(Late):
        def __init__(self):
            self.before = True
            super().__init__()

    class Cancelled(Agreeable):
        def __init__(self):
            super().__init__()
            raise asyncio.CancelledError('gone')

    assert_never_made(Late, 'FileNotFoundError: no block list')
    assert_never_made(Early, "KeyError: 'early'")
    assert_never_made(Wanting, 'TypeError', 'path')
    assert_never_made(Heir, 'FileNotFoundError')
    assert_never_made(Wrapper, 'FileNotFoundError')
    assert_never_made(Cancelled, 'CancelledError: gone')


def test_constructor_from_elsewhere():
    """One that comes from a base of plain Python, or is put there once the class is made."""
    class Mixin:
        def __init__(self, **properties):
            super().__init__(**properties)
            raise RuntimeError('in the mixin')

    class Mixed(Mixin, Agreeable):
        pass

    @dataclasses.dataclass(eq=False)
    class Data(Agreeable):
        words: list = dataclasses.field(default_factory=lambda: open('/nonexistent/words'))

        def __post_init__(self):
            super().__init__()

    class Patched(Agreeable):
        pass

    def patch(self):
        raise RuntimeError('patched')

    Patched.__init__ = patch
    assert_never_made(Mixed, 'in the mixin')
    assert_never_made(Data, '/nonexistent/words')
    assert_never_made(Patched, 'RuntimeError: patched')


def test_constructor_of_base():
    """A constructor that forgets that of its base has made nothing whole."""
    class Forgetful(Agreeable):
        def __init__(self):
            self.count = 0

    class Middle(Agreeable):
        def __init__(self):
            super().__init__()
            self.rules = ['one']

    class Bottom(Middle):
        def __init__(self):
            pass

    assert_never_made(Forgetful, 'super().__init__()')
    assert_never_made(Bottom, 'super().__init__()')
    raises(TypeError, Forgetful)

    class Whole(Middle):
        def __init__(self):
            super().__init__()
            self.rules.append('two')

    equal(feed(create(Whole)), ['pass dir=0 offset=max'])
    equal(Whole().rules, ['one', 'two'])


def test_own_verdict():
    """What an analyzer says while it is made is no error, unless it says that it fails."""
    class Refusing(Agreeable):
        def __init__(self):
            super().__init__()
            self.log(CLIENT, 0, 0, Imp.LogLevel.INFO, 'first')
            self.deny(CLIENT, 'not today')

    class Failing(Agreeable):
        def __init__(self):
            super().__init__()
            self.fail('own words')

    equal(texts(create(Refusing).poll_results())[1], 'deny dir=0 "not today"')
    equal(fails(Imp.Error.FATAL, create, Failing), 'own words')


def test_factory_constructor():
    class Broken(Imp.Factory):
        def __init__(self, **properties):
            super().__init__(**properties)
            raise OSError('no rules')

        def do_create_analyzer(self, context):
            return Imp.PassAnalyzer()

    contains(fails(Imp.Error.SETTINGS, Imp.Factory.new_from_settings, Broken, None),
             'Broken.__init__ failed: OSError: no rules')
    raises(OSError, Broken)


def assert_refused(body, *says, base='Imp.Analyzer'):
    namespace = {'Imp': Imp, 'GObject': GObject, 'functools': functools}
    error = raises(TypeError, exec, f'class Refused({base}):\n    {body}', namespace)
    for text in ('Refused.', *says):
        contains(str(error), text)


def test_nobody_runs_it():
    """Coroutines and generators are refused with the class."""
    for name in ('do_data', 'do_busy', 'do_close', '__init__'):
        assert_refused(f'async def {name}(self, *rest): pass', name, 'coroutine')
        assert_refused(f'def {name}(self, *rest): yield', name, 'generator')
        assert_refused(f'async def {name}(self, *rest): yield', name)
    for name in ('create_analyzer', 'list_interfaces', 'set_interface'):
        assert_refused(f'async def do_{name}(self, *rest): pass', name, base='Imp.Factory')
    for name in ('encode', 'decode', 'get_name'):
        assert_refused(f'def do_{name}(self, *rest): yield', name, base='GObject.Object, Imp.Codec')
    assert_refused('async def wait(self): pass\n    do_data = functools.partial(wait)', 'do_data')

    class Callable:
        async def __call__(self, *rest):
            pass

    raises(TypeError, type(Imp.Analyzer), 'Refused', (Imp.Analyzer,), {'do_data': Callable()})


def test_nobody_calls_it():
    assert_refused('def __new__(cls): return super().__new__(cls)', '__new__')
    assert_refused('def do_constructed(self): pass', 'do_constructed')
    assert_refused('def do_query_interfaces_async(self, *rest): pass', 'Python', base='Imp.Factory')


def test_one_input():
    """do_bytes() is called where do_data() is not there, so that nobody has both."""
    assert_refused('def do_data(self, *rest): pass\n    def do_bytes(self, *rest): pass',
                   'do_bytes')

    class Boxed(Imp.Analyzer):
        def do_data(self, direction, data, offset, data_type):
            pass

    def derive():
        class Both(Boxed):
            def do_bytes(self, direction, data, offset, data_type):
                pass

    contains(str(raises(TypeError, derive)), 'Both.do_bytes() would never be called')


def test_plain_input_fails():
    class Plain(Imp.Analyzer):
        answer = None

        def do_bytes(self, direction, data, offset, data_type):
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    async def later():
        pass

    for answer, said in ((ValueError('bad thing'), 'fatal "ValueError: bad thing"'),
                         (False, 'Plain.do_bytes() failed without saying why"'),
                         (later(), 'Plain.do_bytes() returned a coroutine')):
        Plain.answer = answer
        contains(feed(create(Plain))[0], said)
    for answer in (None, True):
        Plain.answer = answer
        equal(feed(create(Plain)), [])


def test_late_discovery():
    """What an ordinary function gets from a coroutine or a generator that it calls."""
    async def later():
        pass

    class Coroutine(Imp.Analyzer):
        def do_data(self, direction, data, offset, data_type):
            return later()

    class Generator(Imp.Analyzer):
        def do_data(self, direction, data, offset, data_type):
            return (number for number in range(3))

    class Busy(Imp.Analyzer):
        def do_data(self, *rest):
            pass

        def do_busy(self, direction, busy):
            return later()

    contains(feed(create(Coroutine))[0], 'Coroutine.do_data() returned a coroutine')
    contains(feed(create(Generator))[0], 'Generator.do_data() returned a generator')
    analyzer = create(Busy)
    analyzer.set_busy(CLIENT, True)
    contains(texts(analyzer.poll_results())[0], 'Busy.do_busy() returned a coroutine')


def test_odd_exceptions():
    class Mute(Exception):
        def __str__(self):
            raise RuntimeError('will not say')

    class Odd(Imp.Analyzer):
        error = None

        def do_data(self, direction, data, offset, data_type):
            raise self.error

    for error, said in ((Mute(), 'Mute'), (ValueError('a\0b'), 'ValueError: a\\0b'),
                        (ValueError('a\udcff'), 'ValueError: a\\udcff'),
                        (asyncio.CancelledError('x'), 'CancelledError: x'),
                        (GeneratorExit(), 'GeneratorExit')):
        Odd.error = error
        equal(feed(create(Odd)), [f'fatal "{said}"'])


def test_plain_bases():
    """A virtual function from a base of plain Python is called like one's own."""
    class Plain:
        def do_data(self, direction, data, offset, data_type):
            self.account('plain', 'yes')
            raise ValueError('in a plain base')

    class Mixed(Plain, Imp.Analyzer):
        pass

    class Heir(Mixed):
        pass

    for cls in (Mixed, Heir):
        equal(feed(create(cls)),
              ['account_field "plain"="yes"', 'fatal "ValueError: in a plain base"'])


def ask(factory):
    loop = GLib.MainLoop()
    found = []

    def answered(source, result):
        found.append(fails(Imp.Error.FATAL, source.query_interfaces_finish, result))
        loop.quit()

    factory.query_interfaces_async(None, None, answered)
    loop.run()
    return found[0]


class Failing(Imp.Factory):
    answer = None

    def do_list_interfaces(self):
        raise LookupError('no interfaces')

    def do_create_analyzer(self, context):
        return self.answer


def test_interfaces():
    """No interfaces are an answer; an exception is none."""
    interface = Imp.Interface.new(STREAM, ALL)
    reason = 'Failing.do_list_interfaces failed: LookupError: no interfaces'
    equal(fails(Imp.Error.FATAL, Failing().set_interface, interface), reason)
    equal(ask(Failing()), reason)
    factory = Failing()
    equal(factory.list_interfaces(), [])
    equal(fails(Imp.Error.FATAL, factory.create_analyzer, {}), reason)

    class Generating(Failing):
        def do_list_interfaces(self):
            return (item for item in ())

    contains(ask(Generating()), 'do_list_interfaces() returned a generator')

    class Naming(Failing):
        def do_list_interfaces(self):
            return 'imp.data.stream'

    contains(ask(Naming()), "'imp.data.stream'")


def test_statuses():
    """What fails while it is asked how it is, is not well."""
    class Raising(Imp.Factory):
        def do_list_statuses(self):
            raise LookupError('no statuses')

    class Naming(Imp.Factory):
        def do_list_statuses(self):
            return 'fine'

    raised = 'Raising.do_list_statuses failed: LookupError: no statuses'
    for factory, reason in ((Raising(), raised), (Naming(), "'fine'")):
        status, = factory.list_statuses()
        equal(status.get_state(), Imp.FactoryState.UNUSABLE)
        contains(status.get_reason(), reason)


def test_wrong_answers():
    for answer in (5, 'analyzer', Agreeable, object()):
        factory = Failing()
        factory.answer = answer
        contains(fails(Imp.Error.FATAL, factory.create_analyzer, {}), repr(answer)[:10])

    class Binding(Failing):
        def do_set_interface(self, interface):
            return interface

    contains(fails(Imp.Error.FATAL, Binding().set_interface, Imp.Interface.new(STREAM, ALL)),
             'no Imp.Factory')


def test_said_by_itself():
    factory = Failing()
    factory.fail('first')
    factory.fail('second')
    equal(fails(Imp.Error.FATAL, factory.create_analyzer, {}), 'first')


class Limited(Imp.Factory):
    other = GObject.Property(type=str, default='')

    @GObject.Property(type=int, default=1)
    def limit(self):
        raise RuntimeError('cannot be read')

    @limit.setter
    def limit(self, value):
        raise ValueError(f'{value} is too much')

    def do_create_analyzer(self, context):
        return Agreeable()


def test_properties():
    """A setting that is refused is an error; so is one that cannot be read."""
    message = fails(Imp.Error.SETTINGS, Imp.Factory.new_from_settings, Limited, 'other=x&limit=7')
    contains(message, 'Limited.limit (property) failed: ValueError: 7 is too much')
    factory = Limited()
    factory.set_property('limit', 8)
    contains(fails(Imp.Error.FATAL, factory.create_analyzer, {}), '8 is too much')
    factory = Limited()
    factory.get_property('limit')
    contains(fails(Imp.Error.FATAL, factory.create_analyzer, {}), 'cannot be read')


def test_assignment():
    """Whoever assigns a property in Python gets the exception, and may try again."""
    factory = Limited()
    contains(str(raises(ValueError, setattr, factory, 'limit', 9)), '9 is too much')
    contains(str(raises(RuntimeError, getattr, factory, 'limit')), 'cannot be read')
    equal(feed(factory.create_analyzer({})), ['pass dir=0 offset=max'])


def test_own_properties():
    """do_set_property() and do_get_property() as one's own."""
    class Own(Imp.Factory):
        __gproperties__ = {'word': (str, 'word', 'a word', '', GObject.ParamFlags.READWRITE)}

        def do_set_property(self, spec, value):
            raise ValueError(f'not {value}')

        def do_get_property(self, spec):
            raise ValueError('unreadable')

        def do_create_analyzer(self, context):
            return Agreeable()

    contains(fails(Imp.Error.SETTINGS, Imp.Factory.new_from_settings, Own, 'word=a'), 'not a')
    factory = Own()
    equal(factory.get_settings(), '')
    contains(fails(Imp.Error.FATAL, factory.create_analyzer, {}), 'unreadable')


def test_result_callback():
    """A verdict that its receiver could not use is lost, so that the analyzer ends."""
    seen = []

    def receive(analyzer, result, word, number):
        seen.append((result.to_string(), word, number))
        raise LookupError('nowhere to put it')

    analyzer = create(Agreeable)
    analyzer.set_callback(receive, 'word', 7)
    analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
    equal(seen[0], ('pass dir=0 offset=max', 'word', 7))
    equal(seen[1][0], f'fatal "{receive.__qualname__} failed: LookupError: nowhere to put it"')
    equal((len(seen), analyzer.is_closed()), (2, True))

    async def wait(analyzer, result):
        pass

    raises(TypeError, analyzer.set_callback, wait)
    raises(TypeError, analyzer.set_callback, 5)


def test_output():
    """Output that could not be written is lost, so that nothing may follow it."""
    class Twice(Imp.Analyzer):
        def do_data(self, direction, data, offset, data_type):
            self.pass_bytes(direction, 1)
            self.pass_bytes(direction, 2)
            self.pass_bytes(direction, Imp.MAX_OFFSET)

    written, failed = [], []

    def write(stream, direction, data, data_type, word):
        written.append((data.get_data(), word))
        raise BrokenPipeError('nobody reads')

    stream = Imp.Filter.new(create(Twice))
    stream.connect('failed', lambda source, message: failed.append(message))
    stream.set_output(write, 'word')
    reason = f'{write.__qualname__} failed: BrokenPipeError: nobody reads'
    equal(fails(Imp.Error.FAILED, stream.push_bytes, CLIENT, b'abc', STREAM), reason)
    equal(fails(Imp.Error.FAILED, stream.push_bytes, CLIENT, b'def', STREAM), reason)
    equal((written, failed), ([(b'a', 'word')], [reason]))
    assert stream.get_analyzer().is_closed()

    async def later(*rest):
        pass

    raises(TypeError, Imp.Filter.new(create(Twice)).set_output, later)
    stream = Imp.Filter.new(create(Twice))
    stream.set_output(lambda *rest: stream.fail('enough'))
    equal(fails(Imp.Error.FAILED, stream.push_bytes, CLIENT, b'abc', STREAM), 'enough')


def test_codec():
    class Nameless(GObject.Object, Imp.Codec):
        def do_get_name(self):
            raise ValueError('no name')

        def do_encode(self, message):
            return GLib.Bytes.new(b'x')

        def do_decode(self, data):
            return 5, 'six'

    class Textual(GObject.Object, Imp.Codec):
        def do_get_name(self):
            return 'textual'

        def do_encode(self, message):
            return 'text'

        def do_decode(self, data):
            return 5, 'six'

    ping = Imp.Message.new_ping(7)
    codec = Nameless()
    assert codec.encode(ping)
    contains(codec.get_name(), 'Nameless')
    reason = 'Nameless.do_get_name failed: ValueError: no name'
    contains(fails(Imp.Error.FATAL, codec.encode, ping), reason)
    contains(fails(Imp.Error.FATAL, codec.decode, GLib.Bytes.new(b'x')), reason)
    contains(fails(Imp.Error.FATAL, Textual().encode, ping), "'text'")
    contains(fails(Imp.Error.FAILED, Textual().decode, GLib.Bytes.new(b'x')), 'decode of the codec')


def test_threads():
    """Answers of other threads come to where the analyzer lives, also those that are wrong."""
    class Working(Imp.Analyzer):
        def do_data(self, direction, data, offset, data_type):
            offsets = [1, 2, -7] if data.get_data() == b'bad' else [1, 2, 3]
            threading.Thread(target=lambda: [self.pass_bytes(direction, offset)
                                             for offset in offsets]).start()

    context = GLib.MainContext.default()
    for data, last in ((b'abc', 'pass dir=0 offset=3'), (b'bad', 'fatal')):
        seen, threads = [], set()

        def receive(analyzer, result):
            seen.append(result.to_string())
            threads.add(threading.get_ident())

        analyzer = create(Working)
        analyzer.set_callback(receive)
        analyzer.data_bytes(CLIENT, data, 0, STREAM)
        while len(seen) < 3:
            context.iteration(True)
        equal(seen[:2], ['pass dir=0 offset=1', 'pass dir=0 offset=2'])
        contains(seen[2], last)
        equal(threads, {threading.get_ident()})
        analyzer.close()


def test_server():
    """An analyzer that could not be made passes nothing to whoever asks from elsewhere, either."""
    class Broken(Agreeable):
        def __init__(self):
            super().__init__()
            raise FileNotFoundError('no block list')

    server = Imp.Server.new(Imp.TypeFactory.new(Broken, STREAM, ALL))
    server.listen('127.0.0.1:0')
    remote = Imp.RemoteFactory.new(server.list_addresses()[0])
    analyzer = remote.create_analyzer({})
    analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
    while not (results := texts(analyzer.poll_results())):
        GLib.MainContext.default().iteration(True)
    equal(len(results), 1)
    contains(results[0], 'fatal')
    contains(results[0], 'Broken.__init__ failed: FileNotFoundError: no block list')
    remote.close()
    server.close()


if __name__ == '__main__':
    # The traceback of an exception is what the author of an analyzer wants, but not these tests.
    sys.excepthook = lambda kind, error, trace: None
    tap.run(globals())
