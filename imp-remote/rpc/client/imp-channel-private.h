/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-client-connection-private.h"
#include "rpc/client/imp-client-handshake-private.h"
#include "rpc/client/imp-remote-factory.h"

G_BEGIN_DECLS

/* Keeps a provider connected: one client connection for new analyzers, older ones that are being
 * finished, and in between the attempts to get another. */
typedef struct _ImpChannel ImpChannel;

typedef struct
{
  ImpClientConnectionOptions connection;
  guint connect_timeout; /* milliseconds, for the connection, TLS and the server's greeting each */
  gboolean insecure;     /* other machines are spoken to without TLS */
  gboolean reconnect;
  guint reconnect_min; /* milliseconds */
  guint reconnect_max;
  guint max_connection_age; /* milliseconds; 0: none */
} ImpChannelOptions;

/* What whoever has several channels wants to know; each may be NULL. */
typedef struct
{
  /* The state is another now. */
  void (*changed) (gpointer user_data);
  /* The server has failed an analyzer, or was lost; @judged: it has given verdicts since the last
   * time. */
  void (*failed) (gboolean judged, gpointer user_data);
  /* It has answered imp_channel_ping(), or another ping. */
  void (*answered) (gpointer user_data);
  /* Those that another server can have, of a connection that is lost or whose server takes nothing
   * new; who does not take them leaves them to their outcome, or to that server. Of
   * ImpRemoteAnalyzer. */
  void (*stranded) (GPtrArray *analyzers, ImpClientConnection *connection, gpointer user_data);
} ImpChannelFuncs;

typedef struct
{
  ImpClientConnectionCounters connection;
  guint64 connections, analyzers, queued;
} ImpChannelCounters;

/* Either @target (to connect to, and again) or @stream (used once). @budget is kept. */
ImpChannel *imp_channel_new (GMainContext *context, GSocketConnectable *target, GIOStream *stream,
                             const char *name, ImpInterface *interface, ImpSoftBudget *budget,
                             const ImpChannelFuncs *funcs, gpointer user_data);
/* Every analyzer that lives gets its outcome. */
void imp_channel_close (ImpChannel *self, const GError *error);
void imp_channel_free (ImpChannel *self);

void imp_channel_set_options (ImpChannel *self, const ImpChannelOptions *options);
/* Before it is used; what is in @tls must live as long as the channel. */
void imp_channel_set_tls (ImpChannel *self, const ImpClientTls *tls);
void imp_channel_set_codec (ImpChannel *self, ImpCodec *codec);

/* Adds an analyzer; if there is nobody to serve it, it has its outcome at once. */
void imp_channel_add (ImpChannel *self, ImpRemoteAnalyzer *analyzer);
/* The same with one that was stranded in another channel. FALSE if it stays there, as there is no
 * connection, and none is being made. */
gboolean imp_channel_adopt (ImpChannel *self, ImpRemoteAnalyzer *analyzer);
/* Whoever has several channels can have all of it that is movable. */
void imp_channel_hand_over (ImpChannel *self);
/* Connects, if it has not been used yet. */
void imp_channel_start (ImpChannel *self);
/* Has the server answer; FALSE if it cannot be asked. */
gboolean imp_channel_ping (ImpChannel *self);
/* Both take @task. */
void imp_channel_query (ImpChannel *self, GList *wanted, GTask *task);
void imp_channel_connect (ImpChannel *self, GTask *task);

/* How many milliseconds to wait before another attempt, after so many in vain. */
guint imp_channel_draw_delay (const ImpChannelOptions *options, guint attempts);

ImpRemoteState imp_channel_get_state (ImpChannel *self);
/* Why it is down or closed. */
const GError *imp_channel_get_reason (ImpChannel *self);
/* For how many milliseconds it has been in its state. */
gint64 imp_channel_get_since (ImpChannel *self);
/* Whether it is down after an attempt that is too recent for another one. */
gboolean imp_channel_has_just_failed (ImpChannel *self);
/* How many milliseconds it is until there is an attempt to connect, 0 during one; -1 if there will
 * be none. */
gint64 imp_channel_get_retry (ImpChannel *self);
/* How many analyzers live, of all connections. */
guint imp_channel_get_n_analyzers (ImpChannel *self);
ImpClientConnection *imp_channel_get_connection (ImpChannel *self); /* NULL: there is none */
/* How many bytes wait for verdicts; goes through all analyzers. */
guint64 imp_channel_count_unsettled (ImpChannel *self);
guint64 imp_channel_get_messages_in (ImpChannel *self);
/* A stream that has not been used: to be used by another one. NULL where there is none. */
GIOStream *imp_channel_steal_stream (ImpChannel *self);
/* Adds what it has counted. */
void imp_channel_add_counters (ImpChannel *self, ImpChannelCounters *sum);

G_END_DECLS
