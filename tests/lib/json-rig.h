/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "test-peer.h"

#include "rpc/server/imp-server.h"

/* A server, and a client of it that speaks json line by line. Its analyzers pass what they are fed,
 * but hold what begins with "hold", replace "echo..." by the same, and in "burst..." each byte by
 * so many others. */
#define JSON_RIG_BURST 1000

GType json_rig_analyzer_get_type (void);

typedef struct
{
  ImpServer *server;
  TestPeer *client;
  GString *reason; /* why connections were closed, as the server said it */
} JsonRig;

/* @limit: a property of the server that is a number, or NULL. Both have said their versions. */
JsonRig *json_rig_new (const char *limit, guint64 value);
/* The same with other analyzers. */
JsonRig *json_rig_new_for_factory (ImpFactory *factory, const char *limit, guint64 value);
void json_rig_free (JsonRig *self);

G_GNUC_PRINTF (2, 3)
void json_rig_say (JsonRig *self, const char *format, ...);
/* What the server says to the line, up to its answer to a ping. */
G_GNUC_PRINTF (2, 3)
char *json_rig_ask (JsonRig *self, const char *format, ...);
/* Runs until the server has closed the connection, and says what it had said until then. */
char *json_rig_wait_for_end (JsonRig *self);
