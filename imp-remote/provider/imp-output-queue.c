/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-output-queue-private.h"

#include <string.h>

#define SMALL 1024
#define BLOCK 16384
#define VECTORS 64

static ImpOutputChunk *
get_chunk (ImpOutputQueue *self, guint i)
{
  return &self->chunks[(self->head + i) & (self->capacity - 1)];
}

static void
drop_first (ImpOutputQueue *self)
{
  ImpOutputChunk *chunk = get_chunk (self, 0);

  g_clear_pointer (&chunk->bytes, g_bytes_unref);
  g_clear_pointer (&chunk->block, g_free);
  self->head = (self->head + 1) & (self->capacity - 1);
  self->n--;
}

void
imp_output_queue_clear (ImpOutputQueue *self)
{
  while (self->n > 0)
    drop_first (self);
  g_clear_pointer (&self->chunks, g_free);
  memset (self, 0, sizeof *self);
}

static ImpOutputChunk *
add_chunk (ImpOutputQueue *self)
{
  if (self->n == self->capacity)
    {
      guint capacity = MAX (8, self->capacity * 2);
      ImpOutputChunk *chunks = g_new0 (ImpOutputChunk, capacity);

      for (guint i = 0; i < self->n; i++)
        chunks[i] = *get_chunk (self, i);
      g_free (self->chunks);
      self->chunks = chunks;
      self->capacity = capacity;
      self->head = 0;
    }
  return get_chunk (self, self->n++);
}

static void
push_copy (ImpOutputQueue *self, const guint8 *data, gsize size)
{
  ImpOutputChunk *last = self->n > 0 ? get_chunk (self, self->n - 1) : NULL;

  if (last == NULL || last->block == NULL || size > BLOCK - last->end)
    {
      last = add_chunk (self);
      *last = (ImpOutputChunk){ NULL, g_malloc (BLOCK), 0, 0 };
    }
  memcpy (last->block + last->end, data, size);
  last->end += size;
}

void
imp_output_queue_push (ImpOutputQueue *self, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size == 0)
    return;
  self->size += size;
  if (size <= SMALL)
    push_copy (self, data, size);
  else
    *add_chunk (self) = (ImpOutputChunk){ g_bytes_ref (bytes), NULL, 0, size };
}

static void
drop_written (ImpOutputQueue *self, gsize written)
{
  self->size -= written;
  while (written > 0)
    {
      ImpOutputChunk *chunk = get_chunk (self, 0);
      gsize length = chunk->end - chunk->begin;

      if (written < length)
        {
          chunk->begin += written;
          return;
        }
      written -= length;
      drop_first (self);
    }
}

static guint
fill_vectors (ImpOutputQueue *self, GOutputVector *vectors, gsize *total)
{
  guint n = MIN (self->n, VECTORS);

  *total = 0;
  for (guint i = 0; i < n; i++)
    {
      ImpOutputChunk *chunk = get_chunk (self, i);
      const guint8 *data = chunk->block;

      if (chunk->bytes != NULL)
        data = g_bytes_get_data (chunk->bytes, NULL);
      vectors[i].buffer = data + chunk->begin;
      vectors[i].size = chunk->end - chunk->begin;
      *total += vectors[i].size;
    }
  return n;
}

gboolean
imp_output_queue_flush (ImpOutputQueue *self, ImpTransport *transport, gsize most, gsize *written,
                        GError **error)
{
  GOutputVector vectors[VECTORS];

  *written = 0;
  while (self->n > 0 && *written < most)
    {
      g_autoptr (GError) failure = NULL;
      gsize total;
      guint n_vectors = fill_vectors (self, vectors, &total);
      gssize n = imp_transport_writev (transport, vectors, n_vectors, &failure);

      if (n < 0 && g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return TRUE;
      if (n < 0)
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      drop_written (self, n);
      *written += n;
      /* A short write says that the next one would be told to wait. */
      if ((gsize) n < total)
        return TRUE;
    }
  return TRUE;
}
