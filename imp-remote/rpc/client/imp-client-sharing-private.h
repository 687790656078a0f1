/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-arena-private.h"
#include "rpc/imp-shared-memory-private.h"

G_BEGIN_DECLS

/* The client's end of memory that is shared with a server. */

/* Whether it is to be offered to the server. */
gboolean imp_client_sharing_is_possible (ImpSharedMemory mode, ImpLink *link, gsize max_size);
/* Shares up to @max_size bytes, as much as the server takes; NULL if nothing is shared, since the
 * server does not want it, or there is no such memory: then input is sent as always. @name: of the
 * server, for people. */
ImpArena *imp_client_sharing_begin (ImpLink *link, const ImpMessage *set_version, gsize max_size,
                                    const char *name, GError **error);
/* The server has nothing of it any more. */
void imp_client_sharing_end (ImpArena **arena);
/* Sends input: if it lies in the memory, and is not too little, says where it is. */
gboolean imp_client_sharing_send (ImpArena *arena, ImpLink *link, gint64 id, ImpDirection direction,
                                  const ImpView *data, gint64 offset, gint32 data_type,
                                  GError **error);
/* The server has given something back. FALSE if that was not lent. */
gboolean imp_client_sharing_take_release (ImpArena *arena, const ImpMessage *message,
                                          GError **error);

G_END_DECLS
