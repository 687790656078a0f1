/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mock-analyzer.h"

#include "provider/imp-datagram-relay.h"

/* A relay of datagrams on loopback, a server behind it that is a socket of the test's, and clients
 * that are others. */
typedef struct
{
  ImpDatagramRelay *relay;
  ImpFactory *factory;
  GPtrArray *analyzers;    /* of MockAnalyzer: all that were made */
  GHashTable *context;     /* of the last one */
  MockFunc func;           /* of new ones; see mock-analyzer.h */
  gboolean fails;          /* no analyzer can be made */
  GSocket *socket;         /* of the relay */
  GSocketAddress *address; /* of that */
  GSocket *server;
  GSocketAddress *target; /* of the server */
  GCancellable *cancellable;
  GString *log; /* how clients have ended: "idle", or the error's message */
  gboolean done;
  GError *error;
} DatagramRig;

#define DATAGRAM_RIG_SIZE 65507

/* A socket at that address; NULL if this machine has none such. */
GSocket *datagram_rig_bind (const char *ip, guint16 port);
GSocketAddress *datagram_rig_get_address (GSocket *socket);

/* @listen: the relay's address. @func: see MockFunc. */
void datagram_rig_init (DatagramRig *self, MockFunc func, const char *listen);
/* Starts the relay, with properties as g_object_new() takes them, up to NULL. */
#define datagram_rig_run(rig, ...)                                                                 \
  datagram_rig_start (rig,                                                                         \
                      g_object_new (IMP_TYPE_DATAGRAM_RELAY, "socket", (rig)->socket, "server",    \
                                    (rig)->target, "factory", (rig)->factory, __VA_ARGS__))
/* Takes @relay. */
void datagram_rig_start (DatagramRig *self, ImpDatagramRelay *relay);
void datagram_rig_clear (DatagramRig *self);

/* A socket that is connected to the relay: from @ip, or anywhere (NULL). */
GSocket *datagram_rig_connect (DatagramRig *self, const char *ip);
void datagram_rig_send (GSocket *socket, gconstpointer data, gsize length);
void datagram_rig_say (GSocket *socket, const char *text);
/* Answers whoever has sent to the server last. */
void datagram_rig_answer (DatagramRig *self, GSocketAddress *to, const char *text);
/* What comes next at a socket, while the main loop runs, or NULL after @ms. */
GBytes *datagram_rig_receive (GSocket *socket, GSocketAddress **from, guint ms);
void datagram_rig_expect (GSocket *socket, const char *text);
/* The same at the server, and from whom. */
GSocketAddress *datagram_rig_expect_request (DatagramRig *self, const char *text);
void datagram_rig_expect_nothing (GSocket *socket);

guint64 datagram_rig_count (DatagramRig *self, const char *name);
/* Waits until there are that many. */
void datagram_rig_wait_count (DatagramRig *self, const char *name, guint64 n);
/* Waits for the end of the relay. */
void datagram_rig_wait_done (DatagramRig *self);
