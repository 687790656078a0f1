/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/control/control-connection.h"

#include "core/imp-source-private.h"

#include <imp-remote.h>
#include <string.h>

/* Milliseconds: without a request, and without that anything of an answer is read. */
#define IDLE_TIMEOUT (60 * 1000)
#define WRITE_TIMEOUT (10 * 1000)

struct _ControlConnection
{
  GSocketConnection *stream;
  GSocket *socket;
  ControlConnectionHandler handle;
  ControlConnectionOver over;
  gpointer user_data;

  GString *input;          /* no more than one request and its end, and what was read behind it */
  ControlRequest *request; /* that is being answered */
  GString *output;
  gsize written;
  gboolean last;   /* nothing is read after this answer */
  GSource *source; /* readable, writable, or the next turn; NULL while it is being answered */
  GSource *timer;
  gint64 idle_since;
};

static void control_connection_on_answered (const char *line, gpointer user_data);
static gboolean control_connection_on_taken (gpointer user_data);

static const ControlRequestFuncs control_connection_funcs = {
  .answered = control_connection_on_answered,
  .taken = control_connection_on_taken,
};

static void
control_connection_end (ControlConnection *self)
{
  self->over (self, self->user_data);
}

static gboolean
control_connection_on_timeout (gpointer user_data)
{
  control_connection_end (user_data);
  return G_SOURCE_REMOVE;
}

static void
control_connection_set_timer (ControlConnection *self, guint milliseconds)
{
  imp_source_clear (&self->timer);
  self->timer = imp_source_add_timeout (NULL, milliseconds, "control: timeout",
                                        control_connection_on_timeout, self);
}

static void
control_connection_watch (ControlConnection *self, GIOCondition condition, GSocketSourceFunc func)
{
  imp_source_clear (&self->source);
  self->source = g_socket_create_source (self->socket, condition, NULL);
  g_source_set_static_name (self->source, "control: connection");
  g_source_set_callback (self->source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (self->source, NULL);
}

/* ---- answers ---- */

static gboolean control_connection_on_turn (gpointer user_data);

/* What has come together with the last request is looked at when others had their turn. */
static void
control_connection_go_on (ControlConnection *self)
{
  g_string_truncate (self->output, 0);
  self->written = 0;
  if (self->last)
    {
      control_connection_end (self);
      return;
    }
  self->idle_since = g_get_monotonic_time ();
  control_connection_set_timer (self, IDLE_TIMEOUT);
  imp_source_clear (&self->source);
  self->source = imp_source_add_idle (NULL, "control: next request", control_connection_on_turn,
                                      self);
}

static gboolean
control_connection_on_writable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ControlConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_send (socket, self->output->str + self->written,
                            self->output->len - self->written, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n < 0)
    {
      control_connection_end (self);
      return G_SOURCE_REMOVE;
    }
  self->written += n;
  if (self->written < self->output->len)
    {
      control_connection_set_timer (self, WRITE_TIMEOUT);
      return G_SOURCE_CONTINUE;
    }
  control_connection_go_on (self);
  return G_SOURCE_REMOVE;
}

static void
control_connection_write (ControlConnection *self, const char *line)
{
  g_string_append (self->output, line);
  control_connection_set_timer (self, WRITE_TIMEOUT);
  control_connection_watch (self, G_IO_OUT, control_connection_on_writable);
}

static void
control_connection_on_answered (const char *line, gpointer user_data)
{
  ControlConnection *self = user_data;

  self->request = NULL;
  control_connection_write (self, line);
}

static gboolean
control_connection_on_taken (gpointer user_data)
{
  ControlConnection *self = user_data;

  if (self->input->len > 0)
    return FALSE;
  self->request = NULL;
  /* The stream is the taker's; this must not close it. */
  g_clear_object (&self->stream);
  control_connection_end (self);
  return TRUE;
}

static void
control_connection_fail (ControlConnection *self, const char *message, gboolean last)
{
  g_autofree char *line = control_make_error_line (message);

  self->last = last;
  control_connection_write (self, line);
}

/* ---- requests ---- */

static gboolean control_connection_on_readable (GSocket *socket, GIOCondition condition,
                                                gpointer user_data);

static void
control_connection_begin_request (ControlConnection *self, gsize length)
{
  g_autoptr (GError) error = NULL;

  self->request = control_request_new (self->stream, self->input->str, length,
                                       &control_connection_funcs, self, &error);
  g_string_erase (self->input, 0, length + 1);
  if (self->request == NULL)
    {
      control_connection_fail (self, error->message, FALSE);
      return;
    }
  /* How long an answer takes is for those who give it. */
  imp_source_clear (&self->timer);
  imp_source_clear (&self->source);
  self->handle (self->request, self->user_data);
}

/* Does what is there, or waits for more. */
static void
control_connection_look (ControlConnection *self)
{
  const char *end = memchr (self->input->str, '\n', self->input->len);
  const gsize length = end != NULL ? (gsize) (end - self->input->str) : self->input->len;

  if (length > CONTROL_REQUEST_MAX)
    control_connection_fail (
      self, "The request is too long: it has " G_STRINGIFY (CONTROL_REQUEST_MAX) " bytes at most",
      TRUE);
  else if (end != NULL)
    control_connection_begin_request (self, length);
  else
    control_connection_watch (self, G_IO_IN, control_connection_on_readable);
}

static gboolean
control_connection_on_turn (gpointer user_data)
{
  control_connection_look (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
control_connection_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ControlConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  char buffer[CONTROL_REQUEST_MAX + 1];
  gssize n = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      control_connection_end (self);
      return G_SOURCE_REMOVE;
    }
  g_string_append_len (self->input, buffer, n);
  control_connection_look (self);
  return G_SOURCE_REMOVE;
}

/* ---- the connection ---- */

ControlConnection *
control_connection_new (GSocketConnection *stream, ControlConnectionHandler handle,
                        ControlConnectionOver over, gpointer user_data)
{
  ControlConnection *self = g_new0 (ControlConnection, 1);

  self->stream = g_object_ref (stream);
  self->socket = g_object_ref (g_socket_connection_get_socket (stream));
  self->handle = handle;
  self->over = over;
  self->user_data = user_data;
  self->input = g_string_new (NULL);
  self->output = g_string_new (NULL);
  self->idle_since = g_get_monotonic_time ();
  g_socket_set_blocking (self->socket, FALSE);
  control_connection_set_timer (self, IDLE_TIMEOUT);
  control_connection_watch (self, G_IO_IN, control_connection_on_readable);
  return self;
}

gint64
control_connection_get_idle_since (ControlConnection *self)
{
  return self->request != NULL ? -1 : self->idle_since;
}

void
control_connection_free (ControlConnection *self)
{
  g_clear_pointer (&self->request, control_request_detach);
  imp_source_clear (&self->source);
  imp_source_clear (&self->timer);
  if (self->stream != NULL)
    g_io_stream_close (G_IO_STREAM (self->stream), NULL, NULL);
  g_clear_object (&self->stream);
  g_object_unref (self->socket);
  g_string_free (self->input, TRUE);
  g_string_free (self->output, TRUE);
  g_free (self);
}
