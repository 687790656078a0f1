/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server with as many connections as it may have: whoever has been idle for longest makes room
 * for one who waits, and only then. */
#include "test-peer.h"
#include "test-streams.h"

#include "core/imp-type-factory.h"
#include "core/imp-pass-analyzer.h"
#include "rpc/server/imp-server.h"

#include <string.h>

#define MAX_IDLE 150
#define TIMEOUT 10000

typedef struct
{
  ImpServer *server;
  char *address;
  GString *reasons; /* of connections that have ended */
} Rig;

static void
on_disconnected (ImpServer *server, GIOStream *stream, const char *reason, gpointer user_data)
{
  g_string_append_printf (user_data, "%s|", reason);
}

static void
rig_init (Rig *rig, guint max_connections)
{
  g_autoptr (ImpFactory) factory
    = imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL);
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;

  rig->server = imp_server_new (factory);
  rig->reasons = g_string_new (NULL);
  g_object_set (rig->server, "max-connections", max_connections, "max-idle", MAX_IDLE, NULL);
  g_signal_connect (rig->server, "disconnected", G_CALLBACK (on_disconnected), rig->reasons);
  imp_server_listen (rig->server, "127.0.0.1:0", &error);
  g_assert_no_error (error);
  addresses = imp_server_list_addresses (rig->server);
  rig->address = g_strdup (addresses[0]);
}

static void
rig_clear (Rig *rig)
{
  imp_server_close (rig->server);
  g_assert_finalize_object (rig->server);
  g_string_free (rig->reasons, TRUE);
  g_free (rig->address);
}

static TestPeer *
rig_connect (Rig *rig)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *connection;

  connection = g_socket_client_connect_to_host (client, rig->address, 0, NULL, &error);
  g_assert_no_error (error);
  return test_peer_new (G_IO_STREAM (connection));
}

static guint64
rig_count_closed (Rig *rig)
{
  g_autoptr (GVariant) statistics = imp_server_get_statistics (rig->server);
  g_autoptr (GVariant) refusals = g_variant_lookup_value (statistics, "refusals", NULL);
  guint64 n;

  g_assert_true (g_variant_lookup (refusals, "max-idle", "t", &n));
  return n;
}

static void
peer_say (TestPeer *peer, const char *line)
{
  test_peer_send (peer, line, strlen (line));
}

typedef struct
{
  TestPeer *peer;
  const char *text;
} Expected;

static gboolean
has_heard (gpointer data)
{
  const Expected *expected = data;
  const GByteArray *received = expected->peer->received;

  return received->len > 0
         && g_strstr_len ((const char *) received->data, received->len, expected->text) != NULL;
}

static gboolean
peer_hears (TestPeer *peer, const char *text, guint ms)
{
  Expected expected = { peer, text };

  return test_run_until (has_heard, &expected, ms);
}

static void
peer_expect (TestPeer *peer, const char *text)
{
  g_assert_true (peer_hears (peer, text, TIMEOUT));
}

#define GREETING "{\"op\":\"set_version\",\"version\":2,\"minimum\":1}\n"
#define NEW_ANALYZER "{\"op\":\"new_analyzer\",\"id\":1}\n"
#define DELETE_ANALYZER "{\"op\":\"delete_analyzer\",\"id\":1}\n"
#define PING "{\"op\":\"ping\",\"token\":77}\n"

static void
peer_ask (TestPeer *peer, const char *lines)
{
  g_byte_array_set_size (peer->received, 0);
  peer_say (peer, lines);
  peer_say (peer, PING);
  peer_expect (peer, "77}");
}

static TestPeer *
rig_connect_and_greet (Rig *rig)
{
  TestPeer *peer = rig_connect (rig);

  peer_ask (peer, GREETING);
  return peer;
}

static void
wait_ms (guint ms)
{
  test_run_until (test_never, NULL, ms);
}

static void
assert_told (TestPeer *peer)
{
  g_assert_true (test_run_until (test_peer_got_end, peer, TIMEOUT));
  peer_expect (peer, "{\"op\":\"goodbye\"");
  g_assert_null (peer->error);
}

/* The first of two, and not before somebody waits, nor sooner than it may. */
static void
test_longest (void)
{
  gint64 begin = g_get_monotonic_time ();
  TestPeer *first, *second, *third;
  Rig rig;

  rig_init (&rig, 2);
  first = rig_connect_and_greet (&rig);
  second = rig_connect_and_greet (&rig);
  wait_ms (2 * MAX_IDLE);
  peer_ask (first, "");
  g_assert_cmpuint (rig_count_closed (&rig), ==, 0);

  third = rig_connect (&rig);
  peer_say (third, GREETING);
  peer_expect (third, "set_version");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, MAX_IDLE * 1000);
  assert_told (first);
  g_assert_cmpuint (rig_count_closed (&rig), ==, 1);
  g_assert_nonnull (strstr (rig.reasons->str, "max-idle"));
  peer_ask (second, NEW_ANALYZER);
  peer_ask (third, NEW_ANALYZER);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  rig_clear (&rig);
}

