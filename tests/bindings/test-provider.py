# SPDX-License-Identifier: LGPL-2.1-or-later
"""Those who hold the bytes, from Python: filter, relay, streams with faults; and modules."""

import select
import socket
import tempfile

import samples
import tap
from tap import Gio, GLib, GObject, Imp, contains, equal, fails

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM
SCRIPT = '''
from gi.repository import Imp

class Script(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        self.account('script', 'ran')
'''


def connected_pair():
    """A stream of the library's, and the socket at its other end."""
    ours, theirs = socket.socketpair()
    stream = Gio.Socket.new_from_fd(ours.detach()).connection_factory_create_connection()
    return stream, theirs


def test_filter():
    analyzer = samples.Shout()
    output = Imp.Filter.new(analyzer)
    heard = []
    output.set_output(lambda source, direction, data, data_type:
                      heard.append((direction, data.get_data(), data_type)))
    equal(output.get_analyzer(), analyzer)
    assert output.push(CLIENT, GLib.Bytes.new(b'hello'), STREAM)
    equal(heard, [(CLIENT, b'HELLO', STREAM)])
    output.set_busy(CLIENT, True)
    output.push_bytes(CLIENT, b'busy', STREAM)
    equal((len(heard), output.get_held(CLIENT)), (1, 4))
    output.set_busy(CLIENT, False)
    equal(heard[1:], [(CLIENT, b'BUSY', STREAM)])


def test_filter_limit():
    output = Imp.Filter.new(Imp.TypeFactory.new(Silent, STREAM, 0).create_analyzer({}))
    output.set_output(lambda *unused: None)
    output.set_max_held(10)
    equal(output.get_max_held(), 10)
    contains(fails(Imp.Error.LIMIT, output.push_bytes, CLIENT, b'x' * 11, STREAM), '10')


def test_filter_statistics():
    analyzer = Silent()
    output = Imp.Filter.new(analyzer)
    output.set_output(lambda *unused: None)
    output.props.max_log_size = 5
    analyzer.log(CLIENT, 0, 0, Imp.LogLevel.INFO, 'hello')
    analyzer.send_back(CLIENT, b'abc')
    equal(output.get_statistics().unpack(),
          {'verdicts': 2, 'logs': 1, 'log-bytes': 5, 'growth': [0, 3], 'exceeded': ''})
    analyzer.account('too', 'long')
    contains(fails(Imp.Error.LIMIT, output.check), 'max-log-size is 5')
    equal(output.get_statistics()['exceeded'], 'max-log-size')


def test_filter_skip():
    analyzer = Silent()
    output = Imp.Filter.new(analyzer)
    output.set_output(lambda *unused: None)
    contains(fails(Imp.Error.UNSUPPORTED, output.skip, CLIENT, 5), '5')
    analyzer.pass_bytes(CLIENT, Imp.MAX_OFFSET)
    equal(output.skip(CLIENT, 5), True)
    equal((output.get_input(CLIENT), output.get_passed(CLIENT)), (5, 5))
    equal(output.get_n_verdicts(), output.get_statistics().unpack()['verdicts'])


