/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-datagram-clients-private.h"

#include "core/imp-log-private.h"

/* Of IPv6, one customer or machine has a network of so many bytes. */
#define NETWORK_BYTES 8
/* Microseconds for which nothing is tried again for one that has failed, so that its packets do not
 * make an analyzer each. */
#define FAILED_TIME (1 * G_USEC_PER_SEC)

struct _ImpDatagramClients
{
  ImpDatagramCommon *common;
  ImpDatagramRoom room;
  GHashTable *by_path; /* a set of ImpDatagramClient */
  GHashTable *by_peer; /* a peer's key -> how many clients it has */
  GQueue order;        /* the one that was heard of longest ago is the first */
  GSList *done;        /* to be freed at the last release */
  guint holds;
  gboolean closed;
  ImpLogLimit full;
};

ImpDatagramClients *
imp_datagram_clients_new (ImpDatagramCommon *common, const ImpDatagramRoom *room)
{
  ImpDatagramClients *self = g_new0 (ImpDatagramClients, 1);

  self->common = common;
  self->room = *room;
  self->by_path = g_hash_table_new (imp_datagram_path_hash, imp_datagram_path_equal);
  self->by_peer = g_hash_table_new_full (imp_datagram_path_hash, imp_datagram_path_equal, g_free,
                                         NULL);
  return self;
}

guint
imp_datagram_clients_get_n (ImpDatagramClients *self)
{
  return g_hash_table_size (self->by_path);
}

void
imp_datagram_clients_foreach (ImpDatagramClients *self, GFunc func, gpointer user_data)
{
  g_queue_foreach (&self->order, func, user_data);
}

/* --- how many a peer has --- */

static void
datagram_clients_make_peer (const ImpDatagramPath *path, ImpDatagramPath *peer)
{
  const struct in6_addr *remote = (const struct in6_addr *) path->remote;
  gsize length = IN6_IS_ADDR_V4MAPPED (remote) ? sizeof path->remote : NETWORK_BYTES;

  memset (peer, 0, sizeof *peer);
  memcpy (peer->remote, path->remote, length);
}

static guint
datagram_clients_count_peer (ImpDatagramClients *self, const ImpDatagramPath *path)
{
  ImpDatagramPath peer;

  datagram_clients_make_peer (path, &peer);
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->by_peer, &peer));
}

static void
datagram_clients_add_to_peer (ImpDatagramClients *self, const ImpDatagramPath *path, int more)
{
  ImpDatagramPath peer;
  guint n;

  datagram_clients_make_peer (path, &peer);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_peer, &peer)) + more;
  if (n == 0)
    g_hash_table_remove (self->by_peer, &peer);
  else
    g_hash_table_insert (self->by_peer, g_memdup2 (&peer, sizeof peer), GUINT_TO_POINTER (n));
}

/* --- coming and going --- */

static void
datagram_clients_remove (ImpDatagramClients *self, ImpDatagramClient *client)
{
  gboolean was_open = client->filter != NULL;

  g_hash_table_remove (self->by_path, &client->path);
  g_queue_unlink (&self->order, &client->link);
  datagram_clients_add_to_peer (self, &client->path, -1);
  client->is_done = TRUE;
  imp_datagram_client_stop (client);
  self->done = g_slist_prepend (self->done, client);
  if (was_open)
    self->common->ended (client, NULL, self->common->user_data);
}

void
imp_datagram_clients_hold (ImpDatagramClients *self)
{
  self->holds++;
}

void
imp_datagram_clients_release (ImpDatagramClients *self)
{
  if (--self->holds > 0)
    return;
  g_slist_free_full (g_steal_pointer (&self->done), (GDestroyNotify) imp_datagram_client_free);
}

void
imp_datagram_clients_free (ImpDatagramClients *self)
{
  g_assert (self->holds == 0);
  imp_datagram_clients_hold (self);
  while (self->order.head != NULL)
    datagram_clients_remove (self, self->order.head->data);
  imp_datagram_clients_release (self);
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->by_peer);
  g_free (self);
}

