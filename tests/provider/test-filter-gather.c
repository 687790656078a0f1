/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an analyzer wants (WANT) is gathered and fed in one piece; what has to do with bytes that
 * wait is right nevertheless. */
#include "core/imp-flow-private.h"
#include "filter-script.h"

#define CLIENT IMP_DIRECTION_FROM_CLIENT
#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

/* It was fed "ab", and wants four bytes more. */
static FilterScript *
new_script (void)
{
  FilterScript *t = filter_script_new (NULL);

  filter_script_push (t, CLIENT, "ab", "");
  imp_analyzer_want (t->analyzer, CLIENT, 4);
  mock_analyzer_expect (t->mock, "0<ab");
  return t;
}

static void
test_reached (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "c", "");
  filter_script_push (t, CLIENT, "de", "");
  mock_analyzer_expect (t->mock, "");
  g_assert_cmpint (imp_filter_get_held (t->filter, CLIENT), ==, 5);
  filter_script_push (t, CLIENT, "fg", "");
  mock_analyzer_expect (t->mock, "0<cdefg");
  /* That was it. */
  filter_script_push (t, CLIENT, "h", "");
  mock_analyzer_expect (t->mock, "0<h");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 8);
  filter_script_expect (t, "0>ab 0>c 0>de 0>fg 0>h");
}

static void
test_end (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "c", "");
  filter_script_push (t, CLIENT, "", "");
  mock_analyzer_expect (t->mock, "0<c 0<.");
}

/* It wants less after all, or nothing. */
static void
test_less (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "c", "");
  imp_analyzer_want (t->analyzer, CLIENT, 1);
  mock_analyzer_expect (t->mock, "0<c");
  filter_script_push (t, CLIENT, "d", "");
  mock_analyzer_expect (t->mock, "0<d");
}

/* Verdicts about what it was fed, and about what it was not. */
static void
test_pass (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 2);
  filter_script_expect (t, "0>ab");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 3);
  filter_script_expect (t, "0>c");
  mock_analyzer_expect (t->mock, "");
  filter_script_push (t, CLIENT, "ef", "");
  mock_analyzer_expect (t->mock, "0<def@3");
  imp_analyzer_replace_bytes (t->analyzer, CLIENT, 6, (const guint8 *) "x", 1);
  filter_script_expect (t, "0>x");
}

static void
test_pass_all (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_pass_bytes (t->analyzer, CLIENT, 5);
  filter_script_expect (t, "0>ab 0>cd");
  filter_script_push (t, CLIENT, "ef", "0>e");
  mock_analyzer_expect (t->mock, "0<f@5");
}

static void
test_prepass (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_prepass_bytes (t->analyzer, CLIENT, 10);
  filter_script_expect (t, "0>ab 0>cd");
  mock_analyzer_expect (t->mock, "0<cd");
  filter_script_push (t, CLIENT, "e", "0>e");
  mock_analyzer_expect (t->mock, "0<e");
}

static void
test_promise (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_replace_later (t->analyzer, CLIENT, 0, 5);
  mock_analyzer_expect (t->mock, "0<cd");
  filter_script_push (t, CLIENT, "e", "");
  mock_analyzer_expect (t->mock, "0<e");
}

static void
test_pattern (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_pass_pattern (t->analyzer, CLIENT, "de", 2);
  filter_script_expect (t, "0>ab 0>c");
  /* What had been gathered was under way; it comes again if it belongs to a match. */
  mock_analyzer_expect (t->mock, "");
  filter_script_push (t, CLIENT, "ef", "");
  mock_analyzer_expect (t->mock, "0<d@3 0<ef");
}

static void
test_deny (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "cd", "");
  imp_analyzer_deny (t->analyzer, CLIENT, "no");
  mock_analyzer_expect (t->mock, "close");
  filter_script_expect (t, "denied(no)");
}

/* Another type of data belongs to what comes next. Packets are never joined. */
static void
test_types (void)
{
  g_autoptr (FilterScript) t = new_script ();

  filter_script_push (t, CLIENT, "c", "");
  filter_script_push_type (t, CLIENT, "d", PACKET, "");
  mock_analyzer_expect (t->mock, "0<c 0<d/1");
}

/* Nobody can have a filter gather without end. */
static void
test_bounded (void)
{
  g_autoptr (FilterScript) t = new_script ();
  g_autofree char *piece = g_strnfill (65535, 'x');
  guint n = 0;

  imp_analyzer_want (t->analyzer, CLIENT, G_MAXUINT);
  while (t->mock->n_data == 1)
    {
      filter_script_push (t, CLIENT, piece, "");
      n++;
    }
  g_assert_cmpint (n * (gint64) 65535, >=, IMP_FLOW_GATHER_MAX);
  g_assert_cmpint ((n - 1) * (gint64) 65535, <, IMP_FLOW_GATHER_MAX);
  g_assert_cmpint (t->mock->position[CLIENT], ==, 2 + n * (gint64) 65535);
  g_string_truncate (t->mock->log, 0);
  /* And so on. */
  filter_script_push (t, CLIENT, "y", "");
  g_assert_cmpuint (t->mock->n_data, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-gather/reached", test_reached);
  g_test_add_func ("/filter-gather/end", test_end);
  g_test_add_func ("/filter-gather/less", test_less);
  g_test_add_func ("/filter-gather/pass", test_pass);
  g_test_add_func ("/filter-gather/pass-all", test_pass_all);
  g_test_add_func ("/filter-gather/prepass", test_prepass);
  g_test_add_func ("/filter-gather/promise", test_promise);
  g_test_add_func ("/filter-gather/pattern", test_pattern);
  g_test_add_func ("/filter-gather/deny", test_deny);
  g_test_add_func ("/filter-gather/types", test_types);
  g_test_add_func ("/filter-gather/bounded", test_bounded);
  return g_test_run ();
}
