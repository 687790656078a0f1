/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets classes that are written in JavaScript fail as loudly as those written in C, and live long.
 *
 * - What a virtual function throws reaches C as a GLib.Error of Imp.Error.FATAL with the name and
 *   the text of the exception.
 * - Where C takes no error, in a constructor, an accessor of a property, vfunc_close() and so on,
 *   what is thrown makes the object fail (Imp.Analyzer.fail(), Imp.Factory.fail()); and so it does
 *   with the analyzer or filter whose results or output a function takes.
 * - undefined, where true is meant, is true: who reaches the end of vfunc_data() has not failed. In
 *   vfunc_ignores() it is false, since nobody is left uninspected by an oversight, and in
 *   vfunc_authorize() as well, since nobody is let in by one.
 * - vfunc_data() and vfunc_busy() may be async: if the promise is rejected, the analyzer fails.
 *   Everywhere else an async function, and everywhere a generator, is refused.
 * - A method vfunc_NAME that is no virtual function is refused with the name that comes nearest.
 *   The same holds for vfunc_bytes() beside vfunc_data().
 * - gjs 1.74 refuses every call from C, for good, once one comes while its collector is between
 *   two slices of an incremental collection. So calls are counted, those from C into a class or
 *   callback of ours and those from JavaScript into the library, and a whole collection is made
 *   now and then: before the collector would begin one in slices, or to end that.
 *
 * The rest of the application is left alone: only what belongs to Imp is looked at and counted, and
 * what collections may take is measured. There are two exceptions: a main loop that is entered once
 * Imp is in use, and the question, when a class is registered, whether it implements Imp.Codec.
 */

const {GLib, GObject} = imports.gi;
const System = imports.system;

/* The version of gjs from which on collections are left to it. 1.74 needs them, and no other was
 * tried; tests/bindings/test-collector.js tells of each. To go without them where they are needed
 * would end in silence, so a version that nobody has tried gets them. */
const SOUND_SINCE = Infinity;

const CALLS_PER_COLLECTION = 5000;
const BYTES_PER_COLLECTION = 16 * 1024 * 1024;
const MILLISECONDS_PER_COLLECTION = 100;
/* The time for a collection grows with the objects that live. No more than a fifth of the time is
 * spent in those that calls and bytes make due, and a twentieth in those that time alone does. */
const PAUSE_PER_DURATION = 4;
const LONG_PAUSE_PER_DURATION = 19;
/* After so much, there is one at any rate: by itself the collector begins with few objects after
 * 170 000 small pieces of input, or 38 MB of arrays. It begins later where it has more to do. */
const MAX_CALLS = 8 * CALLS_PER_COLLECTION;
const MAX_BYTES = 2 * BYTES_PER_COLLECTION;
const DURATION_OF_DOUBLE_ROOM = 25;
const MAX_ROOM = 4;
/* One may take long because the machine has something else to do. */
const N_DURATIONS = 3;

/* The virtual functions by the type that has them. Those that return a gboolean name the neutral
 * values of what they give back besides; introspection data cannot be asked for this from here. */
const VIRTUAL_FUNCTIONS = {
    Analyzer: {data: [], bytes: [], busy: [], close: null},
    Factory: {
        list_interfaces: null, create_analyzer: null, set_interface: null,
        query_interfaces_async: null, query_interfaces_finish: null, list_statuses: null,
        ignores: null,
    },
    Codec: {get_name: null, encode: null, decode: [null, 0]},
    Rewriter: {match: []},
    Framer: {record: [], incomplete: []},
    HttpAnalyzer: {
        request_head: [], response_head: [], request_body: [], response_body: [],
        message_end: [], opaque: [],
    },
    Server: {authorize: null},
};
/* Those of an analyzer that get its input, of which it has one. */
const INPUTS = ['data', 'bytes'];
/* Those whose answer can come later, which a promise then stands for. */
const MAY_BE_ASYNC = ['data', 'bytes', 'busy'];
/* Those that can give no error, and what they return when they have failed. */
const CANNOT_THROW = {
    close: undefined, list_interfaces: [], list_statuses: [], query_interfaces_async: undefined,
    get_name: null, constructed: undefined, notify: undefined,
};
const OBJECT_FUNCTIONS = [
    'constructed', 'dispatch_properties_changed', 'dispose', 'finalize', 'get_property', 'notify',
    'set_property',
];

