/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/control/control-client.h"
#include "tool/status/status-report.h"
#include "tool/tool.h"

#include <string.h>

typedef struct
{
  gboolean json;
  guint limit;
  guint timeout; /* seconds */
} Status;

static const ImpLimit status_limits[] = {
  { "limit", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (Status, limit), 0, STATUS_LIMIT_MAX,
    STATUS_LIMIT_DEFAULT, "how many connections are shown" },
  { "timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Status, timeout), 1, TOOL_MAX_SECONDS, 10,
    "how long to wait for an answer" },
};

static gboolean
status_parse (Status *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &self->json, "Print one JSON object, for programs", NULL },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "ADDRESS - show what a running relay or server does",
    .summary = "Asks at the control socket of a relay or a server (their option --control) which\n"
               "connections there are.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, status_limits, G_N_ELEMENTS (status_limits), self);
  limit_options_set_letter (limits, "timeout", 't');
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc != 2)
    *status = tool_usage_error ("status: exactly one ADDRESS is wanted");
  return *status == TOOL_DONE;
}

static gboolean
status_has (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL
         && (type == JSON_TYPE_OBJECT  ? JSON_NODE_HOLDS_OBJECT (node)
             : type == JSON_TYPE_ARRAY ? JSON_NODE_HOLDS_ARRAY (node)
                                       : json_node_get_value_type (node) == type);
}

static gboolean
status_is_row (JsonNode *node)
{
  JsonObject *row = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  return row != NULL && status_has (row, "id", G_TYPE_INT64)
         && status_has (row, "client", G_TYPE_STRING) && status_has (row, "server", G_TYPE_STRING);
}

/* Whatever listens there may say anything. */
static gboolean
status_is_answer (JsonObject *answer)
{
  JsonArray *rows;

  if (!status_has (answer, "program", G_TYPE_STRING) || !status_has (answer, "pid", G_TYPE_INT64)
      || !status_has (answer, "version", G_TYPE_STRING)
      || !status_has (answer, "totals", JSON_TYPE_OBJECT)
      || !status_has (json_object_get_object_member (answer, "totals"), "connections", G_TYPE_INT64)
      || !status_has (answer, "connections", JSON_TYPE_ARRAY))
    return FALSE;
  rows = json_object_get_array_member (answer, "connections");
  for (guint i = 0; i < json_array_get_length (rows); i++)
    if (!status_is_row (json_array_get_element (rows, i)))
      return FALSE;
  return TRUE;
}

static JsonObject *
status_ask (const Status *self, const char *address, GError **error)
{
  g_autoptr (ControlClient) client = control_client_new (address, self->timeout, error);
  g_autoptr (JsonObject) answer = NULL;
  JsonObject *request;

  if (client == NULL)
    return NULL;
  request = json_object_new ();
  json_object_set_string_member (request, "command", "status");
  json_object_set_int_member (request, "limit", self->limit);
  answer = control_client_call (client, request, error);
  if (answer == NULL || status_is_answer (answer))
    return g_steal_pointer (&answer);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                       "What it answers is not the status of a relay or a server");
  return NULL;
}

static void
status_print_json (JsonObject *answer)
{
  g_autoptr (JsonNode) node = json_node_alloc ();
  g_autofree char *text = NULL, *line = NULL;

  json_node_init_object (node, answer);
  text = json_to_string (node, FALSE);
  line = g_strconcat (text, "\n", NULL);
  tool_print_json (line, strlen (line));
}

static void
status_print_row (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  JsonObject *row = json_node_get_object (node);

  tool_print ("%" G_GINT64_FORMAT "  %s -> %s", json_object_get_int_member (row, "id"),
              json_object_get_string_member (row, "client"),
              json_object_get_string_member (row, "server"));
}

static void
status_print_text (JsonObject *answer)
{
  JsonObject *totals = json_object_get_object_member (answer, "totals");

  tool_print ("%s %s, process %" G_GINT64_FORMAT ": %" G_GINT64_FORMAT " connections",
              json_object_get_string_member (answer, "program"),
              json_object_get_string_member (answer, "version"),
              json_object_get_int_member (answer, "pid"),
              json_object_get_int_member (totals, "connections"));
  json_array_foreach_element (json_object_get_array_member (answer, "connections"),
                              status_print_row, NULL);
}

static int
status_run (int argc, char **argv)
{
  Status self = { 0 };
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GError) error = NULL;
  int status;

  if (!status_parse (&self, &argc, &argv, &status))
    return status;
  answer = status_ask (&self, argv[1], &error);
  if (answer == NULL)
    return tool_option_error ("status", argv[1], error);
  if (self.json)
    status_print_json (answer);
  else
    status_print_text (answer);
  return TOOL_DONE;
}

const ToolCommand tool_status = {
  .name = "status",
  .summary = "show what a running relay or server does",
  .run = status_run,
};
