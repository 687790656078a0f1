/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flow-script.h"

#include <string.h>

FlowScript *
flow_script_new (void)
{
  FlowScript *self = g_new0 (FlowScript, 1);

  imp_flow_event_queue_init (&self->queue);
  self->flow = imp_flow_new (&self->queue, IMP_DIRECTION_FROM_CLIENT);
  return self;
}

void
flow_script_free (FlowScript *self)
{
  g_assert_true (imp_flow_is_balanced (self->flow));
  imp_flow_free (self->flow);
  imp_flow_event_queue_clear (&self->queue);
  g_free (self);
}

static void
describe (GString *text, const ImpFlowEvent *event)
{
  gsize length;
  const char *data = g_bytes_get_data (event->bytes, &length);

  if (text->len > 0)
    g_string_append_c (text, ' ');
  g_string_append_c (text, event->kind == IMP_FLOW_EVENT_FEED ? '<' : '>');
  if (length == 0)
    g_string_append_c (text, '.');
  g_string_append_len (text, data, length);
  if (event->offset != 0)
    g_string_append_printf (text, "@%" G_GINT64_FORMAT, event->offset);
  if (event->data_type != IMP_DATA_TYPE_STREAM)
    g_string_append_printf (text, "/%d", event->data_type);
}

void
flow_script_expect (FlowScript *self, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&self->queue, &event))
    {
      g_assert_cmpint (event.direction, ==, IMP_DIRECTION_FROM_CLIENT);
      describe (text, &event);
      g_bytes_unref (event.bytes);
    }
  g_assert_cmpstr (text->str, ==, expected);
  g_assert_true (imp_flow_is_balanced (self->flow));
}

void
flow_script_drain (FlowScript *self)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (&self->queue, &event))
    g_bytes_unref (event.bytes);
}

void
flow_script_push (FlowScript *self, gint32 type, const char *text, const char *expected)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  imp_flow_push (self->flow, bytes, type, &error);
  g_assert_no_error (error);
  flow_script_expect (self, expected);
}

void
flow_script_end (FlowScript *self, const char *expected)
{
  flow_script_push (self, IMP_DATA_TYPE_STREAM, "", expected);
}

void
flow_script_apply (FlowScript *self, ImpResult *result, const char *expected)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;

  imp_flow_apply (self->flow, &verdict, &error);
  g_assert_no_error (error);
  imp_result_unref (result);
  flow_script_expect (self, expected);
}

void
flow_script_refuse (FlowScript *self, ImpResult *result, const char *message)
{
  const ImpVerdict verdict = imp_verdict_of_result (result);
  g_autoptr (GError) error = NULL;
  gint64 settled = imp_flow_get_settled (self->flow);

  g_assert_false (imp_flow_apply (self->flow, &verdict, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == IMP_ERROR);
  if (strstr (error->message, message) == NULL)
    g_error ("\"%s\" is not in \"%s\"", message, error->message);
  g_assert_cmpint (imp_flow_get_settled (self->flow), ==, settled);
  imp_result_unref (result);
  flow_script_expect (self, "");
}

ImpResult *
pass (gint64 offset)
{
  return imp_result_new_pass (IMP_DIRECTION_FROM_CLIENT, offset);
}

ImpResult *
prepass (gint64 offset)
{
  return imp_result_new_prepass (IMP_DIRECTION_FROM_CLIENT, offset);
}

ImpResult *
replace (gint64 offset, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return imp_result_new_replace (IMP_DIRECTION_FROM_CLIENT, offset, bytes);
}

ImpResult *
replace_later (gint64 offset, gint64 end_offset)
{
  return imp_result_new_replace_later (IMP_DIRECTION_FROM_CLIENT, offset, end_offset);
}

ImpResult *
pattern (const char *regex, guint max_length)
{
  return imp_result_new_pass_pattern (IMP_DIRECTION_FROM_CLIENT, regex, max_length);
}
