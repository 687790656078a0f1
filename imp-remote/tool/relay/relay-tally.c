/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-tally.h"

static const MetricsFamily open_connections = {
  "imp_relay_open_connections",
  METRICS_GAUGE,
  NULL,
  "Connections that there are now",
};
static const MetricsFamily max_connections_family = {
  "imp_relay_max_connections",
  METRICS_GAUGE,
  NULL,
  "How many connections there may be at once",
};
static const MetricsFamily accepted = {
  "imp_relay_connections",
  METRICS_COUNTER,
  NULL,
  "Connections that were accepted",
};
static const MetricsFamily refused = {
  "imp_relay_refused_connections",
  METRICS_COUNTER,
  NULL,
  "Clients that were turned away before they were a connection",
};
static const MetricsFamily ended = {
  "imp_relay_ended_connections",
  METRICS_COUNTER,
  NULL,
  "Connections that have ended, by what has become of them and why",
};
static const MetricsFamily input_bytes = {
  "imp_relay_input_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes that have come to be inspected",
};
static const MetricsFamily settled_bytes = {
  "imp_relay_settled_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes of the input, by what the verdicts made of them",
};
static const MetricsFamily held_bytes = {
  "imp_relay_held_bytes",
  METRICS_GAUGE,
  "bytes",
  "Bytes of the input that wait for a verdict",
};
static const MetricsFamily output_bytes = {
  "imp_relay_output_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes that were sent, by the direction in which they have gone",
};
static const MetricsFamily queued_bytes = {
  "imp_relay_queued_bytes",
  METRICS_GAUGE,
  "bytes",
  "Bytes that wait until a client or server reads them",
};

static const char *const direction_names[] = { "from_client", "from_server" };

static const char *const refusal_names[] = {
  [RELAY_REFUSAL_ACCESS] = "access",
  [RELAY_REFUSAL_MAX_CONNECTIONS_PER_PEER] = "max-connections-per-peer",
};

static const char *const outcome_names[] = {
  [IMP_OUTCOME_PASSED] = "passed",       [IMP_OUTCOME_DENIED] = "denied",
  [IMP_OUTCOME_DROPPED] = "dropped",     [IMP_OUTCOME_FAILED] = "failed",
  [IMP_OUTCOME_UNSETTLED] = "unsettled", [IMP_OUTCOME_BROKEN] = "broken",
};

G_STATIC_ASSERT (G_N_ELEMENTS (outcome_names) == RELAY_N_OUTCOMES);

/* The last one is for all that no other fits. */
static const char *const reason_names[] = {
  "none",       "analyzer",     "rules",        "deadline",     "hold-timeout", "max-held",
  "max-growth", "max-log-rate", "max-log-size", "limit",        "protocol",     "timeout",
  "resolver",   "unreachable",  "refused",      "disconnected", "other",
};

G_STATIC_ASSERT (G_N_ELEMENTS (reason_names) == RELAY_N_REASONS);

/* ---- the end of a connection ---- */

static guint
relay_tally_find_reason (const char *name)
{
  for (guint i = 0; i < RELAY_N_REASONS; i++)
    if (g_str_equal (reason_names[i], name))
      return i;
  return RELAY_N_REASONS - 1;
}

static const char *
relay_tally_judge_io (const GError *error)
{
  switch (error->code)
    {
    case G_IO_ERROR_CONNECTION_REFUSED:
      return "refused";
    case G_IO_ERROR_NETWORK_UNREACHABLE:
    case G_IO_ERROR_HOST_UNREACHABLE:
    case G_IO_ERROR_HOST_NOT_FOUND:
      return "unreachable";
    case G_IO_ERROR_TIMED_OUT:
      return "timeout";
    case G_IO_ERROR_CONNECTION_CLOSED: /* which is a broken pipe as well */
      return "disconnected";
    default:
      return "other";
    }
}

static ImpOutcome
relay_tally_judge_own (const GError *error, gboolean has_relay, const char **reason)
{
  *reason = has_relay ? "analyzer" : "rules";
  switch ((ImpError) error->code)
    {
    case IMP_ERROR_DENIED:
      return IMP_OUTCOME_DENIED;
    case IMP_ERROR_CLOSED:
      if (!has_relay)
        break;
      return IMP_OUTCOME_DROPPED;
    case IMP_ERROR_FATAL:
      *reason = "analyzer";
      return IMP_OUTCOME_FAILED;
    case IMP_ERROR_LIMIT:
      *reason = "limit";
      return IMP_OUTCOME_FAILED;
    case IMP_ERROR_TIMEOUT:
      *reason = "timeout";
      return IMP_OUTCOME_BROKEN;
    case IMP_ERROR_PROTOCOL:
      *reason = "protocol";
      return IMP_OUTCOME_BROKEN;
    default:
      break;
    }
  *reason = error->code == IMP_ERROR_CLOSED ? "disconnected" : "other";
  return IMP_OUTCOME_BROKEN;
}