let Imp;
let FailedAnalyzer;
/* What a virtual function returns, besides nothing. */
let kinds;
let calls = 0;
/* In arrays that came with calls. */
let bytes = 0;
/* Of the last collections, in milliseconds. */
const durations = [];
/* When the next one may be, and when it is due without calls. */
let collectSoonest = 0;
let collectAfter = 0;
/* How much more than with few objects may come before one. */
let room = 1;

function collect() {
    const begun = GLib.get_monotonic_time();
    System.gc();
    durations.push((GLib.get_monotonic_time() - begun) / 1000);
    if (durations.length > N_DURATIONS)
        durations.shift();
    const duration = Math.min(...durations);
    const now = Date.now();
    calls = 0;
    bytes = 0;
    room = Math.min(MAX_ROOM, 1 + duration / DURATION_OF_DOUBLE_ROOM);
    collectSoonest = now + PAUSE_PER_DURATION * duration;
    collectAfter = now + Math.max(MILLISECONDS_PER_COLLECTION, LONG_PAUSE_PER_DURATION * duration);
}

/* The heap may have grown in any way before a main loop is entered, and from there on C calls. */
function guardMainLoop() {
    const {run} = GLib.MainLoop.prototype;
    GLib.MainLoop.prototype.run = function (...args) {
        if (Date.now() >= collectAfter)
            collect();
        return run.apply(this, args);
    };
}

function isCollectionDue() {
    const now = Date.now();
    if (now >= collectAfter || calls >= MAX_CALLS * room || bytes >= MAX_BYTES * room)
        return true;
    return (calls >= CALLS_PER_COLLECTION || bytes >= BYTES_PER_COLLECTION) &&
        now >= collectSoonest;
}

function countCall() {
    if (System.version >= SOUND_SINCE)
        return;
    if (collectAfter === 0)
        guardMainLoop();
    calls++;
    if (isCollectionDue())
        collect();
}

function describe(error) {
    const isError = error instanceof Error || error instanceof GLib.Error;
    const name = isError ? error.name ?? error.constructor.name : 'exception';
    let text = '';
    try {
        text = isError ? error.message : String(error);
    } catch {
        /* What cannot be said is no less an exception. */
    }
    return text ? `${name}: ${text}` : name;
}

function report(error) {
    printerr(`${describe(error)}\n${error?.stack ?? ''}`);
}

function asGLibError(error) {
    if (error instanceof GLib.Error)
        return error;
    report(error);
    return new GLib.Error(Imp.error_quark(), Imp.Error.FATAL, describe(error));
}

/* Lets an object fail, where C expects no error and would go on. */
function markFailed(object, name, error) {
    const reason = `${object.constructor.name}.${name} failed: ${describe(error)}`;
    const type = [Imp.Analyzer, Imp.Factory].find(candidate => object instanceof candidate);
    if (type)
        type.prototype.fail.call(object, reason);
    else
        object.impFailure = reason;
}

/* Puts true where a virtual function left its success out. */
function complete(value, neutral) {
    if (value === undefined)
        return neutral.length > 0 ? [true, ...neutral] : true;
    if (neutral.length > 0 && Array.isArray(value) && value.length === neutral.length)
        return [true, ...value];
    return value;
}

function isPromise(value) {
    return typeof value?.then === 'function';
}

function checkKind(name, value) {
    if (isPromise(value) || typeof value?.next === 'function')
        throw new TypeError(`vfunc_${name}() returned a promise or a generator`);
    const kind = kinds[name];
    if (kind && value !== undefined && value !== null && !(value instanceof kind))
        throw new TypeError(`vfunc_${name}() returned ${value}, no ${kind.name.replace('_', '.')}`);
}

/* The answer comes later, or what keeps it from coming. */
function awaitAnswer(object, name, promise) {
    const failed = error => {
        report(error);
        markFailed(object, `vfunc_${name}`, error);
    };
    promise.then(value => {
        if (value === false)
            failed(new Error('it returned false'));
    }, failed);
    return true;
}

