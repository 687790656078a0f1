/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-output-buffer-private.h"

#include <unistd.h>

#define BLOCK_SIZE (32 * 1024)
#define VECTORS_MAX 64

G_STATIC_ASSERT (IMP_OUTPUT_BUFFER_RESERVE_MAX <= BLOCK_SIZE);

/* Counts the pieces in it, and one more while it is the buffer's current block. */
struct _ImpOutputBufferBlock
{
  guint references;
  guint8 data[BLOCK_SIZE];
};

/* One block is kept for the next need, so that a buffer that is filled and drained all the time
 * does not go to the allocator. */
static void
output_buffer_release_block (ImpOutputBuffer *self, ImpOutputBufferBlock *block)
{
  if (--block->references > 0)
    return;
  if (self->spare == NULL)
    self->spare = block;
  else
    g_free (block);
}

static void
output_buffer_release_piece (ImpOutputBuffer *self, const ImpOutputPiece *piece)
{
  if (piece->block != NULL)
    output_buffer_release_block (self, piece->block);
  else
    g_bytes_unref (piece->bytes);
}

static void
output_buffer_open_block (ImpOutputBuffer *self)
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
  ImpOutputBuffer *self = g_new0 (ImpOutputBuffer, 1);

  imp_output_pieces_init (&self->pieces);
  self->descriptor = -1;
  return self;
}

/* What frees the bytes is called from here, and may lead back here. */
static void
output_buffer_drop_first (ImpOutputBuffer *self)
{
  ImpOutputPiece piece = *imp_output_pieces_get (&self->pieces, 0);

  imp_output_pieces_drop_first (&self->pieces);
  output_buffer_release_piece (self, &piece);
}

void
imp_output_buffer_attach (ImpOutputBuffer *self, int fd)
{
  g_assert (self->descriptor < 0 || fd < 0);

  if (self->descriptor >= 0)
    close (self->descriptor);
  self->descriptor = fd;
  self->before = self->size;
}

void
imp_output_buffer_clear (ImpOutputBuffer *self)
{
  self->n_clears++;
  imp_output_buffer_attach (self, -1);
  while (imp_output_pieces_get_n (&self->pieces) > 0)
    output_buffer_drop_first (self);
  if (self->block != NULL)
    output_buffer_release_block (self, g_steal_pointer (&self->block));
  g_clear_pointer (&self->spare, g_free);
  self->start = self->write = self->limit = NULL;
  self->size = 0;
}

void
imp_output_buffer_free (ImpOutputBuffer *self)
{
  imp_output_buffer_clear (self);
  imp_output_pieces_reset (&self->pieces);
  g_free (self);
}

static ImpOutputPiece *
output_buffer_push_piece (ImpOutputBuffer *self, const guint8 *data, gsize length)
{
  ImpOutputPiece *piece = imp_output_pieces_push (&self->pieces);

  *piece = (ImpOutputPiece){ .data = data, .length = length };
  return piece;
}

/* Makes the open run a piece; the next run begins behind it in the same block. */
static void
output_buffer_seal (ImpOutputBuffer *self)
{
  if (self->write == self->start)
    return;
  output_buffer_push_piece (self, self->start, self->write - self->start)->block = self->block;
  self->block->references++;
  self->start = self->write;
}

/* The block has too little room left: goes on in another one. */
guint8 *
imp_output_buffer_reserve_slow (ImpOutputBuffer *self, gsize length)
{
  g_assert (length <= IMP_OUTPUT_BUFFER_RESERVE_MAX);

  if (self->block != NULL)
    {
      output_buffer_seal (self);
      output_buffer_release_block (self, self->block);
    }
  output_buffer_open_block (self);
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
          imp_output_buffer_reserve_slow (self, 1);
          continue;
        }
      memcpy (self->write, data, n);
      imp_output_buffer_commit (self, n);
      data += n;
      length -= n;
    }
}

void
imp_output_buffer_take_bytes (ImpOutputBuffer *self, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  output_buffer_seal (self);
  output_buffer_push_piece (self, data, length)->bytes = bytes;
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
  mark->n_pieces = imp_output_pieces_get_n (&self->pieces);
  mark->size = self->size;
}

