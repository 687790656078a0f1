/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-remote.h"

#include "tool/metrics/metrics-table.h"

static const MetricsFamily connections = {
  "imp_remote_connections",
  METRICS_COUNTER,
  NULL,
  "Connections to servers that were made",
};
static const MetricsFamily outcomes = {
  "imp_remote_lost_analyzers",
  METRICS_COUNTER,
  NULL,
  "Analyzers that could not be reached any more, by what has become of their data",
};
static const MetricsFamily deadlines = {
  "imp_remote_deadlines",
  METRICS_COUNTER,
  NULL,
  "Those of them that were too slow",
};
static const MetricsFamily soft_limit = {
  "imp_remote_soft_limit",
  METRICS_COUNTER,
  NULL,
  "Those of them that were refused as too many had passed before",
};
static const MetricsFamily log_limits = {
  "imp_remote_log_limits",
  METRICS_COUNTER,
  NULL,
  "Analyzers that have said more for logs than they may",
};
static const MetricsFamily extensions = {
  "imp_remote_extensions",
  METRICS_COUNTER,
  NULL,
  "How often more time was granted",
};
static const MetricsFamily exceptions = {
  "imp_remote_exceptions",
  METRICS_COUNTER,
  NULL,
  "Exceptions of servers",
};
static const MetricsFamily late_results = {
  "imp_remote_late_results",
  METRICS_COUNTER,
  NULL,
  "Results for analyzers that were closed already",
};
static const MetricsFamily messages = {
  "imp_remote_messages",
  METRICS_COUNTER,
  NULL,
  "Messages from and to servers",
};
static const MetricsFamily bytes = {
  "imp_remote_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes from and to servers",
};
static const MetricsFamily queued = {
  "imp_remote_queued_bytes",
  METRICS_GAUGE,
  "bytes",
  "Bytes that wait to be sent to servers",
};
static const MetricsFamily server_up = {
  "imp_remote_server_up",
  METRICS_GAUGE,
  NULL,
  "Whether there is a connection to the server",
};
static const MetricsFamily server_ejected = {
  "imp_remote_server_ejected",
  METRICS_GAUGE,
  NULL,
  "Whether the server is left out, as it has failed",
};
static const MetricsFamily server_ejections = {
  "imp_remote_server_ejections",
  METRICS_COUNTER,
  NULL,
  "How often it was left out",
};
static const MetricsFamily server_failures = {
  "imp_remote_server_failures",
  METRICS_GAUGE,
  NULL,
  "How often it has failed in a row",
};
static const MetricsFamily server_analyzers = {
  "imp_remote_server_live_analyzers",
  METRICS_GAUGE,
  NULL,
  "Analyzers that are there now",
};
static const MetricsFamily server_unsettled = {
  "imp_remote_server_unsettled_bytes",
  METRICS_GAUGE,
  "bytes",
  "Bytes that wait for a verdict of the server",
};

static const MetricsRow rows[] = {
  { "connections", &connections },
  { "settled-hard", &outcomes, "outcome", "refused" },
  { "settled-soft", &outcomes, "outcome", "passed" },
  { "deadlines", &deadlines },
  { "soft-limit", &soft_limit },
  { "log-limits", &log_limits },
  { "extensions", &extensions },
  { "exceptions", &exceptions },
  { "late-results", &late_results },
  { "messages-in", &messages, "way", "in" },
  { "messages-out", &messages, "way", "out" },
  { "bytes-in", &bytes, "way", "in" },
  { "bytes-out", &bytes, "way", "out" },
  { "queued", &queued },
};

static const MetricsRow server_rows[] = {
  { "ejections", &server_ejections },
  { "failures", &server_failures },
  { "live-analyzers", &server_analyzers },
  { "unsettled", &server_unsettled },
};

static void
metrics_remote_describe_server (GVariant *server, MetricsText *text, const MetricsLabels *labels)
{
  MetricsLabels own = *labels;
  const char *address = "", *state = "";
  gboolean ejected = FALSE;

  g_variant_lookup (server, "address", "&s", &address);
  g_variant_lookup (server, "state", "&s", &state);
  g_variant_lookup (server, "ejected", "b", &ejected);
  metrics_labels_add (&own, "server", address);
  metrics_text_add (text, &server_up, &own, g_str_equal (state, "ready"));
  metrics_text_add (text, &server_ejected, &own, ejected);
  metrics_table_describe (server_rows, G_N_ELEMENTS (server_rows), server, text, &own);
}

/* The same address may be there twice, if the user has said so; what is counted for the second one
 * would be the same series. */
static void
metrics_remote_describe_servers (GVariant *servers, MetricsText *text, const MetricsLabels *labels)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < g_variant_n_children (servers); i++)
    {
      g_autoptr (GVariant) server = g_variant_get_child_value (servers, i);
      char *address = NULL;

      if (g_variant_lookup (server, "address", "s", &address) && g_hash_table_add (seen, address))
        metrics_remote_describe_server (server, text, labels);
    }
}

void
metrics_remote_describe (ImpRemoteFactory *factory, MetricsText *text, const MetricsLabels *labels)
{
  g_autoptr (GVariant) all = imp_remote_factory_get_statistics (factory);
  g_autoptr (GVariant) servers = NULL;

  servers = g_variant_lookup_value (all, "servers", G_VARIANT_TYPE ("aa{sv}"));
  metrics_table_describe (rows, G_N_ELEMENTS (rows), all, text, labels);
  if (servers != NULL)
    metrics_remote_describe_servers (servers, text, labels);
}
