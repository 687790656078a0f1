/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/serve-setup.h"
#include "tool/serve-sockets.h"

G_BEGIN_DECLS

/* What a file says that is read again while its server runs: all of it is made, checked and opened
 * before any of it counts. There is one at a time. */
typedef struct _ServeReload ServeReload;

/* @good: it can be applied; else what is wrong has been said. */
typedef void (*ServeReloadFunc) (gboolean good, gpointer user_data);

/* @before and @sockets: those in force, which outlive it. */
ServeReload *serve_reload_new (const ServeSetup *before, ServeSockets *sockets);
void serve_reload_free (ServeReload *self);

/* Once. @done may come at once. */
void serve_reload_start (ServeReload *self, ServeReloadFunc done, gpointer user_data);
/* @done comes soon. FALSE if it has come, or is about to while scripts begin. */
gboolean serve_reload_cancel (ServeReload *self);
/* All of it, and *@sockets are the new ones; or FALSE: what is wrong has been said, and nothing has
 * changed. */
gboolean serve_reload_apply (ServeReload *self, ImpServer *server, ServeSockets **sockets);
/* What is in force then. */
ServeSetup *serve_reload_steal_setup (ServeReload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ServeReload, serve_reload_free)

G_END_DECLS
