/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/control/control-client.h"

#include "core/imp-clean-text-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-peer-private.h"
#include "tool/control/control-request.h"
#include "tool/json-line.h"

#include <imp-remote.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 65536

struct _ControlClient
{
  GSocketConnection *connection;
};

static GSocketConnectable *
control_client_parse (const char *address, GError **error)
{
  g_autoptr (ImpAddress) parsed = imp_address_parse (address, error);

  if (parsed == NULL)
    return NULL;
  if (parsed->kind == IMP_ADDRESS_PATH || parsed->kind == IMP_ADDRESS_ABSTRACT)
    return imp_address_to_connectable (parsed, error);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                       "A control socket is a unix socket: /PATH, ./PATH or @NAME");
  return NULL;
}

/* Anybody may have taken an abstract name. To root, whoever listens is as good as any. */
static gboolean
control_client_check_server (GSocketConnection *connection, GError **error)
{
  ImpCredentials credentials;
  gint64 uid;

  if (!imp_credentials_get (G_IO_STREAM (connection), &credentials))
    uid = -1;
  else
    {
      uid = credentials.uid;
      imp_credentials_clear (&credentials);
    }
  if (uid == 0 || uid == (gint64) geteuid () || (uid >= 0 && geteuid () == 0))
    return TRUE;
  g_set_error (error, IMP_ERROR, IMP_ERROR_DENIED,
               "User %" G_GINT64_FORMAT " listens there, who is neither this one nor root", uid);
  return FALSE;
}

ControlClient *
control_client_new (const char *address, guint timeout, GError **error)
{
  g_autoptr (GSocketConnectable) target = control_client_parse (address, error);
  g_autoptr (GSocketClient) client = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  ControlClient *self;

  if (target == NULL)
    return NULL;
  client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_set_timeout (client, timeout);
  connection = g_socket_client_connect (client, target, NULL, error);
  if (connection == NULL || !control_client_check_server (connection, error))
    return NULL;
  self = g_new0 (ControlClient, 1);
  self->connection = g_steal_pointer (&connection);
  return self;
}

void
control_client_free (ControlClient *self)
{
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_object_unref (self->connection);
  g_free (self);
}

gboolean
control_client_send (ControlClient *self, JsonObject *request, GError **error)
{
  g_autofree char *line = json_line_new_for_object (request);

  json_object_unref (request);
  return g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (self->connection)),
                                    line, strlen (line), NULL, NULL, error);
}

/* Nothing comes behind an answer before the next request. */
static GString *
control_client_read_line (ControlClient *self, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (G_IO_STREAM (self->connection));
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree char *buffer = g_malloc (READ_BYTES);

  while (line->len == 0 || line->str[line->len - 1] != '\n')
    {
      gssize n = g_input_stream_read (input, buffer, READ_BYTES, NULL, error);

      if (n < 0)
        return NULL;
      if (n == 0 || line->len > CONTROL_ANSWER_MAX)
        {
          g_set_error_literal (error, IMP_ERROR, n == 0 ? IMP_ERROR_CLOSED : IMP_ERROR_PROTOCOL,
                               n == 0 ? "The program has closed the connection without an answer"
                                      : "The answer is too long");
          return NULL;
        }
      g_string_append_len (line, buffer, n);
    }
  return g_steal_pointer (&line);
}

static JsonObject *
control_client_take_answer (JsonNode *root, GError **error)
{
  JsonObject *answer;
  JsonNode *failure;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL, "The answer is no JSON object");
      return NULL;
    }
  answer = json_node_get_object (root);
  failure = json_object_get_member (answer, "error");
  if (failure == NULL)
    return json_object_ref (answer);
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED,
                       json_node_get_value_type (failure) == G_TYPE_STRING
                         ? json_node_get_string (failure)
                         : "The program has failed, and does not say how");
  return NULL;
}

JsonObject *
control_client_receive (ControlClient *self, GError **error)
{
  g_autoptr (GString) line = control_client_read_line (self, error);
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (line == NULL || !json_parser_load_from_data (parser, line->str, line->len, error))
    return NULL;
  return control_client_take_answer (json_parser_get_root (parser), error);
}

JsonObject *
control_client_call (ControlClient *self, JsonObject *request, GError **error)
{
  return control_client_send (self, request, error) ? control_client_receive (self, error) : NULL;
}

GSocketConnection *
control_client_get_connection (ControlClient *self)
{
  return self->connection;
}
