/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A relay whose analyzer is asked before there is a server, and whose client has been read from. */
#include "relay-rig.h"

#include <string.h>

#include "core/imp-error.h"
#include "scripted-analyzer.h"
#include "test-streams.h"

/* A rig whose relay has no server yet; that one is kept in @server. */
static RelayRig *
rig_new (ImpAnalyzer *analyzer, GIOStream **server)
{
  RelayRig *rig = relay_rig_new (scripted_analyzer_new (scripted_analyzer_pass_all), NULL, NULL, 0);
  g_autoptr (GIOStream) client = g_object_ref (imp_relay_get_client (rig->relay));

  *server = g_object_ref (imp_relay_get_server (rig->relay));
  g_assert_finalize_object (rig->relay);
  rig->relay = imp_relay_new (client, NULL, analyzer);
  g_assert_null (imp_relay_get_server (rig->relay));
  return rig;
}

static void
on_signal (ImpFilter *filter, const char *text, char **last)
{
  g_assert_null (*last);
  *last = g_strdup (text);
}

static void
on_dropped (ImpFilter *filter, char **last)
{
  on_signal (filter, "dropped", last);
}

static void
on_log (ImpRelay *relay, ImpResult *result, guint *n)
{
  ++*n;
}

/* Ends without a server, whose stream nobody has touched. */
static void
end_without_server (RelayRig *rig, GIOStream *server, ImpError code)
{
  relay_rig_run (rig);
  g_object_unref (server);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, (int) code);
  test_peer_assert_received (rig->peers[1], "", 0);
}

/* It may have refused before anybody listened, or says so later; and the client gets its answer. */
static void
check_deny (gboolean at_once)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);
  ImpFilter *filter = imp_relay_get_filter (rig->relay);
  g_autoptr (GError) error = NULL;
  g_autofree char *denied = NULL;
  guint n_logs = 0;

  g_signal_connect (filter, "denied", G_CALLBACK (on_signal), &denied);
  g_signal_connect (rig->relay, "result::log", G_CALLBACK (on_log), &n_logs);
  if (!at_once)
    imp_relay_prepare (rig->relay);
  imp_analyzer_log (analyzer, 0, 0, 0, IMP_LOG_LEVEL_NOTICE, "hm");
  imp_analyzer_send_back (analyzer, 0, (const guint8 *) "no", 2);
  imp_analyzer_deny (analyzer, 0, "not there");
  if (at_once)
    imp_relay_prepare (rig->relay);
  g_assert_cmpstr (denied, ==, "not there");
  g_assert_cmpuint (n_logs, ==, 1);
  g_assert_false (imp_filter_check (filter, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_DENIED);
  end_without_server (rig, server, IMP_ERROR_DENIED);
  test_peer_assert_received (rig->peers[0], "no", 2);
}

static void
test_deny (void)
{
  check_deny (TRUE);
  check_deny (FALSE);
}

static void
test_drop (void)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);
  g_autofree char *dropped = NULL;

  g_signal_connect (imp_relay_get_filter (rig->relay), "dropped", G_CALLBACK (on_dropped),
                    &dropped);
  imp_relay_prepare (rig->relay);
  imp_analyzer_send_back (analyzer, 0, (const guint8 *) "no", 2);
  imp_analyzer_drop (analyzer);
  g_assert_cmpstr (dropped, ==, "dropped");
  end_without_server (rig, server, IMP_ERROR_CLOSED);
  test_peer_assert_received (rig->peers[0], "", 0);
}

static void
test_fail (void)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);
  g_autofree char *failed = NULL;

  g_signal_connect (imp_relay_get_filter (rig->relay), "failed", G_CALLBACK (on_signal), &failed);
  imp_relay_prepare (rig->relay);
  imp_analyzer_fail (analyzer, "broken");
  g_assert_cmpstr (failed, ==, "broken");
  end_without_server (rig, server, IMP_ERROR_FATAL);
}

/* Nobody has refused, and still there is no server. */
static void
test_no_server (void)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);

  end_without_server (rig, server, IMP_ERROR_FAILED);
  test_peer_assert_received (rig->peers[0], "", 0);
}

