/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "core/imp-packed-queue-private.h"
#include "core/imp-view-private.h"

G_BEGIN_DECLS

/* One call of an analyzer's data(). */
typedef struct
{
  GBytes *data;
  gint64 offset;
  gint32 data_type;
  guint8 direction;
} ImpInput;

/* Input that waits to be fed or to be sent on, in order. Data below a size that the owner chooses
 * are copied and take a few bytes more than themselves; others are kept by reference. */
typedef struct
{
  ImpPackedQueue records;
  gsize n_bytes;
  gsize copy_below;
  ImpInput split; /* of the first one, some has been taken already */
  gsize n_taken;  /* so much */
} ImpInputQueue;

/* What a stream is cut into, so that nobody has to wait long for a turn. */
#define IMP_INPUT_PIECE_SIZE (64 * 1024)

/* @copy_below: 0 keeps all by reference, which costs nothing while somebody else has the bytes
 * anyway. A slice of a large read buffer keeps all of it: small ones are better copied. */
void imp_input_queue_init (ImpInputQueue *self, gsize copy_below);
void imp_input_queue_clear (ImpInputQueue *self);

void imp_input_queue_push (ImpInputQueue *self, const ImpInput *input);
/* The same for data that nobody has as an object yet. */
void imp_input_queue_push_view (ImpInputQueue *self, ImpDirection direction, const ImpView *data,
                                gint64 offset, gint32 data_type);
/* Takes the next input, or of a stream at most @max bytes of it; packets stay whole. The caller
 * then owns input->data. What follows in another piece has offset 0. FALSE if there is none. */
gboolean imp_input_queue_take (ImpInputQueue *self, gsize max, ImpInput *input);

static inline gboolean
imp_input_queue_is_empty (const ImpInputQueue *self)
{
  return imp_packed_queue_is_empty (&self->records) && self->split.data == NULL;
}

/* How many bytes of input there are. */
static inline gsize
imp_input_queue_get_n_bytes (const ImpInputQueue *self)
{
  return self->n_bytes;
}

/* How much memory they take, in bytes; more, since an end of a stream takes some too. */
static inline gsize
imp_input_queue_get_size (const ImpInputQueue *self)
{
  return self->records.size;
}

G_END_DECLS
