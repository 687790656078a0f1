/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Analyzers of which nothing has come yet that cannot be undone go to another server when theirs is
 * lost, drains or is left out, and whoever feeds them does not notice. */
#include "pool-rig.h"

#include <string.h>

#include "core/imp-factory.h"
#include "rpc/client/imp-remote-analyzer-private.h"
#include "test-streams.h"

/* All servers there, and the first one, to which all go, says nothing. */
static void
rig_init (PoolRig *self)
{
  pool_rig_init (self, "first", 1, 15);
  pool_rig_connect (self, POOL_RIG_SERVERS);
  self->servers[0].holds = TRUE;
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

typedef struct
{
  PoolRig *rig;
  guint server;
  guint n;
} Served;

static gboolean
is_served (gpointer data)
{
  Served *served = data;

  return served->rig->servers[served->server].n_analyzers >= served->n;
}

/* Until the server has heard of so many analyzers. */
static void
wait_served (PoolRig *rig, guint server, guint n)
{
  Served served = { rig, server, n };

  g_assert_true (test_run_until (is_served, &served, POOL_RIG_TIMEOUT));
}

static void
expect_text (TestOutcome *outcome, const char *wanted)
{
  while (strstr (outcome->text->str, wanted) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (test_outcome_is_resolved (outcome));
}

static void
feed (TestOutcome *outcome, ImpDirection direction, GBytes *data)
{
  imp_analyzer_data (outcome->analyzer, direction, data, 0, IMP_DATA_TYPE_STREAM);
}

/* Both directions, and what comes later, from the first byte on. */
static void
test_lost (void)
{
  PoolRig rig;
  g_autoptr (GBytes) some = test_bytes_pattern (3000), more = test_bytes_pattern (10000);

  rig_init (&rig);
  for (guint i = 0; i < 20; i++)
    {
      TestOutcome *outcome = pool_rig_add (&rig, NULL, NULL);

      feed (outcome, 1, some);
      feed (outcome, 0, more);
    }
  wait_served (&rig, 0, 20);
  g_assert_cmpuint (pool_rig_get_total (&rig, "moved"), ==, 0);
  pool_server_close (&rig.servers[0]);
  for (guint i = 0; i < 20; i++)
    {
      TestOutcome *outcome = rig.outcomes->pdata[i];

      expect_text (outcome, "pass dir=0 offset=10005");
      expect_text (outcome, "pass dir=1 offset=3000");
      feed (outcome, 1, some);
      expect_text (outcome, "pass dir=1 offset=6000");
    }
  g_assert_cmpuint (rig.servers[1].n_analyzers, ==, 20);
  g_assert_cmpuint (pool_rig_get_total (&rig, "analyzers"), ==, 20);
  g_assert_cmpuint (pool_rig_get_total (&rig, "moved"), ==, 20);
  g_assert_cmpuint (pool_rig_get_total (&rig, "replayed"), ==, 20 * 13005);
  g_assert_cmpuint (pool_rig_get_total (&rig, "not-intact"), ==, 0);
  g_assert_cmpuint (pool_rig_get_total (&rig, "settled-hard"), ==, 0);
  pool_rig_clear (&rig);
}

static void
expect_outcome_of_lost (PoolRig *rig, TestOutcome *outcome)
{
  wait_served (rig, 0, 1);
  pool_server_close (&rig->servers[0]);
  g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
  test_outcome_assert_hard (outcome);
  g_assert_cmpuint (pool_rig_get_total (rig, "moved"), ==, 0);
}

/* What may have been acted upon cannot be undone. */
static void
check_said (const char *says, const char *heard)
{
  PoolRig rig;
  TestOutcome *outcome;

  rig_init (&rig);
  outcome = pool_rig_add (&rig, "says", says);
  expect_text (outcome, heard);
  expect_outcome_of_lost (&rig, outcome);
  g_assert_cmpuint (pool_rig_get_total (&rig, "not-intact"), ==, 1);
  pool_rig_clear (&rig);
}

static void
test_said (void)
{
  check_said ("prepass", "prepass dir=0 offset=1");
  check_said ("account", "value");
}

/* More than may be kept; and nothing is kept at all. */
static void
check_much (guint64 max_replay, gboolean moves)
{
  PoolRig rig;
  TestOutcome *outcome;
  g_autoptr (GBytes) half = test_bytes_pattern (5000);

  rig_init (&rig);
  g_object_set (rig.remote, "max-replay", max_replay, NULL);
  outcome = pool_rig_add (&rig, NULL, NULL);
  feed (outcome, 0, half);
  feed (outcome, 1, half);
  wait_served (&rig, 0, 1);
  if (moves)
    {
      pool_server_close (&rig.servers[0]);
      expect_text (outcome, "pass dir=0 offset=5005");
      expect_text (outcome, "pass dir=1 offset=5000");
    }
  else
    expect_outcome_of_lost (&rig, outcome);
  pool_rig_clear (&rig);
}

static void
test_much (void)
{
  check_much (10005, TRUE);
  check_much (10004, FALSE);
  check_much (0, FALSE);
}

/* A pause is over where nobody knows of it, and so is what was wanted. */
static void
test_hints (void)
{
  PoolRig rig;
  TestOutcome *paused, *wanting;

  rig_init (&rig);
  paused = pool_rig_add (&rig, "says", "pause");
  wanting = pool_rig_add (&rig, "says", "want");
  expect_text (paused, "pause dir=0");
  expect_text (wanting, "want dir=0 offset=1005");
  g_assert_null (strstr (paused->text->str, "continue"));
  pool_server_close (&rig.servers[0]);
  expect_text (paused, "continue dir=0");
  expect_text (paused, "pass dir=0 offset=5");
  expect_text (wanting, "want dir=0 offset=0");
  expect_text (wanting, "pass dir=0 offset=5");
  pool_rig_clear (&rig);
}

/* One that drains need not wait for what has not begun, and finishes the rest. */
static void
test_goodbye (void)
{
  PoolRig rig;
  gboolean stopped = FALSE;
  TestOutcome *intact, *other;

  rig_init (&rig);
  other = pool_rig_add (&rig, "says", "prepass");
  expect_text (other, "prepass dir=0 offset=1");
  intact = pool_rig_add (&rig, NULL, NULL);
  wait_served (&rig, 0, 2);
  pool_server_stop (&rig.servers[0], &stopped);
  expect_text (intact, "pass dir=0 offset=5");
  g_assert_cmpuint (rig.servers[1].n_analyzers, ==, 1);
  g_assert_false (stopped);
  g_assert_false (test_outcome_is_resolved (other));
  g_ptr_array_set_size (rig.outcomes, 0);
  g_assert_true (test_run_until (pool_rig_is_true, &stopped, POOL_RIG_TIMEOUT));
  pool_rig_clear (&rig);
}

/* Where there is nobody else it stays as long as it can; then it has its outcome. */
static void
test_goodbye_alone (void)
{
  PoolRig rig;
  gboolean stopped = FALSE;
  TestOutcome *outcome;

  pool_rig_init (&rig, "first", 1, 1);
  pool_rig_connect (&rig, 1);
  rig.servers[0].holds = TRUE;
  outcome = pool_rig_add (&rig, NULL, NULL);
  wait_served (&rig, 0, 1);
  pool_server_stop (&rig.servers[0], &stopped);
  pool_rig_wait_ready (&rig, 0);
  g_assert_false (test_outcome_is_resolved (outcome));
  g_assert_false (stopped);
  imp_server_close (rig.servers[0].server);
  g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
  test_outcome_assert_hard (outcome);
  g_assert_true (test_run_until (pool_rig_is_true, &stopped, POOL_RIG_TIMEOUT));
  pool_rig_clear (&rig);
}

static TestOutcome *
add_idle (PoolRig *rig)
{
  g_autoptr (GHashTable) context = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;
  TestOutcome *idle = test_outcome_new (
    imp_factory_create_analyzer (IMP_FACTORY (rig->remote), context, &error));

  g_assert_no_error (error);
  g_ptr_array_add (rig->outcomes, idle);
  return idle;
}

/* All connections of a server are about to end: another one of them is of no use. */
static void
test_goodbye_connections (void)
{
  PoolRig rig;
  gboolean stopped = FALSE;

  pool_rig_init (&rig, "first", 3, 3);
  pool_rig_connect (&rig, 2);
  rig.servers[0].holds = TRUE;
  for (guint i = 0; i < 9; i++)
    pool_rig_add (&rig, NULL, NULL);
  wait_served (&rig, 0, 9);
  pool_server_stop (&rig.servers[0], &stopped);
  for (guint i = 0; i < 9; i++)
    expect_text (rig.outcomes->pdata[i], "pass dir=0 offset=5");
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 9);
  g_assert_cmpuint (pool_rig_get_total (&rig, "moved"), ==, 9);
  g_assert_true (test_run_until (pool_rig_is_true, &stopped, POOL_RIG_TIMEOUT));
  pool_rig_clear (&rig);
}

/* What brings down each server that looks at it does not get to all of them. */
static void
test_bound (void)
{
  PoolRig rig;
  TestOutcome *fed, *idle;

  rig_init (&rig);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    rig.servers[i].holds = TRUE;
  fed = pool_rig_add (&rig, NULL, NULL);
  idle = add_idle (&rig);
  for (guint i = 0; i < 3; i++)
    {
      wait_served (&rig, i, 2);
      g_assert_false (test_outcome_is_resolved (fed));
      pool_server_close (&rig.servers[i]);
    }
  g_assert_true (test_run_until (pool_rig_is_resolved, fed, POOL_RIG_TIMEOUT));
  test_outcome_assert_hard (fed);
  wait_served (&rig, 3, 1);
  g_assert_cmpuint (rig.servers[3].n_analyzers, ==, 1);
  g_assert_false (test_outcome_is_resolved (idle));
  pool_rig_clear (&rig);
}

static void
renew_server (PoolRig *rig, guint server)
{
  pool_server_close (&rig->servers[server]);
  pool_server_start (&rig->servers[server]);
}

/* The same may be so of what is said of a connection before anything is fed; but not where
 * analyzers that came later were judged. */
static void
test_context (void)
{
  PoolRig rig;
  TestOutcome *idle;

  pool_rig_init (&rig, "first", 1, 3);
  pool_rig_connect (&rig, 2);
  idle = add_idle (&rig);
  wait_served (&rig, 0, 1);
  for (guint i = 0; i < 3 + IMP_REMOTE_ANALYZER_DOUBTS_MAX; i++)
    {
      guint other = 1 - i % 2, n = rig.servers[other].n_analyzers;

      if (i == 2)
        pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
      renew_server (&rig, i % 2);
      wait_served (&rig, other, n + 1);
      pool_rig_wait_ready (&rig, 2);
      g_assert_false (test_outcome_is_resolved (idle));
    }
  renew_server (&rig, 1);
  g_assert_true (test_run_until (pool_rig_is_resolved, idle, POOL_RIG_TIMEOUT));
  test_outcome_assert_hard (idle);
  pool_rig_clear (&rig);
}

/* A server that is left out has failed some; the others get away from it. */
static void
test_ejected (void)
{
  PoolRig rig;
  TestOutcome *late;
  guint timer = g_timeout_add (5, look_again, NULL);

  rig_init (&rig);
  g_object_set (rig.remote, "deadline", 40, NULL);
  for (guint i = 0; i < 5; i++)
    pool_rig_add (&rig, "says", "prepass");
  for (guint i = 0; i < 5; i++)
    expect_text (rig.outcomes->pdata[i], "prepass dir=0 offset=1");
  late = pool_rig_add (&rig, "says", "want");
  expect_text (late, "want dir=0 offset=1005");
  for (guint i = 0; i < 5; i++)
    g_assert_true (test_run_until (pool_rig_is_resolved, rig.outcomes->pdata[i], POOL_RIG_TIMEOUT));
  expect_text (late, "pass dir=0 offset=5");
  g_assert_true (pool_rig_is_ejected (&rig, 0));
  g_source_remove (timer);
  pool_rig_clear (&rig);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool-moves/lost", test_lost);
  g_test_add_func ("/pool-moves/said", test_said);
  g_test_add_func ("/pool-moves/much", test_much);
  g_test_add_func ("/pool-moves/hints", test_hints);
  g_test_add_func ("/pool-moves/goodbye", test_goodbye);
  g_test_add_func ("/pool-moves/goodbye-alone", test_goodbye_alone);
  g_test_add_func ("/pool-moves/goodbye-connections", test_goodbye_connections);
  g_test_add_func ("/pool-moves/bound", test_bound);
  g_test_add_func ("/pool-moves/context", test_context);
  g_test_add_func ("/pool-moves/ejected", test_ejected);
  return g_test_run ();
}
