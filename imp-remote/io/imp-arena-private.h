/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-block-private.h"
#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* Memory that another process can read, made of blocks to read into: the bytes of a chunk then need
 * not be sent there. It is sealed, so that the other process can rely on its size, and cannot write
 * to it.
 *
 * A block is used again once nobody refers to its bytes, neither here nor at the other side, which
 * has borrowed it with imp_arena_lend(). All is for one thread, but bytes may be released from any
 * other one. */
typedef struct _ImpArena ImpArena;

/* Fewer bytes are not worth it: they are copied, and sent as always. */
#define IMP_ARENA_LEAST 4096

/* @size: a multiple of IMP_BLOCK_SIZE. Memory is taken as it is used. */
ImpArena *imp_arena_new (gsize size, GError **error);
ImpArena *imp_arena_ref (ImpArena *self);
void imp_arena_unref (ImpArena *self);
/* The other side is gone, and has nothing any more; nothing is read into it any more. */
void imp_arena_close (ImpArena *self);

gsize imp_arena_get_size (const ImpArena *self);
/* The descriptor, for the other side; it is the caller's then, to be closed. Once. */
int imp_arena_steal_fd (ImpArena *self);

/* Room for at least @length bytes, which is at most IMP_BLOCK_SIZE; NULL if there is none until
 * something is given back. What is not committed is nobody's. */
guint8 *imp_arena_reserve (ImpArena *self, gsize length, gsize *room);
/* Makes the first bytes of the room a GBytes. */
GBytes *imp_arena_commit (ImpArena *self, gsize length);
/* Whether a read can go into it. */
gboolean imp_arena_has_room (ImpArena *self);
/* One read, as imp_transport_read(): where that gives more than 0, @bytes is what was read. Only
 * if there is room. */
gssize imp_arena_read (ImpArena *self, ImpTransport *transport, GBytes **bytes, GError **error);

/* Where the bytes are, which somebody refers to; FALSE: not here, or in more than one block. */
gboolean imp_arena_find (const ImpArena *self, const guint8 *data, gsize length, guint *block,
                         guint *position);
/* The other side refers to the block, which is in use, once more. */
void imp_arena_lend (ImpArena *self, guint block);
/* It does so @n times less. FALSE if it has not borrowed it so often. */
gboolean imp_arena_give_back (ImpArena *self, gint64 block, gint64 n);
/* How many blocks are in use, here or there. */
guint imp_arena_get_n_used (ImpArena *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpArena, imp_arena_unref)

G_END_DECLS
