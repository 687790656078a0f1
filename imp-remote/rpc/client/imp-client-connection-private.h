/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-deadline-private.h"
#include "rpc/imp-link-private.h"
#include "rpc/client/imp-remote-analyzer-private.h"

G_BEGIN_DECLS

/* The provider's end of one connection: its analyzers, and what the server says of them. A peer may
 * be filled before it has a connection; what it is told waits. Once it is lost, every analyzer that
 * it had has got its outcome, and it is of no more use. */
typedef struct _ImpClientConnection ImpClientConnection;

typedef struct
{
  /* The server has said its version; the peer is in use. */
  void (*ready) (ImpClientConnection *peer, gpointer user_data);
  /* The server takes no new analyzers. */
  void (*goodbye) (ImpClientConnection *peer, gpointer user_data);
  /* The last analyzer has gone. */
  void (*idle) (ImpClientConnection *peer, gpointer user_data);
  /* The connection is over. Called before the analyzers are settled, so that those that are made
   * meanwhile do not come here. */
  void (*lost) (ImpClientConnection *peer, const GError *error, gpointer user_data);
  /* All of them are settled; nothing is called any more. */
  void (*gone) (ImpClientConnection *peer, gpointer user_data);
} ImpClientConnectionFuncs;

typedef struct
{
  ImpFailMode fail;
  guint deadline; /* milliseconds, 0: none */
  guint max_extensions;
  guint keepalive;       /* milliseconds, 0: none */
  guint busy_poll;       /* microseconds, 0: none */
  gsize link_high_water; /* bytes that wait to be written, above which analyzers wait their turn */
  gsize high_water;      /* bytes that wait per analyzer, above which it says PAUSE */
  gsize max_queued;      /* bytes that may wait per analyzer */
  gsize max_queued_all;  /* the same for the whole connection */
  gsize max_waiting;     /* bytes of results that may wait per analyzer and direction */
  ImpWireLimits limits;
} ImpClientConnectionOptions;

typedef struct
{
  guint64 settled_hard, settled_soft;
  guint64 deadlines, exceptions, late_results;
  guint64 messages_in, messages_out, bytes_in, bytes_out, extensions;
} ImpClientConnectionCounters;

/* @interface: what set_interface tells, or NULL. @name: for messages to people. */
ImpClientConnection *imp_client_connection_new (GMainContext *context,
                                                const ImpClientConnectionOptions *options,
                                                ImpInterface *interface, const char *name,
                                                const ImpClientConnectionFuncs *funcs,
                                                gpointer user_data);
ImpClientConnection *imp_client_connection_ref (ImpClientConnection *self);
void imp_client_connection_unref (ImpClientConnection *self);

/* Begins to talk. */
gboolean imp_client_connection_connect (ImpClientConnection *self, GIOStream *stream,
                                        ImpCodec *codec, GError **error);
/* Everything is over, for this reason. */
void imp_client_connection_fail (ImpClientConnection *self, const GError *error);
/* The owner cares no more; nothing is called from here on, analyzers are settled. */
void imp_client_connection_abandon (ImpClientConnection *self, const GError *error);

void imp_client_connection_set_options (ImpClientConnection *self,
                                        const ImpClientConnectionOptions *options);

/* Adds an analyzer that is in no peer yet. */
void imp_client_connection_add (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);

/* Asks which of @wanted match; @task gets a GList of ImpInterface, or an error. Takes @task. */
void imp_client_connection_query (ImpClientConnection *self, GList *wanted, GTask *task);

gboolean imp_client_connection_is_connected (ImpClientConnection *self);
gboolean imp_client_connection_is_ready (ImpClientConnection *self);
guint imp_client_connection_get_n_analyzers (ImpClientConnection *self);
guint imp_client_connection_get_version (ImpClientConnection *self);
const char *imp_client_connection_get_codec_name (ImpClientConnection *self);
guint64 imp_client_connection_get_messages_in (ImpClientConnection *self);
gsize imp_client_connection_get_queued (ImpClientConnection *self);
/* Adds what this peer has counted. */
void imp_client_connection_add_counters (ImpClientConnection *self,
                                         ImpClientConnectionCounters *sum);

/* For ImpRemoteAnalyzer. */
void imp_client_connection_send_data (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                                      ImpPiece *piece);
void imp_client_connection_send_busy (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer,
                                      ImpDirection direction, gboolean busy);
void imp_client_connection_remove (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);

G_END_DECLS
