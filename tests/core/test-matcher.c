/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-matcher-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "test-clock.h"

typedef struct
{
  gsize from;
  gsize to;
} Span;

typedef struct
{
  const char *regex;
  guint max_length;
  const char *alphabet;
  guint lookahead;
} Case;

/* Here no attempt that succeeds within the length needs to look further, so that
 * the stream as a whole gives the same. */
static const Case near_cases[] = {
  { "foo", 3, "fo" },
  { "foo|o+f", 5, "fox" },
  { "a+", 3, "ab" },
  { "a+", 1, "ab" },
  { "a+b", 4, "ab" },
  { "ab?c?", 3, "abcd" },
  { "a?ab", 3, "ab" },
  { "[ab]{2,4}c", 5, "abc" },
  { "(a|ab)(c|bcd)", 4, "abcd" },
  { "a{3}$", 3, "a\n" },
  { "a+$", 3, "ab\n" },
  { "a\\Z", 3, "a\n" },
  { "a\\z", 3, "a\n" },
  { "(?m)^a+$", 4, "a\n" },
  { "^ab", 2, "ab" },
  { "\\Aa+", 3, "ab" },
  { "(?m)^b", 3, "b\n" },
  { "(?<=^a)b", 3, "ab" },
  { "(?<=aa)b+", 3, "ab" },
  { "(?<!a)b", 1, "ab" },
  { "\\ba+\\b", 3, "a b" },
  { "\\Ba", 1, "a b" },
  { "a(?=b)", 2, "ab" },
  { "a(?!b)", 2, "ab" },
  { "a(?!.{6}b)", 2, "ab", 7 },
  { "a(?=b{0,4}c)", 1, "abc", 5 },
  { "(a)\\1b", 3, "ab" },
  { "(?i)Foo", 3, "fFoO" },
  { "[^a]a", 2, "ab" },
  { "\\x00\\xff", 2, "\x01\xff" },
};

/* And here some attempts do look further: only the rule with the window holds. */
static const Case far_cases[] = {
  { "a+c|a", 3, "abc" },      { "a(?=.*c)", 3, "abc", 2 }, { "a(?!.*b)", 3, "abc", 6 },
  { "(a+)+b", 5, "abc" },     { "a.*?b|aa", 6, "abc" },    { ".*b", 4, "ab\n" },
  { "a*+b", 3, "ab" },        { "(?>a+)b|a", 3, "ab" },    { "(?:ab|ba)+c?", 5, "abc" },
  { "(?=a+b)a", 2, "ab", 2 },
};

static GArray *
spans_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Span));
}

