/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory-private.h"
#include "rpc/imp-link-private.h"
#include "rpc/imp-shared-memory-private.h"
#include "rpc/server/imp-server-analyzers-private.h"

G_BEGIN_DECLS

/* Bytes of verdicts that may wait for a busy direction before its input waits, too. */
#define IMP_SERVER_CONNECTION_MAX_WAITING (256 * 1024)

/* The server's end of one connection, with the analyzers that a client has made there. */
typedef struct _ImpServerConnection ImpServerConnection;

typedef struct
{
  ImpWireLimits limits;
  ImpServerAnalyzersLimits analyzers;
  gsize high_water;        /* bytes that wait to be written, above which nothing is read */
  guint handshake_timeout; /* milliseconds */
  guint message_timeout;   /* the same, for the rest of a message that has begun */
  guint keepalive;         /* milliseconds; 0: none */
  guint busy_poll;         /* microseconds */
  ImpSharedMemoryOptions sharing;
} ImpServerConnectionOptions;

typedef struct
{
  /* The connection has ended, and all its analyzers are closed; exactly once. @error is never
   * NULL. */
  void (*ended) (ImpServerConnection *connection, const GError *error, gpointer user_data);
} ImpServerConnectionFuncs;

/* @codec: NULL to recognize it. @totals: of the server; they last until the connection has ended.
 * @peer: who it is with, see imp_server_account_open(). */
ImpServerConnection *imp_server_connection_new (GIOStream *stream, ImpFactory *factory,
                                                ImpCodec *codec,
                                                const ImpServerConnectionOptions *options,
                                                ImpServerTotals *totals, const char *peer,
                                                GError **error);
ImpServerConnection *imp_server_connection_ref (ImpServerConnection *self);
void imp_server_connection_unref (ImpServerConnection *self);

/* What every analyzer learns of the client, who cannot say it itself; NULL: nothing. Before the
 * start. If this is not called the client is believed. */
void imp_server_connection_set_peer_context (ImpServerConnection *self, ImpContext *context);
/* Once. */
void imp_server_connection_start (ImpServerConnection *self, GMainContext *context,
                                  const ImpServerConnectionFuncs *funcs, gpointer user_data);
/* Ends it now; ended() is called before this returns. */
void imp_server_connection_close (ImpServerConnection *self, const GError *error);
/* Tells the client that there will be no new analyzers; it ends once the old ones are gone. */
void imp_server_connection_drain (ImpServerConnection *self);
/* Takes that back, where the client has not been told. */
void imp_server_connection_undrain (ImpServerConnection *self);

/* New analyzers are those of @factory, unless the client knows something of the one before. */
void imp_server_connection_offer_factory (ImpServerConnection *self, ImpFactory *factory);
/* Whether its analyzers are those of @factory. */
gboolean imp_server_connection_has_factory (ImpServerConnection *self, ImpFactory *factory);

/* Since when it has had no analyzers and asked for nothing, as a monotonic time; else 0. */
gint64 imp_server_connection_get_idle_since (ImpServerConnection *self);
/* Since when the client has said nothing about its analyzers, or has waited for interfaces, as far
 * as this function has been called; 0 if it has neither. */
gint64 imp_server_connection_get_silent_since (ImpServerConnection *self, gint64 now);
/* Whether nothing has come that could change that. */
gboolean imp_server_connection_is_quiet (ImpServerConnection *self);
/* Ends it, as soon as the client has been told that its analyzers are ended, if there are any,
 * since a limit was met, and that it may come again. */
void imp_server_connection_make_room (ImpServerConnection *self, const GError *error);

/* The one whose account it is. */
static inline ImpServerConnection *
imp_server_connection_of_account (ImpServerAccount *account)
{
  /* The host is the first in it. */
  return (ImpServerConnection *) imp_analyzer_host_of_account (account);
}
/* Adds what has come and what was sent. */
void imp_server_connection_add_counters (ImpServerConnection *self, ImpLinkCounters *sum);
guint imp_server_connection_get_n_analyzers (ImpServerConnection *self);
GIOStream *imp_server_connection_get_stream (ImpServerConnection *self);
/* What the client has shown in TLS, and what the server, or who has brought the stream, has
 * accepted; NULL if there is none. */
static inline GTlsCertificate *
imp_server_connection_get_peer_certificate (ImpServerConnection *self)
{
  GIOStream *stream = imp_server_connection_get_stream (self);

  return G_IS_TLS_CONNECTION (stream)
           ? g_tls_connection_get_peer_certificate (G_TLS_CONNECTION (stream))
           : NULL;
}

G_END_DECLS
