/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that is taken out of service, and back: clients go elsewhere, and what they have goes
 * on. */
#include "server-rig.h"
#include "test-streams.h"

#define GOODBYE "{\"op\":\"goodbye\""

static gboolean
is_true (gpointer data)
{
  return *(const gboolean *) data;
}

static gboolean
has_connected (gpointer data)
{
  return ((const ServerRig *) data)->n_connected > 0;
}

static void
set_draining (ServerRig *rig, gboolean draining)
{
  gboolean is_draining;

  g_object_set (rig->server, "draining", draining, NULL);
  g_object_get (rig->server, "draining", &is_draining, NULL);
  g_assert_true (is_draining == draining);
}

/* Analyzers go on, and so does the connection. */
static void
test_connected (void)
{
  TestPeer *busy, *idle;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  busy = server_rig_connect_and_greet (&rig);
  idle = server_rig_connect_and_greet (&rig);
  server_rig_ask (busy, SERVER_RIG_NEW);
  set_draining (&rig, TRUE);
  set_draining (&rig, TRUE);
  server_rig_expect (busy, GOODBYE);
  server_rig_expect (idle, GOODBYE);
  server_rig_ask (busy, SERVER_RIG_DATA);
  server_rig_expect (busy, "\"op\":\"result\"");
  server_rig_ask (busy, "");
  server_rig_ask (idle, "");
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 2);
  test_peer_free (busy);
  test_peer_free (idle);
  server_rig_clear (&rig);
}

/* Whoever comes while it drains is told, whoever comes afterwards is not. */
static void
test_new (void)
{
  TestPeer *early, *late;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  set_draining (&rig, TRUE);
  early = server_rig_connect (&rig);
  server_rig_say (early, SERVER_RIG_GREETING);
  server_rig_expect (early, GOODBYE);
  set_draining (&rig, FALSE);
  late = server_rig_connect (&rig);
  server_rig_say (late, SERVER_RIG_GREETING SERVER_RIG_NEW SERVER_RIG_PING);
  server_rig_expect (late, "77}");
  g_assert_false (server_rig_hears (late, "goodbye", 0));
  test_peer_free (early);
  test_peer_free (late);
  server_rig_clear (&rig);
}

/* One that has not said who it is when that is taken back is not told. */
static void
test_taken_back (void)
{
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  peer = server_rig_connect (&rig);
  g_assert_true (test_run_until (has_connected, &rig, SERVER_RIG_TIMEOUT));
  set_draining (&rig, TRUE);
  set_draining (&rig, FALSE);
  server_rig_say (peer, SERVER_RIG_GREETING SERVER_RIG_PING);
  server_rig_expect (peer, "77}");
  g_assert_false (server_rig_hears (peer, "goodbye", 0));
  test_peer_free (peer);
  server_rig_clear (&rig);
}

/* Version 1 has no word for it: it ends with the last analyzer, unless that is taken back. */
static void
test_version_1 (gconstpointer data)
{
  const gboolean taken_back = GPOINTER_TO_INT (data);
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  peer = server_rig_connect (&rig);
  server_rig_say (peer, SERVER_RIG_NEW SERVER_RIG_DATA);
  server_rig_expect (peer, "\"op\":\"result\"");
  set_draining (&rig, TRUE);
  server_rig_say (peer, "{\"op\":\"new_analyzer\",\"id\":2}\n" SERVER_RIG_DELETE
                        "{\"op\":\"data\",\"id\":2,\"dir\":0,\"text\":\"y\"}\n");
  server_rig_expect (peer, "\"id\":2");
  if (taken_back)
    set_draining (&rig, FALSE);
  server_rig_say (peer, "{\"op\":\"delete_analyzer\",\"id\":2}\n");
  if (taken_back)
    {
      server_rig_say (peer, "{\"op\":\"new_analyzer\",\"id\":3}\n"
                            "{\"op\":\"data\",\"id\":3,\"dir\":0,\"text\":\"z\"}\n");
      server_rig_expect (peer, "\"id\":3");
    }
  else
    server_rig_expect_end (peer);
  g_assert_false (server_rig_hears (peer, "goodbye", 0));
  test_peer_free (peer);
  server_rig_clear (&rig);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  imp_server_stop_finish (IMP_SERVER (source), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

/* It says it once, and nothing is taken back. */
static void
test_stopped (void)
{
  gboolean stopped = FALSE;
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  peer = server_rig_connect_and_greet (&rig);
  server_rig_ask (peer, SERVER_RIG_NEW);
  set_draining (&rig, TRUE);
  server_rig_expect (peer, GOODBYE);
  server_rig_ask (peer, "");
  imp_server_stop_async (rig.server, NULL, on_stopped, &stopped);
  set_draining (&rig, FALSE);
  server_rig_ask (peer, "");
  g_assert_false (server_rig_hears (peer, "goodbye", 0));
  g_assert_false (stopped);
  test_peer_free (peer);
  g_assert_true (test_run_until (is_true, &stopped, SERVER_RIG_TIMEOUT));
  server_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-drain/connected", test_connected);
  g_test_add_func ("/server-drain/new", test_new);
  g_test_add_func ("/server-drain/taken-back", test_taken_back);
  g_test_add_data_func ("/server-drain/version-1", GINT_TO_POINTER (FALSE), test_version_1);
  g_test_add_data_func ("/server-drain/version-1/taken-back", GINT_TO_POINTER (TRUE),
                        test_version_1);
  g_test_add_func ("/server-drain/stopped", test_stopped);
  return g_test_run ();
}
