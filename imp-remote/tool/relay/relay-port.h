/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-listener-private.h"
#include "tool/opening.h"
#include "tool/relay/relay-own.h"

G_BEGIN_DECLS

/* What one --listen has opened. It outlives the group that has opened it: where the file of
 * settings is read again, the sockets stay as they are, and go to the group that takes its
 * place. */
typedef struct
{
  char *text; /* as the user wrote it */
  ImpAddress *address;
  GPtrArray *listeners; /* of ImpListener: none until it is open */
  gpointer owner;       /* who gets the connections; NULL until it is started */
  gpointer next_owner;  /* who is about to, or NULL */
  ImpListenerFunc func;
} RelayPort;

/* Takes @address. */
RelayPort *relay_port_new (const char *text, ImpAddress *address);
RelayPort *relay_port_ref (RelayPort *self);
void relay_port_unref (RelayPort *self);

gboolean relay_port_is_open (const RelayPort *self);
/* Accepts for @owner from now on. The first time, it prints where. */
void relay_port_start (RelayPort *self, ImpListenerFunc func, gpointer owner, RelayOwn *own);
/* Accepts at most @n_max of those that are waiting, and nobody else, if it is @owner's. */
void relay_port_stop (RelayPort *self, gpointer owner, guint n_max, RelayOwn *own);
/* Stops accepting for now, or goes on; the same. */
void relay_port_set_accepting (RelayPort *self, gpointer owner, gboolean accepting);

G_END_DECLS
