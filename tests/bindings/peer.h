/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both ends of the tests in C use: an analyzer that shouts, and a codec of their own. */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

#define PEER_TYPE_SHOUT (peer_shout_get_type ())
G_DECLARE_FINAL_TYPE (PeerShout, peer_shout, PEER, SHOUT, ImpAnalyzer)

#define PEER_TYPE_BACKWARD (peer_backward_get_type ())
G_DECLARE_FINAL_TYPE (PeerBackward, peer_backward, PEER, BACKWARD, GObject)

ImpFactory *peer_shout_factory (void);
ImpCodec *peer_backward_new (void);

G_END_DECLS
