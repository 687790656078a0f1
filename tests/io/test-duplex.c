/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-duplex-far-private.h"

#include "test-streams.h"

#include <string.h>

/* A duplex with both ends, and what its far end has last reported. */
typedef struct
{
  ImpDuplex *duplex;
  GIOStream *far;
  ImpDuplexReport report;
} Rig;

static Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);

  rig->duplex = imp_duplex_new ();
  rig->far = imp_duplex_far_new (rig->duplex);
  return rig;
}

static void
rig_free (Rig *rig)
{
  g_assert_finalize_object (rig->far);
  imp_duplex_unref (rig->duplex);
  g_free (rig);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static gssize
write_near (Rig *rig, gconstpointer data, gsize length, GError **error)
{
  const GOutputVector vector = { data, length };

  return imp_duplex_write (rig->duplex, &vector, 1, error);
}

static gssize
read_far (Rig *rig, void *buffer, gsize length, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (
    G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (rig->far)), buffer, length, NULL, error);
}

static gssize
write_far (Rig *rig, gconstpointer data, gsize length, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (
    G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (rig->far)), data, length, NULL, error);
}

static void
assert_blocks (gssize n, GError **error)
{
  g_assert_cmpint (n, ==, -1);
  g_assert_error (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (error);
}

/* What has been written is taken once the far end has said where it is. */
static void
test_output (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) error = NULL;
  char buffer[8];

  assert_blocks (read_far (rig, buffer, 8, &error), &error);
  g_assert_cmpint (write_near (rig, "hello", 5, &error), ==, 5);
  assert_blocks (write_near (rig, "again", 5, &error), &error);
  g_assert_false (imp_duplex_is_ready (rig->duplex, IMP_DUPLEX_TAKEN));
  g_assert_cmpint (read_far (rig, buffer, 8, &error), ==, 5);
  g_assert_cmpmem (buffer, 5, "hello", 5);
  g_assert_false (imp_duplex_is_ready (rig->duplex, IMP_DUPLEX_TAKEN));
  rig->report.unsent = 5;
  imp_duplex_report (rig->duplex, &rig->report);
  g_assert_false (imp_duplex_is_ready (rig->duplex, IMP_DUPLEX_TAKEN));
  rig->report.unsent = 0;
  rig->report.unsettled = 2;
  imp_duplex_report (rig->duplex, &rig->report);
  g_assert_true (imp_duplex_is_ready (rig->duplex, IMP_DUPLEX_TAKEN));
  g_assert_false (imp_duplex_is_ready (rig->duplex, IMP_DUPLEX_SETTLED));
  g_assert_cmpint (write_near (rig, "more", 4, &error), ==, 4);
  imp_duplex_end_output (rig->duplex);
  g_assert_cmpint (write_near (rig, "late", 4, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (read_far (rig, buffer, 8, &error), ==, 4);
  g_assert_cmpint (read_far (rig, buffer, 8, &error), ==, 0);
  g_assert_no_error (error);
}

/* No end has more than its bound. */
static void
test_bounds (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GBytes) much = test_bytes_pattern (2 * IMP_DUPLEX_CHUNK);
  g_autofree guint8 *buffer = g_malloc (2 * IMP_DUPLEX_CHUNK);
  const guint8 *data = g_bytes_get_data (much, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (write_near (rig, data, 2 * IMP_DUPLEX_CHUNK, &error), ==, IMP_DUPLEX_CHUNK);
  g_assert_cmpint (write_far (rig, data, 2 * IMP_DUPLEX_CHUNK, &error), ==, IMP_DUPLEX_CHUNK);
  assert_blocks (write_far (rig, data, 1, &error), &error);
  g_assert_cmpint (imp_duplex_read (rig->duplex, buffer, IMP_DUPLEX_CHUNK - 1, &error), ==,
                   IMP_DUPLEX_CHUNK - 1);
  g_assert_cmpint (write_far (rig, data + IMP_DUPLEX_CHUNK, IMP_DUPLEX_CHUNK, &error), ==,
                   IMP_DUPLEX_CHUNK - 1);
  g_assert_cmpint (imp_duplex_read (rig->duplex, buffer + IMP_DUPLEX_CHUNK - 1,
                                    2 * IMP_DUPLEX_CHUNK, &error),
                   ==, IMP_DUPLEX_CHUNK);
  g_assert_cmpmem (buffer, 2 * IMP_DUPLEX_CHUNK - 1, data, 2 * IMP_DUPLEX_CHUNK - 1);
}

/* An error comes behind all bytes, also those that did not fit before; the end is none. */
static void
test_read_error (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) failure = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_BUSY, "no more");
  g_autofree char *much = g_malloc0 (IMP_DUPLEX_CHUNK);
  g_autoptr (GError) error = NULL;

  write_far (rig, much, IMP_DUPLEX_CHUNK, NULL);
  rig->report.read_error = rig->report.write_error = failure;
  rig->report.undelivered = 3;
  imp_duplex_report (rig->duplex, &rig->report);
  g_assert_cmpint (write_near (rig, "x", 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_cmpint (imp_duplex_read (rig->duplex, much, IMP_DUPLEX_CHUNK, &error), ==,
                   IMP_DUPLEX_CHUNK);
  assert_blocks (imp_duplex_read (rig->duplex, much, 1, &error), &error);
  g_assert_cmpint (write_far (rig, "end", 3, &error), ==, 3);
  rig->report.undelivered = 0;
  imp_duplex_report (rig->duplex, &rig->report);
  g_assert_cmpint (imp_duplex_read (rig->duplex, much, 8, &error), ==, 3);
  g_assert_cmpint (imp_duplex_read (rig->duplex, much, 8, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
}

static void
test_read_end (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) error = NULL;
  char buffer[8];

  write_far (rig, "all", 3, NULL);
  rig->report.input_ended = TRUE;
  imp_duplex_report (rig->duplex, &rig->report);
  g_assert_cmpint (imp_duplex_read (rig->duplex, buffer, 8, &error), ==, 3);
  g_assert_cmpint (imp_duplex_read (rig->duplex, buffer, 8, &error), ==, 0);
  imp_duplex_discard_input (rig->duplex);
  g_assert_cmpint (imp_duplex_read (rig->duplex, buffer, 8, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  /* Nobody reads, and so everything is taken. */
  g_assert_cmpint (write_far (rig, "lost", 4, NULL), ==, 4);
}

static void
test_drop (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GError) error = NULL;
  char buffer[8];

  write_far (rig, "gone", 4, NULL);
  imp_duplex_drop_input (rig->duplex);
  assert_blocks (imp_duplex_read (rig->duplex, buffer, 8, &error), &error);
}

/* A loop that is asleep in another thread wakes up; so does a thread that waits. */
static gboolean
on_ready (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_true (gpointer data)
{
  return *(gboolean *) data;
}

static gpointer
write_later (gpointer data)
{
  g_usleep (20000);
  write_far (data, "wake up", 7, NULL);
  return NULL;
}

static gboolean
on_stream_ready (GObject *stream, gpointer data)
{
  return on_ready (data);
}

static void
test_wake (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GSource) event = imp_duplex_create_source (rig->duplex, IMP_DUPLEX_READABLE);
  g_autoptr (GSource) source = g_pollable_source_new_full (g_io_stream_get_input_stream (rig->far),
                                                           event, NULL);
  gboolean ready = FALSE;
  GThread *thread;

  g_source_set_callback (source, G_SOURCE_FUNC (on_stream_ready), &ready, NULL);
  g_source_attach (source, NULL);
  thread = g_thread_new ("writer", write_later, rig);
  g_assert_true (test_run_until (is_true, &ready, 5000));
  g_thread_join (thread);
}

static void
test_wait (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread;

  g_assert_false (imp_duplex_wait (rig->duplex, IMP_DUPLEX_READABLE, NULL, 10));
  thread = g_thread_new ("writer", write_later, rig);
  g_assert_true (imp_duplex_wait (rig->duplex, IMP_DUPLEX_READABLE, NULL, 5000));
  g_thread_join (thread);
  g_cancellable_cancel (cancellable);
  g_assert_false (imp_duplex_wait (rig->duplex, IMP_DUPLEX_OVER, cancellable, 60000));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/duplex/output", test_output);
  g_test_add_func ("/duplex/bounds", test_bounds);
  g_test_add_func ("/duplex/read/error", test_read_error);
  g_test_add_func ("/duplex/read/end", test_read_end);
  g_test_add_func ("/duplex/drop", test_drop);
  g_test_add_func ("/duplex/wake", test_wake);
  g_test_add_func ("/duplex/wait", test_wait);
  return g_test_run ();
}
