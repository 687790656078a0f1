/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASS_PATTERN where what may be the beginning of a match was held for long enough: it goes, and a
 * match that is complete later is found nevertheless. */
#include "flow-script.h"
#include "test-clock.h"

#include <string.h>

#define STREAM IMP_DATA_TYPE_STREAM
#define PACKET IMP_DATA_TYPE_PACKET

static void
release (FlowScript *s, const char *expected)
{
  g_autoptr (GError) error = NULL;

  imp_flow_release (s->flow, &error);
  g_assert_no_error (error);
  flow_script_expect (s, expected);
}

/* A flow that looks for @regex, has got @text and has had to let go what is left of it. */
static FlowScript *
new_released (const char *regex, guint max_length, const char *text, const char *passed,
              const char *released)
{
  FlowScript *s = flow_script_new ();

  flow_script_apply (s, pattern (regex, max_length), "");
  flow_script_push (s, STREAM, text, passed);
  release (s, released);
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 0);
  return s;
}

static void
test_no_match (void)
{
  g_autoptr (FlowScript) s = new_released ("abc", 3, "xxab", ">xx", ">ab");

  g_assert_true (imp_flow_is_searching (s->flow));
  flow_script_push (s, STREAM, "xxa", ">xx");
  flow_script_push (s, STREAM, "bc", "<a@6 <bc");
  flow_script_apply (s, replace (9, "ABC"), ">ABC");
}

/* The match is fed from its beginning, wherever it was cut and how often it was let go. */
static void
test_late_match (void)
{
  g_autoptr (FlowScript) s = new_released ("abcd", 4, "xa", ">x", ">a");

  flow_script_push (s, STREAM, "b", "");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 1);
  release (s, ">b");
  flow_script_push (s, STREAM, "c", "");
  flow_script_push (s, STREAM, "de", "<ab@1 <c <de");
  g_assert_false (imp_flow_is_searching (s->flow));
  flow_script_push (s, STREAM, "f", "<f");
  flow_script_apply (s, pass (7), ">c >de >f");
}

static void
test_late_match_at_beginning (void)
{
  g_autoptr (FlowScript) s = new_released ("ab", 2, "a", "", ">a");

  flow_script_push (s, STREAM, "b", "<a@-1 <b");
  flow_script_apply (s, pass (1), "");
  flow_script_apply (s, pass (2), ">b");
}

/* What has gone cannot be replaced, and nothing is forwarded in the place of the rest. */
static void
test_verdicts (void)
{
  g_autoptr (FlowScript) s = new_released ("abcd", 4, "xab", ">x", ">ab");

  flow_script_push (s, STREAM, "cdef", "<ab@1 <cdef");
  flow_script_refuse (s, replace (5, "ABCD"), "replace: what lies between 1 and 3 was forwarded");
  flow_script_refuse (s, replace (1, "+"), "hold-timeout");
  flow_script_refuse (s, replace (3, "AB"), "hold-timeout");
  flow_script_refuse (s, replace_later (1, 5), "replace_later: what lies between 1 and 3");
  flow_script_refuse (s, replace_later (2, 5), "hold-timeout");
  flow_script_apply (s, replace_later (3, 5), "");
  flow_script_apply (s, pass (2), "");
  flow_script_refuse (s, replace (5, "BCD"), "what lies between 2 and 3 was forwarded");
  flow_script_apply (s, pass (3), "");
  flow_script_apply (s, replace (5, "CD"), ">CD");
  flow_script_apply (s, pass (7), ">ef");
}

/* An analyzer that lets its input go ahead does not know that some of it has gone already. */
static void
test_prepass (void)
{
  g_autoptr (FlowScript) s = new_released ("abcd", 4, "xabc", ">x", ">abc");

  flow_script_push (s, STREAM, "def", "<abc@1 <def");
  flow_script_apply (s, prepass (2), "");
  flow_script_apply (s, prepass (3), "");
  flow_script_refuse (s, replace (5, "X"), "hold-timeout");
  flow_script_apply (s, prepass (5), ">d");
  flow_script_refuse (s, replace (4, "X"), "backward");
  flow_script_apply (s, replace (7, "EF"), ">EF");
}

static void
test_deny (void)
{
  g_autoptr (FlowScript) s = new_released ("abcd", 4, "abc", "", ">abc");

  flow_script_push (s, STREAM, "d", "<abc@-1 <d");
  imp_flow_deny (s->flow);
  g_assert_cmpint (imp_flow_get_denied (s->flow), ==, 1);
  g_assert_cmpint (imp_flow_get_passed (s->flow), ==, 3);
}

/* The next search begins behind what has gone. */
static void
test_again (void)
{
  g_autoptr (FlowScript) s = new_released ("abc", 3, "ab", "", ">ab");

  flow_script_push (s, STREAM, "cabc", "<ab@-1 <cabc");
  flow_script_apply (s, pass (3), ">c");
  flow_script_apply (s, pattern ("bc", 2), ">a <bc@4");
  flow_script_apply (s, replace (6, "BC"), ">BC");
}

