/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-status.h"

#include "tool/relay/relay-group.h"
#include "tool/status/status-report.h"

static void
relay_status_add_connection (RelayConnection *connection, gpointer user_data)
{
  StatusReport *report = user_data;
  JsonObject *row = json_object_new ();

  json_object_set_int_member (row, "id", relay_connection_get_id (connection));
  json_object_set_string_member (row, "client", relay_connection_get_client (connection));
  json_object_set_string_member (row, "server", relay_connection_get_server (connection));
  status_report_add (report, row);
}

static void
relay_status_on_status (ControlRequest *request, gpointer user_data)
{
  GPtrArray *groups = user_data;
  StatusReport *report = status_report_new (request, "relay");
  guint n = 0;

  if (report == NULL)
    return;
  for (guint i = 0; i < groups->len; i++)
    {
      relay_group_foreach (groups->pdata[i], relay_status_add_connection, report);
      n += relay_group_get_n_connections (groups->pdata[i]);
    }
  status_report_set_total (report, "connections", n);
  status_report_answer (report, request);
}

static const ControlCommand relay_status_commands[] = {
  { "status", relay_status_on_status },
};

void
relay_status_add_commands (Control *control, GPtrArray *groups)
{
  control_add (control, relay_status_commands, G_N_ELEMENTS (relay_status_commands), groups);
}
