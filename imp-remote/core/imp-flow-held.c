/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-held-private.h"

#include <string.h>

/* A peer that sends single bytes must not cost a hundred times what it sends: when this many
 * chunks are held already, small ones are joined up to that size. */
#define JOIN_FROM 64
#define JOINED_LENGTH 1024

void
imp_held_init (ImpHeld *self)
{
  imp_chunk_ring_init (&self->chunks);
}

void
imp_held_clear (ImpHeld *self)
{
  for (guint i = 0; i < imp_held_get_n (self); i++)
    g_clear_pointer (&imp_held_get (self, i)->bytes, g_bytes_unref);
  imp_chunk_ring_reset (&self->chunks);
}

const guint8 *
imp_chunk_get_data (const ImpChunk *chunk)
{
  return (const guint8 *) g_bytes_get_data (chunk->bytes, NULL) + chunk->offset;
}

static GBytes *
held_join_bytes (ImpChunk *last, GBytes *bytes, gsize offset, gsize length)
{
  guint8 *joined = g_malloc (last->length + length);

  memcpy (joined, imp_chunk_get_data (last), last->length);
  memcpy (joined + last->length, (const guint8 *) g_bytes_get_data (bytes, NULL) + offset, length);
  return g_bytes_new_take (joined, last->length + length);
}

/* Puts the bytes into the last chunk where that is allowed and worth while. */
static gboolean
held_try_join (ImpHeld *self, GBytes *bytes, gsize offset, gsize length, gint32 data_type)
{
  ImpChunk *last = imp_held_get (self, imp_held_get_n (self) - 1);

  if (last->data_type != data_type || !imp_data_type_is_streaming (data_type)
      || (last->bytes == NULL) != (bytes == NULL))
    return FALSE;
  if (bytes != NULL)
    {
      GBytes *joined;

      if (last->length > JOINED_LENGTH || length > JOINED_LENGTH - last->length)
        return FALSE;
      joined = held_join_bytes (last, bytes, offset, length);
      g_bytes_unref (bytes);
      g_bytes_unref (last->bytes);
      last->bytes = joined;
      last->offset = 0;
    }
  last->length += length;
  return TRUE;
}

void
imp_held_append (ImpHeld *self, GBytes *bytes, gsize offset, gsize length, gint32 data_type,
                 gboolean join)
{
  ImpChunk *chunk;

  if (join && imp_held_get_n (self) >= JOIN_FROM
      && held_try_join (self, bytes, offset, length, data_type))
    return;
  chunk = imp_chunk_ring_push (&self->chunks);
  chunk->bytes = bytes;
  chunk->offset = offset;
  chunk->length = length;
  chunk->data_type = data_type;
}

static GBytes *
held_slice (GBytes *bytes, gsize offset, gsize length)
{
  if (offset == 0 && length == g_bytes_get_size (bytes))
    return g_bytes_ref (bytes);
  return g_bytes_new_from_bytes (bytes, offset, length);
}

GBytes *
imp_chunk_dup (ImpChunk *chunk)
{
  return held_slice (chunk->bytes, chunk->offset, chunk->length);
}

GBytes *
imp_held_take (ImpHeld *self, gsize length, gboolean wanted)
{
  ImpChunk *first = imp_held_get (self, 0);
  GBytes *taken = NULL;

  g_assert (imp_held_get_n (self) > 0 && length <= first->length);

  if (wanted && first->bytes != NULL)
    taken = held_slice (first->bytes, first->offset, length);
  if (length < first->length)
    {
      first->offset += length;
      first->length -= length;
      return taken;
    }
  g_clear_pointer (&first->bytes, g_bytes_unref);
  imp_chunk_ring_drop_first (&self->chunks);
  return taken;
}
