/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-output-buffer-private.h"

#define BLOCK_SIZE (32 * 1024)
#define FIRST_CAPACITY 16

/* Counts the pieces in it, and one more while it is the buffer's current block. */
struct _ImpOutputBufferBlock
{
  guint references;
  guint8 data[BLOCK_SIZE];
};

/* A run of a block, or a GBytes. */
struct _ImpOutputBufferPiece
{
  const guint8 *data;
  gsize length;
  ImpOutputBufferBlock *block;
  GBytes *bytes;
};

static ImpOutputBufferPiece *
piece_at (ImpOutputBuffer *self, gsize index)
{
  return &self->pieces[index & (self->capacity - 1)];
}

/* One block is kept for the next need, so that a buffer that is filled and drained all the time
 * does not go to the allocator. */
static void
block_release (ImpOutputBuffer *self, ImpOutputBufferBlock *block)
{
  if (--block->references > 0)
    return;
  if (self->spare == NULL)
    self->spare = block;
  else
    g_free (block);
}

static void
piece_release (ImpOutputBuffer *self, ImpOutputBufferPiece *piece)
{
  if (piece->block != NULL)
    block_release (self, piece->block);
  else
    g_bytes_unref (piece->bytes);
}

static void
open_block (ImpOutputBuffer *self)
{
  ImpOutputBufferBlock *block = g_steal_pointer (&self->spare);

  if (block == NULL)
    block = g_malloc (sizeof (ImpOutputBufferBlock));
  block->references = 1;
  self->block = block;
  self->start = self->write = block->data;
  self->limit = block->data + BLOCK_SIZE;
}

ImpOutputBuffer *
imp_output_buffer_new (void)
{
  return g_new0 (ImpOutputBuffer, 1);
}

void
imp_output_buffer_free (ImpOutputBuffer *self)
{
  for (gsize i = self->first; i != self->end; i++)
    piece_release (self, piece_at (self, i));
  if (self->block != NULL)
    block_release (self, self->block);
  g_free (self->spare);
  g_free (self->pieces);
  g_free (self);
}

static void
grow_ring (ImpOutputBuffer *self)
{
  gsize capacity = MAX (FIRST_CAPACITY, self->capacity * 2);
  ImpOutputBufferPiece *pieces = g_new (ImpOutputBufferPiece, capacity);

  for (gsize i = self->first; i != self->end; i++)
    pieces[i & (capacity - 1)] = *piece_at (self, i);
  g_free (self->pieces);
  self->pieces = pieces;
  self->capacity = capacity;
}

static ImpOutputBufferPiece *
push_piece (ImpOutputBuffer *self, const guint8 *data, gsize length)
{
  ImpOutputBufferPiece *piece;

  if (self->end - self->first == self->capacity)
    grow_ring (self);
  piece = piece_at (self, self->end++);
  piece->data = data;
  piece->length = length;
  piece->block = NULL;
  piece->bytes = NULL;
  return piece;
}

/* Makes the open run a piece; the next run begins behind it in the same block. */
static void
seal (ImpOutputBuffer *self)
{
  if (self->write == self->start)
    return;
  push_piece (self, self->start, self->write - self->start)->block = self->block;
  self->block->references++;
  self->start = self->write;
}

/* The block has too little room left: goes on in another one. */
guint8 *
imp_output_buffer_reserve_slow (ImpOutputBuffer *self)
{
  if (self->block != NULL)
    {
      seal (self);
      block_release (self, self->block);
    }
  open_block (self);
  return self->write;
}

void
imp_output_buffer_append_slow (ImpOutputBuffer *self, const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gsize room = self->limit - self->write;
      gsize n = MIN (room, length);

      if (n == 0)
        {
          imp_output_buffer_reserve_slow (self);
          continue;
        }
      memcpy (self->write, data, n);
      imp_output_buffer_commit (self, n);
      data += n;
      length -= n;
    }
}

void
imp_output_buffer_append_reference (ImpOutputBuffer *self, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  seal (self);
  push_piece (self, data, length)->bytes = g_bytes_ref (bytes);
  self->size += length;
}

/* What is written right behind the mark must not move to another block. */
void
imp_output_buffer_mark (ImpOutputBuffer *self, ImpOutputBufferMark *mark)
{
  imp_output_buffer_reserve (self, IMP_OUTPUT_BUFFER_RESERVE_MAX);
  mark->block = self->block;
  mark->start = self->start;
  mark->write = self->write;
  mark->end = self->end;
  mark->size = self->size;
}

void
imp_output_buffer_truncate (ImpOutputBuffer *self, const ImpOutputBufferMark *mark)
{
  gsize open = mark->write - mark->start;
  gboolean same_block = mark->block == self->block;
  /* The run that was open at the mark has become a piece of a block that is current no more: that
   * piece stays, as long as it was then. */
  gsize keep = mark->end + (!same_block && open > 0 ? 1 : 0);

  while (self->end != keep)
    piece_release (self, piece_at (self, --self->end));
  if (!same_block && open > 0)
    piece_at (self, mark->end)->length = open;
  self->start = same_block ? mark->start : self->block->data;
  self->write = same_block ? mark->write : self->block->data;
  self->size = mark->size;
}

guint
imp_output_buffer_peek (ImpOutputBuffer *self, GOutputVector *vectors, guint max)
{
  guint n = 0;

  for (gsize i = self->first; i != self->end && n < max; i++, n++)
    {
      vectors[n].buffer = piece_at (self, i)->data;
      vectors[n].size = piece_at (self, i)->length;
    }
  if (n < max && self->write != self->start)
    {
      vectors[n].buffer = self->start;
      vectors[n++].size = self->write - self->start;
    }
  return n;
}

static void
consume_run (ImpOutputBuffer *self, gsize length)
{
  self->start += length;
  /* Empty: from the beginning of the block again, which is still in the cache. */
  if (self->start == self->write && self->block != NULL && self->block->references == 1)
    self->start = self->write = self->block->data;
}

void
imp_output_buffer_consume (ImpOutputBuffer *self, gsize length)
{
  g_return_if_fail (length <= self->size);

  self->size -= length;
  while (self->first != self->end)
    {
      ImpOutputBufferPiece *piece = piece_at (self, self->first);

      if (length < piece->length)
        {
          piece->data += length;
          piece->length -= length;
          return;
        }
      length -= piece->length;
      piece_release (self, piece);
      self->first++;
    }
  consume_run (self, length);
}

GBytes *
imp_output_buffer_steal (ImpOutputBuffer *self)
{
  gsize size = self->size;
  guint8 *data = g_malloc (size);
  GOutputVector vector;
  gsize position = 0;

  while (imp_output_buffer_peek (self, &vector, 1) > 0)
    {
      memcpy (data + position, vector.buffer, vector.size);
      position += vector.size;
      imp_output_buffer_consume (self, vector.size);
    }
  return g_bytes_new_take (data, size);
}
