/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io-rig.h"

#include "core/imp-error.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

#include <string.h>

static void
hold_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
}

/* The end decides. */
static void
pass_at_end (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) == 0)
    scripted_analyzer_pass_all (self, direction, data);
}

static IORig *
new_passing (void)
{
  return io_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all), NULL);
}

/* No main loop runs but for the peer. */
static void
test_blocking (void)
{
  g_autoptr (IORig) rig = new_passing ();

  io_rig_peer_says (rig, "question");
  io_rig_read (rig, "ques");
  io_rig_read (rig, "tion");
  io_rig_write (rig, "answer");
  io_rig_peer_hears (rig, "answer");
  io_rig_peer_ends (rig);
  io_rig_read_end (rig);
  io_rig_read_end (rig);
  io_rig_write (rig, " and more");
  io_rig_close (rig);
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_hears (rig, "answer and more");
  g_assert_no_error (rig->peer->error);
}

/* The other direction goes on when the output is closed. */
static void
test_half_close (void)
{
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "all");
  g_output_stream_close (rig->output, NULL, &error);
  g_assert_no_error (error);
  io_rig_peer_waits_for_end (rig);
  g_assert_no_error (rig->peer->error);
  io_rig_peer_hears (rig, "all");
  io_rig_fails_to_write (rig, G_IO_ERROR, G_IO_ERROR_CLOSED);
  io_rig_peer_says (rig, "still here");
  io_rig_read (rig, "still here");
  io_rig_peer_ends (rig);
  io_rig_read_end (rig);
  io_rig_close (rig);
}

/* Which direction is which depends on the side. */
static void
check_directions (ImpDirection reads)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  ScriptedAnalyzer *scripted = (ScriptedAnalyzer *) analyzer;
  g_autoptr (GIOStream) base = NULL, other = NULL, stream = NULL;
  g_autoptr (GBytes) read = NULL;

  test_stream_pair (&base, &other);
  stream = imp_io_stream_new (base, analyzer, reads);
  test_stream_write (stream, "out", 3);
  test_stream_write (other, "there", 5);
  read = test_stream_read (stream, 5);
  g_assert_cmpint (scripted->fed[reads], ==, 5);
  g_assert_cmpint (scripted->fed[!reads], ==, 3);
  g_assert_true (imp_io_stream_get_base_stream (IMP_IO_STREAM (stream)) == base);
  g_assert_true (imp_io_stream_get_analyzer (IMP_IO_STREAM (stream)) == analyzer);
  g_assert_cmpint (imp_io_stream_get_reads (IMP_IO_STREAM (stream)), ==, reads);
  g_assert_cmpint (imp_filter_get_passed (imp_io_stream_get_filter (IMP_IO_STREAM (stream)), reads),
                   ==, 5);
  g_object_unref (analyzer);
}

static void
test_directions (void)
{
  check_directions (IMP_DIRECTION_FROM_CLIENT);
  check_directions (IMP_DIRECTION_FROM_SERVER);
}

static void
test_properties (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GIOStream) base = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  ImpFilter *filter = imp_io_stream_get_filter (IMP_IO_STREAM (rig->stream));
  guint buffer_size, linger, deadline;
  guint64 max_held;
  gint64 held;
  ImpDirection reads;

  io_rig_write (rig, "12345");
  g_object_get (rig->stream, "base-stream", &base, "analyzer", &analyzer, "reads", &reads,
                "buffer-size", &buffer_size, "linger", &linger, "deadline", &deadline, "max-held",
                &max_held, "held-bytes", &held, NULL);
  g_assert_true (G_IS_SOCKET_CONNECTION (base));
  g_assert_true (analyzer == rig->analyzer);
  g_assert_cmpint (reads, ==, IMP_DIRECTION_FROM_CLIENT);
  g_assert_cmpuint (buffer_size, ==, 512 * 1024);
  g_assert_cmpuint (linger, ==, 5000);
  g_assert_cmpuint (deadline, ==, 60000);
  g_assert_cmpuint (max_held, ==, 32 * 1024 * 1024);
  g_assert_cmpint (held, ==, 5);
  g_assert_cmpuint (imp_filter_get_deadline (filter), ==, deadline);
  g_assert_cmpuint (imp_filter_get_max_held (filter), ==, max_held);
}

