/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-ring-private.h"
#include "core/imp-view-private.h"
#include "io/imp-transport-private.h"

#include <string.h>

G_BEGIN_DECLS

/* Output that waits to be written: a queue of pieces. Small ones are copied into blocks that are
 * used again and again, large GBytes are referenced until they are written. It counts what it
 * holds; the cap is its owner's responsibility (imp_output_buffer_get_size() before encoding), so
 * that both ends of a connection can use one and the same test. */
typedef struct _ImpOutputBuffer ImpOutputBuffer;

/* Payloads up to this many bytes are copied, larger ones are referenced. */
#define IMP_OUTPUT_BUFFER_COPY_MAX 1024
/* The most that can be reserved at once. */
#define IMP_OUTPUT_BUFFER_RESERVE_MAX 4096

typedef struct _ImpOutputBufferBlock ImpOutputBufferBlock;

/* A run of a block, or a GBytes. */
typedef struct
{
  const guint8 *data;
  gsize length;
  ImpOutputBufferBlock *block;
  GBytes *bytes;
} ImpOutputPiece;

IMP_RING_DEFINE (ImpOutputPieces, imp_output_pieces, ImpOutputPiece, 8, 1024)

/* Open to view only for the inline functions below. */
struct _ImpOutputBuffer
{
  /* The open run, behind all pieces: what was written into the block and is not a piece yet. */
  guint8 *start;
  guint8 *write;
  guint8 *limit;
  gsize size;
  ImpOutputBufferBlock *block;
  ImpOutputBufferBlock *spare;
  ImpOutputPieces pieces;
  guint n_clears; /* so that what consumes notices a clear by what it frees */
  int descriptor; /* or -1 */
  gsize before;   /* so many bytes go before the descriptor */
};

ImpOutputBuffer *imp_output_buffer_new (void);
void imp_output_buffer_free (ImpOutputBuffer *self);
/* Drops what waits, and gives the blocks back. */
void imp_output_buffer_clear (ImpOutputBuffer *self);

static inline gsize
imp_output_buffer_get_size (const ImpOutputBuffer *self)
{
  return self->size;
}

/* Room for @length contiguous bytes (at most IMP_OUTPUT_BUFFER_RESERVE_MAX): write there, then
 * commit as many as were used. */
guint8 *imp_output_buffer_reserve_slow (ImpOutputBuffer *self, gsize length);

static inline guint8 *
imp_output_buffer_reserve (ImpOutputBuffer *self, gsize length)
{
  if (G_LIKELY (length <= (gsize) (self->limit - self->write)))
    return self->write;
  return imp_output_buffer_reserve_slow (self, length);
}

static inline void
imp_output_buffer_commit (ImpOutputBuffer *self, gsize length)
{
  self->write += length;
  self->size += length;
}

void imp_output_buffer_append_slow (ImpOutputBuffer *self, const guint8 *data, gsize length);

static inline void
imp_output_buffer_append (ImpOutputBuffer *self, gconstpointer data, gsize length)
{
  if (G_UNLIKELY (length > (gsize) (self->limit - self->write)))
    {
      imp_output_buffer_append_slow (self, data, length);
    }
  else if (length > 0)
    {
      memcpy (self->write, data, length);
      imp_output_buffer_commit (self, length);
    }
}

/* Takes @bytes, which are referenced however few they are. */
void imp_output_buffer_take_bytes (ImpOutputBuffer *self, GBytes *bytes);

static inline void
imp_output_buffer_append_view (ImpOutputBuffer *self, const ImpView *view)
{
  if (view->length <= IMP_OUTPUT_BUFFER_COPY_MAX)
    imp_output_buffer_append (self, view->data, view->length);
  else
    imp_output_buffer_take_bytes (self, imp_view_ref_bytes (view));
}

static inline void
imp_output_buffer_append_bytes (ImpOutputBuffer *self, GBytes *bytes)
{
  const ImpView view = imp_view_of_bytes (bytes);

  imp_output_buffer_append_view (self, &view);
}

/* Takes back the @length bytes that were written last and end at @end, if they are all there still,
 * in one run. */
static inline gboolean
imp_output_buffer_retract (ImpOutputBuffer *self, const guint8 *end, gsize length)
{
  if (self->write != end || length > (gsize) (self->write - self->start))
    return FALSE;
  self->write -= length;
  self->size -= length;
  return TRUE;
}

/* Where a length comes before what it counts: mark, append, then patch. A buffer that is taken
 * back to a mark holds what it held then. A mark is good until something is consumed. */
typedef struct
{
  ImpOutputBufferBlock *block;
  guint8 *start;
  guint8 *write;
  guint n_pieces;
  gsize size;
} ImpOutputBufferMark;

void imp_output_buffer_mark (ImpOutputBuffer *self, ImpOutputBufferMark *mark);
void imp_output_buffer_truncate (ImpOutputBuffer *self, const ImpOutputBufferMark *mark);

static inline gsize
imp_output_buffer_size_since (const ImpOutputBuffer *self, const ImpOutputBufferMark *mark)
{
  return self->size - mark->size;
}

/* The bytes right behind the mark, to be patched; they must have been written by one reserve and
 * commit right after it. */
static inline guint8 *
imp_output_buffer_at_mark (const ImpOutputBuffer *self, const ImpOutputBufferMark *mark)
{
  return mark->write;
}

/* The first bytes as at most @max vectors; returns how many. Valid until the next call. */
guint imp_output_buffer_peek (ImpOutputBuffer *self, GOutputVector *vectors, guint max);
void imp_output_buffer_consume (ImpOutputBuffer *self, gsize length);

/* Writes what the transport takes of the first bytes in one call: how many these were, or -1 with
 * an error. @full: there is no room for more now, and nothing may have been written. */
gssize imp_output_buffer_write (ImpOutputBuffer *self, ImpTransport *transport, gboolean *full,
                                GError **error);

/* @fd, which is taken, goes with the first byte that is appended next, when that is written: to a
 * transport that can pass descriptors. One at a time; -1 takes it back. */
void imp_output_buffer_attach (ImpOutputBuffer *self, int fd);

/* Everything as one GBytes, leaving the buffer empty. */
GBytes *imp_output_buffer_steal (ImpOutputBuffer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpOutputBuffer, imp_output_buffer_free)

G_END_DECLS
