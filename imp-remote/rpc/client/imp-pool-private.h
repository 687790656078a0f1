/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-channel-private.h"
#include "rpc/client/imp-pool-choice-private.h"

G_BEGIN_DECLS

/* The servers of a provider: a channel for each connection to each of them, and which one a new
 * analyzer goes to. With a single channel it does nothing by itself. */
typedef struct _ImpPool ImpPool;

/* How many servers there may be, and connections in all. */
#define IMP_POOL_SERVERS_MAX 64
#define IMP_POOL_CHANNELS_MAX 256

typedef struct
{
  const char *name; /* for messages to people, and for hashes */
  GSocketConnectable *target;
  GIOStream *stream;       /* instead of @target */
  const ImpClientTls *tls; /* NULL: none */
  guint priority;          /* lower ones are chosen first */
  guint group;             /* 0: it stays for good */
} ImpPoolServer;

/* @budget: of soft outcomes, that others have as well; NULL: its own. @changed: its state is
 * another now. */
ImpPool *imp_pool_new (GMainContext *context, ImpInterface *interface, ImpSoftBudget *budget,
                       void (*changed) (gpointer user_data), gpointer user_data);
/* Before it is used. @key: of contexts, for IMP_POOL_HASH. */
void imp_pool_set_balance (ImpPool *self, ImpPoolBalance balance, const char *key);
void imp_pool_add_server (ImpPool *self, const ImpPoolServer *server, guint n_connections);
/* The servers of a group are these now, which may be so at any time. Others get no new analyzers,
 * and their connections are closed at a later sweep, when they have none left. */
void imp_pool_set_group (ImpPool *self, guint group, const ImpPoolServer *servers, guint n_servers,
                         guint n_connections);
void imp_pool_sweep (ImpPool *self);
/* What lives as long as the pool, and is freed before its servers. */
void imp_pool_add_watcher (ImpPool *self, gpointer watcher, GDestroyNotify destroy);
void imp_pool_set_codec (ImpPool *self, ImpCodec *codec);
void imp_pool_set_options (ImpPool *self, const ImpChannelOptions *options);
/* Every analyzer that lives gets its outcome. */
void imp_pool_close (ImpPool *self, const GError *error);
void imp_pool_free (ImpPool *self);

/* Adds an analyzer; if there is nobody to serve it, it has its outcome at once. */
void imp_pool_add (ImpPool *self, ImpRemoteAnalyzer *analyzer);
/* Both take @task. */
void imp_pool_query (ImpPool *self, GList *wanted, GTask *task);
void imp_pool_connect (ImpPool *self, GTask *task);

/* The best of those of its channels. */
ImpRemoteState imp_pool_get_state (ImpPool *self);
/* Why it is not ready. */
const GError *imp_pool_get_reason (ImpPool *self);
guint imp_pool_get_n_analyzers (ImpPool *self);
/* Of a server that is ready, else NULL. */
ImpClientConnection *imp_pool_get_connection (ImpPool *self);
guint64 imp_pool_get_messages_in (ImpPool *self);
GIOStream *imp_pool_steal_stream (ImpPool *self);
void imp_pool_describe (ImpPool *self, GVariantBuilder *builder);

/* For questions about each server: its channels, one at least. */
guint imp_pool_get_n_servers (ImpPool *self);
guint imp_pool_get_n_channels (ImpPool *self, guint server);
ImpChannel *imp_pool_get_channel (ImpPool *self, guint server, guint index);
const char *imp_pool_get_name (ImpPool *self, guint server);
gboolean imp_pool_is_gone (ImpPool *self, guint server);

/* For tests: microseconds, instead of IMP_POOL_EJECTION_TIME. */
void imp_pool_set_ejection_time (ImpPool *self, gint64 time);

G_END_DECLS
