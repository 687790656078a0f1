/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/imp-peer-private.h"
#include "rpc/imp-session-private.h"

/* A peer and a session, the two ends of a connection. */
typedef struct
{
  ImpPeer *peer;
  ImpSession *session;
  ImpPeerOptions peer_options; /* until they are started, the test's to change */
  ImpSessionOptions session_options;
} PairRig;

void pair_rig_init  (PairRig *self);
void pair_rig_clear (PairRig *self);

/* Speaks cbor. */
void pair_rig_start_peer    (PairRig *self, GIOStream *stream, const ImpPeerFuncs *funcs,
                             gpointer user_data);
/* Serves analyzers of @type. */
void pair_rig_start_session (PairRig *self, GIOStream *stream, GType type,
                             const ImpSessionFuncs *funcs, gpointer user_data);
