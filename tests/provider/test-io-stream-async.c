/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who waits for what: asynchronous calls, back-pressure, other threads. */
#include "io-rig.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "io/imp-duplex-private.h"
#include "io/imp-input-buffer-private.h"

#include <string.h>

#define TIMEOUT 20000 /* ms */
#define MUCH (32 * 1024 * 1024)
#define NESTED_MAX 32

static void
hold_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
}

static IORig *
new_passing (void)
{
  return io_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all), NULL);
}

/* ---- asynchronous calls ---- */

typedef struct
{
  gboolean done;
  gssize n;
  GError *error;
} Outcome;

static gboolean
is_done (gpointer data)
{
  return ((Outcome *) data)->done;
}

static void
outcome_wait (Outcome *self)
{
  g_assert_true (test_run_until (is_done, self, TIMEOUT));
}

static void
on_written (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  outcome->n = g_output_stream_write_finish (G_OUTPUT_STREAM (object), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_vectors_written (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;
  gsize written = 0;

  g_output_stream_writev_finish (G_OUTPUT_STREAM (object), result, &written, &outcome->error);
  outcome->n = written;
  outcome->done = TRUE;
}

static void
on_flushed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_output_stream_flush_finish (G_OUTPUT_STREAM (object), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_output_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_output_stream_close_finish (G_OUTPUT_STREAM (object), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_closed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  g_io_stream_close_finish (G_IO_STREAM (object), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_read (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  outcome->n = g_input_stream_read_finish (G_INPUT_STREAM (object), result, &outcome->error);
  outcome->done = TRUE;
}

/* Until the base stream takes no more. */
static gsize
fill (IORig *rig)
{
  return test_stream_fill (rig->stream);
}

/* A write is over when the base stream has it. */
static void
test_write (void)
{
  g_autoptr (IORig) rig = new_passing ();
  Outcome outcome = { 0 };
  gsize filled;

  rig->peer->read_limit = 0;
  test_peer_update (rig->peer);
  filled = fill (rig);
  g_output_stream_write_async (rig->output, "behind", 6, G_PRIORITY_DEFAULT, NULL, on_written,
                               &outcome);
  test_run_until (test_never, NULL, 50);
  g_assert_false (outcome.done);
  rig->peer->read_limit = G_MAXSIZE;
  rig->peer->discard = TRUE;
  test_peer_update (rig->peer);
  outcome_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.n, ==, 6);
  io_rig_close (rig);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, filled + 6);
}

/* What is held does not keep it, and what is canceled while it waits was not taken. */
static void
test_write_canceled (void)
{
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0 };
  gsize filled;

  rig->peer->read_limit = 0;
  test_peer_update (rig->peer);
  filled = fill (rig);
  g_output_stream_write_async (rig->output, "never", 5, G_PRIORITY_DEFAULT, cancellable, on_written,
                               &outcome);
  test_run_until (test_never, NULL, 20);
  g_cancellable_cancel (cancellable);
  outcome_wait (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&outcome.error);
  rig->peer->read_limit = G_MAXSIZE;
  rig->peer->discard = TRUE;
  test_peer_update (rig->peer);
  io_rig_close (rig);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, filled);
}

static void
test_write_held (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  Outcome write = { 0 }, flush = { 0 };

  g_output_stream_write_async (rig->output, "held", 4, G_PRIORITY_DEFAULT, NULL, on_written,
                               &write);
  outcome_wait (&write);
  g_assert_no_error (write.error);
  g_assert_cmpint (write.n, ==, 4);
  g_output_stream_flush_async (rig->output, G_PRIORITY_DEFAULT, NULL, on_flushed, &flush);
  test_run_until (test_never, NULL, 20);
  g_assert_false (flush.done);
  scripted_analyzer_pass_all ((ScriptedAnalyzer *) rig->analyzer, IMP_DIRECTION_FROM_SERVER, NULL);
  outcome_wait (&flush);
  g_assert_no_error (flush.error);
  io_rig_peer_hears (rig, "held");
}

static void
test_vectors (void)
{
  g_autoptr (IORig) rig = new_passing ();
  GOutputVector vectors[] = { { "one ", 4 }, { "", 0 }, { "two ", 4 }, { "three", 5 } };
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };
  gsize written;

  g_output_stream_writev (rig->output, vectors, G_N_ELEMENTS (vectors), &written, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (written, ==, 13);
  io_rig_peer_hears (rig, "one two three");
  g_output_stream_writev_async (rig->output, vectors, 3, G_PRIORITY_DEFAULT, NULL,
                                on_vectors_written, &outcome);
  outcome_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.n, ==, 8);
  io_rig_peer_hears (rig, "one two threeone two ");
}

