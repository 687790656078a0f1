/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-pool-private.h"

G_BEGIN_DECLS

/* For the files of the pool itself. */

/* One connection to one server. */
typedef struct
{
  ImpPool *pool;
  guint server;
  ImpChannel *channel;
  guint64 bytes; /* without a verdict, when it was sampled */
  guint n_analyzers;
  gint64 sampled;
} PoolPlace;

typedef struct
{
  char *name;
  char *tls_name;
  GPtrArray *places; /* of PoolPlace, which the pool has */
  guint group;
  gboolean is_gone;      /* out of its group */
  gboolean is_closed;    /* and nothing is left of it */
  gint64 probed;         /* when it was asked for an answer that is still out; else 0 */
  gboolean wants_rescue; /* it has failed: others can have those that are intact */
} PoolMember;

struct _ImpPool
{
  guint ref_count; /* of one thread; callbacks may drop the last one, so each entry holds one */
  GMainContext *context;
  ImpInterface *interface;
  void (*changed) (gpointer user_data); /* NULL once it is freed */
  gpointer user_data;
  ImpSoftBudget *budget;
  ImpChannelOptions options; /* of new channels */
  ImpCodec *codec;           /* the same */
  ImpChannelCounters past;   /* of channels that are freed */
  GPtrArray *watchers;       /* of PoolWatcher */
  ImpRemoteState state;
  GPtrArray *places;     /* of PoolPlace: all of them */
  GPtrArray *members;    /* of PoolMember */
  ImpChannel *only;      /* of a pool that has nothing to choose; else NULL */
  ImpPoolChoice *choice; /* of servers */
  char *key;
  gboolean started;   /* all channels have begun to connect */
  gboolean is_closed; /* for good */
  double mean;        /* bytes of an analyzer, when one of the channels was sampled */
  GSource *prober;
  GSource *rescue;
  guint64 moved; /* analyzers that were given to a second channel, and so on */
};

ImpPool *imp_pool_ref (ImpPool *self);
void imp_pool_unref (ImpPool *self);
/* Of a member without channels. */
void imp_pool_connect_member (ImpPool *self, guint index, const ImpPoolServer *server,
                              guint n_connections);

/* Of imp-pool-load.c. */
extern const ImpPoolChoiceFuncs imp_pool_choice_funcs;
ImpPoolReadiness imp_pool_place_get_readiness (PoolPlace *place);
/* Of a server's connections, the one that has least to do. */
PoolPlace *imp_pool_member_pick (PoolMember *member);

/* Of imp-pool-moves.c: has other servers take what this connection of one has. */
void imp_pool_hand_on (ImpPool *self, guint server, GPtrArray *analyzers,
                       ImpClientConnection *connection);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpPool, imp_pool_unref)

G_END_DECLS
