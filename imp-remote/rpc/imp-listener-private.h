/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-address-private.h"

G_BEGIN_DECLS

/* One listening socket. */
typedef struct _ImpListener ImpListener;

typedef struct
{
  gboolean replace; /* take over a unix socket's path from a server that still listens there */
  guint mode;       /* of the file of a unix socket */
} ImpListenerOptions;

#define IMP_LISTENER_MODE_DEFAULT 0600

typedef void (*ImpListenerFunc) (GSocketConnection *connection, gpointer user_data);

/* Opens what @address stands for ("systemd" and a name may be several), and appends it to
 * @listeners. Where a server still listens at a unix socket's path that is an error, unless it is
 * to be replaced. A socket file at which nobody listens any more is replaced in any case; no other
 * file ever is.
 *
 * Of the addresses of a name those are left out that cannot be had, as long as one can, but one
 * that is in use is an error: others would get a part of the clients.
 *
 * This blocks while a name is looked up, and as long as another process keeps a path's folder
 * locked, up to two seconds. */
gboolean imp_listener_open (const ImpAddress *address, const ImpListenerOptions *options,
                            GPtrArray *listeners, GError **error);
/* The same without blocking; @callback comes in the thread-default main context. */
void imp_listener_open_async (const ImpAddress *address, const ImpListenerOptions *options,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
/* The listeners; the array frees them. NULL with an error, and nothing is left open. */
GPtrArray *imp_listener_open_finish (GAsyncResult *result, GError **error);
void imp_listener_free (ImpListener *self);
/* Calls @func for each new connection. Once per listener. */
void imp_listener_start (ImpListener *self, GMainContext *context, ImpListenerFunc func,
                         gpointer user_data);
/* Whether the next one that waits may be accepted. After a no it is asked again half a second
 * later, or with imp_listener_set_accepting(). */
typedef gboolean (*ImpListenerGate) (gpointer user_data);

/* Asked before each connection that is accepted, with the user data of imp_listener_start(), which
 * comes later; not by imp_listener_stop(). */
void imp_listener_set_gate (ImpListener *self, ImpListenerGate gate);
/* Accepts @n_max of the connections that are waiting, and no others; none if another process has
 * taken the socket over, which gets them. After imp_listener_start(). */
void imp_listener_stop (ImpListener *self, guint n_max);
/* Stops accepting for now, or goes on. After imp_listener_start(). */
void imp_listener_set_accepting (ImpListener *self, gboolean accepting);

const char *imp_listener_get_address (ImpListener *self);
/* The socket's own address, or NULL. */
GSocketAddress *imp_listener_dup_socket_address (ImpListener *self);
/* Has it also accept connections to addresses that are not this machine's (TPROXY), which takes
 * rights: FALSE with an error without them, or if it is no TCP. */
gboolean imp_listener_set_transparent (ImpListener *self, GError **error);
/* Whether those who connect have to begin with TLS, which is for whoever accepts them to do. */
gboolean imp_listener_is_tls (ImpListener *self);
/* Whether it was handed over, and not opened here. */
gboolean imp_listener_is_inherited (ImpListener *self);
/* Whether other machines can reach it, as far as the address tells. */
gboolean imp_listener_is_exposed (ImpListener *self);
/* FALSE with %IMP_ERROR_SETTINGS if they can, and nothing protects what is said there. */
gboolean imp_listener_check_exposure (ImpListener *self, GError **error);
/* Its socket, which stays the listener's. */
int imp_listener_get_fd (ImpListener *self);

G_END_DECLS
