# SPDX-License-Identifier: LGPL-2.1-or-later
"""End to end from Python: test-remote.py SERVER-COMMAND...

Analyzers in another process, written in the language of the server, behind a filter in this one.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile

import samples
import tap
from tap import Gio, GLib, Imp, contains, equal

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM
CHUNKS = int(os.environ.get('IMP_TEST_CHUNKS', '200000'))
MOST_HELD = 1 << 20

folder = tempfile.mkdtemp(prefix='imp-test-')


class Served:
    """A server in another process."""

    def __init__(self, name, *arguments):
        address = os.path.join(folder, name)
        self.process = subprocess.Popen([*sys.argv[1:], address, *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline().decode().split()
        equal(line[:1], ['listening'])
        self.address = line[1]

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def iterate_until(condition, context=None):
    """Runs the loop until a condition holds, for some seconds at most."""
    late = []
    timer = GLib.timeout_source_new_seconds(60)
    timer.set_callback(lambda *unused: late.append(True))
    context = context or GLib.MainContext.default()
    timer.attach(context)
    while not condition():
        context.iteration(True)
        if late:
            raise AssertionError('nothing happened for a minute')
    timer.destroy()


def push_lines(analyzer, count):
    """Pushes lines through a filter, and gives what was said and what came out."""
    said, heard = [], []
    output = Imp.Filter.new(analyzer)
    output.set_output(lambda source, direction, data, data_type:
                      heard.append(data.get_data() or b''))
    for number in range(count):
        line = b'line %d\n' % number
        said.append(line)
        output.push_bytes(CLIENT, line, STREAM)
        if number % 100 == 0:
            iterate_until(lambda: output.get_held(CLIENT) < MOST_HELD
                          and not output.is_paused(CLIENT))
    output.push_bytes(CLIENT, b'', STREAM)
    iterate_until(lambda: output.is_finished(CLIENT))
    equal(output.get_input(CLIENT), len(b''.join(said)))
    equal(output.get_replaced(CLIENT), len(b''.join(said)))
    equal((output.get_passed(CLIENT), output.get_denied(CLIENT)), (0, 0))
    output.close()
    return b''.join(said), b''.join(heard)


def answers(analyzer, remote, chunk):
    """The answers to a chunk, without a main loop."""
    analyzer.data_bytes(CLIENT, chunk, 0, STREAM)
    results = []
    while not results:
        assert remote.wait(20000)
        results = analyzer.poll_results()
    return [result.to_string() for result in results]


def test_many_chunks():
    with Served('many') as served:
        remote = Imp.RemoteFactory.new(served.address)
        said, heard = push_lines(remote.create_analyzer({}), CHUNKS)
        equal(len(heard), len(said))
        assert heard == said.upper()
        statistics = remote.get_statistics().unpack()
        assert statistics, statistics
        remote.close()


def test_server_statistics():
    server = Imp.Server.new(Imp.TypeFactory.new(Imp.PassAnalyzer, STREAM, Imp.ResultFlags.PASS))
    statistics = server.get_statistics().unpack()
    refusals = statistics.pop('refusals')
    equal(statistics, {'live-connections': 0, 'live-analyzers': 0, 'live-handshakes': 0,
                       'memory': 0, 'handshakes': 0, 'held': 0,
                       'messages-in': 0, 'messages-out': 0, 'bytes-in': 0, 'bytes-out': 0,
                       'connections': 0, 'analyzers': 0})
    assert 'max-memory' in refusals and not any(refusals.values()), refusals
    server.close()


def test_json():
    with Served('json') as served:
        remote = Imp.RemoteFactory.new(served.address)
        remote.props.codec = 'json'
        said, heard = push_lines(remote.create_analyzer({}), 100)
        assert heard == said.upper()
        equal(remote.get_codec_name(), 'json')
        remote.close()


def test_connect():
    with Served('connect') as served:
        remote = Imp.RemoteFactory.new(served.address)
        done = []
        remote.connect_async(None, lambda source, result:
                             done.append(source.connect_finish(result)))
        iterate_until(lambda: done)
        equal((done, remote.get_state(), remote.get_version()),
              ([True], Imp.RemoteState.READY, 2))
        remote.close()
        equal(remote.props.state, Imp.RemoteState.CLOSED)


def test_interfaces():
    with Served('interfaces') as served:
        remote = Imp.RemoteFactory.new(served.address)
        found = []
        remote.query_interfaces_async(None, None, lambda source, result:
                                      found.append(source.query_interfaces_finish(result)))
        iterate_until(lambda: found)
        interface = found[0][0]
        assert interface.allows(Imp.ResultType.REPLACE)
        statuses = []
        remote.query_statuses_async(60000, None, lambda source, result:
                                    statuses.append(source.query_statuses_finish(result)))
        iterate_until(lambda: statuses)
        equal([status.get_state() for status in statuses[0]], [Imp.FactoryState.UP])
        bound = remote.set_interface(interface)
        said, heard = push_lines(bound.create_analyzer({}), 10)
        assert heard == said.upper()
        remote.close()


def test_exception():
    with Served('exception') as served:
        remote = Imp.RemoteFactory.new(served.address)
        analyzer = remote.create_analyzer({})
        contains(answers(analyzer, remote, b'raise')[0], 'fatal "')
        other = remote.create_analyzer({})
        equal(len(answers(other, remote, b'goes on')), 1)
        analyzer = remote.create_analyzer({})
        contains(answers(analyzer, remote, b'raise')[0], 'bad thing')
        remote.close()


def test_context():
    with Served('context') as served:
        remote = Imp.RemoteFactory.new(served.address)
        analyzer = remote.create_analyzer({'caddr': '10.1.2.3', 'app': 'grüß'})
        contains(answers(analyzer, remote, b'context')[0], '10.1.2.3')
        equal(analyzer.lookup_context('app'), 'grüß')
        remote.close()


def test_filter_fails():
    with Served('fails') as served:
        remote = Imp.RemoteFactory.new(served.address)
        output = Imp.Filter.new(remote.create_analyzer({}))
        output.set_output(lambda *unused: None)
        output.push_bytes(CLIENT, b'raise', STREAM)

        def failed():
            try:
                output.check()
            except GLib.Error as error:
                contains(error.message, 'bad thing')
                return True
            return False

        iterate_until(failed)
        equal(output.get_denied(CLIENT), 5)
        remote.close()


def test_server_dies():
    for fail, expected in ((Imp.FailMode.HARD, ['fatal']), (Imp.FailMode.SOFT, ['log', 'pass',
                                                                               'pass'])):
        with Served(f'dies-{int(fail)}') as served:
            remote = Imp.RemoteFactory.new(served.address)
            remote.props.fail = fail
            analyzer = remote.create_analyzer({})
            answers(analyzer, remote, b'hello')
            served.process.kill()
            results = []
            while len(results) < len(expected):
                remote.wait(20000)
                results += analyzer.poll_results()
            equal([result.to_string().split()[0] for result in results], expected)
            remote.close()


def test_own_codec():
    with Served('own-codec', 'backward') as served:
        remote = Imp.RemoteFactory.new(served.address)
        remote.use_codec(samples.Backward())
        said, heard = push_lines(remote.create_analyzer({}), 1000)
        assert heard == said.upper()
        equal(remote.get_codec_name(), 'backward')
        remote.close()


def test_one_process():
    context = GLib.MainContext.new()
    context.push_thread_default()
    try:
        server = Imp.Server.new(samples.shout_factory())
        events = []
        server.connect('connected', lambda *arguments: events.append('connected'))
        server.connect('disconnected', lambda *arguments: events.append('disconnected'))
        server.listen(os.path.join(folder, 'one-process'))
        remote = Imp.RemoteFactory.new(server.list_addresses()[0])
        analyzer = remote.create_analyzer({})
        analyzer.data(CLIENT, GLib.Bytes.new(b'hello'), 0, STREAM)
        results = []
        iterate_until(lambda: results.extend(analyzer.poll_results()) or results, context)
        equal(results[0].get_data().get_data(), b'HELLO')
        equal((server.get_n_connections(), server.get_n_analyzers()), (1, 1))
        equal(len(server.list_progress()), 1)
        analyzer.close()
        remote.close()
        iterate_until(lambda: 'disconnected' in events, context)
        stopped = []
        server.stop_async(None, lambda source, result:
                          stopped.append(source.stop_finish(result)))
        iterate_until(lambda: stopped, context)
        equal((events, stopped), (['connected', 'disconnected'], [True]))
    finally:
        context.pop_thread_default()


def test_server_that_changes():
    server = Imp.Server.new(samples.shout_factory())
    server.listen(os.path.join(folder, 'changes'))
    remote = Imp.RemoteFactory.new(server.list_addresses()[0])
    analyzer = remote.create_analyzer({})
    results = []

    def ask(text, offset):
        results.clear()
        analyzer.data(CLIENT, GLib.Bytes.new(text), offset, STREAM)
        iterate_until(lambda: results.extend(analyzer.poll_results()) or results)
        return results[0].get_data().get_data()

    equal(ask(b'hello', 0), b'HELLO')
    other = Imp.TypeFactory.new(Imp.PassAnalyzer, STREAM, Imp.ResultFlags.PASS)
    notified = []
    server.connect('notify::factory', lambda *unused: notified.append(server.props.factory))
    server.set_factory(other)
    equal(notified, [other])
    # What there is keeps its factory.
    equal(ask(b'again', 5), b'AGAIN')
    equal(server.unlisten(server.list_addresses()[0]), True)
    equal((server.list_addresses(), server.unlisten('@none')), ([], False))
    equal(ask(b'more', 10), b'MORE')
    analyzer.close()
    remote.close()
    server.close()


def listen(server, address, cancellable=None):
    """Listens without blocking; gives what came of it."""
    outcome = []

    def done(source, result):
        try:
            outcome.append(source.listen_finish(result))
        except GLib.Error as error:
            outcome.append(error)

    server.listen_async(address, cancellable, done)
    equal(outcome, [])
    iterate_until(lambda: outcome)
    return outcome[0]


def test_listening_without_blocking():
    server = Imp.Server.new(samples.shout_factory())
    path = os.path.join(folder, 'without-blocking')
    equal(listen(server, path), True)
    equal(server.list_addresses(), [path])
    equal(listen(server, 'localhost:0'), True)
    named = server.list_addresses()[1:]
    equal(len({address.rpartition(':')[2] for address in named}), 1)
    assert {address.rpartition(':')[0] for address in named} <= {'127.0.0.1', '[::1]'}, named
    for address in server.list_addresses():
        remote = Imp.RemoteFactory.new(address)
        said, heard = push_lines(remote.create_analyzer({}), 10)
        assert heard == said.upper()
        remote.close()

    other = Imp.Server.new(samples.shout_factory())
    for address in (path, 'localhost:' + named[0].rpartition(':')[2]):
        error = listen(other, address)
        assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.ADDRESS_IN_USE), error
        contains(error.message, address)
    error = listen(other, 'nowhere')
    assert error.matches(Imp.Error.quark(), Imp.Error.SETTINGS), error
    cancellable = Gio.Cancellable()
    cancellable.cancel()
    error = listen(other, 'localhost:0', cancellable)
    assert error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), error
    equal(other.list_addresses(), [])
    server.close()
    other.close()
    error = listen(other, 'localhost:0')
    assert error.matches(Imp.Error.quark(), Imp.Error.CLOSED), error


def test_given_streams():
    ours, theirs = socket.socketpair()
    server = Imp.Server.new(samples.shout_factory())
    streams = [Gio.Socket.new_from_fd(end.detach()).connection_factory_create_connection()
               for end in (ours, theirs)]
    server.add_stream(streams[1])
    remote = Imp.RemoteFactory.new_for_stream(streams[0])
    said, heard = push_lines(remote.create_analyzer({}), 10)
    assert heard == said.upper()
    remote.close()
    server.close()


def connect(address):
    """The error of a client that cannot connect, or None."""
    remote = Imp.RemoteFactory.new(address)
    outcomes = []

    def on_connected(source, result):
        try:
            source.connect_finish(result)
            outcomes.append(None)
        except GLib.Error as error:
            outcomes.append(error)

    remote.connect_async(None, on_connected)
    while not outcomes:
        GLib.MainContext.default().iteration(True)
    remote.close()
    return outcomes[0]


def test_authorize_func():
    server = Imp.Server.new(samples.shout_factory())
    path = os.path.join(folder, 'asked')
    server.listen(path)
    peers = []

    def authorize(_server, peer, answer):
        peers.append(peer)
        if answer is None:
            raise GLib.Error.new_literal(Imp.Error.quark(), 'not at night', Imp.Error.DENIED)
        return answer

    server.set_authorize_func(authorize, True)
    equal(connect(path), None)
    peer, = peers
    equal((peer.get_uid(), peer.get_gid(), peer.get_pid()), (os.getuid(), os.getgid(), os.getpid()))
    equal((peer.get_name(), peer.get_address()), (f'uid {os.getuid()}', None))
    assert peer.is_in_group(os.getgid()) and not peer.is_in_group(-1)
    equal(peer.get_certificate(), None)
    equal((peer.get_common_name(), peer.get_dns_names()), (None, []))
    server.set_authorize_func(authorize, False)
    contains(connect(path).message, 'does not allow uid')
    server.set_authorize_func(authorize, None)
    contains(connect(path).message, 'not at night')
    server.set_authorize_func(None)
    equal(connect(path), None)
    equal(server.get_statistics()['refusals']['denied'], 2)
    server.props.allow_uids = ['60000']
    contains(connect(path).message, 'is not allowed to connect')
    server.props.allow_gids = [str(os.getgid())]
    equal(connect(path), None)
    equal(server.props.allow_uids, ['60000'])
    equal(os.stat(path).st_mode & 0o777, 0o600)
    equal(server.props.socket_mode, 0o600)
    server.close()


class Doorman(Imp.Server):
    answer = True

    def do_authorize(self, peer):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_authorize_class():
    server = Doorman(factory=samples.shout_factory())
    path = os.path.join(folder, 'doorman')
    server.listen(path)
    equal(connect(path), None)
    for answer, text in ((False, 'does not allow'), (None, 'does not allow'),
                         (ValueError('no such guest'), 'no such guest')):
        server.answer = answer
        contains(connect(path).message, text)
    server.close()
    try:
        type('Typo', (Imp.Server,), {'do_autorize': lambda self, peer: True})
    except TypeError as error:
        contains(str(error), 'do_authorize')
    else:
        raise AssertionError('a method that is never called')


if __name__ == '__main__':
    try:
        sys.excepthook = lambda kind, error, trace: None
        tap.run(globals())
    finally:
        shutil.rmtree(folder)
