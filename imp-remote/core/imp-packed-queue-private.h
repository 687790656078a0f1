/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Records one after the other in a few blocks of memory: what ImpResultQueue and ImpInputQueue are
 * made of. A record is a byte that says what it is, then whatever the owner of the queue writes:
 * numbers, of which small ones are short, and bytes. It is read in the same order by the one who
 * wrote it, so nothing of it is checked. */

typedef struct _ImpPackedBlock ImpPackedBlock;

struct _ImpPackedBlock
{
  ImpPackedBlock *next;
  gsize begin, end, capacity;
  guint8 data[];
};

typedef struct
{
  ImpPackedBlock *first, *last; /* NULL: empty */
  gsize size; /* bytes of all records; the owner adds those of what they refer to */
} ImpPackedQueue;

/* The byte in front, and at most three numbers. */
#define IMP_PACKED_HEAD_MAX (1 + 3 * 10)

/* What a record begins with. */
typedef struct
{
  guint8 bytes[IMP_PACKED_HEAD_MAX];
  guint8 length;
} ImpPackedHead;

static inline void
imp_packed_head_init (ImpPackedHead *self, guint8 tag)
{
  self->bytes[0] = tag;
  self->length = 1;
}

static inline void
imp_packed_head_add (ImpPackedHead *self, guint64 number)
{
  for (; number >= 0x80; number >>= 7)
    self->bytes[self->length++] = (number & 0x7f) | 0x80;
  self->bytes[self->length++] = number;
}

/* Small numbers of either sign are short. */
static inline void
imp_packed_head_add_signed (ImpPackedHead *self, gint64 number)
{
  guint64 bits = number;

  imp_packed_head_add (self, number < 0 ? ~(bits << 1) : bits << 1);
}

static inline gboolean
imp_packed_queue_is_empty (const ImpPackedQueue *self)
{
  return self->first == NULL;
}

/* Appends a record: @head, then @length bytes. */
void imp_packed_queue_append (ImpPackedQueue *self, const ImpPackedHead *head, gconstpointer data,
                              gsize length);
/* Drops the first record, of which all has been read. */
void imp_packed_queue_finish (ImpPackedQueue *self);

/* The first record, from its beginning on. */
static inline guint8
imp_packed_queue_read_tag (ImpPackedQueue *self)
{
  self->size--;
  return self->first->data[self->first->begin++];
}

static inline guint64
imp_packed_queue_read (ImpPackedQueue *self)
{
  guint64 number = 0;
  guint8 byte;

  for (guint shift = 0;; shift += 7)
    {
      byte = imp_packed_queue_read_tag (self);
      number |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        return number;
    }
}

static inline gint64
imp_packed_queue_read_signed (ImpPackedQueue *self)
{
  guint64 bits = imp_packed_queue_read (self);

  return (bits & 1) != 0 ? ~(bits >> 1) : bits >> 1;
}

/* Valid until the record is finished. */
static inline gconstpointer
imp_packed_queue_read_bytes (ImpPackedQueue *self, gsize length)
{
  ImpPackedBlock *block = self->first;
  gconstpointer data = block->data + block->begin;

  block->begin += length;
  self->size -= length;
  return data;
}

G_END_DECLS
