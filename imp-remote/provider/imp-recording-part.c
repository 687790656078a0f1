/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-recording-part-private.h"

#include "core/imp-error.h"
#include "provider/imp-shrinker-private.h"
#include "provider/imp-trial-runner-private.h"

/* So many candidates are tried to find a smaller part. */
#define CANDIDATES_MAX 4000

/* What is looked for. */
typedef struct
{
  const ImpTranscript *transcript;
  ImpTrialRunner runner;
  ImpTrialRunner reference; /* its factory: the one that the first is compared with, or NULL */
  int chunk_size;
  GCancellable *cancellable;

  /* The first difference with the whole, which has to stay. */
  ImpDifferenceKind kind;
  ImpDirection direction;
  ImpOutcome outcomes[2];
  GError *error;
} RecordingPart;

ImpConversation *
imp_recording_part_rechunk (const ImpConversation *conversation, int chunk_size)
{
  if (chunk_size == 0)
    return imp_conversation_order (conversation, IMP_ORDER_KEPT, NULL);
  return imp_conversation_rechunk (conversation, MAX (chunk_size, 0));
}

ImpTraceExtent
imp_recording_part_get_extent (const ImpTranscript *transcript, gboolean rechunked)
{
  if (transcript->is_whole && transcript->outcome != IMP_OUTCOME_UNSETTLED
      && transcript->outcome != IMP_OUTCOME_BROKEN)
    return IMP_TRACE_RECORDED;
  return IMP_TRACE_RECORDED | IMP_TRACE_BEGINNING | (rechunked ? IMP_TRACE_WAITING : 0);
}

/* What both do with a part. */
typedef struct
{
  ImpTrial *reference_trial;
  ImpTrace *reenacted;
  ImpTrial *trial;
  GPtrArray *differences;
  ImpOutcome outcomes[2];
} RecordingPair;

static void
recording_pair_clear (RecordingPair *self)
{
  g_clear_pointer (&self->reference_trial, imp_trial_free);
  g_clear_pointer (&self->reenacted, imp_trace_free);
  g_clear_pointer (&self->trial, imp_trial_free);
  g_clear_pointer (&self->differences, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RecordingPair, recording_pair_clear)

/* FALSE: one of them could not be tried, or was not recorded. */
static gboolean
recording_pair_run (RecordingPair *pair, RecordingPart *self, const ImpConversation *part)
{
  const ImpTrace *reference;
  const gboolean recorded = self->reference.factory == NULL;

  if (recorded)
    pair->reenacted = imp_reenact (self->transcript, part);
  else
    pair->reference_trial = imp_trial_runner_try (
      &self->reference, imp_recording_part_rechunk (part, self->chunk_size), &self->error);
  if (self->error == NULL && (!recorded || pair->reenacted != NULL))
    pair->trial = imp_trial_runner_try (&self->runner,
                                        imp_recording_part_rechunk (part, self->chunk_size),
                                        &self->error);
  if (pair->trial == NULL)
    return FALSE;
  reference = recorded ? pair->reenacted : imp_trial_end (pair->reference_trial);
  pair->differences = imp_trace_list_differences (
    reference, imp_trial_end (pair->trial),
    recorded ? imp_recording_part_get_extent (self->transcript, self->chunk_size != 0)
             : IMP_TRACE_ALL);
  pair->outcomes[0] = imp_trace_get_outcome (reference);
  pair->outcomes[1] = imp_trace_get_outcome (imp_trial_end (pair->trial));
  return TRUE;
}

/* A part has to end as the whole does, and to differ in the same way: another one may have nothing
 * to do with what is looked for. */
static char *
recording_part_refute (const ImpConversation *part, gpointer user_data)
{
  RecordingPart *self = user_data;
  g_auto (RecordingPair) pair = { 0 };

  if (self->error != NULL || g_cancellable_set_error_if_cancelled (self->cancellable, &self->error)
      || !recording_pair_run (&pair, self, part))
    return NULL;
  if (pair.outcomes[0] != self->outcomes[0] || pair.outcomes[1] != self->outcomes[1])
    return NULL;
  for (guint i = 0; i < pair.differences->len; i++)
    {
      ImpDifference *difference = pair.differences->pdata[i];

      if (imp_difference_get_kind (difference) == self->kind
          && imp_difference_get_direction (difference) == self->direction)
        return g_strdup (imp_difference_get_text (difference));
    }
  return NULL;
}

/* The difference with the whole; FALSE: there is none, or another error. */
static gboolean
recording_part_start (RecordingPart *self, GError **error)
{
  g_auto (RecordingPair) pair = { 0 };
  ImpDifference *first;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, &self->error)
      || !recording_pair_run (&pair, self, self->transcript->conversation))
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  if (pair.differences->len == 0)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "Nothing differs");
      return FALSE;
    }
  first = pair.differences->pdata[0];
  self->kind = imp_difference_get_kind (first);
  self->direction = imp_difference_get_direction (first);
  memcpy (self->outcomes, pair.outcomes, sizeof self->outcomes);
  return TRUE;
}

/* Verdicts that were recorded can be had for pieces on which there was one. */
static ImpConversation *
recording_part_cut (RecordingPart *self)
{
  g_autoptr (ImpConversation) cut = NULL;
  g_autofree char *text = NULL;

  if (self->reference.factory == NULL)
    {
      cut = imp_reenact_cut (self->transcript);
      text = recording_part_refute (cut, self);
    }
  if (text != NULL)
    return g_steal_pointer (&cut);
  return imp_conversation_order (self->transcript->conversation, IMP_ORDER_KEPT, NULL);
}

static ImpConversation *
recording_part_run (RecordingPart *self, GError **error)
{
  ImpShrinker shrinker = {
    .refute = recording_part_refute,
    .user_data = self,
    .n_left = CANDIDATES_MAX,
    .whole_chunks = self->reference.factory == NULL,
  };

  if (!recording_part_start (self, error))
    return NULL;
  imp_trial_runner_hurry (&self->runner);
  imp_trial_runner_hurry (&self->reference);
  shrinker.conversation = recording_part_cut (self);
  imp_shrinker_run (&shrinker);
  g_free (shrinker.difference);
  if (self->error == NULL)
    return shrinker.conversation;
  imp_conversation_free (shrinker.conversation);
  g_propagate_error (error, g_steal_pointer (&self->error));
  return NULL;
}

ImpConversation *
imp_recording_part_find (const ImpTranscript *transcript, ImpFactory *factory, ImpFactory *against,
                         int chunk_size, guint timeout, GMainContext *main_context,
                         GCancellable *cancellable, GError **error)
{
  const ImpTrialRunner runner = {
    .factory = factory,
    .context = transcript->head.context,
    .main_context = main_context,
    .timeout = (gint64) timeout * 1000,
  };
  RecordingPart self = {
    .transcript = transcript,
    .runner = runner,
    .reference = runner,
    .chunk_size = chunk_size,
    .cancellable = cancellable,
  };

  self.reference.factory = against;
  return recording_part_run (&self, error);
}
