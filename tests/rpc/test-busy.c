/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A provider that can take no more of a direction says so on the wire, and what the analyzer has
 * for that direction waits, at whichever end it is. */
#include "json-rig.h"
#include "test-outcome.h"
#include "test-raw-server.h"
#include "test-streams.h"

#include "core/imp-factory.h"
#include "rpc/client/imp-remote-factory.h"

#include <string.h>

#define BUSY "{\"op\":\"busy\",\"id\":1,\"dir\":%d,\"busy\":%s}"
#define DATA "{\"op\":\"data\",\"id\":1,\"dir\":%d,\"text\":\"hello\"}"
#define PASS(dir) "{\"op\":\"result\",\"id\":1,\"result\":\"pass\",\"dir\":" dir ",\"offset\":5}"

static void
assert_answer (char *answer, const char *expected)
{
  g_assert_cmpstr (answer, ==, expected);
  g_free (answer);
}

/* The server keeps verdicts back; the other direction, and the other analyzers, go on. */
static void
test_server (void)
{
  JsonRig *rig = json_rig_new (NULL, 0);

  assert_answer (json_rig_ask (rig, "{\"op\":\"new_analyzer\",\"id\":1}"), "");
  assert_answer (json_rig_ask (rig, BUSY, 0, "true"), "");
  assert_answer (json_rig_ask (rig, DATA, 0), "");
  assert_answer (json_rig_ask (rig, DATA, 1), PASS ("1") "\n");
  assert_answer (json_rig_ask (rig, BUSY, 1, "true"), "");
  assert_answer (json_rig_ask (rig, BUSY, 0, "false"), PASS ("0") "\n");
  /* Of an analyzer that is not there it means nothing. */
  assert_answer (json_rig_ask (rig, "{\"op\":\"busy\",\"id\":9,\"dir\":0,\"busy\":true}"), "");
  json_rig_free (rig);
}

typedef struct
{
  ImpRemoteFactory *remote;
  TestRaw *server;
  TestOutcome *outcome;
} Rig;

static gboolean
is_ready (gpointer data)
{
  return imp_remote_factory_get_state (((Rig *) data)->remote) == IMP_REMOTE_STATE_READY;
}

static void
rig_init (Rig *rig, guint version)
{
  g_autoptr (GError) error = NULL;

  rig->server = test_raw_new ();
  rig->remote = imp_remote_factory_new (rig->server->address, &error);
  g_assert_no_error (error);
  g_object_set (rig->remote, "codec", "json", "deadline", 100, NULL);
  rig->outcome = test_outcome_new (
    imp_factory_create_analyzer (IMP_FACTORY (rig->remote), NULL, &error));
  g_assert_no_error (error);
  test_raw_accept (rig->server);
  test_raw_say (rig->server, "{\"op\":\"set_version\",\"version\":%u}", version);
  g_assert_true (test_run_until (is_ready, rig, 5000));
  test_raw_expect (rig->server, "\"new_analyzer\"", 1);
}

static void
rig_clear (Rig *rig)
{
  test_outcome_free (rig->outcome);
  g_assert_finalize_object (rig->remote);
  test_raw_free (rig->server);
}

static void
feed (Rig *rig, int direction)
{
  imp_analyzer_data_bytes (rig->outcome->analyzer, direction, (const guint8 *) "hello", 5, 0,
                           IMP_DATA_TYPE_STREAM);
}

static gboolean
has_verdict (gpointer data)
{
  return strstr (((Rig *) data)->outcome->text->str, "pass dir=1 offset=5") != NULL;
}

/* The client says it where the server knows the word, and waits itself where it does not, or where
 * the server does not heed it. Meanwhile no deadline counts. */
static void
test_client (gconstpointer data)
{
  guint version = GPOINTER_TO_UINT (data);
  Rig rig;

  rig_init (&rig, version);
  imp_analyzer_set_busy (rig.outcome->analyzer, 0, TRUE);
  feed (&rig, 0);
  feed (&rig, 1);
  test_raw_expect (rig.server, "\"data\"", 2);
  g_assert_true (
    (strstr (rig.server->heard->str, "{\"op\":\"busy\",\"id\":1,\"dir\":0,\"busy\":true}") != NULL)
    == (version >= 2));
  test_raw_say (rig.server, PASS ("0"));
  test_raw_say (rig.server, PASS ("1"));
  g_assert_true (test_run_until (has_verdict, &rig, 5000));
  g_assert_null (strstr (rig.outcome->text->str, "dir=0"));
  g_assert_false (test_run_until (test_never, NULL, 300));
  g_assert_false (test_outcome_is_resolved (rig.outcome));
  imp_analyzer_set_busy (rig.outcome->analyzer, 0, FALSE);
  g_assert_nonnull (strstr (rig.outcome->text->str, "pass dir=0 offset=5"));
  if (version >= 2)
    test_raw_expect (rig.server, "\"busy\":false", 1);
  rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/busy/server", test_server);
  g_test_add_data_func ("/busy/client/1", GUINT_TO_POINTER (1), test_client);
  g_test_add_data_func ("/busy/client/2", GUINT_TO_POINTER (2), test_client);
  return g_test_run ();
}
