/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-room-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "rpc/server/imp-server-connection-private.h"

/* Microseconds. */
#define SEARCH_PAUSE (G_USEC_PER_SEC / 4)

/* Of one kind: the best that was found. */
typedef struct
{
  ImpServerConnection *connection;
  guint n_connections; /* of its peer */
  gint64 since;
} RoomCandidate;

/* A client from which something has just come is spared for as long again, and no longer, since it
 * could always have something to say. */
static void
room_candidate_consider (RoomCandidate *best, ImpServerConnection *connection, gint64 since,
                         guint n_connections, gint64 now, guint ms)
{
  const gint64 enough = now - (gint64) ms * 1000;

  if (since == 0 || since > enough || n_connections < best->n_connections
      || (n_connections == best->n_connections && since >= best->since)
      || (since > enough - (gint64) ms * 1000 && !imp_server_connection_is_quiet (connection)))
    return;
  *best = (RoomCandidate){ connection, n_connections, since };
}

typedef struct
{
  gint64 now;
  guint n_connections;
  gboolean scarce; /* there is a peer that may have no more */
  RoomCandidate idle, silent;
} RoomSearch;

static void
server_room_search_peer (const ImpServerRoom *self, const ImpServerPeer *peer, RoomSearch *search)
{
  const guint n = peer->accounts.length;

  for (GList *l = peer->accounts.head; l != NULL; l = l->next)
    {
      ImpServerConnection *connection = imp_server_connection_of_account (l->data);
      gint64 idle_since = imp_server_connection_get_idle_since (connection);
      gint64 silent_since = imp_server_connection_get_silent_since (connection, search->now);

      room_candidate_consider (&search->idle, connection, idle_since, n, search->now,
                               self->max_idle);
      room_candidate_consider (&search->silent, connection, silent_since, n, search->now,
                               self->max_silence);
    }
  search->n_connections += n;
  search->scarce |= peer->name != NULL && n >= self->totals->max_connections_per_peer;
}

/* @only: of this peer. */
static RoomSearch
server_room_search (const ImpServerRoom *self, const ImpServerPeer *only)
{
  RoomSearch search = { .now = g_get_monotonic_time () };

  if (only != NULL)
    server_room_search_peer (self, only, &search);
  else
    for (GList *l = self->totals->peers.head; l != NULL; l = l->next)
      server_room_search_peer (self, l->data, &search);
  search.scarce |= search.n_connections >= self->max_connections;
  return search;
}

/* --- making room --- */

static GError *
server_room_explain (const ImpServerRoom *self, const ImpServerPeer *only, ImpServerRefusal reason)
{
  g_autofree char *what = NULL, *why = NULL;

  if (reason == IMP_SERVER_REFUSAL_MAX_IDLE)
    what = g_strdup_printf ("had no analyzers for %u ms (max-idle)", self->max_idle);
  else
    what = g_strdup_printf ("said nothing about its analyzers for %u ms (max-silence)",
                            self->max_silence);
  if (only == NULL)
    why = g_strdup_printf ("others waited to connect (max-connections is %u)",
                           self->max_connections);
  else
    why = g_strdup_printf ("another one of %s wanted to connect (max-connections-per-peer is %u)",
                           only->name, self->totals->max_connections_per_peer);
  return g_error_new (IMP_ERROR, IMP_ERROR_LIMIT, "the client %s while %s", what, why);
}

static void
server_room_close (ImpServerRoom *self, const ImpServerPeer *only, ImpServerConnection *connection,
                   ImpServerRefusal reason)
{
  g_autoptr (GError) error = server_room_explain (self, only, reason);
  guint64 n = imp_log_limit_note (&self->log);

  self->totals->n_refusals[reason]++;
  if (n > 0)
    imp_log_kind (IMP_LOG_CLIENT_REFUSED,
                  "A connection is closed: %s (%" G_GUINT64_FORMAT " of them)", error->message, n);
  imp_server_connection_make_room (connection, error);
}

static void
server_room_make (ImpServerRoom *self, const ImpServerPeer *only)
{
  const RoomSearch search = server_room_search (self, only);

  if (search.idle.connection != NULL)
    server_room_close (self, only, search.idle.connection, IMP_SERVER_REFUSAL_MAX_IDLE);
  else if (search.silent.connection != NULL)
    server_room_close (self, only, search.silent.connection, IMP_SERVER_REFUSAL_MAX_SILENCE);
}

void
imp_server_room_make (ImpServerRoom *self)
{
  server_room_make (self, NULL);
}

static gboolean
server_room_has_place (const ImpServerRoom *self, const char *name)
{
  const ImpServerPeer *peer = imp_server_totals_look_up_peer (self->totals, name);

  return peer == NULL || peer->accounts.length < self->totals->max_connections_per_peer;
}

/* Not after a search that was in vain a moment ago: whoever is refused may come again at once. */
static void
server_room_make_for_peer (ImpServerRoom *self, const char *name)
{
  ImpServerPeer *peer = imp_server_totals_look_up_peer (self->totals, name);
  gint64 now = g_get_monotonic_time ();

  if (peer->in_vain_at != 0 && now - peer->in_vain_at < SEARCH_PAUSE)
    return;
  server_room_make (self, peer);
  if (!server_room_has_place (self, name))
    imp_server_totals_look_up_peer (self->totals, name)->in_vain_at = now;
}

gboolean
imp_server_room_admit (ImpServerRoom *self, const char *name, GError **error)
{
  if (server_room_has_place (self, name))
    return TRUE;
  server_room_make_for_peer (self, name);
  if (server_room_has_place (self, name))
    return TRUE;
  self->totals->n_refusals[IMP_SERVER_REFUSAL_MAX_CONNECTIONS_PER_PEER]++;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "There are %u connections of %s already (max-connections-per-peer)",
               self->totals->max_connections_per_peer, name);
  return FALSE;
}

/* --- looking now and then --- */

static gboolean
server_room_on_timer (gpointer user_data)
{
  ImpServerRoom *self = user_data;

  if (server_room_search (self, NULL).scarce)
    return G_SOURCE_CONTINUE;
  imp_source_clear (&self->timer);
  return G_SOURCE_REMOVE;
}

void
imp_server_room_note (ImpServerRoom *self, const char *name, guint n_connections)
{
  if (self->timer != NULL
      || (n_connections < self->max_connections && server_room_has_place (self, name)))
    return;
  server_room_search (self, NULL);
  self->timer = imp_source_add_timeout (self->context, MAX (self->max_silence / 4, 1),
                                        "imp server: room", server_room_on_timer, self);
}

void
imp_server_room_init (ImpServerRoom *self, GMainContext *context, ImpServerTotals *totals)
{
  self->context = context;
  self->totals = totals;
}

void
imp_server_room_stop (ImpServerRoom *self)
{
  imp_source_clear (&self->timer);
}
