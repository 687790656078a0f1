/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a filter works: results, verdicts and input go in at one end of the queue, calls come out at
 * the other. */
#include "provider/imp-filter-private.h"

#include "core/imp-data-type.h"
#include "core/imp-result-private.h"

/* The filter's own kind of event: bytes that the analyzer itself sends. */
#define EVENT_SEND IMP_FLOW_EVENT_OWN

/* The analyzer may be further down the stack, so it is closed later. */
void
imp_filter_refuse (ImpFilter *self, ImpFilterState state, ImpError code, const char *prefix,
                   const char *reason)
{
  if (self->state != IMP_FILTER_OPEN)
    return;
  self->state = state;
  self->reason = g_strdup (reason != NULL ? reason : "");
  self->error = g_error_new (IMP_ERROR, code, "%s%s", prefix, self->reason);
  imp_flow_deny (self->flows[0]);
  imp_flow_deny (self->flows[1]);
}

void
imp_filter_fail (ImpFilter *self, ImpError code, const char *reason)
{
  imp_filter_refuse (self, IMP_FILTER_FAILED, code,
                     code == IMP_ERROR_LIMIT ? "" : "The analyzer failed: ", reason);
}

/* Tells, once, what has become of the filter. */
static void
tell (ImpFilter *self)
{
  if (self->state == IMP_FILTER_OPEN || self->told)
    return;
  self->told = TRUE;
  imp_analyzer_close (self->analyzer);
  if (self->state == IMP_FILTER_DENIED)
    g_signal_emit (self, imp_filter_signals[IMP_FILTER_SIGNAL_DENIED], 0, self->reason);
  else if (self->state == IMP_FILTER_DROPPED)
    g_signal_emit (self, imp_filter_signals[IMP_FILTER_SIGNAL_DROPPED], 0);
  else if (self->state == IMP_FILTER_FAILED)
    g_signal_emit (self, imp_filter_signals[IMP_FILTER_SIGNAL_FAILED], 0, self->reason);
}

static void
check_limits (ImpFilter *self)
{
  guint64 held = imp_flow_get_held (self->flows[0]) + imp_flow_get_held (self->flows[1]);
  guint n_chunks = MAX (imp_flow_get_n_held (self->flows[0]), imp_flow_get_n_held (self->flows[1]));
  g_autofree char *reason = NULL;

  if (held > self->max_held)
    reason = g_strdup_printf ("The analyzer leaves %" G_GUINT64_FORMAT " bytes unsettled; the "
                              "limit is %" G_GUINT64_FORMAT " (property max-held of ImpFilter)",
                              held, self->max_held);
  else if (n_chunks > IMP_FILTER_CHUNKS_MAX)
    reason = g_strdup_printf ("The analyzer leaves %u chunks unsettled; the limit is %d", n_chunks,
                              IMP_FILTER_CHUNKS_MAX);
  if (reason != NULL)
    imp_filter_fail (self, IMP_ERROR_LIMIT, reason);
}

/* After its end nothing can follow in a direction, not even from the analyzer. */
static void
put_out (ImpFilter *self, ImpDirection direction, GBytes *bytes, gint32 data_type)
{
  if (self->ended[direction])
    return;
  self->ended[direction] = g_bytes_get_size (bytes) == 0;
  self->output (self, direction, bytes, data_type, self->output_data);
}

void
imp_filter_release_output (ImpFilter *self)
{
  GDestroyNotify destroy = g_steal_pointer (&self->output_destroy);
  gpointer user_data = g_steal_pointer (&self->output_data);

  self->output = NULL;
  if (destroy != NULL)
    destroy (user_data);
}

