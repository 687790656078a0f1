/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-view-private.h"

G_BEGIN_DECLS

/* The memory of another process, to be read: what is an ImpArena there. It is checked before it is
 * mapped, so that no access to it can fail, and it cannot be written to; nor does it take memory of
 * this process, as only pages are read that the other one has written. Its bytes can change at any
 * time, though, if the other process wants it.
 *
 * It counts how often the other side has referred to each block, and which blocks are pinned by a
 * GBytes that somebody keeps; what is not needed any more is to be given back. All is for one
 * thread, but a GBytes may be released from any other one. */
typedef struct _ImpMapping ImpMapping;

/* Called, from any thread, when blocks can be given back that could not before; the thread of the
 * mapping may do that at any later time. */
typedef void (*ImpMappingFunc) (gpointer user_data);

/* Maps @size bytes of @fd, which remains the caller's. Sizes are as the other side has said: it is
 * refused if they are not true, or more than @max_size. @max_pinned: bytes of blocks that may be
 * pinned; of others, what is kept is copied. @user_data lasts until the last of the GBytes has
 * gone, when @destroy is called with it, from any thread. */
ImpMapping *imp_mapping_new (int fd, gint64 size, gint64 block_size, gsize max_size,
                             gsize max_pinned, ImpMappingFunc func, gpointer user_data,
                             GDestroyNotify destroy, GError **error);
/* Drops the caller's reference; what is kept of it stays. */
void imp_mapping_unref (ImpMapping *self);

/* The other side refers to these bytes, once more. @view is good until the next
 * imp_mapping_next_free(). FALSE if there are no such bytes, or none were written there. */
gboolean imp_mapping_take (ImpMapping *self, gint64 block, gint64 position, gint64 length,
                           ImpView *view, GError **error);
/* Takes out a block that nobody needs any more, and how often the other side has referred to it. */
gboolean imp_mapping_next_free (ImpMapping *self, guint *block, guint *n);
/* While it is attended, its thread is about to ask for blocks that are free, and the function is
 * not called for what is released in this thread. */
void imp_mapping_set_attended (ImpMapping *self, gboolean attended);
/* How many blocks are pinned. */
guint imp_mapping_get_n_pinned (ImpMapping *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpMapping, imp_mapping_unref)

G_END_DECLS
