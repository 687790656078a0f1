/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-client-connection-private.h"
#include "rpc/client/imp-client-questions-private.h"
#include "rpc/imp-id-table-private.h"

G_BEGIN_DECLS

/* For the files of the client connection itself. */

/* A verdict is that, too, so that one store is enough. */
typedef enum
{
  USE_ANSWERED = 1 << 0,
  USE_JUDGED = 1 << 1,
  USE_VERDICT = USE_ANSWERED | USE_JUDGED,
} ServerUse;

struct _ImpClientConnection
{
  ImpRemoteAnalyzerHost host; /* first: each stands for the other */
  guint ref_count;            /* of one thread */
  GMainContext *context;
  ImpClientConnectionOptions options;
  ImpInterface *interface;
  const ImpClientConnectionFuncs *funcs; /* NULL once lost or abandoned */
  gpointer user_data;
  ImpIdTable analyzers; /* not owned: whoever holds one has it closed */
  gint64 last_id;
  ImpClientQuestions questions;
  GQueue unsent_queries;   /* of ImpMessage, while there is no connection */
  GQueue unsent_questions; /* for statuses, which wait for what was to be sent before */
  GSource *keepalive;
  guint64 bytes_in_seen; /* at the last keepalive */
  GSource *probe;
  guint64 bytes_in_probed; /* when the probe was sent */
  gint64 token;
  gboolean pinged;
  gboolean offers_memory; /* it would share some */
  gboolean ready;
  guint8 use;            /* what the server was good for: of ServerUse */
  gboolean tells_status; /* the server does */
  gboolean abandoned;    /* nothing is called any more */
  guint64 exceptions, late_results;
  guint64 not_intact; /* analyzers that could not go elsewhere when it was lost */
};

/* All of its analyzers, with references, since what is done about one may be the end of others. */
GPtrArray *imp_client_connection_list (ImpRemoteAnalyzerHost *host);

/* Each of its analyzers gets its outcome. */
void imp_client_connection_resolve_all (ImpClientConnection *self, const GError *error);

G_END_DECLS
