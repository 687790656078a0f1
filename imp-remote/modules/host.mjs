// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs one analyzer script for imp-remote: serves it on the socket that is descriptor 3.
//
// usage: gjs -m host.mjs SCRIPT [KEY=VALUE]...
//
// The script is an ES module that exports either exactly one class derived from Imp.Analyzer, with
// the optional static members data_type (default: Imp.DATA_TYPE_STREAM) and results (default:
// Imp.ResultFlags.ALL), or a function createFactory(settings), which gets the settings as an object
// and returns an Imp.Factory. A RangeError that this function throws is taken for a complaint about
// the settings.
//
// The process ends when the other end of the socket is closed.

import GLib from 'gi://GLib';
import Gio from 'gi://Gio';
import Imp from 'gi://Imp?version=1';
import System from 'system';

const SOCKET_FD = 3;
const [SIGHUP, SIGINT, SIGTERM] = [1, 2, 15];

// What is wrong with the script, in words for the one who wrote or started it.
class ScriptError extends Error {}

function factoryByFunction(script, settings) {
    let factory;
    try {
        factory = script.createFactory(settings);
    } catch (error) {
        if (error instanceof RangeError)
            throw new ScriptError(`wrong settings: ${error.message}`);
        throw error;
    }
    if (!(factory instanceof Imp.Factory))
        throw new ScriptError(`createFactory() returned ${factory}, which is no Imp.Factory`);
    return factory;
}

function factoryByClass(script, settings) {
    const classes = new Set(Object.values(script).filter(
        value => typeof value === 'function' && value.prototype instanceof Imp.Analyzer));
    if (classes.size !== 1) {
        const names = [...classes].map(value => value.name).join(', ') || 'none';
        throw new ScriptError('needs to export a function createFactory(settings), or exactly ' +
            `one class derived from Imp.Analyzer; there are: ${names}`);
    }
    for (const key of Object.keys(settings)) {
        throw new ScriptError(`takes no settings, so "${key}" says nothing to it; export ` +
            'createFactory(settings) to take some');
    }
    const [type] = classes;
    return Imp.TypeFactory.new(type, type.data_type ?? Imp.DATA_TYPE_STREAM,
        type.results ?? Imp.ResultFlags.ALL);
}

function makeFactory(script, args) {
    const settings = {};
    for (const arg of args) {
        const equals = arg.indexOf('=');
        settings[arg.slice(0, equals)] = arg.slice(equals + 1);
    }
    return 'createFactory' in script
        ? factoryByFunction(script, settings)
        : factoryByClass(script, settings);
}

// Without the overrides a script that fails would look like one that agrees.
function checkOverrides() {
    if (!Imp.hasOverrides)
        throw new ScriptError('cannot run without the overrides of Imp for gjs, overrides/Imp.js');
}

// Serves the one connection, until it has ended.
function serve(factory, loop) {
    const server = Imp.Server.new(factory);
    server.connect('disconnected', () => loop.quit());
    const socket = Gio.Socket.new_from_fd(SOCKET_FD);
    server.add_stream(socket.connection_factory_create_connection());
    return server;
}

// Stop orders that reach a whole group of processes mean the tool, which ends the socket when its
// connections are over. They are handled, since what is ignored would be ignored by children.
function setUpSignals() {
    for (const number of [SIGHUP, SIGINT, SIGTERM])
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, () => GLib.SOURCE_CONTINUE);
}

setUpSignals();
const [path, ...args] = System.programArgs;
const loop = new GLib.MainLoop(null, false);
let status = 0;
let server = null;

// The import must be under way before the loop runs, and must not be awaited here: a module that
// waits at its top level while a loop runs in it never goes on.
import(Gio.File.new_for_path(path).get_uri()).then(script => {
    checkOverrides();
    server = serve(makeFactory(script, args), loop);
}).catch(error => {
    const name = GLib.path_get_basename(path);
    printerr(error instanceof ScriptError
        ? `${name}: ${error.message}`
        : `${name}: ${error}\n${error.stack ?? ''}`);
    status = 1;
    loop.quit();
});
loop.run();
server?.close();
System.exit(status);
