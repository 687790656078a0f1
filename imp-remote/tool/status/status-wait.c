/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-wait.h"

/* The worst first. */
static const char *const status_wait_order[] = {
  "connect", "send", "verdict", "promise",  "search", "ask",
  "pause",   "read", "more",    "greeting", "idle",   "ended",
};

static guint
status_wait_get_rank (const char *why)
{
  guint rank = 0;

  while (rank < G_N_ELEMENTS (status_wait_order) && !g_str_equal (status_wait_order[rank], why))
    rank++;
  return rank;
}

static gint64
status_wait_look_up (GVariant *dictionary, const char *key)
{
  gint64 ms = -1;

  g_variant_lookup (dictionary, key, "x", &ms);
  return ms;
}

/* The texts are few, and last longer than the dictionary may have them at the same place. */
void
status_wait_read (StatusWait *self, GVariant *dictionary)
{
  const char *whom, *why;

  if (g_variant_lookup (dictionary, "waits-for", "&s", &whom))
    self->whom = g_intern_string (whom);
  if (g_variant_lookup (dictionary, "why", "&s", &why))
    self->why = g_intern_string (why);
}

static StatusWait
status_wait_of_direction (GVariant *progress, const char *name)
{
  g_autoptr (GVariant) direction = g_variant_lookup_value (progress, name, G_VARIANT_TYPE_VARDICT);
  StatusWait wait = { "nobody", "ended", -1 };
  gint64 held = 0;

  if (direction == NULL)
    return wait;
  status_wait_read (&wait, direction);
  g_variant_lookup (direction, "held", "x", &held);
  if (held > 0 && !g_str_equal (wait.why, "read"))
    wait.ms = status_wait_look_up (direction, "held-ms");
  if (wait.ms < 0)
    wait.ms = status_wait_look_up (progress, "idle-ms");
  return wait;
}

StatusWait
status_wait_of_progress (GVariant *progress)
{
  const StatusWait client = status_wait_of_direction (progress, "from-client");
  const StatusWait server = status_wait_of_direction (progress, "from-server");
  const guint one = status_wait_get_rank (client.why), other = status_wait_get_rank (server.why);

  if (one != other)
    return one < other ? client : server;
  return server.ms > client.ms ? server : client;
}

gboolean
status_wait_is_stall (const StatusWait *self)
{
  return status_wait_get_rank (self->why) < status_wait_get_rank ("idle");
}
