/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-link.h"

#include "core/imp-error.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* What is kept to be shown. */
#define TRACE_MAX 4096
#define READ_SIZE 65536
/* What the other end may send without being asked; it is no test of our memory. */
#define UNREAD_MAX (64 * 1024 * 1024)
/* A pause between pieces, so that they come one by one. */
#define PIECE_PAUSE 100 /* us */

/* Of the kernel, for who is not to read much. */
#define BUFFER_SMALL (256 * 1024)

struct _ConformLink
{
  GIOStream *stream;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  GByteArray *unread;
  gsize consumed; /* so many of its first bytes have been */
  GByteArray *written;
  GByteArray *read;
  gsize piece;
  gboolean stopped; /* does not read */
  gboolean ended;   /* nothing more comes */
  gboolean broken;  /* nothing more can be written */
  gboolean closed;
};

/* Also below TLS; NULL where it is something else. */
static GSocket *
conform_link_find_socket (GIOStream *stream)
{
  g_autoptr (GIOStream) base = g_object_ref (stream);

  if (G_IS_TLS_CONNECTION (base))
    {
      GIOStream *below = NULL;

      g_object_get (base, "base-io-stream", &below, NULL);
      g_set_object (&base, below);
      g_clear_object (&below);
    }
  return G_IS_SOCKET_CONNECTION (base) ? g_socket_connection_get_socket (G_SOCKET_CONNECTION (base))
                                       : NULL;
}

ConformLink *
conform_link_new (GIOStream *stream, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (stream);
  GOutputStream *output = g_io_stream_get_output_stream (stream);
  GSocket *socket = conform_link_find_socket (stream);
  ConformLink *self;

  if (!G_IS_POLLABLE_INPUT_STREAM (input) || !G_IS_POLLABLE_OUTPUT_STREAM (output))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED,
                   "the connection (%s) cannot be used without blocking",
                   G_OBJECT_TYPE_NAME (stream));
      return NULL;
    }
  self = g_new0 (ConformLink, 1);
  /* Small messages must not wait for the answer to others; what is no TCP does not know that. */
  if (socket != NULL)
    g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  self->stream = g_object_ref (stream);
  self->input = G_POLLABLE_INPUT_STREAM (input);
  self->output = G_POLLABLE_OUTPUT_STREAM (output);
  self->unread = g_byte_array_new ();
  self->written = g_byte_array_new ();
  self->read = g_byte_array_new ();
  return self;
}

void
conform_link_free (ConformLink *self)
{
  conform_link_close (self, FALSE);
  g_object_unref (self->stream);
  g_byte_array_unref (self->unread);
  g_byte_array_unref (self->written);
  g_byte_array_unref (self->read);
  g_free (self);
}

static void
conform_link_trace (GByteArray *trace, const guint8 *data, gsize length)
{
  g_byte_array_append (trace, data, MIN (length, TRACE_MAX - trace->len));
}

/* Seldom, since what stays is moved. */
static void
conform_link_compact (ConformLink *self)
{
  if (self->consumed < self->unread->len / 2)
    return;
  g_byte_array_remove_range (self->unread, 0, self->consumed);
  self->consumed = 0;
}

