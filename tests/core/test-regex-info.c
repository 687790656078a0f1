/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of an expression before it meets any data. */
#include <string.h>

#include "core/imp-error.h"
#include "core/imp-regex-info-private.h"
#include "core/imp-regex-program-private.h"
#include "regex-cases.h"

#define ANY IMP_REGEX_UNBOUNDED

typedef struct
{
  const char *regex;
  gsize min;
  gsize max;
  gsize need;
  gsize ahead;
  gboolean utf8;
} Expected;

static const Expected expectations[] = {
  /* items and how often */
  { "abc", 3, 3, 3, 0 },
  { "a?b*c+", 1, ANY, 1, 0 },
  { "a{2}b{3,}c{4,5}", 9, ANY, 9, 0 },
  { "a{2}c{4,5}", 6, 7, 6, 0 },
  { "a{,3}", 0, ANY, 0, 0 },
  { "a{x}", 4, 4, 4, 0 },
  { "(?:a|bc|def)", 1, 3, 1, 0 },
  { "(ab){2,3}?c++", 5, ANY, 5, 0 },
  { "(?:a{3}){4}", 12, 12, 12, 0 },
  { "(?:){3}a", 1, 1, 1, 0 },
  { "a{0}b", 1, 1, 1, 0 },
  /* escapes */
  { "\\d\\W\\x41\\x{42}\\x4\\101\\0\\cA\\o{103}\\e", 10, 10, 10, 0 },
  { "\\p{L}\\pN\\P{Lu}", 3, 3, 3, 0 },
  { "\\R\\X", 2, ANY, 2, 0 },
  { "\\Qa*(\\E+", 3, ANY, 3, 0 },
  { "\\\\\\(\\[\\{2}", 6, 6, 6, 0 },
  { "\\{2}", 3, 3, 3, 0 },
  { "\\12", 1, 1, 1, 0 },
  { "()()()()()()()()()()()\\11", 0, ANY, 0, 0 },
  /* classes */
  { "[abc]{2}", 2, 2, 2, 0 },
  { "[]a][^]a][[:alpha:]\\]][\\Q]\\E]", 4, 4, 4, 0 },
  { "[(*)][(?=x)]", 2, 2, 2, 0 },
  { "[a\\x{5d}]b", 2, 2, 2, 0 },
  /* groups */
  { "(?<n>a)(?'o'b)(?P<p>c)", 3, 3, 3, 0 },
  { "(?i)a(?-i:b)(?^x: c )", 3, 3, 3, 0 },
  { "(?x) a b # c d\n e", 3, 3, 3, 0 },
  { "a(?#b)c", 2, 2, 2, 0 },
  { "(?>ab|c)", 1, 2, 1, 0 },
  { "(?|(a)|(bc))", 1, 2, 1, 0 },
  { "(a)\\1\\k'n'(?<n>b)(?P=n)\\g{-1}", 2, ANY, 2, 0 },
  { "(a(?1)?b)(?R)?(?&n)?(?<n>c)(?P>n)", 3, ANY, 3, 0 },
  { "(?(DEFINE)(?<x>abc))d", 1, 1, 1, 0 },
  { "(a)?(?(1)bc|d)", 0, 3, 0, 0 },
  { "(?(?=ab)abc|de)f", 1, 4, 1, 2 },
  /* what takes nothing */
  { "^a$", 1, 1, 1, 2 },
  { "(?m)^a$", 1, 1, 1, 1 },
  { "\\Aa\\z", 1, 1, 1, 1 },
  { "\\ba\\B", 1, 1, 1, 1 },
  { "[[:<:]]a", 1, 1, 1, 1 },
  { "a(?=bc)", 1, 1, 3, 2 },
  { "a(?!bc)", 1, 1, 1, 2 },
  { "a(?=b{2,5}c)d", 2, 2, 4, 6 },
  { "a(?=.*b)", 1, 1, 2, ANY },
  { "(?=(?=abc)a)", 0, 0, 3, 3 },
  { "a(?=b$)", 1, 1, 2, 3 },
  { "(?<=abc)d", 1, 1, 1, 0 },
  { "(?<=a(?=bcd)b)c", 1, 1, 1, 3 },
  { "(?:a(?!bc))*d", 1, ANY, 1, 2 },
  /* characters */
  { "\xc3\xa4", 2, 2, 2, 0 },
  { "\xc3\xa4+", 2, ANY, 2, 0, TRUE },
  { "[\xc3\xa4\xc3\xb6]", 1, 4, 1, 0, TRUE },
  { "\\ba", 1, 1, 1, 4, TRUE },
  { "\\xe4{2}", 2, 2, 2, 0 },
  { "[\xe4\xf6]", 1, 1, 1, 0 },
};

