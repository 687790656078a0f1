/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-promises-private.h"

#include <string.h>

void
imp_promises_clear (ImpPromises *self)
{
  g_clear_pointer (&self->ranges, g_free);
  self->n = 0;
}

/* Puts @range in the place of @count others, from the one at @first on. */
static void
set_range (ImpPromises *self, guint first, guint count, ImpRange range)
{
  memmove (&self->ranges[first + 1], &self->ranges[first + count],
           (self->n - first - count) * sizeof (ImpRange));
  self->ranges[first] = range;
  self->n = self->n + 1 - count;
}

gboolean
imp_promises_add (ImpPromises *self, gint64 begin, gint64 end)
{
  ImpRange range = { begin, end };
  guint first = 0;
  guint count = 0;

  if (self->ranges == NULL)
    self->ranges = g_new (ImpRange, IMP_PROMISES_MAX);
  while (first < self->n && self->ranges[first].end < begin)
    first++;
  while (first + count < self->n && self->ranges[first + count].begin <= end)
    {
      range.begin = MIN (range.begin, self->ranges[first + count].begin);
      range.end = MAX (range.end, self->ranges[first + count].end);
      count++;
    }
  if (count == 0 && self->n == IMP_PROMISES_MAX)
    return FALSE;
  set_range (self, first, count, range);
  return TRUE;
}

void
imp_promises_trim (ImpPromises *self, gint64 position)
{
  guint over = 0;

  while (over < self->n && self->ranges[over].end <= position)
    over++;
  if (over > 0)
    {
      memmove (self->ranges, &self->ranges[over], (self->n - over) * sizeof (ImpRange));
      self->n -= over;
    }
  if (self->n == 0)
    g_clear_pointer (&self->ranges, g_free);
  else
    self->ranges[0].begin = MAX (self->ranges[0].begin, position);
}

gboolean
imp_promises_covers (const ImpPromises *self, gint64 begin, gint64 end)
{
  for (guint i = 0; i < self->n && self->ranges[i].begin <= begin; i++)
    if (end <= self->ranges[i].end)
      return TRUE;
  return FALSE;
}
