/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io-mover.h"

static void io_mover_write (IOMover *self);
static void io_mover_read (IOMover *self);

IOMover *
io_mover_new (GIOStream *stream, IOMoverMode mode, GBytes *data, gsize to_send)
{
  IOMover *self = g_new0 (IOMover, 1);

  self->stream = g_object_ref (stream);
  self->mode = mode;
  self->most = 65536;
  self->data = g_bytes_ref (data);
  self->to_send = to_send;
  return self;
}

/* Nothing runs any more. */
void
io_mover_free (IOMover *self)
{
  g_assert_cmpuint (self->n_running, ==, 0);
  g_object_unref (self->stream);
  g_bytes_unref (self->data);
  g_clear_pointer (&self->received, g_byte_array_unref);
  g_clear_error (&self->write_error);
  g_clear_error (&self->read_error);
  g_free (self->buffer);
  g_free (self);
}

void
io_mover_keep (IOMover *self)
{
  self->received = g_byte_array_new ();
}

static gboolean
io_mover_polls (IOMover *self)
{
  return self->mode == IO_MOVER_POLLABLE || (self->mode == IO_MOVER_MIXED && g_test_rand_bit ());
}

/* At least 1 where there is a limit at all. */
static gsize
io_mover_draw (IOMover *self, gsize limit)
{
  limit = MIN (limit, self->most);
  return self->mode == IO_MOVER_MIXED && limit > 0 ? (gsize) g_test_rand_int_range (1, limit + 1)
                                                   : limit;
}

static gboolean
io_mover_on_cancel (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_REMOVE;
}

/* Sometimes one that is canceled, or, if @later, will be soon. */
static GCancellable *
io_mover_draw_cancellable (IOMover *self, gboolean later)
{
  GCancellable *cancellable;

  if (self->cancel_rate == 0 || g_test_rand_int_range (0, self->cancel_rate) != 0)
    return NULL;
  cancellable = g_cancellable_new ();
  if (!later || g_test_rand_bit ())
    g_cancellable_cancel (cancellable);
  else
    g_idle_add_full (G_PRIORITY_DEFAULT, io_mover_on_cancel, g_object_ref (cancellable),
                     g_object_unref);
  return cancellable;
}

/* TRUE: it has failed for good. */
static gboolean
io_mover_fails (IOMover *self, GError *error, GError **kept)
{
  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return FALSE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      self->n_canceled++;
      return FALSE;
    }
  *kept = g_error_copy (error);
  return TRUE;
}

/* ---- writing ---- */

static void
io_mover_on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  IOMover *self = user_data;

  self->n_running--;
  self->has_ended = TRUE;
  g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, &self->write_error);
}

static void
io_mover_go_on_writing (IOMover *self, gssize n, GError *error)
{
  if (io_mover_fails (self, error, &self->write_error))
    return;
  self->sent += MAX (n, 0);
  if (self->sent < self->to_send)
    {
      io_mover_write (self);
      return;
    }
  if (!self->ends)
    {
      self->has_ended = TRUE;
      return;
    }
  self->n_running++;
  g_output_stream_close_async (g_io_stream_get_output_stream (self->stream), G_PRIORITY_DEFAULT,
                               NULL, io_mover_on_closed, self);
}

static void
io_mover_on_written (GObject *object, GAsyncResult *result, gpointer user_data)
{
  IOMover *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_output_stream_write_finish (G_OUTPUT_STREAM (object), result, &error);

  self->n_running--;
  io_mover_go_on_writing (self, n, error);
}

static gboolean
io_mover_on_writable (GObject *object, gpointer user_data)
{
  IOMover *self = user_data;

  self->n_running--;
  io_mover_write (self);
  return G_SOURCE_REMOVE;
}

static gboolean
io_mover_on_turn (gpointer user_data)
{
  return io_mover_on_writable (NULL, user_data);
}

