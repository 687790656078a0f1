/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The collections that gjs 1.74 needs: that it needs them, that they come, and what they cost.
 *
 * Time is what the tests say it is: each call takes CALL of it, and each collection as long as it
 * is told to. */
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

import {equal, run, test} from './tap.js';

const CALL = 0.005;  // milliseconds
const CLIENT = 0;
const STREAM = -1;
const HERE = GLib.path_get_dirname(GLib.filename_from_uri(import.meta.url)[0]);

let now = 1e6;
let duration = 1;
let calls = 0;
/* Of each collection: how long it took, and how many calls came since the last one. */
let collections = [];

const collect = imports.system.gc;
imports.system.gc = () => {
    collections.push({duration, calls});
    calls = 0;
    now += duration;
    collect();
};
Date.now = () => now;
GLib.get_monotonic_time = () => now * 1000;

const natives = () => [GLib.MainLoop.prototype.run, GLib.MainContext.prototype.iteration,
    GObject.Object.prototype.connect, GLib.idle_add];
const before = natives();
/* Later than an import would be made. */
imports.gi.versions.Imp = '1';
const {Imp} = imports.gi;

const Other = GObject.registerClass(class Other extends GObject.Object {
    vfunc_constructed() {
        super.vfunc_constructed();
        this.done = true;
    }
});

function turnLoop() {
    const loop = new GLib.MainLoop(null, false);
    GLib.idle_add(GLib.PRIORITY_HIGH, () => {
        loop.quit();
        return GLib.SOURCE_REMOVE;
    });
    loop.run();
}

test('who does something else is left alone', () => {
    equal(natives().every((native, index) => native === before[index]), true);
    equal(new Other().done, true);
    for (let i = 0; i < 20000; i++) {
        now += 1;
        GLib.MainContext.default().iteration(false);
    }
    turnLoop();
    equal(collections.length, 0);
});

const Terse = GObject.registerClass(class Terse extends Imp.Analyzer {
    vfunc_bytes() {
        calls++;
        now += CALL;
        this.pass_data();
    }
});

const chunk = new Uint8Array(1);
let analyzer = null;

/* The collections while so many calls come, with so much time between them. */
function feed(nCalls, pause = 0, bytes = chunk) {
    if (!analyzer) {
        analyzer = new Terse();
        analyzer.set_callback(() => {});
    }
    [collections, calls] = [[], 0];
    for (let i = 0; i < nCalls; i++) {
        now += pause;
        analyzer.data_bytes(CLIENT, bytes, 0, STREAM);
    }
    return collections;
}

function spent(found) {
    return found.reduce((sum, collection) => sum + collection.duration, 0);
}

function mostCalls(found) {
    return Math.max(...found.map(collection => collection.calls));
}

/* Makes all that the override remembers of durations that long. */
function settle(milliseconds) {
    duration = milliseconds;
    for (let i = 0; i < 4; i++) {
        now += 1e5;
        feed(1);
    }
}

test('few objects', () => {
    settle(1);
    const found = feed(100000);
    equal(mostCalls(found) <= 5000, true);
    equal(spent(found) <= 100000 * CALL / 5, true);
});

test('many objects', () => {
    settle(24);
    const begun = now;
    const found = feed(200000);
    equal(mostCalls(found) <= 40000, true);
    equal(spent(found) <= (now - begun) / 4, true);
    equal(found.length > 5, true);
});

test('so many that nothing else would be done', () => {
    settle(500);
    const found = feed(200000);
    equal(found.length >= 2, true);
    equal(mostCalls(found) <= 80000, true);
});

test('now and then a call', () => {
    settle(24);
    const begun = now;
    const found = feed(1000, 10);
    equal(found.length > 0, true);
    equal(spent(found) <= (now - begun) / 20 + 24, true);
});

test('one that took long is an outlier', () => {
    settle(1);
    duration = 500;
    now += 1e5;
    equal(feed(1).length, 1);
    duration = 1;
    now += 10;
    equal(mostCalls(feed(20000)) <= 5000, true);
});

test('arrays', () => {
    settle(1);
    const found = feed(8192, 0, new Uint8Array(16384));
    equal(mostCalls(found) * 16384 <= 40 * 1024 * 1024, true);
    equal(found.length >= 4, true);
});

test('a loop that is entered once Imp is in use', () => {
    settle(1);
    [collections, calls] = [[], 0];
    turnLoop();
    equal(collections.length, 0);
    now += 1000;
    turnLoop();
    turnLoop();
    equal(collections.length, 1);
});

/* Does gjs go deaf without them? If not, SOUND_SINCE in the override is to say so. On a machine
 * that does nothing else a collection may be over before a call comes, so several are at it at
 * once. */
test('this gjs needs them', () => {
    const launcher = new Gio.SubprocessLauncher({flags: Gio.SubprocessFlags.STDOUT_PIPE});
    launcher.unsetenv('GJS_PATH');
    launcher.unsetenv('G_DEBUG');
    const processes = Array.from({length: 4 * GLib.get_num_processors()},
        () => launcher.spawnv(['gjs', '-m', `${HERE}/deaf.js`]));
    const said = new Set();
    for (const process of processes) {
        const [, text] = process.communicate_utf8(null, null);
        equal(process.get_exit_status(), 0);
        said.add(text.trim());
    }
    equal(said.has('deaf') ? 'deaf' : [...said].join(),
        System.version < Imp.collectorIsSoundSince ? 'deaf' : 'sound');
});

run();
