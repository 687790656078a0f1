/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/imp-progress-private.h"

typedef struct
{
  const char *whom, *why;
} ProgressWait;

static const char *
progress_get_sender (ImpDirection direction)
{
  return direction == IMP_DIRECTION_FROM_CLIENT ? "client" : "server";
}

static const char *
progress_get_receiver (ImpDirection direction)
{
  return progress_get_sender (!direction);
}

static ProgressWait
progress_find_analyzer_wait (ImpFilter *filter, const ImpFilterFacts *facts)
{
  ImpProxyWait proxy = { NULL };

  if (facts->is_searching)
    return (ProgressWait){ "analyzer", "search" };
  imp_proxy_find_wait (imp_filter_get_analyzer (filter), &proxy);
  if (facts->is_waiting && proxy.obstacle != NULL)
    return (ProgressWait){ "analyzer", proxy.obstacle };
  if (facts->is_waiting)
    return (ProgressWait){ "analyzer", facts->has_promise ? "promise" : "verdict" };
  return (ProgressWait){ "analyzer", "pause" };
}

/* While the receiver does not read, an analyzer's verdicts wait as well. */
static ProgressWait
progress_find_wait (ImpFilter *filter, const ImpFilterFacts *facts, const ImpProgressInput *input)
{
  if (input->is_busy || input->is_full || (input->is_ending && input->queued > 0))
    return (ProgressWait){ progress_get_receiver (input->direction), "read" };
  if (input->is_ending || facts->is_finished)
    return (ProgressWait){ "nobody", "ended" };
  if (facts->is_searching || facts->is_waiting || facts->is_paused)
    return progress_find_analyzer_wait (filter, facts);
  if (facts->held > 0 && facts->wants_more)
    return (ProgressWait){ progress_get_sender (input->direction), "more" };
  return (ProgressWait){ progress_get_sender (input->direction), "idle" };
}

void
imp_progress_add_age (GVariantDict *dictionary, const char *key, gint64 time, gint64 now)
{
  if (time != 0)
    g_variant_dict_insert (dictionary, key, "x", MAX (now - time, 0) / G_TIME_SPAN_MILLISECOND);
}

GVariant *
imp_progress_describe_direction (ImpFilter *filter, const ImpProgressInput *input, gint64 now)
{
  ImpFilterFacts facts;
  ProgressWait wait;
  GVariantDict dictionary;

  imp_filter_get_facts (filter, input->direction, &facts);
  wait = progress_find_wait (filter, &facts, input);
  g_variant_dict_init (&dictionary, NULL);
  g_variant_dict_insert (&dictionary, "received", "x", facts.input);
  g_variant_dict_insert (&dictionary, "passed", "x", facts.passed);
  g_variant_dict_insert (&dictionary, "replaced", "x", facts.replaced);
  g_variant_dict_insert (&dictionary, "held", "x", facts.held);
  g_variant_dict_insert (&dictionary, "queued", "x", (gint64) input->queued);
  if (input->sent >= 0)
    g_variant_dict_insert (&dictionary, "sent", "x", input->sent);
  g_variant_dict_insert (&dictionary, "busy", "b", input->is_busy);
  g_variant_dict_insert (&dictionary, "paused", "b", facts.is_paused || facts.is_searching);
  g_variant_dict_insert (&dictionary, "ended", "b", facts.has_ended);
  g_variant_dict_insert (&dictionary, "waits-for", "s", wait.whom);
  g_variant_dict_insert (&dictionary, "why", "s", wait.why);
  imp_progress_add_age (&dictionary, "held-ms", input->held_since, now);
  return g_variant_dict_end (&dictionary);
}

void
imp_progress_add_analyzer (GVariantDict *dictionary, ImpFilter *filter, gint64 now)
{
  ImpProxyWait wait = { NULL };
  gint64 time;
  const int verdict = imp_filter_get_last_verdict (filter, &time);
  const guint deadline = imp_filter_get_own_deadline (filter);

  imp_proxy_find_wait (imp_filter_get_analyzer (filter), &wait);
  if (wait.part != NULL)
    g_variant_dict_insert (dictionary, "part", "s", wait.part);
  if (wait.server != NULL)
    g_variant_dict_insert (dictionary, "analyzer-server", "s", wait.server);
  if (deadline > 0)
    g_variant_dict_insert (dictionary, "deadline-ms", "x", (gint64) deadline);
  if (verdict < 0)
    return;
  g_variant_dict_insert (dictionary, "verdict", "s", imp_result_type_to_string (verdict));
  imp_progress_add_age (dictionary, "verdict-ms", time, now);
}
