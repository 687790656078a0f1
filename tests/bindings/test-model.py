# SPDX-License-Identifier: LGPL-2.1-or-later
"""The model from Python: data types, results, interfaces, analyzers, factories, settings."""

import sys

import tap
from tap import GLib, GObject, Imp, contains, equal, fails, raises, texts

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM


class Obedient(Imp.Analyzer):
    """Does what the data say."""

    def do_data(self, direction, data, offset, data_type):
        word = (data.get_data() or b'').decode()
        if word == 'raise':
            raise ValueError('bad thing')
        if word == 'bare':
            raise KeyError()
        if word == 'error':
            raise GLib.Error.new_literal(Imp.error_quark(), 'own words', int(Imp.Error.LIMIT))
        if word == 'false':
            return False
        if word == 'context':
            self.account('caddr', self.lookup_context('caddr'))
        self.account('word', f'{word}@{offset}')

    def do_busy(self, direction, busy):
        self.account('busy', f'{int(direction)} {busy}')

    def do_close(self):
        closed.append(self)


class Plain(Imp.Analyzer):
    """Keeps what it gets as plain bytes."""

    def __init__(self, **properties):
        super().__init__(**properties)
        self.seen = []

    def do_bytes(self, direction, data, offset, data_type):
        self.seen.append((direction, data, offset, data_type))


class Heir(Plain):
    """Hands on what it gets to its base."""

    def do_bytes(self, direction, data, offset, data_type):
        super().do_bytes(direction, data + b'!', offset, data_type)


class Quiet(Imp.Analyzer):
    """Implements nothing."""


class Configured(Imp.Factory):
    """Has settings, an interface, and makes what the context asks for."""

    word = GObject.Property(type=str, default='', nick='word', blurb='a word')
    number = GObject.Property(type=int, default=3, minimum=0, maximum=9)

    def do_list_interfaces(self):
        return [Imp.Interface.new(STREAM, Imp.ResultFlags.PASS | Imp.ResultFlags.LOG)]

    def do_ignores(self, context):
        if 'unsure' in context:
            raise KeyError('no rule')
        if 'boring' in context:
            return True
        # Nothing is returned: it is interested.

    def do_create_analyzer(self, context):
        if 'raise' in context:
            raise RuntimeError('no such thing')
        if 'none' in context:
            return None
        return Obedient() if 'interesting' in context else Imp.PassAnalyzer.new()


closed = []


def feed(word, context=None):
    """The answers to one chunk."""
    factory = Imp.TypeFactory.new(Obedient, STREAM, Imp.ResultFlags.ALL)
    analyzer = factory.create_analyzer(context or {})
    analyzer.data_bytes(CLIENT, word.encode(), 0, STREAM)
    return texts(analyzer.poll_results())


def test_constants():
    equal((Imp.DATA_TYPE_ANY, STREAM, Imp.DATA_TYPE_PACKET, Imp.MAX_OFFSET), (0, -1, 1, -1))
    equal((Imp.MAJOR_VERSION, Imp.MINOR_VERSION), (0, 2))
    assert Imp.MICRO_VERSION >= 0


def test_data_types():
    assert Imp.data_type_register('imp.test.python', -99)
    equal(Imp.data_type_get_name(-99), 'imp.test.python')
    equal(Imp.data_type_from_name('imp.test.python'), -99)
    equal((Imp.data_type_is_stream(-99), Imp.data_type_is_stream(99)), (True, False))
    contains(fails(Imp.Error.FAILED, Imp.data_type_register, 'imp.test.other', -99), '-99')


def test_result_types():
    equal(Imp.result_type_to_string(Imp.ResultType.TO_SENDER), 'to_sender')
    equal(Imp.result_type_from_string('to_sender'), Imp.ResultType.TO_SENDER)
    equal(Imp.result_type_to_flag(Imp.ResultType.DENY), Imp.ResultFlags.DENY)


def test_results():
    data = GLib.Bytes.new(b'a\0b')
    replace = Imp.Result.new_replace(CLIENT, 7, data)
    equal((replace.get_result_type(), replace.get_direction(), replace.has_direction()),
          (Imp.ResultType.REPLACE, CLIENT, True))
    equal((replace.get_offset(), replace.get_data().get_data()), (7, b'a\0b'))
    assert replace.equal(Imp.Result.new_replace(CLIENT, 7, data))
    assert not replace.equal(Imp.Result.new_replace(CLIENT, 8, data))
    equal(Imp.Result.new_pass(SERVER, Imp.MAX_OFFSET).get_offset(), -1)
    equal(Imp.Result.new_prepass(SERVER, 1 << 52).get_offset(), 1 << 52)
    equal(Imp.Result.new_replace_later(CLIENT, 1, 9).get_end_offset(), 9)
    equal(Imp.Result.new_want(CLIENT, 9).get_offset(), 9)
    equal(Imp.Result.new_to_sender(SERVER, data).get_data().get_data(), b'a\0b')
    pattern = Imp.Result.new_pass_pattern(CLIENT, 'a+b', 5)
    equal((pattern.get_pattern(), pattern.get_max_length()), ('a+b', 5))
    for result, kind in ((Imp.Result.new_drop(), 'DROP'), (Imp.Result.new_pause(CLIENT), 'PAUSE'),
                         (Imp.Result.new_continue(CLIENT), 'CONTINUE')):
        equal(result.get_result_type(), getattr(Imp.ResultType, kind))
    port = Imp.Result.new_port(Imp.ResultType.PORT_OPEN, CLIENT, 4)
    equal(port.get_result_type(), Imp.ResultType.PORT_OPEN)


