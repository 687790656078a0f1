/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-address-private.h"

G_BEGIN_DECLS

/* One socket that connections come in by. */
typedef struct _ImpListener ImpListener;

typedef void (*ImpListenerFunc) (GSocketConnection *connection, gpointer user_data);

/* Opens what @address stands for ("systemd" may be several), appending to @listeners. @replace:
 * take a unix socket's path over from a server that is still there; without it that is an error. A
 * socket file that nobody listens at any more is replaced in any case; nothing else ever is. */
gboolean imp_listener_open (const ImpAddress *address, gboolean replace, GPtrArray *listeners,
                            GError **error);
void imp_listener_free (ImpListener *self);
void imp_listener_start (ImpListener *self, GMainContext *context, ImpListenerFunc func,
                         gpointer user_data);
/* Takes in everybody who is waiting at the door, then closes it. */
void imp_listener_stop (ImpListener *self);
/* Stops accepting for now, or goes on. */
void imp_listener_set_accepting (ImpListener *self, gboolean accepting);

const char *imp_listener_get_address (ImpListener *self);
/* Whether other machines can reach it, as far as the address tells. */
gboolean imp_listener_is_exposed (ImpListener *self);

G_END_DECLS
