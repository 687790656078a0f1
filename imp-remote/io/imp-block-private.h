/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ImpBlock ImpBlock;

/* Memory to read into, whose parts are handed on without a copy. Blocks of the usual size are
 * pooled: to get such large ones from the system each time would mean as many page faults as there
 * are pages, and as many pages to be cleared. Those of an ImpArena lie in memory that is shared
 * with another process. */
struct _ImpBlock
{
  gatomicrefcount ref_count;
  gsize size;
  guint8 *data;
  void (*release) (ImpBlock *self); /* nobody uses it any more; from any thread */
};

/* The usual size, which is one read: it fits the second-level cache. */
#define IMP_BLOCK_SIZE (256 * 1024)

ImpBlock *imp_block_new (gsize size);

static inline ImpBlock *
imp_block_ref (ImpBlock *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

/* From any thread. */
void imp_block_unref (gpointer self);
/* @length bytes at @data, which are in the block; it lives as long as they do. Untyped, as the
 * cursor of a decoder calls it. */
GBytes *imp_block_slice (gpointer self, const guint8 *data, gsize length);

static inline gboolean
imp_block_is_shared (ImpBlock *self)
{
  return !g_atomic_ref_count_compare (&self->ref_count, 1);
}

G_END_DECLS
