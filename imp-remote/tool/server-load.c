/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/server-load.h"

typedef struct
{
  const char *statistic;
  const char *limit;
} ServerLoadPart;

/* There is no limit for the analyzers of all: a load balancer is often the only peer. */
static const ServerLoadPart server_load_parts[] = {
  { "live-connections", "max-connections" },
  { "live-analyzers", "max-analyzers-per-peer" },
  { "memory", "max-memory" },
};

static guint64
server_load_get_limit (ImpServer *server, const char *name)
{
  g_auto (GValue) limit = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (server), name, &limit);
  return G_VALUE_HOLDS_UINT64 (&limit) ? g_value_get_uint64 (&limit) : g_value_get_uint (&limit);
}

guint
server_load_get_free (ImpServer *server)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (server);
  double least = 1.0;

  for (guint i = 0; i < G_N_ELEMENTS (server_load_parts); i++)
    {
      const ServerLoadPart *part = &server_load_parts[i];
      const double limit = (double) server_load_get_limit (server, part->limit);
      guint64 used = 0;

      g_variant_lookup (statistics, part->statistic, "t", &used);
      least = MIN (least, 1.0 - MIN ((double) used / limit, 1.0));
    }
  return (guint) (least * 100.0);
}