/* No byte is lost where a read is canceled after there was something for it. */
static void
test_read_canceled (void)
{
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0 };
  char buffer[8] = "";

  io_rig_peer_says (rig, "hello");
  while (!g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (rig->input)))
    g_main_context_iteration (NULL, TRUE);
  g_input_stream_read_async (rig->input, buffer, 3, G_PRIORITY_DEFAULT, cancellable, on_read,
                             &outcome);
  g_cancellable_cancel (cancellable);
  outcome_wait (&outcome);
  if (outcome.error == NULL)
    {
      g_assert_cmpint (outcome.n, ==, 3);
      g_assert_cmpmem (buffer, 3, "hel", 3);
      io_rig_read (rig, "lo");
    }
  else
    {
      g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      io_rig_read (rig, "hello");
    }
  g_clear_error (&outcome.error);
  g_assert_cmpint (g_input_stream_read (rig->input, buffer, 3, cancellable, &outcome.error), ==,
                   -1);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&outcome.error);
}

static void
test_half_close (void)
{
  g_autoptr (IORig) rig = new_passing ();
  Outcome outcome = { 0 };

  io_rig_write (rig, "all");
  g_output_stream_close_async (rig->output, G_PRIORITY_DEFAULT, NULL, on_output_closed, &outcome);
  outcome_wait (&outcome);
  g_assert_no_error (outcome.error);
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_says (rig, "still here");
  io_rig_read (rig, "still here");
}

static void
deny_end (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) == 0)
    imp_analyzer_deny (IMP_ANALYZER (self), direction, "incomplete");
}

/* An end that is denied is none. */
static void
test_close_denied (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (deny_end), NULL);
  Outcome outcome = { 0 };

  io_rig_write (rig, "half");
  g_io_stream_close_async (rig->stream, G_PRIORITY_DEFAULT, NULL, on_closed, &outcome);
  outcome_wait (&outcome);
  g_assert_error (outcome.error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_nonnull (strstr (outcome.error->message, "incomplete"));
  g_assert_true (g_io_stream_is_closed (rig->stream));
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  g_clear_error (&outcome.error);
}

static void
test_close_canceled (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome outcome = { 0 };

  io_rig_write (rig, "held");
  g_io_stream_close_async (rig->stream, G_PRIORITY_DEFAULT, cancellable, on_closed, &outcome);
  test_run_until (test_never, NULL, 20);
  g_assert_false (outcome.done);
  g_cancellable_cancel (cancellable);
  outcome_wait (&outcome);
  g_assert_error (outcome.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_io_stream_is_closed (rig->stream));
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  g_clear_error (&outcome.error);
}

/* ---- a source of the main context closes with blocking ---- */

static gboolean
close_from_source (gpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (g_io_stream_close (data, NULL, &error));
  g_assert_no_error (error);
  return G_SOURCE_REMOVE;
}

static gboolean
pass_held (gpointer data)
{
  scripted_analyzer_pass_all (data, IMP_DIRECTION_FROM_SERVER, NULL);
  return G_SOURCE_REMOVE;
}

/* It does not wait, and all goes out nevertheless, at its time; also where nobody has the stream
 * any more, as a server of libsoup does it. */
static void
check_close_in_background (gboolean kept)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);

  io_rig_write (rig, "later");
  g_idle_add_full (G_PRIORITY_DEFAULT, close_from_source,
                   kept ? g_object_ref (rig->stream) : g_steal_pointer (&rig->stream),
                   g_object_unref);
  g_timeout_add (30, pass_held, rig->analyzer);
  io_rig_peer_waits_for_end (rig);
  g_assert_no_error (rig->peer->error);
  io_rig_peer_hears (rig, "later");
  if (!kept)
    {
      GIOStream *base, *other;

      test_run_until (test_never, NULL, 20);
      test_stream_pair (&base, &other);
      rig->stream = base;
      g_object_unref (other);
    }
}