void
imp_datagram_clients_close (ImpDatagramClients *self)
{
  self->closed = TRUE;
}

static void
datagram_clients_refuse (ImpDatagramClients *self, const ImpDatagramPath *path, const char *why,
                         guint limit)
{
  guint64 n = imp_log_limit_note (&self->full);
  g_autofree char *host = NULL;

  self->common->counters[IMP_DATAGRAM_CLIENTS_REFUSED]++;
  if (n == 0)
    return;
  host = imp_datagram_path_get_host (path);
  imp_log_kind (IMP_LOG_DATAGRAM_FAILED,
                "No room for the client %s port %u: %s %u clients (%" G_GUINT64_FORMAT
                " such packets since the last message)",
                host, g_ntohs (path->port), why, limit, n);
}

static gboolean
datagram_clients_make_room (ImpDatagramClients *self, const ImpDatagramPath *path)
{
  if (datagram_clients_count_peer (self, path) >= self->room.max_per_peer)
    {
      datagram_clients_refuse (self, path, "its peer has (max-clients-per-peer)",
                               self->room.max_per_peer);
      return FALSE;
    }
  if (imp_datagram_clients_get_n (self) < self->room.max_clients)
    return TRUE;
  if (self->room.evict)
    {
      datagram_clients_remove (self, self->order.head->data);
      self->common->counters[IMP_DATAGRAM_CLIENTS_EVICTED]++;
      return TRUE;
    }
  datagram_clients_refuse (self, path, "there are (max-clients)", self->room.max_clients);
  return FALSE;
}

static ImpDatagramClient *
datagram_clients_add (ImpDatagramClients *self, const ImpDatagramPath *path, gint64 now)
{
  ImpDatagramClient *client;

  if (self->closed || !datagram_clients_make_room (self, path))
    return NULL;
  client = imp_datagram_client_new (self->common, path, now);
  g_hash_table_add (self->by_path, client);
  g_queue_push_tail_link (&self->order, &client->link);
  datagram_clients_add_to_peer (self, path, 1);
  imp_datagram_client_open (client);
  return client;
}

ImpDatagramClient *
imp_datagram_clients_get (ImpDatagramClients *self, const ImpDatagramPath *path, gint64 now)
{
  ImpDatagramClient *client = g_hash_table_lookup (self->by_path, path);

  if (client != NULL && client->failed != 0 && now - client->failed > FAILED_TIME)
    {
      datagram_clients_remove (self, client);
      client = NULL;
    }
  return client != NULL ? client : datagram_clients_add (self, path, now);
}

void
imp_datagram_clients_touch (ImpDatagramClients *self, ImpDatagramClient *client, gint64 now)
{
  if (client->is_done)
    return;
  client->active = now;
  g_queue_unlink (&self->order, &client->link);
  g_queue_push_tail_link (&self->order, &client->link);
}

void
imp_datagram_clients_update_costs (ImpDatagramClients *self)
{
  for (GList *l = self->order.head; l != NULL; l = l->next)
    imp_datagram_client_update_cost (l->data);
}

static gint64
datagram_clients_get_due (ImpDatagramClient *client, const ImpDatagramIdle *idle)
{
  imp_datagram_client_update_cost (client);
  if (client->cost > 0)
    return client->active + idle->held;
  return client->active + (client->has_asked ? idle->asked : idle->none);
}

gint64
imp_datagram_clients_expire (ImpDatagramClients *self, gint64 now, const ImpDatagramIdle *idle)
{
  gboolean is_ordered = idle->held == idle->asked && idle->asked == idle->none;
  gint64 next_due = -1;

  imp_datagram_clients_hold (self);
  for (GList *l = self->order.head, *next; l != NULL; l = next)
    {
      ImpDatagramClient *client = l->data;
      gint64 due = datagram_clients_get_due (client, idle);

      next = l->next;
      if (due <= now)
        datagram_clients_remove (self, client);
      else if (next_due < 0 || due < next_due)
        next_due = due;
      if (is_ordered && next_due >= 0)
        break;
    }
  imp_datagram_clients_release (self);
  return next_due;
}
