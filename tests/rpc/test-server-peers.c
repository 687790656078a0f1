/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one peer may have of a server: connections, analyzers, and bytes that are held. Others have
 * what is left, whatever it does. */
#include "json-rig.h"
#include "server-rig.h"
#include "test-streams.h"

#include "core/imp-error.h"
#include "rpc/client/imp-remote-factory.h"
#include "rpc/imp-peer-private.h"

#include <string.h>
#include <unistd.h>

/* --- who is one peer --- */

static const struct
{
  const char *ip, *name;
} ips[] = {
  { "192.0.2.1", "192.0.2.1" },
  { "192.0.2.2", "192.0.2.2" },
  { "::ffff:192.0.2.1", "192.0.2.1" },
  { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
  { "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64" },
  { "2001:db8:1:3::1", "2001:db8:1:3::/64" },
  { "127.0.0.1", "loopback" },
  { "127.3.2.1", "loopback" },
  { "::1", "loopback" },
  { "::ffff:127.0.0.1", "loopback" },
};

static void
test_ips (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ips); i++)
    {
      g_autoptr (GInetAddress) ip = g_inet_address_new_from_string (ips[i].ip);
      g_autofree char *name = imp_peer_get_name_of_ip (ip);

      g_assert_cmpstr (name, ==, ips[i].name);
    }
}

static void
test_streams (void)
{
  g_autoptr (GIOStream) one = NULL, other = NULL, faulty = NULL, plain = NULL;
  g_autofree char *user = g_strdup_printf ("uid %u", (guint) getuid ());
  g_autofree char *name = NULL;

  test_stream_pair (&one, &other);
  name = imp_peer_name_of_stream (one);
  g_assert_cmpstr (name, ==, user);
  test_stream_pair_faulty ("seed=1", &faulty, &plain);
  g_assert_null (imp_peer_name_of_stream (faulty));
}

static void
test_tls (void)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GIOStream) secure = NULL;
  g_autofree char *plain_name = NULL, *name = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_skip ("there is no TLS here");
      return;
    }
  test_stream_pair (&one, &other);
  secure = g_tls_client_connection_new (one, NULL, NULL);
  plain_name = imp_peer_name_of_stream (one);
  name = imp_peer_name_of_stream (secure);
  g_assert_cmpstr (name, ==, plain_name);
}

/* --- connections --- */

#define REASON "There are 2 connections of loopback already (max-connections-per-peer)"

static void
assert_served (TestPeer *peer)
{
  server_rig_ask (peer, SERVER_RIG_DATA);
  server_rig_expect (peer, "\"pass\"");
}

static TestPeer *
rig_connect_with_analyzer (ServerRig *rig)
{
  TestPeer *peer = server_rig_connect_and_greet (rig);

  server_rig_ask (peer, SERVER_RIG_NEW);
  return peer;
}

static void
test_connections (void)
{
  TestPeer *first, *second, *third, *fourth, *stranger;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 2, NULL);
  first = rig_connect_with_analyzer (&rig);
  second = rig_connect_with_analyzer (&rig);
  third = server_rig_connect (&rig);
  server_rig_say (third, SERVER_RIG_GREETING SERVER_RIG_NEW);
  server_rig_expect_end (third);
  server_rig_expect (third, "{\"op\":\"exception\",\"id\":0,\"message\":\"" REASON "\"}");
  g_assert_cmpuint (server_rig_count (&rig, "max-connections-per-peer"), ==, 1);
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 2);
  g_assert_cmpuint (imp_server_get_n_analyzers (rig.server), ==, 2);
  g_assert_cmpuint (rig.n_connected, ==, 2);
  g_assert_cmpstr (rig.reasons->str, ==, "");
  assert_served (first);
  assert_served (second);

  /* Others have places, and so has the peer once it has given one back. */
  stranger = server_rig_add_stranger (&rig);
  test_peer_close (first);
  while (imp_server_get_n_connections (rig.server) == 3)
    g_main_context_iteration (NULL, TRUE);
  fourth = rig_connect_with_analyzer (&rig);
  assert_served (fourth);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  test_peer_free (fourth);
  test_peer_free (stranger);
  server_rig_clear (&rig);
}

