/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-relay.h"
#include "test-peer.h"

/* A relay between two peers, in one main loop. */
typedef struct
{
  TestPeer *peers[2]; /* client, server */
  ImpRelay *relay;
  GCancellable *cancellable;
  gboolean done;
  gboolean regular;
  GError *error;
} RelayRig;

/* Takes @analyzer. @faults: of the relay's streams, as ImpFaultStream has them, or NULL for plain
 * sockets; @buffer_size: 0 for the default. */
RelayRig *relay_rig_new (ImpAnalyzer *analyzer, const char *client_faults,
                         const char *server_faults, guint buffer_size);
/* Another relay for the same streams, with this uint property. Takes @analyzer. */
void relay_rig_set (RelayRig *rig, ImpAnalyzer *analyzer, const char *property, guint value);
void relay_rig_run (RelayRig *rig);
void relay_rig_free (RelayRig *rig);

/* Until the relay is done, and both peers know. */
void relay_rig_wait_done (RelayRig *rig);
void relay_rig_send_text (RelayRig *rig, guint from, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RelayRig, relay_rig_free)