function wrapThrowing(func, name, neutral) {
    const mayBeAsync = MAY_BE_ASYNC.includes(name);
    const isCodec = name in VIRTUAL_FUNCTIONS.Codec;
    return function (...args) {
        countCall();
        try {
            if (isCodec && this.impFailure)
                throw new Error(this.impFailure);
            const value = func.apply(this, args);
            if (value === undefined || value === true)
                return neutral ? complete(value, neutral) : value;
            if (mayBeAsync && isPromise(value))
                return awaitAnswer(this, name, value);
            checkKind(name, value);
            return neutral ? complete(value, neutral) : value;
        } catch (error) {
            throw asGLibError(error);
        }
    };
}

/* The same for one that gets each piece of input, where every look-up counts. */
function wrapInput(func, name) {
    const isArray = name === 'bytes';
    return function (direction, data, offset, dataType) {
        if (isArray)
            bytes += data.length;
        countCall();
        try {
            const value = func.call(this, direction, data, offset, dataType);
            if (value === undefined || value === true)
                return true;
            if (isPromise(value))
                return awaitAnswer(this, name, value);
            checkKind(name, value);
            return value;
        } catch (error) {
            throw asGLibError(error);
        }
    };
}

function wrapSilent(func, name) {
    return function (...args) {
        countCall();
        try {
            const value = func.apply(this, args);
            checkKind(name, value);
            return value;
        } catch (error) {
            report(error);
            markFailed(this, `vfunc_${name}`, error);
            return CANNOT_THROW[name];
        }
    };
}

