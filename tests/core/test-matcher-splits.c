/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* However the data are cut, a search in a stream finds what a search in the whole finds: all texts
 * of a few letters in all pieces, and longer ones at random; with and without the compiler of
 * regular expressions. */
#include "regex-cases.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-flow-private.h"
#include "core/imp-matcher-private.h"
#include "core/imp-regex-program-private.h"

#define STREAM IMP_DATA_TYPE_STREAM
#define SHORT 5
#define LONG 24

static void
fail (const RegexCase *c, const char *what, const char *data, gsize length, guint splits)
{
  g_autofree char *text = g_strescape (data, NULL);

  g_test_message ("%s of %s in \"%s\", cut by 0x%x", what, c->regex, text, splits);
  g_test_fail ();
}

/* What a user of the matcher does, with no more context than was asked for. */
static GArray *
find_all_in_pieces (ImpMatcher *matcher, const char *data, gsize length, guint splits)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (RegexSpan));
  gsize settled = 0, have = 0;
  ImpEffort effort;

  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  while (settled < length)
    {
      gsize context = MIN (settled, imp_matcher_get_context (matcher));
      gsize base = settled - context;
      ImpSearchRun run = {
        .data = (const guint8 *) data + base,
        .length = have - base,
        .position = context,
        .start = base == 0,
        .end = have == length ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN,
        .effort = &effort,
      };
      ImpMatchStatus status = imp_matcher_find (matcher, &run, NULL);
      RegexSpan span = { run.from + base, run.to + base };

      g_assert_cmpint (status, <=, IMP_MATCH_MORE);
      settled = status == IMP_MATCH_FOUND ? span.to : span.from;
      if (status == IMP_MATCH_FOUND)
        g_array_append_val (spans, span);
      else if (have < length)
        have += regex_case_get_piece (splits, have, length);
    }
  return spans;
}

static gboolean
are_equal (GArray *a, GArray *b)
{
  return a->len == b->len
         && (a->len == 0 || memcmp (a->data, b->data, a->len * sizeof (RegexSpan)) == 0);
}

/* What a PASS_PATTERN lets pass unseen, and what it feeds again. */
static gboolean
check_flow (const RegexCase *c, const char *data, gsize length, guint splits, GArray *expected)
{
  ImpFlowEventQueue queue;
  g_autoptr (ImpFlow) flow = NULL;
  g_autoptr (GString) passed = g_string_new (NULL), fed = g_string_new (NULL);
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  gsize begin = expected->len > 0 ? g_array_index (expected, RegexSpan, 0).from : length;
  ImpFlowEvent event;

  imp_flow_event_queue_init (&queue);
  flow = imp_flow_new (&queue, IMP_DIRECTION_FROM_CLIENT);
  g_assert_true (imp_flow_pass_pattern (flow, c->regex, REGEX_CASE_LENGTH, NULL));
  for (gsize at = 0, n; at < length; at += n)
    {
      g_autoptr (GBytes) piece = NULL;

      n = regex_case_get_piece (splits, at, length);
      piece = g_bytes_new (data + at, n);
      g_assert_true (imp_flow_push (flow, piece, STREAM, NULL));
    }
  g_assert_true (imp_flow_push (flow, none, STREAM, NULL));
  while (imp_flow_event_queue_pop (&queue, &event))
    {
      gsize size;
      const char *text = g_bytes_get_data (event.bytes, &size);

      g_string_append_len (event.kind == IMP_FLOW_EVENT_FEED ? fed : passed, text, size);
      g_bytes_unref (event.bytes);
    }
  imp_flow_event_queue_clear (&queue);
  return passed->len == begin && fed->len == length - begin
         && memcmp (passed->str, data, begin) == 0
         && memcmp (fed->str, data + begin, length - begin) == 0;
}

static gboolean
check (const RegexCase *c, ImpMatcher *matcher, GRegex *regex, const char *data, gsize length,
       guint splits)
{
  g_autoptr (GArray) expected = regex_case_find_all (regex, data, length);
  g_autoptr (GArray) found = find_all_in_pieces (matcher, data, length, splits);

  if (!are_equal (found, expected))
    {
      fail (c, "the matches", data, length, splits);
      return FALSE;
    }
  /* A PASS_PATTERN has nothing that could say how far an expression may look. To compile one takes
   * more time than all the rest. */
  if (c->lookahead == 0 && length != SHORT && !check_flow (c, data, length, splits, expected))
    {
      fail (c, "what a PASS_PATTERN passes", data, length, splits);
      return FALSE;
    }
  return TRUE;
}

/* All texts, in all pieces. */
static void
check_all (const RegexCase *c, ImpMatcher *matcher, GRegex *regex)
{
  char data[SHORT + 1];

  for (gsize length = 1; length <= SHORT; length++)
    for (guint n = 0; regex_case_fill (c, n, data, length); n++)
      for (guint splits = 0; splits < 1u << (length - 1); splits++)
        if (!check (c, matcher, regex, data, length, splits))
          return;
}

static void
check_some (const RegexCase *c, ImpMatcher *matcher, GRegex *regex)
{
  char data[LONG + 1];

  for (guint round = 0; round < 200; round++)
    {
      gsize length = g_test_rand_int_range (1, LONG + 1);
      /* A match must not be longer than it may be, in any of them. */
      gsize most = strpbrk (c->regex, "*+R?") != NULL ? REGEX_CASE_LENGTH : LONG;

      length = MIN (length, most);
      regex_case_fill_randomly (c, data, length);
      if (!check (c, matcher, regex, data, length, g_test_rand_int ()))
        return;
    }
}

static void
check_cases (gboolean jit)
{
  imp_regex_program_set_jit (jit);
  for (guint i = 0; i < regex_n_cases; i++)
    {
      const RegexCase *c = &regex_cases[i];
      g_autoptr (GRegex) regex = regex_case_compile (c);
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (c->regex, REGEX_CASE_LENGTH,
                                                              c->lookahead, 0, &error);

      g_assert_no_error (error);
      check_all (c, matcher, regex);
      check_some (c, matcher, regex);
    }
  imp_regex_program_set_jit (TRUE);
}

static void
test_compiled (void)
{
  check_cases (TRUE);
}

static void
test_interpreted (void)
{
  check_cases (FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/matcher-splits/compiled", test_compiled);
  g_test_add_func ("/matcher-splits/interpreted", test_interpreted);
  return g_test_run ();
}
