/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-note-limit-private.h"

#include "core/imp-result-private.h"

#include <string.h>

static gsize
note_measure (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

static gsize
note_get_size (const ImpResult *result)
{
  gsize size = note_measure (result->text) + note_measure (result->value);
  GHashTableIter iter;
  gpointer key, value;

  if (result->details == NULL)
    return size;
  g_hash_table_iter_init (&iter, result->details);
  while (g_hash_table_iter_next (&iter, &key, &value))
    size += note_measure (key) + note_measure (value);
  return size;
}

static gboolean
note_is_reason (ImpResultType type)
{
  return type == IMP_RESULT_DENY || type == IMP_RESULT_FATAL;
}

gboolean
imp_note_is_limited (ImpResultType type)
{
  return note_is_reason (type) || type == IMP_RESULT_LOG || type == IMP_RESULT_ACCOUNT_FIELD
         || type == IMP_RESULT_PORT_OPEN || type == IMP_RESULT_PORT_CLOSE;
}

/* The limit may have changed since the last one. */
static gboolean
note_count_take_rate (ImpNoteCount *self, guint max_rate)
{
  if (max_rate == 0)
    return TRUE;
  if (self->rate.rate != max_rate)
    imp_rate_limit_init (&self->rate, max_rate);
  return imp_rate_limit_take (&self->rate);
}

ImpNoteVerdict
imp_note_count_admit (ImpNoteCount *self, const ImpNoteLimits *limits, const ImpResult *result,
                      char **reason)
{
  const gsize size = note_get_size (result);

  if (size > limits->max_size)
    {
      *reason = g_strdup_printf ("The analyzer's %s has %" G_GSIZE_FORMAT " bytes of text "
                                 "(" IMP_NOTE_SIZE_NAME " is %" G_GSIZE_FORMAT ")",
                                 imp_result_type_to_string (result->type), size, limits->max_size);
      return IMP_NOTE_TOO_LARGE;
    }
  if (note_is_reason (result->type))
    return IMP_NOTE_ADMITTED;
  if (!note_count_take_rate (self, limits->max_rate))
    {
      *reason = g_strdup_printf ("The analyzer has more for the log than the %" G_GUINT64_FORMAT
                                 " results that it has given (" IMP_NOTE_RATE_NAME " is %u a "
                                 "second)",
                                 self->n_notes, limits->max_rate);
      return IMP_NOTE_TOO_MANY;
    }
  self->n_notes++;
  self->n_bytes += size;
  return IMP_NOTE_ADMITTED;
}