/* A function whose failure ends what calls it, since what it was given is lost. */
function wrapCallback(func) {
    return function (source, ...args) {
        const failed = error => {
            report(error);
            source.fail(`${func.name || 'a function'} failed: ${describe(error)}`);
        };
        countCall();
        try {
            const value = func.call(this, source, ...args);
            if (isPromise(value))
                value.then(undefined, failed);
        } catch (error) {
            failed(error);
        }
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

function checkDeferred(klass, name, func) {
    const kind = Object.prototype.toString.call(func).slice('[object '.length, -1);
    if (kind === 'Function' || kind === 'AsyncFunction' && MAY_BE_ASYNC.includes(name))
        return;
    throw new TypeError(`${klass.name}.vfunc_${name}() is async or a generator, which nothing ` +
        'would run; it has to be an ordinary function');
}

function adoptFunctions(klass, functions) {
    const known = Object.keys(functions);
    for (const key of Object.getOwnPropertyNames(klass.prototype)) {
        const {value} = Object.getOwnPropertyDescriptor(klass.prototype, key);
        if (!key.startsWith('vfunc_') || typeof value !== 'function')
            continue;
        const name = key.slice('vfunc_'.length);
        checkName(klass, name, known);
        checkDeferred(klass, name, value);
        if (name in CANNOT_THROW)
            klass.prototype[key] = wrapSilent(value, name);
        else if (INPUTS.includes(name))
            klass.prototype[key] = wrapInput(value, name);
        else if (known.includes(name))
            klass.prototype[key] = wrapThrowing(value, name, functions[name]);
    }
}

function guardAccessor(name, accessor) {
    return accessor && function (...args) {
        try {
            return accessor.apply(this, args);
        } catch (error) {
            markFailed(this, `${name} (property)`, error);
            throw error;
        }
    };
}

/* What is thrown by an accessor that C calls is logged, and the value is lost. */
function adoptProperties(klass) {
    const names = Object.values(klass[GObject.properties] ?? {}).map(spec => spec.get_name());
    for (const name of names) {
        const camel = name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
        for (const key of new Set([name, name.replace(/-/g, '_'), camel])) {
            const descriptor = Object.getOwnPropertyDescriptor(klass.prototype, key);
            if (!descriptor?.get && !descriptor?.set)
                continue;
            descriptor.get = guardAccessor(name, descriptor.get);
            descriptor.set = guardAccessor(name, descriptor.set);
            Object.defineProperty(klass.prototype, key, descriptor);
        }
    }
}

function isNative(prototype) {
    return Object.keys(VIRTUAL_FUNCTIONS).some(type => prototype === Imp[type].prototype);
}

/* The class that implements a virtual function in JavaScript, if one does. */
function implementer(klass, name) {
    let {prototype} = klass;
    while (prototype instanceof Imp.Analyzer && !isNative(prototype)) {
        if (Object.hasOwn(prototype, `vfunc_${name}`))
            return prototype.constructor;
        prototype = Object.getPrototypeOf(prototype);
    }
    return null;
}

function checkInputs(klass) {
    /* Those that are derived from an analyzer in C have its function for data. */
    const hasData = [Imp.Rewriter, Imp.Framer, Imp.HttpAnalyzer].some(base => isOurs(klass, base));
    if (INPUTS.every(name => implementer(klass, name)) || hasData && implementer(klass, 'bytes'))
        throw new TypeError(`${klass.name}.vfunc_bytes() would never be called beside ` +
            'vfunc_data(); implement one of them');
}

function adopt(klass) {
    const functions = Object.assign({}, ...Object.entries(VIRTUAL_FUNCTIONS)
        .filter(([type]) => isOurs(klass, Imp[type])).map(([, entries]) => entries));
    if (Object.keys(functions).length === 0)
        return;
    adoptFunctions(klass, functions);
    checkInputs(klass);
    adoptProperties(klass);
}

/* A constructor that did not call super() or _init() has made no object. */
function checkMade(object) {
    if (!object.toString().startsWith('[object instance'))
        throw new Error('it does not initialize its base class');
    return object;
}

/* gjs takes this for the class. It is what C constructs; JavaScript has the class itself, and gets
 * what its constructor throws. C would only see that there is no object, and what was thrown would
 * come to light in the next call from JavaScript. */
function guardConstructor(klass) {
    const guard = new Proxy(klass, {
        construct(target, args, newTarget) {
            if (newTarget !== guard)
                return Reflect.construct(target, args, newTarget);
            countCall();
            try {
                return checkMade(Reflect.construct(target, args, target));
            } catch (error) {
                report(error);
                const failed = new FailedAnalyzer();
                failed.fail(`${klass.name}.constructor failed: ${describe(error)}`);
                return failed;
            }
        },
    });
    return guard;
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

/* Nothing but true lets anybody in. gjs has no way to give the error of a callback to C. */
function wrapAuthorizeFunc(type) {
    const native = type.prototype.set_authorize_func;
    type.prototype.set_authorize_func = function (func) {
        countCall();
        return native.call(this, func && function (...args) {
            countCall();
            try {
                return func.apply(this, args) === true;
            } catch (error) {
                report(error);
                return false;
            }
        });
    };
}

/* Has a class that is registered below a type be adopted. */
function hookClasses(type) {
    const classInit = type._classInit;
    type._classInit = function (klass) {
        adopt(klass);
        if (!isOurs(klass, Imp.Analyzer))
            return classInit.call(this, klass);
        const guard = guardConstructor(klass);
        const made = classInit.call(this, guard);
        return made === guard ? klass : made;
    };
}

/* Who implements an interface is derived from any type, so all classes come by here. */
function hookImplementers(type) {
    const classInit = GObject.Object._classInit;
    GObject.Object._classInit = function (klass) {
        if (klass[GObject.interfaces]?.includes(type))
            adopt(klass);
        return classInit.call(this, klass);
    };
}

const HOOKED_TYPES = ['Analyzer', 'Factory', 'Server'];
const COUNTED_METHODS = {
    Analyzer: ['close', 'data', 'data_bytes', 'poll_results', 'set_callback'],
    Factory: ['create_analyzer', 'ignores'],
    Filter: ['check', 'is_finished', 'push', 'push_bytes', 'set_output'],
    Relay: ['run_async'],
    RemoteFactory: ['wait'],
    Server: ['add_stream', 'listen', 'listen_async'],
};

function _init() {
    /* The host of scripts wants to know that this is in use. */
    this.hasOverrides = true;
    this.collectorIsSoundSince = SOUND_SINCE;
    Imp = this;
    FailedAnalyzer = GObject.registerClass(class ImpFailedAnalyzer extends Imp.Analyzer {});
    kinds = {
        create_analyzer: Imp.Analyzer, set_interface: Imp.Factory, encode: GLib.Bytes,
        list_interfaces: Array, list_statuses: Array,
    };

    HOOKED_TYPES.forEach(name => hookClasses(Imp[name]));
    hookImplementers(Imp.Codec);
    for (const [type, names] of Object.entries(COUNTED_METHODS))
        names.forEach(name => wrapMethod(Imp[type], name));
    wrapAuthorizeFunc(Imp.Server);
    acceptNullList(Imp.Factory, 'match_interfaces');
    acceptNullList(Imp.Factory, 'query_interfaces_async');
}
