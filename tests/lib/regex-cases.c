/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "regex-cases.h"

#include <string.h>

const RegexCase regex_cases[] = {
  /* the beginning of the text or of a line */
  { "^a", "ab" },
  { "\\Aa+b", "ab" },
  { "(?m)^b", "ab\n" },
  { "(?m)\\n^b", "ab\n" },
  { "(?m)a\\n^", "a\n" },
  { "(?m)a\\n^b?", "ab\n" },
  { "(?m)(?:a|\\n)+^b", "ab\n" },
  { "(?m)a(?:\\n^b)?", "ab\n" },
  { "(?m)a\\n(?=^)", "ab\n" },
  { "(?m)a\\n(?!^)", "ab\n" },
  { "(?m)a\\n(?!^b)", "ab\n" },
  { "(?m)a(?!\\n^b)", "ab\n" },
  { "(?m)a(?=\\n^b)", "ab\n" },
  { "(?m)(?(?=^)a|b)", "ab\n" },
  { "(?m)(?<=^)a|(?<!^)b", "ab\n" },
  { "(?m)(?:^a)+b|\\n", "ab\n" },
  { "a|(?m:\\n^)b", "ab\n" },
  { "(?m-m:^a)|(?m)^b", "ab\n" },
  { "(?m)(?:^a|\n)+b", "ab\n" },
  { "(?m)(^|\n)a", "ab\n" },
  { "(?m)(?:\n|(^b)){2}", "ab\n" },
  { "(?m)(?:(?:^|a)\n)+^", "ab\n" },
  { "(?m)(^b)|\n(?1)", "ab\n" },
  { "(?m)^(?:a\n|b)+^", "ab\n" },
  { "(?m)(?:^){2}b|\n(?=(?:^){2})", "ab\n" },
  /* the end */
  { "a$", "ab\n" },
  { "a\\n?$", "ab\n" },
  { "a\\Z", "ab\n" },
  { "a\\z", "ab\n" },
  { "a+\\z|b", "ab" },
  { "a(?!\\z)", "ab\n" },
  { "a(?!\\Z)", "ab\n" },
  { "a(?!$)", "ab\n" },
  { "(?m)a$", "ab\n" },
  { "(?m)a\\n*$", "ab\n" },
  { "(?m)a(?!$)", "ab\n" },
  { "(?m)a(?=\\n*$)", "ab\n", 12 },
  { "(?m)^a$", "ab\n" },
  { "(?m)^a\\r?$", "ab\r\n" },
  { "a(?:$|b)", "ab\n" },
  { "a.*?$", "ab\n" },
  { "(?m)a.*?$", "ab\n" },
  { "(?s)a.*\\z", "ab\n" },
  /* words */
  { "\\ba", "ab " },
  { "a\\b", "ab " },
  { "a\\B", "ab " },
  { "\\Ba\\B", "ab " },
  { "a \\b", "ab " },
  { "a \\B", "ab " },
  { "\\ba+\\b", "ab " },
  { "a(?:\\b|b)c?", "abc " },
  { "[[:<:]]a+[[:>:]]", "ab " },
  /* lookahead */
  { "a(?=b)", "ab" },
  { "a(?!b)", "ab" },
  { "a(?=bb)", "abc" },
  { "a(?!bb)", "abc" },
  { "a(?!.{2}b)", "ab" },
  { "a(?=b|$)", "abc" },
  { "(?!ab)a", "ab" },
  { "(?=ab)a", "ab" },
  { "(?!ab)a|b", "abc" },
  { "a(?=b(?!a))", "ab" },
  { "a(?!b(?=a))", "ab" },
  { "a(?!b(?!a))", "ab" },
  { "a(?:b(?!c)|bc)", "abc" },
  { "(?:a(?!b))+", "ab" },
  { "(?:(?!b).)+b", "abc" },
  { "(?:a|b(?!a))+", "ab" },
  { "a(?:b|(?!b))", "ab" },
  { "a(?=(b*))\\1c", "abc", 12 },
  { "a(?=.*c)", "abc", 12 },
  { "a(?!.*c)", "abc", 12 },
  { "(?=a*b)a", "abc", 12 },
  /* lookbehind */
  { "(?<=a)b+", "ab" },
  { "(?<!a)b+", "ab" },
  { "(?<=aa)b", "ab" },
  { "(?<=^a)b", "ab" },
  { "(?<=\\ba)b", "ab " },
  { "(?<=(?<=ab)a)b", "ab" },
  { "(?<=a(?<=ba)b)a", "ab" },
  { "(?<=(?<=(?<=ab)a)b)a", "ab" },
  { "(?<!(?<!b)a)b", "ab" },
  { "(?<=a(?=b))b", "ab" },
  { "(?<!a(?=bb))b", "ab" },
  { "a(?<=a(?!b))", "ab" },
  { "(?<=(?1))b(?:(a(?<=ba))){0}", "ab" },
  /* alternatives and repetitions */
  { "ab|a", "abc" },
  { "abc|b", "abc" },
  { "a+", "ab" },
  { "a+?b", "ab" },
  { "a{2,3}", "ab" },
  { "a{2,3}?b?", "ab" },
  { "ab?c?", "abc" },
  { "(a|ab)(c|bc)", "abc" },
  { "(?s).{3}", "ab\n" },
  { "(?s)a.{2}", "ab\n" },
  { "(?s)b|.{2}a", "ab\n" },
  { "\\C{2}b|a", "ab" },
  { ".{2}", "ab\n" },
  { "[^a]{2}", "ab\n" },
  { "\\w{2}", "ab " },
  { "(?:ab){2}", "ab" },
  { "a*b", "ab" },
  { "a[^b]*b", "abc" },
  /* what does not give back */
  { "(?>a+)b", "ab" },
  { "(?>a+b?)c", "abc" },
  { "a++b", "ab" },
  { "a?+a", "ab" },
  { "a(?>b+)c|a", "abc" },
  { "a(?>(?!b)|bc)", "abc" },
  /* conditions, references, recursion */
  { "(?(?=a)ab|bc)", "abc" },
  { "(?(?!a)b|ac)", "abc" },
  { "(a)?(?(1)b|c)", "abc" },
  { "(?<x>a)?(?(<x>)b|c)a", "abc" },
  { "(a|b)\\1", "ab" },
  { "(?i)(ab|b)\\1", "aAb" },
  { "(?<x>a|b)c\\k<x>", "abc" },
  { "(a(?1)?b)", "ab" },
  { "a(?R)?b", "ab" },
  { "(?|(a)|(b))\\1", "ab" },
  { "(?(DEFINE)(?<x>ab))b(?&x)", "ab" },
  /* ends of lines in one piece */
  { "a\\R", "a\r\n" },
  { "a\\R+", "a\r\n" },
  { "a\\R*b", "ab\r\n" },
  { "a\\Rb", "ab\r\n" },
  { "a\\X", "ab\r\n" },
  { "\\r\\nX", "X\r\n" },
  { "a\\h*\\v", "a \n" },
  /* how it is written */
  { "(?x) a (?! b ) # not\n c?", "abc" },
  { "(?i)Ab", "aAb" },
  { "\\Qa\\Eb", "ab" },
  { "a(?#not b)b", "ab" },
  { "[]a]b", "ab]" },
};

