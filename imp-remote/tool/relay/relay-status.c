/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-status.h"

#include "core/imp-clean-text-private.h"
#include "rpc/imp-address-private.h"
#include "tool/relay/relay-group.h"
#include "tool/status/status-log.h"
#include "tool/status/status-report.h"

/* ---- one connection ---- */

/* Before its bytes are relayed. */
static StatusWait
relay_status_find_early_wait (const RelayConnectionFacts *facts)
{
  const gint64 ms = (g_get_monotonic_time () - facts->stage.since) / G_TIME_SPAN_MILLISECOND;

  switch (facts->stage.kind)
    {
    case RELAY_STAGE_GREETING:
      return (StatusWait){ "client", "greeting", ms };
    case RELAY_STAGE_ASKING:
      return (StatusWait){ "analyzer", "ask", ms };
    case RELAY_STAGE_CONNECTING:
      return (StatusWait){ "server", "connect", ms };
    case RELAY_STAGE_RELAYING:
    case RELAY_STAGE_ENDING:
    default:
      return (StatusWait){ "nobody", "ended", ms };
    }
}

static void
relay_status_add_connection (RelayConnection *connection, gpointer user_data)
{
  ImpRelay *relay = relay_connection_get_relay (connection);
  StatusEntry entry = { .id = relay_connection_get_id (connection), .source = connection };
  RelayConnectionFacts facts;

  relay_connection_get_facts (connection, &facts);
  entry.since = facts.stage.begun;
  if (relay != NULL)
    entry.progress = imp_relay_get_progress (relay);
  if (facts.stage.kind == RELAY_STAGE_RELAYING)
    entry.wait = status_wait_of_progress (entry.progress);
  else
    entry.wait = relay_status_find_early_wait (&facts);
  status_report_add (user_data, &entry);
}

static char *
relay_status_find_listener (GSocketConnection *stream)
{
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (stream, NULL);
  g_autofree char *text = local != NULL ? imp_address_of_socket (local) : g_strdup ("unknown");

  return imp_clean_line (text, IMP_CLEAN_TEXT_MAX);
}

static void
relay_status_add_modules (JsonObject *row, const char *const *modules)
{
  g_auto (GStrv) names = tool_name_modules (modules);
  JsonArray *array = json_array_new ();

  for (guint i = 0; names[i] != NULL; i++)
    json_array_add_string_element (array, names[i]);
  if (names[0] == NULL)
    json_array_add_string_element (array, "pass");
  json_object_set_array_member (row, "modules", array);
}

static void
relay_status_fill (const StatusEntry *entry, JsonObject *row)
{
  static const char *const stages[] = {
    [RELAY_STAGE_GREETING] = "greeting",     [RELAY_STAGE_ASKING] = "asking",
    [RELAY_STAGE_CONNECTING] = "connecting", [RELAY_STAGE_RELAYING] = "relaying",
    [RELAY_STAGE_ENDING] = "ending",
  };
  RelayConnectionFacts facts;
  g_autofree char *listener = NULL;

  relay_connection_get_facts (entry->source, &facts);
  listener = relay_status_find_listener (facts.stream);
  json_object_set_string_member (row, "kind", "stream");
  json_object_set_string_member (row, "client", facts.client);
  json_object_set_string_member (row, "server", facts.server);
  json_object_set_string_member (row, "listener", listener);
  json_object_set_string_member (row, "stage", stages[facts.stage.kind]);
  relay_status_add_modules (row, facts.modules);
}

/* ---- clients of datagrams ---- */

/* The numbers of each socket's clients begin behind this, which no connection comes to. */
#define DATAGRAMS_FIRST 1000000000

static gint64
relay_status_look_up (GVariant *progress, const char *key)
{
  gint64 number = 0;

  g_variant_lookup (progress, key, "x", &number);
  return number;
}

/* Takes @progress. */
static void
relay_status_add_datagrams (StatusReport *report, RelayGroup *group, gint64 first,
                            GVariant *progress)
{
  const gint64 age = relay_status_look_up (progress, "since-ms") * G_TIME_SPAN_MILLISECOND;
  const StatusEntry entry = {
    .id = first + relay_status_look_up (progress, "id"),
    .since = g_get_monotonic_time () - age,
    .wait = status_wait_of_progress (progress),
    .progress = progress,
    .source = group,
    .is_datagrams = TRUE,
  };

  status_report_add (report, &entry);
}

/* Counts the sockets with *@n_sockets, and returns the number of clients. */
static guint
relay_status_add_group (StatusReport *report, RelayGroup *group, guint *n_sockets)
{
  RelayDatagrams *datagrams = relay_group_get_datagrams (group);
  guint n = 0;

  for (guint i = 0; datagrams != NULL && i < relay_datagrams_peek_relays (datagrams)->len; i++)
    {
      ImpDatagramRelay *relay = relay_datagrams_peek_relays (datagrams)->pdata[i];
      g_autoptr (GVariant) all = imp_datagram_relay_list_progress (relay);

      ++*n_sockets;
      n += g_variant_n_children (all);
      for (gsize j = 0; j < g_variant_n_children (all); j++)
        relay_status_add_datagrams (report, group, (gint64) *n_sockets * DATAGRAMS_FIRST,
                                    g_variant_get_child_value (all, j));
    }
  return n;
}

static void
relay_status_fill_datagrams (const StatusEntry *entry, JsonObject *row)
{
  RelayDatagrams *datagrams = relay_group_get_datagrams (entry->source);

  /* The library counts those of each socket. */
  json_object_set_int_member (row, "id", entry->id);
  json_object_set_string_member (row, "kind", "datagrams");
  json_object_set_string_member (row, "server", relay_datagrams_get_target (datagrams));
  json_object_set_string_member (row, "stage",
                                 json_object_has_member (row, "from-client") ? "relaying"
                                                                             : "ending");
  relay_status_add_modules (row, relay_group_get_modules (entry->source));
}

/* ---- all of them ---- */

static void
relay_status_fill_row (const StatusEntry *entry, JsonObject *row)
{
  if (entry->is_datagrams)
    relay_status_fill_datagrams (entry, row);
  else
    relay_status_fill (entry, row);
}

static JsonObject *
relay_status_report (StatusReport *report, GPtrArray *groups)
{
  guint n = 0, n_sockets = 0;

  for (guint i = 0; i < groups->len; i++)
    {
      relay_group_foreach (groups->pdata[i], relay_status_add_connection, report);
      n += relay_group_get_n_connections (groups->pdata[i]);
      n += relay_status_add_group (report, groups->pdata[i], &n_sockets);
    }
  status_report_set_total (report, "connections", n);
  return status_report_finish (report, relay_status_fill_row);
}

static void
relay_status_on_status (ControlRequest *request, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (StatusReport) report = status_report_new (request, "relay", &error);

  if (report == NULL)
    control_request_fail (request, error->message);
  else
    control_request_answer (request, relay_status_report (report, user_data));
}

static const ControlCommand relay_status_commands[] = {
  { "status", relay_status_on_status },
};

void
relay_status_add_commands (Control *control, GPtrArray *groups)
{
  control_add (control, relay_status_commands, G_N_ELEMENTS (relay_status_commands), groups);
}

static JsonObject *
relay_status_on_log (gint64 limit, gpointer user_data)
{
  g_autoptr (StatusReport) report = status_report_new_for_log ("relay", limit);

  return relay_status_report (report, user_data);
}

void
relay_status_log_on_signal (GPtrArray *groups)
{
  status_log_on_signal (relay_status_on_log, groups);
}
