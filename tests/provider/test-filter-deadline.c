/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An analyzer in this process that does not answer: every way to say nothing comes to an end, none
 * that has a good reason does, and what waits for nothing has no timer. */
#include "filter-script.h"

#include <string.h>

#include "test-peer.h"
#include "test-streams.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define DEADLINE 60 /* milliseconds */
#define SETTING "60 ms (property deadline of ImpFilter)"
#define LATE_BYTES                                                                                 \
  "The analyzer MockAnalyzer let 3 bytes from the client wait for more than " SETTING

/* A filter with a deadline, whose mock says only what the test says. */
static FilterScript *
new_script (void)
{
  FilterScript *t = filter_script_new (NULL);

  imp_filter_set_deadline (t->filter, DEADLINE);
  imp_filter_set_max_extensions (t->filter, 0);
  return t;
}

static void
run_for (guint milliseconds)
{
  test_run_until (test_never, NULL, milliseconds);
}

/* Waits until the filter says "failed(...)", and nothing else, and gives the milliseconds. */
static gint64
wait_failed (FilterScript *t, const char *reason)
{
  g_autofree char *expected = g_strdup_printf ("failed(%s)", reason);
  gint64 begin = g_get_monotonic_time ();

  while (t->log->len == 0)
    g_main_context_iteration (NULL, TRUE);
  filter_script_expect (t, expected);
  filter_script_push_refused (t, CLIENT, "x", IMP_ERROR_TIMEOUT, reason, "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  return (g_get_monotonic_time () - begin) / 1000;
}

static void
test_silent (void)
{
  g_autoptr (FilterScript) t = new_script ();
  g_autoptr (GError) error = NULL;

  filter_script_push (t, CLIENT, "abc", "");
  g_assert_cmpint (wait_failed (t, LATE_BYTES), >=, DEADLINE - 1);
  g_assert_false (imp_filter_check (t->filter, &error));
  g_assert_cmpstr (error->message, ==, LATE_BYTES);
  g_assert_cmpint (imp_filter_get_denied (t->filter, CLIENT), ==, 3);
  mock_analyzer_expect (t->mock, "0<abc close");
}

/* Whatever it says about the other direction. */
static void
test_one_direction (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abcd", "");
  filter_script_push (t, SERVER, "xyz", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, IMP_MAX_OFFSET);
  imp_analyzer_pass_bytes (t->analyzer, SERVER, 2);
  filter_script_expect (t, "0>abcd 1>xy");
  wait_failed (t,
               "The analyzer MockAnalyzer let 1 byte from the server wait for more than " SETTING);
}

static void
test_end_of_stream (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, SERVER, "abc", "");
  imp_analyzer_prepass_bytes (t->analyzer, SERVER, 3);
  filter_script_expect (t, "1>abc");
  filter_script_push (t, SERVER, "", "");
  wait_failed (t, "The analyzer MockAnalyzer let the end of the data from the server wait for more "
                  "than " SETTING);
}

/* Each byte has its own age, so that a trickle of verdicts helps nobody. */
static void
test_trickle (void)
{
  g_autoptr (FilterScript) t = new_script ();
  g_autofree char *text = g_strnfill (1000, 'x');

  filter_script_push (t, CLIENT, text, "");
  for (guint i = 1; i < 1000 && imp_filter_check (t->filter, NULL); i++)
    {
      imp_analyzer_pass_bytes (t->analyzer, CLIENT, i);
      run_for (DEADLINE / 10);
    }
  g_assert_false (imp_filter_check (t->filter, NULL));
  g_string_truncate (t->log, 0);
}

/* Nothing else need be waiting: a direction that is paused does not go on by itself. */
static void
test_paused (gconstpointer before)
{
  g_autoptr (FilterScript) t = new_script ();

  if (before != NULL)
    {
      filter_script_push (t, CLIENT, before, "");
      imp_analyzer_pass_bytes (t->analyzer, CLIENT, strlen (before));
      g_string_truncate (t->log, 0);
    }
  imp_analyzer_pause (t->analyzer, CLIENT);
  filter_script_expect (t, "paused0");
  wait_failed (t,
               "The analyzer MockAnalyzer kept data from the client paused for more than " SETTING);
}

static void
test_paused_with_bytes (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_pause (t->analyzer, CLIENT);
  filter_script_expect (t, "paused0");
  wait_failed (t, LATE_BYTES);
}