void
imp_output_buffer_truncate (ImpOutputBuffer *self, const ImpOutputBufferMark *mark)
{
  gsize open = mark->write - mark->start;
  gboolean same_block = mark->block == self->block;
  /* The run that was open at the mark has become a piece of a block that is current no more: that
   * piece stays, as long as it was then. */
  guint keep = mark->n_pieces + (!same_block && open > 0 ? 1 : 0);

  g_assert (mark->size <= self->size && keep <= imp_output_pieces_get_n (&self->pieces));

  for (guint i = imp_output_pieces_get_n (&self->pieces); i > keep; i--)
    output_buffer_release_piece (self, imp_output_pieces_get (&self->pieces, i - 1));
  imp_output_pieces_truncate (&self->pieces, keep);
  if (!same_block && open > 0)
    imp_output_pieces_get (&self->pieces, mark->n_pieces)->length = open;
  self->start = same_block ? mark->start : self->block->data;
  self->write = same_block ? mark->write : self->block->data;
  self->size = mark->size;
}

guint
imp_output_buffer_peek (ImpOutputBuffer *self, GOutputVector *vectors, guint max)
{
  guint n = MIN (max, imp_output_pieces_get_n (&self->pieces));

  for (guint i = 0; i < n; i++)
    {
      const ImpOutputPiece *piece = imp_output_pieces_get (&self->pieces, i);

      vectors[i].buffer = piece->data;
      vectors[i].size = piece->length;
    }
  if (n < max && self->write != self->start)
    {
      vectors[n].buffer = self->start;
      vectors[n++].size = self->write - self->start;
    }
  return n;
}

static void
output_buffer_consume_run (ImpOutputBuffer *self, gsize length)
{
  self->start += length;
  /* Empty: from the beginning of the block again, which is still in the cache. */
  if (self->start == self->write && self->block != NULL && self->block->references == 1)
    self->start = self->write = self->block->data;
}

void
imp_output_buffer_consume (ImpOutputBuffer *self, gsize length)
{
  guint n_clears = self->n_clears;

  g_assert (length <= self->size);

  self->size -= length;
  while (imp_output_pieces_get_n (&self->pieces) > 0)
    {
      ImpOutputPiece *piece = imp_output_pieces_get (&self->pieces, 0);

      if (length < piece->length)
        {
          piece->data += length;
          piece->length -= length;
          return;
        }
      length -= piece->length;
      output_buffer_drop_first (self);
      if (self->n_clears != n_clears)
        return;
    }
  output_buffer_consume_run (self, length);
}

/* Of the first vectors, no more than @max bytes; how many vectors remain. */
static guint
output_buffer_clip (GOutputVector *vectors, guint n_vectors, gsize max)
{
  guint n = 0;

  for (gsize total = 0; n < n_vectors && total < max; n++)
    {
      vectors[n].size = MIN (vectors[n].size, max - total);
      total += vectors[n].size;
    }
  return n;
}

/* What comes before the descriptor, or that with what follows; how many vectors these are. */
static gssize
output_buffer_write_descriptor (ImpOutputBuffer *self, ImpTransport *transport,
                                GOutputVector *vectors, guint *n_vectors, GError **error)
{
  gssize n;

  if (self->before > 0)
    {
      *n_vectors = output_buffer_clip (vectors, *n_vectors, self->before);
      n = imp_transport_writev (transport, vectors, *n_vectors, error);
      self->before -= MAX (n, 0);
      return n;
    }
  n = imp_transport_write_descriptor (transport, vectors, *n_vectors, self->descriptor, error);
  if (n > 0)
    imp_output_buffer_attach (self, -1);
  return n;
}

gssize
imp_output_buffer_write (ImpOutputBuffer *self, ImpTransport *transport, gboolean *full,
                         GError **error)
{
  GOutputVector vectors[VECTORS_MAX];
  guint n_vectors = imp_output_buffer_peek (self, vectors, VECTORS_MAX);
  g_autoptr (GError) failure = NULL;
  gsize total = 0;
  gssize n;

  g_assert (self->size > 0);

  *full = FALSE;
  n = G_LIKELY (self->descriptor < 0)
        ? imp_transport_writev (transport, vectors, n_vectors, &failure)
        : output_buffer_write_descriptor (self, transport, vectors, &n_vectors, &failure);
  if (n < 0 && !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return -1;
    }
  for (guint i = 0; i < n_vectors; i++)
    total += vectors[i].size;
  /* A socket that took less than all would say of the next call that there is no room; other
   * streams may take less because it suits them. */
  *full = n <= 0 || ((gsize) n < total && imp_transport_get_fd (transport) >= 0);
  n = MAX (n, 0);
  imp_output_buffer_consume (self, n);
  return n;
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