/* What is a match whatever follows need not wait for what follows. */
static void
test_match_as_it_stands (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_apply (s, pattern ("\\r\\n+", 5), "");
  flow_script_push (s, STREAM, "x\r\n", ">x");
  release (s, "<\r\n@1");
  flow_script_push (s, STREAM, "\n", "<\n");
  flow_script_apply (s, replace (4, "|"), ">|");
}

static void
test_lookbehind (void)
{
  g_autoptr (FlowScript) s = new_released ("(?<=xy)ab", 2, "xya", ">xy", ">a");

  flow_script_push (s, STREAM, "b", "<a@2 <b");
}

static void
test_lookbehind_into_what_has_gone (void)
{
  g_autoptr (FlowScript) s = new_released ("ab|(?<=a)c", 2, "xa", ">x", ">a");

  flow_script_push (s, STREAM, "c", "<c@2");
  flow_script_apply (s, replace (3, "C"), ">C");
}

/* Where nothing can follow, what has gone may turn out to have been a match. */
static void
test_end (void)
{
  g_autoptr (FlowScript) match = new_released ("ab(?!c)", 2, "xab", ">x", ">ab");
  g_autoptr (FlowScript) none = new_released ("abc", 3, "xab", ">x", ">ab");

  flow_script_end (match, "<ab@1 <.");
  flow_script_apply (match, pass (IMP_MAX_OFFSET), ">.");
  flow_script_end (none, "<.@3");
  flow_script_apply (none, pass (IMP_MAX_OFFSET), ">.");
}

static void
test_type_change (void)
{
  g_autoptr (FlowScript) match = new_released ("ab(?!c)", 2, "xab", ">x", ">ab");
  g_autoptr (FlowScript) none = new_released ("abc", 3, "xab", ">x", ">ab");
  g_autoptr (FlowScript) packet = new_released ("abc", 3, "xab", ">x", ">ab");

  flow_script_push (match, -2, "c", "<ab@1 <c/-2");
  flow_script_push (none, -2, "cab", ">c/-2");
  flow_script_push (none, -2, "c", "<ab@4/-2 <c/-2");
  flow_script_push (packet, PACKET, "c", ">c/1");
  flow_script_push (packet, PACKET, "abc", "<abc@4/1");
}

/* An analyzer that is not interested any more. */
static void
test_pass_indefinitely (void)
{
  g_autoptr (FlowScript) s = new_released ("abc", 3, "ab", "", ">ab");

  flow_script_apply (s, pass (IMP_MAX_OFFSET), "");
  flow_script_push (s, STREAM, "c", ">c");
  flow_script_end (s, ">.");
}

/* There is nothing to let go. */
static void
test_nothing (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();

  flow_script_push (s, STREAM, "ab", "<ab");
  release (s, "");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, 2);
  flow_script_apply (s, pattern ("x", 1), ">ab");
  release (s, "");
  flow_script_push (s, STREAM, "x", "<x@2");
  flow_script_apply (s, replace (3, "y"), ">y");
}

/* Each "a" costs some 65 000 steps, so that a thousand take several slices. What has not been
 * looked at yet is not held for nothing. */
static void
test_busy (void)
{
  g_autoptr (FlowScript) s = flow_script_new ();
  g_autofree char *text = g_strnfill (1000, 'a');
  g_autoptr (GBytes) bytes = g_bytes_new (text, 1000);
  g_autoptr (GError) error = NULL;
  gint64 held;

  flow_script_apply (s, pattern ("(?:a|a){15}[bc]", 20), "");
  imp_flow_push (s->flow, bytes, STREAM, &error);
  g_assert_no_error (error);
  g_assert_true (imp_flow_is_busy (s->flow));
  flow_script_drain (s);
  held = imp_flow_get_held (s->flow);
  release (s, "");
  g_assert_cmpint (imp_flow_get_held (s->flow), ==, held);
  while (imp_flow_is_busy (s->flow))
    {
      imp_flow_go_on (s->flow, &error);
      g_assert_no_error (error);
    }
  flow_script_drain (s);
  release (s, ">aaaaaaaaaaaaaaa");
  flow_script_push (s, STREAM, "bX", "<aaaaaaaaaaaaaaa@985 <bX");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  test_clock_set_step (TEST_CLOCK_STEP);
  g_test_add_func ("/flow-release/no-match", test_no_match);
  g_test_add_func ("/flow-release/late-match", test_late_match);
  g_test_add_func ("/flow-release/late-match/at-beginning", test_late_match_at_beginning);
  g_test_add_func ("/flow-release/verdicts", test_verdicts);
  g_test_add_func ("/flow-release/prepass", test_prepass);
  g_test_add_func ("/flow-release/deny", test_deny);
  g_test_add_func ("/flow-release/again", test_again);
  g_test_add_func ("/flow-release/match-as-it-stands", test_match_as_it_stands);
  g_test_add_func ("/flow-release/lookbehind", test_lookbehind);
  g_test_add_func ("/flow-release/lookbehind/gone", test_lookbehind_into_what_has_gone);
  g_test_add_func ("/flow-release/end", test_end);
  g_test_add_func ("/flow-release/type-change", test_type_change);
  g_test_add_func ("/flow-release/pass-indefinitely", test_pass_indefinitely);
  g_test_add_func ("/flow-release/nothing", test_nothing);
  g_test_add_func ("/flow-release/busy", test_busy);
  return g_test_run ();
}
