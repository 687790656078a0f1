/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pattern-rig.h"

#include <string.h>

#include "regex-cases.h"

static void
settle (PatternRig *self, gint64 offset, GBytes *replacement)
{
  gint64 end = offset == IMP_MAX_OFFSET ? (gint64) self->input->len : offset;

  g_assert_cmpint (end, <=, self->input->len);
  g_assert_cmpint (end, >=, self->settled);
  if (replacement == NULL)
    g_string_append_len (self->output, self->input->str + self->settled, end - self->settled);
  else
    g_string_append_len (self->output, g_bytes_get_data (replacement, NULL),
                         g_bytes_get_size (replacement));
  self->settled = end;
  self->ended = self->ended || offset == IMP_MAX_OFFSET;
}

static void
take_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  PatternRig *self = user_data;
  ImpResultType type = imp_result_get_result_type (result);
  g_autofree char *text = imp_result_to_string (result);
  GBytes *data = imp_result_get_data (result);

  g_assert_null (self->refused);
  if (type == IMP_RESULT_PAUSE || type == IMP_RESULT_CONTINUE)
    {
      self->n_pauses += type == IMP_RESULT_PAUSE;
      g_assert_true (self->paused != (type == IMP_RESULT_PAUSE));
      self->paused = type == IMP_RESULT_PAUSE;
      return;
    }
  if (type == IMP_RESULT_WANT)
    {
      g_assert_cmpint (imp_result_get_offset (result), ==, self->input->len + 1);
      return;
    }
  g_string_append_printf (self->answers, "%s\n", text);
  if (type == IMP_RESULT_PASS)
    settle (self, imp_result_get_offset (result), NULL);
  else if (type == IMP_RESULT_REPLACE)
    settle (self, imp_result_get_offset (result), data);
  else if (type == IMP_RESULT_TO_SENDER)
    g_string_append_len (self->sent_back, g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  else if (type == IMP_RESULT_DENY || type == IMP_RESULT_FATAL)
    self->refused = g_strdup_printf ("%s %s", type == IMP_RESULT_DENY ? "deny" : "fatal",
                                     imp_result_get_message (result));
}

PatternRig *
pattern_rig_new (const char *settings)
{
  PatternRig *self = g_new0 (PatternRig, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, &error);

  g_assert_no_error (error);
  self->input = g_string_new (NULL);
  self->output = g_string_new (NULL);
  self->sent_back = g_string_new (NULL);
  self->answers = g_string_new (NULL);
  self->analyzer = imp_factory_create_analyzer (factory, NULL, &error);
  g_assert_no_error (error);
  imp_analyzer_set_callback (self->analyzer, take_result, self, NULL);
  return self;
}

void
pattern_rig_free (PatternRig *self)
{
  imp_analyzer_close (self->analyzer);
  g_assert_finalize_object (self->analyzer);
  g_string_free (self->input, TRUE);
  g_string_free (self->output, TRUE);
  g_string_free (self->sent_back, TRUE);
  g_string_free (self->answers, TRUE);
  g_free (self->refused);
  g_free (self);
}

void
pattern_rig_feed (PatternRig *self, const char *data, gssize length, gint32 type)
{
  g_autoptr (GBytes) bytes = NULL;

  if (length < 0)
    length = strlen (data);
  bytes = g_bytes_new (data, length);
  g_string_append_len (self->input, data, length);
  imp_analyzer_data (self->analyzer, IMP_DIRECTION_FROM_CLIENT, bytes, 0, type);
}

void
pattern_rig_feed_pieces (PatternRig *self, const char *data, gsize length, guint splits)
{
  for (gsize at = 0, n; at < length; at += n)
    {
      n = regex_case_get_piece (splits, at, length);
      pattern_rig_feed (self, data + at, n, IMP_DATA_TYPE_STREAM);
    }
}

static gboolean
ring (gpointer rung)
{
  *(gboolean *) rung = TRUE;
  return G_SOURCE_REMOVE;
}

void
pattern_rig_wait (PatternRig *self, guint milliseconds)
{
  gboolean rung = FALSE;

  g_timeout_add (milliseconds, ring, &rung);
  while (!rung)
    g_main_context_iteration (NULL, TRUE);
}

void
pattern_rig_finish (PatternRig *self)
{
  while (self->paused && self->refused == NULL)
    g_main_context_iteration (NULL, TRUE);
}

void
pattern_rig_expect (PatternRig *self, const char *output)
{
  g_assert_cmpstr (self->output->str, ==, output);
}

void
pattern_rig_expect_answers (PatternRig *self, const char *answers)
{
  g_assert_cmpstr (self->answers->str, ==, answers);
  g_string_truncate (self->answers, 0);
}

void
pattern_rig_expect_refusal (PatternRig *self, const char *prefix)
{
  g_assert_nonnull (self->refused);
  if (!g_str_has_prefix (self->refused, prefix))
    g_test_message ("\"%s\" does not begin with \"%s\"", self->refused, prefix);
  g_assert_true (g_str_has_prefix (self->refused, prefix));
}
