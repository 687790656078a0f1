/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/control/control-request.h"

#include "core/imp-clean-text-private.h"
#include "tool/json-line.h"

#include <imp-remote.h>
#include <string.h>

struct _ControlRequest
{
  JsonNode *root;
  GSocketConnection *connection; /* NULL: the client has gone */
  const ControlRequestFuncs *funcs;
  gpointer user_data;
};

static gboolean
control_request_is_valid (JsonNode *root, GError **error)
{
  JsonNode *command;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "A request is one JSON object in one line");
      return FALSE;
    }
  command = json_object_get_member (json_node_get_object (root), "command");
  if (command != NULL && json_node_get_value_type (command) == G_TYPE_STRING)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                       "A request needs a \"command\", which is a string");
  return FALSE;
}

ControlRequest *
control_request_new (GSocketConnection *connection, const char *line, gsize length,
                     const ControlRequestFuncs *funcs, gpointer user_data, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  ControlRequest *self;

  if (!g_utf8_validate_len (line, length, NULL))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "A request is text in UTF-8");
      return NULL;
    }
  if (!json_parser_load_from_data (parser, line, length, error)
      || !control_request_is_valid (json_parser_get_root (parser), error))
    return NULL;
  self = g_new0 (ControlRequest, 1);
  self->root = json_parser_steal_root (parser);
  self->connection = g_object_ref (connection);
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

static void
control_request_free (ControlRequest *self)
{
  json_node_unref (self->root);
  g_clear_object (&self->connection);
  g_free (self);
}

JsonObject *
control_request_get_arguments (ControlRequest *self)
{
  return json_node_get_object (self->root);
}

const char *
control_request_get_command (ControlRequest *self)
{
  return json_object_get_string_member (control_request_get_arguments (self), "command");
}

gboolean
control_request_get_number (ControlRequest *self, const char *name, gint64 min, gint64 max,
                            gint64 fallback, gint64 *value, GError **error)
{
  JsonNode *node = json_object_get_member (control_request_get_arguments (self), name);

  *value = fallback;
  if (node == NULL)
    return TRUE;
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    *value = json_node_get_int (node);
  if (json_node_get_value_type (node) == G_TYPE_INT64 && *value >= min && *value <= max)
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
               "\"%s\" is a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, min,
               max);
  return FALSE;
}

char *
control_make_error_line (const char *message)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *clean = imp_clean_line (message, IMP_CLEAN_TEXT_MAX);

  json_object_set_string_member (object, "error", clean);
  return json_line_new_for_object (object);
}

static void
control_request_answer_line (ControlRequest *self, const char *line)
{
  if (self->connection != NULL)
    self->funcs->answered (line, self->user_data);
  control_request_free (self);
}

void
control_request_answer (ControlRequest *self, JsonObject *answer)
{
  g_autofree char *line = json_line_new_for_object (answer);

  json_object_unref (answer);
  if (strlen (line) <= CONTROL_ANSWER_MAX)
    control_request_answer_line (self, line);
  else
    control_request_fail (self, "The answer is too long: ask for less of it");
}

void
control_request_fail (ControlRequest *self, const char *message)
{
  g_autofree char *line = control_make_error_line (message);

  control_request_answer_line (self, line);
}

GSocketConnection *
control_request_get_connection (ControlRequest *self)
{
  return self->connection;
}

GSocketConnection *
control_request_take_connection (ControlRequest *self, GError **error)
{
  GSocketConnection *taken;

  if (self->connection == NULL)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED, "The client has gone");
      return NULL;
    }
  if (!self->funcs->taken (self->user_data))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "Nothing may stand behind this request");
      return NULL;
    }
  taken = g_steal_pointer (&self->connection);
  control_request_free (self);
  return taken;
}

void
control_request_detach (ControlRequest *self)
{
  g_clear_object (&self->connection);
}