/* An established connection is the application's to do something about. */
static void
test_established (void)
{
  GIOStream *ours[3] = { NULL }, *theirs[3] = { NULL };
  TestPeer *stranger;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 2, NULL);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;

      test_stream_pair (&ours[i], &theirs[i]);
      g_assert_true (imp_server_add_stream (rig.server, theirs[i], &error) == (i < 2));
      if (i == 2)
        {
          g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
          g_assert_nonnull (strstr (error->message, "max-connections-per-peer"));
          g_assert_nonnull (strstr (error->message, "uid "));
        }
    }
  stranger = server_rig_add_stranger (&rig);
  test_peer_free (stranger);
  server_rig_clear (&rig);
  for (guint i = 0; i < 3; i++)
    {
      g_clear_object (&ours[i]);
      g_clear_object (&theirs[i]);
    }
}

/* Of the peer's own, one that is of no use to anybody makes room, by the rules for all. */
static void
test_own_makes_room (gconstpointer limit)
{
  const gboolean idle = g_str_equal (limit, "max-idle");
  TestPeer *first, *second, *third, *stranger;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 2, limit, 100, NULL);
  stranger = server_rig_add_stranger (&rig);
  first = server_rig_connect_and_greet (&rig);
  server_rig_ask (first, idle ? "" : SERVER_RIG_NEW);
  second = rig_connect_with_analyzer (&rig);
  server_rig_wait (300);
  assert_served (second);
  third = rig_connect_with_analyzer (&rig);
  server_rig_expect_end (first);
  server_rig_expect (first, "goodbye");
  g_assert_nonnull (strstr (rig.reasons->str, limit));
  g_assert_nonnull (strstr (rig.reasons->str, "max-connections-per-peer"));
  g_assert_cmpuint (server_rig_count (&rig, limit), ==, 1);
  g_assert_cmpuint (server_rig_count (&rig, "max-connections-per-peer"), ==, 0);
  server_rig_ask (stranger, SERVER_RIG_NEW);
  assert_served (second);
  assert_served (third);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  test_peer_free (stranger);
  server_rig_clear (&rig);
}

/* Whatever a client says first, or nothing, it is not served; it is told why where it can be. */
static const struct
{
  const char *name, *says, *hears;
} refused[] = {
  { "version-2", SERVER_RIG_GREETING, REASON },
  { "version-1", "{\"op\":\"get_interface\"}\n", REASON },
  { "malformed", "{\"op\":1}\n", REASON },
  { "version-99", "{\"op\":\"set_version\",\"version\":99,\"minimum\":99}\n", REASON },
  { "cbor", "\x5a\0\0\0\x05\x82\x19\x40\x08\x01", "(max-connections-per-peer)" },
  { "garbage", "garbage", NULL },
  { "half", "{\"op\":\"set_", NULL },
  { "nothing", "", NULL },
};

static void
test_refused (gconstpointer data)
{
  const gsize i = GPOINTER_TO_SIZE (data);
  const gboolean is_cbor = refused[i].says[0] == '\x5a';
  TestPeer *first, *second;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 2, NULL);
  first = rig_connect_with_analyzer (&rig);
  test_peer_free (rig_connect_with_analyzer (&rig));
  while (imp_server_get_n_connections (rig.server) > 1)
    g_main_context_iteration (NULL, TRUE);
  second = rig_connect_with_analyzer (&rig);
  for (guint attempt = 0; attempt < 3; attempt++)
    {
      TestPeer *third = server_rig_connect (&rig);

      test_peer_send (third, refused[i].says, is_cbor ? 10 : strlen (refused[i].says));
      server_rig_expect_end (third);
      if (refused[i].hears != NULL)
        server_rig_expect (third, refused[i].hears);
      else
        g_assert_cmpuint (third->n_received, ==, 0);
      test_peer_free (third);
    }
  g_assert_cmpuint (server_rig_count (&rig, "max-connections-per-peer"), ==, 3);
  assert_served (first);
  assert_served (second);
  test_peer_free (first);
  test_peer_free (second);
  server_rig_clear (&rig);
}

/* More than are told at once, who all say nothing: none of them stays. */
static void
test_many_refused (void)
{
  TestPeer *first, *many[30];
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 1, NULL);
  first = rig_connect_with_analyzer (&rig);
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = server_rig_connect (&rig);
  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    {
      server_rig_expect_end (many[i]);
      test_peer_free (many[i]);
    }
  g_assert_cmpuint (server_rig_count (&rig, "max-connections-per-peer"), ==, G_N_ELEMENTS (many));
  assert_served (first);
  test_peer_free (first);
  server_rig_clear (&rig);
}

static gboolean
is_refused (gpointer data)
{
  return server_rig_count (data, "max-connections-per-peer") > 0;
}

