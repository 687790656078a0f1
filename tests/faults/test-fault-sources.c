/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-streams.h"

#include "faults/imp-fault-stream.h"

/* Reads (or writes) whenever the stream's source fires, as a program with a main loop does. */
typedef struct
{
  GIOStream *faulty;
  GIOStream *plain;
  GSource *source;
  GByteArray *got;
  gsize left;    /* to be written */
  guint fired;   /* how often the source fired */
  guint in_vain; /* of these: WOULD_BLOCK */
  gboolean ended;
  GError *error;
} Fixture;

static gboolean
on_readable (GObject *input, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  guint8 buffer[64];
  gssize n = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), buffer,
                                                       sizeof buffer, NULL, &error);

  fixture->fired++;
  if (n > 0)
    g_byte_array_append (fixture->got, buffer, n);
  else if (n == 0)
    fixture->ended = TRUE;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    fixture->in_vain++;
  else
    g_propagate_error (&fixture->error, g_steal_pointer (&error));
  return !fixture->ended && fixture->error == NULL;
}

static gboolean
on_writable (GObject *output, gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  guint8 buffer[4096] = { 0 };
  gssize n = g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), buffer,
                                                         MIN (sizeof buffer, fixture->left), NULL,
                                                         &error);

  fixture->fired++;
  if (n > 0)
    fixture->left -= n;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    fixture->in_vain++;
  else
    g_propagate_error (&fixture->error, g_steal_pointer (&error));
  return fixture->left > 0 && fixture->error == NULL;
}

static void
set_up (Fixture *fixture, const char *faults)
{
  fixture->got = g_byte_array_new ();
  test_stream_pair_faulty (faults, &fixture->faulty, &fixture->plain);
}

static void
watch (Fixture *fixture, GSource *source, GPollableSourceFunc func)
{
  fixture->source = source;
  g_source_set_callback (source, G_SOURCE_FUNC (func), fixture, NULL);
  g_source_attach (source, NULL);
}

static void
watch_input (Fixture *fixture, GCancellable *cancellable)
{
  watch (fixture,
         g_pollable_input_stream_create_source (
           G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (fixture->faulty)), cancellable),
         on_readable);
}

static void
watch_output (Fixture *fixture, gsize length)
{
  fixture->left = length;
  watch (fixture,
         g_pollable_output_stream_create_source (
           G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (fixture->faulty)), NULL),
         on_writable);
}

static void
tear_down (Fixture *fixture)
{
  g_source_destroy (fixture->source);
  g_source_unref (fixture->source);
  g_clear_error (&fixture->error);
  g_byte_array_unref (fixture->got);
  g_assert_finalize_object (fixture->faulty);
  g_assert_finalize_object (fixture->plain);
}

static gboolean
never (gpointer data)
{
  return FALSE;
}

static gboolean
has_ten (gpointer data)
{
  return ((Fixture *) data)->got->len >= 10;
}

static gboolean
has_written (gpointer data)
{
  return ((Fixture *) data)->left == 0;
}

static gboolean
has_ended (gpointer data)
{
  Fixture *fixture = data;

  return fixture->ended || fixture->error != NULL;
}

static void
test_wakes_up (void)
{
  Fixture fixture = { 0 };

  set_up (&fixture, "");
  watch_input (&fixture, NULL);
  g_assert_false (test_run_until (never, NULL, 30));
  g_assert_cmpuint (fixture.fired, ==, 0);
  test_stream_write (fixture.plain, "0123456789", 10);
  g_assert_true (test_run_until (has_ten, &fixture, 5000));
  g_assert_cmpuint (fixture.fired, ==, 1);
  g_assert_false (test_run_until (never, NULL, 30));
  g_assert_cmpuint (fixture.fired, ==, 1);
  tear_down (&fixture);
}

/* Ten bytes, one at a time, 5 ms apart, and no busy loop in between. */
static void
test_delay_read (void)
{
  Fixture fixture = { 0 };
  gint64 begin = g_get_monotonic_time ();

  set_up (&fixture, "read-delay=5&read-chunk=1");
  watch_input (&fixture, NULL);
  test_stream_write (fixture.plain, "0123456789", 10);
  g_assert_true (test_run_until (has_ten, &fixture, 5000));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 50 * 1000);
  g_assert_cmpmem (fixture.got->data, fixture.got->len, "0123456789", 10);
  g_assert_cmpuint (fixture.in_vain, ==, 0);
  g_assert_cmpuint (fixture.fired, ==, 10);
  tear_down (&fixture);
}

static void
test_delay_write (void)
{
  Fixture fixture = { 0 };
  gint64 begin = g_get_monotonic_time ();

  set_up (&fixture, "write-delay=10&write-jitter=5&write-chunk=100");
  watch_output (&fixture, 500);
  g_assert_true (test_run_until (has_written, &fixture, 5000));
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 50 * 1000);
  g_assert_cmpuint (fixture.fired, ==, 5);
  tear_down (&fixture);
}

/* A program that tries before it waits: the delay begins with the try. */
static void
test_delay_tried (void)
{
  Fixture fixture = { 0 };

  set_up (&fixture, "read-delay=20");
  watch_input (&fixture, NULL);
  g_assert_false (test_run_until (never, NULL, 10));
  test_stream_write (fixture.plain, "0123456789", 10);
  on_readable (G_OBJECT (g_io_stream_get_input_stream (fixture.faulty)), &fixture);
  g_assert_cmpuint (fixture.in_vain, ==, 1);
  g_assert_true (test_run_until (has_ten, &fixture, 5000));
  g_assert_cmpuint (fixture.in_vain, ==, 1);
  tear_down (&fixture);
}