static ImpOutcome
relay_tally_judge (const GError *error, gboolean has_relay, const char **reason)
{
  *reason = "none";
  if (error == NULL)
    return IMP_OUTCOME_PASSED;
  if (error->domain == IMP_ERROR)
    return relay_tally_judge_own (error, has_relay, reason);
  *reason = error->domain == G_RESOLVER_ERROR ? "resolver"
            : error->domain == G_IO_ERROR     ? relay_tally_judge_io (error)
                                              : "other";
  return IMP_OUTCOME_BROKEN;
}

void
relay_tally_add_end (RelayTally *self, ImpRelay *relay, const GError *error, const char *exceeded)
{
  const char *reason;
  ImpOutcome outcome = relay_tally_judge (error, relay != NULL, &reason);

  if (exceeded != NULL)
    {
      outcome = IMP_OUTCOME_FAILED;
      reason = exceeded;
    }
  self->n_ended[outcome][relay_tally_find_reason (reason)]++;
  relay_tally_add_live (self, relay);
  /* What waits to be sent now is lost, and what waits for a verdict is so already. */
  for (guint direction = 0; direction < 2; direction++)
    self->bytes[direction].queued = 0;
}

/* ---- bytes ---- */

void
relay_tally_add_live (RelayTally *self, ImpRelay *relay)
{
  ImpFilter *filter;

  if (relay == NULL)
    return;
  filter = imp_relay_get_filter (relay);
  for (guint direction = 0; direction < 2; direction++)
    {
      RelayBytes *bytes = &self->bytes[direction];

      bytes->input += imp_filter_get_input (filter, direction);
      bytes->passed += imp_filter_get_passed (filter, direction);
      bytes->replaced += imp_filter_get_replaced (filter, direction);
      bytes->denied += imp_filter_get_denied (filter, direction);
      bytes->held += imp_filter_get_held (filter, direction);
      bytes->output += imp_relay_get_sent (relay, direction);
      bytes->queued += imp_relay_get_queued (relay, direction);
    }
}

/* ---- the text ---- */

static void
relay_tally_describe_bytes (const RelayBytes *self, const char *direction, MetricsText *text,
                            const MetricsLabels *labels)
{
  MetricsLabels own = *labels;

  metrics_labels_add (&own, "direction", direction);
  metrics_text_add (text, &input_bytes, &own, self->input);
  metrics_text_add_by (text, &settled_bytes, &own, "verdict", "passed", self->passed);
  metrics_text_add_by (text, &settled_bytes, &own, "verdict", "replaced", self->replaced);
  metrics_text_add_by (text, &settled_bytes, &own, "verdict", "denied", self->denied);
  metrics_text_add (text, &held_bytes, &own, self->held);
  metrics_text_add (text, &output_bytes, &own, self->output);
  metrics_text_add (text, &queued_bytes, &own, self->queued);
}

/* Most of what could be never is; the first reason of each outcome stands for it from the start. */
static void
relay_tally_describe_ends (const RelayTally *self, MetricsText *text, const MetricsLabels *labels)
{
  for (guint outcome = 0; outcome < RELAY_N_OUTCOMES; outcome++)
    {
      const guint first = relay_tally_find_reason (outcome == IMP_OUTCOME_PASSED   ? "none"
                                                   : outcome == IMP_OUTCOME_BROKEN ? "other"
                                                                                   : "analyzer");
      MetricsLabels own = *labels;

      if (outcome == IMP_OUTCOME_UNSETTLED)
        continue;
      metrics_labels_add (&own, "outcome", outcome_names[outcome]);
      for (guint reason = 0; reason < RELAY_N_REASONS; reason++)
        if (reason == first || self->n_ended[outcome][reason] > 0)
          metrics_text_add_by (text, &ended, &own, "reason", reason_names[reason],
                               self->n_ended[outcome][reason]);
    }
}

void
relay_tally_describe (const RelayTally *self, guint n_live, guint max_connections,
                      MetricsText *text, const MetricsLabels *labels)
{
  metrics_text_add (text, &open_connections, labels, n_live);
  metrics_text_add (text, &max_connections_family, labels, max_connections);
  metrics_text_add (text, &accepted, labels, self->n_accepted);
  for (guint i = 0; i < RELAY_N_REFUSALS; i++)
    metrics_text_add_by (text, &refused, labels, "reason", refusal_names[i], self->n_refused[i]);
  relay_tally_describe_ends (self, text, labels);
  for (guint i = 0; i < 2; i++)
    relay_tally_describe_bytes (&self->bytes[i], direction_names[i], text, labels);
}
