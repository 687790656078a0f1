/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-id-table-private.h"
#include "rpc/imp-peer-private.h"

G_BEGIN_DECLS

/* What imp-peer.c, imp-peer-send.c and imp-peer-receive.c share. */
struct _ImpPeer
{
  guint ref_count;        /* of one thread */
  GMainContext *context;
  ImpPeerOptions options;
  ImpInterface *interface;
  char *name;
  const ImpPeerFuncs *funcs; /* NULL once lost or abandoned */
  gpointer user_data;
  ImpLink *link;          /* NULL before there is a connection */
  ImpIdTable analyzers;   /* not owned: whoever holds one has it closed */
  gint64 last_id;
  GQueue backlog;         /* analyzers that have something to send, each in its turn */
  gsize pending_size;     /* bytes that all of them have */
  GArray *turns;          /* of gint64: ids of those who await their turn to bring more */
  guint next_turn;
  gboolean crowded;       /* there are such */
  gboolean turn_given;    /* and some of them may, and have not yet */
  GQueue queries;         /* of GTask, in the order they were sent */
  GQueue unsent_queries;  /* of ImpMessage, while there is no connection */
  ImpDeadline *deadline;
  GSource *keepalive;
  guint64 bytes_in_seen;  /* at the last keepalive */
  gint64 token;
  gboolean pinged;
  gboolean ready;
  gboolean lost;
  gboolean settles_end;   /* the server does not: see docs/wire-format.md, feature "end" */
  gsize peer_max_message;
  ImpPeerCounters counters;
};

/* Sends, and lets the connection fail where the codec cannot say it. */
void imp_peer_send (ImpPeer *self, const ImpMessage *message);
void imp_peer_fail_literal (ImpPeer *self, ImpError code, const char *text);
/* Gives one analyzer its outcome and takes it out. */
void imp_peer_settle (ImpPeer *self, ImpRemoteAnalyzer *analyzer, const char *reason);

/* All analyzers, with references, since what is done about one may be the end of others. */
GPtrArray *imp_peer_list_analyzers (ImpPeer *self);

void imp_peer_pump (ImpPeer *self);

/* Asks the provider to pause, or to go on. */
void imp_peer_update_pause (ImpPeer *self, ImpRemoteAnalyzer *analyzer);
void imp_peer_await_turn   (ImpPeer *self, ImpRemoteAnalyzer *analyzer);
/* After pending_size has changed. */
void imp_peer_update_crowd (ImpPeer *self);

void imp_peer_on_message (ImpLink *link, ImpMessage *message, gpointer user_data);

G_END_DECLS