/* A server that ends does not wait for them. */
static void
test_end_while_refusing (gconstpointer data)
{
  TestPeer *first, *second;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 1, NULL);
  first = rig_connect_with_analyzer (&rig);
  second = server_rig_connect (&rig);
  g_assert_true (test_run_until (is_refused, &rig, SERVER_RIG_TIMEOUT));
  if (g_str_equal (data, "stop"))
    imp_server_stop_async (rig.server, NULL, NULL, NULL);
  else
    imp_server_close (rig.server);
  server_rig_expect_end (second);
  test_peer_free (first);
  test_peer_free (second);
  while (imp_server_get_n_connections (rig.server) > 0)
    g_main_context_iteration (NULL, TRUE);
  server_rig_clear (&rig);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GError **error = user_data;

  g_assert_false (imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, error));
}

/* Our own client hears the reason. */
static void
test_remote (void)
{
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autoptr (GError) error = NULL;
  TestPeer *first;
  ServerRig rig;

  server_rig_init (&rig, "max-connections-per-peer", 1, NULL);
  first = rig_connect_with_analyzer (&rig);
  remote = imp_remote_factory_new (rig.address, NULL);
  imp_remote_factory_connect_async (remote, NULL, on_connected, &error);
  while (error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (error->message, "max-connections-per-peer"));
  imp_remote_factory_close (remote);
  test_peer_free (first);
  server_rig_clear (&rig);
}

/* --- analyzers and what they hold --- */

static TestPeer *
rig_greet_with_analyzers (ServerRig *rig, guint n)
{
  TestPeer *peer = server_rig_connect_and_greet (rig);

  for (guint id = 1; id <= n; id++)
    {
      g_autofree char *line = g_strdup_printf ("{\"op\":\"new_analyzer\",\"id\":%u}\n", id);

      server_rig_ask (peer, line);
      g_assert_false (server_rig_hears (peer, "exception", 0));
    }
  return peer;
}

static void
assert_analyzer_refused (TestPeer *peer, const char *reason)
{
  server_rig_ask (peer, "{\"op\":\"new_analyzer\",\"id\":9}\n");
  server_rig_expect (peer, "{\"op\":\"exception\",\"id\":9,");
  server_rig_expect (peer, reason);
  server_rig_expect (peer, "\"overload\":true");
}

static void
test_analyzers (void)
{
  const char *reason = "loopback has 3 analyzers already (max-analyzers-per-peer is 3)";
  TestPeer *first, *second, *stranger;
  ServerRig rig;

  server_rig_init (&rig, "max-analyzers-per-peer", 3, NULL);
  first = rig_greet_with_analyzers (&rig, 2);
  second = rig_greet_with_analyzers (&rig, 1);
  assert_analyzer_refused (first, reason);
  assert_analyzer_refused (second, reason);
  g_assert_cmpuint (server_rig_count (&rig, "max-analyzers-per-peer"), ==, 2);
  assert_served (first);

  stranger = server_rig_add_stranger (&rig);
  for (guint id = 1; id <= 3; id++)
    {
      g_autofree char *line = g_strdup_printf ("{\"op\":\"new_analyzer\",\"id\":%u}\n", id);

      server_rig_ask (stranger, line);
      g_assert_false (server_rig_hears (stranger, "exception", 0));
    }
  assert_analyzer_refused (stranger, "the client has 3 analyzers already");

  /* What is given back is there for others: one analyzer, and then a connection's. */
  server_rig_ask (second, SERVER_RIG_DELETE);
  server_rig_ask (first, "{\"op\":\"new_analyzer\",\"id\":3}\n");
  g_assert_false (server_rig_hears (first, "exception", 0));
  assert_analyzer_refused (second, reason);
  test_peer_free (first);
  while (imp_server_get_n_analyzers (rig.server) > 3)
    g_main_context_iteration (NULL, TRUE);
  server_rig_ask (second, SERVER_RIG_NEW);
  assert_served (second);
  test_peer_free (second);
  test_peer_free (stranger);
  server_rig_clear (&rig);
}

static void
hold (TestPeer *peer, guint id, guint length)
{
  g_autofree char *text = g_strnfill (length - strlen ("hold"), '.');
  g_autofree char *line
    = g_strdup_printf ("{\"op\":\"data\",\"id\":%u,\"dir\":0,\"text\":\"hold%s\"}\n", id, text);

  server_rig_ask (peer, line);
}

