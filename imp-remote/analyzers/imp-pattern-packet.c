/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include "core/imp-error.h"

static gboolean
append (GByteArray *output, const guint8 *data, gsize length, GError **error)
{
  if (length > IMP_PATTERN_PACKET_MAX - output->len)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_LIMIT,
                   "A packet would grow beyond %d bytes by replacements", IMP_PATTERN_PACKET_MAX);
      return FALSE;
    }
  g_byte_array_append (output, data, length);
  return TRUE;
}

gboolean
imp_pattern_change_packet (const ImpPattern *pattern, ImpEffort *effort, const guint8 *data,
                           gsize length, guint *n_matches, GBytes **changed, GError **error)
{
  g_autoptr (GByteArray) output = NULL;
  ImpSearchRun run = { data, length, 0, TRUE, IMP_MATCH_END_FINAL, effort };
  gsize position = 0, data_length;
  const guint8 *replacement = g_bytes_get_data (pattern->data, &data_length);
  ImpMatchStatus status;

  *n_matches = 0;
  while ((status = imp_matcher_find (pattern->matcher, &run, error)) == IMP_MATCH_FOUND
         || status == IMP_MATCH_BUSY)
    {
      run.position = status == IMP_MATCH_BUSY ? run.from : run.to;
      if (status == IMP_MATCH_BUSY)
        continue;
      *n_matches += 1;
      if (pattern->action == IMP_PATTERN_DENY)
        return TRUE;
      if (output == NULL)
        output = g_byte_array_new ();
      if (!append (output, data + position, run.from - position, error))
        return FALSE;
      if (pattern->action == IMP_PATTERN_REPLACE
          && !append (output, replacement, data_length, error))
        return FALSE;
      position = run.to;
    }

  if (status == IMP_MATCH_FAILED)
    return FALSE;
  if (output == NULL)
    return TRUE;
  if (!append (output, data + position, length - position, error))
    return FALSE;
  *changed = g_byte_array_free_to_bytes (g_steal_pointer (&output));
  return TRUE;
}
