/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that gets another factory, and listens elsewhere, while it runs. */
#include "server-rig.h"
#include "test-streams.h"

#include "core/imp-pass-analyzer.h"
#include "core/imp-type-factory.h"

#define GOODBYE "{\"op\":\"goodbye\""
/* What they say of a byte: that of the rig passes it, this one everything. */
#define OF_RIG "\"offset\":1"
#define OF_OTHER "\"offset\":-1"

static ImpFactory *
make_other (void)
{
  return IMP_FACTORY (
    imp_type_factory_new (IMP_TYPE_PASS_ANALYZER, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL));
}

static void
on_notify (GObject *object, GParamSpec *spec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static gboolean
is_gone (gpointer data)
{
  return *(gpointer *) data == NULL;
}

/* Who is connected keeps the former factory, and is told; who comes has the new one. */
static void
test_factory (void)
{
  g_autoptr (ImpFactory) other = make_other ();
  g_autoptr (ImpFactory) set = NULL;
  ImpFactory *former;
  TestPeer *old, *new;
  ServerRig rig;
  guint n_notified = 0;

  server_rig_init (&rig, "max-connections", 100, NULL);
  g_object_get (rig.server, "factory", &former, NULL);
  g_signal_connect (rig.server, "notify::factory", G_CALLBACK (on_notify), &n_notified);
  old = server_rig_connect_and_greet (&rig);
  server_rig_ask (old, SERVER_RIG_NEW);
  imp_server_set_factory (rig.server, former);
  g_assert_cmpuint (n_notified, ==, 0);
  imp_server_set_factory (rig.server, other);
  g_assert_cmpuint (n_notified, ==, 1);
  g_object_get (rig.server, "factory", &set, NULL);
  g_assert_true (set == other);
  g_object_add_weak_pointer (G_OBJECT (former), (gpointer *) &former);
  g_object_unref (former);

  server_rig_expect (old, GOODBYE);
  server_rig_say (old, SERVER_RIG_DATA);
  server_rig_expect (old, OF_RIG);
  new = server_rig_connect_and_greet (&rig);
  server_rig_say (new, SERVER_RIG_NEW SERVER_RIG_DATA);
  server_rig_expect (new, OF_OTHER);
  g_assert_false (server_rig_hears (new, "goodbye", 0));
  g_assert_nonnull (former);
  test_peer_free (old);
  g_assert_true (test_run_until (is_gone, &former, SERVER_RIG_TIMEOUT));
  test_peer_free (new);
  server_rig_clear (&rig);
}

/* Who has asked for nothing yet need not come again. */
static void
test_factory_of_unused (void)
{
  g_autoptr (ImpFactory) other = make_other ();
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  peer = server_rig_connect_and_greet (&rig);
  imp_server_set_factory (rig.server, other);
  server_rig_say (peer, SERVER_RIG_NEW SERVER_RIG_DATA);
  server_rig_expect (peer, OF_OTHER);
  g_assert_false (server_rig_hears (peer, "goodbye", 0));
  test_peer_free (peer);
  server_rig_clear (&rig);
}

/* That a server drains no more does not bring clients back to a former factory. */
static void
test_factory_and_draining (void)
{
  g_autoptr (ImpFactory) other = make_other ();
  TestPeer *peer;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  peer = server_rig_connect (&rig);
  server_rig_say (peer, SERVER_RIG_NEW SERVER_RIG_DATA);
  server_rig_expect (peer, OF_RIG);
  imp_server_set_factory (rig.server, other);
  g_object_set (rig.server, "draining", TRUE, NULL);
  g_object_set (rig.server, "draining", FALSE, NULL);
  /* Version 1 has no word for it: it ends with the last analyzer. */
  server_rig_say (peer, SERVER_RIG_DELETE);
  server_rig_expect_end (peer);
  test_peer_free (peer);
  server_rig_clear (&rig);
}

/* Who is connected stays, who waits is served, and nobody else comes. */
static void
test_unlisten (void)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) none = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = NULL;
  TestPeer *old, *waiting;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  g_assert_true (imp_server_listen (rig.server, "127.0.0.1:0", NULL));
  old = server_rig_connect_and_greet (&rig);
  waiting = server_rig_connect (&rig);
  g_assert_false (imp_server_unlisten (rig.server, "127.0.0.1:1"));
  g_assert_true (imp_server_unlisten (rig.server, rig.address));
  g_assert_false (imp_server_unlisten (rig.server, rig.address));
  addresses = imp_server_list_addresses (rig.server);
  g_assert_cmpuint (g_strv_length (addresses), ==, 1);
  none = g_socket_client_connect_to_host (client, rig.address, 0, NULL, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  server_rig_ask (old, SERVER_RIG_NEW);
  server_rig_say (waiting, SERVER_RIG_GREETING SERVER_RIG_PING);
  server_rig_expect (waiting, "77}");
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 2);
  test_peer_free (old);
  test_peer_free (waiting);
  server_rig_clear (&rig);
}

static void
on_connected_close (ImpServer *server, GIOStream *stream, gpointer user_data)
{
  imp_server_close (server);
}

/* Whoever hears of one that waited may close the server. */
static void
test_unlisten_and_close (void)
{
  TestPeer *first, *second;
  ServerRig rig;

  server_rig_init (&rig, "max-connections", 100, NULL);
  g_signal_connect (rig.server, "connected", G_CALLBACK (on_connected_close), NULL);
  first = server_rig_connect (&rig);
  second = server_rig_connect (&rig);
  g_assert_true (imp_server_unlisten (rig.server, rig.address));
  server_rig_expect_end (first);
  g_assert_cmpuint (imp_server_get_n_connections (rig.server), ==, 0);
  test_peer_free (first);
  test_peer_free (second);
  server_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-change/factory", test_factory);
  g_test_add_func ("/server-change/factory/unused", test_factory_of_unused);
  g_test_add_func ("/server-change/factory-and-draining", test_factory_and_draining);
  g_test_add_func ("/server-change/unlisten", test_unlisten);
  g_test_add_func ("/server-change/unlisten-and-close", test_unlisten_and_close);
  return g_test_run ();
}
