/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* What the searches in one direction of a connection have cost, in nanoseconds of computing.
 *
 * Each byte that is dealt with pays for some time, and so does the time that goes by; what costs
 * more is a debt. Traffic that is shaped against an expression makes the debt grow to its limit,
 * and then there is no more searching; ordinary traffic never has any. */

/* What a search may take until others have their turn. */
#define IMP_EFFORT_SLICE (5 * G_GINT64_CONSTANT (1000000))
/* What a single place may take. */
#define IMP_EFFORT_PLACE_MAX (20 * G_GINT64_CONSTANT (1000000))
/* The debt, in milliseconds, unless something else is set. */
#define IMP_EFFORT_LIMIT_DEFAULT 250

typedef struct
{
  gint64 limit;
  gint64 debt;
  gint64 paid;     /* when time last counted */
  gint64 slice;    /* what is left of it */
  gint64 computed; /* the thread's time when a slice was over last, or 0 */
  gboolean near;   /* so much debt that it is measured as exactly as can be */
} ImpEffort;

/* Begins the first slice, too. */
void imp_effort_init (ImpEffort *self, guint milliseconds);
/* For whoever has just been called by the main loop, or by somebody else. */
void imp_effort_begin_slice (ImpEffort *self);
/* Begins some work. Gives the time, for imp_effort_charge(). */
gint64 imp_effort_begin (ImpEffort *self);
/* So many bytes have been dealt with since *@time, which is the current time then. FALSE if the
 * debt is too high. */
gboolean imp_effort_charge (ImpEffort *self, gint64 *time, gsize n_bytes);

static inline gboolean
imp_effort_slice_is_over (const ImpEffort *self)
{
  return self->slice <= 0;
}

G_END_DECLS
