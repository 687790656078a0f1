/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets classes that are written in JavaScript fail as loudly as those written in C, and live long.
 *
 * - What a virtual function throws reaches C as a GLib.Error of Imp.Error.FATAL with the name and
 *   the text of the exception.
 * - undefined, where true is meant, is true: who reaches the end of vfunc_data() has not failed.
 * - A method vfunc_NAME that is no virtual function is refused with the name that comes nearest.
 * - gjs 1.74 refuses every call from C, for good, once one comes while its collector is between
 *   two slices of an incremental collection. So calls are counted, those from C into a class or
 *   callback of ours and those from JavaScript into the library, and a whole collection is made
 *   now and then: before the collector would begin one in slices, or to end that. The same is done
 *   before a main loop is entered.
 */

const {GLib, GObject} = imports.gi;
const System = imports.system;

const CALLS_PER_COLLECTION = 5000;
const MILLISECONDS_PER_COLLECTION = 100;
/* A collection of many objects takes longer: no more than a fifth of the time is spent in them. */
const PAUSE_PER_DURATION = 4;

/* The virtual functions by the type that has them. Those that return a gboolean name the neutral
 * values of what they give back besides; introspection data cannot be asked for this from here. */
const VIRTUAL_FUNCTIONS = {
    Analyzer: {data: [], busy: [], close: null},
    Factory: {
        list_interfaces: null, create_analyzer: null, set_interface: null,
        query_interfaces_async: null, query_interfaces_finish: null,
    },
    Codec: {get_name: null, encode: null, decode: [null, 0]},
};
const OBJECT_FUNCTIONS = [
    'constructed', 'dispatch_properties_changed', 'dispose', 'finalize', 'get_property', 'notify',
    'set_property',
];

let Imp;
let calls = 0;
let collectAfter = 0;

function collect() {
    const begun = Date.now();
    System.gc();
    const ended = Date.now();
    calls = 0;
    collectAfter = ended +
        Math.max(MILLISECONDS_PER_COLLECTION, PAUSE_PER_DURATION * (ended - begun));
}

function countCall() {
    if (++calls >= CALLS_PER_COLLECTION || Date.now() >= collectAfter)
        collect();
}

function asGLibError(error) {
    if (error instanceof GLib.Error)
        return error;
    const isError = error instanceof Error;
    const name = isError ? error.name : 'exception';
    const text = isError ? error.message : String(error);
    printerr(`${name}: ${text}\n${isError ? error.stack : ''}`);
    return new GLib.Error(Imp.error_quark(), Imp.Error.FATAL, text ? `${name}: ${text}` : name);
}

/* Puts true where a virtual function left its success out. */
function complete(value, neutral) {
    if (value === undefined)
        return neutral.length > 0 ? [true, ...neutral] : true;
    if (neutral.length > 0 && Array.isArray(value) && value.length === neutral.length)
        return [true, ...value];
    return value;
}

function wrapVirtualFunction(func, neutral) {
    return function (...args) {
        countCall();
        try {
            const value = func.apply(this, args);
            return neutral ? complete(value, neutral) : value;
        } catch (error) {
            throw asGLibError(error);
        }
    };
}

function wrapCallback(func) {
    return function (...args) {
        countCall();
        return func.apply(this, args);
    };
}

function isOurs(klass, type) {
    if (!type)
        return false;
    const implemented = klass[GObject.interfaces] ?? [];
    return klass.prototype instanceof type || implemented.includes(type);
}

function distance(a, b) {
    let row = Array.from({length: b.length + 1}, (_, index) => index);
    for (let i = 1; i <= a.length; i++) {
        const next = [i];
        for (let j = 1; j <= b.length; j++) {
            const replaced = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
            next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
        }
        row = next;
    }
    return row[b.length];
}

function nearest(name, known) {
    return known.reduce((best, other) =>
        distance(name, other) < distance(name, best) ? other : best);
}

function checkName(klass, name, known) {
    if (known.includes(name) || OBJECT_FUNCTIONS.includes(name))
        return;
    /* Another native type or interface among its ancestors may have it: gjs knows. */
    if (`vfunc_${name}` in Object.getPrototypeOf(klass.prototype))
        return;
    throw new TypeError(`${klass.name}.vfunc_${name}() is no virtual function and would never be ` +
        `called; did you mean vfunc_${nearest(name, known)}()?`);
}

function adopt(klass) {
    const functions = Object.assign({}, ...Object.entries(VIRTUAL_FUNCTIONS)
        .filter(([type]) => isOurs(klass, Imp[type])).map(([, entries]) => entries));
    const known = Object.keys(functions);
    if (known.length === 0)
        return;

    for (const key of Object.getOwnPropertyNames(klass.prototype)) {
        const {value} = Object.getOwnPropertyDescriptor(klass.prototype, key);
        if (!key.startsWith('vfunc_') || typeof value !== 'function')
            continue;
        const name = key.slice('vfunc_'.length);
        checkName(klass, name, known);
        if (known.includes(name))
            klass.prototype[key] = wrapVirtualFunction(value, functions[name]);
    }
}

/* Makes a method count as a call, and the callback too that it takes as its first argument. */
function wrapMethod(type, name) {
    const native = type.prototype[name];
    type.prototype[name] = function (...args) {
        countCall();
        if (typeof args[0] === 'function')
            args[0] = wrapCallback(args[0]);
        return native.apply(this, args);
    };
}

/* gjs 1.74 dies of null where a list is meant, without an exception that could be caught. */
function acceptNullList(type, name) {
    const native = type.prototype[name];
    type.prototype[name] = function (list, ...rest) {
        return native.call(this, list ?? [], ...rest);
    };
}

const COUNTED_METHODS = {
    Analyzer: ['close', 'data', 'data_bytes', 'poll_results', 'set_callback'],
    Factory: ['create_analyzer'],
    Filter: ['check', 'is_finished', 'push', 'push_bytes', 'set_output'],
    RemoteFactory: ['wait'],
};

function _init() {
    Imp = this;

    const classInit = GObject.Object._classInit;
    GObject.Object._classInit = function (klass) {
        adopt(klass);
        return classInit.call(this, klass);
    };

    for (const [type, names] of Object.entries(COUNTED_METHODS))
        names.forEach(name => wrapMethod(Imp[type], name));
    acceptNullList(Imp.Factory, 'match_interfaces');
    acceptNullList(Imp.Factory, 'query_interfaces_async');
    wrapMethod(GLib.MainLoop, 'run');
    wrapMethod(GLib.MainContext, 'iteration');
}
