/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-datagram-client-private.h"

G_BEGIN_DECLS

/* The clients of a relay of datagrams: found by their addresses, limited in number, and in the
 * order in which they were last heard of. */
typedef struct _ImpDatagramClients ImpDatagramClients;

typedef struct
{
  guint max_clients;
  guint max_per_peer; /* an address of IPv4, a network of 64 bits of IPv6 */
  gboolean evict;     /* the one that was not heard of for longest makes room */
} ImpDatagramRoom;

ImpDatagramClients *imp_datagram_clients_new (ImpDatagramCommon *common,
                                              const ImpDatagramRoom *room);
void imp_datagram_clients_free (ImpDatagramClients *self);

guint imp_datagram_clients_get_n (ImpDatagramClients *self);
/* The client at this address; a new one if there is room, else NULL. No new one once it is
 * closed. */
ImpDatagramClient *imp_datagram_clients_get (ImpDatagramClients *self, const ImpDatagramPath *path,
                                             gint64 now);
void imp_datagram_clients_close (ImpDatagramClients *self);
/* Something has come for it. */
void imp_datagram_clients_touch (ImpDatagramClients *self, ImpDatagramClient *client, gint64 now);
/* Counts what all of them hold once more. */
void imp_datagram_clients_update_costs (ImpDatagramClients *self);

/* For how many microseconds a client may be silent. */
typedef struct
{
  gint64 held;  /* while something waits for a verdict */
  gint64 asked; /* while the server may have something to answer */
  gint64 none;
} ImpDatagramIdle;

/* Ends those that are silent for longer. When the next one may be due: monotonic time, or -1 if
 * there is none left. */
gint64 imp_datagram_clients_expire (ImpDatagramClients *self, gint64 now,
                                    const ImpDatagramIdle *idle);

/* Calls @func with each of them, which may change none. */
void imp_datagram_clients_foreach (ImpDatagramClients *self, GFunc func, gpointer user_data);

/* In between, no client is freed, whatever happens. */
void imp_datagram_clients_hold (ImpDatagramClients *self);
void imp_datagram_clients_release (ImpDatagramClients *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDatagramClients, imp_datagram_clients_free)

G_END_DECLS