/* FALSE: there is nothing now. */
static gboolean
conform_link_read_some (ConformLink *self)
{
  guint8 buffer[READ_SIZE];
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (self->input, buffer, sizeof buffer, NULL,
                                                       &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  if (n > 0)
    {
      conform_link_trace (self->read, buffer, n);
      conform_link_compact (self);
      g_byte_array_append (self->unread, buffer, n);
    }
  /* An end that says so much unasked is as good as gone. */
  self->ended = n <= 0 || self->unread->len > UNREAD_MAX;
  return TRUE;
}

static gboolean
conform_link_reads (const ConformLink *self)
{
  return !self->closed && !self->stopped && !self->ended;
}

/* --- waiting --- */

static gboolean
conform_link_on_event (GObject *stream, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
conform_link_on_time (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static GSource *
conform_link_add_source (GSource *source, GSourceFunc func, gpointer user_data)
{
  g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
conform_link_remove_source (GSource *source)
{
  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

/* Until bytes can be read, or written if @writes. FALSE: time is over. */
static gboolean
conform_link_poll (ConformLink *self, gboolean writes, gint64 until)
{
  gint64 left = until - g_get_monotonic_time ();
  gboolean event = FALSE, over = FALSE;
  GSourceFunc func = (GSourceFunc) (void (*) (void)) conform_link_on_event;
  GSource *input = NULL, *output = NULL, *clock;

  if (left <= 0)
    return FALSE;
  if (conform_link_reads (self))
    input = conform_link_add_source (g_pollable_input_stream_create_source (self->input, NULL),
                                     func, &event);
  if (writes)
    output = conform_link_add_source (g_pollable_output_stream_create_source (self->output, NULL),
                                      func, &event);
  clock = conform_link_add_source (g_timeout_source_new (left / 1000 + 1), conform_link_on_time,
                                   &over);
  while (!event && !over)
    g_main_context_iteration (NULL, TRUE);
  conform_link_remove_source (input);
  conform_link_remove_source (output);
  conform_link_remove_source (clock);
  return event;
}

/* --- writing --- */

/* How many bytes it takes now; 0: none. */
static gsize
conform_link_write_some (ConformLink *self, const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  gsize size = self->piece > 0 ? MIN (self->piece, length) : length;
  gssize n = g_pollable_output_stream_write_nonblocking (self->output, data, size, NULL, &error);

  if (n > 0)
    conform_link_trace (self->written, data, n);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->broken = TRUE;
  return MAX (n, 0);
}

gsize
conform_link_send (ConformLink *self, const guint8 *data, gsize length, gint64 until)
{
  gsize done = 0;

  while (done < length && !self->closed && !self->broken)
    {
      gsize n = conform_link_write_some (self, data + done, length - done);

      done += n;
      if (n > 0 && self->piece > 0)
        g_usleep (PIECE_PAUSE);
      if (n > 0 || self->broken)
        continue;
      if (!conform_link_poll (self, TRUE, until))
        break;
      /* Who answers while they are asked must not wait for us. */
      if (conform_link_reads (self))
        conform_link_read_some (self);
    }
  return done;
}

void
conform_link_set_piece (ConformLink *self, gsize piece)
{
  self->piece = piece;
}

/* --- reading --- */

void
conform_link_set_reading (ConformLink *self, gboolean reading)
{
  self->stopped = !reading;
}

gboolean
conform_link_wait (ConformLink *self, gint64 until)
{
  while (conform_link_reads (self))
    {
      if (conform_link_read_some (self))
        return TRUE;
      if (!conform_link_poll (self, FALSE, until))
        return FALSE;
    }
  return TRUE;
}

const guint8 *
conform_link_peek (ConformLink *self, gsize *length)
{
  *length = self->unread->len - self->consumed;
  return self->unread->data + self->consumed;
}

void
conform_link_consume (ConformLink *self, gsize length)
{
  self->consumed += length;
  if (self->consumed < self->unread->len)
    return;
  g_byte_array_set_size (self->unread, 0);
  self->consumed = 0;
}

gboolean
conform_link_has_ended (ConformLink *self)
{
  return self->ended || self->closed;
}

/* The kernel takes its own minimum; what has no buffers stays as it is. */
void
conform_link_shrink_buffers (ConformLink *self)
{
  GSocket *socket = conform_link_find_socket (self->stream);

  if (socket == NULL)
    return;
  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, BUFFER_SMALL, NULL);
  g_socket_set_option (socket, SOL_SOCKET, SO_SNDBUF, BUFFER_SMALL, NULL);
}

gboolean
conform_link_is_broken (ConformLink *self)
{
  return self->broken || self->closed;
}

/* --- ending --- */

/* TLS says that it is the end, before the socket does. */
void
conform_link_shut (ConformLink *self)
{
  GSocket *socket = conform_link_find_socket (self->stream);

  if (self->closed)
    return;
  self->broken = TRUE;
  if (G_IS_TLS_CONNECTION (self->stream))
    g_output_stream_close (G_OUTPUT_STREAM (self->output), NULL, NULL);
  /* The other end may have gone already, which a read tells. */
  if (socket != NULL)
    g_socket_shutdown (socket, FALSE, TRUE, NULL);
}

void
conform_link_close (ConformLink *self, gboolean reset)
{
  const struct linger at_once = { .l_onoff = 1 };
  GSocket *socket = conform_link_find_socket (self->stream);

  if (self->closed)
    return;
  self->closed = TRUE;
  /* Nobody waits here for what the other end does not take. */
  if (reset && socket != NULL)
    setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (socket != NULL && (reset || self->broken))
    g_socket_close (socket, NULL);
  else
    g_io_stream_close (self->stream, NULL, NULL);
}

const GByteArray *
conform_link_get_written (ConformLink *self)
{
  return self->written;
}

const GByteArray *
conform_link_get_read (ConformLink *self)
{
  return self->read;
}
