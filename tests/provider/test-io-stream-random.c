/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream under an analyzer that answers when and what it likes, over a base stream that moves
 * bytes as it likes, used in all ways at once: every byte must arrive as it was decided. */
#include "chance-analyzer.h"
#include "io-mover.h"
#include "io-rig.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

#include "core/imp-error.h"

#define TIMEOUT 20000 /* ms */

static IORig *
new_rig (ImpAnalyzer *analyzer, const char *faults, guint buffer_size)
{
  return buffer_size > 0 ? io_rig_new_with (analyzer, faults, "buffer-size", buffer_size)
                         : io_rig_new (analyzer, faults);
}

static gboolean
is_peer_over (gpointer data)
{
  TestPeer *peer = data;

  return peer->got_end && peer->has_ended;
}

/* Whether all of it is so in time; if not, what is known is told. */
static void
wait_for_ends (IORig *rig, IOMover *mover)
{
  ImpFilter *filter = imp_io_stream_get_filter (IMP_IO_STREAM (rig->stream));

  if (test_run_until (io_mover_is_over, mover, TIMEOUT)
      && test_run_until (is_peer_over, rig->peer, TIMEOUT))
    return;
  g_error (
    "we sent %zu of %zu, ended %d, received %zu, end %d, running %u; the peer sent %zu of %u, "
    "received %zu, end %d; held %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT,
    mover->sent, mover->to_send, mover->has_ended, mover->n_received, mover->got_end,
    mover->n_running, rig->peer->sent, rig->peer->to_send->len, rig->peer->n_received,
    rig->peer->got_end, imp_filter_get_held (filter, 0), imp_filter_get_held (filter, 1));
}

static void
check (IOMoverMode mode, guint buffer_size, gsize most, guint cancel_rate)
{
  ChanceAnalyzer *chance = chance_analyzer_new ();
  g_autofree char *faults = chance_faults ();
  IORig *rig = new_rig (IMP_ANALYZER (chance), faults, buffer_size);
  g_autoptr (GBytes) ours = test_bytes_pattern (g_test_rand_int_range (0, most));
  g_autoptr (GBytes) theirs = test_bytes_pattern (g_test_rand_int_range (0, most));
  IOMover *mover = io_mover_new (rig->stream, mode, ours, g_bytes_get_size (ours));

  chance->sends_back = buffer_size == 0;
  rig->peer->ends = mover->ends = TRUE;
  rig->peer->write_most = g_test_rand_int_range (1, 9000);
  rig->peer->read_most = g_test_rand_int_range (1, 9000);
  mover->most = g_test_rand_int_range (1, 9000);
  mover->cancel_rate = cancel_rate;
  io_mover_keep (mover);
  test_peer_send (rig->peer, g_bytes_get_data (theirs, NULL), g_bytes_get_size (theirs));
  io_mover_start (mover);
  wait_for_ends (rig, mover);
  g_assert_no_error (mover->read_error);
  g_assert_no_error (mover->write_error);
  g_assert_no_error (rig->peer->error);
  g_assert_cmpmem (chance->input[0]->data, chance->input[0]->len, g_bytes_get_data (theirs, NULL),
                   g_bytes_get_size (theirs));
  g_assert_cmpmem (chance->input[1]->data, chance->input[1]->len, g_bytes_get_data (ours, NULL),
                   g_bytes_get_size (ours));
  g_assert_cmpmem (mover->received->data, mover->received->len, chance->expected[0]->data,
                   chance->expected[0]->len);
  test_peer_assert_received (rig->peer, chance->expected[1]->data, chance->expected[1]->len);
  io_mover_free (mover);
  io_rig_close (rig);
  io_rig_free (rig);
}

static const guint sizes[] = { 1, 100, 5000, 0 };

static void
test_ways (void)
{
  for (guint round = 0; round < 24; round++)
    check (round % 3, sizes[round % G_N_ELEMENTS (sizes)], round % 5 == 0 ? 20000 : 2000, 0);
}

static void
test_canceled (void)
{
  for (guint round = 0; round < 12; round++)
    check (round % 2 == 0 ? IO_MOVER_ASYNC : IO_MOVER_MIXED, sizes[round % G_N_ELEMENTS (sizes)],
           2000, 3);
}

/* The smallest of caps. */
static void
test_small (void)
{
  for (guint buffer_size = 1; buffer_size <= 6; buffer_size++)
    for (guint round = 0; round < 4; round++)
      check (IO_MOVER_MIXED, buffer_size, 300, 0);
}

/* ---- a base stream that breaks ---- */

#define BREAKABLE 24

/* What has arrived, in whichever way, is a part of what was sent, from its beginning. */
static void
assert_part (const GByteArray *part, GBytes *whole)
{
  g_assert_cmpuint (part->len, <=, g_bytes_get_size (whole));
  g_assert_cmpmem (part->data, part->len, g_bytes_get_data (whole, NULL), part->len);
}

/* Whether the base stream breaks when it is read or written, neither side waits indefinitely, and
 * none takes a part for the whole. */
