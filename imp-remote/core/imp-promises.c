/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-promises-private.h"

#include <string.h>

/* Puts @range in the place of @count others, from the one at @first on. */
static void
promises_set_range (ImpPromises *self, guint first, guint count, ImpRange range)
{
  memmove (&self->ranges[first + 1], &self->ranges[first + count],
           (self->n - first - count) * sizeof (ImpRange));
  self->ranges[first] = range;
  self->n = self->n + 1 - count;
}

gboolean
imp_promises_add (ImpPromises **self, gint64 begin, gint64 end)
{
  ImpPromises *promises = *self;
  ImpRange range = { begin, end };
  guint first = 0;
  guint count = 0;

  g_assert (begin < end);

  if (promises == NULL)
    {
      promises = *self = g_new (ImpPromises, 1);
      promises->n = 0;
    }
  while (first < promises->n && promises->ranges[first].end < begin)
    first++;
  while (first + count < promises->n && promises->ranges[first + count].begin <= end)
    {
      range.begin = MIN (range.begin, promises->ranges[first + count].begin);
      range.end = MAX (range.end, promises->ranges[first + count].end);
      count++;
    }
  if (count == 0 && promises->n == IMP_PROMISES_MAX)
    return FALSE;
  promises_set_range (promises, first, count, range);
  return TRUE;
}

void
imp_promises_trim (ImpPromises **self, gint64 position)
{
  ImpPromises *promises = *self;
  guint over = 0;

  if (promises == NULL)
    return;
  while (over < promises->n && promises->ranges[over].end <= position)
    over++;
  promises->n -= over;
  if (promises->n == 0)
    {
      g_clear_pointer (self, g_free);
      return;
    }
  memmove (promises->ranges, &promises->ranges[over], promises->n * sizeof (ImpRange));
  promises->ranges[0].begin = MAX (promises->ranges[0].begin, position);
}

gboolean
imp_promises_cover (const ImpPromises *self, gint64 begin, gint64 end)
{
  for (guint i = 0; i < self->n && self->ranges[i].begin <= begin; i++)
    if (end <= self->ranges[i].end)
      return TRUE;
  return FALSE;
}
