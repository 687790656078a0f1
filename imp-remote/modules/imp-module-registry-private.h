/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Which classes the names of modules stand for: the extension point, and a folder of shared objects
 * that are called like their modules. Thread-safe. */

/* What can be a name: it is written on a command line before "=", and is part of a path. */
gboolean imp_module_registry_is_name (const char *name);

/* @summary: what it does, in a line. Nobody takes the place of one that comes with the library. */
void imp_module_registry_add (const char *name, GType type, const char *summary, gboolean is_stock);
/* Whether it was added in this way. */
gboolean imp_module_registry_has_type (GType type);

/* Sorted. */
GStrv imp_module_registry_list (void);
/* G_TYPE_INVALID: there is none of that name, or, with an error, it cannot be used. */
GType imp_module_registry_find (const char *name, char **summary, GError **error);

G_END_DECLS