static void
io_mover_poll_write (IOMover *self, const guint8 *data, gsize length)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (
    g_io_stream_get_output_stream (self->stream));
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_output_stream_write_nonblocking (output, data, length, NULL, &error);

  if (io_mover_fails (self, error, &self->write_error))
    return;
  self->sent += MAX (n, 0);
  self->n_running++;
  if (error == NULL)
    g_idle_add_full (G_PRIORITY_DEFAULT, io_mover_on_turn, self, NULL);
  else
    {
      g_autoptr (GSource) source = g_pollable_output_stream_create_source (output, NULL);

      g_source_set_callback (source, G_SOURCE_FUNC (io_mover_on_writable), self, NULL);
      g_source_attach (source, NULL);
    }
}

static void
io_mover_write (IOMover *self)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->data, &size);
  gsize at = size > 0 ? self->sent % size : 0;
  gsize length = io_mover_draw (self, MIN (self->to_send - self->sent, size - at));

  if (length == 0)
    io_mover_go_on_writing (self, 0, NULL);
  else if (io_mover_polls (self))
    io_mover_poll_write (self, data + at, length);
  else
    {
      /* GIO reports a write as canceled also where that came too late. */
      g_autoptr (GCancellable) cancellable = io_mover_draw_cancellable (self, FALSE);

      self->n_running++;
      g_output_stream_write_async (g_io_stream_get_output_stream (self->stream), data + at, length,
                                   G_PRIORITY_DEFAULT, cancellable, io_mover_on_written, self);
    }
}

/* ---- reading ---- */

static void
io_mover_compare (IOMover *self, gsize n)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->data, &size);

  for (gsize i = 0; i < n; i++)
    if (self->buffer[i] != (data[(self->n_received + i) % size] ^ self->twist))
      g_error ("byte %zu is %02x", self->n_received + i, self->buffer[i]);
}

static void
io_mover_go_on_reading (IOMover *self, gssize n, GError *error)
{
  if (io_mover_fails (self, error, &self->read_error))
    return;
  if (n > 0 && self->received != NULL)
    g_byte_array_append (self->received, self->buffer, n);
  else if (n > 0)
    io_mover_compare (self, n);
  self->n_received += MAX (n, 0);
  self->got_end = n == 0;
  if (!self->got_end)
    io_mover_read (self);
}

static void
io_mover_on_read (GObject *object, GAsyncResult *result, gpointer user_data)
{
  IOMover *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, &error);

  self->n_running--;
  io_mover_go_on_reading (self, n, error);
}

static gboolean
io_mover_on_readable (GObject *object, gpointer user_data)
{
  IOMover *self = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = g_pollable_input_stream_read_nonblocking (
    G_POLLABLE_INPUT_STREAM (object), self->buffer, io_mover_draw (self, self->most), NULL, &error);

  self->n_running--;
  io_mover_go_on_reading (self, n, error);
  return G_SOURCE_REMOVE;
}

static void
io_mover_read (IOMover *self)
{
  GInputStream *input = g_io_stream_get_input_stream (self->stream);

  self->n_running++;
  if (io_mover_polls (self))
    {
      g_autoptr (GSource) source
        = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (input), NULL);

      g_source_set_callback (source, G_SOURCE_FUNC (io_mover_on_readable), self, NULL);
      g_source_attach (source, NULL);
    }
  else
    {
      g_autoptr (GCancellable) cancellable = io_mover_draw_cancellable (self, TRUE);

      g_input_stream_read_async (input, self->buffer, io_mover_draw (self, self->most),
                                 G_PRIORITY_DEFAULT, cancellable, io_mover_on_read, self);
    }
}

void
io_mover_start (IOMover *self)
{
  self->buffer = g_malloc (self->most);
  if (!self->reads_nothing)
    io_mover_read (self);
  io_mover_write (self);
}

gboolean
io_mover_is_over (gpointer data)
{
  IOMover *self = data;

  return (self->has_ended || self->write_error != NULL)
         && (self->reads_nothing || self->got_end || self->read_error != NULL)
         && self->n_running == 0;
}
