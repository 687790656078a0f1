/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Several servers: who gets an analyzer, and what becomes of it when one of them fails. */
#include "pool-rig.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory.h"
#include "test-streams.h"

/* --- who gets it --- */

/* What waits for verdicts is spread, and so is what waits for nothing. */
static void
check_spread (const char *holds)
{
  PoolRig rig;
  guint most = 0;

  pool_rig_init (&rig, "two-choices", 1, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 1000; i++)
    pool_rig_add (&rig, holds, "yes");
  for (guint i = 0; i < 1000; i++)
    if (holds == NULL)
      pool_rig_expect_passed (rig.outcomes->pdata[i]);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      most = MAX (most, pool_rig_get (&rig, i, "live-analyzers"));
      if (holds != NULL)
        g_assert_cmpuint (pool_rig_get (&rig, i, "unsettled"), ==,
                          5 * pool_rig_get (&rig, i, "live-analyzers"));
    }
  g_assert_cmpuint (most, <=, 300);
  pool_rig_clear (&rig);
}

static void
test_spread (void)
{
  check_spread (NULL);
}

static void
test_spread_held (void)
{
  check_spread ("holds");
}

/* Two factories, as if they were in two processes, agree. */
static void
test_hash (void)
{
  PoolRig rig;
  guint before[POOL_RIG_SERVERS];
  g_autoptr (ImpRemoteFactory) other = NULL, first = NULL;

  pool_rig_init (&rig, "hash=caddr", 1, 15);
  other = g_object_new (IMP_TYPE_REMOTE_FACTORY, "addresses", rig.addresses, "balance",
                        "hash=caddr", NULL);
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i / 2);

      if (i % 2 == 0)
        for (guint j = 0; j < POOL_RIG_SERVERS; j++)
          before[j] = rig.servers[j].n_analyzers;
      first = rig.remote;
      if (i % 2 == 1)
        rig.remote = other;
      pool_rig_expect_passed (pool_rig_add (&rig, "caddr", address));
      rig.remote = g_steal_pointer (&first);
      for (guint j = 0; j < POOL_RIG_SERVERS; j++)
        g_assert_true (i % 2 == 0 || rig.servers[j].n_analyzers - before[j] != 1);
    }
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    g_assert_cmpuint (rig.servers[i].n_analyzers, >, 0);
  g_ptr_array_set_size (rig.outcomes, 0);
  g_assert_finalize_object (g_steal_pointer (&other));
  pool_rig_clear (&rig);
}

/* The others are spares. */
static void
test_first (void)
{
  PoolRig rig;

  pool_rig_init (&rig, "first", 1, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 10; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 10);
  pool_server_close (&rig.servers[0]);
  pool_rig_wait_ready (&rig, 3);
  pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[1].n_analyzers, ==, 1);
  pool_server_start (&rig.servers[0]);
  pool_rig_wait_ready (&rig, 4);
  pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 11);
  pool_rig_clear (&rig);
}

static void
test_connections (void)
{
  PoolRig rig;

  pool_rig_init (&rig, "two-choices", 3, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 100; i++)
    pool_rig_add (&rig, NULL, NULL);
  for (guint i = 0; i < 100; i++)
    pool_rig_expect_passed (rig.outcomes->pdata[i]);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      g_autoptr (GVariant) all = imp_server_get_statistics (rig.servers[i].server);
      guint64 connections;

      g_assert_true (g_variant_lookup (all, "connections", "t", &connections));
      g_assert_cmpuint (connections, ==, 3);
      g_assert_cmpuint (pool_rig_get (&rig, i, "connections"), ==, 3);
    }
  pool_rig_clear (&rig);
}

/* --- servers that are not there --- */

