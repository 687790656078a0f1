/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs tests and tells how they went, as TAP. */
import GLib from 'gi://GLib';
import Imp from 'gi://Imp?version=1';
import System from 'system';

const tests = [];
let failed = 0;

export function test(name, func) {
    tests.push([name, func]);
}

function show(value) {
    return value instanceof Object ? JSON.stringify(value) : String(value);
}

export function equal(found, expected) {
    if (show(found) !== show(expected))
        throw new Error(`found ${show(found)}, not ${show(expected)}`);
}

export function contains(text, part) {
    if (!text.includes(part))
        throw new Error(`${show(part)} is not in ${show(text)}`);
}

/* Calls a function that has to fail, and gives the exception. */
export function raises(func) {
    let value;
    try {
        value = func();
    } catch (error) {
        return error;
    }
    throw new Error(`no exception, but ${show(value)}`);
}

/* Calls a function that has to fail with one of the library's errors. */
export function fails(code, func) {
    const error = raises(func);
    if (!(error instanceof GLib.Error) || !error.matches(Imp.error_quark(), code))
        throw new Error(`not Imp.Error ${code}, but ${error}`);
    return error.message;
}

export function texts(results) {
    return results.map(result => result.to_string());
}

export function bytes(text) {
    return new GLib.Bytes(new TextEncoder().encode(text));
}

export function text(data) {
    return new TextDecoder().decode(data.toArray());
}

/* Runs the tests one after the other, also those that return a promise, and exits. */
async function runAll() {
    print(`1..${tests.length}`);
    for (const [index, [name, func]] of tests.entries()) {
        try {
            await func();
            print(`ok ${index + 1} ${name}`);
        } catch (error) {
            failed++;
            `${error}\n${error.stack}`.split('\n').forEach(line => print(`# ${line}`));
            print(`not ok ${index + 1} ${name}`);
        }
    }
}

/* @finish: called after the last test */
export function run(finish = () => {}) {
    const loop = new GLib.MainLoop(null, false);
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        runAll().catch(error => {
            failed++;
            printerr(error);
        }).finally(() => loop.quit());
        return GLib.SOURCE_REMOVE;
    });
    loop.run();
    finish();
    /* Not from within the loop: gjs 1.74 hangs or crashes there. */
    if (failed > 0 || tests.length === 0)
        System.exit(1);
}
