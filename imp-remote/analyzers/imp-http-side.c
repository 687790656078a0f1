/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-http-side-private.h"

#include "core/imp-analyzer-private.h"

void
imp_http_side_init (ImpHttpSide *self, ImpAnalyzer *analyzer, ImpDirection direction,
                    const ImpHttpRules *rules)
{
  self->analyzer = analyzer;
  self->direction = direction;
  imp_http_reader_init (&self->reader,
                        direction == IMP_DIRECTION_FROM_CLIENT ? IMP_HTTP_REQUEST
                                                               : IMP_HTTP_RESPONSE,
                        rules);
  imp_input_queue_init (&self->queue, 0);
}

void
imp_http_side_forget_message (ImpHttpSide *self)
{
  g_clear_pointer (&self->exchange, imp_http_exchange_unref);
  g_clear_object (&self->head);
  g_clear_object (&self->trailers);
  g_clear_pointer (&self->body, g_byte_array_unref);
  self->mode = IMP_HTTP_MODE_PASS;
}

void
imp_http_side_stop (ImpHttpSide *self)
{
  imp_input_queue_clear (&self->queue);
  g_clear_pointer (&self->body, g_byte_array_unref);
}

void
imp_http_side_clear (ImpHttpSide *self)
{
  imp_http_side_stop (self);
  imp_http_side_forget_message (self);
  g_clear_pointer (&self->input, g_bytes_unref);
  imp_http_reader_clear (&self->reader);
}

/* ---- verdicts ---- */

static void
http_side_say (ImpHttpSide *self, const ImpVerdict *verdict)
{
  if (!imp_analyzer_is_closed (self->analyzer))
    imp_analyzer_take_verdict (self->analyzer, verdict);
}

static void
http_side_say_pass (ImpHttpSide *self)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, self->direction,
                                                    self->pass_to);

  if (self->pass_to <= self->settled)
    return;
  self->settled = self->pass_to;
  http_side_say (self, &verdict);
}

static void
http_side_say_data (ImpHttpSide *self, gint64 offset, GBytes *data)
{
  const ImpVerdict verdict = imp_verdict_of_data (IMP_RESULT_REPLACE, self->direction, offset,
                                                  imp_view_of_bytes (data));

  self->settled = offset;
  http_side_say (self, &verdict);
}

static void
http_side_say_drop (ImpHttpSide *self)
{
  g_autoptr (GBytes) nothing = NULL;

  if (self->drop_to <= self->settled)
    return;
  nothing = g_bytes_new_static ("", 0);
  http_side_say_data (self, self->drop_to, nothing);
}

void
imp_http_side_pass (ImpHttpSide *self, gint64 offset)
{
  http_side_say_drop (self);
  self->pass_to = MAX (self->pass_to, offset);
}

void
imp_http_side_drop (ImpHttpSide *self, gint64 offset)
{
  http_side_say_pass (self);
  self->drop_to = offset;
}

/* What was to go away goes with it. */
void
imp_http_side_put (ImpHttpSide *self, gint64 offset, GBytes *data)
{
  http_side_say_pass (self);
  http_side_say_data (self, offset, data);
}

void
imp_http_side_flush (ImpHttpSide *self)
{
  http_side_say_pass (self);
  http_side_say_drop (self);
}

void
imp_http_side_rest (ImpHttpSide *self)
{
  const ImpVerdict verdict = imp_verdict_of_offset (IMP_RESULT_PASS, self->direction,
                                                    IMP_MAX_OFFSET);

  if (self->resting)
    return;
  imp_http_side_flush (self);
  self->resting = TRUE;
  http_side_say (self, &verdict);
}

/* Of a body all but its last byte, so that its end is seen: what comes behind it, such as an answer
 * of our own, must not come before. What follows a chunk is seen anyway. */
void
imp_http_side_pass_ahead (ImpHttpSide *self)
{
  const ImpHttpReader *reader = &self->reader;
  guint64 n = 0;

  if (self->direction == IMP_DIRECTION_FROM_CLIENT && self->exchange->expects)
    return;
  if (reader->state == IMP_HTTP_READER_UNTIL_END)
    {
      imp_http_side_rest (self);
      return;
    }
  if (reader->state == IMP_HTTP_READER_LENGTH)
    n = reader->remaining - 1;
  else if (reader->state == IMP_HTTP_READER_CHUNK)
    n = reader->remaining;
  if (n < (guint64) (G_MAXINT64 - self->position))
    imp_http_side_pass (self, self->position + n);
}