static gboolean
anchored (GRegex *regex, const char *data, gsize length, gsize at, gboolean partial, gsize *to)
{
  g_autoptr (GMatchInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  GRegexMatchFlags flags = G_REGEX_MATCH_ANCHORED | G_REGEX_MATCH_NOTEMPTY;
  int begin, end;
  gboolean matched;

  matched = g_regex_match_full (regex, data, length, at,
                                flags | (partial ? G_REGEX_MATCH_PARTIAL_HARD : 0), &info, &error);
  g_assert_no_error (error);
  if (!matched)
    return FALSE;
  g_assert_true (g_match_info_fetch_pos (info, 0, &begin, &end));
  *to = end;
  return TRUE;
}

static guint
get_window (const Case *c)
{
  return c->max_length + MAX (2, c->lookahead);
}

/* The naive oracle: all of the stream, position by position. */
static GArray *
spans_by_attempts (const Case *c, const char *data, gsize length, gboolean windowed)
{
  g_autoptr (GRegex) regex = g_regex_new (c->regex, G_REGEX_RAW | G_REGEX_NEWLINE_LF, 0, NULL);
  GArray *spans = spans_new ();

  for (gsize at = 0; at < length; at++)
    {
      gboolean cut = windowed && length - at >= get_window (c);
      Span span = { at, 0 };

      if (!anchored (regex, data, cut ? at + get_window (c) : length, at, cut, &span.to)
          || span.to - at > c->max_length)
        continue;
      g_array_append_val (spans, span);
      at = span.to - 1;
    }
  return spans;
}

/* What a user of the matcher does, with chunks of up to @most bytes (0: one piece), and no more
 * context than was asked for. */
static GArray *
spans_by_matcher (ImpMatcher *matcher, const char *data, gsize length, guint most, gsize hold)
{
  GArray *spans = spans_new ();
  gsize settled = 0, have = 0, more;
  ImpEffort effort;

  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  while (have < length || settled < length)
    {
      gsize context = MIN (settled, imp_matcher_get_context (matcher));
      gsize base = settled - context;
      g_autofree guint8 *copy = NULL;
      g_autoptr (GError) error = NULL;
      ImpMatchStatus status;
      ImpSearchRun run = {
        .length = have - base,
        .position = context,
        .start = base == 0,
        .end = have == length ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN,
        .effort = &effort,
      };
      Span span;

      /* A copy, so that a look beyond its end is seen by tools. */
      run.data = copy = g_memdup2 (data + base, have - base);
      status = imp_matcher_find (matcher, &run, &error);
      g_assert_no_error (error);
      span.from = run.from + base;
      span.to = run.to + base;
      g_assert_cmpuint (span.from, >=, settled);
      if (status == IMP_MATCH_FOUND)
        {
          g_assert_cmpuint (span.to, >, span.from);
          g_array_append_val (spans, span);
          settled = span.to;
          continue;
        }
      settled = span.from;
      g_assert_cmpuint (have - settled, <=, hold);
      g_assert_true (status == IMP_MATCH_NONE ? settled == have : settled < have);
      if (have == length)
        {
          g_assert_cmpint (status, ==, IMP_MATCH_NONE);
          break;
        }
      more = most == 0 ? length : (gsize) g_test_rand_int_range (1, most + 1);
      have += MIN (more, length - have);
    }
  return spans;
}

static void
assert_same (const Case *c, const char *data, gsize length, GArray *got, GArray *expected)
{
  for (guint i = 0; i < MAX (got->len, expected->len); i++)
    {
      Span none = { 0, 0 };
      Span g = i < got->len ? g_array_index (got, Span, i) : none;
      Span e = i < expected->len ? g_array_index (expected, Span, i) : none;

      if (g.from != e.from || g.to != e.to)
        {
          g_test_message ("regex %s, at most %u, on \"%.*s\"", c->regex, c->max_length,
                          (int) length, data);
          g_test_message ("match %u is %zu..%zu, expected %zu..%zu", i, g.from, g.to, e.from, e.to);
          g_test_fail ();
          return;
        }
    }
}

static char *
random_data (const char *alphabet, gsize length)
{
  char *data = g_malloc (length + 1);
  gsize n = strlen (alphabet);

  for (gsize i = 0; i < length; i++)
    data[i] = alphabet[g_test_rand_int_range (0, n)];
  data[length] = '\0';
  return data;
}

static void
check_regex (const Case *c, gsize length, gboolean near)
{
  static const guint chunks[] = { 0, 1, 2, 5, 40, 2000 };
  g_autofree char *data = random_data (c->alphabet, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (c->regex, c->max_length, c->lookahead, 0,
                                                          &error);
  g_autoptr (GArray) expected = spans_by_attempts (c, data, length, TRUE);

  g_assert_no_error (error);
  if (near)
    {
      g_autoptr (GArray) whole = spans_by_attempts (c, data, length, FALSE);

      assert_same (c, data, length, whole, expected);
    }
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++)
    {
      g_autoptr (GArray) got = spans_by_matcher (matcher, data, length, chunks[i],
                                                 get_window (c) - 1);

      assert_same (c, data, length, got, expected);
    }
}

static void
test_regex (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (near_cases); i++)
    for (guint round = 0; round < 100; round++)
      check_regex (&near_cases[i], g_test_rand_int_range (0, 25), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (far_cases); i++)
    for (guint round = 0; round < 100; round++)
      check_regex (&far_cases[i], g_test_rand_int_range (0, 25), FALSE);
}

/* Long enough for several blocks. */
static void
test_regex_long (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (near_cases); i++)
    check_regex (&near_cases[i], g_test_rand_int_range (2000, 6000), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (far_cases); i++)
    check_regex (&far_cases[i], g_test_rand_int_range (2000, 6000), FALSE);
}

static GArray *
spans_by_strstr (const char *string, const char *data)
{
  GArray *spans = spans_new ();
  const char *found;

  for (const char *p = data; (found = strstr (p, string)) != NULL; p = found + strlen (string))
    {
      Span span = { found - data, found - data + strlen (string) };

      g_array_append_val (spans, span);
    }
  return spans;
}

