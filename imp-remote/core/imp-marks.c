/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-marks-private.h"

#include "core/imp-data-type-private.h"
#include "core/imp-error.h"

void
imp_marks_free_extra (ImpMarksExtra *extra)
{
  g_free (extra->promises);
  g_clear_pointer (&extra->borders, imp_borders_free);
  g_free (extra);
}

static ImpMarksExtra *
marks_ensure_extra (ImpMarks *self)
{
  if (self->extra == NULL)
    self->extra = g_new0 (ImpMarksExtra, 1);
  return self->extra;
}

/* --- input --- */

/* After the verdicts have gone further. */
static inline void
marks_trim_borders (ImpMarks *self)
{
  if (self->extra != NULL)
    imp_borders_trim (&self->extra->borders, imp_marks_get_settled (self));
}

/* What was left out has passed unseen. What was fed from here on before is fed again. */
static void
marks_jump (ImpMarks *self, gint64 position)
{
  /* Whoever feeds may be anybody. */
  self->fed = CLAMP (position, 0, IMP_MARK_INDEFINITE - 1);
  if (self->searching && !self->deferred)
    {
      self->searching = FALSE;
      self->searched = TRUE;
      marks_ensure_extra (self)->refed = self->fed;
    }
  if (self->extra != NULL)
    {
      imp_borders_clear (&self->extra->borders);
      imp_promises_trim (&self->extra->promises, self->fed);
    }
  self->final = MAX (self->final, self->fed);
}

/* One that is prepassed has gone, and nobody remembers where it began: there a PASS may end
 * anywhere, whether it comes before the packet or after it. */
void
imp_marks_spare_packet (ImpMarks *self, gint64 begin, gint64 end)
{
  if (begin < self->prepassed && self->prepassed < end)
    self->prepassed = begin;
  if (begin < self->final && self->final < end && self->prepassed < end)
    self->final = begin;
}

static void
marks_note_packets (ImpMarks *self, gint64 begin, gint64 end, gint32 data_type)
{
  gboolean is_packet = !imp_data_type_is_streaming (data_type);

  if (is_packet)
    imp_marks_spare_packet (self, begin, end);
  if (begin < end && imp_marks_get_settled (self) < end)
    imp_borders_add (&marks_ensure_extra (self)->borders, begin, end - begin, is_packet);
}

gboolean
imp_marks_feed_any (ImpMarks *self, gsize length, gint64 offset, gint32 data_type)
{
  gint64 begin;

  /* It was under way when the plugin lost interest. */
  if (imp_marks_is_passed (self))
    return FALSE;
  if (offset != 0)
    marks_jump (self, imp_explicit_offset (offset));
  else if (self->searching && !self->deferred)
    return FALSE;

  begin = self->fed;
  self->fed += MIN (length, (guint64) (IMP_MARK_INDEFINITE - 1 - begin));
  if (length == 0)
    {
      self->ended = TRUE;
      /* All that it would have searched is passed. */
      if (self->deferred)
        self->searching = self->deferred = FALSE;
    }
  else if (data_type > 0 || self->extra != NULL)
    marks_note_packets (self, begin, self->fed, data_type);
  return !self->searching;
}

static gboolean
marks_is_ahead (const ImpMarks *self)
{
  return self->final > self->fed && !self->ended;
}

gboolean
imp_marks_defer_search (ImpMarks *self)
{
  g_assert (self->searching);

  self->deferred = marks_is_ahead (self);
  return self->deferred;
}

gboolean
imp_marks_take_deferred (ImpMarks *self)
{
  if (!self->deferred || marks_is_ahead (self))
    return FALSE;
  self->deferred = FALSE;
  return TRUE;
}

void
imp_marks_pass_unseen (ImpMarks *self, gint64 position)
{
  self->final = MAX (self->final, position);
  marks_trim_borders (self);
}

void
imp_marks_prepass_unseen (ImpMarks *self, gint64 position)
{
  self->prepassed = MAX (self->prepassed, position);
  marks_trim_borders (self);
}

/* --- verdicts --- */

