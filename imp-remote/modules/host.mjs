// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs one analyzer script for imp-remote: serves it on the socket that is descriptor 3.
//
// usage: gjs -m host.mjs SCRIPT [KEY=VALUE]...
//        gjs -m host.mjs --describe SCRIPT
//
// The script is an ES module that needs to export no more than one class: exactly one derived from
// Imp.Factory, or, if there is none, exactly one derived from Imp.Analyzer, with the optional
// static members data_type (default: Imp.DATA_TYPE_STREAM) and results (default:
// Imp.ResultFlags.ALL). The properties of the class are its settings. Instead of that, it may
// export a function imp_module(settings), which gets the settings as an object and returns an
// Imp.Factory; createFactory is another name for that. A RangeError that this function throws is
// taken for a complaint about the settings.
//
// With --describe, what the script says of itself is written to the descriptor instead: the string
// that it exports as "summary", if any, and its settings.
//
// The process ends when the other end of the socket is closed.

import GLib from 'gi://GLib';
import Gio from 'gi://Gio';
import Imp from 'gi://Imp?version=1';
import System from 'system';

const SOCKET_FD = 3;
const FUNCTIONS = ['imp_module', 'createFactory'];
const [SIGHUP, SIGINT, SIGTERM] = [1, 2, 15];

// What is wrong with the script, in words for the one who wrote or started it.
class ScriptError extends Error {}

function exportedClasses(script, base) {
    return [...new Set(Object.values(script).filter(
        value => typeof value === 'function' && value.prototype instanceof base))];
}

function findFunction(script) {
    return FUNCTIONS.find(name => name in script);
}

function findClass(script) {
    const factories = exportedClasses(script, Imp.Factory);
    const analyzers = exportedClasses(script, Imp.Analyzer);
    if (factories.length === 1)
        return factories[0];
    if (factories.length === 0 && analyzers.length === 1)
        return analyzers[0];
    const classes = factories.length > 0 ? factories : analyzers;
    const names = classes.map(value => value.name).join(', ') || 'none';
    throw new ScriptError('needs to export exactly one class derived from Imp.Analyzer or from ' +
        `Imp.Factory, or a function imp_module(settings); there are: ${names}`);
}

function factoryByFunction(script, name, settings) {
    let factory;
    try {
        factory = script[name](Object.fromEntries(settings));
    } catch (error) {
        if (error instanceof RangeError)
            throw new ScriptError(`wrong settings: ${error.message}`);
        throw error;
    }
    if (!(factory instanceof Imp.Factory))
        throw new ScriptError(`${name}() returned ${factory}, which is no Imp.Factory`);
    return factory;
}

function factoryByClass(type, settings) {
    const text = settings.map(pair => pair.map(encodeURIComponent).join('=')).join('&');
    try {
        return type.prototype instanceof Imp.Factory
            ? Imp.Factory.new_from_settings(type.$gtype, text)
            : Imp.TypeFactory.new_from_settings(type.$gtype,
                type.data_type ?? Imp.DATA_TYPE_STREAM, type.results ?? Imp.ResultFlags.ALL, text);
    } catch (error) {
        if (error instanceof GLib.Error)
            throw new ScriptError(`wrong settings: ${error.message}`);
        throw error;
    }
}

function makeFactory(script, args) {
    const settings = args.map(arg => {
        const equals = arg.indexOf('=');
        return [arg.slice(0, equals), arg.slice(equals + 1)];
    });
    const name = findFunction(script);
    return name === undefined
        ? factoryByClass(findClass(script), settings)
        : factoryByFunction(script, name, settings);
}

// Writes a line about the script, and its settings.
function describe(script) {
    const name = findFunction(script);
    const settings = name === undefined
        ? Imp.module_describe_settings(findClass(script).$gtype)
        : `  those that its function ${name}() takes\n`;
    const summary = String(script.summary ?? 'a script').split('\n')[0];
    const socket = Gio.Socket.new_from_fd(SOCKET_FD);
    const stream = socket.connection_factory_create_connection().get_output_stream();
    stream.write_all(new TextEncoder().encode(`${summary}\n${settings}`), null);
}

// Without the overrides a script that fails would look like one that agrees.
function checkOverrides() {
    if (!Imp.hasOverrides)
        throw new ScriptError('cannot run without the overrides of Imp for gjs, overrides/Imp.js');
}

// Serves the one connection, until it has ended.
function serve(factory, loop) {
    const server = Imp.Server.new(factory);
    // The tool knows who its clients are.
    server.trust_context = true;
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
const describes = System.programArgs[0] === '--describe';
const [path, ...args] = System.programArgs.slice(describes ? 1 : 0);
const loop = new GLib.MainLoop(null, false);
let status = 0;
let server = null;

// The import must be under way before the loop runs, and must not be awaited here: a module that
// waits at its top level while a loop runs in it never goes on.
import(Gio.File.new_for_path(path).get_uri()).then(script => {
    checkOverrides();
    if (describes) {
        describe(script);
        loop.quit();
    } else {
        server = serve(makeFactory(script, args), loop);
    }
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