static gboolean
pass_later (gpointer data)
{
  ScriptedAnalyzer *analyzer = data;

  scripted_analyzer_pass_all (analyzer, IMP_DIRECTION_FROM_SERVER, NULL);
  return G_SOURCE_REMOVE;
}

/* What waits for a verdict does not keep a write, but it keeps a flush. */
static void
test_flush (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "held");
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  g_timeout_add (20, pass_later, rig->analyzer);
  g_output_stream_flush (rig->output, NULL, &error);
  g_assert_no_error (error);
  io_rig_peer_hears (rig, "held");
}

/* An analyzer that waits for the end gets it, although a close flushes first. */
static void
test_close_decides (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (pass_at_end), NULL);

  io_rig_write (rig, "all or nothing");
  io_rig_close (rig);
  io_rig_peer_waits_for_end (rig);
  g_assert_no_error (rig->peer->error);
  io_rig_peer_hears (rig, "all or nothing");
}

static void
deny_word (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) == 4 && memcmp (g_bytes_get_data (data, NULL), "evil", 4) == 0)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "a bad word");
  else
    scripted_analyzer_pass_all (self, direction, data);
}

static void
assert_reason (GError *error, const char *reason)
{
  g_assert_nonnull (error);
  if (strstr (error->message, reason) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, reason);
}

static void
test_deny_read (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (deny_word), NULL);
  g_autoptr (GError) error = NULL;
  char buffer[16];

  io_rig_peer_says (rig, "good");
  io_rig_read (rig, "go");
  io_rig_peer_says (rig, "evil");
  io_rig_peer_waits_for_end (rig);
  /* What came before is there still. */
  io_rig_read (rig, "od");
  g_assert_cmpint (g_input_stream_read (rig->input, buffer, 16, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  assert_reason (error, "a bad word");
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_fails_to_close (rig, IMP_ERROR, IMP_ERROR_DENIED);
}

static void
test_deny_write (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (deny_word), NULL);
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "good");
  g_assert_cmpint (g_output_stream_write (rig->output, "evil", 4, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  assert_reason (error, "a bad word");
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_hears (rig, "good");
}

/* An answer instead of what is refused: to the peer, and to the application. */
static void
answer_and_deny (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "403", 3);
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "no way");
}

static void
test_answer_peer (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (answer_and_deny), NULL);

  io_rig_peer_says (rig, "let me in");
  io_rig_peer_waits_for_end (rig);
  g_assert_no_error (rig->peer->error);
  io_rig_peer_hears (rig, "403");
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_DENIED);
}

static void
test_answer_us (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (answer_and_deny), NULL);
  g_autoptr (GError) error = NULL;

  g_output_stream_write (rig->output, "let me out", 10, NULL, &error);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_read (rig, "403");
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_DENIED);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
}

static void
send_back_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length > 0)
    imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, self->fed[direction], NULL, 0);
  else
    scripted_analyzer_pass_all (self, direction, data);
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, bytes, length);
}

/* Nobody writes, nobody reads: it comes back all the same. */
static void
test_sent_back (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (send_back_all), NULL);

  io_rig_peer_says (rig, "echo");
  io_rig_peer_hears (rig, "echo");
  io_rig_write (rig, "ohce");
  io_rig_read (rig, "ohce");
  io_rig_peer_hears (rig, "echo");
}

static void
drop_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  scripted_analyzer_pass_all (self, direction, data);
  if (self->fed[0] + self->fed[1] > 4)
    imp_analyzer_drop (IMP_ANALYZER (self));
}