static void
test_close_in_background (void)
{
  check_close_in_background (TRUE);
  check_close_in_background (FALSE);
}

/* ---- back-pressure ---- */

/* A peer that does not read stops who writes, and nothing else. */
static void
test_slow_peer (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (scripted_analyzer_pass_all), NULL,
                                           "buffer-size", 100000);
  gsize filled;

  rig->peer->read_limit = 1;
  test_peer_update (rig->peer);
  filled = fill (rig);
  g_assert_cmpuint (filled, <, MUCH);
  io_rig_peer_says (rig, "still here");
  io_rig_read (rig, "still here");
  rig->peer->read_limit = G_MAXSIZE;
  rig->peer->discard = TRUE;
  test_peer_update (rig->peer);
  io_rig_close (rig);
  io_rig_peer_waits_for_end (rig);
  g_assert_cmpuint (rig->peer->n_received, ==, filled);
}

/* An application that does not read stops its peer, and writes all the same; the analyzer sees no
 * more than fits. */
static void
test_slow_application (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (IORig) rig = io_rig_new_with (analyzer, NULL, "buffer-size", 100000);
  g_autoptr (GBytes) much = test_bytes_pattern (MUCH);
  g_autoptr (GBytes) read = NULL;
  gsize stuck;

  test_peer_send (rig->peer, g_bytes_get_data (much, NULL), MUCH);
  test_run_until (test_never, NULL, 200);
  stuck = rig->peer->sent;
  g_assert_cmpuint (stuck, <, MUCH);
  g_assert_cmpint (((ScriptedAnalyzer *) analyzer)->fed[0], <=,
                   100000 + 2 * IMP_INPUT_BUFFER_READ_SIZE + IMP_DUPLEX_CHUNK);
  g_assert_cmpuint (((ScriptedAnalyzer *) analyzer)->busy, ==, 1);
  io_rig_write (rig, "still here");
  io_rig_peer_hears (rig, "still here");
  g_assert_cmpuint (rig->peer->sent, ==, stuck);
  read = test_stream_read (rig->stream, MUCH);
  g_assert_cmpmem (g_bytes_get_data (read, NULL), MUCH, g_bytes_get_data (much, NULL), MUCH);
}

/* The analyzer sees what comes also while the application only writes. */
static void
test_writes_only (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (IORig) rig = io_rig_new (analyzer, NULL);

  io_rig_peer_says (rig, "hello");
  while (((ScriptedAnalyzer *) analyzer)->fed[0] < 5)
    io_rig_write (rig, "x");
}

static gboolean
go_on (gpointer data)
{
  ScriptedAnalyzer *self = data;

  imp_analyzer_resume (IMP_ANALYZER (self), IMP_DIRECTION_FROM_SERVER);
  scripted_analyzer_pass_all (self, IMP_DIRECTION_FROM_SERVER, NULL);
  return G_SOURCE_REMOVE;
}

static void
pause_at_once (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) > 0)
    imp_analyzer_pause (IMP_ANALYZER (self), direction);
}

/* While the analyzer wants no more, a write waits. */
static void
test_pause (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (pause_at_once);
  g_autoptr (IORig) rig = io_rig_new (analyzer, NULL);
  Outcome outcome = { 0 };

  io_rig_write (rig, "one");
  g_output_stream_write_async (rig->output, "two", 3, G_PRIORITY_DEFAULT, NULL, on_written,
                               &outcome);
  test_run_until (test_never, NULL, 20);
  g_assert_false (outcome.done);
  g_assert_cmpint (((ScriptedAnalyzer *) analyzer)->fed[1], ==, 3);
  go_on (analyzer);
  outcome_wait (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.n, ==, 3);
  g_assert_cmpint (((ScriptedAnalyzer *) analyzer)->fed[1], ==, 6);
  io_rig_peer_hears (rig, "one");
}

/* ---- other threads ---- */

typedef struct
{
  GIOStream *stream;
  GCancellable *cancellable;
  char text[16];
  gssize n;
  GError *error;
  int done; /* atomic */
} Thread;

static gboolean
is_thread_done (gpointer data)
{
  return g_atomic_int_get (&((Thread *) data)->done);
}

