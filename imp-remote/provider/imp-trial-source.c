/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-source-private.h"

/* Others have their turn after so many chunks. */
#define CHUNKS_MAX 64
/* Microseconds for what an analyzer elsewhere may say when all is over. */
#define LAST_WORDS (50 * 1000)

typedef struct
{
  GSource source;
  ImpTrial *trial;
  gint64 timeout;   /* microseconds */
  gint64 end;       /* when that is over; it counts from the last chunk on */
  gint64 over_time; /* when to believe that all is over; 0: it is not */
} TrialSource;

/* Looked at in each turn of the loop, in which anything may have happened. */
static gboolean
trial_source_is_ready (TrialSource *self)
{
  const gint64 now = g_source_get_time (&self->source);

  if (imp_trial_can_feed (self->trial) || now >= self->end)
    return TRUE;
  if (!imp_trial_is_over (self->trial))
    return FALSE;
  if (self->over_time == 0)
    self->over_time = imp_trial_may_say_more (self->trial) ? now + LAST_WORDS : now;
  return now >= self->over_time;
}

static gboolean
trial_source_prepare (GSource *source, int *timeout)
{
  TrialSource *self = (TrialSource *) source;

  gint64 next;

  *timeout = -1;
  if (trial_source_is_ready (self))
    return TRUE;
  next = self->over_time > 0 ? MIN (self->over_time, self->end) : self->end;
  *timeout = (next - g_source_get_time (source)) / 1000 + 1;
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
