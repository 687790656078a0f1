/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-log.h"

#include "core/imp-log-private.h"
#include "tool/status/status-table.h"

#include <glib-unix.h>
#include <signal.h>

/* Connections in the log; the control socket tells of more. */
#define LOG_MAX 100

typedef struct
{
  StatusLogFunc func;
  gpointer user_data;
} StatusLog;

static void
status_log_row (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  g_autofree char *line = status_table_make_row (json_node_get_object (node));

  imp_log_message ("%s", line);
}

static gboolean
status_log_on_usr1 (gpointer user_data)
{
  const StatusLog *self = user_data;
  g_autoptr (JsonObject) answer = self->func (LOG_MAX, self->user_data);
  g_autofree char *summary = status_table_make_summary (answer);
  g_autofree char *head = status_table_make_head ();
  JsonArray *rows = json_object_get_array_member (answer, "connections");

  imp_log_message ("SIGUSR1: %s", summary);
  if (json_array_get_length (rows) > 0)
    imp_log_message ("%s", head);
  json_array_foreach_element (rows, status_log_row, NULL);
  return G_SOURCE_CONTINUE;
}

void
status_log_on_signal (StatusLogFunc func, gpointer user_data)
{
  static StatusLog self;

  self = (StatusLog){ .func = func, .user_data = user_data };
  g_unix_signal_add (SIGUSR1, status_log_on_usr1, &self);
}
