/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-mapping-private.h"

#include "core/imp-error.h"
#include "io/imp-dense-pages-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Without these an access could fail, when the memory has become shorter, or this end could be made
 * to write. Files have none of them. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)
/* A block is no smaller than this, so that what is counted for each stays small; nor larger, so
 * that one small piece cannot pin very much. */
#define BLOCK_SIZE_MIN 4096
#define BLOCK_SIZE_MAX (1024 * 1024)

typedef struct
{
  ImpMapping *mapping;
  gint n_pins;      /* atomic; from 0 to 1 in the mapping's thread only */
  guint n_received; /* so often has the other side referred to it since it was last given back */
} MappingBlock;

struct _ImpMapping
{
  gatomicrefcount ref_count; /* each GBytes has one */
  guint8 *memory;
  gsize size;
  gsize block_size;
  guint n_blocks;
  MappingBlock *blocks;
  ImpDensePages *pages;
  guint *waiting; /* the blocks that are to be given back, in time */
  guint n_waiting;
  guint next;    /* the one of these that is looked at next */
  gint n_pinned; /* blocks; atomic */
  guint max_pinned;
  GThread *thread;
  gboolean attended;
  ImpMappingFunc func;
  gpointer user_data;
  GDestroyNotify destroy;
};

static gboolean
mapping_check_size (gint64 size, gint64 block_size, gsize max_size, GError **error)
{
  if (block_size < BLOCK_SIZE_MIN || block_size > BLOCK_SIZE_MAX || size < block_size
      || size % block_size != 0)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "%" G_GINT64_FORMAT " bytes of shared memory in blocks of %" G_GINT64_FORMAT
                   " make no sense: a block has %d to %d bytes, and there are whole ones",
                   size, block_size, BLOCK_SIZE_MIN, BLOCK_SIZE_MAX);
      return FALSE;
    }
  if ((guint64) size <= max_size)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
               "%" G_GINT64_FORMAT " bytes of shared memory are too much (max-shared-memory is "
               "%" G_GSIZE_FORMAT ")",
               size, max_size);
  return FALSE;
}

/* Huge pages may be missing when they are needed, which is as bad as a file that gets shorter. */
static gboolean
mapping_is_usual_memory (int fd)
{
  struct statfs info;

  return fstatfs (fd, &info) == 0 && info.f_type == TMPFS_MAGIC;
}

static gboolean
mapping_check_descriptor (int fd, gint64 size, GError **error)
{
  int seals = fcntl (fd, F_GET_SEALS);
  struct stat info;

  if (seals < 0 || (seals & SEALS) != SEALS || !mapping_is_usual_memory (fd))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "What came to be shared is no memory that is sealed as it has to be: its seals "
                   "are 0x%x, and 0x%x are needed",
                   MAX (seals, 0), SEALS);
      return FALSE;
    }
  if (fstat (fd, &info) == 0 && info.st_size == size)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "The shared memory has another size than the %" G_GINT64_FORMAT
               " bytes of which the "
               "message speaks",
               size);
  return FALSE;
}

ImpMapping *
imp_mapping_new (int fd, gint64 size, gint64 block_size, gsize max_size, gsize max_pinned,
                 ImpMappingFunc func, gpointer user_data, GDestroyNotify destroy, GError **error)
{
  g_autoptr (ImpDensePages) pages = NULL;
  ImpMapping *self;
  gpointer memory;

  if (!mapping_check_size (size, block_size, max_size, error)
      || !mapping_check_descriptor (fd, size, error))
    return NULL;
  pages = imp_dense_pages_new (fd, size, error);
  if (pages == NULL)
    return NULL;
  memory = mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "Cannot map %" G_GINT64_FORMAT " bytes of shared memory: %s", size,
                   g_strerror (code));
      return NULL;
    }

  self = g_new0 (ImpMapping, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->memory = memory;
  self->size = size;
  self->pages = g_steal_pointer (&pages);
  self->block_size = block_size;
  self->n_blocks = size / block_size;
  self->blocks = g_new0 (MappingBlock, self->n_blocks);
  for (guint i = 0; i < self->n_blocks; i++)
    self->blocks[i].mapping = self;
  self->waiting = g_new (guint, self->n_blocks);
  self->max_pinned = MIN (max_pinned, (gsize) size) / block_size;
  self->thread = g_thread_self ();
  self->func = func;
  self->user_data = user_data;
  self->destroy = destroy;
  return self;
}

