/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What traffic alone can bring about is for "overload" to judge, and not for "fail"; and of these
 * limits, what an analyzer may say for logs. */
#include "raw-rig.h"
#include "test-streams.h"

#include <string.h>

static void
reach_max_queued (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_feed (outcome, 1001);
}

static void
reach_limit_of_server (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_greet (rig);
  test_raw_expect (rig->server, "\"new_analyzer\"", 1);
  test_raw_say (rig->server, "{\"op\":\"exception\",\"id\":1,\"message\":\"too much\","
                             "\"overload\":true}");
}

static void
reach_max_waiting (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_greet (rig);
  test_raw_expect (rig->server, "\"new_analyzer\"", 1);
  imp_analyzer_set_busy (outcome->analyzer, 0, TRUE);
  for (guint i = 0; i < 4; i++)
    test_raw_say (rig->server,
                  "{\"op\":\"result\",\"id\":1,\"result\":\"replace\",\"dir\":0,\"offset\":0,"
                  "\"text\":\"%0500d\"}",
                  0);
  /* PASS, too, waits while the direction is busy. */
  test_raw_say (rig->server, "{\"op\":\"ping\",\"token\":1}");
  test_raw_expect (rig->server, "\"pong\"", 1);
  imp_analyzer_set_busy (outcome->analyzer, 0, FALSE);
}

static void
reach_max_log_size (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_greet (rig);
  test_raw_expect (rig->server, "\"new_analyzer\"", 1);
  test_raw_say (rig->server,
                "{\"op\":\"result\",\"id\":1,\"result\":\"account_field\",\"key\":\"k\","
                "\"value\":\"%01000d\"}",
                0);
}

/* Ten times as many at once. */
static void
reach_max_log_rate (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_greet (rig);
  test_raw_expect (rig->server, "\"new_analyzer\"", 1);
  for (guint i = 0; i < 1000; i++)
    test_raw_say (rig->server, "{\"op\":\"result\",\"id\":1,\"result\":\"log\",\"dir\":0,"
                               "\"message\":\"x\"}");
}

/* The server goes on with others, so that it is not out of order. */
static void
reach_deadline (RawRig *rig, TestOutcome *outcome)
{
  raw_rig_greet (rig);
  g_object_set (rig->remote, "deadline", 400, NULL);
  raw_rig_feed (outcome, 10);
  while (!test_outcome_is_resolved (outcome))
    {
      if (rig->server->socket != NULL)
        test_raw_say (rig->server, "{\"op\":\"pong\",\"token\":0}");
      test_run_until (raw_rig_is_settled, outcome, 20);
    }
}

typedef struct
{
  const char *name;
  const char *limit;
  guint64 value;
  void (*reach) (RawRig *rig, TestOutcome *outcome);
} Overload;

static const Overload overloads[] = {
  { "max-queued", "max-queued", 1000, reach_max_queued },
  { "of-server", "max-queued", 1000, reach_limit_of_server },
  { "max-waiting", "max-waiting", 1000, reach_max_waiting },
  { "max-waiting-all", "max-waiting-all", 1000, reach_max_waiting },
  { "deadline", "max-queued", 1000, reach_deadline },
  { "max-log-size", "max-log-size", 1000, reach_max_log_size },
  { "max-log-rate", "max-log-rate", 1, reach_max_log_rate },
};

static void
check_overload (const Overload *overload, ImpFailMode fail, ImpFailMode mode)
{
  TestOutcome *outcome;
  RawRig rig;

  raw_rig_init (&rig, overload->limit, overload->value);
  g_object_set (rig.remote, "fail", fail, "overload", mode, NULL);
  outcome = raw_rig_add (&rig);
  overload->reach (&rig, outcome);
  g_assert_true (test_run_until (raw_rig_is_settled, outcome, 5000));
  if (mode == IMP_FAIL_HARD)
    test_outcome_assert_hard (outcome);
  else
    test_outcome_assert_soft (outcome);
  test_outcome_free (outcome);
  raw_rig_clear (&rig);
}

