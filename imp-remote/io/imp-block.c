/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-block-private.h"

/* So many are kept to be used again: as many as one relay has under way, whose bytes wait for a
 * verdict from elsewhere. */
#define POOL_MAX 16

static GMutex pool_lock;
static ImpBlock *pool[POOL_MAX];
static guint n_pool;

/* The one that was used last, and is in the cache. */
static ImpBlock *
block_pool_take (void)
{
  ImpBlock *self = NULL;

  g_mutex_lock (&pool_lock);
  if (n_pool > 0)
    self = pool[--n_pool];
  g_mutex_unlock (&pool_lock);
  return self;
}

static void
block_pool_give (ImpBlock *self)
{
  g_mutex_lock (&pool_lock);
  if (n_pool < POOL_MAX)
    pool[n_pool++] = g_steal_pointer (&self);
  g_mutex_unlock (&pool_lock);
  g_free (self);
}

static void
block_free (ImpBlock *self)
{
  g_free (self);
}

ImpBlock *
imp_block_new (gsize size)
{
  ImpBlock *self = size == IMP_BLOCK_SIZE ? block_pool_take () : NULL;

  if (self == NULL)
    self = g_malloc (sizeof *self + size);
  g_atomic_ref_count_init (&self->ref_count);
  self->size = size;
  self->data = (guint8 *) (self + 1);
  self->release = size == IMP_BLOCK_SIZE ? block_pool_give : block_free;
  return self;
}

void
imp_block_unref (gpointer data)
{
  ImpBlock *self = data;

  if (g_atomic_ref_count_dec (&self->ref_count))
    self->release (self);
}

GBytes *
imp_block_slice (gpointer owner, const guint8 *data, gsize length)
{
  ImpBlock *self = owner;

  g_assert (data >= self->data && length <= self->size - (gsize) (data - self->data));

  return g_bytes_new_with_free_func (data, length, imp_block_unref, imp_block_ref (self));
}
