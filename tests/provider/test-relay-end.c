/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "relay-rig.h"

#include <string.h>

#include "core/imp-error.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

static void
hold_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
}

static void
pass_first (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, 4);
}

static void
deny_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  if (self->fed[direction] <= 4)
    {
      scripted_analyzer_pass_all (self, direction, data);
      return;
    }
  imp_analyzer_send_back (IMP_ANALYZER (self), direction, (const guint8 *) "no", 2);
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "not that");
}

/* What was let through arrives, the word to the sender too, and then it is over for both. */
static void
test_deny (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (deny_second), NULL, NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "good");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  relay_rig_send_text (rig, 0, "evil");
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_DENIED);
  g_assert_nonnull (strstr (rig->error->message, "not that"));
  test_peer_assert_received (rig->peers[1], "good", 4);
  test_peer_assert_received (rig->peers[0], "no", 2);
}

static void
drop_second (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_pass_bytes (IMP_ANALYZER (self), direction, 4);
  if (self->fed[direction] > 4)
    imp_analyzer_drop (IMP_ANALYZER (self));
}

static void
test_drop (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (drop_second), NULL, NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 1, "good");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[0], 5000));
  relay_rig_send_text (rig, 1, "evil");
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_CLOSED);
  test_peer_assert_received (rig->peers[0], "good", 4);
}

/* A dropped connection does not wait for a peer that does not read: nothing is left to be read. */
static void
test_drop_full (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  g_autoptr (RelayRig) rig = relay_rig_new (analyzer, NULL, NULL, 0);
  g_autoptr (GBytes) much = test_bytes_pattern (32 * 1024 * 1024);
  gint64 begin;

  rig->peers[1]->read_limit = 1;
  test_peer_update (rig->peers[1]);
  relay_rig_run (rig);
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  test_run_until (test_never, NULL, 100);
  g_assert_cmpuint (imp_relay_get_queued (rig->relay, 0), >, 0);
  begin = g_get_monotonic_time ();
  imp_analyzer_drop (analyzer);
  rig->peers[1]->got_end = TRUE;
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_CLOSED);
  /* Well before the linger time of 5 s. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_TIME_SPAN_SECOND);
}

static gboolean
fail_now (gpointer data)
{
  imp_analyzer_fail (data, "out of ideas");
  return G_SOURCE_REMOVE;
}

/* Also when nothing happens on any of the sockets. */
static void
test_fatal_later (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (hold_all);
  g_autoptr (RelayRig) rig = relay_rig_new (analyzer, NULL, NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "hello");
  g_timeout_add_full (G_PRIORITY_DEFAULT, 20, fail_now, g_object_ref (analyzer), g_object_unref);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_FATAL);
  g_assert_nonnull (strstr (rig->error->message, "out of ideas"));
  g_assert_cmpuint (rig->peers[1]->n_received, ==, 0);
}

/* What was let through arrives, and the rest never does. */
static void
test_deadline (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (hold_all), NULL, NULL, 0);

  relay_rig_set (rig, scripted_analyzer_new (pass_first), "deadline", 60);
  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "good");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  relay_rig_send_text (rig, 0, "late");
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_cmpstr (rig->error->message, ==,
                   "The analyzer ScriptedAnalyzer let 4 bytes from the client wait for more than "
                   "60 ms (property deadline of ImpFilter)");
  test_peer_assert_received (rig->peers[1], "good", 4);
}

/* What may be the beginning of a match arrives, and the connection goes on. */
static void
test_hold_timeout (void)
{
  ImpAnalyzer *analyzer = scripted_analyzer_new (hold_all);
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (hold_all), NULL, NULL, 0);

  relay_rig_set (rig, analyzer, "hold-timeout", 60);
  imp_analyzer_pass_pattern (analyzer, IMP_DIRECTION_FROM_CLIENT, "EVIL", 4);
  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "EV");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  test_peer_assert_received (rig->peers[1], "EV", 2);
  relay_rig_send_text (rig, 0, "en ");
  while (imp_relay_get_sent (rig->relay, IMP_DIRECTION_FROM_CLIENT) < 5)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (rig->done);
  g_cancellable_cancel (rig->cancellable);
  relay_rig_wait_done (rig);
}

