/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Output that waits to be written: a queue of segments. Small pieces are copied into a segment,
 * large GBytes are referenced until they are written. It counts what it holds; the cap is the
 * owner's affair (imp_buffer_get_size() before he encodes), so that both ends of a connection can
 * use one and the same test. */
typedef struct _ImpBuffer ImpBuffer;

/* Payloads up to this many octets are copied, larger ones are referenced. */
#define IMP_BUFFER_COPY_MAX 1024

ImpBuffer *imp_buffer_new  (void);
void       imp_buffer_free (ImpBuffer *self);

gsize imp_buffer_get_size (ImpBuffer *self);

void imp_buffer_append       (ImpBuffer *self, gconstpointer data, gsize length);
void imp_buffer_append_bytes (ImpBuffer *self, GBytes *bytes);

/* Room for @length contiguous octets (at most 4096): write there, then say how many were used. */
guint8 *imp_buffer_reserve (ImpBuffer *self, gsize length);
void    imp_buffer_commit  (ImpBuffer *self, gsize length);

/* Where a length comes before what it counts: mark (the next 4 octets are set aside), append, then
 * patch. A buffer that is taken back to a mark is as it was before. */
typedef struct
{
  gpointer segment;
  gsize segment_length;
  gsize size;
} ImpBufferMark;

void imp_buffer_mark     (ImpBuffer *self, ImpBufferMark *mark);
void imp_buffer_truncate (ImpBuffer *self, const ImpBufferMark *mark);
/* The octets since @mark: how many there are, and the first @length (<= 16) of them, to be patched;
 * they must have been written by one reserve/commit right after the mark. */
gsize   imp_buffer_size_since (ImpBuffer *self, const ImpBufferMark *mark);
guint8 *imp_buffer_at_mark    (ImpBuffer *self, const ImpBufferMark *mark, gsize length);

/* The first octets as at most @max vectors; returns how many. Valid until the next call. */
guint imp_buffer_peek    (ImpBuffer *self, GOutputVector *vectors, guint max);
void  imp_buffer_consume (ImpBuffer *self, gsize length);

/* Everything as one GBytes, leaving the buffer empty. */
GBytes *imp_buffer_steal (ImpBuffer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpBuffer, imp_buffer_free)

G_END_DECLS
