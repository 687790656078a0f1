/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server with as many connections as it may have: whoever has been idle for longest makes room
 * for one who waits, and only then. */
#include "server-rig.h"
#include "test-streams.h"

#include <string.h>

#define MAX_IDLE 150

static void
rig_init (ServerRig *rig, guint max_connections)
{
  server_rig_init (rig, "max-connections", max_connections, "max-idle", MAX_IDLE, NULL);
}

static void
assert_told (TestPeer *peer)
{
  server_rig_expect_end (peer);
  server_rig_expect (peer, "{\"op\":\"goodbye\"");
}

/* The first of two, and not before somebody waits, nor sooner than it may. */
static void
test_longest (void)
{
  gint64 begin = g_get_monotonic_time ();
  TestPeer *first, *second, *third;
  ServerRig rig;

  rig_init (&rig, 2);
  first = server_rig_connect_and_greet (&rig);
  second = server_rig_connect_and_greet (&rig);
  server_rig_wait (2 * MAX_IDLE);
  server_rig_ask (first, "");
  g_assert_cmpuint (server_rig_count (&rig, "max-idle"), ==, 0);

  third = server_rig_connect (&rig);
  server_rig_say (third, SERVER_RIG_GREETING);
  server_rig_expect (third, "set_version");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, MAX_IDLE * 1000);
  assert_told (first);
  g_assert_cmpuint (server_rig_count (&rig, "max-idle"), ==, 1);
  g_assert_nonnull (strstr (rig.reasons->str, "max-idle"));
  server_rig_ask (second, SERVER_RIG_NEW);
  server_rig_ask (third, SERVER_RIG_NEW);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* Whoever has analyzers stays, and others wait. Idle is counted from the last one on. */
static void
test_analyzers (void)
{
  TestPeer *first, *second, *third;
  gint64 begin;
  ServerRig rig;

  rig_init (&rig, 2);
  first = server_rig_connect_and_greet (&rig);
  second = server_rig_connect_and_greet (&rig);
  server_rig_ask (first, SERVER_RIG_NEW);
  server_rig_ask (second, SERVER_RIG_NEW);
  third = server_rig_connect (&rig);
  server_rig_say (third, SERVER_RIG_GREETING);
  g_assert_false (server_rig_hears (third, "set_version", 4 * MAX_IDLE));
  g_assert_cmpuint (server_rig_count (&rig, "max-idle"), ==, 0);

  begin = g_get_monotonic_time ();
  server_rig_ask (second, SERVER_RIG_DELETE);
  server_rig_expect (third, "set_version");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, MAX_IDLE * 1000);
  assert_told (second);
  server_rig_ask (first, "");
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* Those that have never said anything, or half of something, or speak version 1, or do nothing but
 * ask. */
static void
test_kinds (gconstpointer data)
{
  const char *said = data;
  TestPeer *first, *second;
  ServerRig rig;

  rig_init (&rig, 1);
  first = server_rig_connect (&rig);
  server_rig_say (first, said);
  second = server_rig_connect (&rig);
  server_rig_say (second, SERVER_RIG_GREETING);
  for (guint i = 0; i < 200 && !server_rig_hears (second, "set_version", MAX_IDLE / 4); i++)
    if (strstr (said, "ping") != NULL)
      server_rig_say (first, SERVER_RIG_PING);
  server_rig_expect (second, "set_version");
  g_assert_true (test_run_until (test_peer_got_end, first, SERVER_RIG_TIMEOUT));
  /* Version 1 has no word for it. */
  g_assert_true (server_rig_hears (first, "goodbye", 0) == (strstr (said, "set_version") != NULL));
  test_peer_free (first);
  test_peer_free (second);
  server_rig_clear (&rig);
}

