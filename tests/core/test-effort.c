/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What searching costs: who pays, and when it is too much. */
#include "core/imp-effort-private.h"

#include "core/imp-error.h"
#include "core/imp-matcher-private.h"

#define MILLISECOND G_GINT64_CONSTANT (1000000)

/* Computes for so long. */
static void
burn (gint64 nanoseconds)
{
  gint64 end = imp_effort_get_thread_time () + nanoseconds;

  while (imp_effort_get_thread_time () < end)
    ;
}

static void
test_slice (void)
{
  ImpEffort effort;
  gint64 time, began;
  guint n = 0;

  imp_effort_init (&effort, 1000);
  time = imp_effort_begin (&effort);
  began = imp_effort_get_thread_time ();
  g_assert_false (imp_effort_slice_is_over (&effort));
  while (!imp_effort_slice_is_over (&effort))
    {
      burn (MILLISECOND);
      g_assert_true (imp_effort_charge (&effort, &time, 0));
      n++;
    }
  g_assert_cmpint (imp_effort_get_thread_time () - began, >=, IMP_EFFORT_SLICE / 2);
  g_assert_cmpuint (n, <=, 8);
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
      g_usleep (12000);
      g_assert_true (imp_effort_charge (&effort, &time, 0));
      g_assert_false (imp_effort_slice_is_over (&effort));
    }
}

static void
test_limit (void)
{
  ImpEffort effort;
  gint64 time;
  guint n = 0;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  do
    {
      burn (2 * MILLISECOND);
      g_assert_cmpuint (++n, <, 100);
    }
  while (imp_effort_charge (&effort, &time, 0));
  g_assert_cmpuint (n, >=, 5);
}

/* What bytes pay for is no debt, and pays old ones back. */
static void
test_bytes (void)
{
  ImpEffort effort;
  gint64 time, debt;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  for (guint i = 0; i < 50; i++)
    {
      burn (MILLISECOND);
      g_assert_true (imp_effort_charge (&effort, &time, 1000000));
    }
  g_assert_cmpint (effort.debt, ==, 0);
  burn (2 * MILLISECOND);
  g_assert_true (imp_effort_charge (&effort, &time, 0));
  debt = effort.debt;
  g_assert_cmpint (debt, >=, 2 * MILLISECOND);
  g_assert_true (imp_effort_charge (&effort, &time, 1000));
  g_assert_cmpint (effort.debt, <, debt);
}

/* And so does time, slowly. */
static void
test_time (void)
{
  ImpEffort effort;
  gint64 time;

  imp_effort_init (&effort, 20);
  time = imp_effort_begin (&effort);
  burn (MILLISECOND / 10);
  g_assert_true (imp_effort_charge (&effort, &time, 0));
  g_assert_cmpint (effort.debt, >, 0);
  while (effort.debt > 0)
    {
      g_usleep (5000);
      imp_effort_begin (&effort);
    }
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
  for (guint i = 0; i < G_N_ELEMENTS (attacks); i++)
    {
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (attacks[i].regex, 64, 0, 0, NULL);
      g_autoptr (GString) data = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      gint64 began = imp_effort_get_thread_time (), longest = 0;
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
          gint64 before = imp_effort_get_thread_time ();

          status = imp_matcher_find (matcher, &run, &error);
          longest = MAX (longest, imp_effort_get_thread_time () - before);
          g_assert_true (status != IMP_MATCH_BUSY || run.from > run.position);
          run.position = run.from;
          imp_effort_begin_slice (&effort);
        }
      while (status == IMP_MATCH_BUSY);
      g_test_message ("%s: %d, longest %d ms, all %d ms", attacks[i].regex, status,
                      (int) (longest / MILLISECOND),
                      (int) ((imp_effort_get_thread_time () - began) / MILLISECOND));
      g_assert_cmpint (longest, <, 100 * MILLISECOND);
      g_assert_cmpint (imp_effort_get_thread_time () - began, <,
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
  g_test_add_func ("/effort/attacks", test_attacks);
  return g_test_run ();
}
