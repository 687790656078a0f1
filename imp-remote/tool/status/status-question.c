/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/status/status-question.h"

#include "tool/control/control-client.h"
#include "tool/status/status-table.h"
#include "tool/tool.h"

JsonObject *
status_question_ask (const StatusQuestion *self, GError **error)
{
  g_autoptr (ControlClient) client = control_client_new (self->address, self->timeout, error);
  g_autoptr (JsonObject) answer = NULL;
  JsonObject *request;

  if (client == NULL)
    return NULL;
  request = json_object_new ();
  json_object_set_string_member (request, "command", "status");
  json_object_set_int_member (request, "limit", self->limit);
  json_object_set_string_member (request, "sort", self->sort);
  if (self->id > 0)
    json_object_set_int_member (request, "id", self->id);
  answer = control_client_call (client, request, error);
  if (answer == NULL || !status_table_check (answer, error))
    return NULL;
  return g_steal_pointer (&answer);
}

static void
status_question_print_row (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  g_autofree char *line = status_table_make_row (json_node_get_object (node));

  tool_print ("%s", line);
}

void
status_question_print (JsonObject *answer)
{
  JsonArray *rows = json_object_get_array_member (answer, "connections");
  g_autofree char *summary = status_table_make_summary (answer);
  g_autofree char *head = status_table_make_head ();

  tool_print ("%s", summary);
  if (json_array_get_length (rows) == 0)
    return;
  tool_print ("%s", head);
  json_array_foreach_element (rows, status_question_print_row, NULL);
}