/* A drop is told from a denial and from an end; not a byte more is read. */
static void
test_drop (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (drop_second), NULL);

  io_rig_peer_says (rig, "good");
  io_rig_read (rig, "go");
  io_rig_peer_says (rig, "more");
  io_rig_peer_waits_for_end (rig);
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_CLOSED);
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_CLOSED);
}

/* Also while nothing happens but that both wait; never an end. */
static gboolean
fail_now (gpointer data)
{
  imp_analyzer_fail (data, "out of ideas");
  return G_SOURCE_REMOVE;
}

static void
test_fatal (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GError) error = NULL;
  char buffer[16];

  io_rig_peer_says (rig, "held");
  io_rig_peer_ends (rig);
  g_timeout_add (20, fail_now, rig->analyzer);
  g_assert_cmpint (g_input_stream_read (rig->input, buffer, 16, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  assert_reason (error, "out of ideas");
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_FATAL);
  io_rig_fails_to_close (rig, IMP_ERROR, IMP_ERROR_FATAL);
}

static void
test_fatal_flush (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "held");
  g_timeout_add (20, fail_now, rig->analyzer);
  g_assert_false (g_output_stream_flush (rig->output, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
  g_clear_error (&error);
  g_assert_false (g_output_stream_close (rig->output, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_FATAL);
}

static void
test_held (void)
{
  g_autoptr (IORig) rig = NULL;
  ImpAnalyzer *analyzer = scripted_analyzer_new (hold_all);
  g_autoptr (GBytes) much = test_bytes_pattern (100000);
  g_autoptr (GError) error = NULL;

  rig = io_rig_new (analyzer, NULL);
  imp_filter_set_max_held (imp_io_stream_get_filter (IMP_IO_STREAM (rig->stream)), 50000);
  g_output_stream_write_all (rig->output, g_bytes_get_data (much, NULL), 100000, NULL, NULL,
                             &error);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  assert_reason (error, "max-held");
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_LIMIT);
}

static void
test_deadline (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (hold_all), NULL, "deadline", 60);

  io_rig_peer_says (rig, "late");
  io_rig_fails_to_read (rig, IMP_ERROR, IMP_ERROR_TIMEOUT);
  io_rig_fails_to_write (rig, IMP_ERROR, IMP_ERROR_TIMEOUT);
}

/* A close waits for a verdict, but not indefinitely; what has not left does not look complete. */
static void
test_linger (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (hold_all), NULL, "linger", 60);
  gint64 begin = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "late");
  g_assert_false (g_io_stream_close (rig->stream, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  assert_reason (error, "linger");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 55000);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
}

/* Nor for a peer that does not read. */
static void
test_linger_full (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (scripted_analyzer_pass_all), NULL,
                                           "linger", 60);
  g_autoptr (GBytes) much = test_bytes_pattern (256 * 1024);
  GPollableOutputStream *output = G_POLLABLE_OUTPUT_STREAM (rig->output);

  rig->peer->read_limit = 0;
  test_peer_update (rig->peer);
  while (g_pollable_output_stream_write_nonblocking (output, g_bytes_get_data (much, NULL),
                                                     256 * 1024, NULL, NULL)
         > 0)
    ;
  io_rig_fails_to_close (rig, IMP_ERROR, IMP_ERROR_TIMEOUT);
}

