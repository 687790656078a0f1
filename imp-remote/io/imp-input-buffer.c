/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-input-buffer-private.h"

#include <string.h>

/* Below this much room a read is not worth its system call. */
#define ROOM_MIN (64 * 1024)
/* Less than this is copied out of a block that it would pin. */
#define COPY_BELOW (IMP_INPUT_BUFFER_READ_SIZE / 4)

void
imp_input_buffer_clear (ImpInputBuffer *self)
{
  g_clear_pointer (&self->block, imp_block_unref);
  self->start = self->end = 0;
}

/* What is left moves to the front of memory of @size bytes, the same if nobody else uses it. */
static void
input_buffer_move_rest (ImpInputBuffer *self, gsize size)
{
  gsize length = imp_input_buffer_get_size (self);

  if (self->block->size >= size && !imp_block_is_shared (self->block))
    {
      memmove (self->block->data, self->block->data + self->start, length);
    }
  else
    {
      ImpBlock *next = imp_block_new (size);

      memcpy (next->data, self->block->data + self->start, length);
      imp_block_unref (self->block);
      self->block = next;
    }
  self->start = 0;
  self->end = length;
}

/* The memory that is wanted, counted from where the rest begins. A decoder that does not know where
 * the message will end asks for one byte more than there is: memory that grew by so little each
 * time would be copied for each byte. */
static gsize
input_buffer_get_wanted_size (const ImpInputBuffer *self, gsize length, gsize need)
{
  gsize twice = MAX (2 * length, IMP_INPUT_BUFFER_READ_SIZE);

  if (need <= IMP_INPUT_BUFFER_READ_SIZE && length < IMP_INPUT_BUFFER_READ_SIZE)
    return IMP_INPUT_BUFFER_READ_SIZE;
  if (need > length && (need - length >= ROOM_MIN || need <= self->block->size - self->start))
    return MIN (need, twice);
  return twice;
}

guint8 *
imp_input_buffer_reserve (ImpInputBuffer *self, gsize need, gsize *room)
{
  gsize length = imp_input_buffer_get_size (self);
  gsize size;

  if (self->block == NULL)
    self->block = imp_block_new (IMP_INPUT_BUFFER_READ_SIZE);
  size = input_buffer_get_wanted_size (self, length, need);

  /* A message that is larger than a usual piece of memory gets one of its own; else it is enough
   * that a read is worth while and the message fits. */
  if (length == 0 && self->block->size == IMP_INPUT_BUFFER_READ_SIZE
      && !imp_block_is_shared (self->block))
    self->start = self->end = 0;
  else if (self->block->size - self->start < size && self->block->size - self->end < ROOM_MIN)
    input_buffer_move_rest (self, size);
  else if (length == 0 && self->block->size > IMP_INPUT_BUFFER_READ_SIZE)
    input_buffer_move_rest (self, IMP_INPUT_BUFFER_READ_SIZE);

  *room = self->block->size - self->end;
  return self->block->data + self->end;
}

void
imp_input_buffer_commit (ImpInputBuffer *self, gsize length)
{
  g_assert (self->block != NULL && length <= self->block->size - self->end);

  self->end += length;
}

/* A connection that has nothing to say needs no memory. */
static void
input_buffer_trim (ImpInputBuffer *self)
{
  if (self->start == self->end && self->block != NULL && !imp_block_is_shared (self->block))
    imp_input_buffer_clear (self);
}

gssize
imp_input_buffer_read (ImpInputBuffer *self, ImpTransport *transport, gsize need, GError **error)
{
  gsize room;
  guint8 *memory = imp_input_buffer_reserve (self, need, &room);
  gssize n = imp_transport_read (transport, memory, room, error);

  if (n > 0)
    imp_input_buffer_commit (self, n);
  else
    input_buffer_trim (self);
  return n;
}

void
imp_input_buffer_consume (ImpInputBuffer *self, gsize length)
{
  g_assert (length <= imp_input_buffer_get_size (self));

  self->start += length;
  input_buffer_trim (self);
}

ImpBlock *
imp_input_buffer_hold (ImpInputBuffer *self)
{
  return self->block != NULL ? imp_block_ref (self->block) : NULL;
}

void
imp_input_buffer_release (ImpInputBuffer *self, ImpBlock *held)
{
  if (held == NULL)
    return;
  imp_block_unref (held);
  input_buffer_trim (self);
}

GBytes *
imp_input_buffer_take (ImpInputBuffer *self)
{
  gsize length;
  const guint8 *data = imp_input_buffer_peek (self, &length);
  GBytes *bytes = length < COPY_BELOW ? g_bytes_new (data, length)
                                      : imp_block_slice (self->block, data, length);

  imp_input_buffer_clear (self);
  return bytes;
}
