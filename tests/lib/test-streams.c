/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-streams.h"

#include "faults/imp-fault-stream.h"

#include <sys/socket.h>

static GIOStream *
wrap_descriptor (int fd)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);

  g_assert_no_error (error);
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

void
test_stream_pair (GIOStream **one, GIOStream **other)
{
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  *one = wrap_descriptor (fds[0]);
  *other = wrap_descriptor (fds[1]);
}

GIOStream *
test_stream_faulty (GIOStream *base, const char *faults)
{
  g_autoptr (GError) error = NULL;
  GIOStream *stream = imp_fault_stream_new (base, faults, &error);

  g_assert_no_error (error);
  g_object_unref (base);
  return stream;
}

void
test_stream_pair_faulty (const char *faults, GIOStream **faulty, GIOStream **plain)
{
  test_stream_pair (faulty, plain);
  *faulty = test_stream_faulty (*faulty, faults);
}

void
test_stream_pair_one_byte (GIOStream **faulty, GIOStream **plain)
{
  test_stream_pair_faulty ("chunk=1", faulty, plain);
}

void
test_stream_pair_blocking (guint times, GIOStream **faulty, GIOStream **plain)
{
  g_autofree char *faults = g_strdup_printf ("block-first=%u", times);

  test_stream_pair_faulty (faults, faulty, plain);
}

gsize
test_stream_fill (GIOStream *stream)
{
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  g_autofree guint8 *block = g_malloc0 (65536);
  g_autoptr (GError) error = NULL;
  gsize total = 0;
  gssize n;

  while ((n = g_pollable_output_stream_write_nonblocking (output, block, 65536, NULL, &error)) > 0)
    total += n;
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return total;
}

void
test_stream_write (GIOStream *stream, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;
  gsize written;

  g_output_stream_write_all (g_io_stream_get_output_stream (stream), data, length, &written, NULL,
                             &error);
  g_assert_no_error (error);
  g_assert_cmpuint (written, ==, length);
}

GBytes *
test_stream_read (GIOStream *stream, gsize length)
{
  g_autoptr (GError) error = NULL;
  guint8 *data = g_malloc (length);
  gsize n;

  g_input_stream_read_all (g_io_stream_get_input_stream (stream), data, length, &n, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, length);
  return g_bytes_new_take (data, length);
}

GBytes *
test_stream_read_all (GIOStream *stream)
{
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  g_output_stream_splice (memory, g_io_stream_get_input_stream (stream),
                          G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error);
  g_assert_no_error (error);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

GBytes *
test_bytes_pattern (gsize length)
{
  guint8 *data = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (i * 7 + (i >> 8) * 13 + 1);
  return g_bytes_new_take (data, length);
}

static gboolean
time_is_up (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean
test_run_until (gboolean (*done) (gpointer data), gpointer data, guint ms)
{
  GMainContext *context = g_main_context_get_thread_default ();
  g_autoptr (GSource) timer = g_timeout_source_new (ms);
  gboolean over = FALSE, is_done;

  g_source_set_callback (timer, time_is_up, &over, NULL);
  g_source_attach (timer, context);
  while (!(is_done = done (data)) && !over)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timer);
  return is_done;
}

int
test_get_next_wakeup (void)
{
  GMainContext *context = g_main_context_default ();
  GPollFD fds[16];
  int priority, timeout, n;

  g_assert_true (g_main_context_acquire (context));
  g_main_context_prepare (context, &priority);
  n = g_main_context_query (context, priority, &timeout, fds, G_N_ELEMENTS (fds));
  g_assert_cmpint (n, <=, G_N_ELEMENTS (fds));
  for (int i = 0; i < n; i++)
    fds[i].revents = 0;
  g_main_context_check (context, priority, fds, n);
  g_main_context_release (context);
  return timeout;
}