static void
test_overload (gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    check_overload (data, i & 1 ? IMP_FAIL_SOFT : IMP_FAIL_HARD,
                    i & 2 ? IMP_FAIL_SOFT : IMP_FAIL_HARD);
}

static guint64
count_log_limits (RawRig *rig)
{
  g_autoptr (GVariant) statistics = imp_remote_factory_get_statistics (rig->remote);
  guint64 n;

  g_assert_true (g_variant_lookup (statistics, "log-limits", "t", &n));
  return n;
}

/* An analyzer that refuses, at too great length, does not let the connection pass by that. */
static void
test_long_refusals (void)
{
  static const char *const refusals[] = { "\"deny\",\"dir\":0", "\"fatal\"" };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      TestOutcome *outcome;
      RawRig rig;

      raw_rig_init (&rig, "max-log-size", 1000);
      g_object_set (rig.remote, "fail", IMP_FAIL_SOFT, "overload", IMP_FAIL_SOFT, NULL);
      outcome = raw_rig_add (&rig);
      raw_rig_greet (&rig);
      test_raw_expect (rig.server, "\"new_analyzer\"", 1);
      test_raw_say (rig.server,
                    "{\"op\":\"result\",\"id\":1,\"result\":%s,\"message\":\"%01001d\"}",
                    refusals[i], 0);
      raw_rig_assert_refused (outcome, "max-log-size is", 1000);
      g_assert_cmpuint (count_log_limits (&rig), ==, 1);
      test_outcome_free (outcome);
      raw_rig_clear (&rig);
    }
}

/* Each analyzer has its own account. */
static void
test_max_log_rate (void)
{
  TestOutcome *loud, *quiet;
  RawRig rig;

  raw_rig_init (&rig, "max-log-rate", 1);
  loud = raw_rig_add (&rig);
  quiet = raw_rig_add (&rig);
  reach_max_log_rate (&rig, loud);
  raw_rig_assert_refused (loud, "max-log-rate is", 1);
  test_raw_say (rig.server,
                "{\"op\":\"result\",\"id\":2,\"result\":\"log\",\"dir\":0,\"message\":\"x\"}");
  g_assert_true (test_run_until (raw_rig_has_log, quiet, 5000));
  g_assert_false (test_outcome_is_resolved (quiet));
  g_assert_cmpuint (count_log_limits (&rig), ==, 1);
  test_outcome_free (loud);
  test_outcome_free (quiet);
  raw_rig_clear (&rig);
}

/* What is the server's own fault is for "fail" to judge, whatever is said of overloads. */
static void
test_no_overload (void)
{
  static const char *const words[] = {
    "{\"op\":\"exception\",\"id\":1,\"message\":\"I failed\"}",
    "{\"op\":\"exception\",\"id\":1,\"message\":\"I failed\",\"overload\":false}",
    "{\"op\":\"exception\",\"id\":0,\"message\":\"all failed\",\"overload\":true}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      TestOutcome *outcome;
      RawRig rig;

      raw_rig_init (&rig, "deadline", 0);
      g_object_set (rig.remote, "fail", IMP_FAIL_SOFT, NULL);
      outcome = raw_rig_add (&rig);
      raw_rig_greet (&rig);
      test_raw_expect (rig.server, "\"new_analyzer\"", 1);
      test_raw_say (rig.server, "%s", words[i]);
      g_assert_true (test_run_until (raw_rig_is_settled, outcome, 5000));
      test_outcome_assert_soft (outcome);
      test_outcome_free (outcome);
      raw_rig_clear (&rig);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (overloads); i++)
    {
      g_autofree char *path = g_strconcat ("/remote-overload/", overloads[i].name, NULL);

      g_test_add_data_func (path, &overloads[i], test_overload);
    }
  g_test_add_func ("/remote-overload/none", test_no_overload);
  g_test_add_func ("/remote-overload/max-log-rate/each", test_max_log_rate);
  g_test_add_func ("/remote-overload/long-refusals", test_long_refusals);
  return g_test_run ();
}