/* Whoever has analyzers stays, and others wait. Idle is counted from the last one on. */
static void
test_analyzers (void)
{
  TestPeer *first, *second, *third;
  gint64 begin;
  Rig rig;

  rig_init (&rig, 2);
  first = rig_connect_and_greet (&rig);
  second = rig_connect_and_greet (&rig);
  peer_ask (first, NEW_ANALYZER);
  peer_ask (second, NEW_ANALYZER);
  third = rig_connect (&rig);
  peer_say (third, GREETING);
  g_assert_false (peer_hears (third, "set_version", 4 * MAX_IDLE));
  g_assert_cmpuint (rig_count_closed (&rig), ==, 0);

  begin = g_get_monotonic_time ();
  peer_ask (second, DELETE_ANALYZER);
  peer_expect (third, "set_version");
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, MAX_IDLE * 1000);
  assert_told (second);
  peer_ask (first, "");
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  rig_clear (&rig);
}

/* Those that have never said anything, or half of something, or speak version 1, or do nothing but
 * ask. */
static void
test_kinds (gconstpointer data)
{
  const char *said = data;
  TestPeer *first, *second;
  Rig rig;

  rig_init (&rig, 1);
  first = rig_connect (&rig);
  peer_say (first, said);
  second = rig_connect (&rig);
  peer_say (second, GREETING);
  for (guint i = 0; i < 200 && !peer_hears (second, "set_version", MAX_IDLE / 4); i++)
    if (strstr (said, "ping") != NULL)
      peer_say (first, PING);
  peer_expect (second, "set_version");
  g_assert_true (test_run_until (test_peer_got_end, first, TIMEOUT));
  /* Version 1 has no word for it. */
  g_assert_true (peer_hears (first, "goodbye", 0) == (strstr (said, "set_version") != NULL));
  test_peer_free (first);
  test_peer_free (second);
  rig_clear (&rig);
}

/* All that wait get in, one for each that goes. */
static void
test_many_waiting (void)
{
  TestPeer *idle[20], *waiting[20];
  Rig rig;

  rig_init (&rig, G_N_ELEMENTS (idle));
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    idle[i] = rig_connect_and_greet (&rig);
  wait_ms (2 * MAX_IDLE);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    {
      waiting[i] = rig_connect (&rig);
      peer_say (waiting[i], GREETING NEW_ANALYZER PING);
    }
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    peer_expect (waiting[i], "77}");
  g_assert_cmpuint (rig_count_closed (&rig), ==, G_N_ELEMENTS (idle));
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, G_N_ELEMENTS (idle));
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    {
      assert_told (idle[i]);
      test_peer_free (idle[i]);
      test_peer_free (waiting[i]);
    }
  rig_clear (&rig);
}

/* An established connection gets room as well. */
static void
test_stream (void)
{
  g_autoptr (GIOStream) one = NULL, other = NULL;
  g_autoptr (GError) error = NULL;
  TestPeer *first;
  Rig rig;

  rig_init (&rig, 1);
  first = rig_connect_and_greet (&rig);
  test_stream_pair (&one, &other);
  g_assert_false (imp_server_add_stream (rig.server, other, &error));
  g_clear_error (&error);
  wait_ms (2 * MAX_IDLE);
  g_assert_true (imp_server_add_stream (rig.server, other, &error));
  g_assert_no_error (error);
  assert_told (first);
  test_peer_free (first);
  rig_clear (&rig);
}

static void
close_server (ImpServer *server)
{
  imp_server_close (server);
}

static gboolean
is_closed (gpointer data)
{
  return imp_server_get_n_connections (((Rig *) data)->server) == 0
         && ((Rig *) data)->reasons->len > 0;
}

/* Whoever hears of a connection may close the server, and so the listener that has brought it. */
static void
test_closed_by (gconstpointer signal)
{
  TestPeer *first, *second = NULL;
  Rig rig;

  rig_init (&rig, 1);
  if (g_str_equal (signal, "connected"))
    g_signal_connect (rig.server, signal, G_CALLBACK (close_server), NULL);
  first = rig_connect (&rig);
  if (g_str_equal (signal, "disconnected"))
    {
      peer_ask (first, GREETING);
      wait_ms (2 * MAX_IDLE);
      g_signal_connect (rig.server, signal, G_CALLBACK (close_server), NULL);
      second = rig_connect (&rig);
    }
  g_assert_true (test_run_until (is_closed, &rig, TIMEOUT));
  test_peer_free (first);
  g_clear_pointer (&second, test_peer_free);
  rig_clear (&rig);
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
  g_test_add_data_func ("/server-idle/kinds/asking", GREETING PING, test_kinds);
  g_test_add_func ("/server-idle/many-waiting", test_many_waiting);
  g_test_add_func ("/server-idle/stream", test_stream);
  g_test_add_data_func ("/server-idle/closed-by/connected", "connected", test_closed_by);
  g_test_add_data_func ("/server-idle/closed-by/disconnected", "disconnected", test_closed_by);
  return g_test_run ();
}
