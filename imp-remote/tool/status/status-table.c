/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-table.h"

#include <imp-remote.h>

/* How wide a client's and a server's address may be; the rest of longer ones is left out. */
#define ADDRESS_WIDTH 21

const char *
status_table_get_text (JsonObject *object, const char *name, const char *fallback)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
           ? json_node_get_string (node)
           : fallback;
}

gint64
status_table_get_number (JsonObject *object, const char *name, gint64 fallback)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node)
                                                                         : fallback;
}

JsonObject *
status_table_get_object (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

gboolean
status_table_get_flag (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN
         && json_node_get_boolean (node);
}

static gboolean
status_table_is_row (JsonNode *node)
{
  JsonObject *row = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  return row != NULL && status_table_get_number (row, "id", -1) >= 0
         && status_table_get_text (row, "client", NULL) != NULL
         && status_table_get_text (row, "waits-for", NULL) != NULL
         && status_table_get_text (row, "why", NULL) != NULL;
}

static gboolean
status_table_is_answer (JsonObject *answer)
{
  JsonObject *totals = status_table_get_object (answer, "totals");
  JsonNode *rows = json_object_get_member (answer, "connections");

  if (status_table_get_text (answer, "program", NULL) == NULL || totals == NULL
      || status_table_get_number (totals, "connections", -1) < 0 || rows == NULL
      || !JSON_NODE_HOLDS_ARRAY (rows))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (rows)); i++)
    if (!status_table_is_row (json_array_get_element (json_node_get_array (rows), i)))
      return FALSE;
  return TRUE;
}

gboolean
status_table_check (JsonObject *answer, GError **error)
{
  if (status_table_is_answer (answer))
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                       "What it answers is not the status of a relay or a server");
  return FALSE;
}

/* ---- numbers ---- */

char *
status_table_make_size (gint64 bytes)
{
  static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
  guint unit = 0;
  double size = bytes;

  while (size >= 1024 && unit + 1 < G_N_ELEMENTS (units))
    {
      size /= 1024;
      unit++;
    }
  if (unit == 0 || size >= 10)
    return g_strdup_printf ("%.0f %s", size, units[unit]);
  return g_strdup_printf ("%.1f %s", size, units[unit]);
}

char *
status_table_make_time (gint64 milliseconds)
{
  const gint64 seconds = milliseconds / 1000;

  if (milliseconds < 0)
    return g_strdup ("?");
  if (milliseconds < 1000)
    return g_strdup_printf ("%d ms", (int) milliseconds);
  if (seconds < 120)
    return g_strdup_printf ("%d s", (int) seconds);
  if (seconds < 100 * 60)
    return g_strdup_printf ("%d min", (int) (seconds / 60));
  if (seconds < 48 * 3600)
    return g_strdup_printf ("%d h", (int) (seconds / 3600));
  return g_strdup_printf ("%" G_GINT64_FORMAT " d", seconds / (24 * 3600));
}

/* ---- lines ---- */

char *
status_table_make_summary (JsonObject *answer)
{
  JsonObject *totals = status_table_get_object (answer, "totals");
  const gint64 n = status_table_get_number (totals, "connections", 0);

  return g_strdup_printf ("%s %s, process %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT
                          " connection%s, %" G_GINT64_FORMAT " of them stalled",
                          status_table_get_text (answer, "program", "?"),
                          status_table_get_text (answer, "version", "?"),
                          status_table_get_number (answer, "pid", 0), n, n == 1 ? "" : "s",
                          status_table_get_number (totals, "stalled", 0));
}

char *
status_table_make_head (void)
{
  return g_strdup_printf ("%5s %6s %-*s %-*s %8s %8s %6s  %s", "ID", "AGE", ADDRESS_WIDTH, "CLIENT",
                          ADDRESS_WIDTH, "SERVER", "HELD >", "HELD <", "SINCE", "WAITS FOR");
}

static char *
status_table_make_held (JsonObject *row, const char *direction)
{
  JsonObject *object = status_table_get_object (row, direction);
  gint64 held = object != NULL ? status_table_get_number (object, "held", 0) : 0;

  /* A server does not tell the directions apart. */
  if (object == NULL && g_str_equal (direction, "from-client"))
    held = status_table_get_number (row, "held", 0);
  return held > 0 ? status_table_make_size (held) : g_strdup ("-");
}

static char *
status_table_make_wait (JsonObject *row)
{
  const char *whom = status_table_get_text (row, "waits-for", "");
  const char *part = status_table_get_text (row, "part", NULL);

  if (part != NULL && g_str_equal (whom, "analyzer"))
    return g_strdup_printf ("%s %s: %s", whom, part, status_table_get_text (row, "why", ""));
  return g_strdup_printf ("%s: %s", whom, status_table_get_text (row, "why", ""));
}

/* Of a server's client: how many analyzers it has. */
static char *
status_table_make_server (JsonObject *row)
{
  const char *server = status_table_get_text (row, "server", NULL);
  const gint64 n = status_table_get_number (row, "analyzers", 0);

  return server != NULL ? g_strdup (server)
                        : g_strdup_printf ("%" G_GINT64_FORMAT " analyzer%s", n, n == 1 ? "" : "s");
}

char *
status_table_make_row (JsonObject *row)
{
  g_autofree char *server = status_table_make_server (row);
  g_autofree char *age = status_table_make_time (status_table_get_number (row, "since-ms", -1));
  g_autofree char *since = status_table_make_time (status_table_get_number (row, "waits-ms", -1));
  g_autofree char *from = status_table_make_held (row, "from-client");
  g_autofree char *to = status_table_make_held (row, "from-server");
  g_autofree char *wait = status_table_make_wait (row);

  return g_strdup_printf ("%5" G_GINT64_FORMAT " %6s %-*.*s %-*.*s %8s %8s %6s  %s",
                          status_table_get_number (row, "id", 0), age, ADDRESS_WIDTH, ADDRESS_WIDTH,
                          status_table_get_text (row, "client", ""), ADDRESS_WIDTH, ADDRESS_WIDTH,
                          server, from, to, since, wait);
}