/* Nobody waits for them in vain, from the first analyzer on. */
static void
check_some_dead (const char *balance, guint mask)
{
  PoolRig rig;

  pool_rig_init (&rig, balance, 1, mask);
  for (guint i = 0; i < 20; i++)
    pool_rig_add (&rig, NULL, NULL);
  for (guint i = 0; i < 20; i++)
    pool_rig_expect_passed (rig.outcomes->pdata[i]);
  for (guint i = 0; i < 20; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  pool_rig_clear (&rig);
}

static void
test_some_dead (void)
{
  for (guint mask = 1; mask < 15; mask += 3)
    {
      check_some_dead ("two-choices", mask);
      check_some_dead ("first", mask);
    }
}

/* What waited for one that never came keeps its order and its pauses. */
static void
test_moved (void)
{
  PoolRig rig;
  TestOutcome *outcome;
  g_autoptr (GBytes) much = test_bytes_pattern (100000);
  g_autofree char *last = NULL;

  pool_rig_init (&rig, "first", 1, 8);
  g_object_set (rig.remote, "high-water", 50000, NULL);
  outcome = pool_rig_add (&rig, NULL, NULL);
  imp_analyzer_data (outcome->analyzer, 0, much, 0, IMP_DATA_TYPE_STREAM);
  imp_analyzer_data (outcome->analyzer, 1, much, 0, IMP_DATA_TYPE_STREAM);
  g_assert_nonnull (strstr (outcome->text->str, "pause dir=0"));
  last = g_strdup ("pass dir=1 offset=100000");
  while (strstr (outcome->text->str, last) == NULL
         || strstr (outcome->text->str, "pass dir=0 offset=100005") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_nonnull (strstr (outcome->text->str, "continue dir=0"));
  g_assert_false (test_outcome_is_resolved (outcome));
  pool_rig_clear (&rig);
}

static void
check_all_dead (ImpFailMode fail)
{
  PoolRig rig;

  pool_rig_init (&rig, "two-choices", 2, 0);
  g_object_set (rig.remote, "fail", fail, NULL);
  for (guint i = 0; i < 10; i++)
    {
      TestOutcome *outcome = pool_rig_add (&rig, NULL, NULL);

      g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
      if (fail == IMP_FAIL_HARD)
        test_outcome_assert_hard (outcome);
      else
        test_outcome_assert_soft (outcome);
    }
  g_assert_cmpint (imp_remote_factory_get_state (rig.remote), ==, IMP_REMOTE_STATE_DOWN);
  pool_server_start (&rig.servers[2]);
  pool_rig_wait_ready (&rig, 1);
  pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  pool_rig_clear (&rig);
}

static void
test_all_dead (void)
{
  check_all_dead (IMP_FAIL_HARD);
  check_all_dead (IMP_FAIL_SOFT);
}

static void
on_connecting_failed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, user_data);
}

static gboolean
has_error (gpointer data)
{
  return *(GError **) data != NULL;
}

static void
test_connect_fails (void)
{
  g_autoptr (GError) error = NULL;
  PoolRig rig;

  pool_rig_init (&rig, "two-choices", 1, 0);
  imp_remote_factory_connect_async (rig.remote, NULL, on_connecting_failed, &error);
  g_assert_true (test_run_until (has_error, &error, POOL_RIG_TIMEOUT));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  pool_rig_clear (&rig);
}

/* --- servers that go --- */

