/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASS_PATTERN: what passes unseen, what is held meanwhile, what is fed again. */
#include "flow-script.h"

#include <string.h>

#include "test-clock.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

static void
test_held (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  /* All of it was seen already; from the match on it is fed again. */
  flow_script_push (s, STREAM, "one two", "<one two");
  flow_script_apply (s, pattern ("tw", 2), ">one  <two@4");
  g_assert_false (imp_flow_is_searching (s->flow));
  flow_script_push (s, STREAM, "more", "<more");
  flow_script_apply (s, pass (11), ">two >more");
}

static void
test_future (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  g_assert_true (imp_flow_is_searching (s->flow));
  flow_script_push (s, STREAM, "xxa", ">xx");
  flow_script_push (s, STREAM, "yya", ">a >yy");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 1);
  flow_script_push (s, STREAM, "bz", "<a@5 <bz");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 3);
  flow_script_apply (s, replace (7, "AB"), ">AB");
}

/* A match at the very beginning is announced as such, since offset 0 says nothing. */
static void
test_at_beginning (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (FlowScript) seen = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "abc", "<abc@-1");
  flow_script_push (seen, STREAM, "abc", "<abc");
  flow_script_apply (seen, pattern ("ab", 2), "<abc@-1");
}

/* The same bytes cannot be asked for again and again. */
static void
test_twice (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "xab", "<xab");
  flow_script_apply (s, pattern ("ab", 2), ">x <ab@1");
  flow_script_refuse (s, pattern ("ab", 2), "nothing was settled since the last search");
  flow_script_apply (s, pass (2), ">a");
  flow_script_apply (s, pattern ("b", 1), "<b@2");
}

static void
test_lookbehind (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("(?<=x)ab", 2), "");
  flow_script_push (s, STREAM, "ab.", ">ab.");
  flow_script_push (s, STREAM, "x", ">x");
  flow_script_push (s, STREAM, "a", "");
  flow_script_push (s, STREAM, "b", "<a@4 <b");
}

static void
test_end (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "xa", ">x");
  flow_script_end (s, ">a <.@2");
  g_assert_false (imp_flow_is_searching (s->flow));
  flow_script_refuse (s, pattern ("ab", 2), "nothing was settled");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">.");
}

static void
test_end_empty (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_end (s, "<.@-1");
}

/* A match that only the end completes. */
static void
test_end_match (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("b+\\z", 4), "");
  flow_script_push (s, STREAM, "abb", ">a");
  flow_script_end (s, "<bb@1 <.");
  flow_script_apply (s, pass (3), ">bb");
}

/* The end was fed already; after the search it is told again. */
static void
test_after_end (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (FlowScript) none = flow_script_new ();

  flow_script_push (s, STREAM, "xab", "<xab");
  flow_script_end (s, "<.");
  flow_script_apply (s, pattern ("ab", 2), ">x <ab@1 <.");
  flow_script_push (none, STREAM, "xab", "<xab");
  flow_script_end (none, "<.");
  flow_script_apply (none, pattern ("cd", 2), ">xab <.@3");
}

static void
test_packets (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, PACKET, "xxa", ">xxa/1");
  flow_script_push (s, PACKET, "bxx", ">bxx/1");
  flow_script_push (s, PACKET, "xaby", "<xaby@6/1");
  flow_script_push (s, PACKET, "z", "<z/1");
  flow_script_apply (s, pass (11), ">xaby/1 >z/1");
}

/* No match spans data of two types; what waited for its continuation passes. */
static void
test_type_change (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "xa", ">x");
  flow_script_push (s, -2, "bya", ">a >by/-2");
  flow_script_push (s, PACKET, "b", ">a/-2 >b/1");
  flow_script_push (s, STREAM, "ab", "<ab@6");
}

static void
test_type_change_match (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab+", 4), "");
  flow_script_push (s, STREAM, "xab", ">x");
  flow_script_push (s, PACKET, "pp", "<ab@1 <pp/1");
}

/* It begins where what has been passed already ends. What was prepassed is not fed until it is
 * over: the analyzer waits for an explicit offset, and that tells it that it is. */
static void
test_after_pass (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (FlowScript) p = flow_script_new ();

  flow_script_apply (s, pass (4), "");
  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "ab", ">ab");
  flow_script_push (s, STREAM, "xxyab", ">xx >y <ab@5");

  flow_script_apply (p, prepass (4), "");
  flow_script_apply (p, pattern ("ab", 2), "");
  flow_script_push (p, STREAM, "ab", ">ab");
  flow_script_push (p, STREAM, "xxyab", ">xx >y <ab@5");
}