void
imp_mapping_unref (ImpMapping *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  munmap (self->memory, self->size);
  imp_dense_pages_free (self->pages);
  if (self->destroy != NULL)
    self->destroy (self->user_data);
  g_free (self->blocks);
  g_free (self->waiting);
  g_free (self);
}

/* A GBytes has gone. Whoever makes it the last one says so, since it might be forgotten else. */
static void
mapping_unpin (gpointer data)
{
  MappingBlock *block = data;
  ImpMapping *self = block->mapping;

  if (g_atomic_int_dec_and_test (&block->n_pins))
    {
      g_atomic_int_add (&self->n_pinned, -1);
      if (g_thread_self () != self->thread || !self->attended)
        self->func (self->user_data);
    }
  imp_mapping_unref (self);
}

static GBytes *
mapping_slice (gpointer owner, const guint8 *data, gsize length)
{
  MappingBlock *block = owner;
  ImpMapping *self = block->mapping;

  /* Another thread may take the last pin away at any time, which it then counts. */
  if (g_atomic_int_add (&block->n_pins, 1) == 0
      && (guint) g_atomic_int_add (&self->n_pinned, 1) >= self->max_pinned)
    {
      g_atomic_int_add (&block->n_pins, -1);
      g_atomic_int_add (&self->n_pinned, -1);
      return g_bytes_new (data, length);
    }
  g_atomic_ref_count_inc (&self->ref_count);
  return g_bytes_new_with_free_func (data, length, mapping_unpin, block);
}

/* Room for this is made by whoever writes, and not by who reads. */
static gboolean
mapping_check_written (ImpMapping *self, gint64 block, gint64 position, gint64 length,
                       GError **error)
{
  if (imp_dense_pages_has (self->pages, block * self->block_size + position, length))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "Of the %" G_GINT64_FORMAT " bytes at %" G_GINT64_FORMAT
               " of block %" G_GINT64_FORMAT " in shared memory some were never written to",
               length, position, block);
  return FALSE;
}

gboolean
imp_mapping_take (ImpMapping *self, gint64 block, gint64 position, gint64 length, ImpView *view,
                  GError **error)
{
  MappingBlock *taken;
  const gint64 block_size = self->block_size;

  if (block < 0 || block >= self->n_blocks || position < 0 || position > block_size || length < 1
      || length > block_size - position)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "There are no %" G_GINT64_FORMAT " bytes at %" G_GINT64_FORMAT
                   " of block %" G_GINT64_FORMAT " in shared memory of %u blocks of "
                   "%" G_GINT64_FORMAT " bytes",
                   length, position, block, self->n_blocks, block_size);
      return FALSE;
    }
  if (!mapping_check_written (self, block, position, length, error))
    return FALSE;
  taken = &self->blocks[block];
  if (taken->n_received == G_MAXINT32)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "Block %" G_GINT64_FORMAT " of the shared memory is in use too often", block);
      return FALSE;
    }
  if (taken->n_received++ == 0)
    self->waiting[self->n_waiting++] = block;
  *view = (ImpView){ self->memory + block * block_size + position, length, NULL, taken,
                     mapping_slice };
  return TRUE;
}

/* Starts from the front once all have been looked at. */
gboolean
imp_mapping_next_free (ImpMapping *self, guint *block, guint *n)
{
  for (; self->next < self->n_waiting; self->next++)
    {
      guint index = self->waiting[self->next];

      if (g_atomic_int_get (&self->blocks[index].n_pins) > 0)
        continue;
      self->waiting[self->next] = self->waiting[--self->n_waiting];
      *block = index;
      *n = self->blocks[index].n_received;
      self->blocks[index].n_received = 0;
      return TRUE;
    }
  self->next = 0;
  return FALSE;
}

void
imp_mapping_set_attended (ImpMapping *self, gboolean attended)
{
  self->attended = attended;
}

guint
imp_mapping_get_n_pinned (ImpMapping *self)
{
  return g_atomic_int_get (&self->n_pinned);
}
