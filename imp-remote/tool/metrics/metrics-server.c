/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-server.h"

#include "tool/metrics/metrics-modules.h"
#include "tool/metrics/metrics-table.h"

static const MetricsFamily open_connections = {
  "imp_serve_open_connections",
  METRICS_GAUGE,
  NULL,
  "Connections that there are now",
};
static const MetricsFamily max_connections = {
  "imp_serve_max_connections",
  METRICS_GAUGE,
  NULL,
  "How many connections there may be at once",
};
static const MetricsFamily connections = {
  "imp_serve_connections",
  METRICS_COUNTER,
  NULL,
  "Connections that were accepted",
};
static const MetricsFamily live_handshakes = {
  "imp_serve_live_handshakes",
  METRICS_GAUGE,
  NULL,
  "Clients of TLS that are no connection yet",
};
static const MetricsFamily handshakes = {
  "imp_serve_handshakes",
  METRICS_COUNTER,
  NULL,
  "Clients of TLS that have come",
};
static const MetricsFamily live_analyzers = {
  "imp_serve_live_analyzers",
  METRICS_GAUGE,
  NULL,
  "Analyzers that clients have now",
};
static const MetricsFamily analyzers = {
  "imp_serve_analyzers",
  METRICS_COUNTER,
  NULL,
  "Analyzers that clients have asked for",
};
static const MetricsFamily refusals_family = {
  "imp_serve_refusals",
  METRICS_COUNTER,
  NULL,
  "How often clients or analyzers were refused or ended, by the limit or the cause",
};
static const MetricsFamily memory = {
  "imp_serve_memory_bytes",
  METRICS_GAUGE,
  "bytes",
  "Memory that all connections are counted with",
};
static const MetricsFamily max_memory = {
  "imp_serve_max_memory_bytes",
  METRICS_GAUGE,
  "bytes",
  "How much that may be",
};
static const MetricsFamily messages = {
  "imp_serve_messages",
  METRICS_COUNTER,
  NULL,
  "Messages from and to clients",
};
static const MetricsFamily bytes = {
  "imp_serve_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes from and to clients",
};
static const MetricsFamily held = {
  "imp_serve_held_bytes",
  METRICS_GAUGE,
  "bytes",
  "Input that waits for verdicts, and output that waits to be read",
};

static const MetricsRow rows[] = {
  { "live-connections", &open_connections },
  { "connections", &connections },
  { "live-handshakes", &live_handshakes },
  { "handshakes", &handshakes },
  { "live-analyzers", &live_analyzers },
  { "analyzers", &analyzers },
  { "memory", &memory },
  { "held", &held },
  { "messages-in", &messages, "way", "in" },
  { "messages-out", &messages, "way", "out" },
  { "bytes-in", &bytes, "way", "in" },
  { "bytes-out", &bytes, "way", "out" },
};

void
metrics_server_describe (ImpServer *server, ImpFactory *factory, MetricsText *text)
{
  g_autoptr (GVariant) all = imp_server_get_statistics (server);
  g_autoptr (GVariant) refusals = NULL;
  const MetricsLabels none = { .n = 0 };
  guint64 memory_limit;
  guint room;

  refusals = g_variant_lookup_value (all, "refusals", G_VARIANT_TYPE ("a{st}"));
  g_object_get (server, "max-connections", &room, "max-memory", &memory_limit, NULL);
  metrics_table_describe (rows, G_N_ELEMENTS (rows), all, text, &none);
  metrics_text_add (text, &max_connections, &none, room);
  metrics_text_add (text, &max_memory, &none, memory_limit);
  metrics_table_describe_counts (&refusals_family, "reason", refusals, text, &none);
  metrics_modules_describe (factory, text, &none);
}