static void
test_meanwhile (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "xa", ">x");
  flow_script_refuse (s, pass (2), "only a pass indefinitely");
  flow_script_refuse (s, prepass (IMP_MAX_OFFSET), "only a pass indefinitely");
  flow_script_refuse (s, replace (1, "x"), "only a pass indefinitely");
  flow_script_refuse (s, replace_later (1, 2), "only a pass indefinitely");
  flow_script_refuse (s, pattern ("x", 1), "only a pass indefinitely");
  flow_script_apply (s, pass (IMP_MAX_OFFSET), ">a");
  flow_script_push (s, STREAM, "b", ">b");
  flow_script_end (s, ">.");
}

static void
test_refused (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  flow_script_refuse (s, pattern ("(", 2), "(");
  flow_script_refuse (s, pattern ("a", 0), "0");
  flow_script_refuse (s, pattern ("a", 65537), "65536");
  g_assert_false (imp_flow_is_searching (s->flow));
  flow_script_apply (s, pass (2), ">ab");
}

static void
test_longest (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "xy", "<xy");
  flow_script_apply (s, pattern ("a", 65536), ">xy");
}

/* An expression that takes ages is an error, from the push or from the verdict that starts it. */
static void
test_costly (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autoptr (FlowScript) late = flow_script_new ();
  g_autofree char *text = g_strnfill (3000, 'a');
  g_autofree char *fed = g_strdup_printf ("<%s/1", text);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  text[2999] = 'd';
  fed[3000] = 'd';
  bytes = g_bytes_new (text, 3000);
  flow_script_apply (s, pattern ("(a+)+[bc]", 4000), "");
  g_assert_false (imp_flow_push (s->flow, bytes, PACKET, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  flow_script_expect (s, "");
  imp_flow_deny (s->flow);
  g_assert_cmpint (imp_flow_get_denied (s->flow), ==, 3000);

  flow_script_push (late, PACKET, text, fed);
  g_clear_error (&error);
  g_assert_false (imp_flow_pass_pattern (late->flow, "(a+)+[bc]", 4000, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  flow_script_expect (late, "");
}

/* Each "a" costs some 65 000 steps, so that a thousand take several slices. */
#define COSTLY "(?:a|a){15}[bc]"
#define N_COSTLY 1000

/* As text, all that is forwarded (>) and fed (<) until the search is over. */
static char *
finish_search (FlowScript *s)
{
  g_autoptr (GString) forwarded = g_string_new (NULL), fed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gboolean busy;

  do
    {
      ImpFlowEvent event;

      while (imp_flow_event_queue_pop (&s->queue, &event))
        {
          gsize size;
          const char *text = g_bytes_get_data (event.bytes, &size);
          GString *to = event.kind == IMP_FLOW_EVENT_FEED ? fed : forwarded;

          g_string_append_len (to, size > 0 ? text : ".", size > 0 ? size : 1);
          g_bytes_unref (event.bytes);
        }
      g_assert_true (imp_flow_is_balanced (s->flow));
      busy = imp_flow_is_busy (s->flow);
      imp_flow_go_on (s->flow, &error);
      g_assert_no_error (error);
    }
  while (busy);
  return g_strdup_printf (">%s<%s", forwarded->str, fed->str);
}

static FlowScript *
begin_search (gint32 type)
{
  FlowScript *s = flow_script_new ();
  g_autofree char *text = g_strnfill (N_COSTLY, 'a');
  g_autoptr (GBytes) bytes = g_bytes_new (text, N_COSTLY);
  g_autoptr (GError) error = NULL;

  flow_script_apply (s, pattern (COSTLY, 20), "");
  imp_flow_push (s->flow, bytes, type, &error);
  g_assert_no_error (error);
  g_assert_true (imp_flow_is_busy (s->flow));
  return s;
}

static void
push (FlowScript *s, const char *text, gint32 type)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;

  imp_flow_push (s->flow, bytes, type, &error);
  g_assert_no_error (error);
}

static void
assert_outcome (FlowScript *s, guint n_forwarded, const char *forwarded, const char *fed)
{
  g_autofree char *some = g_strnfill (n_forwarded, 'a');
  g_autofree char *expected = g_strdup_printf (">%s%s<%s", some, forwarded, fed);
  g_autofree char *got = finish_search (s);

  g_assert_cmpstr (got, ==, expected);
}

/* What comes meanwhile waits for its turn, and then it is as if nothing had taken any time. */
static void
test_busy (void)
{
  g_autoptr (FlowScript) match = begin_search (STREAM);
  g_autoptr (FlowScript) none = begin_search (STREAM);
  g_autoptr (FlowScript) types = begin_search (STREAM);
  g_autoptr (FlowScript) packets = begin_search (PACKET);

  push (match, "a", STREAM);
  push (match, "bcd", STREAM);
  push (match, "", STREAM);
  assert_outcome (match, N_COSTLY + 1 - 15, "", "aaaaaaaaaaaaaaabcd.");

  push (none, "", STREAM);
  assert_outcome (none, N_COSTLY, "", ".");

  push (types, "b", -2);
  push (types, "x", PACKET);
  push (types, "", PACKET);
  assert_outcome (types, N_COSTLY, "bx", ".");

  push (packets, "aaaaaaaaaaaaaaac", PACKET);
  assert_outcome (packets, N_COSTLY, "", "aaaaaaaaaaaaaaac");
}

/* It may come to an end before it is over. */
static void
test_busy_ended (void)
{
  g_autoptr (FlowScript) passed = begin_search (STREAM);
  g_autoptr (FlowScript) denied = begin_search (STREAM);

  push (passed, "b", STREAM);
  push (passed, "", STREAM);
  g_assert_true (imp_flow_pass (passed->flow, IMP_MAX_OFFSET, NULL));
  g_assert_false (imp_flow_is_busy (passed->flow));
  assert_outcome (passed, N_COSTLY, "b.", "");

  imp_flow_deny (denied->flow);
  g_assert_false (imp_flow_is_busy (denied->flow));
  push (denied, "b", STREAM);
  g_assert_true (imp_flow_go_on (denied->flow, NULL));
}

/* The limit is one of the connection: a search that is asked for again does not begin anew. */
static void
test_busy_again (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autofree char *text = g_strdup_printf ("%0*d", 300, 0);
  g_autoptr (GError) error = NULL;
  gint64 began = test_clock_get_computed (), longest = 0;

  memset (text, 'a', 300);
  text[299] = 'b';
  while (error == NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (text, 300);
      gint64 before = test_clock_get_computed ();

      if (imp_flow_is_busy (s->flow))
        imp_flow_go_on (s->flow, &error);
      else if (imp_flow_is_searching (s->flow))
        imp_flow_push (s->flow, bytes, STREAM, &error);
      else if (imp_flow_pass (s->flow, imp_flow_get_input (s->flow), &error))
        imp_flow_pass_pattern (s->flow, COSTLY, 20, &error);
      longest = MAX (longest, test_clock_get_computed () - before);
      flow_script_drain (s);
    }
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  g_assert_cmpint (longest, <, 100000000);
  g_assert_cmpint (test_clock_get_computed () - began, <, 500000000);
}

static void
test_expressions (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autofree char *longest = g_strnfill (4096, 'a'), *longer = g_strnfill (4097, 'a');

  flow_script_push (s, STREAM, "x", "<x");
  flow_script_refuse (s, pattern (longer, 65536), "4096");
  flow_script_refuse (s, pattern ("a(?=.*b)", 4), "looks ahead without a bound");
  flow_script_refuse (s, pattern ("abc", 2), "3 bytes or more");
  flow_script_refuse (s, pattern ("(?=a)", 2), "nothing but the empty string");
  flow_script_refuse (s, pattern ("[\xc3\xa4]", 2), "beyond ASCII");
  flow_script_apply (s, pattern (longest, 65536), ">x");
}

/* Deny while something is held back for a match. */
static void
test_deny (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("ab", 2), "");
  flow_script_push (s, STREAM, "xa", ">x");
  flow_script_apply (s, imp_result_new_drop (), "");
  g_assert_cmpint (imp_flow_get_denied (s->flow), ==, 1);
  flow_script_push (s, STREAM, "b", "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_clock_set_step (TEST_CLOCK_STEP);
  g_test_add_func ("/flow/pattern/held", test_held);
  g_test_add_func ("/flow/pattern/future", test_future);
  g_test_add_func ("/flow/pattern/at-beginning", test_at_beginning);
  g_test_add_func ("/flow/pattern/twice", test_twice);
  g_test_add_func ("/flow/pattern/lookbehind", test_lookbehind);
  g_test_add_func ("/flow/pattern/end", test_end);
  g_test_add_func ("/flow/pattern/end/empty", test_end_empty);
  g_test_add_func ("/flow/pattern/end/match", test_end_match);
  g_test_add_func ("/flow/pattern/after-end", test_after_end);
  g_test_add_func ("/flow/pattern/packets", test_packets);
  g_test_add_func ("/flow/pattern/type-change", test_type_change);
  g_test_add_func ("/flow/pattern/type-change/match", test_type_change_match);
  g_test_add_func ("/flow/pattern/after-pass", test_after_pass);
  g_test_add_func ("/flow/pattern/meanwhile", test_meanwhile);
  g_test_add_func ("/flow/pattern/refused", test_refused);
  g_test_add_func ("/flow/pattern/longest", test_longest);
  g_test_add_func ("/flow/pattern/costly", test_costly);
  g_test_add_func ("/flow/pattern/busy", test_busy);
  g_test_add_func ("/flow/pattern/busy/ended", test_busy_ended);
  g_test_add_func ("/flow/pattern/busy/again", test_busy_again);
  g_test_add_func ("/flow/pattern/expressions", test_expressions);
  g_test_add_func ("/flow/pattern/deny", test_deny);
  return g_test_run ();
}
