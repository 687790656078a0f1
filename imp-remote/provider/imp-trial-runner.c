/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-trial-runner-private.h"

/* In a hurry, a verdict is waited for so many times as long as one has ever taken, and that long
 * (in microseconds) at the least. */
#define HURRY_FACTOR 20
#define HURRY_MIN (50 * 1000)
/* Milliseconds for what an analyzer elsewhere may say when all is over. */
#define LAST_WORDS 50

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
  for (guint i = 0; i < trials->len; i++)
    if (!imp_trial_is_over (trials->pdata[i]))
      return FALSE;
  return TRUE;
}

static gboolean
trial_runner_on_timeout (gpointer user_data)
{
  gboolean *expired = user_data;

  *expired = TRUE;
  return G_SOURCE_CONTINUE;
}

static gboolean
trial_runner_never (GPtrArray *trials)
{
  return FALSE;
}

/* FALSE: it took too long. */
static gboolean
trial_runner_wait_until (ImpTrialRunner *self, gboolean (*done) (GPtrArray *trials),
                         GPtrArray *trials, guint timeout)
{
  g_autoptr (GSource) source = g_timeout_source_new (timeout);
  gboolean expired = FALSE;

  g_source_set_callback (source, trial_runner_on_timeout, &expired, NULL);
  g_source_attach (source, self->main_context);
  while (!done (trials) && !expired)
    g_main_context_iteration (self->main_context, TRUE);
  g_source_destroy (source);
  return !expired;
}

/* Waits for those that have been fed. */
static void
trial_runner_wait (ImpTrialRunner *self, GPtrArray *trials)
{
  const gint64 start = g_get_monotonic_time ();
  gboolean may_say_more = FALSE;

  if (!trial_runner_are_over (trials))
    {
      self->waits = TRUE;
      if (trial_runner_wait_until (self, trial_runner_are_over, trials, self->timeout / 1000))
        self->longest = MAX (self->longest, g_get_monotonic_time () - start);
    }
  for (guint i = 0; i < trials->len; i++)
    may_say_more |= imp_trial_may_say_more (trials->pdata[i]);
  if (may_say_more)
    trial_runner_wait_until (self, trial_runner_never, trials, LAST_WORDS);
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