/* The one that holds most goes, of whichever connection. */
static void
test_held (void)
{
  TestPeer *first, *second, *stranger;
  ServerRig rig;

  server_rig_init (&rig, "max-held-per-peer", 1000, "max-held-all", 1000, NULL);
  first = rig_greet_with_analyzers (&rig, 2);
  second = rig_greet_with_analyzers (&rig, 2);
  stranger = server_rig_add_stranger (&rig);
  server_rig_ask (stranger, SERVER_RIG_NEW);
  hold (stranger, 1, 1000);
  hold (first, 1, 500);
  hold (first, 2, 100);
  hold (second, 1, 400);
  g_assert_cmpuint (server_rig_count (&rig, "max-held-per-peer"), ==, 0);
  hold (second, 2, 10);
  server_rig_expect (first, "{\"op\":\"exception\",\"id\":1,");
  server_rig_expect (first, "loopback holds 1010 bytes here, 500 of them for the analyzer "
                            "(max-held-per-peer is 1000)");
  g_assert_false (server_rig_hears (second, "exception", 0));
  g_assert_false (server_rig_hears (stranger, "exception", 0));
  hold (first, 2, 450);
  g_assert_cmpuint (server_rig_count (&rig, "max-held-per-peer"), ==, 1);
  g_assert_cmpuint (imp_server_get_n_analyzers (rig.server), ==, 4);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (stranger);
  server_rig_clear (&rig);
}

/* Many connections, each with so little that it is not worth to be kept in mind: the one that wants
 * more pays. */
static void
test_held_by_many (void)
{
  TestPeer *peers[40];
  ServerRig rig;

  server_rig_init (&rig, "max-held-per-peer", 3900, "max-held-all", 1024 * 1024, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      peers[i] = rig_greet_with_analyzers (&rig, 1);
      hold (peers[i], 1, 100);
      g_assert_true (server_rig_hears (peers[i], "max-held-per-peer", 0)
                     == (i == G_N_ELEMENTS (peers) - 1));
    }
  g_assert_cmpuint (server_rig_count (&rig, "max-held-per-peer"), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    test_peer_free (peers[i]);
  server_rig_clear (&rig);
}

/* With however many connections, nobody makes another peer pay that has less than they have. */
static void
test_memory (void)
{
  TestPeer *stranger, *peers[20];
  guint n_refused = 0;
  ServerRig rig;

  server_rig_init (&rig, "max-memory", 400 * 1024, NULL);
  stranger = server_rig_add_stranger (&rig);
  server_rig_ask (stranger, SERVER_RIG_NEW);
  hold (stranger, 1, 50 * 1024);
  hold (stranger, 1, 50 * 1024);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      peers[i] = rig_greet_with_analyzers (&rig, 1);
      hold (peers[i], 1, 16 * 1024);
    }
  g_assert_false (server_rig_hears (stranger, "exception", 0));
  server_rig_ask (stranger, "{\"op\":\"data\",\"id\":1,\"dir\":1,\"text\":\"hold more\"}\n");
  g_assert_false (server_rig_hears (stranger, "exception", 0));
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      n_refused += server_rig_hears (peers[i], "max-memory", 0);
      test_peer_free (peers[i]);
    }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpuint (server_rig_count (&rig, "max-memory"), ==, n_refused);
  test_peer_free (stranger);
  server_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-peers/name/ip", test_ips);
  g_test_add_func ("/server-peers/name/stream", test_streams);
  g_test_add_func ("/server-peers/name/tls", test_tls);
  g_test_add_func ("/server-peers/connections/limit", test_connections);
  g_test_add_func ("/server-peers/connections/established", test_established);
  g_test_add_data_func ("/server-peers/connections/own-idle", "max-idle", test_own_makes_room);
  g_test_add_data_func ("/server-peers/connections/own-silent", "max-silence", test_own_makes_room);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strconcat ("/server-peers/refused/", refused[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_refused);
    }
  g_test_add_func ("/server-peers/refused/many", test_many_refused);
  g_test_add_data_func ("/server-peers/refused/closed", "close", test_end_while_refusing);
  g_test_add_data_func ("/server-peers/refused/stopped", "stop", test_end_while_refusing);
  g_test_add_func ("/server-peers/refused/remote", test_remote);
  g_test_add_func ("/server-peers/analyzers", test_analyzers);
  g_test_add_func ("/server-peers/held/most", test_held);
  g_test_add_func ("/server-peers/held/many", test_held_by_many);
  g_test_add_func ("/server-peers/memory", test_memory);
  return g_test_run ();
}
