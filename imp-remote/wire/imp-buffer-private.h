/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

#include <string.h>

G_BEGIN_DECLS

/* Output that waits to be written: a queue of pieces. Small ones are copied into blocks that are
 * used again and again, large GBytes are referenced until they are written. It counts what it
 * holds; the cap is the owner's affair (imp_buffer_get_size() before he encodes), so that both ends
 * of a connection can use one and the same test. */
typedef struct _ImpBuffer ImpBuffer;

/* Payloads up to this many bytes are copied, larger ones are referenced. */
#define IMP_BUFFER_COPY_MAX 1024
/* The most that can be reserved at once. */
#define IMP_BUFFER_RESERVE_MAX 4096

typedef struct _ImpBufferBlock ImpBufferBlock;
typedef struct _ImpBufferPiece ImpBufferPiece;

/* Open to view only for the inline functions below. */
struct _ImpBuffer
{
  /* The open run, behind all pieces: what was written into the block and is not a piece yet. */
  guint8 *start;
  guint8 *write;
  guint8 *limit;
  gsize size;
  ImpBufferBlock *block;
  ImpBufferBlock *spare;
  /* A ring; both counters only grow, and are taken modulo the capacity, a power of two. */
  ImpBufferPiece *pieces;
  gsize capacity;
  gsize first;
  gsize end;
};

ImpBuffer *imp_buffer_new (void);
void imp_buffer_free (ImpBuffer *self);

static inline gsize
imp_buffer_get_size (const ImpBuffer *self)
{
  return self->size;
}

/* Room for @length contiguous bytes (at most IMP_BUFFER_RESERVE_MAX): write there, then say how
 * many were used. */
guint8 *imp_buffer_reserve_slow (ImpBuffer *self);

static inline guint8 *
imp_buffer_reserve (ImpBuffer *self, gsize length)
{
  if (G_LIKELY (length <= (gsize) (self->limit - self->write)))
    return self->write;
  return imp_buffer_reserve_slow (self);
}

static inline void
imp_buffer_commit (ImpBuffer *self, gsize length)
{
  self->write += length;
  self->size += length;
}

void imp_buffer_append_slow (ImpBuffer *self, const guint8 *data, gsize length);

static inline void
imp_buffer_append (ImpBuffer *self, gconstpointer data, gsize length)
{
  if (G_UNLIKELY (length > (gsize) (self->limit - self->write)))
    {
      imp_buffer_append_slow (self, data, length);
    }
  else if (length > 0)
    {
      memcpy (self->write, data, length);
      imp_buffer_commit (self, length);
    }
}

void imp_buffer_append_reference (ImpBuffer *self, GBytes *bytes);

static inline void
imp_buffer_append_bytes (ImpBuffer *self, GBytes *bytes)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (bytes, &length);

  if (length <= IMP_BUFFER_COPY_MAX)
    imp_buffer_append (self, data, length);
  else
    imp_buffer_append_reference (self, bytes);
}

/* Where a length comes before what it counts: mark, append, then patch. A buffer that is taken
 * back to a mark holds what it held then. A mark is good until something is consumed. */
typedef struct
{
  ImpBufferBlock *block;
  guint8 *start;
  guint8 *write;
  gsize end;
  gsize size;
} ImpBufferMark;

void imp_buffer_mark (ImpBuffer *self, ImpBufferMark *mark);
void imp_buffer_truncate (ImpBuffer *self, const ImpBufferMark *mark);

static inline gsize
imp_buffer_size_since (const ImpBuffer *self, const ImpBufferMark *mark)
{
  return self->size - mark->size;
}

/* The bytes right behind the mark, to be patched; they must have been written by one
 * reserve and commit right after it. */
static inline guint8 *
imp_buffer_at_mark (const ImpBuffer *self, const ImpBufferMark *mark)
{
  return mark->write;
}

/* The first bytes as at most @max vectors; returns how many. Valid until the next call. */
guint imp_buffer_peek (ImpBuffer *self, GOutputVector *vectors, guint max);
void imp_buffer_consume (ImpBuffer *self, gsize length);

/* Everything as one GBytes, leaving the buffer empty. */
GBytes *imp_buffer_steal (ImpBuffer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpBuffer, imp_buffer_free)

G_END_DECLS
