/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* The end of a server that nobody is connected to for a while. */
typedef struct _ServeIdle ServeIdle;

/* Calls @over once @seconds (0: never) have passed without a client, from now on. */
ServeIdle *serve_idle_new (ImpServer *server, guint seconds, void (*over) (gpointer),
                           gpointer user_data);
void serve_idle_free (ServeIdle *self);

G_END_DECLS
