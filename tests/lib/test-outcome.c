/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-outcome.h"

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  TestOutcome *self = user_data;
  g_autofree char *text = imp_result_to_string (result);

  g_string_append_printf (self->text, "%s; ", text);
  if (test_outcome_is_resolved (self))
    self->after++;
  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_FATAL:
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
      self->refusals++;
      break;
    case IMP_RESULT_PASS:
      if (imp_result_get_offset (result) == IMP_MAX_OFFSET)
        self->indefinite[imp_result_get_direction (result)]++;
      return;
    case IMP_RESULT_LOG:
      if (imp_result_get_level (result) != IMP_LOG_LEVEL_ERROR)
        return;
      self->errors++;
      break;
    default:
      return;
    }
  if (self->reason == NULL)
    self->reason = g_strdup (imp_result_get_message (result));
}

TestOutcome *
test_outcome_new (ImpAnalyzer *analyzer)
{
  TestOutcome *self = g_new0 (TestOutcome, 1);

  self->analyzer = analyzer;
  self->text = g_string_new (NULL);
  imp_analyzer_set_callback (analyzer, on_result, self, NULL);
  return self;
}

void
test_outcome_free (TestOutcome *self)
{
  imp_analyzer_set_callback (self->analyzer, NULL, NULL, NULL);
  imp_analyzer_close (self->analyzer);
  g_object_unref (self->analyzer);
  g_string_free (self->text, TRUE);
  g_free (self->reason);
  g_free (self);
}

gboolean
test_outcome_is_resolved (const TestOutcome *self)
{
  return self->refusals > 0 || (self->indefinite[0] > 0 && self->indefinite[1] > 0);
}

static void
assert_counts (const TestOutcome *self, guint refusals, guint errors, guint indefinite)
{
  if (self->refusals != refusals || self->errors != errors || self->indefinite[0] != indefinite
      || self->indefinite[1] != indefinite || self->after != 0 || self->reason == NULL)
    g_error ("Not the outcome that it should be: %s", self->text->str);
}

void
test_outcome_assert_hard (const TestOutcome *self)
{
  assert_counts (self, 1, 0, 0);
}

void
test_outcome_assert_soft (const TestOutcome *self)
{
  assert_counts (self, 0, 1, 1);
}
