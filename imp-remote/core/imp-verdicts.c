/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-verdicts-private.h"

#include "core/imp-error.h"
#include "core/imp-result-private.h"

gboolean
imp_verdicts_feed (ImpVerdicts *self, gsize length, gint64 offset)
{
  /* It was under way when the plugin lost interest. */
  if (self->passed)
    return FALSE;
  if (offset != 0)
    {
      /* What was left out has passed unseen. */
      self->fed = imp_explicit_offset (offset);
      self->settled = MAX (self->settled, self->fed);
      self->seeking = FALSE;
    }
  else if (self->seeking)
    return FALSE;

  self->fed += length;
  if (length == 0)
    self->ended = TRUE;
  return TRUE;
}

static gboolean
refuse (GError **error, const ImpResult *result, const char *why, gint64 limit)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "%s with offset %" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " (direction %d)",
               imp_result_type_to_string (result->type), result->offset, why, limit,
               result->direction);
  return FALSE;
}

static gboolean
note_pass (ImpVerdicts *self, const ImpResult *result, GError **error)
{
  if (result->offset == IMP_MAX_OFFSET)
    {
      self->passed = TRUE;
      self->seeking = FALSE;
      return TRUE;
    }
  if (result->offset < self->settled)
    return refuse (error, result, "goes back behind", self->settled);
  self->settled = result->offset;
  return TRUE;
}

static gboolean
note_prepass (ImpVerdicts *self, const ImpResult *result, GError **error)
{
  if (result->offset == IMP_MAX_OFFSET)
    {
      self->prepassed_forever = TRUE;
      return TRUE;
    }
  if (result->offset < MAX (self->settled, self->prepassed))
    return refuse (error, result, "goes back behind", MAX (self->settled, self->prepassed));
  self->prepassed = result->offset;
  return TRUE;
}

static gboolean
note_replace (ImpVerdicts *self, const ImpResult *result, GError **error)
{
  if (result->offset < self->settled)
    return refuse (error, result, "goes back behind", self->settled);
  if (result->offset > self->fed)
    return refuse (error, result, "goes beyond the input, which ends at", self->fed);
  self->settled = result->offset;
  return TRUE;
}

static gboolean
note_replace_later (ImpVerdicts *self, const ImpResult *result, GError **error)
{
  if (result->extra <= self->settled || result->extra < result->offset)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "replace_later from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                   " promises nothing behind %" G_GINT64_FORMAT " (direction %d)",
                   result->offset, result->extra, self->settled, result->direction);
      return FALSE;
    }
  self->promised = MAX (self->promised, result->extra);
  return TRUE;
}

/* Once a direction is passed indefinitely there is nothing left to say about its bytes. */
static gboolean
is_over (const ImpVerdicts *self, const ImpResult *result, GError **error)
{
  if (!self->passed)
    return FALSE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
               "%s after the direction %d was passed indefinitely",
               imp_result_type_to_string (result->type), result->direction);
  return TRUE;
}

gboolean
imp_verdicts_note (ImpVerdicts *self, const ImpResult *result, GError **error)
{
  switch ((ImpResultType) result->type)
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
      /* Plugins like to say it again: no harm in that. */
      if (self->passed)
        return TRUE;
      return result->type == IMP_RESULT_PASS ? note_pass (self, result, error)
                                             : note_prepass (self, result, error);
    case IMP_RESULT_REPLACE:
      return !is_over (self, result, error) && note_replace (self, result, error);
    case IMP_RESULT_REPLACE_LATER:
      return !is_over (self, result, error) && note_replace_later (self, result, error);
    case IMP_RESULT_PASS_PATTERN:
      if (is_over (self, result, error))
        return FALSE;
      self->seeking = TRUE;
      return TRUE;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      self->paused = result->type == IMP_RESULT_PAUSE;
      return TRUE;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_TO_SENDER:
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      return TRUE;
    }
  g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "There is no result type 0x%x", result->type);
  return FALSE;
}

gboolean
imp_verdicts_is_waiting (const ImpVerdicts *self)
{
  return imp_verdicts_get_unsettled (self) > 0
         || (self->ended && !self->passed && !self->prepassed_forever && !self->seeking);
}

gboolean
imp_verdicts_has_promise (const ImpVerdicts *self)
{
  return !self->passed && self->promised > self->settled;
}

gboolean
imp_verdicts_end_is_due (const ImpVerdicts *self)
{
  return self->ended && !self->passed && !self->prepassed_forever && !self->seeking
         && self->settled >= self->fed && self->promised <= self->settled;
}
