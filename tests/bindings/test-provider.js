/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those who hold the bytes, from JavaScript: filter, relay, streams with faults; and modules. */
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {Shout, shoutFactory} from './samples.js';
import {bytes, contains, equal, fails, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const STREAM = Imp.DATA_TYPE_STREAM;

const Silent = GObject.registerClass(class Silent extends Imp.Analyzer {
    vfunc_data() {}
});

/* The two ends of a connection. */
function connectedPair() {
    const listener = new Gio.SocketListener();
    const port = listener.add_any_inet_port(null);
    const near = new Gio.SocketClient().connect_to_host('127.0.0.1', port, null);
    const [far] = listener.accept(null);
    listener.close();
    return [near, far];
}

function readAll(stream) {
    const input = stream.get_input_stream();
    let heard = '';
    for (;;) {
        const part = text(input.read_bytes(100, null));
        if (part === '')
            return heard;
        heard += part;
    }
}

function iterateUntil(condition) {
    while (!condition())
        GLib.MainContext.default().iteration(true);
}

test('filter', () => {
    const analyzer = new Shout();
    const output = Imp.Filter.new(analyzer);
    const heard = [];
    output.set_output((source, direction, data, type) =>
        heard.push([direction, text(data), type]));
    equal(output.get_analyzer() === analyzer, true);
    output.push(CLIENT, bytes('hello'), STREAM);
    equal(heard, [[CLIENT, 'HELLO', STREAM]]);
    output.set_busy(CLIENT, true);
    output.push_bytes(CLIENT, 'busy', STREAM);
    equal([heard.length, output.get_held(CLIENT)], [1, 4]);
    output.set_busy(CLIENT, false);
    equal(heard[1], [CLIENT, 'BUSY', STREAM]);
});

test('limit of a filter', () => {
    const output = Imp.Filter.new(new Silent());
    output.set_output(() => {});
    output.set_max_held(10);
    equal(output.get_max_held(), 10);
    contains(fails(Imp.Error.LIMIT, () => output.push_bytes(CLIENT, 'x'.repeat(11), STREAM)),
        '10');
});

test('what a filter does not see', () => {
    const analyzer = new Silent();
    const output = Imp.Filter.new(analyzer);
    output.set_output(() => {});
    contains(fails(Imp.Error.UNSUPPORTED, () => output.skip(CLIENT, 5)), '5');
    analyzer.pass_bytes(CLIENT, Imp.MAX_OFFSET);
    equal(output.skip(CLIENT, 5), true);
    equal([output.get_input(CLIENT), output.get_passed(CLIENT)], [5, 5]);
    equal(output.get_n_verdicts(), output.get_statistics().deepUnpack().verdicts.deepUnpack());
});

test('statistics of a filter', () => {
    const analyzer = new Silent();
    const output = Imp.Filter.new(analyzer);
    output.set_output(() => {});
    output.max_log_size = 5;
    analyzer.log(CLIENT, 0, 0, Imp.LogLevel.INFO, 'hello');
    analyzer.send_back(CLIENT, 'abc');
    equal(output.get_statistics().recursiveUnpack(),
        {verdicts: 2, logs: 1, 'log-bytes': 5, exceeded: '', growth: [0, 3]});
    analyzer.account('too', 'long');
    contains(fails(Imp.Error.LIMIT, () => output.check()), 'max-log-size is 5');
    equal(output.get_statistics().recursiveUnpack().exceeded, 'max-log-size');
});

test('deadline of a filter', () => {
    const output = Imp.Filter.new(new Silent());
    const failures = [];
    output.connect('failed', (source, message) => failures.push(message));
    output.set_output(() => {});
    output.set_deadline(50);
    output.set_max_extensions(0);
    equal([output.get_deadline(), output.get_max_extensions(), output.get_hold_timeout()],
        [50, 0, 0]);
    output.push_bytes(CLIENT, 'word', STREAM);
    iterateUntil(() => failures.length > 0);
    contains(failures[0], 'Silent let 4 bytes from the client wait for more than 50 ms');
    contains(fails(Imp.Error.TIMEOUT, () => output.push_bytes(CLIENT, 'x', STREAM)), failures[0]);
});

test('hold timeout of a filter', () => {
    const analyzer = new Silent();
    const output = Imp.Filter.new(analyzer);
    const heard = [];
    output.set_output((source, direction, data) => heard.push(text(data)));
    output.set_hold_timeout(50);
    analyzer.pass_pattern(CLIENT, 'EVIL', 4);
    output.push_bytes(CLIENT, 'EV', STREAM);
    equal([heard, output.get_held(CLIENT)], [[], 2]);
    iterateUntil(() => heard.length > 0);
    equal([heard, output.check()], [['EV'], true]);
});

function loopbackSocket() {
    const socket = Gio.Socket.new(Gio.SocketFamily.IPV4, Gio.SocketType.DATAGRAM,
        Gio.SocketProtocol.DEFAULT);
    socket.bind(Gio.InetSocketAddress.new_from_string('127.0.0.1', 0), false);
    return socket;
}

test('relay of datagrams', () => {
    const [server, client] = [loopbackSocket(), loopbackSocket()];
    const factory = Imp.TypeFactory.new(Shout.$gtype, Imp.DATA_TYPE_PACKET, 0);
    const relay = Imp.DatagramRelay.new(loopbackSocket(), server.get_local_address(), factory);
    equal(relay.get_factory() === factory, true);
    equal(relay.get_server() === relay.server, true);
    const [ended, done] = [[], []];
    relay.connect('client-ended', (source, who, error) => ended.push([who.get_port(), error]));
    relay.run_async(null, (source, result) => done.push(source.run_finish(result)));
    client.connect(relay.get_socket().get_local_address(), null);
    client.send('to the server', null);
    iterateUntil(() => server.condition_check(GLib.IOCondition.IN) !== 0);
    equal(relay.get_n_clients(), 1);
    equal(relay.get_statistics().deepUnpack()['packets-to-server'].unpack(), 1);
    relay.hand_over();
    relay.stop();
    iterateUntil(() => done.length > 0);
    equal([done, ended], [[true], [[client.get_local_address().get_port(), null]]]);
});

test('relay', () => {
    const [client, clientStream] = connectedPair();
    const [server, serverStream] = connectedPair();
    const analyzer = new Shout();
    const relay = Imp.Relay.new(clientStream, serverStream, analyzer);
    equal([relay.get_client() === clientStream, relay.get_server() === serverStream,
        relay.get_analyzer() === analyzer], [true, true, true]);
    const done = [];
    relay.run_async(null, (source, result) => done.push(source.run_finish(result)));
    for (const [end, said] of [[client, 'to the server'], [server, 'to the client']]) {
        end.get_output_stream().write_all(said, null);
        end.get_socket().shutdown(false, true);
    }
    iterateUntil(() => done.length > 0);
    equal([done, readAll(server), readAll(client)], [[true], 'TO THE SERVER', 'to the client']);
    equal([relay.get_received(CLIENT), relay.get_sent(CLIENT), relay.get_queued(CLIENT)],
        [13, 13, 0]);
    equal(relay.get_filter().get_replaced(CLIENT), 13);
    equal(relay.get_progress().deepUnpack().state.unpack(), 'over');
});

test('relay that asks first', () => {
    const [client, clientStream] = connectedPair();
    const [server, serverStream] = connectedPair();
    const relay = Imp.Relay.new(clientStream, null, new Shout());
    equal(relay.get_server(), null);
    relay.prepare();
    relay.unread(new GLib.Bytes('to '));
    relay.set_server(serverStream);
    const done = [];
    relay.run_async(null, (source, result) => done.push(source.run_finish(result)));
    client.get_output_stream().write_all('the server', null);
    for (const end of [client, server])
        end.get_socket().shutdown(false, true);
    iterateUntil(() => done.length > 0);
    equal([done, readAll(server)], [[true], 'TO THE SERVER']);
});

test('stream', () => {
    const [other, base] = connectedPair();
    const analyzer = new Shout();
    const stream = Imp.IOStream.new(base, analyzer, CLIENT);
    equal([stream.get_base_stream() === base, stream.get_analyzer() === analyzer,
        stream.get_reads()], [true, true, CLIENT]);
    other.get_output_stream().write_all('to the server', null);
    equal(text(stream.get_input_stream().read_bytes(100, null)), 'TO THE SERVER');
    equal(stream.get_filter().get_replaced(CLIENT), 13);
    stream.get_output_stream().write_all('to the client', null);
    stream.close(null);
    equal(readAll(other), 'to the client');
});

test('stream that is denied', () => {
    const [other, base] = connectedPair();
    const analyzer = new Silent();
    const stream = Imp.IOStream.new(base, analyzer, CLIENT);
    other.get_output_stream().write_all('anything', null);
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        analyzer.deny(CLIENT, 'not that');
        return GLib.SOURCE_REMOVE;
    });
    contains(fails(Imp.Error.DENIED, () => stream.get_input_stream().read_bytes(100, null)),
        'not that');
    contains(fails(Imp.Error.DENIED, () => stream.get_output_stream().write_all('x', null)),
        'not that');
    contains(fails(Imp.Error.DENIED, () => stream.close(null)), 'not that');
});

