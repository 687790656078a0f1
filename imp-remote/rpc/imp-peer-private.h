/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-deadline-private.h"
#include "rpc/imp-link-private.h"
#include "rpc/imp-remote-analyzer-private.h"

G_BEGIN_DECLS

/* The provider's end of one connection: its analyzers, and what the server says of them. A peer may
 * be filled before it has a connection; what it is told waits. Once it is lost, every analyzer that
 * it had has got its outcome, and it is of no more use. */
typedef struct _ImpPeer ImpPeer;

typedef struct
{
  /* The server has said its version; the peer is in use. */
  void (*ready) (ImpPeer *peer, gpointer user_data);
  /* The server takes no new analyzers. */
  void (*goodbye) (ImpPeer *peer, gpointer user_data);
  /* The last analyzer has gone. */
  void (*idle) (ImpPeer *peer, gpointer user_data);
  /* The connection is over. Called before the analyzers are settled, so that those that are made
   * meanwhile do not come here. */
  void (*lost) (ImpPeer *peer, const GError *error, gpointer user_data);
  /* All of them are settled; nothing is called any more. */
  void (*gone) (ImpPeer *peer, gpointer user_data);
} ImpPeerFuncs;

typedef struct
{
  ImpFailMode fail;
  guint deadline;       /* milliseconds, 0: none */
  guint max_extensions;
  guint keepalive;      /* milliseconds, 0: none */
  guint busy_poll;      /* microseconds, 0: none */
  gsize link_high_water; /* bytes that wait to be written, above which analyzers wait their turn */
  gsize high_water;     /* bytes that wait per analyzer, above which it says PAUSE */
  gsize max_queued;     /* bytes that may wait per analyzer */
  gsize max_queued_all; /* the same for the whole connection */
  gsize max_waiting;    /* bytes of results that may wait per analyzer and direction */
  ImpWireLimits limits;
} ImpPeerOptions;

typedef struct
{
  guint64 settled_hard, settled_soft;
  guint64 deadlines, exceptions, late_results;
  guint64 messages_in, messages_out, bytes_in, bytes_out, extensions;
} ImpPeerCounters;

/* @interface: what set_interface tells, or NULL. @name: for messages to people. */
ImpPeer *imp_peer_new   (GMainContext *context, const ImpPeerOptions *options,
                         ImpInterface *interface, const char *name, const ImpPeerFuncs *funcs,
                         gpointer user_data);
ImpPeer *imp_peer_ref   (ImpPeer *self);
void     imp_peer_unref (ImpPeer *self);

/* Begins to talk. */
gboolean imp_peer_connect (ImpPeer *self, GIOStream *stream, ImpCodec *codec, GError **error);
/* Everything is over, for this reason. */
void     imp_peer_fail    (ImpPeer *self, const GError *error);
/* The owner cares no more; nothing is called from here on, analyzers are settled. */
void     imp_peer_abandon (ImpPeer *self, const GError *error);

void imp_peer_set_options (ImpPeer *self, const ImpPeerOptions *options);

/* Adds an analyzer that is in no peer yet. */
void imp_peer_add (ImpPeer *self, ImpRemoteAnalyzer *analyzer);

/* Asks which of @wanted match; @task gets a GList of ImpInterface, or an error. Takes @task. */
void imp_peer_query (ImpPeer *self, GList *wanted, GTask *task);

gboolean    imp_peer_is_connected    (ImpPeer *self);
gboolean    imp_peer_is_ready        (ImpPeer *self);
guint       imp_peer_get_n_analyzers (ImpPeer *self);
guint       imp_peer_get_version     (ImpPeer *self);
const char *imp_peer_get_codec_name  (ImpPeer *self);
guint64     imp_peer_get_messages_in (ImpPeer *self);
gsize       imp_peer_get_queued      (ImpPeer *self);
/* Adds what this peer has counted. */
void        imp_peer_add_counters    (ImpPeer *self, ImpPeerCounters *sum);

/* For ImpRemoteAnalyzer. */
void imp_peer_send_data   (ImpPeer *self, ImpRemoteAnalyzer *analyzer, ImpPiece *piece);
void imp_peer_send_busy   (ImpPeer *self, ImpRemoteAnalyzer *analyzer, ImpDirection direction,
                           gboolean busy);
void imp_peer_remove      (ImpPeer *self, ImpRemoteAnalyzer *analyzer);

G_END_DECLS