static void
test_blocked (void)
{
  Fixture fixture = { 0 };

  set_up (&fixture, "block-first=7");
  watch_input (&fixture, NULL);
  test_stream_write (fixture.plain, "0123456789", 10);
  g_assert_true (test_run_until (has_ten, &fixture, 5000));
  g_assert_cmpuint (fixture.in_vain, ==, 7);
  tear_down (&fixture);
}

static void
test_full (void)
{
  Fixture fixture = { 0 };
  g_autoptr (GBytes) drained = NULL;
  gsize filled;

  set_up (&fixture, "write-chunk=1000");
  filled = test_stream_fill (fixture.faulty);
  watch_output (&fixture, 100);
  g_assert_false (test_run_until (has_written, &fixture, 30));
  g_assert_cmpuint (fixture.fired, ==, 0);
  drained = test_stream_read (fixture.plain, filled);
  g_assert_true (test_run_until (has_written, &fixture, 5000));
  tear_down (&fixture);
}

static void
test_ends (const char *faults, int code)
{
  Fixture fixture = { 0 };

  set_up (&fixture, faults);
  watch_input (&fixture, NULL);
  test_stream_write (fixture.plain, "0123456789abcdef", 16);
  g_assert_true (test_run_until (has_ended, &fixture, 5000));
  g_assert_cmpuint (fixture.got->len, ==, 10);
  if (code < 0)
    g_assert_true (fixture.ended);
  else
    g_assert_error (fixture.error, G_IO_ERROR, code);
  tear_down (&fixture);
}

static void
test_eof (void)
{
  test_ends ("read-eof-at=10&read-delay=3", -1);
}

static void
test_reset (void)
{
  test_ends ("read-reset-at=10&read-delay=3&read-chunk=4", G_IO_ERROR_CONNECTION_CLOSED);
}

static void
test_stall (void)
{
  Fixture fixture = { 0 };

  set_up (&fixture, "read-stall-at=10");
  watch_input (&fixture, NULL);
  test_stream_write (fixture.plain, "0123456789abcdef", 16);
  g_assert_true (test_run_until (has_ten, &fixture, 5000));
  g_assert_false (test_run_until (never, NULL, 40));
  g_assert_cmpuint (fixture.got->len, ==, 10);
  g_assert_cmpuint (fixture.fired, ==, 1);

  g_assert_true (g_io_stream_close (fixture.faulty, NULL, NULL));
  g_assert_true (test_run_until (has_ended, &fixture, 5000));
  g_assert_error (fixture.error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  tear_down (&fixture);
}

/* A reset in writing wakes up who waits for something to read, although that way is stalled. */
static void
test_reset_wakes_other_way (void)
{
  Fixture fixture = { 0 };
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "read-stall-at=0&write-reset-at=0");
  watch_input (&fixture, NULL);
  g_assert_false (test_run_until (never, NULL, 20));
  g_assert_cmpuint (fixture.fired, ==, 0);
  g_assert_cmpint (g_pollable_output_stream_write_nonblocking (
                     G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (fixture.faulty)), "x",
                     1, NULL, &error),
                   ==, -1);
  g_assert_true (test_run_until (has_ended, &fixture, 5000));
  g_assert_error (fixture.error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  tear_down (&fixture);
}

static gboolean
has_fired (gpointer data)
{
  return ((Fixture *) data)->fired > 0;
}

static void
test_cancelled (void)
{
  Fixture fixture = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  set_up (&fixture, "read-stall-at=0");
  watch_input (&fixture, cancellable);
  g_assert_false (test_run_until (has_fired, &fixture, 20));
  g_cancellable_cancel (cancellable);
  g_assert_true (test_run_until (has_fired, &fixture, 5000));
  tear_down (&fixture);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Fixture *fixture = data;
  gsize n = 0;

  g_input_stream_read_all_finish (G_INPUT_STREAM (source), result, &n, &fixture->error);
  g_byte_array_set_size (fixture->got, n);
  fixture->ended = TRUE;
}

static void
test_async (void)
{
  Fixture fixture = { 0 };
  guint8 buffer[100];

  set_up (&fixture, "read-delay=2&read-chunk=3&read-block-rate=50&read-eof-at=10");
  test_stream_write (fixture.plain, "0123456789abcdef", 16);
  g_input_stream_read_all_async (g_io_stream_get_input_stream (fixture.faulty), buffer,
                                 sizeof buffer, G_PRIORITY_DEFAULT, NULL, on_read, &fixture);
  g_assert_true (test_run_until (has_ended, &fixture, 5000));
  g_assert_no_error (fixture.error);
  g_assert_cmpmem (buffer, fixture.got->len, "0123456789", 10);
  fixture.source = g_idle_source_new ();
  /* What the asynchronous call has left in the loop goes with its next turn. */
  g_assert_false (test_run_until (never, NULL, 10));
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fault-sources/wakes-up", test_wakes_up);
  g_test_add_func ("/fault-sources/delay/read", test_delay_read);
  g_test_add_func ("/fault-sources/delay/write", test_delay_write);
  g_test_add_func ("/fault-sources/delay/tried", test_delay_tried);
  g_test_add_func ("/fault-sources/blocked", test_blocked);
  g_test_add_func ("/fault-sources/full", test_full);
  g_test_add_func ("/fault-sources/eof", test_eof);
  g_test_add_func ("/fault-sources/reset", test_reset);
  g_test_add_func ("/fault-sources/reset/wakes-other-way", test_reset_wakes_other_way);
  g_test_add_func ("/fault-sources/stall", test_stall);
  g_test_add_func ("/fault-sources/cancelled", test_cancelled);
  g_test_add_func ("/fault-sources/async", test_async);
  return g_test_run ();
}
