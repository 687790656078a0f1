/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-status.h"

#include "tool/status/status-log.h"
#include "tool/status/status-report.h"

static void
serve_status_fill (const StatusEntry *entry, JsonObject *row)
{
  json_object_set_string_member (row, "kind", "analyzers");
}

static gint64
serve_status_look_up (GVariant *progress, const char *key)
{
  gint64 number = -1;

  g_variant_lookup (progress, key, "x", &number);
  return number;
}

/* Takes @progress. */
static void
serve_status_add (StatusReport *report, GVariant *progress)
{
  const gint64 age = serve_status_look_up (progress, "since-ms") * G_TIME_SPAN_MILLISECOND;
  StatusEntry entry = {
    .id = serve_status_look_up (progress, "id"),
    .since = g_get_monotonic_time () - age,
    .wait.ms = serve_status_look_up (progress, "waits-ms"),
    .progress = progress,
  };

  status_wait_read (&entry.wait, progress);
  status_report_add (report, &entry);
}

static JsonObject *
serve_status_report (StatusReport *report, ImpServer *server)
{
  g_autoptr (GVariant) all = imp_server_list_progress (server);

  for (gsize i = 0; i < g_variant_n_children (all); i++)
    serve_status_add (report, g_variant_get_child_value (all, i));
  status_report_set_total (report, "connections", imp_server_get_n_connections (server));
  status_report_set_total (report, "analyzers", imp_server_get_n_analyzers (server));
  return status_report_finish (report, serve_status_fill);
}

static void
serve_status_on_status (ControlRequest *request, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StatusReport) report = status_report_new (request, "serve", &error);

  if (report == NULL)
    control_request_fail (request, error->message);
  else
    control_request_answer (request, serve_status_report (report, user_data));
}

static JsonObject *
serve_status_on_log (gint64 limit, gpointer user_data)
{
  g_autoptr (StatusReport) report = status_report_new_for_log ("serve", limit);

  return serve_status_report (report, user_data);
}

void
serve_status_log_on_signal (ImpServer *server)
{
  status_log_on_signal (serve_status_on_log, server);
}

static const ControlCommand serve_status_commands[] = {
  { "status", serve_status_on_status },
};

void
serve_status_add_commands (Control *control, ImpServer *server)
{
  control_add (control, serve_status_commands, G_N_ELEMENTS (serve_status_commands), server);
}
