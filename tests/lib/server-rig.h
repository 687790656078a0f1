/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-peer.h"

#include "rpc/server/imp-server.h"

/* A server that listens, with the analyzers of a JsonRig, and clients of it that speak json line by
 * line. */
typedef struct
{
  ImpServer *server;
  char *address;
  GString *reasons; /* of connections that have ended */
  guint n_connected;
} ServerRig;

#define SERVER_RIG_TIMEOUT 10000

#define SERVER_RIG_GREETING "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"
#define SERVER_RIG_NEW "{\"op\":\"new_analyzer\",\"id\":1}\n"
#define SERVER_RIG_DELETE "{\"op\":\"delete_analyzer\",\"id\":1}\n"
#define SERVER_RIG_DATA "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"x\"}\n"
#define SERVER_RIG_PING "{\"op\":\"ping\",\"token\":77}\n"

/* The limits are pairs of a property's name and a guint, up to NULL. */
void server_rig_init (ServerRig *self, const char *limit, ...) G_GNUC_NULL_TERMINATED;
void server_rig_clear (ServerRig *self);

/* One that connects, as all others of this kind of the same peer. */
TestPeer *server_rig_connect (ServerRig *self);
TestPeer *server_rig_connect_and_greet (ServerRig *self);
/* One of whom it is not known who it is, and who has said its version. */
TestPeer *server_rig_add_stranger (ServerRig *self);

/* How often this was refused. */
guint64 server_rig_count (ServerRig *self, const char *reason);

void server_rig_say (TestPeer *peer, const char *lines);
/* Whether it hears that within so many milliseconds. */
gboolean server_rig_hears (TestPeer *peer, const char *text, guint ms);
void server_rig_expect (TestPeer *peer, const char *text);
/* Says it and waits for all answers; what it has heard before is forgotten. */
void server_rig_ask (TestPeer *peer, const char *lines);
/* Waits for the end of the connection. */
void server_rig_expect_end (TestPeer *peer);

void server_rig_wait (guint ms);
