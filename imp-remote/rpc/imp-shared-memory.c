/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-shared-memory-private.h"

#include "rpc/imp-peer-private.h"

/* clang-format off */
G_DEFINE_ENUM_TYPE (ImpSharedMemory, imp_shared_memory,
                    G_DEFINE_ENUM_VALUE (IMP_SHARED_MEMORY_OFF, "off"),
                    G_DEFINE_ENUM_VALUE (IMP_SHARED_MEMORY_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (IMP_SHARED_MEMORY_ANY_PEER, "any-peer"))
/* clang-format on */

gboolean
imp_shared_memory_is_possible (ImpSharedMemory mode, ImpLink *link)
{
  ImpTransport *transport = imp_link_get_transport (link);

  return mode != IMP_SHARED_MEMORY_OFF && imp_transport_can_pass_descriptors (transport)
         && imp_transport_can_pass_descriptors (imp_link_get_transport (link))
         && (mode == IMP_SHARED_MEMORY_ANY_PEER
             || imp_peer_is_same_user (imp_transport_get_stream (transport)));
}