test('faults', () => {
    const [near, far] = connectedPair();
    const faulty = Imp.FaultStream.new(near, 'chunk=1');
    equal([faulty.get_base_stream() === near, faulty.get_faults()], [true, 'chunk=1']);
    far.get_output_stream().write_all('abc', null);
    equal(text(faulty.get_input_stream().read_bytes(10, null)), 'a');
    equal(faulty.get_statistics() instanceof GLib.Variant, true);
    fails(Imp.Error.SETTINGS, () => Imp.FaultStream.new(near, 'no-such-fault=1'));
});

test('given streams', () => {
    const [near, far] = connectedPair();
    const server = Imp.Server.new(shoutFactory());
    server.add_stream(far);
    const remote = Imp.RemoteFactory.new_for_stream(near);
    const analyzer = remote.create_analyzer({});
    analyzer.data_bytes(CLIENT, 'hello', 0, STREAM);
    const results = [];
    iterateUntil(() => results.push(...analyzer.poll_results()) > 0);
    equal(text(results[0].get_data()), 'HELLO');
    remote.close();
    server.close();
});

test('pattern', () => {
    const factory = Imp.PatternFactory.new('string=wolf&action=replace&actdata=lamb');
    const output = Imp.Filter.new(factory.create_analyzer({}));
    let heard = '';
    output.set_output((source, direction, data) => {
        heard += text(data);
    });
    for (const chunk of ['a wo', 'lf came', ''])
        output.push_bytes(CLIENT, chunk, STREAM);
    equal(heard, 'a lamb came');
    contains(fails(Imp.Error.SETTINGS, () => Imp.PatternFactory.new('actoin=x')), 'actoin');
});

