/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-client.h"

#include <errno.h>
#include <sys/socket.h>

#define READ_SIZE 4096
/* What a client may still send behind its request. To close a socket in which something lies unread
 * resets the connection, and the answer with it. */
#define REST_MAX (256 * 1024)

typedef enum
{
  CLIENT_READS,
  CLIENT_WRITES,
  CLIENT_ENDS, /* all is written: what still comes is thrown away */
} ClientState;

struct _MetricsClient
{
  GSocketConnection *connection;
  MetricsWriteFunc write;
  MetricsClientFunc over;
  gpointer user_data;
  ClientState state;
  GByteArray *input;
  GBytes *answer;
  gsize written;
  gsize thrown_away;
  GSource *source;
  guint timer;
};

static int
metrics_client_get_fd (MetricsClient *self)
{
  return g_socket_get_fd (g_socket_connection_get_socket (self->connection));
}

static void
metrics_client_unwatch (MetricsClient *self)
{
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

void
metrics_client_free (MetricsClient *self)
{
  metrics_client_unwatch (self);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  g_object_unref (self->connection);
  g_byte_array_unref (self->input);
  g_clear_pointer (&self->answer, g_bytes_unref);
  g_free (self);
}

static void metrics_client_watch (MetricsClient *self, ClientState state);

/* Each of these returns FALSE when it is over. */

static gboolean
metrics_client_write (MetricsClient *self)
{
  gsize length;
  const char *data = g_bytes_get_data (self->answer, &length);
  gssize n = send (metrics_client_get_fd (self), data + self->written, length - self->written,
                   MSG_DONTWAIT | MSG_NOSIGNAL);

  if (n < 0)
    return errno == EINTR || errno == EAGAIN;
  self->written += n;
  if (self->written < length)
    return TRUE;
  shutdown (metrics_client_get_fd (self), SHUT_WR);
  metrics_client_watch (self, CLIENT_ENDS);
  return TRUE;
}

static void
metrics_client_answer (MetricsClient *self, const MetricsRequest *request)
{
  g_autoptr (GBytes) text = NULL;

  if (request->status == 200)
    text = self->write (request->format, self->user_data);
  self->answer = metrics_request_answer (request, text);
  metrics_client_watch (self, CLIENT_WRITES);
}

static gboolean
metrics_client_take (MetricsClient *self, const guint8 *data, gsize length)
{
  MetricsRequest request;

  if (self->state == CLIENT_ENDS)
    {
      self->thrown_away += length;
      return self->thrown_away <= REST_MAX;
    }
  g_byte_array_append (self->input, data, length);
  if (metrics_request_read (&request, (const char *) self->input->data, self->input->len))
    metrics_client_answer (self, &request);
  return TRUE;
}

static gboolean
metrics_client_read (MetricsClient *self)
{
  guint8 buffer[READ_SIZE];
  gssize n = recv (metrics_client_get_fd (self), buffer, sizeof buffer, MSG_DONTWAIT);

  if (n > 0)
    return metrics_client_take (self, buffer, n);
  return n < 0 && (errno == EINTR || errno == EAGAIN);
}

static gboolean
metrics_client_on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  MetricsClient *self = user_data;
  gboolean goes_on = self->state == CLIENT_WRITES ? metrics_client_write (self)
                                                  : metrics_client_read (self);

  if (!goes_on)
    self->over (self, self->user_data);
  return goes_on ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
metrics_client_watch (MetricsClient *self, ClientState state)
{
  GSocket *socket = g_socket_connection_get_socket (self->connection);

  metrics_client_unwatch (self);
  self->state = state;
  self->source = g_socket_create_source (socket, state == CLIENT_WRITES ? G_IO_OUT : G_IO_IN, NULL);
  g_source_set_static_name (self->source, "imp-remote: metrics");
  g_source_set_callback (self->source, G_SOURCE_FUNC (metrics_client_on_ready), self, NULL);
  g_source_attach (self->source, NULL);
}

static gboolean
metrics_client_on_timeout (gpointer user_data)
{
  MetricsClient *self = user_data;

  self->timer = 0;
  self->over (self, self->user_data);
  return G_SOURCE_REMOVE;
}

MetricsClient *
metrics_client_new (GSocketConnection *connection, MetricsWriteFunc write, MetricsClientFunc over,
                    gpointer user_data)
{
  MetricsClient *self = g_new0 (MetricsClient, 1);

  self->connection = g_object_ref (connection);
  self->write = write;
  self->over = over;
  self->user_data = user_data;
  self->input = g_byte_array_new ();
  self->timer = g_timeout_add (METRICS_CLIENT_TIMEOUT_MS, metrics_client_on_timeout, self);
  metrics_client_watch (self, CLIENT_READS);
  return self;
}
