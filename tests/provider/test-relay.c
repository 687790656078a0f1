/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay-rig.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-pass-analyzer.h"
#include "io/imp-input-buffer-private.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

/* Whichever end comes first is handed on, and the other direction goes on. */
static void
check_half_close (ImpAnalyzer *analyzer, guint first)
{
  g_autoptr (RelayRig) rig = relay_rig_new (analyzer, NULL, NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, first, "question");
  rig->peers[first]->ends = TRUE;
  test_peer_update (rig->peers[first]);
  g_assert_true (test_run_until (test_peer_got_end, rig->peers[!first], 5000));
  test_peer_assert_received (rig->peers[!first], "question", 8);
  g_assert_false (rig->done);

  relay_rig_send_text (rig, !first, "answer");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[first], 5000));
  g_assert_false (rig->peers[first]->got_end);
  rig->peers[!first]->ends = TRUE;
  test_peer_update (rig->peers[!first]);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  test_peer_assert_received (rig->peers[first], "answer", 6);
  g_assert_cmpint (imp_relay_get_received (rig->relay, first), ==, 8);
  g_assert_cmpint (imp_relay_get_sent (rig->relay, first), ==, 8);
  g_assert_cmpint (imp_relay_get_sent (rig->relay, !first), ==, 6);
}

static void
test_half_close (void)
{
  for (guint first = 0; first < 2; first++)
    {
      check_half_close (scripted_analyzer_new (scripted_analyzer_pass_all), first);
      check_half_close (IMP_ANALYZER (imp_pass_analyzer_new ()), first);
    }
}

static void
check_transfer (const char *client_faults, const char *server_faults, gsize length, gsize read_most)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            client_faults, server_faults, 2000);
  g_autoptr (GBytes) pattern = test_bytes_pattern (length);

  relay_rig_run (rig);
  for (guint i = 0; i < 2; i++)
    {
      rig->peers[i]->ends = TRUE;
      rig->peers[i]->read_most = read_most;
      test_peer_send (rig->peers[i], g_bytes_get_data (pattern, NULL), length);
    }
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  for (guint i = 0; i < 2; i++)
    test_peer_assert_received (rig->peers[i], g_bytes_get_data (pattern, NULL), length);
}

static void
test_transfer (void)
{
  check_transfer (NULL, NULL, 5000000, G_MAXSIZE);
  check_transfer (NULL, NULL, 300000, 777);
  check_transfer ("chunk=1", NULL, 3000, G_MAXSIZE);
  check_transfer (NULL, "chunk=1", 3000, G_MAXSIZE);
  check_transfer ("chunk=1", "chunk=1", 3000, 1);
  check_transfer ("block-first=5", "block-first=3", 3000, G_MAXSIZE);
  check_transfer ("seed=1&block-rate=50&chunk=3000", "seed=2&block-rate=50", 200000, G_MAXSIZE);
  check_transfer ("delay=1&chunk=20000", "jitter=2", 200000, G_MAXSIZE);
}

/* A peer that does not read stops the one that sends, and nothing else. */
static void
test_slow_reader (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (RelayRig) rig = relay_rig_new (analyzer, NULL, NULL, 100000);
  g_autoptr (GBytes) much = test_bytes_pattern (32 * 1024 * 1024);
  gsize stuck;

  rig->peers[0]->read_limit = 1;
  test_peer_update (rig->peers[0]);
  relay_rig_run (rig);
  test_peer_send (rig->peers[1], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  test_run_until (test_never, NULL, 300);
  stuck = rig->peers[1]->sent;
  g_assert_cmpuint (stuck, <, g_bytes_get_size (much));
  g_assert_cmpuint (imp_relay_get_queued (rig->relay, 1), <=, 100000 + IMP_INPUT_BUFFER_READ_SIZE);
  g_assert_cmpuint (((ScriptedAnalyzer *) analyzer)->busy, ==, 2);

  relay_rig_send_text (rig, 0, "still here");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  g_assert_cmpuint (rig->peers[1]->sent, ==, stuck);

  rig->peers[0]->read_limit = G_MAXSIZE;
  rig->peers[0]->ends = rig->peers[1]->ends = TRUE;
  test_peer_update (rig->peers[0]);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  g_assert_cmpuint (((ScriptedAnalyzer *) analyzer)->busy, ==, 0);
  test_peer_assert_received (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
}

static void
reject_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  imp_analyzer_replace_bytes (IMP_ANALYZER (self), direction, self->fed[direction], NULL, 0);
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, bytes, length);
}

/* What is sent back waits for its reader as well: one that does not read is not read any more. */
static void
test_sent_back (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (reject_all), NULL, NULL, 10000);
  g_autoptr (GBytes) much = test_bytes_pattern (32 * 1024 * 1024);

  rig->peers[0]->read_limit = 1;
  test_peer_update (rig->peers[0]);
  relay_rig_run (rig);
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  test_run_until (test_never, NULL, 300);
  g_assert_cmpuint (rig->peers[0]->sent, <, g_bytes_get_size (much));
  g_assert_cmpuint (imp_relay_get_queued (rig->relay, 1), <=, 4 * IMP_INPUT_BUFFER_READ_SIZE);

  rig->peers[0]->read_limit = G_MAXSIZE;
  test_peer_update (rig->peers[0]);
  rig->peers[0]->ends = TRUE;
  g_assert_true (test_run_until (test_peer_got_end, rig->peers[1], 20000));
  rig->peers[1]->ends = TRUE;
  test_peer_update (rig->peers[1]);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  test_peer_assert_received (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  g_assert_cmpuint (rig->peers[1]->received->len, ==, 0);
}