def test_result_texts():
    log = Imp.Result.new_log(CLIENT, 1, 2, Imp.LogLevel.ALERT, 'grüß', {'k': 'v'})
    equal((log.get_length(), log.get_level(), log.get_message(), log.get_details()),
          (2, Imp.LogLevel.ALERT, 'grüß', {'k': 'v'}))
    deny = Imp.Result.new_deny(SERVER, 'no', None)
    equal((deny.get_message(), deny.get_details()), ('no', None))
    equal(Imp.Result.new_fatal('broken').get_message(), 'broken')
    field = Imp.Result.new_account_field('key', 'value')
    equal((field.get_key(), field.get_value(), field.has_direction()), ('key', 'value', False))


def test_interfaces():
    interface = Imp.Interface.new(STREAM, Imp.ResultFlags.PASS | Imp.ResultFlags.DENY)
    equal(interface.get_data_type(), STREAM)
    equal(interface.get_results(), Imp.ResultFlags.PASS | Imp.ResultFlags.DENY)
    equal((interface.allows(Imp.ResultType.DENY), interface.allows(Imp.ResultType.DROP)),
          (True, False))
    assert not interface.equal(Imp.Interface.new(STREAM, Imp.ResultFlags.PASS))
    contains(interface.to_string(), 'deny')


def test_shortcuts():
    analyzer = Imp.TypeFactory.new(Obedient, STREAM, Imp.ResultFlags.ALL).create_analyzer({})
    analyzer.data_bytes(CLIENT, b'0123456789', 0, STREAM)
    analyzer.data(SERVER, GLib.Bytes.new(b'abc'), 0, STREAM)
    analyzer.prepass_bytes(SERVER, 1)
    analyzer.pass_bytes(CLIENT, 2)
    analyzer.replace_bytes(CLIENT, 4, b'\xff\0')
    analyzer.replace_later(CLIENT, 4, 6)
    analyzer.send_back(SERVER, b'hello')
    analyzer.log(CLIENT, 0, 1, Imp.LogLevel.INFO, 'seen')
    analyzer.want(SERVER, 1)
    analyzer.pause(SERVER)
    analyzer.resume(SERVER)
    analyzer.add_result(Imp.Result.new_account_field('a', 'b'))
    analyzer.pass_pattern(SERVER, 'x+', 4)
    analyzer.deny(CLIENT, 'enough')
    kinds = [result.get_result_type().value_nick for result in analyzer.poll_results()]
    equal(kinds, ['account-field', 'account-field', 'prepass', 'pass', 'replace', 'replace-later',
                  'to-sender', 'log', 'want', 'pause', 'continue', 'account-field', 'pass-pattern',
                  'deny'])
    analyzer.pass_bytes(CLIENT, 10)
    equal(analyzer.poll_results(), [])
    for end in (lambda plugin: plugin.drop(), lambda plugin: plugin.fail('broken')):
        other = Quiet()
        end(other)
        equal(len(other.poll_results()), 1)


class Terse(Imp.Analyzer):
    """Answers what it is fed, and counts no offsets."""

    def do_data(self, direction, data, offset, data_type):
        if direction == CLIENT:
            self.replace_data((data.get_data() or b'').upper())
        else:
            self.pass_data()


def test_answers_to_input():
    analyzer = Terse()
    analyzer.data_bytes(CLIENT, b'abc', 0, STREAM)
    analyzer.data_bytes(SERVER, b'defg', 0, STREAM)
    analyzer.data_bytes(CLIENT, b'hi', 7, STREAM)
    results = analyzer.poll_results()
    equal(texts(results), ['replace dir=0 offset=3 data=3 bytes', 'pass dir=1 offset=4',
                           'replace dir=0 offset=9 data=2 bytes'])
    equal(results[0].get_data().get_data(), b'ABC')
    analyzer.pass_data()
    contains(texts(analyzer.poll_results())[0], 'pass_data() was called while nothing is being fed')


