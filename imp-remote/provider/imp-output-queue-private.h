/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-transport-private.h"

G_BEGIN_DECLS

/* Bytes on their way to a transport. Large chunks are referenced until they are written, small
 * ones are copied together: a byte in a chunk of its own would cost a hundred.
 *
 * How much may be in it is for its owner to decide, who stops what fills it. */
typedef struct
{
  GBytes *bytes; /* or NULL, and then the bytes are in the block */
  guint8 *block;
  gsize begin;
  gsize end;
} ImpOutputChunk;

typedef struct
{
  ImpOutputChunk *chunks; /* a ring */
  guint head;
  guint n;
  guint capacity; /* a power of two, or 0 */
  gsize size;
} ImpOutputQueue;

void imp_output_queue_clear (ImpOutputQueue *self);
void imp_output_queue_push (ImpOutputQueue *self, GBytes *bytes);
/* Writes what the transport takes, but no more than about @most bytes. FALSE with an error if it
 * has failed; that there is no room is none. */
gboolean imp_output_queue_flush (ImpOutputQueue *self, ImpTransport *transport, gsize most,
                                 gsize *written, GError **error);

G_END_DECLS
