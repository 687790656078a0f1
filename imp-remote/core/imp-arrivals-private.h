/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* When the bytes came that are held in one direction, to an eighth of the longest time that they
 * may wait: never later than they did. */

#define IMP_ARRIVALS_MAX 16

typedef struct
{
  gint64 end;  /* offset of the end of what came */
  gint64 time; /* when the first of it did, in microseconds */
} ImpArrival;

typedef struct
{
  ImpArrival entries[IMP_ARRIVALS_MAX]; /* the oldest first */
  guint n;
} ImpArrivals;

/* Input has come, up to the offset @end. */
void imp_arrivals_add (ImpArrivals *self, gint64 end, gint64 now, gint64 max_delay);
/* All before @offset waits no more. */
void imp_arrivals_trim (ImpArrivals *self, gint64 offset);
/* The end of what has waited for @max_delay; 0: nothing has. */
gint64 imp_arrivals_get_late (const ImpArrivals *self, gint64 now, gint64 max_delay);

static inline gboolean
imp_arrivals_is_empty (const ImpArrivals *self)
{
  return self->n == 0;
}

G_END_DECLS
