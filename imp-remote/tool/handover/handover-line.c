/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/handover/handover-line.h"

#include "core/imp-clean-text-private.h"
#include "tool/json-line.h"

#include <gio/gunixfdmessage.h>
#include <imp-remote.h>
#include <string.h>
#include <unistd.h>

/* Who sends more of them than are asked for is not listened to. */
#define FDS_MAX 1024

static gboolean
handover_send_text (GSocket *socket, const char *text, GArray *fds, GError **error)
{
  GOutputVector vector = { .buffer = text, .size = strlen (text) };
  g_autoptr (GSocketControlMessage) message = NULL;
  gssize n;

  if (fds != NULL)
    message = g_unix_fd_message_new ();
  for (guint i = 0; fds != NULL && i < fds->len; i++)
    if (!g_unix_fd_message_append_fd (G_UNIX_FD_MESSAGE (message), g_array_index (fds, int, i),
                                      error))
      return FALSE;
  n = g_socket_send_message (socket, NULL, &vector, 1, &message, message != NULL, G_SOCKET_MSG_NONE,
                             NULL, error);
  if (n < 0 || (gsize) n == vector.size)
    return n >= 0;
  /* The kernel takes a line of this length as a whole or not at all. */
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "A line was sent in part");
  return FALSE;
}

gboolean
handover_send (GSocket *socket, JsonObject *object, GArray *fds, GError **error)
{
  g_autofree char *line = json_line_new_for_object (object);

  json_object_unref (object);
  return handover_send_text (socket, line, fds, error);
}

void
handover_send_error (GSocket *socket, const char *message)
{
  JsonObject *object = json_object_new ();
  g_autofree char *clean = imp_clean_line (message, IMP_CLEAN_TEXT_MAX);

  json_object_set_string_member (object, "error", clean);
  handover_send (socket, object, NULL, NULL);
}

void
handover_reader_init (HandoverReader *self, GSocket *socket)
{
  self->socket = g_object_ref (socket);
  self->input = g_string_new (NULL);
  self->fds = g_array_new (FALSE, FALSE, sizeof (int));
}

static void
handover_close_all (GArray *fds)
{
  for (guint i = 0; i < fds->len; i++)
    close (g_array_index (fds, int, i));
  g_array_set_size (fds, 0);
}

void
handover_reader_clear (HandoverReader *self)
{
  if (self->socket == NULL)
    return;
  handover_close_all (self->fds);
  g_array_unref (self->fds);
  g_string_free (self->input, TRUE);
  g_clear_object (&self->socket);
}

/* Other messages mean nothing here. */
static void
handover_reader_take_messages (HandoverReader *self, GSocketControlMessage **messages, int n)
{
  for (int i = 0; i < n; i++)
    {
      int n_fds = 0;
      g_autofree int *fds = NULL;

      if (G_IS_UNIX_FD_MESSAGE (messages[i]))
        fds = g_unix_fd_message_steal_fds (G_UNIX_FD_MESSAGE (messages[i]), &n_fds);
      g_array_append_vals (self->fds, fds, (guint) n_fds);
      g_object_unref (messages[i]);
    }
}

gboolean
handover_reader_read (HandoverReader *self, GError **error)
{
  char buffer[HANDOVER_LINE_MAX];
  GInputVector vector = { .buffer = buffer, .size = sizeof buffer };
  g_autofree GSocketControlMessage **messages = NULL;
  int n_messages = 0, flags = 0;
  gssize n = g_socket_receive_message (self->socket, NULL, &vector, 1, &messages, &n_messages,
                                       &flags, NULL, error);

  handover_reader_take_messages (self, messages, n_messages);
  if (n > 0 && self->fds->len <= FDS_MAX && self->input->len <= HANDOVER_LINE_MAX)
    {
      g_string_append_len (self->input, buffer, n);
      return TRUE;
    }
  if (n == 0)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED, "The other process has gone");
  else if (n > 0)
    g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                         "The other process has sent too much at once");
  return FALSE;
}

/* It is refused whatever else it says. */
static JsonObject *
handover_check (JsonNode *root, GError **error)
{
  JsonObject *object;
  JsonNode *failure;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "The other process has sent a line that is no JSON object");
      return NULL;
    }
  object = json_node_get_object (root);
  failure = json_object_get_member (object, "error");
  if (failure == NULL)
    return json_object_ref (object);
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "%s",
               json_node_get_value_type (failure) == G_TYPE_STRING ? json_node_get_string (failure)
                                                                   : "It does not say why");
  return NULL;
}

JsonObject *
handover_reader_next (HandoverReader *self, GError **error)
{
  const char *end = memchr (self->input->str, '\n', self->input->len);
  const gsize length = end != NULL ? (gsize) (end - self->input->str) : self->input->len;
  g_autoptr (JsonParser) parser = NULL;
  gboolean parsed;

  if (length > HANDOVER_LINE_MAX)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                           "The other process has sent a line that is too long");
      return NULL;
    }
  if (end == NULL)
    return NULL;
  parser = json_parser_new ();
  parsed = json_parser_load_from_data (parser, self->input->str, (gssize) length, error);
  g_string_erase (self->input, 0, (gssize) length + 1);
  return parsed ? handover_check (json_parser_get_root (parser), error) : NULL;
}

gboolean
handover_reader_take_fds (HandoverReader *self, guint n, GArray *fds, GError **error)
{
  if (n > self->fds->len)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_PROTOCOL,
                   "%u descriptors of the other process have come instead of %u (ulimit -n)",
                   self->fds->len, n);
      return FALSE;
    }
  g_array_append_vals (fds, self->fds->data, n);
  g_array_remove_range (self->fds, 0, n);
  return TRUE;
}

gboolean
handover_get_number (JsonObject *object, const char *name, gint64 max, gint64 *number,
                     GError **error)
{
  JsonNode *node = json_object_get_member (object, name);

  if (node != NULL && json_node_get_value_type (node) == G_TYPE_INT64)
    {
      *number = json_node_get_int (node);
      if (*number >= 0 && *number <= max)
        return TRUE;
    }
  g_set_error (
    error, IMP_ERROR, IMP_ERROR_PROTOCOL,
    "The other process says no \"%s\" that is a whole number from 0 to %" G_GINT64_FORMAT, name,
    max);
  return FALSE;
}
