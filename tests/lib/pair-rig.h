/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/client/imp-client-connection-private.h"
#include "rpc/server/imp-server-connection-private.h"

/* A client and a server connection, the two ends of a connection. */
typedef struct
{
  ImpClientConnection *client;
  ImpServerConnection *server;
  ImpClientConnectionOptions client_options; /* until they are started, the test's to change */
  ImpServerConnectionOptions server_options;
  ImpServerTotals totals; /* of the server */
} PairRig;

void pair_rig_init (PairRig *self);
void pair_rig_clear (PairRig *self);

/* Speaks cbor. */
void pair_rig_start_client (PairRig *self, GIOStream *stream, const ImpClientConnectionFuncs *funcs,
                            gpointer user_data);
/* Serves analyzers of @type. */
void pair_rig_start_server (PairRig *self, GIOStream *stream, GType type,
                            const ImpServerConnectionFuncs *funcs, gpointer user_data);
