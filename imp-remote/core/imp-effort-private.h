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
  /* While many short searches are made: */
  gboolean is_open;
  gint64 time;   /* up to here, they are charged */
  gsize n_bytes; /* that have been dealt with since */
  guint64 work;  /* what that may have taken at most */
} ImpEffort;

/* So many bytes looked at, at most, may go uncharged: what that takes is far below a slice. */
#define IMP_EFFORT_WORK_MAX (1024 * 1024)

/* Begins the first slice, too. */
void imp_effort_init (ImpEffort *self, guint milliseconds);
/* For whoever has just been called by the main loop, or by somebody else. */
void imp_effort_begin_slice (ImpEffort *self);
/* Begins some work. Gives the time, for imp_effort_charge(). */
gint64 imp_effort_begin (ImpEffort *self);
/* So many bytes have been dealt with since *@time, which is the current time then. FALSE if the
 * debt is too high. */
gboolean imp_effort_charge (ImpEffort *self, gint64 *time, gsize n_bytes);

/* Between these, short searches are charged together, since a look at the clock would take as long
 * as they do. Nothing else that may take long is to be done meanwhile. May be called where that is
 * so already. */
void imp_effort_open (ImpEffort *self);
void imp_effort_close (ImpEffort *self);

/* As imp_effort_begin(), within or not. */
static inline gint64
imp_effort_enter (ImpEffort *self)
{
  return self->is_open ? self->time : imp_effort_begin (self);
}

/* As imp_effort_charge(), but it may be done later where that has looked at no more than @work
 * bytes, however often at each. */
static inline gboolean
imp_effort_charge_short (ImpEffort *self, gint64 *time, gsize n_bytes, guint64 work)
{
  if (!self->is_open || work > IMP_EFFORT_WORK_MAX - self->work)
    return imp_effort_charge (self, time, n_bytes);
  self->n_bytes += n_bytes;
  self->work += work;
  return TRUE;
}

/* Is the debt not too high? */
static inline gboolean
imp_effort_is_affordable (const ImpEffort *self)
{
  return self->debt <= self->limit;
}

static inline gboolean
imp_effort_slice_is_over (const ImpEffort *self)
{
  return self->slice <= 0;
}

G_END_DECLS
