/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Sees when a script's file is another one, or has another content, and has settled: editors write
 * in pieces, or write another file and rename it. Of a link, both its ends are watched. */
typedef struct _ImpScriptWatch ImpScriptWatch;

/* @context is the thread-default one. @changed: there is a file, and nothing has happened to it for
 * a moment. */
ImpScriptWatch *imp_script_watch_new (const char *path, GMainContext *context,
                                      void (*changed) (gpointer user_data), gpointer user_data,
                                      GError **error);
void imp_script_watch_free (ImpScriptWatch *self);

G_END_DECLS