static void
thread_run (Thread *self, GThreadFunc func)
{
  GThread *thread = g_thread_new ("io", func, self);

  g_assert_true (test_run_until (is_thread_done, self, TIMEOUT));
  g_thread_join (thread);
}

static gpointer
thread_end (Thread *self)
{
  g_atomic_int_set (&self->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gpointer
echo_in_thread (gpointer user_data)
{
  Thread *self = user_data;
  g_autoptr (GBytes) read = test_stream_read (self->stream, 8);

  test_stream_write (self->stream, g_bytes_get_data (read, NULL), 8);
  g_output_stream_flush (g_io_stream_get_output_stream (self->stream), NULL, &self->error);
  g_assert_no_error (self->error);
  g_io_stream_close (self->stream, NULL, &self->error);
  return thread_end (self);
}

static void
test_thread (void)
{
  g_autoptr (IORig) rig = new_passing ();
  Thread thread = { .stream = rig->stream };

  io_rig_peer_says (rig, "there it");
  thread_run (&thread, echo_in_thread);
  g_assert_no_error (thread.error);
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_hears (rig, "there it");
}

static gpointer
read_in_thread (gpointer user_data)
{
  Thread *self = user_data;

  self->n = g_input_stream_read (g_io_stream_get_input_stream (self->stream), self->text,
                                 sizeof self->text, self->cancellable, &self->error);
  return thread_end (self);
}

static gboolean
cancel_now (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

static void
test_thread_canceled (void)
{
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Thread thread = { .stream = rig->stream, .cancellable = cancellable };

  g_timeout_add (30, cancel_now, cancellable);
  thread_run (&thread, read_in_thread);
  g_assert_error (thread.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&thread.error);
  io_rig_peer_says (rig, "not lost");
  io_rig_read (rig, "not lost");
}

/* One that waits for a thread that does nothing for it hears so. */
static void
test_thread_alone (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (scripted_analyzer_pass_all), NULL,
                                           "deadline", 100);
  Thread thread = { .stream = rig->stream };

  g_thread_join (g_thread_new ("io", read_in_thread, &thread));
  g_assert_error (thread.error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_nonnull (strstr (thread.error->message, "deadline"));
  g_clear_error (&thread.error);
}

static gpointer
unref_in_thread (gpointer user_data)
{
  Thread *self = user_data;

  g_clear_object (&self->stream);
  return thread_end (self);
}

static void
note_thread (gpointer data, GObject *object)
{
  *(GThread **) data = g_thread_self ();
}

/* The last reference may go anywhere; the analyzer ends where it belongs. */
static void
test_thread_unref (void)
{
  IORig *rig = io_rig_new (scripted_analyzer_new (hold_all), NULL);
  Thread thread = { .stream = rig->stream };
  GThread *gone_in = NULL;

  io_rig_write (rig, "held");
  g_object_add_weak_pointer (G_OBJECT (rig->analyzer), (gpointer *) &rig->analyzer);
  g_object_weak_ref (G_OBJECT (rig->analyzer), note_thread, &gone_in);
  g_object_unref (rig->analyzer);
  thread_run (&thread, unref_in_thread);
  io_rig_peer_waits_for_end (rig);
  while (rig->analyzer != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gone_in == g_thread_self ());
  g_assert_cmpuint (rig->peer->n_received, ==, 0);
  test_peer_free (rig->peer);
  g_free (rig);
}

/* Both halves at once, each in a thread, and much. */
static gpointer
write_much (gpointer user_data)
{
  Thread *self = user_data;
  g_autoptr (GBytes) much = test_bytes_pattern (MUCH);

  test_stream_write (self->stream, g_bytes_get_data (much, NULL), MUCH);
  g_output_stream_close (g_io_stream_get_output_stream (self->stream), NULL, &self->error);
  return thread_end (self);
}

static gpointer
read_much (gpointer user_data)
{
  Thread *self = user_data;
  g_autoptr (GBytes) much = test_bytes_pattern (MUCH);
  g_autoptr (GBytes) read = test_stream_read_all (self->stream);

  g_assert_true (g_bytes_equal (much, read));
  return thread_end (self);
}

static void
test_threads_much (void)
{
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GBytes) much = test_bytes_pattern (MUCH);
  Thread reader = { .stream = rig->stream }, writer = { .stream = rig->stream };
  GThread *threads[2];

  rig->peer->ends = TRUE;
  test_peer_send (rig->peer, g_bytes_get_data (much, NULL), MUCH);
  threads[0] = g_thread_new ("reader", read_much, &reader);
  threads[1] = g_thread_new ("writer", write_much, &writer);
  g_assert_true (test_run_until (is_thread_done, &reader, TIMEOUT));
  g_assert_true (test_run_until (is_thread_done, &writer, TIMEOUT));
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_assert_no_error (writer.error);
  io_rig_peer_waits_for_end (rig);
  test_peer_assert_received (rig->peer, g_bytes_get_data (much, NULL), MUCH);
}

/* ---- one within the other ---- */

/* A stream over a stream is as good a base as any. */
static void
test_stacked (void)
{
  g_autoptr (IORig) rig = new_passing ();
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (GIOStream) upper = imp_io_stream_new (rig->stream, analyzer,
                                                   IMP_DIRECTION_FROM_CLIENT);
  g_autoptr (GBytes) read = NULL;
  g_autoptr (GError) error = NULL;

  io_rig_peer_says (rig, "through both");
  read = test_stream_read (upper, 12);
  g_assert_cmpmem (g_bytes_get_data (read, NULL), 12, "through both", 12);
  test_stream_write (upper, "and back", 8);
  g_io_stream_close (upper, NULL, &error);
  g_assert_no_error (error);
  io_rig_peer_waits_for_end (rig);
  io_rig_peer_hears (rig, "and back");
  g_clear_object (&upper);
  g_assert_finalize_object (analyzer);
}

typedef struct
{
  GCancellable *cancellable;
  guint n_begun;
  gboolean refused;
} Nest;

/* A read that waits in vain, and runs the next one meanwhile, up to the one that is too deep. */
static gboolean
read_nested (gpointer data)
{
  Nest *nest = data;
  g_autoptr (IORig) rig = new_passing ();
  g_autoptr (GError) error = NULL;
  char buffer[4];
  gssize n;

  nest->n_begun++;
  if (nest->n_begun <= NESTED_MAX)
    g_idle_add (read_nested, nest);
  n = g_input_stream_read (rig->input, buffer, 4, nest->cancellable, &error);
  g_assert_cmpint (n, ==, -1);
  if (nest->n_begun == NESTED_MAX + 1 && !nest->refused)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
      nest->refused = TRUE;
      g_cancellable_cancel (nest->cancellable);
    }
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  return G_SOURCE_REMOVE;
}

static void
test_nested (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Nest nest = { .cancellable = cancellable };

  read_nested (&nest);
  g_assert_true (nest.refused);
  g_assert_cmpuint (nest.n_begun, ==, NESTED_MAX + 1);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream-async/write", test_write);
  g_test_add_func ("/io-stream-async/write/canceled", test_write_canceled);
  g_test_add_func ("/io-stream-async/write/held", test_write_held);
  g_test_add_func ("/io-stream-async/vectors", test_vectors);
  g_test_add_func ("/io-stream-async/read/canceled", test_read_canceled);
  g_test_add_func ("/io-stream-async/half-close", test_half_close);
  g_test_add_func ("/io-stream-async/close/denied", test_close_denied);
  g_test_add_func ("/io-stream-async/close/canceled", test_close_canceled);
  g_test_add_func ("/io-stream-async/close/in-background", test_close_in_background);
  g_test_add_func ("/io-stream-async/slow/peer", test_slow_peer);
  g_test_add_func ("/io-stream-async/slow/application", test_slow_application);
  g_test_add_func ("/io-stream-async/writes-only", test_writes_only);
  g_test_add_func ("/io-stream-async/pause", test_pause);
  g_test_add_func ("/io-stream-async/thread", test_thread);
  g_test_add_func ("/io-stream-async/thread/canceled", test_thread_canceled);
  g_test_add_func ("/io-stream-async/thread/alone", test_thread_alone);
  g_test_add_func ("/io-stream-async/thread/unref", test_thread_unref);
  g_test_add_func ("/io-stream-async/threads/much", test_threads_much);
  g_test_add_func ("/io-stream-async/stacked", test_stacked);
  g_test_add_func ("/io-stream-async/nested", test_nested);
  return g_test_run ();
}
