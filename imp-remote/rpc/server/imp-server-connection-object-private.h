/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/server/imp-server-connection-private.h"
#include "rpc/server/imp-server-sharing-private.h"

G_BEGIN_DECLS

/* For the files of the connection itself. */

struct _ImpServerConnection
{
  ImpServerAnalyzers analyzers; /* the first: see server_connection_of_host() */
  guint ref_count;              /* of one thread */
  guint64 serial;               /* of those of the server, from 1 on */
  gint64 since;                 /* when it began, in monotonic time */
  ImpFactory *factory;
  ImpFactory *bound; /* to the interface that the client has set; else the factory itself */
  ImpServerConnectionOptions options;
  const ImpServerConnectionFuncs *funcs; /* NULL before it is started, and once it has ended */
  gpointer user_data;
  ImpLink *link;
  GMainContext *context;
  ImpServerSharing sharing;
  GSource *handshake; /* until the client has said something */
  gsize input;        /* bytes of an unfinished message, as they are accounted */
  gsize output;       /* bytes that wait for the client, where that is many */
  gint64 idle_since;  /* where there are no analyzers */
  guint64 n_aside;    /* messages about no analyzer */
  guint64 n_seen;     /* all others, when it was last looked */
  gint64 silent_since;
  guint n_queries; /* that have no answer yet */
  guint n_malformed;
  ImpContext *peer; /* what analyzers learn of the client */
  gboolean checks_peer;
  gboolean greeted;
  gboolean committed; /* to the factory: the client has asked something of it */
  gboolean draining;
  gboolean finishing;
};

G_END_DECLS
