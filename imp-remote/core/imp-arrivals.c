/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-arrivals-private.h"

#include <string.h>

/* What comes within this part of the delay counts as if it had come with the first of it. */
#define GRAIN 8

void
imp_arrivals_add (ImpArrivals *self, gint64 end, gint64 now, gint64 max_delay)
{
  ImpArrival *last = self->n > 0 ? &self->entries[self->n - 1] : NULL;

  if (last != NULL && (now - last->time < max_delay / GRAIN || self->n == IMP_ARRIVALS_MAX))
    {
      last->end = end;
      return;
    }
  self->entries[self->n].end = end;
  self->entries[self->n].time = now;
  self->n++;
}

void
imp_arrivals_trim (ImpArrivals *self, gint64 offset)
{
  guint n = 0;

  while (n < self->n && self->entries[n].end <= offset)
    n++;
  if (n == 0)
    return;
  self->n -= n;
  memmove (self->entries, self->entries + n, self->n * sizeof *self->entries);
}

gint64
imp_arrivals_get_late (const ImpArrivals *self, gint64 now, gint64 max_delay)
{
  gint64 end = 0;

  for (guint i = 0; i < self->n && now - self->entries[i].time >= max_delay; i++)
    end = self->entries[i].end;
  return end;
}