static void
test_close_cancelled (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  io_rig_write (rig, "held");
  g_cancellable_cancel (cancellable);
  g_assert_false (g_io_stream_close (rig->stream, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_io_stream_is_closed (rig->stream));
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  io_rig_fails_to_read (rig, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* The streams may be kept for longer than what they are of. */
static void
test_dropped_reference (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GInputStream) input = g_object_ref (rig->input);
  g_autoptr (GOutputStream) output = g_object_ref (rig->output);
  GIOStream *stream = g_steal_pointer (&rig->stream);
  g_autoptr (GError) error = NULL;
  char buffer[16];

  io_rig_write (rig, "held");
  g_assert_finalize_object (stream);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  g_assert_cmpint (g_input_stream_read (input, buffer, 16, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_cmpint (g_output_stream_write (output, "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  rig->stream = G_IO_STREAM (g_simple_io_stream_new (input, output));
}

static void
test_unsupported (void)
{
  g_autoptr (GInputStream) nothing = g_memory_input_stream_new ();
  g_autoptr (GInputStream) input = g_buffered_input_stream_new (nothing);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) memory = g_simple_io_stream_new (input, output);
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (GIOStream) stream = imp_io_stream_new (memory, analyzer, IMP_DIRECTION_FROM_SERVER);
  g_autoptr (GError) error = NULL;
  char buffer[4];

  g_object_unref (analyzer);
  g_assert_cmpint (
    g_input_stream_read (g_io_stream_get_input_stream (stream), buffer, 4, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_cmpint (
    g_output_stream_write (g_io_stream_get_output_stream (stream), "x", 1, NULL, &error), ==, -1);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (g_io_stream_close (stream, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
}

/* One that was made without its parts is of no use, and harms nobody. */
static void
test_incomplete (void)
{
  g_autoptr (GIOStream) base = NULL, other = NULL;

  test_stream_pair (&base, &other);
  g_test_expect_message ("Imp-provider", G_LOG_LEVEL_CRITICAL, "*property base-stream*");
  g_object_unref (g_object_new (IMP_TYPE_IO_STREAM, NULL));
  g_test_assert_expected_messages ();
  g_test_expect_message ("Imp-provider", G_LOG_LEVEL_CRITICAL, "*property analyzer*");
  g_object_unref (g_object_new (IMP_TYPE_IO_STREAM, "base-stream", base, NULL));
  g_test_assert_expected_messages ();
  g_assert_false (g_io_stream_is_closed (base));
}

/* Its own analyzer cannot wait for what it has to let through itself. */
static GIOStream *own_stream;

static void
read_from_within (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  g_autoptr (GError) error = NULL;
  char buffer[4];

  g_assert_cmpint (g_input_stream_read (g_io_stream_get_input_stream (own_stream), buffer, 4, NULL,
                                        &error),
                   ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);
  scripted_analyzer_pass_all (self, direction, data);
}

static void
test_from_within (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (read_from_within), NULL);

  own_stream = rig->stream;
  io_rig_write (rig, "hello");
  io_rig_peer_hears (rig, "hello");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream/blocking", test_blocking);
  g_test_add_func ("/io-stream/half-close", test_half_close);
  g_test_add_func ("/io-stream/directions", test_directions);
  g_test_add_func ("/io-stream/properties", test_properties);
  g_test_add_func ("/io-stream/flush", test_flush);
  g_test_add_func ("/io-stream/close-decides", test_close_decides);
  g_test_add_func ("/io-stream/deny/read", test_deny_read);
  g_test_add_func ("/io-stream/deny/write", test_deny_write);
  g_test_add_func ("/io-stream/answer/peer", test_answer_peer);
  g_test_add_func ("/io-stream/answer/us", test_answer_us);
  g_test_add_func ("/io-stream/sent-back", test_sent_back);
  g_test_add_func ("/io-stream/drop", test_drop);
  g_test_add_func ("/io-stream/fatal", test_fatal);
  g_test_add_func ("/io-stream/fatal/flush", test_fatal_flush);
  g_test_add_func ("/io-stream/held", test_held);
  g_test_add_func ("/io-stream/deadline", test_deadline);
  g_test_add_func ("/io-stream/linger", test_linger);
  g_test_add_func ("/io-stream/linger/full", test_linger_full);
  g_test_add_func ("/io-stream/close-cancelled", test_close_cancelled);
  g_test_add_func ("/io-stream/dropped-reference", test_dropped_reference);
  g_test_add_func ("/io-stream/unsupported", test_unsupported);
  g_test_add_func ("/io-stream/incomplete", test_incomplete);
  g_test_add_func ("/io-stream/from-within", test_from_within);
  return g_test_run ();
}
