/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matches on characters: also where one lies across two pieces, and beside bytes that are none. */
#include "core/imp-matcher-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-regex-program-private.h"
#include "regex-cases.h"

#define MAX_LENGTH 24
#define N_CHARACTERS 6

static const char *const characters[] = {
  "a", "\xc3\xa4", "\xc3\x84", "\xc3\xb6", "\xe2\x82\xac", "\xf0\x9f\x98\x80", " ", "\n",
};

static const RegexCase cases[] = {
  { "[\xc3\xa4\xc3\xb6]" },
  { "[^\xc3\xa4]+" },
  { "[\xc3\xa4-\xc3\xb6]{2}" },
  { "\xc3\xa4+" },
  { "\xe2\x82\xac?a" },
  { "(?i)\xc3\xa4" },
  { "(?i)[\xc3\x84]a" },
  { ".a" },
  { "^.$" },
  { "(?m)^.{2}$" },
  { "\\w+" },
  { "\\W" },
  { "\\b\\w" },
  { "\\w\\b" },
  { "\\ba\\B" },
  { "(?<=\xc3\xa4)a" },
  { "(?<!\xe2\x82\xac)." },
  { "(?<=(?<=\xf0\x9f\x98\x80)\xc3\xa4)a" },
  { "a(?=\xe2\x82\xac)" },
  { "a(?!\xf0\x9f\x98\x80)" },
  { "(.)\\1" },
  { "\\p{Lu}\\X" },
  { "(?>\xc3\xa4+)a" },
  { "a\\x{20ac}" },
};

/* What is found in pieces, with only as much before it as was asked for. */
static GArray *
find_all (ImpMatcher *matcher, const char *data, gsize length, guint splits)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (RegexSpan));
  gsize settled = 0, have = 0;
  ImpEffort effort;

  imp_effort_init (&effort, IMP_EFFORT_LIMIT_DEFAULT);
  while (settled < length)
    {
      gsize context = MIN (settled, imp_matcher_get_context (matcher));
      gsize base = settled - context;
      g_autofree guint8 *copy = g_memdup2 (data + base, have - base);
      ImpSearchRun run = {
        .data = copy,
        .length = have - base,
        .position = context,
        .start = base == 0,
        .end = have == length ? IMP_MATCH_END_FINAL : IMP_MATCH_END_OPEN,
        .effort = &effort,
      };
      ImpMatchStatus status = imp_matcher_find (matcher, &run, NULL);
      RegexSpan span = { run.from + base, run.to + base };

      g_assert_cmpint (status, <=, IMP_MATCH_MORE);
      g_assert_cmpuint (have - span.from, <=, MAX_LENGTH + 8);
      settled = status == IMP_MATCH_FOUND ? span.to : span.from;
      if (status == IMP_MATCH_FOUND)
        g_array_append_val (spans, span);
      else if (have < length)
        have += regex_case_get_piece (splits, have, length);
    }
  return spans;
}

static void
assert_same (const char *regex, GString *data, guint splits, GArray *found, GArray *expected)
{
  g_autofree char *text = g_strescape (data->str, NULL);

  if (found->len == expected->len
      && (found->len == 0
          || memcmp (found->data, expected->data, found->len * sizeof (RegexSpan)) == 0))
    return;
  g_test_message ("%s in \"%s\", cut by 0x%x: %u matches, expected %u", regex, text, splits,
                  found->len, expected->len);
  g_test_fail ();
}

static void
fill (GString *data, guint n)
{
  g_string_truncate (data, 0);
  for (guint i = 0; i < n; i++)
    g_string_append (data, characters[g_test_rand_int_range (0, G_N_ELEMENTS (characters))]);
}

static void
check_characters (const RegexCase *c, ImpMatcher *matcher)
{
  g_autoptr (GRegex) regex = g_regex_new (c->regex, G_REGEX_NEWLINE_LF, 0, NULL);
  g_autoptr (GString) data = g_string_new (NULL);

  for (guint round = 0; round < 300; round++)
    {
      g_autoptr (GArray) expected = NULL;

      fill (data, g_test_rand_int_range (1, N_CHARACTERS + 1));
      expected = regex_case_find_all (regex, data->str, data->len);
      for (guint i = 0; i < data->len + 8; i++)
        {
          /* One cut, at each byte; then some at random, and all. */
          guint splits = i < data->len    ? 1u << i
                         : i == data->len ? G_MAXUINT
                                          : (guint) g_test_rand_int ();
          g_autoptr (GArray) found = find_all (matcher, data->str, data->len, splits);

          assert_same (c->regex, data, splits, found, expected);
        }
    }
}