const guint regex_n_cases = G_N_ELEMENTS (regex_cases);

GRegex *
regex_case_compile (const RegexCase *self)
{
  g_autoptr (GError) error = NULL;
  GRegex *regex = g_regex_new (self->regex, G_REGEX_RAW | G_REGEX_NEWLINE_LF, 0, &error);

  g_assert_no_error (error);
  return regex;
}

gboolean
regex_case_find (GRegex *regex, const char *data, gsize length, gsize at, RegexSpan *span)
{
  g_autoptr (GMatchInfo) info = NULL;
  g_autoptr (GError) error = NULL;
  int from, to;

  if (!g_regex_match_full (regex, data, length, at, G_REGEX_MATCH_NOTEMPTY, &info, &error))
    {
      g_assert_no_error (error);
      return FALSE;
    }
  g_assert_true (g_match_info_fetch_pos (info, 0, &from, &to));
  span->from = from;
  span->to = to;
  return TRUE;
}

GArray *
regex_case_find_all (GRegex *regex, const char *data, gsize length)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (RegexSpan));
  RegexSpan span = { 0, 0 };

  while (regex_case_find (regex, data, length, span.to, &span))
    g_array_append_val (spans, span);
  return spans;
}

gboolean
regex_case_fill (const RegexCase *self, guint n, char *data, gsize length)
{
  gsize n_letters = strlen (self->letters);

  for (gsize i = 0; i < length; i++)
    {
      data[i] = self->letters[n % n_letters];
      n /= n_letters;
    }
  data[length] = '\0';
  return n == 0;
}

void
regex_case_fill_randomly (const RegexCase *self, char *data, gsize length)
{
  gsize n_letters = strlen (self->letters);

  for (gsize i = 0; i < length; i++)
    data[i] = self->letters[g_test_rand_int_range (0, n_letters)];
  data[length] = '\0';
}

gsize
regex_case_get_piece (guint splits, gsize at, gsize length)
{
  gsize end = at + 1;

  while (end < length && (splits & (1u << (end - 1) % 32)) == 0)
    end++;
  return end - at;
}
