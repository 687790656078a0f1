/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type.h"

G_BEGIN_DECLS

/* The input that a flow holds, as a ring of chunks. A chunk without bytes is one whose memory was
 * dropped since its replacement has been promised. */

typedef struct
{
  GBytes *bytes; /* NULL: forgotten */
  gsize offset;  /* the part of @bytes that is meant */
  gsize length;
  gint32 data_type;
} ImpChunk;

typedef struct
{
  ImpChunk *chunks;
  guint head;
  guint n;
  guint capacity; /* a power of two */
  ImpChunk inlined[2];
} ImpHeld;

void imp_held_init (ImpHeld *self);
void imp_held_clear (ImpHeld *self);
/* Takes @bytes. @join: small chunks of a stream may be put together. */
void imp_held_append (ImpHeld *self, GBytes *bytes, gsize offset, gsize length, gint32 data_type,
                      gboolean join);
/* Takes @length bytes, at most the whole first chunk, out at the front. Gives the bytes if they
 * are wanted; of a chunk that is forgotten there are none. */
GBytes *imp_held_take (ImpHeld *self, gsize length, gboolean wanted);
GBytes *imp_chunk_dup (ImpChunk *chunk);
const guint8 *imp_chunk_get_data (const ImpChunk *chunk);

static inline guint
imp_held_get_n (const ImpHeld *self)
{
  return self->n;
}

static inline ImpChunk *
imp_held_get (ImpHeld *self, guint i)
{
  return &self->chunks[(self->head + i) & (self->capacity - 1)];
}

G_END_DECLS
