/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server with as many connections as it may have, all with analyzers: one whose client says
 * nothing about them makes room for one who waits, and only then. */
#include "server-rig.h"
#include "test-outcome.h"
#include "test-streams.h"

#include "rpc/client/imp-remote-factory.h"

#include <string.h>

#define MAX_SILENCE 150

static void
rig_init (ServerRig *rig, guint max_connections)
{
  server_rig_init (rig, "max-connections", max_connections, "max-silence", MAX_SILENCE, NULL);
}

/* Waits to be accepted, and wants an analyzer. */
static TestPeer *
rig_wait_for_place (ServerRig *rig)
{
  TestPeer *peer = server_rig_connect (rig);

  server_rig_say (peer, SERVER_RIG_GREETING SERVER_RIG_NEW SERVER_RIG_PING);
  return peer;
}

/* It hears of it for each analyzer, and that it may come again. */
static void
assert_closed (ServerRig *rig, TestPeer *peer, guint64 n_closed)
{
  server_rig_expect_end (peer);
  server_rig_expect (peer, "{\"op\":\"exception\",\"id\":1,");
  server_rig_expect (peer, "max-silence");
  server_rig_expect (peer, "\"overload\":true");
  server_rig_expect (peer, "{\"op\":\"goodbye\"");
  g_assert_nonnull (strstr (rig->reasons->str, "max-silence"));
  g_assert_cmpuint (server_rig_count (rig, "max-silence"), ==, n_closed);
}

/* Each of these says something first, and something again and again that is no word about an
 * analyzer. */
typedef struct
{
  const char *name, *first, *again;
} Kind;

static const Kind kinds[] = {
  { "never-fed", SERVER_RIG_GREETING SERVER_RIG_NEW, "" },
  { "fed-once", SERVER_RIG_GREETING SERVER_RIG_NEW SERVER_RIG_DATA, "" },
  { "many-analyzers", SERVER_RIG_GREETING SERVER_RIG_NEW "{\"op\":\"new_analyzer\",\"id\":2}\n",
    "" },
  { "holds-something",
    SERVER_RIG_GREETING SERVER_RIG_NEW
    "{\"op\":\"data\",\"id\":1,\"dir\":0,\"text\":\"hold it\"}\n",
    "" },
  { "pings", SERVER_RIG_GREETING SERVER_RIG_NEW, SERVER_RIG_PING },
  { "asks", SERVER_RIG_GREETING SERVER_RIG_NEW, "{\"op\":\"get_interface\"}\n" },
  { "half-a-message", SERVER_RIG_GREETING SERVER_RIG_NEW "{\"op\":\"data\",\"id\":1,", " " },
};

static void
test_kind (gconstpointer data)
{
  const Kind *kind = data;
  TestPeer *first, *second;
  ServerRig rig;

  rig_init (&rig, 1);
  first = server_rig_connect (&rig);
  server_rig_say (first, kind->first);
  server_rig_expect (first, "set_version");
  second = rig_wait_for_place (&rig);
  for (guint i = 0; i < 400 && !server_rig_hears (second, "77}", MAX_SILENCE / 4); i++)
    server_rig_say (first, kind->again);
  server_rig_expect (second, "77}");
  assert_closed (&rig, first, 1);
  if (strstr (kind->first, "\"id\":2") != NULL)
    server_rig_expect (first, "{\"op\":\"exception\",\"id\":2,");
  test_peer_free (first);
  test_peer_free (second);
  server_rig_clear (&rig);
}

/* Version 1 has no word for it, and an exception all the same. */
static void
test_version_1 (void)
{
  TestPeer *first, *second;
  ServerRig rig;

  rig_init (&rig, 1);
  first = server_rig_connect (&rig);
  server_rig_say (first, SERVER_RIG_NEW);
  server_rig_expect (first, "set_version");
  second = rig_wait_for_place (&rig);
  server_rig_expect (second, "77}");
  server_rig_expect_end (first);
  server_rig_expect (first, "max-silence");
  g_assert_false (server_rig_hears (first, "goodbye", 0));
  test_peer_free (first);
  test_peer_free (second);
  server_rig_clear (&rig);
}

/* As long as nobody waits anybody may be silent, and afterwards it is the one that has been so for
 * longest. */