def iterate_until(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


def test_filter_deadline():
    output = Imp.Filter.new(Silent())
    failures = []
    output.connect('failed', lambda source, message: failures.append(message))
    output.set_output(lambda *unused: None)
    output.set_deadline(50)
    output.set_max_extensions(0)
    equal((output.get_deadline(), output.get_max_extensions(), output.get_hold_timeout()),
          (50, 0, 0))
    assert output.push_bytes(CLIENT, b'word', STREAM)
    iterate_until(lambda: failures)
    contains(failures[0], 'Silent let 4 bytes from the client wait for more than 50 ms')
    contains(fails(Imp.Error.TIMEOUT, output.push_bytes, CLIENT, b'x', STREAM), failures[0])


def test_filter_hold_timeout():
    analyzer = Silent()
    output = Imp.Filter.new(analyzer)
    heard = []
    output.set_output(lambda source, direction, data, data_type: heard.append(data.get_data()))
    output.set_hold_timeout(50)
    analyzer.pass_pattern(CLIENT, 'EVIL', 4)
    assert output.push_bytes(CLIENT, b'EV', STREAM)
    equal((heard, output.get_held(CLIENT)), ([], 2))
    iterate_until(lambda: heard)
    equal((heard, output.check()), ([b'EV'], True))


class Silent(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        pass


def receive(sock):
    """The next datagram and where it is from, while the main loop runs."""
    iterate_until(lambda: select.select([sock], [], [], 0)[0])
    return sock.recvfrom(100)


def test_datagram_relay():
    server, client = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
    server.bind(('127.0.0.1', 0))
    listener = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM,
                              Gio.SocketProtocol.DEFAULT)
    listener.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 0), False)
    target = Gio.InetSocketAddress.new_from_string(*server.getsockname())
    factory = Imp.TypeFactory.new(samples.Shout, Imp.DATA_TYPE_PACKET, 0)
    relay = Imp.DatagramRelay.new(listener, target, factory)
    equal((relay.get_factory(), relay.get_server()), (factory, target))
    ended, done = [], []
    relay.connect('client-ended', lambda source, who, error: ended.append((who.get_port(), error)))
    relay.run_async(None, lambda source, result: done.append(source.run_finish(result)))
    client.connect(('127.0.0.1', relay.get_socket().get_local_address().get_port()))
    client.send(b'to the server')
    request, relayed = receive(server)
    equal((request, relay.get_n_clients()), (b'TO THE SERVER', 1))
    server.sendto(b'to the client', relayed)
    equal(receive(client)[0], b'to the client')
    equal(relay.get_statistics()['packets-to-clients'], 1)
    relay.hand_over()
    relay.stop()
    iterate_until(lambda: done)
    equal((done, ended), ([True], [(client.getsockname()[1], None)]))


def test_relay():
    client_stream, client = connected_pair()
    server_stream, server = connected_pair()
    analyzer = samples.Shout()
    relay = Imp.Relay.new(client_stream, server_stream, analyzer)
    equal((relay.get_client(), relay.get_server(), relay.get_analyzer()),
          (client_stream, server_stream, analyzer))
    loop = GLib.MainLoop()
    done = []

    def finished(source, result):
        done.append(source.run_finish(result))
        loop.quit()

    relay.run_async(None, finished)
    client.sendall(b'to the server')
    client.shutdown(socket.SHUT_WR)
    server.sendall(b'to the client')
    server.shutdown(socket.SHUT_WR)
    loop.run()
    equal((done, server.recv(100), client.recv(100)), ([True], b'TO THE SERVER', b'to the client'))
    equal((relay.get_received(CLIENT), relay.get_sent(CLIENT), relay.get_queued(CLIENT)),
          (13, 13, 0))
    equal(relay.get_filter().get_replaced(CLIENT), 13)
    equal(relay.get_progress()['state'], 'over')


def test_relay_that_asks_first():
    client_stream, client = connected_pair()
    server_stream, server = connected_pair()
    analyzer = samples.Shout()
    relay = Imp.Relay.new(client_stream, None, analyzer)
    equal(relay.get_server(), None)
    relay.prepare()
    analyzer.pause(CLIENT)
    equal(relay.get_filter().is_paused(CLIENT), True)
    analyzer.resume(CLIENT)
    relay.unread(GLib.Bytes.new(b'to '))
    relay.set_server(server_stream)
    loop = GLib.MainLoop()
    relay.run_async(None, lambda source, result: (source.run_finish(result), loop.quit()))
    client.sendall(b'the server')
    client.shutdown(socket.SHUT_WR)
    server.shutdown(socket.SHUT_WR)
    loop.run()
    equal(server.recv(100), b'TO THE SERVER')


def test_io_stream():
    base, other = connected_pair()
    analyzer = samples.Shout()
    stream = Imp.IOStream.new(base, analyzer, CLIENT)
    equal((stream.get_base_stream(), stream.get_analyzer(), stream.get_reads()),
          (base, analyzer, CLIENT))
    other.sendall(b'to the server')
    equal(stream.get_input_stream().read_bytes(100, None).get_data(), b'TO THE SERVER')
    equal(stream.get_filter().get_replaced(CLIENT), 13)
    stream.get_output_stream().write_all(b'to the client', None)
    equal(other.recv(100), b'to the client')
    stream.close(None)
    equal(other.recv(100), b'')
    other.close()