static void
test_bounds (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (expectations); i++)
    {
      const Expected *e = &expectations[i];
      g_autoptr (GError) error = NULL;
      ImpRegexProgram *program = imp_regex_program_new (e->regex, e->utf8, &error);
      const ImpRegexInfo *info;

      g_test_message ("%s", e->regex);
      g_assert_no_error (error);
      info = imp_regex_program_get_info (program);
      g_assert_cmpuint (info->min_length, ==, e->min);
      g_assert_cmpuint (info->max_length, ==, e->max);
      g_assert_cmpuint (info->need, ==, e->need);
      g_assert_cmpuint (info->ahead, ==, e->ahead);
      g_assert_cmpuint (info->reach, >=, e->max);
      imp_regex_program_free (program);
    }
}

/* No match that is found in any text is outside of its bounds. */
static void
test_matches (void)
{
  char data[25];

  for (guint i = 0; i < regex_n_cases; i++)
    {
      const RegexCase *c = &regex_cases[i];
      g_autoptr (GRegex) regex = regex_case_compile (c);
      ImpRegexProgram *program = imp_regex_program_new (c->regex, FALSE, NULL);
      const ImpRegexInfo *info = imp_regex_program_get_info (program);

      for (guint round = 0; round < 200; round++)
        {
          gsize length = g_test_rand_int_range (1, sizeof data);
          RegexSpan span = { 0, 0 };

          regex_case_fill_randomly (c, data, length);
          while (regex_case_find (regex, data, length, span.to, &span))
            {
              g_assert_cmpuint (span.to - span.from, >=, info->min_length);
              g_assert_cmpuint (span.to - span.from, <=, info->max_length);
              g_assert_cmpuint (length - span.from, >=, info->need);
            }
        }
      imp_regex_program_free (program);
    }
}

static void
assert_refused (const char *regex, gboolean utf8, const char *part)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_regex_program_new (regex, utf8, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  if (strstr (error->message, part) == NULL)
    {
      g_test_message ("\"%s\" should have \"%s\"", error->message, part);
      g_test_fail ();
    }
}

static void
test_refused (void)
{
  assert_refused ("(a", FALSE, "\"(a\" is wrong at byte 2");
  assert_refused ("a\\Kb", FALSE, "\\K");
  assert_refused ("(?:x|\\G)b", FALSE, "\\G");
  assert_refused ("a(*COMMIT)b", FALSE, "(*");
  assert_refused ("(*UTF)a", FALSE, "(*");
  assert_refused ("(?(*pla:a)a|b)", FALSE, "(*");
  assert_refused ("a(?C1)b", FALSE, "(?C");
  assert_refused ("\xff", TRUE, "wrong");
  /* what would take characters apart */
  assert_refused ("[\xc3\xa4\xc3\xb6]", FALSE, "in a class");
  assert_refused ("a[^b\xe2\x82\xac]", FALSE, "in a class");
  assert_refused ("[\\Q\xc3\xa4\\E]", FALSE, "in a class");
  assert_refused ("x\xc3\xa4+", FALSE, "repeats");
  assert_refused ("\xe2\x82\xac?", FALSE, "repeats");
  assert_refused ("\\Q\xc3\xa4\\E{2}", FALSE, "repeats");
  assert_refused ("(?x)\xc3\xa4 *", FALSE, "repeats");
  assert_refused ("(?i)stra\xc3\x9f\x65|\xc3\xa4", FALSE, "the case");
  assert_refused ("a(?i:\xc3\x84)", FALSE, "the case");
}

static void
assert_taken (const char *regex, gboolean utf8)
{
  g_autoptr (GError) error = NULL;
  ImpRegexProgram *program = imp_regex_program_new (regex, utf8, &error);

  g_assert_no_error (error);
  imp_regex_program_free (program);
}

/* What only looks like something else. */
static void
test_taken (void)
{
  assert_taken ("a\\\\Kb", FALSE);
  assert_taken ("[\\\\G]", FALSE);
  assert_taken ("\\Q(*COMMIT)\\G\\E", FALSE);
  assert_taken ("(?#\\K)a", FALSE);
  assert_taken ("(?x)a # \\G (*x) \xc3\xa4+\n b", FALSE);
  assert_taken ("[(*]", FALSE);
  assert_taken ("(?:\xc3\xa4)+", FALSE);
  assert_taken ("\xc3\xa4|\xc3\xb6", FALSE);
  assert_taken ("(?i)\xe6\x97\xa5", FALSE);
  assert_taken ("(?i:a)\xc3\xa4", FALSE);
  assert_taken ("[\xc3\xa4]", TRUE);
  assert_taken ("(?i)\xc3\xa4+", TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/regex-info/bounds", test_bounds);
  g_test_add_func ("/regex-info/matches", test_matches);
  g_test_add_func ("/regex-info/refused", test_refused);
  g_test_add_func ("/regex-info/taken", test_taken);
  return g_test_run ();
}
