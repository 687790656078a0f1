// SPDX-License-Identifier: LGPL-2.1-or-later
// Greets each line, through an analyzer that says it in capital letters: gjs -m greet.js PORT

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Imp from 'gi://Imp?version=1';
import {Shout} from './shout.js';

Gio._promisify(Gio.DataInputStream.prototype, 'read_line_async', 'read_line_finish_utf8');
Gio._promisify(Gio.OutputStream.prototype, 'write_bytes_async', 'write_bytes_finish');
Gio._promisify(Gio.IOStream.prototype, 'close_async', 'close_finish');

const PRIORITY = GLib.PRIORITY_DEFAULT;

async function answer(stream) {
    const lines = new Gio.DataInputStream({base_stream: stream.get_input_stream()});
    const output = stream.get_output_stream();
    for (;;) {
        const [line] = await lines.read_line_async(PRIORITY, null);
        if (line === null)
            return;
        await output.write_bytes_async(new GLib.Bytes(`hello ${line}\n`), PRIORITY, null);
    }
}

async function greet(connection) {
    const stream = Imp.IOStream.new(connection, new Shout(), Imp.Direction.FROM_CLIENT);
    try {
        await answer(stream);
    } catch (error) {
        printerr(`a guest is lost: ${error.message}`);
    }
    await stream.close_async(PRIORITY, null);
}

const service = new Gio.SocketService();
const address = Gio.InetSocketAddress.new_from_string('127.0.0.1', parseInt(ARGV[0]));
const [, effective] = service.add_address(address, Gio.SocketType.STREAM, Gio.SocketProtocol.TCP,
    null);
service.connect('incoming', (_service, connection) => {
    greet(connection).catch(error => printerr(`a guest has not heard all: ${error.message}`));
    return true;
});
print(`listening ${effective.get_port()}`);
new GLib.MainLoop(null, false).run();
