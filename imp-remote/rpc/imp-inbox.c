/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-inbox-private.h"

#include <string.h>

/* Below this much room a read is not worth its system call. */
#define ROOM_MIN (64 * 1024)

struct _ImpChunk
{
  gatomicrefcount ref_count;
  gsize size;
  guint8 data[];
};

static ImpChunk *
chunk_new (gsize size)
{
  ImpChunk *self = g_malloc (sizeof (ImpChunk) + size);

  g_atomic_ref_count_init (&self->ref_count);
  self->size = size;
  return self;
}

/* Slices may be given back in any thread. */
static void
chunk_unref (gpointer data)
{
  ImpChunk *self = data;

  if (g_atomic_ref_count_dec (&self->ref_count))
    g_free (self);
}

static GBytes *
chunk_slice (gpointer owner, const guint8 *data, gsize length)
{
  ImpChunk *self = owner;

  g_atomic_ref_count_inc (&self->ref_count);
  return g_bytes_new_with_free_func (data, length, chunk_unref, self);
}

void
imp_inbox_clear (ImpInbox *self)
{
  g_clear_pointer (&self->chunk, chunk_unref);
  self->start = self->end = 0;
}

/* What is left moves to the front of memory of @size octets, the same if nobody else uses it. */
static void
move_rest (ImpInbox *self, gsize size)
{
  gsize length = imp_inbox_get_size (self);

  if (self->chunk->size >= size && g_atomic_ref_count_compare (&self->chunk->ref_count, 1))
    {
      memmove (self->chunk->data, self->chunk->data + self->start, length);
    }
  else
    {
      ImpChunk *next = chunk_new (size);

      memcpy (next->data, self->chunk->data + self->start, length);
      chunk_unref (self->chunk);
      self->chunk = next;
    }
  self->start = 0;
  self->end = length;
}

/* The memory that is wanted, counted from where the rest begins. A decoder that does not know where
 * the message will end asks for one octet more than there is: memory that grew by so little each
 * time would be copied for each octet. */
static gsize
get_wanted_size (const ImpInbox *self, gsize length, gsize need)
{
  gsize twice = MAX (2 * length, IMP_INBOX_READ_SIZE);

  if (need <= IMP_INBOX_READ_SIZE && length < IMP_INBOX_READ_SIZE)
    return IMP_INBOX_READ_SIZE;
  if (need > length && (need - length >= ROOM_MIN || need <= self->chunk->size - self->start))
    return MIN (need, twice);
  return twice;
}

guint8 *
imp_inbox_reserve (ImpInbox *self, gsize need, gsize *room)
{
  gsize length = imp_inbox_get_size (self);
  gsize size;

  if (self->chunk == NULL)
    self->chunk = chunk_new (IMP_INBOX_READ_SIZE);
  size = get_wanted_size (self, length, need);

  /* A message that is larger than a usual piece of memory gets one of its own; else it is enough
   * that a read is worth while and the message fits. */
  if (length == 0 && self->chunk->size == IMP_INBOX_READ_SIZE
      && g_atomic_ref_count_compare (&self->chunk->ref_count, 1))
    self->start = self->end = 0;
  else if (self->chunk->size - self->start < size && self->chunk->size - self->end < ROOM_MIN)
    move_rest (self, size);
  else if (length == 0 && self->chunk->size > IMP_INBOX_READ_SIZE)
    move_rest (self, IMP_INBOX_READ_SIZE);

  *room = self->chunk->size - self->end;
  return self->chunk->data + self->end;
}

void
imp_inbox_commit (ImpInbox *self, gsize length)
{
  self->end += length;
}

void
imp_inbox_open (ImpInbox *self, ImpCursor *cursor)
{
  cursor->data = self->chunk == NULL ? NULL : self->chunk->data + self->start;
  cursor->length = imp_inbox_get_size (self);
  cursor->position = 0;
  cursor->searched = self->searched;
  cursor->slice = chunk_slice;
  cursor->owner = self->chunk;
}

void
imp_inbox_close (ImpInbox *self, const ImpCursor *cursor)
{
  self->start += cursor->position;
  self->searched = cursor->position == 0 ? cursor->searched : 0;
}
