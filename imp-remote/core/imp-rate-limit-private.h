/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many of something a second, and as many as in ten seconds at once: a bucket that is filled up
 * as time goes by. */
typedef struct
{
  guint rate; /* 0: all of them */
  double room;
  gint64 filled; /* when, on the monotonic clock */
} ImpRateLimit;

#define IMP_RATE_LIMIT_BURST_SECONDS 10

static inline void
imp_rate_limit_init (ImpRateLimit *self, guint rate)
{
  self->rate = rate;
  self->room = (double) rate * IMP_RATE_LIMIT_BURST_SECONDS;
  self->filled = g_get_monotonic_time ();
}

/* Whether there is room for one more, which is taken then. */
static inline gboolean
imp_rate_limit_take (ImpRateLimit *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->rate == 0)
    return TRUE;
  self->room += (double) self->rate * (now - self->filled) / G_USEC_PER_SEC;
  self->room = MIN (self->room, (double) self->rate * IMP_RATE_LIMIT_BURST_SECONDS);
  self->filled = now;
  if (self->room < 1)
    return FALSE;
  self->room -= 1;
  return TRUE;
}

G_END_DECLS