/* A relay works where it runs, wherever it was made. */
static void
test_deadline_elsewhere (void)
{
  g_autoptr (GMainContext) elsewhere = g_main_context_new ();
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (hold_all), NULL, NULL, 0);

  g_main_context_push_thread_default (elsewhere);
  relay_rig_set (rig, scripted_analyzer_new (hold_all), "deadline", 60);
  g_main_context_pop_thread_default (elsewhere);
  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "late");
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_TIMEOUT);
}

static void
test_times (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (hold_all), NULL, NULL, 0);
  ImpFilter *filter = imp_relay_get_filter (rig->relay);
  guint deadline, max_extensions, hold_timeout;

  g_object_get (rig->relay, "deadline", &deadline, "max-extensions", &max_extensions,
                "hold-timeout", &hold_timeout, NULL);
  g_assert_cmpuint (deadline, ==, 60000);
  g_assert_cmpuint (max_extensions, ==, 10);
  g_assert_cmpuint (hold_timeout, ==, 500);
  g_assert_cmpuint (imp_filter_get_deadline (filter), ==, deadline);
  g_assert_cmpuint (imp_filter_get_max_extensions (filter), ==, max_extensions);
  g_assert_cmpuint (imp_filter_get_hold_timeout (filter), ==, hold_timeout);
  relay_rig_run (rig);
  g_cancellable_cancel (rig->cancellable);
  relay_rig_wait_done (rig);
}

/* A refused connection does not wait indefinitely for a peer that does not read. */
static void
test_linger (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, NULL, 0);
  g_autoptr (GBytes) much = test_bytes_pattern (32 * 1024 * 1024);
  gint64 begin;

  relay_rig_set (rig, scripted_analyzer_new (scripted_analyzer_pass_all), "linger", 300);
  rig->peers[1]->read_limit = 1;
  test_peer_update (rig->peers[1]);
  relay_rig_run (rig);
  test_peer_send (rig->peers[0], g_bytes_get_data (much, NULL), g_bytes_get_size (much));
  test_run_until (test_never, NULL, 100);
  begin = g_get_monotonic_time ();
  imp_analyzer_fail (imp_relay_get_analyzer (rig->relay), "enough");
  rig->peers[1]->got_end = TRUE;
  relay_rig_wait_done (rig);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 290 * G_TIME_SPAN_MILLISECOND);
}

static void
test_cancel (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "hello");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  g_cancellable_cancel (rig->cancellable);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Nothing moves: it ends; as long as something does, it does not. */
static void
test_idle (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, NULL, 0);
  gint64 begin = g_get_monotonic_time ();

  relay_rig_set (rig, scripted_analyzer_new (scripted_analyzer_pass_all), "idle-timeout", 100);
  relay_rig_run (rig);
  for (guint i = 0; i < 6; i++)
    {
      relay_rig_send_text (rig, i % 2, "x");
      test_run_until (test_never, NULL, 50);
      g_assert_false (rig->done);
    }
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 350 * 1000);
}

/* A peer that goes away without a word ends it, with an error that says so. */
static void
test_reset (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            "read-reset-at=5", NULL, 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "hello, world");
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  test_peer_assert_received (rig->peers[1], "hello", 5);
}

/* What a server says last is heard, although it does not listen any more. */
static void
test_last_words (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all),
                                            NULL, "write-eof-at=3", 0);

  relay_rig_run (rig);
  relay_rig_send_text (rig, 0, "hello");
  g_assert_true (test_run_until (test_peer_has_received, rig->peers[1], 5000));
  relay_rig_send_text (rig, 1, "go away");
  rig->peers[1]->ends = TRUE;
  test_peer_update (rig->peers[1]);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  test_peer_assert_received (rig->peers[0], "go away", 7);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay-end/deny", test_deny);
  g_test_add_func ("/relay-end/drop", test_drop);
  g_test_add_func ("/relay-end/drop-full", test_drop_full);
  g_test_add_func ("/relay-end/fatal-later", test_fatal_later);
  g_test_add_func ("/relay-end/deadline", test_deadline);
  g_test_add_func ("/relay-end/deadline/elsewhere", test_deadline_elsewhere);
  g_test_add_func ("/relay-end/hold-timeout", test_hold_timeout);
  g_test_add_func ("/relay-end/times", test_times);
  g_test_add_func ("/relay-end/linger", test_linger);
  g_test_add_func ("/relay-end/cancel", test_cancel);
  g_test_add_func ("/relay-end/idle", test_idle);
  g_test_add_func ("/relay-end/reset", test_reset);
  g_test_add_func ("/relay-end/last-words", test_last_words);
  return g_test_run ();
}