static void
check_broken (IOMoverMode mode, const char *fault, guint at)
{
  g_autofree char *faults = g_strdup_printf ("%s=%u&chunk=5", fault, at);
  IORig *rig = io_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all), faults);
  g_autoptr (GBytes) data = test_bytes_pattern (BREAKABLE);
  IOMover *mover = io_mover_new (rig->stream, mode, data, BREAKABLE);

  mover->most = 7;
  mover->ends = rig->peer->ends = TRUE;
  io_mover_keep (mover);
  test_peer_send (rig->peer, g_bytes_get_data (data, NULL), BREAKABLE);
  io_mover_start (mover);
  g_assert_true (test_run_until (io_mover_is_over, mover, TIMEOUT));
  assert_part (mover->received, data);
  assert_part (rig->peer->received, data);
  if (mover->got_end)
    g_assert_cmpuint (mover->received->len, ==, BREAKABLE);
  else
    g_assert_nonnull (mover->read_error);
  if (mover->write_error == NULL)
    g_assert_cmpuint (mover->sent, ==, BREAKABLE);
  io_mover_free (mover);
  g_io_stream_close (rig->stream, NULL, NULL);
  io_rig_free (rig);
}

static void
test_broken (void)
{
  static const char *const faults[] = { "read-reset-at", "write-reset-at", "write-eof-at" };

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    for (guint at = 0; at <= BREAKABLE; at++)
      check_broken ((i + at) % 3, faults[i], at);
}

/* The error is that of the base stream, at whoever notices it, and says what it is. */
static void
test_broken_read (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                      "read-reset-at=5");

  io_rig_peer_says (rig, "hello, world");
  io_rig_read (rig, "hello");
  io_rig_fails_to_read (rig, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  io_rig_fails_to_write (rig, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  io_rig_fails_to_close (rig, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

/* What the peer says last is heard although it does not listen any more. */
static void
test_broken_write (void)
{
  g_autoptr (IORig) rig = io_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                      "write-eof-at=3");
  g_autoptr (GError) error = NULL;

  g_assert_false (g_output_stream_write_all (rig->output, "hello", 5, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  io_rig_fails_to_write (rig, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  io_rig_peer_says (rig, "go away");
  io_rig_peer_ends (rig);
  io_rig_read (rig, "go away");
  io_rig_read_end (rig);
  io_rig_fails_to_close (rig, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
}

static gboolean
cancel_now (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* A base stream that stalls keeps nobody for longer than it has to. */
static void
test_stalled (void)
{
  g_autoptr (IORig) rig = io_rig_new_with (scripted_analyzer_new (scripted_analyzer_pass_all),
                                           "write-stall-at=3", "linger", 50);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  gssize n;

  g_timeout_add (20, cancel_now, cancellable);
  /* It was taken, and so it counts. */
  n = g_output_stream_write (rig->output, "hello", 5, cancellable, &error);
  g_assert_no_error (error);
  g_assert_cmpint (n, ==, 5);
  g_assert_cmpint (g_output_stream_write (rig->output, "again", 5, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (rig->output)));
  io_rig_fails_to_close (rig, IMP_ERROR, IMP_ERROR_TIMEOUT);
}

/* ---- the same faults as those of a relay ---- */

static void
check_transfer (const char *faults, gsize length, gsize read_most)
{
  IORig *rig = new_rig (scripted_analyzer_new (scripted_analyzer_pass_all), faults, 2000);
  g_autoptr (GBytes) pattern = test_bytes_pattern (length);
  IOMover *mover = io_mover_new (rig->stream, IO_MOVER_MIXED, pattern, length);

  rig->peer->read_most = read_most;
  mover->most = MIN (read_most, 65536);
  mover->ends = rig->peer->ends = TRUE;
  io_mover_keep (mover);
  test_peer_send (rig->peer, g_bytes_get_data (pattern, NULL), length);
  io_mover_start (mover);
  wait_for_ends (rig, mover);
  test_peer_assert_received (rig->peer, g_bytes_get_data (pattern, NULL), length);
  g_assert_cmpmem (mover->received->data, mover->received->len, g_bytes_get_data (pattern, NULL),
                   length);
  io_mover_free (mover);
  io_rig_close (rig);
  io_rig_free (rig);
}

static void
test_transfer (void)
{
  check_transfer (NULL, 5000000, G_MAXSIZE);
  check_transfer (NULL, 300000, 777);
  check_transfer ("chunk=1", 3000, G_MAXSIZE);
  check_transfer ("chunk=1", 3000, 1);
  check_transfer ("block-first=5", 3000, G_MAXSIZE);
  check_transfer ("seed=1&block-rate=50&chunk=3000", 200000, G_MAXSIZE);
  check_transfer ("delay=1&chunk=20000", 200000, G_MAXSIZE);
  check_transfer ("jitter=2&block-rate=90&chunk=20000", 200000, G_MAXSIZE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/io-stream-random/ways", test_ways);
  g_test_add_func ("/io-stream-random/canceled", test_canceled);
  g_test_add_func ("/io-stream-random/small", test_small);
  g_test_add_func ("/io-stream-random/broken", test_broken);
  g_test_add_func ("/io-stream-random/broken/read", test_broken_read);
  g_test_add_func ("/io-stream-random/broken/write", test_broken_write);
  g_test_add_func ("/io-stream-random/stalled", test_stalled);
  g_test_add_func ("/io-stream-random/transfer", test_transfer);
  return g_test_run ();
}