/* What it says before is there when it runs, and what was read of the client comes first. */
static void
test_late_server (void)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);
  ImpFilter *filter = imp_relay_get_filter (rig->relay);
  g_autoptr (GBytes) one = g_bytes_new_static ("one ", 4), two = g_bytes_new_static ("two ", 4);

  imp_relay_prepare (rig->relay);
  imp_analyzer_pause (analyzer, 1);
  g_assert_true (imp_filter_is_paused (filter, 1));
  imp_analyzer_resume (analyzer, 1);
  g_assert_false (imp_filter_is_paused (filter, 1));
  imp_analyzer_send_back (analyzer, 0, (const guint8 *) "hello ", 6);
  imp_relay_unread (rig->relay, one);
  imp_relay_unread (rig->relay, two);
  imp_relay_set_server (rig->relay, server);
  g_object_unref (server);
  relay_rig_send_text (rig, 0, "three");
  relay_rig_send_text (rig, 1, "world");
  for (guint i = 0; i < 2; i++)
    {
      rig->peers[i]->ends = TRUE;
      test_peer_update (rig->peers[i]);
    }
  relay_rig_run (rig);
  relay_rig_wait_done (rig);
  g_assert_no_error (rig->error);
  test_peer_assert_received (rig->peers[0], "hello world", 11);
  test_peer_assert_received (rig->peers[1], "one two three", 13);
  g_assert_cmpint (imp_relay_get_received (rig->relay, 0), ==, 13);
}

static void
deny_all (ScriptedAnalyzer *self, ImpDirection direction, GBytes *data)
{
  imp_analyzer_deny (IMP_ANALYZER (self), direction, "not that");
}

/* What was read before is inspected as all else is, also without imp_relay_prepare(). */
static void
test_unread_is_denied (void)
{
  g_autoptr (RelayRig) rig = relay_rig_new (scripted_analyzer_new (deny_all), NULL, NULL, 0);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("evil", 4);

  imp_relay_unread (rig->relay, bytes);
  relay_rig_run (rig);
  relay_rig_wait_done (rig);
  g_assert_error (rig->error, IMP_ERROR, IMP_ERROR_DENIED);
  test_peer_assert_received (rig->peers[1], "", 0);
}

/* What is sent back before anybody reads it makes the direction busy, as it does later. */
static void
test_much_is_sent_back (void)
{
  g_autoptr (ImpAnalyzer) analyzer = scripted_analyzer_new (scripted_analyzer_pass_all);
  GIOStream *server;
  g_autoptr (RelayRig) rig = rig_new (analyzer, &server);
  g_autofree guint8 *much = g_malloc0 (1024 * 1024);
  gsize queued;

  imp_relay_prepare (rig->relay);
  for (guint i = 0; i < 16; i++)
    imp_analyzer_send_back (analyzer, 0, much, 1024 * 1024);
  queued = imp_relay_get_queued (rig->relay, 1);
  g_assert_cmpuint (queued, >=, 1024 * 1024);
  g_assert_cmpuint (queued, <=, 4 * 1024 * 1024);
  imp_relay_set_server (rig->relay, server);
  g_object_unref (server);
  for (guint i = 0; i < 2; i++)
    {
      rig->peers[i]->ends = TRUE;
      rig->peers[i]->discard = TRUE;
      test_peer_update (rig->peers[i]);
    }
  relay_rig_run (rig);
  relay_rig_wait_done (rig);
  g_assert_cmpuint (rig->peers[0]->n_received, ==, 16 * 1024 * 1024);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/relay-prepare/deny", test_deny);
  g_test_add_func ("/relay-prepare/drop", test_drop);
  g_test_add_func ("/relay-prepare/fail", test_fail);
  g_test_add_func ("/relay-prepare/no-server", test_no_server);
  g_test_add_func ("/relay-prepare/late-server", test_late_server);
  g_test_add_func ("/relay-prepare/unread-is-denied", test_unread_is_denied);
  g_test_add_func ("/relay-prepare/much-is-sent-back", test_much_is_sent_back);
  return g_test_run ();
}