/* Bytes that are no characters match nothing, and part what stands around them. */
static void
check_bytes (const RegexCase *c, ImpMatcher *matcher)
{
  static const char bytes[] = "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xff\xc0"
                              "a \n\x84";
  g_autoptr (GString) data = g_string_new (NULL);

  for (guint round = 0; round < 500; round++)
    {
      gsize length = g_test_rand_int_range (1, 14);
      guint splits = round % 5 == 0 ? G_MAXUINT : (guint) g_test_rand_int ();
      g_autoptr (GArray) whole = NULL, found = NULL;

      g_string_truncate (data, 0);
      for (gsize i = 0; i < length; i++)
        g_string_append_c (data, bytes[g_test_rand_int_range (0, sizeof bytes - 1)]);
      whole = find_all (matcher, data->str, data->len, 0);
      found = find_all (matcher, data->str, data->len, splits);
      assert_same (c->regex, data, splits, found, whole);
      for (guint i = 0; i < whole->len; i++)
        {
          RegexSpan span = g_array_index (whole, RegexSpan, i);

          g_assert_true (g_utf8_validate (data->str + span.from, span.to - span.from, NULL));
        }
    }
}

/* One that only the compiler can do. */
#define NESTED "(?<=(?<=\xf0\x9f\x98\x80)\xc3\xa4)a"

static void
check_all (gboolean jit)
{
  imp_regex_program_set_jit (jit);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (cases[i].regex, MAX_LENGTH, 0,
                                                              IMP_MATCHER_UTF8, &error);

      if (!jit && g_str_equal (cases[i].regex, NESTED))
        {
          g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
          continue;
        }
      g_assert_no_error (error);
      check_characters (&cases[i], matcher);
      check_bytes (&cases[i], matcher);
    }
  imp_regex_program_set_jit (TRUE);
}

static void
test_compiled (void)
{
  check_all (TRUE);
}

static void
test_interpreted (void)
{
  check_all (FALSE);
}

typedef struct
{
  const char *regex;
  const char *data;
  gssize from; /* -1: there is no match */
  gsize to;
} Expected;

static const Expected expectations[] = {
  { "\xc3\xa4", "a\xc3\xa4", 1, 3 },
  { ".", "\xff\xc3\xa4", 1, 3 },
  { "[^a]", "\xff\xfe", -1, 0 },
  { "a.b",
    "a\xff"
    "b a\xc3\xa4"
    "b",
    4, 8 },
  { "ab",
    "a\x80"
    "b",
    -1, 0 },
  { "(?<=\xc3\xa4)b",
    "\xff\xa4"
    "b\xc3\xa4"
    "b",
    5, 6 },
  { "b$", "b\xc3", -1, 0 },
  { "\\w", "\xc3", -1, 0 },
};

static void
test_invalid (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (expectations); i++)
    {
      const Expected *e = &expectations[i];
      gsize length = strlen (e->data);
      g_autoptr (ImpMatcher) matcher = imp_matcher_new_regex (e->regex, MAX_LENGTH, 0,
                                                              IMP_MATCHER_UTF8, NULL);

      for (guint splits = 0; splits < 1u << (length - 1); splits++)
        {
          g_autoptr (GArray) found = find_all (matcher, e->data, length, splits);

          g_assert_cmpuint (found->len, ==, e->from >= 0);
          if (e->from >= 0)
            {
              g_assert_cmpuint (g_array_index (found, RegexSpan, 0).from, ==, e->from);
              g_assert_cmpuint (g_array_index (found, RegexSpan, 0).to, ==, e->to);
            }
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/matcher-utf8/compiled", test_compiled);
  g_test_add_func ("/matcher-utf8/interpreted", test_interpreted);
  g_test_add_func ("/matcher-utf8/invalid", test_invalid);
  return g_test_run ();
}
