/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-analyzer.h"

/* What is kept to be compared; more than that no case feeds. */
#define KEPT_MAX 65536

ConformAnalyzer *
conform_analyzer_new (gint64 id)
{
  ConformAnalyzer *self = g_new0 (ConformAnalyzer, 1);

  self->id = id;
  self->live = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      self->sides[i].input = g_string_new (NULL);
      self->sides[i].output = g_string_new (NULL);
    }
  return self;
}

void
conform_analyzer_free (ConformAnalyzer *self)
{
  for (guint i = 0; i < 2; i++)
    {
      g_string_free (self->sides[i].input, TRUE);
      g_string_free (self->sides[i].output, TRUE);
    }
  g_free (self);
}

/* Forwards what is there up to @offset; -1: all. */
static void
conform_analyzer_forward (ConformAnalyzer *self, guint direction, gint64 offset)
{
  GString *input = self->sides[direction].input;
  gint64 *done = &self->sides[direction].forwarded;
  gint64 end = offset < 0 ? (gint64) input->len : MIN (offset, (gint64) input->len);

  if (end <= *done)
    return;
  g_string_append_len (self->sides[direction].output, input->str + *done, end - *done);
  *done = end;
}

static char *
conform_analyzer_check_position (const ConformAnalyzer *self, ImpMessage *data)
{
  gint64 end = self->sides[imp_message_get_direction (data)].end,
         passed = self->sides[imp_message_get_direction (data)].passed;
  gint64 position = imp_message_get_offset (data) < 0 ? 0 : imp_message_get_offset (data);

  if (imp_message_get_offset (data) == 0 || self->sides[imp_message_get_direction (data)].searched)
    return NULL;
  if (position < end)
    return g_strdup_printf ("data at %" G_GINT64_FORMAT ", though all up to %" G_GINT64_FORMAT
                            " was fed already",
                            position, end);
  if (passed >= 0 && position > MAX (passed, end))
    return g_strdup_printf ("data at %" G_GINT64_FORMAT
                            ", which leaves out bytes behind %" G_GINT64_FORMAT
                            " that nobody has passed",
                            position, MAX (passed, end));
  return NULL;
}

/* What passed unseen is not known, and not in the output. */
static void
conform_analyzer_skip (ConformAnalyzer *self, guint direction, gint64 offset)
{
  GString *input = self->sides[direction].input;

  self->sides[direction].end = offset;
  self->sides[direction].forwarded = MAX (self->sides[direction].forwarded, offset);
  while (offset <= KEPT_MAX && (gint64) input->len < offset)
    g_string_append_c (input, '?');
}

char *
conform_analyzer_feed (ConformAnalyzer *self, ImpMessage *data)
{
  guint direction = imp_message_get_direction (data);
  gsize length;
  const char *bytes = g_bytes_get_data (imp_message_get_data (data), &length);
  char *wrong = conform_analyzer_check_position (self, data);

  if (wrong != NULL)
    return wrong;
  if (self->sides[direction].ended)
    return g_strdup ("data behind the end of the stream");
  self->fed = TRUE;
  self->sides[direction].ended = length == 0;
  if (imp_message_get_offset (data) > self->sides[direction].end)
    conform_analyzer_skip (self, direction, imp_message_get_offset (data));
  self->sides[direction].end += length;
  if (self->sides[direction].input->len + length <= KEPT_MAX)
    g_string_append_len (self->sides[direction].input, bytes, length);
  conform_analyzer_forward (self, direction, self->sides[direction].passed);
  return NULL;
}

/* Of PASS, PREPASS and REPLACE. */
static char *
conform_analyzer_check_order (const ConformAnalyzer *self, guint direction, const char *name,
                              gint64 offset)
{
  gint64 settled = self->sides[direction].settled;

  if (offset >= 0 && settled > offset)
    return g_strdup_printf ("%s of direction %u goes back to %" G_GINT64_FORMAT
                            " behind %" G_GINT64_FORMAT,
                            name, direction, offset, settled);
  return NULL;
}

static char *
conform_analyzer_pass (ConformAnalyzer *self, guint direction, gint64 offset, gboolean prepass)
{
  char *wrong = conform_analyzer_check_order (self, direction, prepass ? "prepass" : "pass",
                                              offset);

  if (wrong != NULL || self->sides[direction].settled < 0)
    return wrong;
  if (!prepass)
    self->sides[direction].settled = offset;
  if (offset < 0 || self->sides[direction].passed < offset)
    self->sides[direction].passed = offset;
  conform_analyzer_forward (self, direction, offset);
  return NULL;
}

static char *
conform_analyzer_replace (ConformAnalyzer *self, guint direction, gint64 offset, GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  char *wrong = conform_analyzer_check_order (self, direction, "replace", offset);

  if (wrong != NULL)
    return wrong;
  if (offset < 0 || offset > self->sides[direction].end)
    return g_strdup_printf ("replace of direction %u up to %" G_GINT64_FORMAT
                            ", beyond what was fed (%" G_GINT64_FORMAT ")",
                            direction, offset, self->sides[direction].end);
  if (self->sides[direction].settled < 0 || offset < self->sides[direction].forwarded)
    return g_strdup_printf ("replace of direction %u up to %" G_GINT64_FORMAT
                            ", which has passed already",
                            direction, offset);
  self->sides[direction].settled = offset;
  self->sides[direction].forwarded = offset;
  self->sides[direction].passed = MAX (self->sides[direction].passed, offset);
  if (self->sides[direction].output->len + length <= KEPT_MAX)
    g_string_append_len (self->sides[direction].output, data, length);
  return NULL;
}

char *
conform_analyzer_apply (ConformAnalyzer *self, ImpResult *result)
{
  guint direction = imp_result_get_direction (result);

  if (self->over)
    return g_strdup_printf ("a result of analyzer %" G_GINT64_FORMAT
                            " behind the one that has ended it",
                            self->id);
  switch (imp_result_get_result_type (result))
    {
    case IMP_RESULT_PASS:
      return conform_analyzer_pass (self, direction, imp_result_get_offset (result), FALSE);
    case IMP_RESULT_PREPASS:
      return conform_analyzer_pass (self, direction, imp_result_get_offset (result), TRUE);
    case IMP_RESULT_REPLACE:
      return conform_analyzer_replace (self, direction, imp_result_get_offset (result),
                                       imp_result_get_data (result));
    case IMP_RESULT_PASS_PATTERN:
      self->sides[direction].searched = TRUE;
      return NULL;
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      self->over = TRUE;
      return NULL;
    default:
      return NULL;
    }
}
