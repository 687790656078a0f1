/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-packed-queue-private.h"

#include <string.h>

#define BLOCK_MIN 64
#define BLOCK_MAX (16 * 1024)

static guint8 *
packed_queue_reserve (ImpPackedQueue *self, gsize length)
{
  ImpPackedBlock *last = self->last;
  guint8 *place;

  if (last == NULL || length > last->capacity - last->end)
    {
      gsize usual = last == NULL ? BLOCK_MIN : MIN (2 * last->capacity, BLOCK_MAX);
      gsize capacity = MAX (usual, length);
      ImpPackedBlock *block = g_malloc (sizeof (ImpPackedBlock) + capacity);

      *block = (ImpPackedBlock){ .capacity = capacity };
      if (last == NULL)
        self->first = block;
      else
        last->next = block;
      self->last = last = block;
    }
  place = last->data + last->end;
  last->end += length;
  self->size += length;
  return place;
}

void
imp_packed_queue_append (ImpPackedQueue *self, const ImpPackedHead *head, gconstpointer data,
                         gsize length)
{
  guint8 *place = packed_queue_reserve (self, head->length + length);

  memcpy (place, head->bytes, head->length);
  if (length > 0)
    memcpy (place + head->length, data, length);
}

/* A block goes as soon as all of it has been read. */
void
imp_packed_queue_finish (ImpPackedQueue *self)
{
  ImpPackedBlock *block = self->first;

  if (block->begin < block->end)
    return;
  self->first = block->next;
  if (self->first == NULL)
    self->last = NULL;
  g_free (block);
}