test('pinning', () => {
    const factory = new Imp.PinningFactory({ignore_order: true});
    equal(factory.add_rule(CLIENT, 4, 'a+b'), true);
    equal(factory.add_rule(Imp.Direction.FROM_SERVER, 1, 'x'), true);
    contains(fails(Imp.Error.SETTINGS, () => factory.add_rule(CLIENT, 9, 'a(')), 'a(');
    contains(factory.get_settings(), 'dir0=0&rxlen0=4&rx0=a%2Bb');
    const output = Imp.Filter.new(factory.create_analyzer({}));
    let heard = '';
    output.set_output((source, direction, data) => {
        heard += text(data);
    });
    for (const chunk of ['aa', 'b', 'c'])
        output.push_bytes(CLIENT, chunk, STREAM);
    equal(heard, 'aab');
    output.push_bytes(Imp.Direction.FROM_SERVER, 'x', STREAM);
    equal(heard.length, 5);
    contains(fails(Imp.Error.SETTINGS, () => Imp.PinningFactory.new('dir0=5')), 'dir0=5');
});

test('session log', () => {
    const factory = new Imp.SessionLogFactory({dir: '/tmp', format: Imp.SessionLogFormat.PCAP});
    equal(factory.get_settings(), 'dir=/tmp&format=pcap');
    contains(fails(Imp.Error.SETTINGS, () => Imp.SessionLogFactory.new('format=x')), 'bin or pcap');
});

