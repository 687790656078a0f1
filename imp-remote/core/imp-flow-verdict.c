/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-state-private.h"

#include "core/imp-error.h"
#include "core/imp-result-private.h"

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (IMP_ERROR, IMP_ERROR_PROTOCOL, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
refuse_backward (GError **error, const char *verdict, gint64 offset, gint64 limit)
{
  if (limit == FOREVER)
    return refuse (error, "%s: backward offset %" G_GINT64_FORMAT ", after a verdict indefinitely",
                   verdict, offset);
  return refuse (error,
                 "%s: backward offset %" G_GINT64_FORMAT
                 ", after a verdict up to %" G_GINT64_FORMAT,
                 verdict, offset, limit);
}

static gboolean
check_open (ImpFlow *self, const char *verdict, GError **error)
{
  if (!self->is_denied)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_CLOSED, "%s: the direction is denied already", verdict);
  return FALSE;
}

static gboolean
check_not_searching (ImpFlow *self, const char *verdict, GError **error)
{
  if (self->search == NULL)
    return TRUE;
  return refuse (error, "%s: while a pattern is looked for only a pass indefinitely may come",
                 verdict);
}

/* Where a verdict up to @offset really ends: a packet that it would cut is not covered. */
static gint64
get_reach (ImpFlow *self, gint64 offset)
{
  gint64 begin = self->settled;

  if (offset <= self->settled || offset >= self->input)
    return offset;
  for (guint i = 0; i < self->held.n; i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);

      if (offset - begin < (gint64) chunk->length)
        return imp_data_type_is_stream (chunk->data_type) ? offset : begin;
      begin += chunk->length;
    }
  return offset;
}

static gboolean
check_not_promised (ImpFlow *self, const char *verdict, gint64 reach, GError **error)
{
  const ImpRange *first = self->promises.ranges;

  if (self->promises.n == 0 || reach <= first->begin)
    return TRUE;
  return refuse (error,
                 "%s: what lies between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                 " was promised to be replaced",
                 verdict, first->begin, first->end);
}

/* -1 stands indefinitely; other negative offsets are a mistake. */
static gboolean
normalise (gint64 *offset, const char *verdict, GError **error)
{
  if (*offset == IMP_MAX_OFFSET)
    *offset = FOREVER;
  if (*offset < 0)
    return refuse (error, "%s: offset %" G_GINT64_FORMAT " is negative", verdict, *offset);
  return TRUE;
}

gboolean
imp_flow_pass (ImpFlow *self, gint64 offset, GError **error)
{
  gint64 reach;

  if (!check_open (self, "pass", error) || !normalise (&offset, "pass", error))
    return FALSE;
  /* Saying it again does no harm, whatever the number. */
  if (self->verdict == FOREVER)
    return TRUE;
  if (offset != FOREVER && !check_not_searching (self, "pass", error))
    return FALSE;
  if (offset < self->verdict)
    return refuse_backward (error, "pass", offset, self->verdict);

  reach = get_reach (self, offset);
  if (!check_not_promised (self, "pass", reach, error))
    return FALSE;
  imp_flow_search_clear (self);
  self->verdict = reach;
  imp_flow_forward_held (self, reach);
  imp_flow_finish (self);
  return TRUE;
}

gboolean
imp_flow_prepass (ImpFlow *self, gint64 offset, GError **error)
{
  gint64 limit = MAX (self->verdict, self->prepass);
  gint64 reach;

  if (!check_open (self, "prepass", error) || !normalise (&offset, "prepass", error))
    return FALSE;
  if (limit == FOREVER)
    return TRUE;
  if (!check_not_searching (self, "prepass", error))
    return FALSE;
  if (offset < limit)
    return refuse_backward (error, "prepass", offset, limit);

  reach = get_reach (self, offset);
  if (!check_not_promised (self, "prepass", reach, error))
    return FALSE;
  self->prepass = reach;
  imp_flow_forward_held (self, reach);
  imp_flow_finish (self);
  return TRUE;
}

static gboolean
check_replace (ImpFlow *self, gint64 offset, GError **error)
{
  gint64 ahead = MAX (self->verdict, self->prepass);

  if (!check_open (self, "replace", error) || !check_not_searching (self, "replace", error))
    return FALSE;
  if (offset < 0)
    return refuse (error, "replace: offset %" G_GINT64_FORMAT " is negative", offset);
  if (ahead == FOREVER)
    return refuse (error, "replace: the direction has passed indefinitely already");
  if (ahead > self->settled)
    return refuse (error,
                   "replace: offset %" G_GINT64_FORMAT ", but all up to %" G_GINT64_FORMAT
                   " has passed already",
                   offset, ahead);
  if (offset < self->settled)
    return refuse_backward (error, "replace", offset, self->settled);
  if (offset > self->input)
    return refuse (error,
                   "replace: offset %" G_GINT64_FORMAT
                   " lies in the future, input ends at %" G_GINT64_FORMAT,
                   offset, self->input);
  if (get_reach (self, offset) != offset)
    return refuse (error, "replace: offset %" G_GINT64_FORMAT " is not the border of a packet",
                   offset);
  return TRUE;
}