/* Its own analyzers have their outcome, nobody else's. */
static void
test_lost (void)
{
  PoolRig rig;
  guint n_resolved = 0;

  pool_rig_init (&rig, "two-choices", 1, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 100; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  pool_server_close (&rig.servers[1]);
  pool_rig_wait_ready (&rig, 3);
  for (guint i = 0; i < 100; i++)
    n_resolved += test_outcome_is_resolved (rig.outcomes->pdata[i]);
  g_assert_cmpuint (n_resolved, ==, rig.servers[1].n_analyzers);
  g_assert_cmpint (imp_remote_factory_get_state (rig.remote), ==, IMP_REMOTE_STATE_READY);
  for (guint i = 0; i < 50; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  pool_rig_clear (&rig);
}

/* It finishes what it has, and gets nothing new. */
static void
test_goodbye (void)
{
  PoolRig rig;
  gboolean stopped = FALSE;
  guint before;

  pool_rig_init (&rig, "two-choices", 1, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 40; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  before = rig.servers[1].n_analyzers;
  pool_server_stop (&rig.servers[1], &stopped);
  pool_rig_wait_ready (&rig, 3);
  for (guint i = 0; i < 40; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[1].n_analyzers, ==, before);
  for (guint i = 0; i < 40; i++)
    {
      TestOutcome *outcome = rig.outcomes->pdata[i];

      imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "bye", 3, 0,
                               IMP_DATA_TYPE_STREAM);
      while (strstr (outcome->text->str, "pass dir=0 offset=8") == NULL)
        g_main_context_iteration (NULL, TRUE);
      g_assert_false (test_outcome_is_resolved (outcome));
    }
  g_ptr_array_set_size (rig.outcomes, 0);
  g_assert_true (test_run_until (pool_rig_is_true, &stopped, POOL_RIG_TIMEOUT));
  pool_rig_clear (&rig);
}

/* --- servers that fail --- */

static gboolean
is_back (gpointer data)
{
  return pool_rig_get (data, 0, "ejected-for") == 0
         && pool_rig_count_ready (data) == POOL_RIG_SERVERS;
}

typedef struct
{
  PoolRig *rig;
  gboolean wanted;
} Ejected;

static gboolean
is_ejected (gpointer data)
{
  Ejected *ejected = data;

  return pool_rig_is_ejected (ejected->rig, 0) == ejected->wanted;
}

/* Until it has failed five in a row, and then until it answers. */
static void
check_ejected (gboolean holds)
{
  PoolRig rig;
  guint n_failed = 0;
  Ejected ejected = { &rig, FALSE };

  pool_rig_init (&rig, "first", 1, 15);
  if (holds)
    g_object_set (rig.remote, "deadline", 40, NULL);
  imp_remote_factory_set_ejection_time (rig.remote, 1000);
  pool_rig_connect (&rig, 4);
  rig.servers[0].holds = holds;
  rig.servers[0].fails = !holds;
  while (!pool_rig_is_ejected (&rig, 0))
    {
      TestOutcome *outcome = pool_rig_add (&rig, NULL, NULL);

      g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
      n_failed++;
    }
  g_object_set (rig.remote, "deadline", 0, NULL);
  g_assert_cmpuint (n_failed, ==, 5);
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 5);
  g_assert_cmpuint (pool_rig_get (&rig, 0, "ejections"), ==, 1);
  for (guint i = 0; i < 10; i++)
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[1].n_analyzers, ==, 10);
  rig.servers[0].holds = rig.servers[0].fails = FALSE;
  g_assert_true (test_run_until (is_ejected, &ejected, POOL_RIG_TIMEOUT));
  g_assert_true (is_back (&rig));
  pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 6);
  pool_rig_clear (&rig);
}

static void
test_exceptions (void)
{
  check_ejected (FALSE);
}

static void
test_deadlines (void)
{
  check_ejected (TRUE);
}

/* A server that also does what it should has not failed in a row. */
static void
test_not_consecutive (void)
{
  PoolRig rig;

  pool_rig_init (&rig, "first", 1, 15);
  pool_rig_connect (&rig, 4);
  for (guint i = 0; i < 20; i++)
    {
      TestOutcome *outcome;

      rig.servers[0].fails = i % 2 == 0;
      outcome = pool_rig_add (&rig, NULL, NULL);
      if (i % 2 == 1)
        pool_rig_expect_passed (outcome);
      else
        g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
    }
  g_assert_cmpuint (rig.servers[0].n_analyzers, ==, 20);
  g_assert_false (pool_rig_is_ejected (&rig, 0));
  pool_rig_clear (&rig);
}

/* --- connections that have lived for long enough --- */

typedef struct
{
  PoolRig *rig;
  guint64 n;
} Connections;

static gboolean
has_connections (gpointer data)
{
  Connections *connections = data;

  return pool_rig_get (connections->rig, 0, "connections") >= connections->n;
}

static gboolean
has_few_connections (gpointer data)
{
  g_autoptr (GVariant) all = imp_server_get_statistics (((PoolRig *) data)->servers[0].server);
  guint64 n;

  g_assert_true (g_variant_lookup (all, "live-connections", "t", &n));
  return n <= 2;
}

