/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the filter itself holds, while it looks for a pattern: not for longer than hold-timeout. */
#include "filter-script.h"

#include <string.h>

#include "test-peer.h"
#include "test-streams.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define SERVER IMP_DIRECTION_FROM_SERVER
#define TIMEOUT 60 /* milliseconds */

/* A filter that looks for @pattern in what the server says, and has got @text. */
static FilterScript *
new_search (const char *pattern, const char *text, const char *passed)
{
  FilterScript *t = filter_script_new (NULL);

  imp_filter_set_hold_timeout (t->filter, TIMEOUT);
  imp_analyzer_pass_pattern (t->analyzer, SERVER, pattern, 100);
  filter_script_push (t, SERVER, text, passed);
  return t;
}

/* Until the filter says something by itself. */
static void
wait_for (FilterScript *t, const char *expected)
{
  gint64 begin = g_get_monotonic_time ();

  while (t->log->len == 0)
    g_main_context_iteration (NULL, TRUE);
  filter_script_expect (t, expected);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, (TIMEOUT - 1) * 1000);
}

/* A client that waits for the end of an answer, before it asks again. */
static void
test_idle (void)
{
  g_autoptr (FilterScript) t = new_search ("\r\n\r\nEVIL", "HTTP/1.1 204\r\n\r\n",
                                           "1>HTTP/1.1 204");

  wait_for (t, "1>\r\n\r\n");
  g_assert_cmpint (imp_filter_get_held (t->filter, SERVER), ==, 0);
  test_run_until (test_never, NULL, TIMEOUT);
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  /* And goes on as if nothing had been. */
  filter_script_push (t, CLIENT, "GET /", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 5);
  filter_script_expect (t, "0>GET /");
  filter_script_push (t, SERVER, "HTTP/1.1 200\r\n\r\nGOOD", "1>HTTP/1.1 200\r\n\r\nGOOD");
  mock_analyzer_expect (t->mock, "0<GET /");
  filter_script_push (t, SERVER, "\r\n\r\nEVIL", "");
  mock_analyzer_expect (t->mock, "1<\r\n\r\nEVIL@36");
}

/* To pause in the middle of a match is no way past the analyzer. */
static void
test_late_match (void)
{
  g_autoptr (FilterScript) t = new_search ("EVIL", "some EV", "1>some ");

  wait_for (t, "1>EV");
  filter_script_push (t, SERVER, "IL here", "");
  mock_analyzer_expect (t->mock, "1<EV@5 1<IL here");
  imp_analyzer_deny (t->analyzer, SERVER, "evil");
  filter_script_expect (t, "denied(evil)");
}

static void
test_late_replacement (void)
{
  g_autoptr (FilterScript) t = new_search ("EVIL", "EV", "");

  wait_for (t, "1>EV");
  filter_script_push (t, SERVER, "IL", "");
  mock_analyzer_expect (t->mock, "1<EV 1<IL");
  imp_analyzer_replace_bytes (t->analyzer, SERVER, 4, (const guint8 *) "GOOD", 4);
  filter_script_expect (t,
                        "failed(replace: what lies between 0 and 2 was forwarded before the rest "
                        "of the match came (hold-timeout))");
  filter_script_push_refused (t, SERVER, "x", IMP_ERROR_TIMEOUT, "hold-timeout", "");
}

/* Which cannot become another one, whatever comes. */
static void
test_match_as_it_stands (void)
{
  g_autoptr (FilterScript) t = new_search ("\n+", "line\n", "1>line");
  gint64 begin = g_get_monotonic_time ();

  while (t->mock->n_data == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, (TIMEOUT - 1) * 1000);
  mock_analyzer_expect (t->mock, "1<\n@4");
  imp_analyzer_replace_bytes (t->analyzer, SERVER, 5, (const guint8 *) ".", 1);
  filter_script_expect (t, "1>.");
}

/* What goes on is not let go, and what is decided needs no time. */
static void
test_in_time (void)
{
  g_autoptr (FilterScript) t = new_search ("aaaaab", "a", "");

  for (guint i = 0; i < 12; i++)
    {
      test_run_until (test_never, NULL, TIMEOUT / 3);
      filter_script_push (t, SERVER, i % 2 == 0 ? "x" : "a", i % 2 == 0 ? "1>a 1>x" : "");
    }
  filter_script_push (t, SERVER, "x", "1>a 1>x");
  test_run_until (test_never, NULL, TIMEOUT);
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

/* Each direction for itself. */
static void
test_both_directions (void)
{
  g_autoptr (FilterScript) t = new_search ("ab", "a", "");

  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "ab", 2);
  test_run_until (test_never, NULL, TIMEOUT / 2);
  filter_script_push (t, CLIENT, "xa", "0>x");
  while (imp_filter_get_held (t->filter, CLIENT) > 0 || imp_filter_get_held (t->filter, SERVER) > 0)
    g_main_context_iteration (NULL, TRUE);
  filter_script_expect (t, "1>a 0>a");
}

/* As the analyzer is not late, neither is the filter; and the other way round. */
static void
test_no_deadline (void)
{
  g_autoptr (FilterScript) t = filter_script_new (NULL);

  imp_filter_set_deadline (t->filter, TIMEOUT);
  imp_analyzer_pass_pattern (t->analyzer, SERVER, "ab", 2);
  filter_script_push (t, SERVER, "xa", "1>x");
  test_run_until (test_never, NULL, 3 * TIMEOUT);
  filter_script_expect (t, "");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
  imp_filter_set_deadline (t->filter, 0);
  imp_filter_set_hold_timeout (t->filter, TIMEOUT);
  filter_script_push (t, CLIENT, "abc", "");
  wait_for (t, "1>a");
  test_run_until (test_never, NULL, 3 * TIMEOUT);
  filter_script_expect (t, "");
}

static void
test_end_of_stream (void)
{
  g_autoptr (FilterScript) t = new_search ("EVIL", "EV", "");

  wait_for (t, "1>EV");
  filter_script_push (t, SERVER, "", "1>.");
  mock_analyzer_expect (t->mock, "1<.@2");
}

static void
close_filter (gpointer script)
{
  imp_filter_close (((FilterScript *) script)->filter);
}

static void
test_close_in_output (void)
{
  g_autoptr (FilterScript) t = new_search ("EVIL", "EV", "");

  t->on_output = close_filter;
  wait_for (t, "1>EV");
  g_assert_cmpint (test_get_next_wakeup (), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-hold/idle", test_idle);
  g_test_add_func ("/filter-hold/late-match", test_late_match);
  g_test_add_func ("/filter-hold/late-replacement", test_late_replacement);
  g_test_add_func ("/filter-hold/match-as-it-stands", test_match_as_it_stands);
  g_test_add_func ("/filter-hold/in-time", test_in_time);
  g_test_add_func ("/filter-hold/both-directions", test_both_directions);
  g_test_add_func ("/filter-hold/no-deadline", test_no_deadline);
  g_test_add_func ("/filter-hold/end-of-stream", test_end_of_stream);
  g_test_add_func ("/filter-hold/close-in-output", test_close_in_output);
  return g_test_run ();
}