/* All that wait get in, one for each that goes. */
static void
test_many_waiting (void)
{
  TestPeer *idle[20], *waiting[20];
  ServerRig rig;

  rig_init (&rig, G_N_ELEMENTS (idle));
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    idle[i] = server_rig_connect_and_greet (&rig);
  server_rig_wait (2 * MAX_IDLE);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    {
      waiting[i] = server_rig_connect (&rig);
      server_rig_say (waiting[i], SERVER_RIG_GREETING SERVER_RIG_NEW SERVER_RIG_PING);
    }
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    server_rig_expect (waiting[i], "77}");
  g_assert_cmpuint (server_rig_count (&rig, "max-idle"), ==, G_N_ELEMENTS (idle));
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, G_N_ELEMENTS (idle));
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      assert_told (idle[i]);
      test_peer_free (idle[i]);
      test_peer_free (waiting[i]);
    }
  server_rig_clear (&rig);
}

/* Of two peers, the one that has more connections, however long others are idle. */
static void
test_largest_peer (void)
{
  TestPeer *stranger, *first, *second, *third;
  ServerRig rig;

  rig_init (&rig, 3);
  stranger = server_rig_add_stranger (&rig);
  server_rig_wait (2 * MAX_IDLE);
  first = server_rig_connect_and_greet (&rig);
  second = server_rig_connect_and_greet (&rig);
  server_rig_wait (2 * MAX_IDLE);
  third = server_rig_connect (&rig);
  server_rig_say (third, SERVER_RIG_GREETING);
  server_rig_expect (third, "set_version");
  assert_told (first);
  server_rig_ask (second, "");
  server_rig_ask (stranger, SERVER_RIG_NEW);
  test_peer_free (stranger);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* An established connection gets room as well. */
static void
test_stream (void)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  TestPeer *first;
  ServerRig rig;

  rig_init (&rig, 1);
  first = server_rig_connect_and_greet (&rig);
  test_stream_pair (&one, &other);
  g_assert_false (imp_server_add_stream (rig.server, other, &error));
  g_clear_error (&error);
  server_rig_wait (2 * MAX_IDLE);
  g_assert_true (imp_server_add_stream (rig.server, other, &error));
  g_assert_no_error (error);
  assert_told (first);
  test_peer_free (first);
  server_rig_clear (&rig);
}

static void
close_server (ImpServer *server)
{
  imp_server_close (server);
}

static gboolean
is_closed (gpointer data)
{
  return imp_server_get_n_connections (((ServerRig *) data)->server) == 0
         && ((ServerRig *) data)->reasons->len > 0;
}

/* Whoever hears of a connection may close the server, and so the listener that has brought it. */
static void
test_closed_by (gconstpointer signal)
{
  TestPeer *first, *second = NULL;
  ServerRig rig;

  rig_init (&rig, 1);
  if (g_str_equal (signal, "connected"))
    g_signal_connect (rig.server, signal, G_CALLBACK (close_server), NULL);
  first = server_rig_connect (&rig);
  if (g_str_equal (signal, "disconnected"))
    {
      server_rig_ask (first, SERVER_RIG_GREETING);
      server_rig_wait (2 * MAX_IDLE);
      g_signal_connect (rig.server, signal, G_CALLBACK (close_server), NULL);
      second = server_rig_connect (&rig);
    }
  g_assert_true (test_run_until (is_closed, &rig, SERVER_RIG_TIMEOUT));
  test_peer_free (first);
  g_clear_pointer (&second, test_peer_free);
  server_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-idle/longest", test_longest);
  g_test_add_func ("/server-idle/analyzers", test_analyzers);
  g_test_add_data_func ("/server-idle/kinds/silent", "", test_kinds);
  g_test_add_data_func ("/server-idle/kinds/half", "{\"op\":\"set_", test_kinds);
  g_test_add_data_func ("/server-idle/kinds/version-1", "{\"op\":\"get_interface\"}\n", test_kinds);
  g_test_add_data_func ("/server-idle/kinds/asking", SERVER_RIG_GREETING SERVER_RIG_PING,
                        test_kinds);
  g_test_add_func ("/server-idle/many-waiting", test_many_waiting);
  g_test_add_func ("/server-idle/largest-peer", test_largest_peer);
  g_test_add_func ("/server-idle/stream", test_stream);
  g_test_add_data_func ("/server-idle/closed-by/connected", "connected", test_closed_by);
  g_test_add_data_func ("/server-idle/closed-by/disconnected", "disconnected", test_closed_by);
  return g_test_run ();
}