/* Whatever is called here may come back; then it only adds to the queue. */
void
imp_filter_work (ImpFilter *self)
{
  ImpFlowEvent event;

  if (self->working || self->output == NULL)
    return;

  g_object_ref (self);
  self->working = TRUE;
  while (imp_flow_event_queue_pop (&self->queue, &event))
    {
      if (event.kind == IMP_FLOW_EVENT_FEED)
        imp_analyzer_data (self->analyzer, event.direction, event.bytes, event.offset,
                           event.data_type);
      else
        put_out (self, event.direction, event.bytes, event.data_type);
      g_bytes_unref (event.bytes);
    }
  self->working = FALSE;
  if (self->state == IMP_FILTER_OPEN)
    check_limits (self);
  tell (self);
  if (self->closed)
    imp_filter_release_output (self);
  g_object_unref (self);
}

static void
set_paused (ImpFilter *self, ImpDirection direction, gboolean paused)
{
  if (self->paused[direction] == paused)
    return;
  self->paused[direction] = paused;
  g_signal_emit (self, imp_filter_signals[IMP_FILTER_SIGNAL_PAUSED_CHANGED], 0, direction);
}

/* Bytes for the side that @direction comes from leave by the other direction. */
static void
send_back (ImpFilter *self, ImpDirection direction, GBytes *bytes)
{
  gint32 data_type = imp_flow_get_data_type (self->flows[direction]);

  if (g_bytes_get_size (bytes) > 0)
    imp_flow_event_queue_push (&self->queue, EVENT_SEND, !direction, g_bytes_ref (bytes), 0,
                               data_type != 0 ? data_type : IMP_DATA_TYPE_STREAM);
}

static void
obey (ImpFilter *self, ImpResult *result)
{
  g_autoptr (GError) error = NULL;

  switch ((ImpResultType) result->type)
    {
    case IMP_RESULT_PASS:
    case IMP_RESULT_PREPASS:
    case IMP_RESULT_REPLACE:
    case IMP_RESULT_REPLACE_LATER:
    case IMP_RESULT_PASS_PATTERN:
      if (!imp_flow_apply (self->flows[result->direction], result, &error))
        imp_filter_fail (self, IMP_ERROR_FATAL, error->message);
      /* Who is not fed any more need not be spared. */
      else if (result->type == IMP_RESULT_PASS && result->offset == IMP_MAX_OFFSET)
        set_paused (self, result->direction, FALSE);
      break;
    case IMP_RESULT_TO_SENDER:
      send_back (self, result->direction, result->data);
      break;
    case IMP_RESULT_PAUSE:
    case IMP_RESULT_CONTINUE:
      set_paused (self, result->direction, result->type == IMP_RESULT_PAUSE);
      break;
    case IMP_RESULT_DENY:
      imp_filter_refuse (self, IMP_FILTER_DENIED, IMP_ERROR_DENIED,
                         "Denied by the analyzer: ", result->text);
      break;
    case IMP_RESULT_DROP:
      imp_filter_refuse (self, IMP_FILTER_DROPPED, IMP_ERROR_CLOSED, "Dropped by the analyzer",
                         NULL);
      break;
    case IMP_RESULT_FATAL:
      imp_filter_fail (self, IMP_ERROR_FATAL, result->text);
      break;
    case IMP_RESULT_LOG:
    case IMP_RESULT_PORT_OPEN:
    case IMP_RESULT_PORT_CLOSE:
    case IMP_RESULT_ACCOUNT_FIELD:
      break;
    }
}

static void
on_result (ImpAnalyzer *analyzer, ImpResult *result, gpointer user_data)
{
  ImpFilter *self = user_data;
  guint signal = imp_filter_signals[IMP_FILTER_SIGNAL_RESULT];

  g_object_ref (self);
  /* Asking is cheaper than emitting for nobody. */
  if (self->state == IMP_FILTER_OPEN && g_signal_has_handler_pending (self, signal, 0, TRUE))
    g_signal_emit (self, signal, 0, result);
  if (self->state == IMP_FILTER_OPEN)
    obey (self, result);
  imp_filter_work (self);
  g_object_unref (self);
}

void
imp_filter_listen (ImpFilter *self)
{
  if (self->listening || self->state != IMP_FILTER_OPEN)
    return;
  self->listening = TRUE;
  imp_analyzer_set_callback (self->analyzer, on_result, self, NULL);
}
