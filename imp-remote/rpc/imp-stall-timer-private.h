/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Notices that something has begun and does not come to its end, without being told of each
 * beginning and end: it looks from time to time. All-zero at first. */

typedef struct
{
  /* Whether there is something now that has begun; *@n is the number of those that have ended. It
   * may stop the timer, as long as there will be nothing. */
  gboolean (*look) (gpointer owner, guint64 *n);
  /* The same one was there all the time. The timer is over. */
  void (*stalled) (gpointer owner);
} ImpStallFuncs;

typedef struct
{
  GSource *source; /* NULL: it is over */
  const ImpStallFuncs *funcs;
  gpointer owner;
  gboolean has_begun; /* at the last look, as what follows */
  guint64 n;
  guint n_same; /* looks in a row that have found the same as the one before */
} ImpStallTimer;

/* Something begins; it has @milliseconds, and up to a quarter more. */
void imp_stall_timer_start (ImpStallTimer *self, GMainContext *context, guint milliseconds,
                            const ImpStallFuncs *funcs, gpointer owner);
void imp_stall_timer_stop (ImpStallTimer *self);

static inline gboolean
imp_stall_timer_is_running (const ImpStallTimer *self)
{
  return self->source != NULL;
}

G_END_DECLS