static gboolean
look_again (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

static void
feed_more (TestOutcome *outcome, const char *wanted)
{
  imp_analyzer_data_bytes (outcome->analyzer, 0, (const guint8 *) "more", 4, 0,
                           IMP_DATA_TYPE_STREAM);
  while (strstr (outcome->text->str, wanted) == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (test_outcome_is_resolved (outcome));
}

/* New analyzers go to new connections, old ones stay, and nobody notices. */
static void
test_age (void)
{
  PoolRig rig;
  Connections connections = { &rig, 4 };
  TestOutcome *old;
  guint timer = g_timeout_add (5, look_again, NULL);

  pool_rig_init (&rig, "first", 1, 1);
  g_object_set (rig.remote, "max-connection-age", 40, NULL);
  old = pool_rig_add (&rig, NULL, NULL);
  pool_rig_expect_passed (old);
  while (!has_connections (&connections))
    pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  feed_more (old, "pass dir=0 offset=9");
  /* Those that have nothing left end; one of them still has the old one. */
  g_ptr_array_remove_range (rig.outcomes, 1, rig.outcomes->len - 1);
  g_object_set (rig.remote, "max-connection-age", 0, NULL);
  g_assert_true (test_run_until (has_few_connections, &rig, POOL_RIG_TIMEOUT));
  feed_more (old, "pass dir=0 offset=13");
  g_source_remove (timer);
  pool_rig_clear (&rig);
}

/* Where no other connection can be made, the old one stays in use. */
static void
test_age_alone (void)
{
  PoolRig rig;
  Connections connections = { &rig, 1 };
  guint timer = g_timeout_add (5, look_again, NULL);
  gint64 end;

  pool_rig_init (&rig, "first", 1, 1);
  pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
  g_assert_true (has_connections (&connections));
  g_assert_cmpint (g_unlink (rig.servers[0].path), ==, 0);
  g_object_set (rig.remote, "max-connection-age", 20, NULL);
  end = g_get_monotonic_time () + 200 * G_TIME_SPAN_MILLISECOND;
  while (g_get_monotonic_time () < end)
    {
      pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
      g_assert_cmpint (imp_remote_factory_get_state (rig.remote), ==, IMP_REMOTE_STATE_READY);
      g_main_context_iteration (NULL, TRUE);
    }
  g_assert_cmpuint (pool_rig_get (&rig, 0, "connections"), ==, 1);
  g_source_remove (timer);
  pool_rig_clear (&rig);
}

static gboolean
has_verdict (gpointer data)
{
  TestOutcome *outcome = data;

  return test_outcome_is_resolved (outcome)
         || strstr (outcome->text->str, "pass dir=0 offset=5") != NULL;
}

/* It goes while the next one is being made. */
static void
test_age_lost (void)
{
  PoolRig rig;
  guint timer = g_timeout_add (5, look_again, NULL);

  for (guint i = 0; i < 10; i++)
    {
      TestOutcome *outcome;
      gint64 end;

      pool_rig_init (&rig, "first", 1, 1);
      g_object_set (rig.remote, "max-connection-age", 2, NULL);
      pool_rig_expect_passed (pool_rig_add (&rig, NULL, NULL));
      end = g_get_monotonic_time () + i * G_TIME_SPAN_MILLISECOND;
      while (g_get_monotonic_time () < end)
        g_main_context_iteration (NULL, FALSE);
      pool_server_close (&rig.servers[0]);
      outcome = rig.outcomes->pdata[0];
      g_assert_true (test_run_until (pool_rig_is_resolved, outcome, POOL_RIG_TIMEOUT));
      test_outcome_assert_hard (outcome);
      pool_server_start (&rig.servers[0]);
      /* The end of another connection may not have been noticed yet. */
      do
        {
          pool_rig_wait_ready (&rig, 1);
          outcome = pool_rig_add (&rig, NULL, NULL);
          g_assert_true (test_run_until (has_verdict, outcome, POOL_RIG_TIMEOUT));
        }
      while (test_outcome_is_resolved (outcome));
      pool_rig_clear (&rig);
    }
  g_source_remove (timer);
}

/* --- questions and settings --- */

static void
on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  *(GList **) user_data = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, &error);
  g_assert_no_error (error);
}

static gboolean
has_list (gpointer data)
{
  return *(GList **) data != NULL;
}