/* The type that a replacement of what comes next has. */
static gint32
get_output_type (ImpFlow *self)
{
  if (self->held.n > 0)
    return imp_held_get (&self->held, 0)->data_type;
  return self->last_type != 0 ? self->last_type : IMP_DATA_TYPE_STREAM;
}

gboolean
imp_flow_replace (ImpFlow *self, gint64 offset, GBytes *bytes, GError **error)
{
  gint32 data_type;

  if (!check_replace (self, offset, error))
    return FALSE;

  data_type = get_output_type (self);
  self->replaced += offset - self->settled;
  self->verdict = offset;
  while (self->settled < offset)
    {
      gint64 left = offset - self->settled;

      imp_flow_take_held (self, MIN ((gint64) imp_held_get (&self->held, 0)->length, left), FALSE);
    }
  imp_promises_trim (&self->promises, offset);
  if (g_bytes_get_size (bytes) > 0)
    imp_flow_event_queue_push (self->queue, IMP_FLOW_EVENT_FORWARD, self->direction,
                               g_bytes_ref (bytes), 0, data_type);
  return TRUE;
}

/* Drops the memory of the held chunks between @from and @to that are promised as a whole. */
static void
forget (ImpFlow *self, gint64 from, gint64 to)
{
  gint64 begin = self->settled;

  for (guint i = 0; i < self->held.n && begin < to; i++)
    {
      ImpChunk *chunk = imp_held_get (&self->held, i);
      gint64 end = begin + chunk->length;

      if (end > from && chunk->bytes != NULL && imp_promises_covers (&self->promises, begin, end))
        g_clear_pointer (&chunk->bytes, g_bytes_unref);
      begin = end;
    }
}

gboolean
imp_flow_replace_later (ImpFlow *self, gint64 offset, gint64 end_offset, GError **error)
{
  gint64 ahead = MAX (self->settled, MAX (self->verdict, self->prepass));

  if (!check_open (self, "replace_later", error)
      || !check_not_searching (self, "replace_later", error))
    return FALSE;
  if (offset < 0 || end_offset < 0)
    return refuse (error, "replace_later: offset %" G_GINT64_FORMAT " is negative",
                   MIN (offset, end_offset));
  if (end_offset <= ahead)
    return refuse_backward (error, "replace_later", end_offset, ahead);
  if (end_offset <= offset)
    return refuse (error,
                   "replace_later: nothing lies between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
                   offset, end_offset);

  offset = MAX (offset, ahead);
  /* One that is not kept is only remembered for longer than it need be. */
  if (imp_promises_add (&self->promises, offset, end_offset) && offset < self->input)
    forget (self, offset, end_offset);
  return TRUE;
}

gboolean
imp_flow_pass_pattern (ImpFlow *self, const char *regex, guint max_length, GError **error)
{
  if (!check_open (self, "pass_pattern", error)
      || !check_not_searching (self, "pass_pattern", error))
    return FALSE;
  if (self->verdict == FOREVER || self->prepass == FOREVER)
    return refuse (error, "pass_pattern: the direction has passed indefinitely already");
  if (self->promises.n > 0)
    return check_not_promised (self, "pass_pattern", FOREVER, error);
  /* Or the same bytes could be fed again without end. */
  if (self->refed == self->settled)
    return refuse (
      error, "pass_pattern: nothing was settled since the last search ended, at %" G_GINT64_FORMAT,
      self->refed);
  return imp_flow_search_begin (self, regex, max_length, error);
}

gboolean
imp_flow_settle_soft (ImpFlow *self, GError **error)
{
  return imp_flow_pass (self, IMP_MAX_OFFSET, error);
}

gboolean
imp_flow_apply (ImpFlow *self, ImpResult *result, GError **error)
{
  switch ((ImpResultType) result->type)
    {
    case IMP_RESULT_PASS:
      return imp_flow_pass (self, result->offset, error);
    case IMP_RESULT_PREPASS:
      return imp_flow_prepass (self, result->offset, error);
    case IMP_RESULT_REPLACE:
      return imp_flow_replace (self, result->offset, result->data, error);
    case IMP_RESULT_REPLACE_LATER:
      return imp_flow_replace_later (self, result->offset, result->extra, error);
    case IMP_RESULT_PASS_PATTERN:
      return imp_flow_pass_pattern (self, result->text, result->extra, error);
    case IMP_RESULT_DENY:
    case IMP_RESULT_DROP:
    case IMP_RESULT_FATAL:
      imp_flow_deny (self);
      return TRUE;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
    case IMP_RESULT_TO_SENDER:
      return TRUE;
    }
  return refuse (error, "There is no result type 0x%x", result->type);
}
