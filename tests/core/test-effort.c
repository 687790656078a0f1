/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What searching costs: who pays, and when it is too much. */
#include "core/imp-effort-private.h"

#include "core/imp-error.h"
#include "core/imp-matcher-private.h"
#include "test-clock.h"

#define MILLISECOND G_GINT64_CONSTANT (1000000)

/* Computes for so long, with nobody else on the machine. */
static void
burn (gint64 nanoseconds)
{
  test_clock_advance (nanoseconds, nanoseconds);
}

/* The first half of a slice is measured by the time that goes by, the second one by what the thread
 * has computed. */
static void
test_slice (void)
{
  ImpEffort effort;
  gint64 time;
  guint n = 0;

  imp_effort_init (&effort, 1000);
  time = imp_effort_begin (&effort);
  g_assert_false (imp_effort_slice_is_over (&effort));
  while (!imp_effort_slice_is_over (&effort))
    {
      burn (MILLISECOND);
      g_assert_true (imp_effort_charge (&effort, &time, 0));
      n++;
    }
  g_assert_cmpuint (n, ==, 6);
  imp_effort_begin (&effort);
  g_assert_true (imp_effort_slice_is_over (&effort));
  imp_effort_begin_slice (&effort);
  g_assert_false (imp_effort_slice_is_over (&effort));
}

/* Time that goes by while others are running is not spent here. */
static void
test_sleep (void)
{
  ImpEffort effort;
  gint64 time;

  imp_effort_init (&effort, 40);
  time = imp_effort_begin (&effort);
  for (guint i = 0; i < 10; i++)
    {
      test_clock_advance (12 * MILLISECOND, 0);
      g_assert_true (imp_effort_charge (&effort, &time, 0));
      g_assert_false (imp_effort_slice_is_over (&effort));
    }
}

/* How often so much computing is affordable, while others take the rest of the time. */
static guint
count_affordable (gint64 elapsed, gint64 computed)
{
  ImpEffort effort;
  gint64 time;
  guint n = 0;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  for (;;)
    {
      test_clock_advance (elapsed, computed);
      if (!imp_effort_charge (&effort, &time, 0))
        return n;
      g_assert_cmpuint (++n, <, 100);
    }
}

static void
test_limit (void)
{
  g_assert_cmpuint (count_affordable (2 * MILLISECOND, 2 * MILLISECOND), ==, 10);
  g_assert_cmpuint (count_affordable (30 * MILLISECOND, 30 * MILLISECOND), ==, 1);
  /* A machine with too much to do costs a quarter of the limit at most. */
  g_assert_cmpuint (count_affordable (2000 * MILLISECOND, 2 * MILLISECOND), ==, 8);
}

/* What bytes pay for is no debt, and pays old ones back. */
static void
test_bytes (void)
{
  ImpEffort effort;
  gint64 time;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  for (guint i = 0; i < 50; i++)
    {
      burn (MILLISECOND);
      g_assert_true (imp_effort_charge (&effort, &time, 10000));
    }
  g_assert_cmpint (effort.debt, ==, 0);
  burn (2 * MILLISECOND);
  g_assert_true (imp_effort_charge (&effort, &time, 0));
  g_assert_cmpint (effort.debt, ==, 2 * MILLISECOND);
  g_assert_true (imp_effort_charge (&effort, &time, 15000));
  g_assert_cmpint (effort.debt, ==, MILLISECOND / 2);
}

/* And so does time, slowly. */
static void
test_time (void)
{
  ImpEffort effort;
  gint64 time;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  burn (MILLISECOND);
  g_assert_true (imp_effort_charge (&effort, &time, 0));
  test_clock_advance (60 * MILLISECOND, 0);
  imp_effort_begin (&effort);
  g_assert_cmpint (effort.debt, ==, 4 * MILLISECOND / 10);
  test_clock_advance (60 * MILLISECOND, 0);
  imp_effort_begin (&effort);
  g_assert_cmpint (effort.debt, ==, 0);
}