static void
test_statuses (void)
{
  PoolRig rig;
  GList *statuses = NULL;

  pool_rig_init (&rig, "two-choices", 2, 13);
  imp_factory_query_statuses_async (IMP_FACTORY (rig.remote), 5000, NULL, on_statuses, &statuses);
  g_assert_true (test_run_until (has_list, &statuses, POOL_RIG_TIMEOUT));
  g_assert_cmpuint (g_list_length (statuses), ==, 4);
  for (guint i = 0; i < POOL_RIG_SERVERS; i++)
    {
      ImpFactoryStatus *status = g_list_nth_data (statuses, i);

      g_assert_cmpint (imp_factory_status_get_state (status), ==,
                       i == 1 ? IMP_FACTORY_STATE_RESTARTING : IMP_FACTORY_STATE_UP);
    }
  g_list_free_full (statuses, (GDestroyNotify) imp_factory_status_unref);
  statuses = imp_factory_list_statuses (IMP_FACTORY (rig.remote));
  g_assert_cmpuint (g_list_length (statuses), ==, 4);
  g_list_free_full (statuses, (GDestroyNotify) imp_factory_status_unref);
  pool_rig_clear (&rig);
}

static void
check_settings (const char *settings, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = NULL;

  factory = imp_factory_new_from_settings (IMP_TYPE_REMOTE_FACTORY, settings, &error);
  if (wanted != NULL)
    {
      g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
      g_assert_nonnull (strstr (error->message, wanted));
      return;
    }
  g_assert_no_error (error);
}

static void
test_settings (void)
{
  g_autoptr (ImpFactory) factory = NULL, bound = NULL;
  g_autoptr (ImpInterface)
    interface = imp_interface_new (IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_PASS);
  g_autofree char *text = NULL;
  static const char settings[] = "address=/a&addresses=/b,/c&balance=hash%3Dcaddr&connections=3";
  g_autoptr (GError) error = NULL;

  factory = imp_factory_new_from_settings (IMP_TYPE_REMOTE_FACTORY, settings, &error);
  g_assert_no_error (error);
  bound = imp_factory_set_interface (factory, interface, &error);
  g_assert_no_error (error);
  text = imp_factory_get_settings (bound);
  g_assert_nonnull (strstr (text, "addresses=/b,/c"));
  g_assert_nonnull (strstr (text, "connections=3"));
  g_assert_nonnull (strstr (text, "caddr"));
  check_settings ("addresses=/a,/b", NULL);
  check_settings ("addresses=/a,/b&balance=first", NULL);
  check_settings ("address=/a&balance=hash=caddr", NULL);
  check_settings ("addresses=/a,,/b", "\"\"");
  check_settings ("addresses=/a,b", "\"b\"");
  check_settings ("addresses=/a,/b&balance=hash=", "\"hash=\"");
  check_settings ("addresses=/a,/b&balance=last", "\"last\"");
  check_settings ("addresses=/a,/b&connections=0", "connections");
  check_settings ("addresses=/1,/2,/3,/4,/5&connections=64", "5 addresses with 64 connections");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/spread", test_spread);
  g_test_add_func ("/pool/spread-held", test_spread_held);
  g_test_add_func ("/pool/hash", test_hash);
  g_test_add_func ("/pool/first", test_first);
  g_test_add_func ("/pool/connections", test_connections);
  g_test_add_func ("/pool/some-dead", test_some_dead);
  g_test_add_func ("/pool/moved", test_moved);
  g_test_add_func ("/pool/all-dead", test_all_dead);
  g_test_add_func ("/pool/connect-fails", test_connect_fails);
  g_test_add_func ("/pool/lost", test_lost);
  g_test_add_func ("/pool/goodbye", test_goodbye);
  g_test_add_func ("/pool/exceptions", test_exceptions);
  g_test_add_func ("/pool/deadlines", test_deadlines);
  g_test_add_func ("/pool/not-consecutive", test_not_consecutive);
  g_test_add_func ("/pool/age", test_age);
  g_test_add_func ("/pool/age-alone", test_age_alone);
  g_test_add_func ("/pool/age-lost", test_age_lost);
  g_test_add_func ("/pool/statuses", test_statuses);
  g_test_add_func ("/pool/settings", test_settings);
  return g_test_run ();
}
