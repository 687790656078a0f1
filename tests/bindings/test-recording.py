# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings from Python: written, read, replayed, compared and made small; and shadows."""

import os
import tempfile

import samples
import tap
from tap import Gio, GLib, Imp, contains, equal, fails

CLIENT = Imp.Direction.FROM_CLIENT
SERVER = Imp.Direction.FROM_SERVER
STREAM = Imp.DATA_TYPE_STREAM
LAMB = 'string=wolf&action=replace&actdata=lamb'
SHEEP = 'string=wolf&action=replace&actdata=sheep'


def iterate_until(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


def record(folder, analyzer):
    """A filter with one conversation, recorded: the recording."""
    recorder = Imp.Recorder.new(os.path.join(folder, 'recordings'))
    equal(recorder.get_folder(), os.path.join(folder, 'recordings'))
    assert recorder.check()
    writer = Imp.RecordingWriter.new(recorder, {'caddr': '192.0.2.1'},
                                     Imp.Interface.new(STREAM, 0), ['pattern'], -1)
    output = Imp.Filter.new(analyzer)
    writer.follow(output)
    output.set_output(lambda *unused: None)
    for direction, text in ((CLIENT, b'a wo'), (SERVER, b'hello'), (CLIENT, b'lf'), (CLIENT, b''),
                            (SERVER, b'')):
        output.push_bytes(direction, text, STREAM)
    output.close()
    path = writer.get_path()
    assert writer.close()
    equal((recorder.get_n_recordings(), recorder.get_n_incomplete()), (1, 0))
    assert recorder.get_size() > 100
    recorder.flush()
    return Imp.Recording.new_for_file(path)


def pattern(settings):
    return Imp.PatternFactory.new(settings)


def replay(recording, factory, chunk_size):
    done = []
    recording.replay_async(factory, chunk_size, None,
                           lambda source, result: done.append(source.replay_finish(result)))
    iterate_until(lambda: done)
    return done[0]


def test_recording():
    with tempfile.TemporaryDirectory() as folder:
        recording = record(folder, pattern(LAMB).create_analyzer({}))
    assert recording.get_started() > 0
    equal(recording.get_context(), {'caddr': '192.0.2.1'})
    equal(recording.get_interface().get_data_type(), STREAM)
    equal(recording.get_modules(), ['pattern'])
    equal(recording.get_n_chunks(), 5)
    data, direction, data_type, time = recording.get_chunk(2)
    equal((data.get_data(), direction, data_type), (b'lf', CLIENT, STREAM))
    assert time >= 0
    contains(tap.texts(recording.list_results())[-1], 'pass')
    equal((recording.get_outcome(), recording.get_reason()), (Imp.Outcome.PASSED, ''))
    equal((recording.is_complete(), recording.get_missing()), (True, None))
    contains(fails(Imp.Error.PROTOCOL, Imp.Recording.new_for_bytes, GLib.Bytes.new(b'x\n')),
             'it is no recording')


def test_replay():
    with tempfile.TemporaryDirectory() as folder:
        recording = record(folder, pattern(LAMB).create_analyzer({}))
    recording.set_timeout(1000)
    equal(recording.get_timeout(), 1000)
    for chunk_size in (Imp.RECORDING_AS_RECORDED, Imp.RECORDING_AT_ONCE, 1):
        same = replay(recording, pattern(LAMB), chunk_size)
        equal(recording.compare(same), [])
        equal((same.get_outcome(), same.get_reason()), (Imp.Outcome.PASSED, ''))
        equal(same.get_output(CLIENT).get_data(), b'a lamb')
        equal(same.get_sent(CLIENT).get_size(), 0)
        equal((same.list_log(CLIENT), same.list_accounts()), ([], []))
        equal(same.describe(), 'it went through')
    other = replay(recording, pattern(SHEEP), 0)
    difference, = recording.compare(other)
    equal(difference.get_kind(), Imp.DifferenceKind.OUTPUT)
    equal((difference.get_direction(), difference.get_offset()), (CLIENT, 2))
    equal(difference.get_text(), 'the output to the server differs at byte 2, after "a ": "sheep", '
                                 'and not "lamb"')
    equal([found.get_text() for found in same.compare(other)], [difference.get_text()])
    part = recording.shrink(pattern(SHEEP), None, 0, None)
    equal([part.get_chunk(i)[0].get_data() for i in range(part.get_n_chunks())][:2],
          [b'wo', b'lf'])
    fails(Imp.Error.FAILED, recording.shrink, pattern(LAMB), None, 0, None)


def test_replay_python():
    """With an analyzer in Python, and one that fails."""
    with tempfile.TemporaryDirectory() as folder:
        recording = record(folder, samples.Shout())
    same = replay(recording, samples.shout_factory(), 0)
    equal([found.get_text() for found in recording.compare(same)], [])
    failed = replay(recording, Imp.TypeFactory.new(Failing, STREAM, 0), 0)
    equal(failed.get_outcome(), Imp.Outcome.FAILED)
    contains(recording.compare(failed)[0].get_text(), 'no good')


class Failing(Imp.Analyzer):
    def do_data(self, direction, data, offset, data_type):
        raise ValueError('no good')


def test_by_hand():
    with tempfile.TemporaryDirectory() as folder:
        recorder = Imp.Recorder.new(folder)
        recorder.props.may_wait = True
        writer = Imp.RecordingWriter.new(recorder, None, None, None, 5000000)
        writer.add_data(5000007, CLIENT, GLib.Bytes.new(b'abc'), STREAM)
        writer.add_result(5000008, Imp.Result.new_deny(CLIENT, 'no', None))
        writer.set_outcome(Imp.Outcome.DENIED, 'no')
        writer.close()
        path = writer.get_path()
        recorder.flush()
        recording = Imp.Recording.new_for_file(path)
    equal((recording.get_started(), recording.get_chunk(0)[3]), (5000000, 7))
    equal((recording.get_outcome(), recording.get_reason()), (Imp.Outcome.DENIED, 'no'))


def test_shadow():
    output = Imp.Filter.new(pattern(LAMB).create_analyzer({}))
    shadow = Imp.Shadow.new(pattern(SHEEP).create_analyzer({}))
    assert isinstance(shadow.get_analyzer(), Imp.Analyzer)
    shadow.set_max_queued(10000)
    shadow.set_linger(1000)
    equal((shadow.get_max_queued(), shadow.get_linger()), (10000, 1000))
    heard = []
    shadow.connect('difference', lambda source, difference: heard.append(difference.get_text()))
    shadow.follow(output)
    output.set_output(lambda *unused: None)
    for direction, text in ((CLIENT, b'a wolf'), (CLIENT, b''), (SERVER, b'')):
        output.push_bytes(direction, text, STREAM)
    output.close()
    iterate_until(shadow.is_over)
    equal(heard, ['the output to the server differs at byte 2: "sheep", and not "lamb"'])
    equal((shadow.get_n_differences(), shadow.get_gave_up()), (1, None))
    equal((shadow.get_compared(CLIENT), shadow.get_uncompared(CLIENT)), (2, 4))
    assert shadow.get_max_lag() >= shadow.get_mean_lag() >= 0
    shadow.close()


if __name__ == '__main__':
    tap.run(globals())
