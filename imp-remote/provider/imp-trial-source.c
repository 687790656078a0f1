/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-source-private.h"

/* Others have their turn after so many chunks. */
#define CHUNKS_MAX 64

typedef struct
{
  GSource source;
  ImpTrial *trial;
  gint64 timeout; /* microseconds */
  gint64 end;     /* when that is over; it counts from the last chunk on */
} TrialSource;

/* Looked at in each turn of the loop, in which anything may have happened. */
static gboolean
trial_source_is_ready (TrialSource *self)
{
  const gint64 now = g_source_get_time (&self->source);
  gint64 over;

  if (imp_trial_can_feed (self->trial) || now >= self->end)
    return TRUE;
  over = imp_trial_get_end (self->trial, now);
  return over >= 0 && now >= over;
}

static gboolean
trial_source_prepare (GSource *source, int *timeout)
{
  TrialSource *self = (TrialSource *) source;

  gint64 next, now = g_source_get_time (source);

  *timeout = -1;
  if (trial_source_is_ready (self))
    return TRUE;
  next = imp_trial_get_end (self->trial, now);
  next = next < 0 ? self->end : MIN (next, self->end);
  *timeout = (next - now) / 1000 + 1;
  return FALSE;
}

static gboolean
trial_source_check (GSource *source)
{
  return trial_source_is_ready ((TrialSource *) source);
}

static gboolean
trial_source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  TrialSource *self = (TrialSource *) source;

  for (guint i = 0; i < CHUNKS_MAX && imp_trial_can_feed (self->trial); i++)
    {
      imp_trial_feed (self->trial);
      self->end = g_get_monotonic_time () + self->timeout;
    }
  if (imp_trial_can_feed (self->trial) || !trial_source_is_ready (self))
    return G_SOURCE_CONTINUE;
  return callback (user_data);
}

static GSourceFuncs trial_source_funcs = {
  .prepare = trial_source_prepare,
  .check = trial_source_check,
  .dispatch = trial_source_dispatch,
};

GSource *
imp_trial_source_new (ImpTrial *trial, guint timeout)
{
  GSource *source = g_source_new (&trial_source_funcs, sizeof (TrialSource));
  TrialSource *self = (TrialSource *) source;

  self->trial = trial;
  self->timeout = (gint64) timeout * 1000;
  self->end = g_get_monotonic_time () + self->timeout;
  g_source_set_static_name (source, "imp trial");
  return source;
}
