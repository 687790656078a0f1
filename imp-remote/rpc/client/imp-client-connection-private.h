/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-remote-analyzer-private.h"
#include "rpc/imp-shared-memory.h"

G_BEGIN_DECLS

/* The provider's end of one connection: its analyzers, and what the server says of them. It may be
 * filled before there is a connection; what it is fed waits. Once it is lost, every analyzer that
 * it had has got its outcome, and it is of no more use. */
typedef struct _ImpClientConnection ImpClientConnection;

typedef struct
{
  /* The server has said its version; the connection is in use. */
  void (*ready) (ImpClientConnection *connection, gpointer user_data);
  /* The server takes no new analyzers. */
  void (*goodbye) (ImpClientConnection *connection, gpointer user_data);
  /* The server has answered a ping. This one and the next one may be NULL. */
  void (*answered) (ImpClientConnection *connection, gpointer user_data);
  /* It has failed an analyzer: said nothing in time, or that it cannot. */
  void (*failed) (ImpClientConnection *connection, gpointer user_data);
  /* The last analyzer has gone. */
  void (*idle) (ImpClientConnection *connection, gpointer user_data);
  /* The connection is over. Called before the analyzers are resolved, so that those that are made
   * meanwhile do not come here. */
  void (*lost) (ImpClientConnection *connection, const GError *error, gpointer user_data);
  /* All of them are resolved; nothing is called any more. */
  void (*gone) (ImpClientConnection *connection, gpointer user_data);
} ImpClientConnectionFuncs;

typedef struct
{
  ImpFailMode fail;
  ImpFailMode overload;
  guint soft_limit;           /* outcomes a minute, 0: none */
  ImpSoftBudget *soft_budget; /* of the channel; or NULL */
  guint deadline;             /* milliseconds, 0: none */
  gboolean is_program; /* the other end is a program of ours: none is for whoever asks to say */
  guint max_extensions;
  guint keepalive;       /* milliseconds, 0: none */
  guint message_timeout; /* the same, for the rest of a message that has begun */
  guint hang_timeout;    /* milliseconds, 0: none; see client_connection_probe() */
  guint busy_poll;       /* microseconds, 0: none */
  ImpSharedMemory shared_memory;
  gsize max_shared_memory; /* bytes */
  gsize link_high_water; /* bytes that wait to be written, above which analyzers wait their turn */
  gsize high_water;      /* bytes that wait per analyzer, above which it says PAUSE */
  gsize max_queued;      /* bytes that may wait per analyzer */
  gsize max_queued_all;  /* the same for the whole connection */
  gsize max_replay;      /* bytes that are kept to be fed again elsewhere, per analyzer; 0: none */
  ImpRemoteAnalyzerLimits analyzers;
  ImpWireLimits limits;
} ImpClientConnectionOptions;

typedef struct
{
  guint64 resolved_hard, resolved_soft;
  guint64 deadlines, exceptions, late_results, log_limits;
  guint64 moved, replayed, not_intact;
  guint64 messages_in, messages_out, bytes_in, bytes_out, extensions;
} ImpClientConnectionCounters;

/* @interface: for set_interface, or NULL. @name: for messages to people. */
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
/* The owner cares no more; nothing is called from here on, analyzers are resolved. */
void imp_client_connection_abandon (ImpClientConnection *self, const GError *error);

void imp_client_connection_set_options (ImpClientConnection *self,
                                        const ImpClientConnectionOptions *options);

/* Adds an analyzer that is in no connection yet. */
void imp_client_connection_add (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);

/* Those that another server can have, see imp_remote_analyzer_is_movable(), each with a reference;
 * and one of another connection that is to come here. */
GPtrArray *imp_client_connection_list_movable (ImpClientConnection *self);
void imp_client_connection_adopt (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);

/* Has the server answer; FALSE if it cannot be asked. */
gboolean imp_client_connection_ping (ImpClientConnection *self);

/* Asks which of @wanted match; @task gets a GList of ImpInterface, or an error. Takes @task. */
void imp_client_connection_query (ImpClientConnection *self, GList *wanted, GTask *task);

/* Asks how the server's modules are; @task gets a GList of ImpFactoryStatus, or an error, within
 * @timeout_ms: %IMP_ERROR_UNSUPPORTED if the server does not tell. The server hears of the
 * analyzers that are there now before it hears the question. Takes @task. */
void imp_client_connection_query_statuses (ImpClientConnection *self, guint timeout_ms,
                                           GTask *task);
gboolean imp_client_connection_tells_status (ImpClientConnection *self);

/* Whether the server has done more than to greet: given a verdict, or answered a question. */
gboolean imp_client_connection_was_of_use (ImpClientConnection *self);
/* Whether it has given a verdict since this was last asked. */
gboolean imp_client_connection_take_judged (ImpClientConnection *self);
/* How many bytes of its analyzers wait for verdicts; goes through all of them. */
guint64 imp_client_connection_count_unsettled (ImpClientConnection *self);
guint imp_client_connection_get_n_analyzers (ImpClientConnection *self);
gboolean imp_client_connection_has (ImpClientConnection *self, ImpRemoteAnalyzer *analyzer);
gboolean imp_client_connection_is_lost (ImpClientConnection *self);
guint imp_client_connection_get_version (ImpClientConnection *self);
gsize imp_client_connection_get_queued (ImpClientConnection *self);
/* Adds what this connection has counted. */
void imp_client_connection_add_counters (ImpClientConnection *self,
                                         ImpClientConnectionCounters *sum);

G_END_DECLS
