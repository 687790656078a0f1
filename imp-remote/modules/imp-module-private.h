/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modules/imp-module.h"

G_BEGIN_DECLS

/* What kinds of files are modules. */
gboolean imp_module_is_object (const char *path); /* ".so" */
gboolean imp_module_is_script (const char *path); /* ".py", ".js", ".mjs" */

/* Whether modules can be made of it. */
gboolean imp_module_is_usable_type (GType type);

/* The class of factories or analyzers in a shared object, or G_TYPE_INVALID with an error. */
GType imp_module_load_object (const char *path, GError **error);

/* Starts a process for the script, and creates the factory that stands for what it serves. The
 * process ends with the factory, and with this process. */
ImpFactory *imp_module_run_script (const char *path, const char *settings, GError **error);

/* The same without waiting for it. When it is cancelled, or fails, its processes have been killed
 * by the time that this is said. */
void imp_module_run_script_async (const char *path, const char *settings, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
ImpFactory *imp_module_run_script_finish (GAsyncResult *result, GError **error);

/* What a script says of itself: a summary, which ends the first line, and its own settings. Starts
 * a process for it, and waits until that has ended. @interpreter: NULL for the usual one. */
char *imp_module_ask_script (const char *path, const char *interpreter, GError **error);

G_END_DECLS