def test_io_stream_denied():
    base, other = connected_pair()
    analyzer = Silent()
    stream = Imp.IOStream.new(base, analyzer, CLIENT)
    other.sendall(b'anything')
    GLib.idle_add(analyzer.deny, CLIENT, 'not that')
    contains(fails(Imp.Error.DENIED, stream.get_input_stream().read_bytes, 100, None), 'not that')
    contains(fails(Imp.Error.DENIED, stream.get_output_stream().write_all, b'x', None), 'not that')
    contains(fails(Imp.Error.DENIED, stream.close, None), 'not that')
    other.close()


def test_faults():
    stream, other = connected_pair()
    faulty = Imp.FaultStream.new(stream, 'chunk=1')
    equal((faulty.get_base_stream(), faulty.get_faults()), (stream, 'chunk=1'))
    other.sendall(b'abc')
    equal(faulty.get_input_stream().read_bytes(10, None).get_data(), b'a')
    assert faulty.get_statistics().unpack()
    fails(Imp.Error.SETTINGS, Imp.FaultStream.new, stream, 'no-such-fault=1')
    other.close()


def test_pattern():
    factory = Imp.PatternFactory.new('string=wolf&action=replace&actdata=lamb')
    output = Imp.Filter.new(factory.create_analyzer({}))
    heard = []
    output.set_output(lambda source, direction, data, data_type:
                      heard.append(data.get_data() or b''))
    for chunk in (b'a wo', b'lf came', b''):
        output.push_bytes(CLIENT, chunk, STREAM)
    equal(b''.join(heard), b'a lamb came')
    contains(fails(Imp.Error.SETTINGS, Imp.PatternFactory.new, 'actoin=x'), 'actoin')


def test_pinning():
    factory = Imp.PinningFactory(allow_dup=True)
    assert factory.add_rule(SERVER, 255, r'SSH-2\.0-.*\n')
    assert factory.add_rule(CLIENT, 255, r'SSH-2\.0-.*\n')
    contains(fails(Imp.Error.SETTINGS, factory.add_rule, CLIENT, 9, 'a('), 'a(')
    contains(factory.get_settings(), 'dir0=1&rxlen0=255&rx0=SSH-2')
    output = Imp.Filter.new(factory.create_analyzer({}))
    heard = []
    output.set_output(lambda source, direction, data, data_type:
                      heard.append(data.get_data() or b''))
    for direction, chunk in ((SERVER, b'SSH-2.0-a\n'), (CLIENT, b'SSH-2.0'), (CLIENT, b'-b\n'),
                             (CLIENT, b'rest')):
        output.push_bytes(direction, chunk, STREAM)
    equal(b''.join(heard), b'SSH-2.0-a\nSSH-2.0-b\nrest')
    contains(fails(Imp.Error.SETTINGS, Imp.PinningFactory.new, 'dir0=5'), 'dir0=5')
    fails(Imp.Error.SETTINGS, factory.add_rule, CLIENT, 9, 'a')


def test_session_log():
    with tempfile.TemporaryDirectory() as folder:
        factory = Imp.SessionLogFactory.new(f'dir={folder}')
        analyzer = factory.create_analyzer({'caddr': '192.0.2.1', 'cport': '7'})
        results = analyzer.poll_results()
        equal([result.get_result_type() for result in results],
              [Imp.ResultType.PREPASS, Imp.ResultType.PREPASS, Imp.ResultType.ACCOUNT_FIELD])
        contains(results[2].get_value(), f'{folder}/')
        contains(results[2].get_value(), '-192.0.2.1.7-unknown.unknown-')
        contains(fails(Imp.Error.SETTINGS, Imp.SessionLogFactory.new, 'format=x'), 'bin or pcap')


def test_cascade():
    """What the client says goes through the first one first."""
    cascade = Imp.Cascade.new([Imp.PatternFactory.new(f'string={a}&action=replace&actdata={b}')
                               for a, b in (('wolf', 'fox'), ('fox', 'lamb'))])
    equal(type(cascade), Imp.Cascade)
    equal(len(cascade.list_statuses()), 2)
    output = Imp.Filter.new(cascade.create_analyzer({}))
    heard = {0: b'', 1: b''}

    def hear(source, direction, data, data_type):
        heard[direction] += data.get_data() or b''

    output.set_output(hear)
    for direction in (0, 1):
        for chunk in (b'a wo', b'lf came', b''):
            output.push_bytes(direction, chunk, STREAM)
    equal(heard, {0: b'a lamb came', 1: b'a fox came'})


