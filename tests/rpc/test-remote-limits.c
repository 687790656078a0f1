/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each limit of a remote factory: what just fits works, one more costs what the documentation says,
 * and the reason names the limit and its value. */
#include "raw-rig.h"
#include "test-streams.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

/* Nobody has accepted the connection yet, so all that is fed waits. */
static void
test_high_water (void)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "high-water", 1000);
  outcome = raw_rig_add (&rig);
  raw_rig_feed (outcome, 1000);
  g_assert_cmpstr (outcome->text->str, ==, "");
  raw_rig_feed (outcome, 1);
  g_assert_true (g_str_has_prefix (outcome->text->str, "pause dir=0"));
  g_assert_null (strstr (outcome->text->str, "continue"));
  raw_rig_greet (&rig);
  test_raw_expect (rig.server, "\"data\"", 1);
  g_assert_nonnull (strstr (outcome->text->str, "continue dir=0"));
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
test_max_queued (void)
{
  TestOutcome *outcome, *other;
  RawRig rig;

  raw_rig_init (&rig, "max-queued", 1000);
  outcome = raw_rig_add (&rig);
  other = raw_rig_add (&rig);
  raw_rig_feed (other, 1000);
  raw_rig_feed (outcome, 999);
  raw_rig_feed (outcome, 1);
  g_assert_false (test_outcome_is_resolved (outcome));
  raw_rig_feed (outcome, 1);
  raw_rig_assert_refused (outcome, "max-queued is", 1000);
  g_assert_false (test_outcome_is_resolved (other));
  test_outcome_free (outcome);
  test_outcome_free (other);
  raw_rig_clear (&rig);
}

static void
test_max_queued_all (void)
{
  TestOutcome *outcome, *other;
  RawRig rig;

  raw_rig_init (&rig, "max-queued-all", 1000);
  outcome = raw_rig_add (&rig);
  other = raw_rig_add (&rig);
  raw_rig_feed (other, 600);
  raw_rig_feed (outcome, 400);
  g_assert_false (test_outcome_is_resolved (outcome));
  raw_rig_feed (outcome, 1);
  raw_rig_assert_refused (outcome, "max-queued-all is", 1000);
  /* What it had queued makes room. */
  raw_rig_feed (other, 400);
  g_assert_false (test_outcome_is_resolved (other));
  test_outcome_free (outcome);
  test_outcome_free (other);
  raw_rig_clear (&rig);
}

static void
say_of_length (RawRig *rig, guint length)
{
  const char *begin = "{\"op\":\"result\",\"id\":1,\"result\":\"log\",\"dir\":0,\"message\":\"";
  g_autofree char *padding = g_strnfill (length - strlen (begin) - strlen ("\"}\n"), '.');

  test_raw_say (rig->server, "%s%s\"}", begin, padding);
}

static void
test_max_message (void)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "max-message", 500);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_expect (rig.server, "\"new_analyzer\"", 1);
  say_of_length (&rig, 500);
  g_assert_true (test_run_until (raw_rig_has_log, outcome, 5000));
  g_assert_false (test_outcome_is_resolved (outcome));
  say_of_length (&rig, 501);
  raw_rig_assert_refused (outcome, "max-message", 500);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
greet_with_limit (RawRig *rig, guint max_message)
{
  test_raw_say (rig->server,
                "{\"op\":\"set_version\",\"version\":2,\"minimum\":1,"
                "\"limits\":{\"max-message\":%u}}",
                max_message);
}

/* The longest line that the server was sent. */
static gsize
get_longest_line (RawRig *rig)
{
  g_auto (GStrv) lines = g_strsplit (rig->server->heard->str, "\n", -1);
  gsize longest = 0;

  for (char **line = lines; *line != NULL; line++)
    longest = MAX (longest, strlen (*line) + 1);
  return longest;
}

/* What the server has said that it takes is kept to, and before that as little as any takes. */
static void
test_max_message_of_server (void)
{
  static const guint values[] = { 256, 1000, 4096, 10000, 65536, 1000000 };

  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      TestOutcome *outcome;
      RawRig rig;

      raw_rig_init (&rig, "max-message", 32 << 20);
      outcome = raw_rig_add (&rig);
      test_raw_accept (rig.server);
      raw_rig_feed (outcome, 3000);
      test_raw_expect (rig.server, "\"data\"", 2);
      g_assert_cmpuint (get_longest_line (&rig), <=, 4096);
      g_string_truncate (rig.server->heard, 0);
      greet_with_limit (&rig, values[i]);
      g_assert_true (test_run_until (raw_rig_is_ready, &rig, 5000));
      raw_rig_feed (outcome, 100000);
      imp_analyzer_data_bytes (outcome->analyzer, 1, (const guint8 *) "the end", 7, 0, -1);
      test_raw_expect (rig.server, "\"the end\"", 1);
      g_assert_cmpuint (get_longest_line (&rig), <=, values[i]);
      g_assert_false (test_outcome_is_resolved (outcome));
      test_outcome_free (outcome);
      raw_rig_clear (&rig);
    }
}

