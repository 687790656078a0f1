/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-arena-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/mman.h>
#include <unistd.h>

/* Below this much room a read is not worth its system call. */
#define ROOM_MIN (64 * 1024)
/* Each chunk begins in a cache line of its own. */
#define ALIGNMENT 64
/* In Linux since 6.3, where an administrator can demand it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

typedef struct
{
  ImpBlock block; /* first: each stands for the other */
  ImpArena *arena;
  guint lent; /* so often does the other side refer to it; then there is one reference for that */
} ArenaBlock;

struct _ImpArena
{
  gatomicrefcount ref_count; /* each block in use has one */
  guint8 *memory;
  gsize size;
  int fd;
  guint n_blocks;
  ArenaBlock *blocks;
  GMutex lock;   /* of what follows */
  guint *unused; /* indexes; the one that was used last is in the cache, and comes first */
  guint n_unused;
  /* Of the thread. */
  ArenaBlock *current; /* is read into; or NULL */
  gsize position;      /* in it */
  gboolean is_bulk;    /* reads find much at once */
  gboolean closed;
};

static gboolean
arena_fail (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot share memory: %s: %s", what,
               g_strerror (code));
  return FALSE;
}

static int
arena_create_memory (void)
{
  int fd = memfd_create ("imp-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

  if (fd < 0 && errno == EINVAL)
    fd = memfd_create ("imp-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

/* Written to by what is mapped before the seals, and by nothing else. */
static gboolean
arena_map (ImpArena *self, GError **error)
{
  gpointer memory;

  self->fd = arena_create_memory ();
  if (self->fd < 0)
    return arena_fail (error, "memfd_create");
  if (ftruncate (self->fd, self->size) < 0)
    return arena_fail (error, "ftruncate");
  memory = mmap (NULL, self->size, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
  if (memory == MAP_FAILED)
    return arena_fail (error, "mmap");
  self->memory = memory;
  if (fcntl (self->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)
      < 0)
    return arena_fail (error, "F_ADD_SEALS");
  return TRUE;
}

static void
arena_block_release (ImpBlock *block)
{
  ArenaBlock *self = (ArenaBlock *) block;
  ImpArena *arena = self->arena;

  g_mutex_lock (&arena->lock);
  arena->unused[arena->n_unused++] = self - arena->blocks;
  g_mutex_unlock (&arena->lock);
  imp_arena_unref (arena);
}

static void
arena_make_blocks (ImpArena *self)
{
  self->n_blocks = self->size / IMP_BLOCK_SIZE;
  self->blocks = g_new0 (ArenaBlock, self->n_blocks);
  self->unused = g_new (guint, self->n_blocks);
  self->n_unused = self->n_blocks;
  for (guint i = 0; i < self->n_blocks; i++)
    {
      self->unused[i] = self->n_blocks - 1 - i;
      self->blocks[i].arena = self;
      self->blocks[i].block.size = IMP_BLOCK_SIZE;
      self->blocks[i].block.data = self->memory + (gsize) i * IMP_BLOCK_SIZE;
      self->blocks[i].block.release = arena_block_release;
    }
}

ImpArena *
imp_arena_new (gsize size, GError **error)
{
  g_autoptr (ImpArena) self = g_new0 (ImpArena, 1);

  g_assert (size > 0 && size % IMP_BLOCK_SIZE == 0 && size / IMP_BLOCK_SIZE <= G_MAXUINT);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  self->size = size;
  if (!arena_map (self, error))
    return NULL;
  arena_make_blocks (self);
  return g_steal_pointer (&self);
}

ImpArena *
imp_arena_ref (ImpArena *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
imp_arena_unref (ImpArena *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  if (self->memory != NULL)
    munmap (self->memory, self->size);
  if (self->fd >= 0)
    close (self->fd);
  g_mutex_clear (&self->lock);
  g_free (self->blocks);
  g_free (self->unused);
  g_free (self);
}

static void
arena_drop_current (ImpArena *self)
{
  ArenaBlock *current = g_steal_pointer (&self->current);

  if (current != NULL)
    imp_block_unref (current);
}

void
imp_arena_close (ImpArena *self)
{
  imp_arena_ref (self);
  self->closed = TRUE;
  arena_drop_current (self);
  for (guint i = 0; i < self->n_blocks; i++)
    if (self->blocks[i].lent > 0)
      imp_arena_give_back (self, i, self->blocks[i].lent);
  imp_arena_unref (self);
}

gsize
imp_arena_get_size (const ImpArena *self)
{
  return self->size;
}

int
imp_arena_steal_fd (ImpArena *self)
{
  int fd = self->fd;

  g_assert (fd >= 0);
  self->fd = -1;
  return fd;
}

/* NULL if all are in use. */
static ArenaBlock *
arena_take_block (ImpArena *self)
{
  ArenaBlock *block = NULL;

  g_mutex_lock (&self->lock);
  if (self->n_unused > 0)
    block = &self->blocks[self->unused[--self->n_unused]];
  g_mutex_unlock (&self->lock);
  if (block == NULL)
    return NULL;
  g_atomic_ref_count_init (&block->block.ref_count);
  imp_arena_ref (self);
  return block;
}

/* FALSE if there is none; then the old one stays. */
static gboolean
arena_next_block (ImpArena *self)
{
  ArenaBlock *block = arena_take_block (self);

  if (block == NULL)
    return FALSE;
  arena_drop_current (self);
  self->current = block;
  self->position = 0;
  return TRUE;
}

guint8 *
imp_arena_reserve (ImpArena *self, gsize length, gsize *room)
{
  g_assert (length <= IMP_BLOCK_SIZE);

  if (self->closed)
    return NULL;
  /* Nobody else uses it any more: from its beginning again. */
  if (self->current != NULL && !imp_block_is_shared (&self->current->block))
    self->position = 0;
  if ((self->current == NULL || IMP_BLOCK_SIZE - self->position < length)
      && !arena_next_block (self))
    return NULL;
  *room = IMP_BLOCK_SIZE - self->position;
  return self->current->block.data + self->position;
}

GBytes *
imp_arena_commit (ImpArena *self, gsize length)
{
  GBytes *bytes;

  g_assert (self->current != NULL && length <= IMP_BLOCK_SIZE - self->position);

  bytes = imp_block_slice (&self->current->block, self->current->block.data + self->position,
                           length);
  self->position += MIN ((length + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1),
                         IMP_BLOCK_SIZE - self->position);
  return bytes;
}

/* Where there is much to be read, a block for each read means fewer reads. */
static guint8 *
arena_reserve_for_read (ImpArena *self, gsize *room)
{
  guint8 *memory = self->is_bulk ? imp_arena_reserve (self, IMP_BLOCK_SIZE, room) : NULL;

  return memory != NULL ? memory : imp_arena_reserve (self, ROOM_MIN, room);
}

gboolean
imp_arena_has_room (ImpArena *self)
{
  gsize room;

  return arena_reserve_for_read (self, &room) != NULL;
}

gssize
imp_arena_read (ImpArena *self, ImpTransport *transport, GBytes **bytes, GError **error)
{
  gsize room;
  guint8 *memory = arena_reserve_for_read (self, &room);
  gssize n;

  g_assert (memory != NULL);

  n = imp_transport_read (transport, memory, room, error);
  self->is_bulk = n >= ROOM_MIN;
  if (n > 0)
    *bytes = n < IMP_ARENA_LEAST ? g_bytes_new (memory, n) : imp_arena_commit (self, n);
  return n;
}

gboolean
imp_arena_find (const ImpArena *self, const guint8 *data, gsize length, guint *block,
                guint *position)
{
  gsize offset = (guintptr) data - (guintptr) self->memory;

  if (offset >= self->size || length > IMP_BLOCK_SIZE - offset % IMP_BLOCK_SIZE)
    return FALSE;
  *block = offset / IMP_BLOCK_SIZE;
  *position = offset % IMP_BLOCK_SIZE;
  return TRUE;
}

void
imp_arena_lend (ImpArena *self, guint block)
{
  ArenaBlock *lent = &self->blocks[block];

  g_assert (block < self->n_blocks && !self->closed);

  if (lent->lent++ == 0)
    imp_block_ref (&lent->block);
}

gboolean
imp_arena_give_back (ImpArena *self, gint64 block, gint64 n)
{
  ArenaBlock *lent;

  if (block < 0 || block >= self->n_blocks || n < 0 || n > self->blocks[block].lent)
    return FALSE;
  lent = &self->blocks[block];
  if (n == 0)
    return TRUE;
  lent->lent -= n;
  if (lent->lent == 0)
    imp_block_unref (&lent->block);
  return TRUE;
}

guint
imp_arena_get_n_used (ImpArena *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_blocks - self->n_unused;
  g_mutex_unlock (&self->lock);
  return n;
}
