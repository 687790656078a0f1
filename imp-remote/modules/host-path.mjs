// SPDX-License-Identifier: LGPL-2.1-or-later
// To be imported before Imp: in the source tree the overrides lie beside this folder, where gjs
// does not look for them by itself. Where imp-remote is installed there is no such folder.

import Gio from 'gi://Gio';

const folder = Gio.File.new_for_uri(import.meta.url).get_parent()
    .resolve_relative_path('../bindings/overrides');

if (folder.get_child('Imp.js').query_exists(null))
    imports.overrides.searchPath.unshift(folder.get_path());