/* Short searches are charged together: in the end, or before that may have taken long. */
static void
test_open (void)
{
  ImpEffort effort;
  gint64 time;

  imp_effort_init (&effort, 1000);
  imp_effort_open (&effort);
  for (guint i = 0; i < 10; i++)
    {
      time = imp_effort_enter (&effort);
      burn (MILLISECOND);
      g_assert_true (imp_effort_charge_short (&effort, &time, 1000, 1000));
      g_assert_cmpint (effort.debt, ==, 0);
    }
  imp_effort_close (&effort);
  g_assert_cmpint (effort.debt, ==, 9 * MILLISECOND);
  /* What is done while it is closed is no search. */
  burn (50 * MILLISECOND);
  imp_effort_open (&effort);
  g_assert_cmpint (effort.debt, <, 9 * MILLISECOND);
  effort.debt = 0;
  time = imp_effort_enter (&effort);
  burn (MILLISECOND);
  g_assert_true (imp_effort_charge_short (&effort, &time, 0, IMP_EFFORT_WORK_MAX + 1));
  g_assert_cmpint (effort.debt, ==, MILLISECOND);
  imp_effort_close (&effort);
  g_assert_cmpint (effort.debt, ==, MILLISECOND);
}

/* Those that come one after the other cannot escape the limit, though none is charged by itself. */
static void
test_open_limit (void)
{
  static const char data[] = "-a-b-a-b-a-b-a-b-a-b-a-b-a-b-a-b";
  g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex ("[ab]", 1, 0, 0, NULL);
  ImpMatchStatus status = IMP_MATCH_FOUND;
  g_autoptr (GError) error = NULL;
  ImpEffort effort;
  guint n = 0;

  imp_effort_init (&effort, 20);
  while (status == IMP_MATCH_FOUND)
    {
      ImpSearchRun run
        = { .data = (const guint8 *) data, .length = sizeof data - 1, .start = TRUE };

      run.effort = &effort;
      imp_effort_open (&effort);
      for (guint i = 0; i < 8 && status == IMP_MATCH_FOUND; i++)
        {
          status = imp_matcher_find (matcher, &run, &error);
          run.position = run.to;
          burn (MILLISECOND / 4);
        }
      imp_effort_close (&effort);
      g_assert_cmpuint (++n, <, 100);
    }
  g_assert_cmpint (status, ==, IMP_MATCH_FAILED);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpuint (n, >=, 10);
  g_assert_cmpuint (n, <=, 13);
}

typedef struct
{
  const char *regex; /* 2^16 steps and more at each place */
  const char *piece;
} Attack;

static const Attack attacks[] = {
  { "(?:a|a){18}[bc]", "a" },
  { "(a+)+;", "aaaaaaaaaaaaaaaa!" },
  { "(?:\\d+\\s?)+: ", "111111111111111111!" },
  { "(?:\\w*\\w*)*\\w*\\w*;evil", "xxxxxxxxxxxx " },
  { "(.*?,){9}P", "1,2,3,4,5,6,7,8,9,10,11,12,13,14" },
  { "^(?:(?:x|xx)+)+$|q", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx." },
};

/* Whatever the traffic is like, and however it is cut, no single search takes more than a few
 * slices, nor all of them together much more than the limit. */
static void
test_attacks (void)
{
  test_clock_set_step (TEST_CLOCK_STEP);
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (attacks[i].regex, 64, 0, 0, NULL);
      g_autoptr (GString) data = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      gint64 began = test_clock_get_computed (), longest = 0;
      ImpMatchStatus status;
      ImpEffort effort;
      ImpSearchRun run = { .start = TRUE, .effort = &effort };

      while (data->len < 65536)
        g_string_append (data, attacks[i].piece);
      imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
      run.data = (const guint8 *) data->str;
      run.length = data->len;
      do
        {
          gint64 before = test_clock_get_computed ();

          status = imp_matcher_find (matcher, &run, &error);
          longest = MAX (longest, test_clock_get_computed () - before);
          g_assert_true (status != IMP_MATCH_BUSY || run.from > run.position);
          run.position = run.from;
          imp_effort_begin_slice (&effort);
        }
      while (status == IMP_MATCH_BUSY);
      g_test_message ("%s: %d, longest %d ms, all %d ms", attacks[i].regex, status,
                      (int) (longest / MILLISECOND),
                      (int) ((test_clock_get_computed () - began) / MILLISECOND));
      g_assert_cmpint (longest, <, 100 * MILLISECOND);
      g_assert_cmpint (test_clock_get_computed () - began, <,
                       (IMP_EFFORT_LIMIT_DEFAULT + 150) * MILLISECOND);
      if (status == IMP_MATCH_FAILED)
        g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/effort/slice", test_slice);
  g_test_add_func ("/effort/sleep", test_sleep);
  g_test_add_func ("/effort/limit", test_limit);
  g_test_add_func ("/effort/bytes", test_bytes);
  g_test_add_func ("/effort/time", test_time);
  g_test_add_func ("/effort/open", test_open);
  g_test_add_func ("/effort/open/limit", test_open_limit);
  g_test_add_func ("/effort/attacks", test_attacks);
  return g_test_run ();
}
