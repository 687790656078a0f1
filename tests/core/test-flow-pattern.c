/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASS_PATTERN: what passes unseen, what is held meanwhile, what is fed again. */
#include "flow-script.h"

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

/* It begins where what has been passed already ends. */
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
  flow_script_push (p, STREAM, "ab", ">ab <ab");
  flow_script_push (p, STREAM, "xxyab", ">xx <xx >y <ab@5");
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
  g_test_add_func ("/flow/pattern/deny", test_deny);
  return g_test_run ();
}
