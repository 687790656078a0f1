/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-effort-private.h"

#include "core/imp-clock-private.h"

/* Ordinary expressions take 0.2 to 20 ns per byte. */
#define PER_BYTE 100
/* One part of so many of all time that goes by. */
#define SHARE 100
/* Above this part of the limit, what counts is what the thread computed itself: on a machine with
 * too much to do, time goes by while others are running. */
#define NEAR_PART 4

void
imp_effort_init (ImpEffort *self, guint milliseconds)
{
  *self = (ImpEffort){ .limit = (gint64) milliseconds * 1000000 };
  imp_effort_begin_slice (self);
}

void
imp_effort_begin_slice (ImpEffort *self)
{
  self->slice = IMP_EFFORT_SLICE / 2;
  self->computed = 0;
}

static gint64
effort_get_clock (const ImpEffort *self)
{
  return self->near ? imp_clock_get_thread_time () : imp_clock_get_time ();
}

gint64
imp_effort_begin (ImpEffort *self)
{
  if (self->debt > 0)
    {
      gint64 now = imp_clock_get_time ();

      self->debt = MAX (0, self->debt - (now - self->paid) / SHARE);
      self->paid = now;
      self->near = self->near && self->debt > 0;
    }
  return effort_get_clock (self);
}

/* Half a slice of time has gone by. The other half has to be spent here, and not while others were
 * running. */
static void
effort_look_at_slice (ImpEffort *self)
{
  gint64 now = imp_clock_get_thread_time ();

  if (self->computed == 0 || now - self->computed < IMP_EFFORT_SLICE / 4)
    self->slice = IMP_EFFORT_SLICE / 2;
  self->computed = now;
}

static void
effort_add (ImpEffort *self, gint64 debt)
{
  if (self->debt == 0)
    self->paid = imp_clock_get_time ();
  self->debt = MAX (0, self->debt + debt);
}

static gboolean
effort_charge (ImpEffort *self, gint64 *time, gsize n_bytes)
{
  gint64 now = effort_get_clock (self);
  gint64 cost = now - *time;
  gint64 gained = (gint64) n_bytes * PER_BYTE;

  *time = now;
  self->slice -= cost;
  if (self->slice <= 0 && !self->near)
    effort_look_at_slice (self);
  if (self->debt == 0 && cost <= gained)
    return TRUE;

  effort_add (self, (self->near ? cost : MIN (cost, self->limit / NEAR_PART + 1)) - gained);
  if (!self->near && self->debt > self->limit / NEAR_PART)
    {
      self->near = TRUE;
      *time = effort_get_clock (self);
    }
  return self->debt <= self->limit;
}

gboolean
imp_effort_charge (ImpEffort *self, gint64 *time, gsize n_bytes)
{
  gboolean affordable = effort_charge (self, time, n_bytes + self->n_bytes);

  self->n_bytes = self->work = 0;
  self->time = *time;
  return affordable;
}

void
imp_effort_open (ImpEffort *self)
{
  if (self->is_open)
    return;
  self->time = imp_effort_begin (self);
  self->is_open = TRUE;
}

void
imp_effort_close (ImpEffort *self)
{
  gint64 time = self->time;

  if (self->n_bytes > 0)
    imp_effort_charge (self, &time, 0);
  self->is_open = FALSE;
}
