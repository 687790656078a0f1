/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-status.h"

#include "tool/status/status-report.h"

static void
serve_status_on_status (ControlRequest *request, gpointer user_data)
{
  ImpServer *server = user_data;
  StatusReport *report = status_report_new (request, "serve");

  if (report == NULL)
    return;
  status_report_set_total (report, "connections", imp_server_get_n_connections (server));
  status_report_answer (report, request);
}

static const ControlCommand serve_status_commands[] = {
  { "status", serve_status_on_status },
};

void
serve_status_add_commands (Control *control, ImpServer *server)
{
  control_add (control, serve_status_commands, G_N_ELEMENTS (serve_status_commands), server);
}