static void
test_resumed (void)
{
  g_autoptr (FilterScript) t = new_script ();

  imp_analyzer_pause (t->analyzer, CLIENT);
  imp_analyzer_pause (t->analyzer, SERVER);
  filter_script_expect (t, "paused0 paused1");
  g_assert_cmpint (test_get_next_wakeup (), !=, -1);
  imp_analyzer_resume (t->analyzer, CLIENT);
  /* A direction that is not fed any more need not be spared. */
  imp_analyzer_pass_bytes (t->analyzer, SERVER, IMP_MAX_OFFSET);
  filter_script_expect (t, "resumed0 resumed1");
  run_for (2 * DEADLINE);
  filter_script_expect (t, "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

/* A pause, and a promise, gain time so often and no more. */
static void
test_extended (gconstpointer by)
{
  g_autoptr (FilterScript) t = new_script ();

  imp_filter_set_max_extensions (t->filter, 2);
  filter_script_push (t, CLIENT, "abc", "");
  if (g_str_equal (by, "pause"))
    imp_analyzer_pause (t->analyzer, CLIENT);
  else
    imp_analyzer_replace_later (t->analyzer, CLIENT, 0, 10);
  g_string_truncate (t->log, 0);
  g_assert_cmpint (wait_failed (t, LATE_BYTES ", and had 2 more of them (max-extensions is 2)"), >=,
                   3 * DEADLINE - 1);
}

/* Who has said what it waits for is not late. */
static void
test_want (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_want (t->analyzer, CLIENT, 2);
  run_for (3 * DEADLINE);
  filter_script_expect (t, "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  filter_script_push (t, CLIENT, "de", "");
  wait_failed (t,
               "The analyzer MockAnalyzer let 5 bytes from the client wait for more than " SETTING);
}

/* The provider's own fault. */
static void
test_busy (void)
{
  g_autoptr (FilterScript) t = new_script ();

  imp_filter_set_busy (t->filter, CLIENT, TRUE);
  filter_script_push (t, CLIENT, "abc", "");
  run_for (3 * DEADLINE);
  filter_script_expect (t, "");
  imp_filter_set_busy (t->filter, CLIENT, FALSE);
  wait_failed (t, LATE_BYTES);
}

/* The verdict has come, and waits until it can be carried out. */
static void
test_busy_verdict (void)
{
  g_autoptr (FilterScript) t = new_script ();

  imp_filter_set_busy (t->filter, CLIENT, TRUE);
  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 3);
  run_for (3 * DEADLINE);
  filter_script_expect (t, "");
  imp_filter_set_busy (t->filter, CLIENT, FALSE);
  filter_script_expect (t, "0>abc");
}

static void
test_in_time (void)
{
  g_autoptr (FilterScript) t = new_script ();

  for (guint i = 1; i <= 6; i++)
    {
      filter_script_push (t, CLIENT, "abc", "");
      run_for (DEADLINE / 3);
      imp_analyzer_pass_bytes (t->analyzer, CLIENT, 3 * i);
      filter_script_expect (t, "0>abc");
    }
  run_for (DEADLINE);
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

/* An analyzer that answers at once never needs a timer. */
static void
test_at_once (void)
{
  g_autoptr (FilterScript) t = filter_script_new (mock_pass);

  imp_filter_set_deadline (t->filter, DEADLINE);
  imp_filter_set_hold_timeout (t->filter, DEADLINE);
  filter_script_push (t, CLIENT, "abc", "0>abc");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  filter_script_push (t, CLIENT, "", "0>.");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

static void
test_none (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  g_assert_cmpuint (imp_filter_get_deadline (t->filter), ==, 0);
  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_pause (t->analyzer, SERVER);
  filter_script_expect (t, "paused1");
  filter_script_push (t, SERVER, "x", "");
  filter_script_push (t, SERVER, "", "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

/* What waits already counts from then on. */
static void
test_set_later (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "abc", "");
  imp_filter_set_max_extensions (t->filter, 0);
  imp_filter_set_deadline (t->filter, 3600000);
  imp_filter_set_deadline (t->filter, DEADLINE);
  wait_failed (t, LATE_BYTES);
}

static void
test_unset_later (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abc", "");
  g_assert_cmpint (test_get_next_wakeup (), !=, -1);
  imp_filter_set_deadline (t->filter, 0);
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  imp_filter_set_deadline (t->filter, DEADLINE);
  wait_failed (t, LATE_BYTES);
}

static void
count_notify (GObject *object, GParamSpec *pspec, guint *n)
{
  (*n)++;
}

static void
test_properties (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);
  guint deadline = 0, max_extensions = 0, hold_timeout = 1, n = 0;

  g_signal_connect (t->filter, "notify", G_CALLBACK (count_notify), &n);
  g_object_get (t->filter, "max-extensions", &max_extensions, "hold-timeout", &hold_timeout, NULL);
  g_assert_cmpuint (max_extensions, ==, 10);
  g_assert_cmpuint (hold_timeout, ==, 0);
  g_object_set (t->filter, "deadline", 5u, "max-extensions", 6u, "hold-timeout", 7u, NULL);
  g_object_set (t->filter, "deadline", 5u, NULL);
  g_assert_cmpuint (n, ==, 3);
  g_object_get (t->filter, "deadline", &deadline, NULL);
  g_assert_cmpuint (deadline, ==, 5);
  g_assert_cmpuint (imp_filter_get_max_extensions (t->filter), ==, 6);
  g_assert_cmpuint (imp_filter_get_hold_timeout (t->filter), ==, 7);
}

/* Somebody has closed it, so that it says nothing any more and is told nothing either. */
static void
test_closed_analyzer (void)
{
  g_autoptr (FilterScript) t = new_script ();

  imp_analyzer_close (t->analyzer);
  filter_script_push (t, CLIENT, "abc", "");
  wait_failed (t, LATE_BYTES);
}

static void
test_closed_filter (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abc", "");
  imp_filter_close (t->filter);
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

static void
test_denied (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "abc", "");
  imp_analyzer_deny (t->analyzer, CLIENT, "no");
  filter_script_expect (t, "denied(no)");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

static void
drop_filter (ImpFilter *filter, const char *message, FilterScript *t)
{
  g_clear_object (&t->filter);
}

/* The last reference goes while the clock ticks. */
static void
test_unref_in_signal (void)
{
  g_autoptr (FilterScript) t = new_script ();

  g_signal_connect (t->filter, "failed", G_CALLBACK (drop_filter), t);
  filter_script_push (t, CLIENT, "abc", "");
  while (t->filter != NULL)
    g_main_context_iteration (NULL, TRUE);
  filter_script_expect (t, "failed(" LATE_BYTES ")");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

/* Everything happens in the context that was the thread's when the filter was made. */
static void
test_context (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (FilterScript) t = NULL;

  g_main_context_push_thread_default (context);
  t = new_script ();
  g_main_context_pop_thread_default (context);
  filter_script_push (t, CLIENT, "abc", "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  while (t->log->len == 0)
    g_main_context_iteration (context, TRUE);
  filter_script_expect (t, "failed(" LATE_BYTES ")");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-deadline/silent", test_silent);
  g_test_add_func ("/filter-deadline/one-direction", test_one_direction);
  g_test_add_func ("/filter-deadline/end-of-stream", test_end_of_stream);
  g_test_add_func ("/filter-deadline/trickle", test_trickle);
  g_test_add_data_func ("/filter-deadline/paused/fresh", NULL, test_paused);
  g_test_add_data_func ("/filter-deadline/paused/settled", "abc", test_paused);
  g_test_add_func ("/filter-deadline/paused/with-bytes", test_paused_with_bytes);
  g_test_add_func ("/filter-deadline/resumed", test_resumed);
  g_test_add_data_func ("/filter-deadline/extended/pause", "pause", test_extended);
  g_test_add_data_func ("/filter-deadline/extended/promise", "promise", test_extended);
  g_test_add_func ("/filter-deadline/want", test_want);
  g_test_add_func ("/filter-deadline/busy", test_busy);
  g_test_add_func ("/filter-deadline/busy/verdict", test_busy_verdict);
  g_test_add_func ("/filter-deadline/in-time", test_in_time);
  g_test_add_func ("/filter-deadline/at-once", test_at_once);
  g_test_add_func ("/filter-deadline/none", test_none);
  g_test_add_func ("/filter-deadline/set-later", test_set_later);
  g_test_add_func ("/filter-deadline/unset-later", test_unset_later);
  g_test_add_func ("/filter-deadline/properties", test_properties);
  g_test_add_func ("/filter-deadline/closed-analyzer", test_closed_analyzer);
  g_test_add_func ("/filter-deadline/closed-filter", test_closed_filter);
  g_test_add_func ("/filter-deadline/denied", test_denied);
  g_test_add_func ("/filter-deadline/unref-in-signal", test_unref_in_signal);
  g_test_add_func ("/filter-deadline/context", test_context);
  return g_test_run ();
}