static void
test_max_message_too_small (void)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "max-message", 32 << 20);
  outcome = raw_rig_add (&rig);
  test_raw_accept (rig.server);
  greet_with_limit (&rig, 255);
  raw_rig_assert_refused (outcome, "max-message", 255);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

/* A context cannot be split. */
static void
test_max_message_of_context (void)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *value = g_strnfill (30000, 'c');
  g_autoptr (GError) error = NULL;
  TestOutcome *outcome, *other;
  RawRig rig;

  raw_rig_init (&rig, "max-message", 32 << 20);
  other = raw_rig_add (&rig);
  test_raw_accept (rig.server);
  greet_with_limit (&rig, 10000);
  g_assert_true (test_run_until (raw_rig_is_ready, &rig, 5000));
  g_hash_table_insert (context, (gpointer) "key", value);
  outcome = test_outcome_new (
    imp_factory_create_analyzer (IMP_FACTORY (rig.remote), context, &error));
  raw_rig_assert_refused (outcome, "max-message", 10000);
  g_assert_false (test_outcome_is_resolved (other));
  g_assert_cmpuint (get_longest_line (&rig), <=, 10000);
  test_outcome_free (outcome);
  test_outcome_free (other);
  raw_rig_clear (&rig);
}

/* What comes before the server has said its version is no answer to anything. */
static void
test_before_greeting (gconstpointer words)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "deadline", 0);
  outcome = raw_rig_add (&rig);
  test_raw_accept (rig.server);
  raw_rig_feed (outcome, 5);
  test_raw_expect (rig.server, "\"data\"", 1);
  test_raw_say (rig.server, "%s", (const char *) words);
  g_assert_true (test_run_until (raw_rig_is_settled, outcome, 5000));
  test_outcome_assert_hard (outcome);
  g_assert_nonnull (strstr (outcome->reason, "had not said its version"));
  g_assert_null (strstr (outcome->text->str, "pass"));
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
assert_time (gint64 begin, guint at_least)
{
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, ((gint64) at_least - 1) * 1000);
}

/* A server that accepts and says nothing: the time counts again for the greeting. */
static void
test_connect_timeout (void)
{
  gint64 begin;
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "connect-timeout", 120);
  outcome = raw_rig_add (&rig);
  test_raw_accept (rig.server);
  begin = g_get_monotonic_time ();
  test_raw_expect (rig.server, "set_version", 1);
  raw_rig_assert_refused (outcome, "connect-timeout", 120);
  assert_time (begin, 100);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static gboolean
drip (gpointer data)
{
  test_raw_say_bytes (data, " ", 1);
  return G_SOURCE_CONTINUE;
}

/* Bytes come all the while, so that it is no silence. */
static void
test_message_timeout (void)
{
  TestOutcome *outcome, *other;
  guint dripping;
  RawRig rig;

  raw_rig_init (&rig, "message-timeout", 200);
  g_object_set (rig.remote, "keepalive", 10000, NULL);
  outcome = raw_rig_add (&rig);
  other = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_say_bytes (rig.server, "{\"op\":", strlen ("{\"op\":"));
  dripping = g_timeout_add (10, drip, rig.server);
  raw_rig_assert_refused (outcome, "message-timeout", 200);
  raw_rig_assert_refused (other, "message-timeout", 200);
  g_source_remove (dripping);
  test_outcome_free (outcome);
  test_outcome_free (other);
  raw_rig_clear (&rig);
}

/* One that comes in pieces, and the silence behind it, are no such thing. */
static void
test_message_in_pieces (gconstpointer data)
{
  const guint timeout = GPOINTER_TO_UINT (data);
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "message-timeout", timeout);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_expect (rig.server, "\"new_analyzer\"", 1);
  test_raw_say_bytes (rig.server, "{\"op\":\"result\",", strlen ("{\"op\":\"result\","));
  test_run_until (raw_rig_has_log, outcome, timeout > 0 ? 100 : 400);
  test_raw_say (rig.server, "\"id\":1,\"result\":\"log\",\"dir\":0,\"message\":\"x\"}");
  g_assert_true (test_run_until (raw_rig_has_log, outcome, 5000));
  test_run_until (raw_rig_is_settled, outcome, timeout > 0 ? 100 : 400);
  g_assert_false (test_outcome_is_resolved (outcome));
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
test_keepalive (void)
{
  gint64 begin;
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "keepalive", 250);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  begin = g_get_monotonic_time ();
  test_raw_expect (rig.server, "\"ping\"", 1);
  /* An answered one counts for another while. */
  test_raw_say (rig.server, "{\"op\":\"pong\",\"token\":1}");
  test_raw_expect (rig.server, "\"ping\"", 2);
  g_assert_false (test_outcome_is_resolved (outcome));
  raw_rig_assert_refused (outcome, "keepalive", 250);
  assert_time (begin, 750);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

