/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an ImpIOStream costs: so many MiB over a unix socket, each way, with blocking and without,
 * bare and with an analyzer that passes each chunk by a verdict of its own.
 *
 * bench-io-stream [MIB] */
#include "pass-analyzer.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (64 * 1024)

typedef struct
{
  int fd;
  gsize length;
  gboolean sends;
} Far;

static gpointer
far_run (gpointer data)
{
  Far *far = data;
  g_autofree char *chunk = g_malloc0 (CHUNK);
  gsize left = far->length;

  while (left > 0)
    {
      ssize_t n = far->sends ? write (far->fd, chunk, MIN (left, CHUNK))
                             : read (far->fd, chunk, CHUNK);

      if (n <= 0)
        g_error ("the far end has %zu bytes left", left);
      left -= n;
    }
  return NULL;
}

static GIOStream *
open_near (int fd, gboolean imp)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  g_autoptr (GIOStream) base = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  g_assert_no_error (error);
  base = G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
  if (!imp)
    return g_steal_pointer (&base);
  analyzer = g_object_new (BENCH_TYPE_PASS, NULL);
  return imp_io_stream_new (base, analyzer, IMP_DIRECTION_FROM_CLIENT);
}

static void
move_blocking (GIOStream *stream, gsize length, gboolean reads)
{
  g_autofree char *chunk = g_malloc0 (CHUNK);
  g_autoptr (GError) error = NULL;
  gsize n;

  for (gsize left = length; left > 0 && error == NULL; left -= n)
    {
      if (reads)
        n = g_input_stream_read (g_io_stream_get_input_stream (stream), chunk, CHUNK, NULL, &error);
      else
        n = g_output_stream_write (g_io_stream_get_output_stream (stream), chunk, MIN (left, CHUNK),
                                   NULL, &error);
    }
  g_assert_no_error (error);
}

typedef struct
{
  GIOStream *stream;
  gsize left;
  char *chunk;
} Near;

static void
on_read (GObject *object, GAsyncResult *result, gpointer data)
{
  Near *near = data;
  g_autoptr (GError) error = NULL;

  if (result != NULL)
    near->left -= g_input_stream_read_finish (G_INPUT_STREAM (object), result, &error);
  g_assert_no_error (error);
  if (near->left > 0)
    g_input_stream_read_async (g_io_stream_get_input_stream (near->stream), near->chunk, CHUNK,
                               G_PRIORITY_DEFAULT, NULL, on_read, near);
}

static void
on_written (GObject *object, GAsyncResult *result, gpointer data)
{
  Near *near = data;
  g_autoptr (GError) error = NULL;

  if (result != NULL)
    near->left -= g_output_stream_write_finish (G_OUTPUT_STREAM (object), result, &error);
  g_assert_no_error (error);
  if (near->left > 0)
    g_output_stream_write_async (g_io_stream_get_output_stream (near->stream), near->chunk,
                                 MIN (near->left, CHUNK), G_PRIORITY_DEFAULT, NULL, on_written,
                                 near);
}

static void
move_async (GIOStream *stream, gsize length, gboolean reads)
{
  Near near = { stream, length, g_malloc0 (CHUNK) };

  (reads ? on_read : on_written) (NULL, NULL, &near);
  while (near.left > 0)
    g_main_context_iteration (NULL, TRUE);
  g_free (near.chunk);
}

static double
get_cpu_time (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* In seconds, for all of it: by the clock, and of the near end's CPU. */
static void
measure (gboolean imp, gboolean blocks, gboolean reads, gsize length, double *time, double *cpu)
{
  int fds[2];
  Far far = { .length = length, .sends = reads };
  g_autoptr (GIOStream) stream = NULL;
  GThread *thread;
  gint64 begin;
  double before;

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    g_error ("no pair of sockets: %s", g_strerror (errno));
  far.fd = fds[1];
  stream = open_near (fds[0], imp);
  thread = g_thread_new ("far", far_run, &far);
  begin = g_get_monotonic_time ();
  before = get_cpu_time ();
  (blocks ? move_blocking : move_async) (stream, length, reads);
  *cpu = get_cpu_time () - before;
  g_thread_join (thread);
  *time = (g_get_monotonic_time () - begin) / 1e6;
  g_io_stream_close (stream, NULL, NULL);
  close (fds[1]);
}

int
main (int argc, char *argv[])
{
  const gsize mib = argc > 1 ? strtoul (argv[1], NULL, 10) : 1024;

  if (mib == 0 || argc > 2)
    {
      g_printerr ("Usage: bench-io-stream [MIB]\n");
      return 2;
    }
  g_print ("%-22s %12s %12s %12s %12s %6s\n", "MiB/s, CPU s/GiB", "bare", "imp", "bare CPU",
           "imp CPU", "share");
  for (guint way = 0; way < 4; way++)
    {
      double time[2], cpu[2];
      g_autofree char *name = g_strdup_printf ("%s, %s", way & 1 ? "read" : "write",
                                               way & 2 ? "asynchronous" : "blocking");

      for (guint imp = 0; imp < 2; imp++)
        measure (imp, (way & 2) == 0, way & 1, mib * 1024 * 1024, &time[imp], &cpu[imp]);
      g_print ("%-22s %12.0f %12.0f %12.3f %12.3f %6.2f\n", name, mib / time[0], mib / time[1],
               cpu[0] * 1024 / mib, cpu[1] * 1024 / mib, time[0] / time[1]);
    }
  return 0;
}
