/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The program's own sockets: a client that is connected with one of them would go round in
 * circles. */
typedef struct _RelayOwn RelayOwn;

RelayOwn *relay_own_new (void);
void relay_own_free (RelayOwn *self);

void relay_own_add_listener (RelayOwn *self, GSocketAddress *address);
void relay_own_remove_listener (RelayOwn *self, GSocketAddress *address);
/* Connections with servers, as long as there are; @address: at this end. */
void relay_own_add_connection (RelayOwn *self, GSocketAddress *address);
void relay_own_remove_connection (RelayOwn *self, GSocketAddress *address);

/* FALSE with %IMP_ERROR_DENIED if whoever connects to @address comes to one of the listeners. */
gboolean relay_own_check_destination (RelayOwn *self, GSocketAddress *address, GError **error);
/* FALSE with %IMP_ERROR_DENIED if @address, of a client, is this end of a connection. */
gboolean relay_own_check_client (RelayOwn *self, GSocketAddress *address, GError **error);

/* Whether it is one of this machine's. */
gboolean relay_own_is_local (GInetAddress *ip);

G_END_DECLS