static void
hold_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
}

static void
test_held (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (hold_all), NULL, NULL, 0);
  g_autoptr (GBytes) much = test_bytes_pattern (4 * 1024 * 1024);

  imp_filter_set_max_held (imp_relay_get_filter (rig->relay), 1024 * 1024);
  relay_rig_run (rig);
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_nonnull (strstr (rig->error->message, "max-held"));
  g_assert_cmpuint (rig->peers[1]->n_received, ==, 0);
}

static gboolean
go_on (gpointer data)
{
  ScriptedAnalyzer *self = data;

  imp_analyzer_resume (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT);
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), IMP_DIRECTION_FROM_CLIENT, self->fed[0]);
  return G_SOURCE_REMOVE;
}

static void
pause_at_once (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (g_bytes_get_size (data) == 0)
    return;
  imp_analyzer_pause (IMP_ANALYZER (self), direction);
  g_timeout_add_full (G_PRIORITY_DEFAULT, 20, go_on, g_object_ref (self), g_object_unref);
}

static gboolean
has_sent_all (gpointer data)
{
  TestPeer *peer = data;

  return peer->sent == peer->to_send->len;
}

/* A pause is a pause: nothing is read before the analyzer goes on. */
static void
test_pause (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (pause_at_once);
  g_autoptr (RelayRig) rig = relay_rig_new (analyzer, NULL, NULL, 0);
  g_autoptr (GBytes) much = test_bytes_pattern (3 * IMP_INPUT_BUFFER_READ_SIZE);

  relay_rig_run (rig);
  rig->peers[0]->ends = rig->peers[1]->ends = TRUE;
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  g_assert_true (test_run_until (has_sent_all, rig->peers[0], 5000));
  g_assert_cmpint (((ScriptedAnalyzer *) analyzer)->fed[0], <=, 2 * IMP_INPUT_BUFFER_READ_SIZE);
  test_peer_update (rig->peers[1]);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  test_peer_assert_received (rig->peers[1], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
}

static void
count_result (ImpRelay *relay, ImpResult *result, gpointer user_data)
{
  *(guint *) user_data += 1;
}

static void
test_signal (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, NULL, 0);
  guint n = 0;

  g_signal_connect (rig->relay, "result", G_CALLBACK (count_result), &n);
  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "hello");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  g_assert_cmpuint (n, ==, 1);
  g_cancellable_cancel (rig->cancellable);
  relay_rig_wait_done (rig);
}

/* Which types are followed is known once the relay runs. */
static void
test_signal_details (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, NULL, 0);
  ImpAnalyzer *analyzer = imp_filter_get_analyzer (imp_relay_get_filter (rig->relay));
  guint n_logs = 0, n_accounts = 0, n_late = 0;

  g_signal_connect (rig->relay, "result::log", G_CALLBACK (count_result), &n_logs);
  g_signal_connect (rig->relay, "result::account_field", G_CALLBACK (count_result), &n_accounts);
  relay_rig_run (rig);
  g_signal_connect (rig->relay, "result::pass", G_CALLBACK (count_result), &n_late);
  relay_rig_send_text (rig, 0, "hello");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  g_assert_cmpuint (n_logs + n_accounts + n_late, ==, 0);
  imp_analyzer_log (analyzer, 0, 0, 1, IMP_LOG_LEVEL_INFO, "seen");
  imp_analyzer_log (analyzer, 0, 0, 1, IMP_LOG_LEVEL_INFO, "seen again");
  imp_analyzer_account (analyzer, "user", "x");
  g_assert_cmpuint (n_logs, ==, 2);
  g_assert_cmpuint (n_accounts, ==, 1);
  g_cancellable_cancel (rig->cancellable);
  relay_rig_wait_done (rig);
}

static void
test_unsupported (void)
{
  g_autoptr (RelayRig) rig = NULL;
  g_autoptr (GInputStream) nothing = g_memory_input_stream_new ();
  g_autoptr (GInputStream) input = g_buffered_input_stream_new (nothing);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) memory = g_simple_io_stream_new (input, output);

  rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all), NULL, NULL, 0);
  g_assert_finalize_object (rig->relay);
  rig->relay = imp_relay_new (memory, memory, scripted_analyzer_new (scripted_analyzer_pass_all));
  g_object_unref (imp_relay_get_analyzer (rig->relay));
  relay_rig_run (rig);
  while (!rig->done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_UNSUPPORTED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay/half-close", test_half_close);
  g_test_add_func ("/relay/transfer", test_transfer);
  g_test_add_func ("/relay/slow-reader", test_slow_reader);
  g_test_add_func ("/relay/sent-back", test_sent_back);
  g_test_add_func ("/relay/held", test_held);
  g_test_add_func ("/relay/pause", test_pause);
  g_test_add_func ("/relay/signal", test_signal);
  g_test_add_func ("/relay/signal-details", test_signal_details);
  g_test_add_func ("/relay/unsupported", test_unsupported);
  return g_test_run ();
}
