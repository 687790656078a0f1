/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings from JavaScript: written, read, replayed, compared and made small; and shadows. */
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Imp from 'gi://Imp?version=1';

import {Shout, shoutFactory} from './samples.js';
import {bytes, contains, equal, fails, run, test, text} from './tap.js';

const CLIENT = Imp.Direction.FROM_CLIENT;
const SERVER = Imp.Direction.FROM_SERVER;
const STREAM = Imp.DATA_TYPE_STREAM;
const LAMB = 'string=wolf&action=replace&actdata=lamb';
const SHEEP = 'string=wolf&action=replace&actdata=sheep';

const Failing = GObject.registerClass(class Failing extends Imp.Analyzer {
    vfunc_data() {
        throw new Error('no good');
    }
});

function iterateUntil(condition) {
    while (!condition())
        GLib.MainContext.default().iteration(true);
}

function removeAll(folder, path) {
    GLib.unlink(path);
    GLib.rmdir(folder);
}

/* A filter with one conversation, recorded: the recording. */
function record(analyzer) {
    const folder = GLib.dir_make_tmp('imp-XXXXXX');
    const recorder = Imp.Recorder.new(folder);
    equal(recorder.get_folder(), folder);
    equal(recorder.check(), true);
    const writer = Imp.RecordingWriter.new(recorder, {caddr: '192.0.2.1'},
        Imp.Interface.new(STREAM, 0), ['pattern'], -1);
    const output = Imp.Filter.new(analyzer);
    writer.follow(output);
    output.set_output(() => {});
    for (const [direction, data] of [[CLIENT, 'a wo'], [SERVER, 'hello'], [CLIENT, 'lf'],
        [CLIENT, ''], [SERVER, '']])
        output.push(direction, bytes(data), STREAM);
    output.close();
    equal(writer.close(), true);
    equal([recorder.get_n_recordings(), recorder.get_n_incomplete()], [1, 0]);
    equal(recorder.get_size() > 100, true);
    recorder.flush();
    const recording = Imp.Recording.new_for_file(writer.get_path());
    removeAll(folder, writer.get_path());
    return recording;
}

const pattern = settings => Imp.PatternFactory.new(settings);

function replay(recording, factory, chunkSize) {
    let replayed = null;
    recording.replay_async(factory, chunkSize, null, (source, result) => {
        replayed = source.replay_finish(result);
    });
    iterateUntil(() => replayed !== null);
    return replayed;
}

test('recording', () => {
    const recording = record(pattern(LAMB).create_analyzer({}));
    equal(recording.get_started() > 0, true);
    equal(recording.get_context(), {caddr: '192.0.2.1'});
    equal(recording.get_interface().get_data_type(), STREAM);
    equal(recording.get_modules(), ['pattern']);
    equal(recording.get_n_chunks(), 5);
    const [data, direction, dataType, time] = recording.get_chunk(2);
    equal([text(data), direction, dataType], ['lf', CLIENT, STREAM]);
    equal(time >= 0, true);
    contains(recording.list_results().pop().to_string(), 'pass');
    equal([recording.get_outcome(), recording.get_reason()], [Imp.Outcome.PASSED, '']);
    equal([recording.is_complete(), recording.get_missing()], [true, null]);
    contains(fails(Imp.Error.PROTOCOL, () => Imp.Recording.new_for_bytes(bytes('x\n'))),
        'it is no recording');
});

test('replay', () => {
    const recording = record(pattern(LAMB).create_analyzer({}));
    recording.set_timeout(1000);
    equal(recording.get_timeout(), 1000);
    let same;
    for (const size of [Imp.RECORDING_AS_RECORDED, Imp.RECORDING_AT_ONCE, 1]) {
        same = replay(recording, pattern(LAMB), size);
        equal(recording.compare(same).length, 0);
        equal([same.get_outcome(), same.get_reason()], [Imp.Outcome.PASSED, '']);
        equal(text(same.get_output(CLIENT)), 'a lamb');
        equal(text(same.get_sent(CLIENT)), '');
        equal([same.list_log(CLIENT), same.list_accounts()], [[], []]);
        equal(same.describe(), 'it went through');
    }
    const other = replay(recording, pattern(SHEEP), 0);
    const [difference] = recording.compare(other);
    equal(difference.get_kind(), Imp.DifferenceKind.OUTPUT);
    equal([difference.get_direction(), difference.get_offset()], [CLIENT, 2]);
    equal(difference.get_text(), 'the output to the server differs at byte 2, after "a ": ' +
        '"sheep", and not "lamb"');
    equal(same.compare(other).map(found => found.get_text()), [difference.get_text()]);
    const part = recording.shrink(pattern(SHEEP), null, 0, null);
    equal([0, 1].map(i => text(part.get_chunk(i)[0])), ['wo', 'lf']);
    fails(Imp.Error.FAILED, () => recording.shrink(pattern(LAMB), null, 0, null));
});

test('replay in JavaScript', () => {
    const recording = record(new Shout());
    equal(recording.compare(replay(recording, shoutFactory(), 0)).length, 0);
    const failed = replay(recording, Imp.TypeFactory.new(Failing.$gtype, STREAM, 0), 0);
    equal(failed.get_outcome(), Imp.Outcome.FAILED);
    contains(recording.compare(failed)[0].get_text(), 'no good');
});

test('by hand', () => {
    const folder = GLib.dir_make_tmp('imp-XXXXXX');
    const recorder = Imp.Recorder.new(folder);
    recorder.may_wait = true;
    const writer = Imp.RecordingWriter.new(recorder, null, null, null, 5000000);
    writer.add_data(5000007, CLIENT, bytes('abc'), STREAM);
    writer.add_result(5000008, Imp.Result.new_deny(CLIENT, 'no', null));
    writer.set_outcome(Imp.Outcome.DENIED, 'no');
    writer.close();
    recorder.flush();
    const recording = Imp.Recording.new_for_file(writer.get_path());
    removeAll(folder, writer.get_path());
    equal([recording.get_started(), recording.get_chunk(0)[3]], [5000000, 7]);
    equal([recording.get_outcome(), recording.get_reason()], [Imp.Outcome.DENIED, 'no']);
});

test('shadow', () => {
    const output = Imp.Filter.new(pattern(LAMB).create_analyzer({}));
    const shadow = Imp.Shadow.new(pattern(SHEEP).create_analyzer({}));
    equal(shadow.get_analyzer() instanceof Imp.Analyzer, true);
    shadow.set_max_queued(10000);
    shadow.set_linger(1000);
    equal([shadow.get_max_queued(), shadow.get_linger()], [10000, 1000]);
    const heard = [];
    shadow.connect('difference', (source, difference) => heard.push(difference.get_text()));
    shadow.follow(output);
    output.set_output(() => {});
    for (const [direction, data] of [[CLIENT, 'a wolf'], [CLIENT, ''], [SERVER, '']])
        output.push(direction, bytes(data), STREAM);
    output.close();
    iterateUntil(() => shadow.is_over());
    equal(heard, ['the output to the server differs at byte 2: "sheep", and not "lamb"']);
    equal([shadow.get_n_differences(), shadow.get_gave_up()], [1, null]);
    equal([shadow.get_compared(CLIENT), shadow.get_uncompared(CLIENT)], [2, 4]);
    equal(shadow.get_max_lag() >= shadow.get_mean_lag(), true);
    equal(shadow.get_mean_lag() >= 0, true);
    shadow.close();
});

run();
