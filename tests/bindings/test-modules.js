/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What fails when it is made says so at once; scripts are started without blocking. */
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Imp from 'gi://Imp?version=1';

import {contains, equal, fails, run, test} from './tap.js';

const FOLDER = GLib.dir_make_tmp('imp-modules-XXXXXX');

function script(name, before) {
    const path = GLib.build_filenamev([FOLDER, name]);
    GLib.file_set_contents(path, `${before}
from gi.repository import Imp


class Passes(Imp.Analyzer):
    pass
`);
    return path;
}

function newFactory(spec, cancellable = null) {
    return new Promise((resolve, reject) => {
        Imp.module_new_factory_async(spec, null, cancellable, (source, result) => {
            try {
                resolve(Imp.module_new_factory_finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
}

async function rejects(promise) {
    try {
        await promise;
    } catch (error) {
        return error;
    }
    throw new Error('no exception');
}

test('initable', () => {
    const factory = Imp.PatternFactory.new('text=a');
    const remote = new Imp.RemoteFactory({address: 'nowhere'});
    contains(fails(Imp.Error.SETTINGS, () => remote.init(null)), '"nowhere"');
    const server = new Imp.Server({factory, codec: 'morse'});
    contains(fails(Imp.Error.UNSUPPORTED, () => server.init(null)), '"morse"');
    equal(new Imp.RemoteFactory({address: '@a'}).init(null), true);
});

test('async initable', async () => {
    const error = await rejects(new Promise((resolve, reject) => {
        const factory = new Imp.RemoteFactory({address: 'nowhere'});
        factory.init_async(GLib.PRIORITY_DEFAULT, null, (source, result) => {
            try {
                resolve(factory.init_finish(result));
            } catch (e) {
                reject(e);
            }
        });
    }));
    contains(error.message, '"nowhere"');
});

test('factory', async () => {
    equal(await newFactory(script('good.py', '')) instanceof Imp.Factory, true);
    contains((await rejects(newFactory('./nothing.py'))).message, './nothing.py');
});

test('cancelled', async () => {
    const cancellable = new Gio.Cancellable();
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 200, () => {
        cancellable.cancel();
        return GLib.SOURCE_REMOVE;
    });
    const error = await rejects(newFactory(script('late.py', 'import time\ntime.sleep(600)'),
        cancellable));
    equal(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), true);
});

run();
