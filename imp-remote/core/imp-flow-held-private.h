/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-data-type-private.h"
#include "core/imp-ring-private.h"

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

IMP_RING_DEFINE (ImpChunkRing, imp_chunk_ring, ImpChunk, 2, 16)

typedef struct
{
  ImpChunkRing chunks;
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
  return imp_chunk_ring_get_n (&self->chunks);
}

static inline ImpChunk *
imp_held_get (ImpHeld *self, guint i)
{
  return imp_chunk_ring_get (&self->chunks, i);
}

G_END_DECLS
