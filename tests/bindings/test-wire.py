# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages and codecs from Python, and a codec that is written in Python."""

import sys

import tap
from tap import GLib, GObject, Imp, contains, equal, fails

CLIENT = Imp.Direction.FROM_CLIENT
STREAM = Imp.DATA_TYPE_STREAM


class Backward(GObject.Object, Imp.Codec):
    """JSON lines, each spelled backward: a codec need not be sensible."""

    def __init__(self):
        super().__init__()
        self.json = Imp.json_codec_new()

    def do_get_name(self):
        return 'backward'

    def do_encode(self, message):
        if message.get_op() == Imp.Op.PONG:
            raise ValueError('pong cannot be said')
        line = self.json.encode(message).get_data()
        return GLib.Bytes.new(line[:-1][::-1] + b'\n')

    def do_decode(self, data):
        text = data.get_data() or b''
        end = text.find(b'\n')
        if end < 0:
            if len(text) > 100:
                raise OverflowError('no end in sight')
            return None
        line = GLib.Bytes.new(text[:end][::-1] + b'\n')
        good, message, used = self.json.decode(line)
        equal(used, end + 1)
        return message, end + 1


def test_messages():
    interfaces = [Imp.Interface.new(STREAM, Imp.ResultFlags.PASS)]
    ask = Imp.Message.new_get_interface(interfaces)
    equal((ask.get_op(), len(ask.get_interfaces())), (Imp.Op.GET_INTERFACE, 1))
    equal(Imp.Message.new_interface(interfaces).get_interfaces()[0].get_data_type(), STREAM)
    equal(Imp.Message.new_set_interface(interfaces[0]).get_op(), Imp.Op.SET_INTERFACE)
    new = Imp.Message.new_new_analyzer(5, {'caddr': 'x'})
    equal((new.get_id(), new.dup_context()), (5, {'caddr': 'x'}))
    equal(Imp.Message.new_delete_analyzer(5).get_op(), Imp.Op.DELETE_ANALYZER)
    data = Imp.Message.new_data(5, CLIENT, 7, STREAM, GLib.Bytes.new(b'abc'))
    equal((data.get_direction(), data.get_offset(), data.get_data_type(),
           data.get_data().get_data()), (CLIENT, 7, STREAM, b'abc'))
    equal(Imp.Message.new_busy(5, CLIENT, True).get_busy(), True)
    result = Imp.Message.new_result(5, Imp.Result.new_pass(CLIENT, 9))
    equal(result.get_result().get_offset(), 9)
    equal(Imp.Message.new_exception(0, 'oh').get_text(), 'oh')
    equal((Imp.Message.new_ping(8).get_token(), Imp.Message.new_pong(8).get_token()), (8, 8))
    equal(Imp.Message.new_goodbye('bye').get_text(), 'bye')
    question = Imp.Message.new_get_status(8, 2000)
    equal((question.get_token(), question.get_timeout()), (8, 2000))
    answer = Imp.Message.new_status(8, {'state': 'up'}, True)
    equal((answer.get_token(), answer.dup_status(), answer.get_more()), (8, {'state': 'up'}, True))
    share = Imp.Message.new_share(1 << 20, 4096)
    equal((share.get_size(), share.get_block_size()), (1 << 20, 4096))
    shared = Imp.Message.new_shared_data(5, CLIENT, 0, STREAM, 3, 64, 100)
    equal((shared.get_block(), shared.get_position(), shared.get_length()), (3, 64, 100))
    release = Imp.Message.new_release(3, 2)
    equal((release.get_block(), release.get_count()), (3, 2))
    contains(data.to_string(), 'data')
    assert data.equal(data) and not data.equal(new)


def test_version():
    message = Imp.Message.new_set_version(2, 1, {'message': '5'}, ['ping'])
    equal((message.get_version(), message.get_minimum(), message.get_features()), (2, 1, ['ping']))
    equal(message.dup_limits(), {'message': '5'})


def test_stock_codecs():
    message = Imp.Message.new_data(1, CLIENT, 0, STREAM, GLib.Bytes.new(b'GET /'))
    for codec, name in ((Imp.json_codec_new(), 'json'), (Imp.cbor_codec_new(), 'cbor')):
        equal(codec.get_name(), name)
        encoded = codec.encode(message)
        good, decoded, used = codec.decode(encoded)
        assert good and decoded.equal(message)
        equal(used, encoded.get_size())
        part = GLib.Bytes.new(encoded.get_data()[:-1])
        equal(codec.decode(part), (True, None, 0))
    equal(Imp.codec_new_by_name('cbor').get_name(), 'cbor')
    fails(Imp.Error.UNSUPPORTED, Imp.codec_new_by_name, 'morse')
    fails(Imp.Error.PROTOCOL, Imp.json_codec_new().decode, GLib.Bytes.new(b'{]}\n'))
    fails(Imp.Error.UNSUPPORTED, Imp.json_codec_new().decode, GLib.Bytes.new(b'{"op":7}\n'))


def test_own_codec():
    codec = Backward()
    message = Imp.Message.new_ping(8)
    equal(codec.get_name(), 'backward')
    encoded = codec.encode(message)
    contains(encoded.get_data(), b'gnip')
    good, decoded, used = Imp.Codec.decode(codec, encoded)
    assert good and decoded.equal(message)
    equal(used, encoded.get_size())
    equal(Imp.Codec.decode(codec, GLib.Bytes.new(b'abc')), (True, None, 0))


def test_own_codec_fails():
    codec = Backward()
    equal(fails(Imp.Error.FATAL, Imp.Codec.encode, codec, Imp.Message.new_pong(1)),
          'ValueError: pong cannot be said')
    equal(fails(Imp.Error.FATAL, Imp.Codec.decode, codec, GLib.Bytes.new(b'x' * 101)),
          'OverflowError: no end in sight')


if __name__ == '__main__':
    sys.excepthook = lambda kind, error, trace: None
    tap.run(globals())