static void
test_string (void)
{
  static const char *strings[] = { "a", "aa", "ab", "aab", "aba", "abab", "aaaab", "abaab", "ccc" };

  for (guint round = 0; round < 2000; round++)
    {
      const char *string = strings[g_test_rand_int_range (0, G_N_ELEMENTS (strings))];
      Case c = { string, strlen (string), "abc" };
      gsize length = g_test_rand_int_range (0, 60);
      g_autofree char *data = random_data (round % 2 == 0 ? "ab" : "abc", length);
      g_autoptr (GBytes) bytes = g_bytes_new_static (string, strlen (string));
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_string (bytes, NULL);
      g_autoptr (GArray) expected = spans_by_strstr (string, data);
      g_autoptr (GArray) got = spans_by_matcher (matcher, data, length, round % 9,
                                                 strlen (string) - 1);

      assert_same (&c, data, length, got, expected);
    }
}

/* Only what can really be a beginning is held back. */
static void
assert_held (ImpMatcher *matcher, const char *data, gsize held)
{
  ImpEffort effort;
  ImpSearchRun run = {
    .data = (const guint8 *) data,
    .length = strlen (data),
    .start = TRUE,
    .end = IMP_MATCH_END_OPEN,
    .effort = &effort,
  };
  ImpMatchStatus status;

  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  status = imp_matcher_find (matcher, &run, NULL);
  g_assert_cmpint (status, ==, held > 0 ? IMP_MATCH_MORE : IMP_MATCH_NONE);
  g_assert_cmpuint (run.length - run.from, ==, held);
}

static void
test_held (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("foobar", 6);
  g_autoptr (ImpMatcher) string = imp_matcher_new_string (bytes, NULL);
  g_autoptr (ImpMatcher) regex = imp_matcher_new_regex ("foo[0-9]+", 64, 0, 0, NULL);

  assert_held (string, "nothing here", 0);
  assert_held (string, "", 0);
  assert_held (string, "a foot", 0);
  assert_held (string, "a foofo", 2);
  assert_held (string, "f", 1);
  assert_held (string, "fooba", 5);
  assert_held (regex, "nothing here", 0);
  assert_held (regex, "foo foo fo", 2);
  assert_held (regex, "foo foo12", 5);
  assert_held (regex, "foofofof", 1);
}

static void
assert_refused (const char *regex, gsize max_length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (regex, max_length, 0, 0, &error);

  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_null (matcher);
}

static void
test_refused (void)
{
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  g_autofree char *zeros = g_malloc0 (IMP_PATTERN_LENGTH_MAX + 1);
  g_autoptr (GBytes) much = g_bytes_new_static (zeros, IMP_PATTERN_LENGTH_MAX + 1);
  g_autoptr (GBytes) enough = g_bytes_new_static (zeros, IMP_PATTERN_LENGTH_MAX);
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpMatcher) longest = imp_matcher_new_string (enough, &error);
  g_autoptr (ImpMatcher) widest = NULL;

  g_assert_no_error (error);
  g_assert_nonnull (longest);
  widest = imp_matcher_new_regex ("a[*(]\\\\G\\(*", IMP_PATTERN_LENGTH_MAX, 0, 0, &error);
  g_assert_no_error (error);
  g_assert_nonnull (widest);
  assert_refused ("a", 0);
  assert_refused ("a", IMP_PATTERN_LENGTH_MAX + 1);
  assert_refused ("a*", 3);
  assert_refused ("", 3);
  assert_refused ("(a", 3);
  assert_refused ("\\Ga", 3);
  assert_refused ("a\\Kb", 3);
  assert_refused ("a(*COMMIT)b", 3);
  assert_refused ("a\\", 3);
  g_assert_null (imp_matcher_new_string (none, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_clear_error (&error);
  g_assert_null (imp_matcher_new_string (much, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

/* The engine gives up on what would take ages, and that is a failure, not an answer. */
static void
test_costly (void)
{
  g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex ("(a+)+[bc]", 4000, 0, 0, NULL);
  g_autofree char *data = random_data ("a", 3000);
  g_autoptr (GError) error = NULL;
  ImpEffort effort;
  ImpSearchRun run = {
    .data = (guint8 *) data,
    .length = 3000,
    .start = TRUE,
    .end = IMP_MATCH_END_FINAL,
    .effort = &effort,
  };

  data[2999] = 'd';
  test_clock_set_step (TEST_CLOCK_STEP);
  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  g_assert_cmpint (imp_matcher_find (matcher, &run, &error), ==, IMP_MATCH_FAILED);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_LIMIT);
  test_clock_set_step (0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/matcher/regex", test_regex);
  g_test_add_func ("/matcher/regex-long", test_regex_long);
  g_test_add_func ("/matcher/string", test_string);
  g_test_add_func ("/matcher/held", test_held);
  g_test_add_func ("/matcher/refused", test_refused);
  g_test_add_func ("/matcher/costly", test_costly);
  return g_test_run ();
}