def test_callback():
    analyzer = Quiet()
    seen = []
    analyzer.account('early', 'one')
    analyzer.set_callback(lambda source, result: seen.append((source, result.get_key())))
    analyzer.account('late', 'one')
    equal(seen, [(analyzer, 'early'), (analyzer, 'late')])
    analyzer.set_callback(None)
    analyzer.account('waiting', 'one')
    equal(len(seen), 2)
    equal([result.get_key() for result in analyzer.poll_results()], ['waiting'])


def test_busy_and_close():
    analyzer = Obedient()
    analyzer.set_busy(CLIENT, True)
    analyzer.pass_bytes(CLIENT, Imp.MAX_OFFSET)
    equal([result.get_value() for result in analyzer.poll_results()], ['0 True'])
    analyzer.set_busy(CLIENT, False)
    equal(len(analyzer.poll_results()), 2)
    equal((analyzer.is_closed(), analyzer.get_interface()), (False, None))
    analyzer.close()
    equal((analyzer.is_closed(), closed.pop()), (True, analyzer))


def test_context():
    contains(feed('context', {'caddr': '10.0.0.1'})[0], '10.0.0.1')
    factory = Imp.TypeFactory.new(Quiet, STREAM, Imp.ResultFlags.ALL)
    analyzer = factory.create_analyzer({'a': 'b', 'ü': 'ö'})
    equal(analyzer.get_context(), {'a': 'b', 'ü': 'ö'})
    equal(analyzer.lookup_context('missing'), None)


def test_exceptions():
    equal(feed('raise'), ['fatal "ValueError: bad thing"'])
    equal(feed('bare'), ['fatal "KeyError"'])
    equal(feed('error'), ['fatal "own words"'])
    contains(feed('false')[0], 'failed without saying why')
    equal(feed('word'), ['account_field "word"="word@0"'])


def test_not_implemented():
    analyzer = Quiet()
    analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
    contains(texts(analyzer.poll_results())[0], 'fatal')


def test_plain_input():
    analyzer = Plain()
    analyzer.data_bytes(CLIENT, b'a\0b', 0, STREAM)
    analyzer.data(SERVER, GLib.Bytes.new(b'later'), 7, STREAM)
    analyzer.data_bytes(CLIENT, b'', 0, STREAM)
    equal(analyzer.seen, [(CLIENT, b'a\0b', 0, STREAM), (SERVER, b'later', 7, STREAM),
                          (CLIENT, b'', 0, STREAM)])
    heir = Heir()
    heir.data_bytes(CLIENT, b'mind', 3, STREAM)
    equal(heir.seen, [(CLIENT, b'mind!', 3, STREAM)])


def test_misspelt():
    def misspelt_data():
        class Wrong(Imp.Analyzer):
            def do_dta(self, direction, data, offset, data_type):
                pass
        return Wrong

    def misspelt_create():
        class Wrong(Imp.Factory):
            def do_create_analyzr(self, context):
                pass
        return Wrong

    def misspelt_decode():
        class Wrong(GObject.Object, Imp.Codec):
            def do_decod(self, data):
                pass
        return Wrong

    def far_off():
        class Wrong(Imp.Analyzer):
            def do_nothing_of_the_kind(self):
                pass
        return Wrong

    contains(str(raises(TypeError, misspelt_data)), 'do_data()')
    contains(str(raises(TypeError, misspelt_create)), 'do_create_analyzer()')
    contains(str(raises(TypeError, misspelt_decode)), 'do_decode()')
    contains(str(raises(TypeError, far_off)), 'there are do_busy, do_bytes, do_close')


def test_not_misspelt():
    class Signalling(Imp.Analyzer):
        __gsignals__ = {'my-signal': (GObject.SignalFlags.RUN_FIRST, None, ())}
        seen = ()

        @GObject.Signal
        def other(self):
            pass

        def do_my_signal(self):
            self.seen += ('my-signal',)

        def do_other(self):
            self.seen += ('other',)

        def do_notify(self, spec):
            pass

    plugin = Signalling()
    plugin.emit('my-signal')
    equal(plugin.seen, ('my-signal',))


def test_inheritance():
    class Louder(Obedient):
        def do_data(self, direction, data, offset, data_type):
            super().do_data(direction, data, offset, data_type)
            self.account('louder', 'yes')

    plugin = Louder()
    plugin.data_bytes(CLIENT, b'x', 0, STREAM)
    equal([result.get_key() for result in plugin.poll_results()], ['word', 'louder'])
    plugin = Louder()
    plugin.data_bytes(CLIENT, b'raise', 0, STREAM)
    equal(texts(plugin.poll_results()), ['fatal "ValueError: bad thing"'])


