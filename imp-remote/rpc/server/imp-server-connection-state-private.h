/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-input-queue-private.h"
#include "rpc/imp-id-table-private.h"
#include "rpc/server/imp-server-connection-private.h"

G_BEGIN_DECLS

/* What imp-connection.c, the connection, imp-connection-analyzers.c, what lives on it, and
 * imp-connection-input.c, what it is fed with, share. */
struct _ImpServerConnection
{
  guint ref_count; /* of one thread */
  ImpFactory *factory;
  ImpFactory *bound; /* to the interface that the client has set; else the factory itself */
  ImpServerConnectionOptions options;
  const ImpServerConnectionFuncs *funcs; /* NULL once it has ended */
  gpointer user_data;
  ImpLink *link;
  GMainContext *context;
  GSource *handshake;   /* until the client has said something */
  ImpIdTable analyzers; /* of ImpServerConnectionAnalyzer */
  gsize held;           /* bytes without a verdict, all in all */
  GQueue dammed;        /* analyzers with input that they have not been fed yet */
  GSource *resume;      /* feeds them on */
  guint nonsense;
  gboolean greeted;
  gboolean draining;
};

/* One analyzer of the client's. */
typedef struct
{
  gint64 id;
  ImpServerConnection *connection;
  ImpAnalyzer *analyzer;
  gsize held;
  ImpInputQueue *unfed;    /* per direction, input that waits; NULL for none */
  GList dammed_node;       /* in the connection's list, then */
  guint calls;             /* depth of calls that use this */
  guint8 paused_by_plugin; /* bit per direction */
  guint8 paused_here;      /* too much is held */
  guint8 paused;           /* what the client was told */
  gboolean removed;        /* it goes with the last call */
} ImpServerConnectionAnalyzer;

/* A plugin may do anything when it is called, such as run a loop in which its analyzer is deleted
 * or the connection ends, and so may whoever hears of the end. */
static inline void
imp_server_connection_analyzer_enter (ImpServerConnectionAnalyzer *entry)
{
  entry->calls++;
  entry->connection->ref_count++;
}

void imp_server_connection_analyzer_leave (ImpServerConnectionAnalyzer *entry);
/* What it holds has changed, perhaps: the client may have to pause, or has gone too far. */
void imp_server_connection_analyzer_check (ImpServerConnectionAnalyzer *entry);

/* Feeds the analyzer, now or later. */
void imp_server_connection_input_take (ImpServerConnectionAnalyzer *entry, ImpMessage *message);
gsize imp_server_connection_input_count (const ImpServerConnectionAnalyzer *entry);
void imp_server_connection_input_clear (ImpServerConnectionAnalyzer *entry);
/* Some of what waits may perhaps be fed. */
void imp_server_connection_resume_input (ImpServerConnection *self);
void imp_server_connection_stop_input (ImpServerConnection *self);

/* Sends, unless it is over. What cannot be said, or is too much to wait, ends the connection: to
 * leave a message out would leave somebody waiting for it. */
void imp_server_connection_send (ImpServerConnection *self, const ImpMessage *message);
void imp_server_connection_send_exception (ImpServerConnection *self, gint64 id, const char *text);

/* What a client says of his analyzers. */
void imp_server_connection_on_new_analyzer (ImpServerConnection *self, ImpMessage *message);
void imp_server_connection_on_delete_analyzer (ImpServerConnection *self, ImpMessage *message);
void imp_server_connection_on_data (ImpServerConnection *self, ImpMessage *message);
void imp_server_connection_on_busy (ImpServerConnection *self, ImpMessage *message);

/* One analyzer has come to its end here, if there is one; the others go on. 0: speaks of all. */
void imp_server_connection_fail_analyzer (ImpServerConnection *self, gint64 id, const char *text);
void imp_server_connection_remove_all_analyzers (ImpServerConnection *self);

G_END_DECLS