def test_prover():
    class Naive(Imp.Analyzer):
        def __init__(self):
            super().__init__()
            self.fed = [0, 0]

        def do_bytes(self, direction, data, offset, data_type):
            self.fed[direction] += len(data)
            if b'bad' in data:
                self.deny(direction, 'bad word')
            else:
                self.pass_bytes(direction, self.fed[direction])

    prover = Imp.Prover.new(Imp.TypeFactory.new(Naive, STREAM, Imp.ResultFlags.ALL))
    prover.props.random_trials = 20
    prover.add_bytes(CLIENT, b'one bad word', STREAM)
    prover.add(SERVER, GLib.Bytes.new(b'yes'), STREAM)
    contains(fails(Imp.Error.FAILED, prover.run), 'denied: "bad word"')
    chunks = [prover.get_chunk(i) for i in range(prover.get_n_chunks())]
    equal(b''.join(data.get_data() or b'' for data, direction, _ in chunks
                   if direction == CLIENT), b'bad')
    prover = Imp.Prover.new(Imp.PatternFactory.new('string=bad&action=deny'))
    prover.add_bytes(CLIENT, b'one bad word', STREAM)
    assert prover.run()
    assert prover.get_n_trials() > 1 << 11


def test_modules():
    assert 'pattern' in Imp.module_list()
    contains(Imp.module_describe('pattern'), 'actdata')
    contains(Imp.module_describe_with_defaults('pattern', None), 'actdata')
    factory = Imp.module_new_factory('pattern=string=a&action=deny&actdata=no')
    equal(type(factory), Imp.PatternFactory)
    fails(Imp.Error.SETTINGS, Imp.module_new_factory, 'no-such-module')
    equal(type(Imp.module_new_factory_with_defaults('pattern=string=a', 'workers=2')),
          Imp.PatternFactory)


def test_module_of_this_program():
    class Own(Imp.Factory):
        limit = GObject.Property(type=int, default=3, minimum=1, maximum=5, blurb='how much')

    assert Imp.module_register('own', Own.__gtype__, 'is written in Python')
    equal(Imp.module_describe('own').splitlines(),
          ['own: is written in Python', '  limit=a whole number from 1 to 5 (default: 3)',
           '      how much'])
    factory = Imp.module_new_factory('own=limit=4')
    equal((type(factory), factory.limit), (Own, 4))
    fails(Imp.Error.SETTINGS, Imp.module_register, 'own', Own.__gtype__, 'again')


def test_settings_of_analyzers():
    class Set(Imp.Analyzer):
        limit = GObject.Property(type=int, default=3, minimum=1, maximum=5)

        def do_data(self, direction, data, offset, data_type):
            self.deny(direction, f'limit {self.limit}')

    contains(Imp.module_describe_settings(Set.__gtype__), 'limit=a whole number')
    make = Imp.TypeFactory.new_from_settings
    results = []
    for text in ('limit=4', '', 'limit=5'):
        analyzer = make(Set.__gtype__, STREAM, 0, text).create_analyzer({})
        analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
        results += [result.get_message() for result in analyzer.poll_results()]
    equal(results, ['limit 4', 'limit 3', 'limit 5'])
    contains(fails(Imp.Error.SETTINGS, make, Set.__gtype__, STREAM, 0, 'limit=6&x=1'),
             '"limit=6": limit must be a whole number from 1 to 5; "x=1"')


def test_script_module():
    with tempfile.NamedTemporaryFile('w', suffix='.py', prefix='imp-test-') as script:
        script.write(SCRIPT)
        script.flush()
        factory = Imp.module_new_factory(script.name)
        analyzer = factory.create_analyzer({})
        analyzer.data_bytes(CLIENT, b'x', 0, STREAM)
        results = []
        while not results:
            GLib.MainContext.default().iteration(True)
            results = analyzer.poll_results()
        equal(results[0].to_string(), 'account_field "script"="ran"')


if __name__ == '__main__':
    tap.run(globals())