def test_factories():
    factory = Configured()
    equal([interface.get_data_type() for interface in factory.list_interfaces()], [STREAM])
    assert isinstance(factory.create_analyzer({}), Imp.PassAnalyzer)
    assert isinstance(factory.create_analyzer({'interesting': 'yes'}), Obedient)
    equal(fails(Imp.Error.FATAL, factory.create_analyzer, {'raise': 'yes'}),
          'RuntimeError: no such thing')
    contains(fails(Imp.Error.FAILED, factory.create_analyzer, {'none': 'yes'}), 'Configured')


def test_ignoring_factory():
    factory = Configured()
    assert factory.ignores({'boring': 'yes'})
    assert isinstance(factory.create_analyzer({'boring': 'yes', 'none': 'yes'}), Imp.PassAnalyzer)
    assert not factory.ignores({})
    assert not factory.ignores({'interesting': 'yes'})
    contains(fails(Imp.Error.FATAL, factory.ignores, {'unsure': 'yes'}), 'no rule')
    contains(fails(Imp.Error.FATAL, factory.create_analyzer, {'unsure': 'yes'}), 'no rule')


def test_interface_of_factory():
    factory = Configured()
    wanted = [Imp.Interface.new(Imp.DATA_TYPE_PACKET, Imp.ResultFlags.ALL),
              Imp.Interface.new(STREAM, Imp.ResultFlags.ALL)]
    matching = factory.match_interfaces(wanted)
    equal([interface.get_data_type() for interface in matching], [STREAM])
    bound = factory.set_interface(matching[0])
    analyzer = bound.create_analyzer({'interesting': 'yes'})
    assert analyzer.get_interface().equal(matching[0])
    fails(Imp.Error.UNSUPPORTED, factory.set_interface, wanted[0])


def test_interface_asked_for():
    loop = GLib.MainLoop()
    found = []

    def answered(factory, result):
        found.extend(factory.query_interfaces_finish(result))
        loop.quit()

    Configured().query_interfaces_async([Imp.Interface.new(STREAM, Imp.ResultFlags.ALL)], None,
                                        answered)
    loop.run()
    equal(len(found), 1)


class Ailing(Imp.Factory):
    """Is not well, and says so."""

    def do_list_statuses(self):
        return [Imp.FactoryStatus.new('heart', Imp.FactoryState.UP, None, 7, -1),
                Imp.FactoryStatus.new('head', Imp.FactoryState.RESTARTING, 'dizzy', 1500, 0)]


def statuses_asked_for(factory):
    loop = GLib.MainLoop()
    found = []

    def answered(source, result):
        found.extend(source.query_statuses_finish(result))
        loop.quit()

    factory.query_statuses_async(1000, None, answered)
    loop.run()
    return found


def test_statuses():
    for found in (Ailing().list_statuses(), statuses_asked_for(Ailing())):
        equal([status.get_name() for status in found], ['heart', 'head'])
        equal([status.get_state() for status in found],
              [Imp.FactoryState.UP, Imp.FactoryState.RESTARTING])
        equal([status.get_reason() for status in found], [None, 'dizzy'])
        equal([(status.get_since(), status.get_retry()) for status in found], [(7, -1), (1500, 0)])
        equal(found[1].to_string(), 'head: restarting for 1.5 s, being tried now: dizzy')
    factory = Configured()
    equal([status.get_state() for status in factory.list_statuses()], [Imp.FactoryState.UP])
    factory.fail('out of luck')
    status, = factory.list_statuses()
    equal((status.get_state(), status.get_reason()), (Imp.FactoryState.UNUSABLE, 'out of luck'))


def test_measurements():
    factory = Imp.TypeFactory.new(Quiet, STREAM, Imp.ResultFlags.ALL)
    equal(factory.get_measurements(), None)
    factory.set_measured(True)
    analyzer = factory.create_analyzer({})
    found = factory.get_measurements()
    equal((found['analyzers'], found['live-analyzers']), (1, 1))
    analyzer.close()


def test_settings():
    factory = Imp.Factory.new_from_settings(Configured, 'word=a%26b&number=7')
    equal((factory.word, factory.number), ('a&b', 7))
    equal(sorted(factory.get_settings().split('&')), ['number=7', 'word=a%26b'])
    message = fails(Imp.Error.SETTINGS, Imp.Factory.new_from_settings, Configured,
                    'wrod=a&number=77')
    contains(message, 'wrod')
    contains(message, '77')


def test_type_factory():
    factory = Imp.TypeFactory.new(Quiet, STREAM, Imp.ResultFlags.LOG)
    equal((factory.get_analyzer_type(), factory.get_data_type(), factory.get_results()),
          (Quiet.__gtype__, STREAM, Imp.ResultFlags.LOG))


if __name__ == '__main__':
    # The traceback of an exception is what the author of an analyzer wants, but not these tests.
    sys.excepthook = lambda kind, error, trace: None
    tap.run(globals())
