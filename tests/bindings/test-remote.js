/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* End to end from JavaScript: test-remote.js SERVER-COMMAND...
 *
 * Analyzers in another process, written in the language of the server, behind a filter in this one.
 */
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {Backward, shoutFactory} from './samples.js';
import {bytes, contains, equal, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const STREAM = Imp.DATA_TYPE_STREAM;
const CHUNKS = Number(GLib.getenv('IMP_TEST_CHUNKS') ?? 200000);
const MOST_HELD = 1 << 20;

const folder = GLib.dir_make_tmp('imp-test-XXXXXX');

/* Calls a function with the address of a server in another process. */
async function withServer(name, func, ...args) {
    const address = GLib.build_filenamev([folder, name]);
    const process = Gio.Subprocess.new([...ARGV, address, ...args],
        Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE |
        Gio.SubprocessFlags.STDERR_SILENCE);
    const output = Gio.DataInputStream.new(process.get_stdout_pipe());
    const [line] = output.read_line_utf8(null);
    contains(line, 'listening ');
    try {
        await func(line.slice('listening '.length), process);
    } finally {
        process.get_stdin_pipe().close(null);
        process.wait(null);
        GLib.unlink(address);
    }
}

function testWithServer(name, func, ...args) {
    test(name, () => withServer(name, func, ...args));
}

/* Runs the loop until a condition holds, for some time at most. */
function iterateUntil(condition, context = GLib.MainContext.default()) {
    const late = GLib.get_monotonic_time() + 60e6;
    /* Something has to happen, so that a loop that waits is woken. */
    const tick = GLib.timeout_source_new(1000);
    tick.set_callback(() => GLib.SOURCE_CONTINUE);
    tick.attach(context);
    while (!condition()) {
        context.iteration(true);
        if (GLib.get_monotonic_time() > late)
            throw new Error('nothing happened for a minute');
    }
    tick.destroy();
}

/* Pushes lines through a filter, and gives what was said and what came out. */
function pushLines(analyzer, count) {
    const said = [];
    const heard = [];
    const decoder = new TextDecoder();
    const encoder = new TextEncoder();
    const output = Imp.Filter.new(analyzer);
    output.set_output((source, direction, data) => heard.push(decoder.decode(data.toArray())));
    for (let number = 0; number < count; number++) {
        const line = `line ${number}\n`;
        said.push(line);
        output.push_bytes(CLIENT, encoder.encode(line), STREAM);
        if (number % 100 === 0) {
            iterateUntil(() => output.get_held(CLIENT) < MOST_HELD &&
                !output.is_paused(CLIENT));
        }
    }
    output.push_bytes(CLIENT, '', STREAM);
    iterateUntil(() => output.is_finished(CLIENT));
    const length = said.join('').length;
    equal([output.get_input(CLIENT), output.get_replaced(CLIENT)], [length, length]);
    equal([output.get_passed(CLIENT), output.get_denied(CLIENT)], [0, 0]);
    output.close();
    return [said.join(''), heard.join('')];
}

/* The answers to a chunk, without a main loop. */
function answers(analyzer, remote, chunk) {
    analyzer.data_bytes(CLIENT, chunk, 0, STREAM);
    let results = [];
    while (results.length === 0) {
        equal(remote.wait(20000), true);
        results = analyzer.poll_results();
    }
    return results.map(result => result.to_string());
}

testWithServer('many-chunks', address => {
    const remote = Imp.RemoteFactory.new(address);
    const [said, heard] = pushLines(remote.create_analyzer({}), CHUNKS);
    equal(heard.length, said.length);
    equal(heard === said.toUpperCase(), true);
    equal(remote.get_statistics() instanceof GLib.Variant, true);
    remote.close();
});

test('server-statistics', () => {
    const server = Imp.Server.new(
        Imp.TypeFactory.new(Imp.PassAnalyzer, STREAM, Imp.ResultFlags.PASS));
    const statistics = server.get_statistics().recursiveUnpack();
    const {memory, connections, refusals} = statistics;
    equal([memory, connections, refusals['max-memory']], [0, 0, 0]);
    server.close();
});

testWithServer('json', address => {
    const remote = Imp.RemoteFactory.new(address);
    remote.codec = 'json';
    const [said, heard] = pushLines(remote.create_analyzer({}), 100);
    equal(heard, said.toUpperCase());
    equal(remote.get_codec_name(), 'json');
    remote.close();
});

testWithServer('connect', async address => {
    const remote = Imp.RemoteFactory.new(address);
    const done = await new Promise((resolve, reject) => {
        remote.connect_async(null, (source, result) => {
            try {
                resolve(source.connect_finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
    equal([done, remote.get_state(), remote.get_version()], [true, Imp.RemoteState.READY, 2]);
    remote.close();
    equal(remote.state, Imp.RemoteState.CLOSED);
});

testWithServer('interfaces', address => {
    const remote = Imp.RemoteFactory.new(address);
    const found = [];
    remote.query_interfaces_async(null, null,
        (source, result) => found.push(source.query_interfaces_finish(result)));
    iterateUntil(() => found.length > 0);
    const [[chosen]] = found;
    equal(chosen.allows(Imp.ResultType.REPLACE), true);
    const statuses = [];
    remote.query_statuses_async(60000, null,
        (source, result) => statuses.push(source.query_statuses_finish(result)));
    iterateUntil(() => statuses.length > 0);
    equal(statuses[0].map(status => status.get_state()), [Imp.FactoryState.UP]);
    const bound = remote.set_interface(chosen);
    const [said, heard] = pushLines(bound.create_analyzer({}), 10);
    equal(heard, said.toUpperCase());
    remote.close();
});

testWithServer('exception', address => {
    const remote = Imp.RemoteFactory.new(address);
    const analyzer = remote.create_analyzer({});
    const [answer] = answers(analyzer, remote, 'raise');
    contains(answer, 'fatal "');
    contains(answer, 'bad thing');
    const other = remote.create_analyzer({});
    equal(answers(other, remote, 'goes on').length, 1);
    remote.close();
});

testWithServer('context', address => {
    const remote = Imp.RemoteFactory.new(address);
    const analyzer = remote.create_analyzer({caddr: '10.1.2.3', app: 'grüß'});
    contains(answers(analyzer, remote, 'context')[0], '10.1.2.3');
    equal(analyzer.lookup_context('app'), 'grüß');
    remote.close();
});

testWithServer('filter-fails', address => {
    const remote = Imp.RemoteFactory.new(address);
    const output = Imp.Filter.new(remote.create_analyzer({}));
    output.set_output(() => {});
    output.push_bytes(CLIENT, 'raise', STREAM);
    iterateUntil(() => {
        try {
            output.check();
        } catch (error) {
            contains(error.message, 'bad thing');
            return true;
        }
        return false;
    });
    equal(output.get_denied(CLIENT), 5);
    remote.close();
});

for (const [fail, expected] of [[Imp.FailMode.HARD, ['fatal']],
    [Imp.FailMode.SOFT, ['log', 'pass', 'pass']]]) {
    testWithServer(`dies-${fail}`, (address, process) => {
        const remote = Imp.RemoteFactory.new(address);
        remote.fail = fail;
        const analyzer = remote.create_analyzer({});
        answers(analyzer, remote, 'hello');
        process.force_exit();
        const results = [];
        while (results.length < expected.length) {
            remote.wait(20000);
            results.push(...analyzer.poll_results());
        }
        equal(results.map(result => result.to_string().split(' ')[0]), expected);
        remote.close();
    });
}

testWithServer('own-codec', address => {
    const remote = Imp.RemoteFactory.new(address);
    remote.use_codec(new Backward());
    const [said, heard] = pushLines(remote.create_analyzer({}), 1000);
    equal(heard, said.toUpperCase());
    equal(remote.get_codec_name(), 'backward');
    remote.close();
}, 'backward');

test('one process', () => {
    const server = Imp.Server.new(shoutFactory());
    const events = [];
    server.connect('connected', () => events.push('connected'));
    server.connect('disconnected', () => events.push('disconnected'));
    const address = GLib.build_filenamev([folder, 'one-process']);
    server.listen(address);
    const remote = Imp.RemoteFactory.new(server.list_addresses()[0]);
    const analyzer = remote.create_analyzer({});
    analyzer.data(CLIENT, bytes('hello'), 0, STREAM);
    const results = [];
    iterateUntil(() => results.push(...analyzer.poll_results()) > 0);
    equal(text(results[0].get_data()), 'HELLO');
    equal([server.get_n_connections(), server.get_n_analyzers()], [1, 1]);
    equal(server.list_progress().n_children(), 1);
    analyzer.close();
    remote.close();
    iterateUntil(() => events.includes('disconnected'));
    const stopped = [];
    server.stop_async(null, (source, result) => stopped.push(source.stop_finish(result)));
    iterateUntil(() => stopped.length > 0);
    equal([events, stopped], [['connected', 'disconnected'], [true]]);
    GLib.unlink(address);
});

test('server that changes', () => {
    const server = Imp.Server.new(shoutFactory());
    server.listen(GLib.build_filenamev([folder, 'changes']));
    const remote = Imp.RemoteFactory.new(server.list_addresses()[0]);
    const analyzer = remote.create_analyzer({});
    const ask = (said, offset) => {
        const results = [];
        analyzer.data(CLIENT, bytes(said), offset, STREAM);
        iterateUntil(() => results.push(...analyzer.poll_results()) > 0);
        return text(results[0].get_data());
    };
    equal(ask('hello', 0), 'HELLO');
    const other = Imp.TypeFactory.new(Imp.PassAnalyzer.$gtype, STREAM, Imp.ResultFlags.PASS);
    const notified = [];
    server.connect('notify::factory', () => notified.push(server.factory === other));
    server.set_factory(other);
    equal(notified, [true]);
    // What there is keeps its factory.
    equal(ask('again', 5), 'AGAIN');
    equal(server.unlisten(server.list_addresses()[0]), true);
    equal([server.list_addresses(), server.unlisten('@none')], [[], false]);
    equal(ask('more', 10), 'MORE');
    analyzer.close();
    remote.close();
    server.close();
});

test('listening without blocking', () => {
    const server = Imp.Server.new(shoutFactory());
    const outcomes = [];
    const listen = (address, cancellable) => {
        server.listen_async(address, cancellable, (source, result) => {
            try {
                outcomes.push(source.listen_finish(result));
            } catch (error) {
                outcomes.push(error);
            }
        });
        iterateUntil(() => outcomes.length > 0);
        return outcomes.pop();
    };
    equal(listen('localhost:0', null), true);
    const remote = Imp.RemoteFactory.new(server.list_addresses()[0]);
    const analyzer = remote.create_analyzer({});
    analyzer.data(CLIENT, bytes('hello'), 0, STREAM);
    const results = [];
    iterateUntil(() => results.push(...analyzer.poll_results()) > 0);
    equal(text(results[0].get_data()), 'HELLO');
    analyzer.close();
    remote.close();
    equal(listen('nowhere', null).code, Imp.Error.SETTINGS);
    const cancellable = new Gio.Cancellable();
    cancellable.cancel();
    equal(listen('localhost:0', cancellable).code, Gio.IOErrorEnum.CANCELLED);
    server.close();
    equal(listen('localhost:0', null).code, Imp.Error.CLOSED);
});

/* The error of a client that cannot connect, or null. */
function connect(address) {
    const remote = Imp.RemoteFactory.new(address);
    const outcomes = [];
    remote.connect_async(null, (source, result) => {
        try {
            source.connect_finish(result);
            outcomes.push(null);
        } catch (error) {
            outcomes.push(error);
        }
    });
    iterateUntil(() => outcomes.length > 0);
    remote.close();
    return outcomes[0];
}

test('a function decides about clients', () => {
    const server = Imp.Server.new(shoutFactory());
    const path = GLib.build_filenamev([folder, 'asked']);
    server.listen(path);
    const peers = [];
    let answer = () => true;
    server.set_authorize_func((_server, peer) => {
        peers.push(peer);
        return answer();
    });
    equal(connect(path), null);
    const [peer] = peers;
    const own = new Gio.Credentials();
    equal(peer.get_uid(), own.get_unix_user());
    equal(peer.get_pid(), own.get_unix_pid());
    equal(peer.is_in_group(peer.get_gid()), true);
    equal(peer.get_name(), `uid ${own.get_unix_user()}`);
    equal(peer.get_address(), null);
    equal(peer.get_certificate(), null);
    equal([peer.get_common_name(), peer.get_dns_names()], [null, null]);
    answer = () => false;
    contains(connect(path).message, 'does not allow uid');
    answer = () => {
        throw new Error('no such guest');
    };
    contains(connect(path).message, 'does not allow uid');
    server.set_authorize_func(null);
    equal(connect(path), null);
    server.allow_uids = ['60000'];
    contains(connect(path).message, 'is not allowed to connect');
    server.close();
});

test('a class decides about clients', () => {
    let answer = () => true;
    const Doorman = GObject.registerClass(class Doorman extends Imp.Server {
        vfunc_authorize(_peer) {
            return answer();
        }
    });
    const server = new Doorman({factory: shoutFactory()});
    const path = GLib.build_filenamev([folder, 'doorman']);
    server.listen(path);
    equal(connect(path), null);
    answer = () => false;
    contains(connect(path).message, 'does not allow');
    answer = () => undefined;
    contains(connect(path).message, 'does not allow');
    answer = () => {
        throw new Error('no such guest');
    };
    contains(connect(path).message, 'no such guest');
    server.close();
});

run(() => GLib.rmdir(folder));
