/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many analyzers of a remote factory may have a soft outcome within a minute. */
#include "test-outcome.h"
#include "test-peer.h"
#include "test-streams.h"

#include "rpc/client/imp-remote-factory-private.h"
#include "rpc/client/imp-soft-budget-private.h"

#define LIMIT 5

static gboolean
is_settled (gpointer data)
{
  return test_outcome_is_resolved (data);
}

static TestOutcome *
add (ImpRemoteFactory *remote)
{
  g_autoptr (GError) error = NULL;
  ImpAnalyzer *analyzer = imp_factory_create_analyzer (IMP_FACTORY (remote), NULL, &error);

  g_assert_no_error (error);
  return test_outcome_new (analyzer);
}

static guint64
get_number (ImpRemoteFactory *remote, const char *name)
{
  g_autoptr (GVariant) numbers = imp_remote_factory_get_statistics (remote);
  guint64 n;

  g_assert_true (g_variant_lookup (numbers, name, "t", &n));
  return n;
}

/* @n are asked for before it is known that there is no server, and as many afterwards. */
static void
check (guint limit, guint n, guint n_soft)
{
  g_autoptr (ImpRemoteFactory) remote = NULL;
  g_autofree TestOutcome **outcomes = g_new (TestOutcome *, 2 * n);
  guint soft = 0;

  remote = imp_remote_factory_new ("/nowhere/at/all", NULL);
  g_object_set (remote, "fail", IMP_FAIL_SOFT, "soft-limit", limit, NULL);
  for (guint i = 0; i < n; i++)
    outcomes[i] = add (remote);
  for (guint i = 0; i < n; i++)
    g_assert_true (test_run_until (is_settled, outcomes[i], 10000));
  for (guint i = n; i < 2 * n; i++)
    outcomes[i] = add (remote);
  for (guint i = 0; i < 2 * n; i++)
    {
      g_assert_true (test_run_until (is_settled, outcomes[i], 10000));
      if (g_strrstr (outcomes[i]->text->str, "(soft-limit)") == NULL)
        {
          test_outcome_assert_soft (outcomes[i]);
          soft++;
        }
      else
        test_outcome_assert_hard (outcomes[i]);
      test_outcome_free (outcomes[i]);
    }
  g_assert_cmpuint (soft, ==, n_soft);
  g_assert_cmpuint (get_number (remote, "settled-soft"), ==, n_soft);
  g_assert_cmpuint (get_number (remote, "settled-hard"), ==, 2 * n - n_soft);
  g_assert_cmpuint (get_number (remote, "soft-limit"), ==, 2 * n - n_soft);
  imp_remote_factory_close (remote);
}

static void
test_without (void)
{
  check (0, 20, 40);
}

/* The rest fails while the connection does, or while there is none. */
static void
test_at_once (void)
{
  check (LIMIT, 20, LIMIT);
}

static void
test_while_down (void)
{
  check (LIMIT, LIMIT - 1, LIMIT);
}

/* Never more than the limit in any 60 seconds, and all of it again after 61, at random times. */
static void
test_window (void)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  ImpSoftBudget budget = { .limit = LIMIT };
  gint64 now = 1000;

  for (guint i = 0; i < 100000; i++)
    {
      guint n = 0;

      now += g_test_rand_int_range (0, 20) == 0 ? g_test_rand_int_range (0, 200) : (gint32) (i % 3);
      imp_soft_budget_advance (&budget, now);
      for (guint j = times->len; j > 0 && g_array_index (times, gint64, j - 1) > now - 61; j--)
        n++;
      g_assert_cmpuint (budget.n_recent, ==, n);
      g_assert_cmpuint (n, <=, LIMIT);
      if (n == LIMIT)
        continue;
      budget.counts[now % IMP_SOFT_BUDGET_SECONDS]++;
      budget.n_recent++;
      g_array_append_val (times, now);
    }
  g_assert_cmpuint (times->len, >, LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/soft-limit/without", test_without);
  g_test_add_func ("/soft-limit/at-once", test_at_once);
  g_test_add_func ("/soft-limit/while-down", test_while_down);
  g_test_add_func ("/soft-limit/window", test_window);
  return g_test_run ();
}