// What the client says goes through the first one first.
test('cascade', () => {
    const cascade = Imp.Cascade.new([['wolf', 'fox'], ['fox', 'lamb']].map(([from, to]) =>
        Imp.PatternFactory.new(`string=${from}&action=replace&actdata=${to}`)));
    equal(cascade instanceof Imp.Cascade, true);
    equal(cascade.list_statuses().length, 2);
    const output = Imp.Filter.new(cascade.create_analyzer({}));
    const heard = ['', ''];
    output.set_output((source, direction, data) => {
        heard[direction] += text(data);
    });
    for (const direction of [0, 1]) {
        for (const chunk of ['a wo', 'lf came', ''])
            output.push_bytes(direction, chunk, STREAM);
    }
    equal(heard.join(), 'a lamb came,a fox came');
});

test('prover', () => {
    const prover = Imp.Prover.new(Imp.PatternFactory.new('string=bad&action=deny'));
    prover.random_trials = 50;
    prover.add_bytes(CLIENT, 'one bad word', STREAM);
    prover.add(Imp.Direction.FROM_SERVER, bytes('yes'), STREAM);
    equal(prover.run(), true);
    equal(prover.get_n_trials() > 3 << 11, true);
    equal(prover.get_n_chunks(), 0);
    equal(prover.get_chunk(0)[0], null);
    const silent = Imp.Prover.new(Imp.TypeFactory.new(Silent.$gtype, STREAM, 0));
    silent.timeout = 50;
    silent.add_bytes(CLIENT, 'x', STREAM);
    contains(fails(Imp.Error.FATAL, () => silent.run()), 'no verdict on 1 bytes');
});

test('modules', () => {
    equal(Imp.module_list().includes('pattern'), true);
    contains(Imp.module_describe('pattern'), 'actdata');
    contains(Imp.module_describe_with_defaults('pattern', null), 'actdata');
    const factory = Imp.module_new_factory('pattern=string=a&action=deny&actdata=no');
    equal(factory instanceof Imp.PatternFactory, true);
    fails(Imp.Error.SETTINGS, () => Imp.module_new_factory('no-such-module'));
    equal(Imp.module_new_factory_with_defaults('pattern=string=a', 'workers=2') instanceof
        Imp.PatternFactory, true);
});

test('module of this program', () => {
    const Own = GObject.registerClass({
        Properties: {limit: GObject.ParamSpec.int('limit', null, 'how much',
            GObject.ParamFlags.READWRITE, 1, 5, 3)},
    }, class Own extends Imp.Factory {});

    equal(Imp.module_register('own', Own.$gtype, 'is written in JavaScript'), true);
    contains(Imp.module_describe('own'), 'own: is written in JavaScript\n' +
        '  limit=a whole number from 1 to 5 (default: 3)\n      how much\n');
    const factory = Imp.module_new_factory('own=limit=4');
    equal(factory instanceof Own, true);
    equal(factory.limit, 4);
    fails(Imp.Error.SETTINGS, () => Imp.module_register('own', Own.$gtype, 'again'));
});

test('settings of analyzers', () => {
    const Set = GObject.registerClass({
        Properties: {limit: GObject.ParamSpec.int('limit', null, null,
            GObject.ParamFlags.READWRITE, 1, 5, 3)},
    }, class Set extends Imp.Analyzer {
        vfunc_data(direction) {
            this.deny(direction, `limit ${this.limit}`);
        }
    });

    contains(Imp.module_describe_settings(Set.$gtype), 'limit=a whole number');
    const make = settings => Imp.TypeFactory.new_from_settings(Set.$gtype, STREAM, 0, settings);
    const results = [];
    for (const settings of ['limit=4', '', 'limit=5']) {
        const analyzer = make(settings).create_analyzer({});
        analyzer.data_bytes(CLIENT, 'x', 0, STREAM);
        results.push(...analyzer.poll_results().map(result => result.get_message()));
    }
    equal(results.join(), 'limit 4,limit 3,limit 5');
    contains(fails(Imp.Error.SETTINGS, () => make('limit=6&x=1')),
        '"limit=6": limit must be a whole number from 1 to 5; "x=1"');
});

run();
