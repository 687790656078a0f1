/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-log-limit-private.h"
#include "rpc/server/imp-server-totals-private.h"

G_BEGIN_DECLS

/* How many connections there may be, and who makes room for others.
 *
 * Those that have no analyzers for long enough make room first, since they lose nothing; then those
 * whose clients have said nothing about their analyzers for long enough. Of both, those of the peer
 * that has most connections, so that nobody can take the places of others without having more than
 * they have; and of these the one that has been so for longest.
 *
 * Messages do not cost a look at the clock for this: while places are scarce, and only then, it is
 * looked now and then who has said something. */
typedef struct
{
  guint max_connections;
  guint max_idle;    /* milliseconds without analyzers */
  guint max_silence; /* milliseconds without a word about them, known to a quarter */
  GMainContext *context;
  ImpServerTotals *totals;
  GSource *timer; /* while places are scarce */
  ImpLogLimit log;
} ImpServerRoom;

void imp_server_room_init (ImpServerRoom *self, GMainContext *context, ImpServerTotals *totals);
/* Can be called more than once. */
void imp_server_room_stop (ImpServerRoom *self);

/* Has a connection end, if one can make room. */
void imp_server_room_make (ImpServerRoom *self);

/* Whether a peer may have one more connection; one of its own may make room. FALSE with
 * %IMP_ERROR_LIMIT, and it is counted. @name: of the peer, or NULL. */
gboolean imp_server_room_admit (ImpServerRoom *self, const char *name, GError **error);

/* A connection of @name has been added to the others, and there are @n_connections now. */
void imp_server_room_note (ImpServerRoom *self, const char *name, guint n_connections);

G_END_DECLS
