/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-id-table-private.h"
#include "rpc/client/imp-client-connection-private.h"

G_BEGIN_DECLS

/* What imp-peer.c, imp-peer-send.c and imp-peer-receive.c share. */
struct _ImpClientConnection
{
  guint ref_count; /* of one thread */
  GMainContext *context;
  ImpClientConnectionOptions options;
  ImpInterface *interface;
  char *name;
  const ImpClientConnectionFuncs *funcs; /* NULL once lost or abandoned */
  gpointer user_data;
  ImpLink *link;        /* NULL before there is a connection */
  ImpIdTable analyzers; /* not owned: whoever holds one has it closed */
  gint64 last_id;
  GQueue backlog;     /* analyzers that have something to send, each in its turn */
  gsize pending_size; /* bytes that all of them have */
  GArray *turns;      /* of gint64: ids of those who await their turn to bring more */
  guint next_turn;
  gboolean crowded;      /* there are such */
  gboolean turn_given;   /* and some of them may, and have not yet */
  GQueue queries;        /* of GTask, in the order they were sent */
  GQueue unsent_queries; /* of ImpMessage, while there is no connection */
  ImpDeadline *deadline;
  GSource *keepalive;
  guint64 bytes_in_seen; /* at the last keepalive */
  gint64 token;
  gboolean pinged;
  gboolean ready;
  gboolean lost;
  gboolean settles_end; /* the server does not: see docs/wire-format.md, feature "end" */
  gsize peer_max_message;
  ImpClientConnectionCounters counters;
};

/* Sends, and lets the connection fail where the codec cannot say it. */
void imp_client_connection_send (ImpClientConnection *self, const ImpMessage *message);
void imp_client_connection_fail_literal (ImpClientConnection *self, ImpError code,
                                         const char *text);
/* Gives one analyzer its outcome and takes it out. */
void imp_client_connection_settle (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                                   const char *reason);

/* All analyzers, with references, since what is done about one may be the end of others. */
GPtrArray *imp_client_connection_list_analyzers (ImpClientConnection *self);

void imp_client_connection_pump (ImpClientConnection *self);

/* Asks the provider to pause, or to go on. */
void imp_client_connection_update_pause (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);
void imp_client_connection_await_turn (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);
/* After pending_size has changed. */
void imp_client_connection_update_crowd (ImpClientConnection *self);

void imp_client_connection_on_message (ImpLink *link, ImpMessage *message, gpointer user_data);

G_END_DECLS