static gboolean marks_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
marks_refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (IMP_ERROR, IMP_ERROR_PROTOCOL, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
marks_refuse_backward (GError **error, const char *verdict, gint64 offset, gint64 limit)
{
  if (limit == IMP_MARK_INDEFINITE)
    return marks_refuse (error,
                         "%s: backward offset %" G_GINT64_FORMAT ", after a verdict indefinitely",
                         verdict, offset);
  return marks_refuse (error,
                       "%s: backward offset %" G_GINT64_FORMAT
                       ", after a verdict up to %" G_GINT64_FORMAT,
                       verdict, offset, limit);
}

static gboolean
marks_check_not_searching (const ImpMarks *self, const char *verdict, GError **error)
{
  if (!self->searching)
    return TRUE;
  return marks_refuse (error, "%s: while a pattern is looked for only a pass indefinitely may come",
                       verdict);
}

static gboolean
marks_check_not_promised (const ImpMarks *self, const char *verdict, gint64 reach, GError **error)
{
  const ImpPromises *promises = imp_marks_get_promises (self);
  const ImpRange *first;

  if (promises == NULL)
    return TRUE;
  first = promises->ranges;
  if (reach <= first->begin)
    return TRUE;
  return marks_refuse (error,
                       "%s: what lies between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                       " was promised to be replaced",
                       verdict, first->begin, first->end);
}

/* -1 stands for indefinitely; other negative offsets are an error. */
static gboolean
marks_normalize (gint64 *offset, const char *verdict, GError **error)
{
  if (*offset == IMP_MAX_OFFSET)
    *offset = IMP_MARK_INDEFINITE;
  if (*offset < 0)
    return marks_refuse (error, "%s: offset %" G_GINT64_FORMAT " is negative", verdict, *offset);
  return TRUE;
}

/* Where a verdict up to @offset really ends: a packet that it would cut is not covered. */
static inline gint64
marks_get_reach (const ImpMarks *self, gint64 offset)
{
  return self->extra == NULL ? offset : imp_borders_round_down (self->extra->borders, offset);
}

gboolean
imp_marks_pass_any (ImpMarks *self, gint64 offset, GError **error)
{
  gint64 reach;

  if (!marks_normalize (&offset, "pass", error))
    return FALSE;
  /* Plugins like to say it again, whatever the number: no harm in that. */
  if (imp_marks_is_passed (self))
    return TRUE;
  if (offset != IMP_MARK_INDEFINITE && !marks_check_not_searching (self, "pass", error))
    return FALSE;
  if (offset < self->final)
    return marks_refuse_backward (error, "pass", offset, self->final);

  reach = marks_get_reach (self, offset);
  if (!marks_check_not_promised (self, "pass", reach, error))
    return FALSE;
  self->searching = self->deferred = FALSE;
  self->final = reach;
  marks_trim_borders (self);
  return TRUE;
}

gboolean
imp_marks_prepass (ImpMarks *self, gint64 offset, GError **error)
{
  gint64 settled = imp_marks_get_settled (self);
  gint64 reach;

  if (!marks_normalize (&offset, "prepass", error))
    return FALSE;
  if (settled == IMP_MARK_INDEFINITE)
    return TRUE;
  if (!marks_check_not_searching (self, "prepass", error))
    return FALSE;
  if (offset < settled)
    return marks_refuse_backward (error, "prepass", offset, settled);

  reach = marks_get_reach (self, offset);
  if (!marks_check_not_promised (self, "prepass", reach, error))
    return FALSE;
  self->prepassed = reach;
  marks_trim_borders (self);
  return TRUE;
}

gboolean
imp_marks_replace (ImpMarks *self, gint64 offset, GError **error)
{
  gint64 settled = imp_marks_get_settled (self);

  if (!marks_check_not_searching (self, "replace", error))
    return FALSE;
  if (offset < 0)
    return marks_refuse (error, "replace: offset %" G_GINT64_FORMAT " is negative", offset);
  if (settled == IMP_MARK_INDEFINITE)
    return marks_refuse (error, "replace: the direction has passed indefinitely already");
  if (settled > self->fed)
    return marks_refuse (error,
                         "replace: offset %" G_GINT64_FORMAT ", but all up to %" G_GINT64_FORMAT
                         " has passed already",
                         offset, settled);
  if (offset < settled)
    return marks_refuse_backward (error, "replace", offset, settled);
  if (offset > self->fed)
    return marks_refuse (error,
                         "replace: offset %" G_GINT64_FORMAT
                         " lies in the future, input ends at %" G_GINT64_FORMAT,
                         offset, self->fed);
  if (marks_get_reach (self, offset) != offset)
    return marks_refuse (error,
                         "replace: offset %" G_GINT64_FORMAT " is not the border of a packet",
                         offset);

  self->final = offset;
  if (self->extra != NULL)
    imp_promises_trim (&self->extra->promises, offset);
  marks_trim_borders (self);
  return TRUE;
}

gboolean
imp_marks_replace_later (ImpMarks *self, gint64 offset, gint64 end_offset, GError **error)
{
  gint64 settled = imp_marks_get_settled (self);

  if (!marks_check_not_searching (self, "replace_later", error))
    return FALSE;
  if (offset < 0 || end_offset < 0)
    return marks_refuse (error, "replace_later: offset %" G_GINT64_FORMAT " is negative",
                         MIN (offset, end_offset));
  if (end_offset <= settled)
    return marks_refuse_backward (error, "replace_later", end_offset, settled);
  if (end_offset <= offset)
    return marks_refuse (error,
                         "replace_later: nothing lies between %" G_GINT64_FORMAT
                         " and %" G_GINT64_FORMAT,
                         offset, end_offset);

  /* One that is not kept is only remembered for longer than it need be. */
  imp_promises_add (&marks_ensure_extra (self)->promises, MAX (offset, settled), end_offset);
  return TRUE;
}

gboolean
imp_marks_check_search (const ImpMarks *self, GError **error)
{
  gint64 settled = imp_marks_get_settled (self);

  if (!marks_check_not_searching (self, "pass_pattern", error))
    return FALSE;
  if (settled == IMP_MARK_INDEFINITE)
    return marks_refuse (error, "pass_pattern: the direction has passed indefinitely already");
  if (!marks_check_not_promised (self, "pass_pattern", IMP_MARK_INDEFINITE, error))
    return FALSE;
  /* Or the same bytes could be fed again without end. */
  if (self->searched && MIN (settled, self->fed) == self->extra->refed)
    return marks_refuse (error,
                         "pass_pattern: nothing was settled since the last search ended, at "
                         "%" G_GINT64_FORMAT,
                         self->extra->refed);
  return TRUE;
}

static gboolean
marks_pass_pattern (ImpMarks *self, ImpResult *result, GError **error)
{
  if (!imp_marks_check_search (self, error) || imp_result_ensure_matcher (result, error) == NULL)
    return FALSE;
  imp_marks_begin_search (self);
  return TRUE;
}

gboolean
imp_marks_apply (ImpMarks *self, const ImpVerdict *verdict, GError **error)
{
  switch ((ImpResultType) verdict->type)
    {
    case IMP_RESULT_PASS:
      return imp_marks_pass (self, verdict->offset, error);
    case IMP_RESULT_PREPASS:
      return imp_marks_prepass (self, verdict->offset, error);
    case IMP_RESULT_REPLACE:
      return imp_marks_replace (self, verdict->offset, error);
    case IMP_RESULT_REPLACE_LATER:
      return imp_marks_replace_later (self, verdict->offset, verdict->result->extra, error);
    case IMP_RESULT_PASS_PATTERN:
      return marks_pass_pattern (self, verdict->result, error);
    case IMP_RESULT_WANT:
      marks_ensure_extra (self)->wanted = verdict->offset;
      return TRUE;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      self->paused = verdict->type == IMP_RESULT_PAUSE;
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
  return marks_refuse (error, "There is no result type 0x%x", verdict->type);
}

/* --- questions --- */

gboolean
imp_marks_is_waiting (const ImpMarks *self)
{
  if (self->extra != NULL && self->fed < self->extra->wanted && !self->ended)
    return FALSE;
  return imp_marks_get_unsettled (self) > 0
         || (self->ended && !self->searching
             && imp_marks_get_settled (self) != IMP_MARK_INDEFINITE);
}

gboolean
imp_marks_end_is_due (const ImpMarks *self)
{
  return self->ended && !self->searching && imp_marks_get_settled (self) != IMP_MARK_INDEFINITE
         && self->final >= self->fed && !imp_marks_has_promise (self);
}