/* What a server asks is answered by the library. */
static void
test_pong (void)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "keepalive", 0);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_say (rig.server, "{\"op\":\"ping\",\"token\":77}");
  test_raw_expect (rig.server, "{\"op\":\"pong\",\"token\":77}", 1);
  g_assert_null (strstr (rig.server->heard->str, "\"ping\""));
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static int
get_tcp_option (GSocket *socket, int option)
{
  int value;

  g_assert_true (g_socket_get_option (socket, IPPROTO_TCP, option, &value, NULL));
  return value;
}

/* Where a server cannot be asked, TCP finds out, within the same times. */
static void
test_tcp_keepalive (gconstpointer data)
{
  guint seconds = GPOINTER_TO_UINT (data);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  TestRaw *server = test_raw_new ();
  GSocket *socket;
  RawRig rig = { .server = server };
  TestOutcome *outcome;

  connection = g_socket_client_connect_to_host (client, server->address, 0, NULL, &error);
  g_assert_no_error (error);
  socket = g_socket_connection_get_socket (connection);
  rig.remote = imp_remote_factory_new_for_stream (G_IO_STREAM (connection));
  g_object_set (rig.remote, "keepalive", seconds * 1000, NULL);
  outcome = raw_rig_add (&rig);
  g_assert_true (g_socket_get_keepalive (socket) == (seconds > 0));
  if (seconds > 0)
    {
      g_assert_cmpint (get_tcp_option (socket, TCP_KEEPIDLE), ==, seconds);
      g_assert_cmpint (get_tcp_option (socket, TCP_KEEPINTVL), ==, seconds / 3);
      g_assert_cmpint (get_tcp_option (socket, TCP_KEEPCNT), ==, 3);
    }
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
test_deadline (void)
{
  gint64 begin;
  TestOutcome *outcome, *idle;
  RawRig rig;

  raw_rig_init (&rig, "deadline", 100);
  outcome = raw_rig_add (&rig);
  idle = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  begin = g_get_monotonic_time ();
  raw_rig_feed (outcome, 1);
  raw_rig_assert_refused (outcome, "deadline", 100);
  assert_time (begin, 100);
  g_assert_false (test_outcome_is_resolved (idle));
  test_outcome_free (outcome);
  test_outcome_free (idle);
  raw_rig_clear (&rig);
}

/* An analyzer that has said how much more it needs is not late before that is there, or the stream
 * has ended. */
static void
test_want (gconstpointer end)
{
  TestOutcome *outcome;
  gint64 begin;
  RawRig rig;

  raw_rig_init (&rig, "deadline", 100);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  raw_rig_feed (outcome, 10);
  test_raw_expect (rig.server, "\"want\"", 1);
  test_raw_say (rig.server,
                "{\"op\":\"result\",\"id\":1,\"result\":\"want\",\"dir\":0,\"offset\":15}");
  g_assert_false (test_run_until (raw_rig_is_settled, outcome, 250));
  raw_rig_feed (outcome, 4);
  g_assert_false (test_run_until (raw_rig_is_settled, outcome, 250));
  begin = g_get_monotonic_time ();
  raw_rig_feed (outcome, end != NULL ? 0 : 1);
  raw_rig_assert_refused (outcome, "deadline", 100);
  assert_time (begin, 100);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
test_max_extensions (gconstpointer plea)
{
  g_autoptr (GVariant) numbers = NULL;
  guint64 extensions;
  gint64 begin;
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, "max-extensions", 2);
  g_object_set (rig.remote, "deadline", 100, NULL);
  outcome = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_expect (rig.server, "\"new_analyzer\"", 1);
  begin = g_get_monotonic_time ();
  raw_rig_feed (outcome, 1);
  test_raw_say (rig.server, "{\"op\":\"result\",\"id\":1,\"dir\":0,%s}", (const char *) plea);
  raw_rig_assert_refused (outcome, "max-extensions is", 2);
  assert_time (begin, 300);
  numbers = imp_remote_factory_get_statistics (rig.remote);
  g_assert_true (g_variant_lookup (numbers, "extensions", "t", &extensions));
  g_assert_cmpuint (extensions, ==, 2);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

/* The one for which most waits pays, and not the one for which the last result came. */
static void
test_max_waiting_all (void)
{
  TestOutcome *large, *small;
  RawRig rig;

  raw_rig_init (&rig, "max-waiting-all", 2000);
  large = raw_rig_add (&rig);
  small = raw_rig_add (&rig);
  raw_rig_greet (&rig);
  test_raw_expect (rig.server, "\"new_analyzer\"", 2);
  imp_analyzer_set_busy (large->analyzer, 0, TRUE);
  imp_analyzer_set_busy (small->analyzer, 0, TRUE);
  test_raw_say (rig.server,
                "{\"op\":\"result\",\"id\":1,\"result\":\"replace\",\"dir\":0,\"offset\":0,"
                "\"text\":\"%01500d\"}",
                0);
  for (guint i = 0; i < 5; i++)
    test_raw_say (rig.server,
                  "{\"op\":\"result\",\"id\":2,\"result\":\"replace\",\"dir\":0,\"offset\":0,"
                  "\"text\":\"%0100d\"}",
                  0);
  raw_rig_assert_refused (large, "max-waiting-all", 2000);
  g_assert_false (test_outcome_is_resolved (small));
  test_outcome_free (large);
  /* What has been taken does not count any more. */
  imp_analyzer_set_busy (small->analyzer, 0, FALSE);
  for (guint i = 0; i < 50; i++)
    test_raw_say (rig.server,
                  "{\"op\":\"result\",\"id\":2,\"result\":\"replace\",\"dir\":0,\"offset\":0,"
                  "\"text\":\"%0100d\"}",
                  0);
  test_raw_say (rig.server,
                "{\"op\":\"result\",\"id\":2,\"result\":\"log\",\"dir\":0,\"message\":\"x\"}");
  g_assert_true (test_run_until (raw_rig_has_log, small, 5000));
  g_assert_false (test_outcome_is_resolved (small));
  test_outcome_free (small);
  raw_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-limits/high-water", test_high_water);
  g_test_add_func ("/remote-limits/max-queued", test_max_queued);
  g_test_add_func ("/remote-limits/max-queued-all", test_max_queued_all);
  g_test_add_func ("/remote-limits/max-message/own", test_max_message);
  g_test_add_func ("/remote-limits/max-message/of-server", test_max_message_of_server);
  g_test_add_func ("/remote-limits/max-message/too-small", test_max_message_too_small);
  g_test_add_func ("/remote-limits/max-message/of-context", test_max_message_of_context);
  g_test_add_data_func ("/remote-limits/before-greeting/result",
                        "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":0,\"offset\":5}",
                        test_before_greeting);
  g_test_add_data_func ("/remote-limits/before-greeting/interface",
                        "{\"op\":\"interface\",\"interfaces\":[]}", test_before_greeting);
  g_test_add_data_func ("/remote-limits/before-greeting/ping", "{\"op\":\"ping\",\"token\":1}",
                        test_before_greeting);
  g_test_add_data_func ("/remote-limits/before-greeting/goodbye", "{\"op\":\"goodbye\"}",
                        test_before_greeting);
  g_test_add_func ("/remote-limits/connect-timeout", test_connect_timeout);
  g_test_add_func ("/remote-limits/keepalive", test_keepalive);
  g_test_add_func ("/remote-limits/message-timeout", test_message_timeout);
  g_test_add_data_func ("/remote-limits/message-in-pieces/in-time", GUINT_TO_POINTER (60000),
                        test_message_in_pieces);
  g_test_add_data_func ("/remote-limits/message-in-pieces/no-timeout", GUINT_TO_POINTER (0),
                        test_message_in_pieces);
  g_test_add_func ("/remote-limits/pong", test_pong);
  g_test_add_data_func ("/remote-limits/tcp-keepalive/on", GUINT_TO_POINTER (30),
                        test_tcp_keepalive);
  g_test_add_data_func ("/remote-limits/tcp-keepalive/off", GUINT_TO_POINTER (0),
                        test_tcp_keepalive);
  g_test_add_func ("/remote-limits/deadline", test_deadline);
  g_test_add_data_func ("/remote-limits/want/bytes", NULL, test_want);
  g_test_add_data_func ("/remote-limits/want/end", "end", test_want);
  g_test_add_data_func ("/remote-limits/max-extensions/pause", "\"result\":\"pause\"",
                        test_max_extensions);
  g_test_add_data_func ("/remote-limits/max-extensions/promise",
                        "\"result\":\"replace_later\",\"offset\":0,\"end_offset\":1",
                        test_max_extensions);
  g_test_add_func ("/remote-limits/max-waiting-all", test_max_waiting_all);
  return g_test_run ();
}
