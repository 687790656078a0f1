/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-runner-private.h"

/* In a hurry, a verdict is waited for so many times as long as one has ever taken, and that long
 * (in microseconds) at the least. */
#define HURRY_FACTOR 20
#define HURRY_MIN (50 * 1000)
/* Milliseconds between looks at trials in which nothing may happen any more. */
#define POLL 20

static gboolean
trial_runner_feed_round (GPtrArray *trials)
{
  gboolean fed = FALSE;

  for (guint i = 0; i < trials->len; i++)
    fed |= imp_trial_feed (trials->pdata[i]);
  return fed;
}

static gboolean
trial_runner_are_over (GPtrArray *trials)
{
  const gint64 now = g_get_monotonic_time ();
  gboolean over = TRUE;

  for (guint i = 0; i < trials->len; i++)
    {
      const gint64 end = imp_trial_get_end (trials->pdata[i], now);

      over &= end >= 0 && end <= now;
    }
  return over;
}

static gboolean
trial_runner_on_poll (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

/* Waits for those that have been fed. */
static void
trial_runner_wait (ImpTrialRunner *self, GPtrArray *trials)
{
  const gint64 start = g_get_monotonic_time ();
  g_autoptr (GSource) source = NULL;

  if (trial_runner_are_over (trials))
    return;
  self->waits = TRUE;
  source = g_timeout_source_new (MIN (POLL, self->timeout / 1000 + 1));
  g_source_set_callback (source, trial_runner_on_poll, NULL, NULL);
  g_source_attach (source, self->main_context);
  while (!trial_runner_are_over (trials) && g_get_monotonic_time () - start < self->timeout)
    g_main_context_iteration (self->main_context, TRUE);
  g_source_destroy (source);
  if (trial_runner_are_over (trials))
    self->longest = MAX (self->longest, g_get_monotonic_time () - start);
}

/* Every other time an analyzer that answers later may do so between the chunks. */
void
imp_trial_runner_run (ImpTrialRunner *self, GPtrArray *trials)
{
  const gboolean eager = self->waits && self->n_trials % 2 == 0;

  self->n_trials += trials->len;
  while (trial_runner_feed_round (trials))
    if (eager)
      g_main_context_iteration (self->main_context, FALSE);
  trial_runner_wait (self, trials);
  for (guint i = 0; i < trials->len; i++)
    imp_trial_end (trials->pdata[i]);
}

ImpTrial *
imp_trial_runner_try (ImpTrialRunner *self, ImpConversation *conversation, GError **error)
{
  ImpTrial *trial = imp_trial_new (self->factory, self->context, conversation, error);
  g_autoptr (GPtrArray) trials = g_ptr_array_new ();

  if (trial == NULL)
    return NULL;
  g_ptr_array_add (trials, trial);
  imp_trial_runner_run (self, trials);
  return trial;
}

void
imp_trial_runner_hurry (ImpTrialRunner *self)
{
  self->timeout = MIN (MAX (self->longest * HURRY_FACTOR, HURRY_MIN), self->timeout);
}
