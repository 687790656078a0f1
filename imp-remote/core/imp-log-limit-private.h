/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What others can make happen as often as they like is logged now and then, with the number of
 * times. All-zero at first. */
typedef struct
{
  gint64 next;     /* monotonic time from which on it is logged again */
  guint64 n_since; /* how often it has happened since it was logged */
} ImpLogLimit;

#define IMP_LOG_LIMIT_SECONDS 10

/* It has happened: how often since it was last logged, if it is to be logged now, else 0. */
static inline guint64
imp_log_limit_note (ImpLogLimit *self)
{
  gint64 now = g_get_monotonic_time ();
  guint64 n = ++self->n_since;

  if (now < self->next)
    return 0;
  self->next = now + IMP_LOG_LIMIT_SECONDS * G_USEC_PER_SEC;
  self->n_since = 0;
  return n;
}

G_END_DECLS
