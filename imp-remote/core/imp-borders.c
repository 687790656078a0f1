/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-borders-private.h"

#include <string.h>

#define CAPACITY_MIN 32
/* Who is fed packets is fed more of them, so that a small one stays when it is empty. */
#define KEPT_CAPACITY 256
/* A number of 64 bits, seven in each byte. */
#define RUN_MAX 10

/* Runs are packets, or all the stream between two packets: length << 1 | is_packet, in seven bits a
 * byte. A stream at the end still grows, and is no run yet. */
struct _ImpBorders
{
  gint64 begin; /* of the first run */
  gint64 end;   /* of the last run */
  gsize tail;   /* length of the stream behind it */
  gsize from;   /* runs[from .. to) */
  gsize to;
  gsize capacity;
  guint8 *runs;
};

static void
borders_reserve (ImpBorders *self)
{
  if (self->capacity - self->to >= RUN_MAX)
    return;
  if (self->from > 0)
    memmove (self->runs, self->runs + self->from, self->to - self->from);
  self->to -= self->from;
  self->from = 0;
  if (self->to <= self->capacity / 2 && self->capacity - self->to >= RUN_MAX)
    return;
  self->capacity = MAX (2 * self->capacity, CAPACITY_MIN);
  self->runs = g_realloc (self->runs, self->capacity);
}

static void
borders_append_run (ImpBorders *self, gsize length, gboolean is_packet)
{
  guint64 number = (guint64) length << 1 | is_packet;

  borders_reserve (self);
  for (; number >= 0x80; number >>= 7)
    self->runs[self->to++] = (number & 0x7f) | 0x80;
  self->runs[self->to++] = number;
  self->end += length;
}

/* Reads the run at @at, and gives where the next one stands. */
static gsize
borders_read_run (const ImpBorders *self, gsize at, gint64 *length, gboolean *is_packet)
{
  guint64 number = 0;
  guint8 byte;
  guint shift = 0;

  do
    {
      byte = self->runs[at++];
      number |= (guint64) (byte & 0x7f) << shift;
      shift += 7;
    }
  while (byte >= 0x80);
  *length = number >> 1;
  *is_packet = number & 1;
  return at;
}

static gboolean
borders_is_empty (const ImpBorders *self)
{
  return self->from == self->to;
}

void
imp_borders_add (ImpBorders **self, gint64 begin, gsize length, gboolean is_packet)
{
  ImpBorders *borders = *self;

  g_assert (length > 0 && length <= G_MAXINT64);

  if (!is_packet && (borders == NULL || borders_is_empty (borders)))
    return;
  if (borders == NULL)
    borders = *self = g_new0 (ImpBorders, 1);
  if (borders_is_empty (borders))
    borders->begin = borders->end = begin;
  g_assert (begin == borders->end + (gint64) borders->tail);

  if (!is_packet)
    {
      borders->tail += length;
      return;
    }
  if (borders->tail > 0)
    borders_append_run (borders, borders->tail, FALSE);
  borders->tail = 0;
  borders_append_run (borders, length, TRUE);
}

void
imp_borders_trim (ImpBorders **self, gint64 position)
{
  ImpBorders *borders = *self;

  if (borders == NULL || borders_is_empty (borders))
    return;
  if (position >= borders->end)
    {
      imp_borders_clear (self);
      return;
    }
  for (;;)
    {
      gint64 length;
      gboolean is_packet;
      gsize next = borders_read_run (borders, borders->from, &length, &is_packet);

      if (position - borders->begin < length)
        return;
      borders->begin += length;
      borders->from = next;
    }
}

void
imp_borders_clear (ImpBorders **self)
{
  ImpBorders *borders = *self;

  if (borders == NULL)
    return;
  if (borders->capacity > KEPT_CAPACITY)
    {
      imp_borders_free (g_steal_pointer (self));
      return;
    }
  borders->from = borders->to = 0;
  borders->tail = 0;
}

void
imp_borders_free (ImpBorders *self)
{
  g_free (self->runs);
  g_free (self);
}

gint64
imp_borders_round_down (const ImpBorders *self, gint64 offset)
{
  gint64 begin;

  if (self == NULL || offset >= self->end)
    return offset;
  begin = self->begin;
  for (gsize at = self->from; at < self->to && begin < offset;)
    {
      gint64 length;
      gboolean is_packet;

      at = borders_read_run (self, at, &length, &is_packet);
      if (offset - begin < length)
        return is_packet ? begin : offset;
      begin += length;
    }
  return offset;
}

gsize
imp_borders_get_size (const ImpBorders *self)
{
  return self == NULL ? 0 : self->to - self->from;
}