static void
test_longest (void)
{
  TestPeer *first, *second, *third;
  ServerRig rig;

  rig_init (&rig, 2);
  first = server_rig_connect_and_greet (&rig);
  server_rig_ask (first, SERVER_RIG_NEW);
  second = server_rig_connect_and_greet (&rig);
  server_rig_ask (second, SERVER_RIG_NEW);
  server_rig_wait (3 * MAX_SILENCE);
  g_assert_cmpuint (server_rig_count (&rig, "max-silence"), ==, 0);
  server_rig_ask (first, SERVER_RIG_DATA);

  third = rig_wait_for_place (&rig);
  server_rig_expect (third, "77}");
  assert_closed (&rig, second, 1);
  server_rig_ask (first, SERVER_RIG_DATA);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* One without analyzers goes first, however short it has had none: it loses nothing. */
static void
test_idle_first (void)
{
  TestPeer *silent, *idle, *third;
  ServerRig rig;

  rig_init (&rig, 2);
  g_object_set (rig.server, "max-idle", MAX_SILENCE, NULL);
  silent = server_rig_connect_and_greet (&rig);
  server_rig_ask (silent, SERVER_RIG_NEW);
  idle = server_rig_connect_and_greet (&rig);
  server_rig_wait (2 * MAX_SILENCE);
  third = rig_wait_for_place (&rig);
  server_rig_expect (third, "77}");
  server_rig_expect_end (idle);
  server_rig_ask (silent, SERVER_RIG_DATA);
  test_peer_free (silent);
  test_peer_free (idle);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* Of two peers the one that has more connections, however long others are silent. */
static void
test_largest_peer (void)
{
  TestPeer *stranger, *first, *second, *third;
  ServerRig rig;

  rig_init (&rig, 3);
  stranger = server_rig_add_stranger (&rig);
  server_rig_ask (stranger, SERVER_RIG_NEW);
  server_rig_wait (MAX_SILENCE);
  first = server_rig_connect_and_greet (&rig);
  server_rig_ask (first, SERVER_RIG_NEW);
  second = server_rig_connect_and_greet (&rig);
  server_rig_ask (second, SERVER_RIG_NEW);
  server_rig_wait (2 * MAX_SILENCE);
  server_rig_ask (second, SERVER_RIG_DATA);
  third = rig_wait_for_place (&rig);
  server_rig_expect (third, "77}");
  assert_closed (&rig, first, 1);
  server_rig_ask (stranger, SERVER_RIG_DATA);
  test_peer_free (stranger);
  test_peer_free (first);
  test_peer_free (second);
  test_peer_free (third);
  server_rig_clear (&rig);
}

/* All places are taken by silent ones for as long as they like, and all that wait get in. */
static void
test_many_waiting (void)
{
  TestPeer *silent[20], *waiting[20];
  ServerRig rig;

  rig_init (&rig, G_N_ELEMENTS (silent));
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    {
      silent[i] = server_rig_connect_and_greet (&rig);
      server_rig_ask (silent[i], SERVER_RIG_NEW);
    }
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    waiting[i] = rig_wait_for_place (&rig);
  for (guint i = 0; i < G_N_ELEMENTS (waiting); i++)
    server_rig_expect (waiting[i], "77}");
  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    {
      assert_closed (&rig, silent[i], G_N_ELEMENTS (silent));
      test_peer_free (silent[i]);
      test_peer_free (waiting[i]);
    }
  server_rig_clear (&rig);
}

static gboolean
is_resolved (gpointer data)
{
  return test_outcome_is_resolved (data);
}

/* Traffic that is silent must not get past an analyzer by this: it is an overload, not a fault. */
static void
test_outcome (void)
{
  g_autoptr (ImpRemoteFactory) remote = NULL;
  TestOutcome *outcome;
  TestPeer *second;
  ServerRig rig;

  rig_init (&rig, 1);
  remote = imp_remote_factory_new (rig.address, NULL);
  g_object_set (remote, "fail", IMP_FAIL_SOFT, NULL);
  outcome = test_outcome_new (imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, NULL));
  while (imp_server_get_n_analyzers (rig.server) == 0)
    g_main_context_iteration (NULL, TRUE);
  second = rig_wait_for_place (&rig);
  g_assert_true (test_run_until (is_resolved, outcome, SERVER_RIG_TIMEOUT));
  test_outcome_assert_hard (outcome);
  g_assert_nonnull (strstr (outcome->reason, "max-silence"));
  server_rig_expect (second, "77}");
  test_peer_free (second);
  test_outcome_free (outcome);
  imp_remote_factory_close (remote);
  server_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *path = g_strconcat ("/server-silence/kinds/", kinds[i].name, NULL);

      g_test_add_data_func (path, &kinds[i], test_kind);
    }
  g_test_add_func ("/server-silence/kinds/version-1", test_version_1);
  g_test_add_func ("/server-silence/longest", test_longest);
  g_test_add_func ("/server-silence/idle-first", test_idle_first);
  g_test_add_func ("/server-silence/largest-peer", test_largest_peer);
  g_test_add_func ("/server-silence/many-waiting", test_many_waiting);
  g_test_add_func ("/server-silence/outcome", test_outcome);
  return g_test_run ();
}
