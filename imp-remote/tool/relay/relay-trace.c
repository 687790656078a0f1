/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-trace.h"

#include "tool/relay/relay-refusal.h"

TraceSpan *
relay_trace_begin (GHashTable *context)
{
  TraceSpan *span;
  char *child;

  if (!trace_is_on ())
    return NULL;
  span = trace_begin (g_hash_table_lookup (context, TRACE_CONTEXT_KEY), TRACE_KIND_INTERNAL,
                      &child);
  g_hash_table_insert (context, g_strdup (TRACE_CONTEXT_KEY), child);
  return span;
}

void
relay_trace_end (TraceSpan *span, const RelayLogSubject *subject, ImpRelay *relay,
                 const GError *error)
{
  ImpFilter *filter = relay != NULL ? imp_relay_get_filter (relay) : NULL;
  const gboolean refused = error != NULL
                           && relay_refusal_get_kind (error) == IMP_LOG_CONNECTION_REFUSED;
  const TraceAttribute attributes[] = {
    { "imp.connection", NULL, subject->connection },
    { "client.address", subject->client, 0 },
    { "server.address", subject->server, 0 },
    { "imp.client.bytes", NULL, filter != NULL ? imp_filter_get_input (filter, 0) : 0 },
    { "imp.server.bytes", NULL, filter != NULL ? imp_filter_get_input (filter, 1) : 0 },
    { "imp.verdicts", NULL, filter != NULL ? imp_filter_get_n_verdicts (filter) : 0 },
    { "imp.outcome",
      error == NULL ? "passed"
      : refused     ? "refused"
                    : "failed",
      0 },
    { NULL, NULL, 0 },
  };
  g_autofree char *name = relay_log_name_modules (subject);

  trace_end (span, name != NULL ? name : "pass", error != NULL && !refused ? error->message : NULL,
             attributes);
}
