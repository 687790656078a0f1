/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of others, as it stands in the log. */
#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"

#include <string.h>

static void
assert_clean (const char *text, gsize length, gsize n_more, const char *expected)
{
  g_autofree char *copy = g_memdup2 (text, length); /* so that reading behind it is noticed */
  g_autofree char *clean = imp_clean_text (copy, length, n_more);

  g_assert_cmpstr (clean, ==, expected);
}

typedef struct
{
  const char *text, *clean;
} Case;

static const Case cases[] = {
  { "", "" },
  { "plain text, with \\ and \"", "plain text, with \\ and \"" },
  { "gr\xc3\xbc\xc3\x9f \xe2\x98\x83 \xf0\x9f\x98\x80",
    "gr\xc3\xbc\xc3\x9f \xe2\x98\x83 \xf0\x9f\x98\x80" },
  { "a\nb\rc\td\x7f", "a\\x0ab\\x0dc\\x09d\\x7f" },
  { "\x1b[31mred\x07", "\\x1b[31mred\\x07" },
  { "\xc2\x9b"
    "31m",
    "\\x9b31m" },
  { "\xe2\x80\xae"
    "txt\xe2\x80\xa8line\xe2\x80\x8b",
    "\\u202etxt\\u2028line\\u200b" },
  { "\xee\x80\x80", "\\ue000" },
  /* No UTF-8: a stray byte, a cut character, too long a form, half a surrogate pair, too large. */
  { "\xff\xfe"
    "a",
    "\\xff\\xfea" },
  { "a\x80"
    "b",
    "a\\x80b" },
  { "a\xe2\x98", "a\\xe2\\x98" },
  { "\xe2\x98"
    "a",
    "\\xe2\\x98a" },
  { "\xc0\xaf", "\\xc0\\xaf" },
  { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
  { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
};

static void
test_cases (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_clean (cases[i].text, strlen (cases[i].text), 0, cases[i].clean);
  assert_clean ("a\0b\xe2\0", 5, 0, "a\\x00b\\xe2\\x00");
}

/* A character that was cut goes with what was left out. */
static void
test_cut (void)
{
  assert_clean ("abc", 3, 7, "abc... (7 bytes more)");
  assert_clean ("", 0, 1, "... (1 bytes more)");
  assert_clean ("ab\xe2\x98", 4, 1, "ab... (3 bytes more)");
  assert_clean ("ab\xf0\x9f\x98", 5, 1, "ab... (4 bytes more)");
  assert_clean ("ab\xc3", 3, 1, "ab... (2 bytes more)");
  assert_clean ("\xe2\x98\x83", 3, 1, "\xe2\x98\x83... (1 bytes more)");
  assert_clean ("ab\xff", 3, 1, "ab\\xff... (1 bytes more)");
  assert_clean ("\x98\x98\x98\x98", 4, 1, "\\x98\\x98\\x98\\x98... (1 bytes more)");
}

/* Whatever it is, it is one line of text that can be seen. */
static void
test_random (void)
{
  for (guint n = 0; n < 20000; n++)
    {
      guint8 text[24];
      gsize length = g_test_rand_int_range (0, sizeof text + 1);
      g_autofree char *clean = NULL;

      for (gsize i = 0; i < length; i++)
        text[i] = g_test_rand_bit ()
                    ? g_test_rand_int_range (0, 256)
                    : "\xe2\x80\xa8\xf0\x9f\xc2\x9b\n"[g_test_rand_int_range (0, 8)];
      clean = imp_clean_text ((const char *) text, length, g_test_rand_int_range (0, 2));
      g_assert_true (g_utf8_validate (clean, -1, NULL));
      for (const char *p = clean; *p != '\0'; p = g_utf8_next_char (p))
        {
          gunichar c = g_utf8_get_char (p);

          g_assert_true (g_unichar_isprint (c) && c != 0x2028 && c != 0x2029);
        }
    }
}

static void
test_line (void)
{
  g_autofree char *whole = imp_clean_line ("a\nb", 3), *cut = imp_clean_line ("a\nb", 2);

  g_assert_cmpstr (whole, ==, "a\\x0ab");
  g_assert_cmpstr (cut, ==, "a\\x0a... (1 bytes more)");
}

/* What JSON says is the same, and does nothing to a terminal. */
static void
test_json (void)
{
  static const char json[] = "{\"a\":\"gr\xc3\xbc\xc3\x9f \\u001b\x7f\xc2\x9b\xe2\x80\xae"
                             "\xf3\xa0\x81\x81\"}\n";
  g_autofree char *clean = imp_clean_json (json, sizeof json - 1);

  g_assert_cmpstr (clean, ==,
                   "{\"a\":\"gr\xc3\xbc\xc3\x9f \\u001b\\u007f\\u009b\\u202e\\udb40\\udc41\"}\n");
}

static void
on_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_string_append_printf (user_data, "%s|%d|%s", domain, level, message);
}

/* A line that has an end, whatever it is made of. */
static void
test_log (void)
{
  g_autofree char *large = g_strnfill (2 * IMP_LOG_LINE_MAX, 'x');
  g_autoptr (GString) heard = g_string_new (NULL);
  guint handler = g_log_set_handler ("Odd", G_LOG_LEVEL_MASK, on_log, heard);

  imp_log ("Odd", G_LOG_LEVEL_MESSAGE, "%s%%", "a\n%s\x1b");
  g_assert_cmpstr (heard->str, ==, "Odd|32|a\\x0a%s\\x1b%");
  g_string_truncate (heard, 0);
  imp_log ("Odd", G_LOG_LEVEL_DEBUG, "%s", large);
  g_assert_true (g_str_has_suffix (heard->str, "xx... (8192 bytes more)"));
  g_assert_cmpuint (heard->len, <, IMP_LOG_LINE_MAX + 100);
  g_log_remove_handler ("Odd", handler);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clean-text/cases", test_cases);
  g_test_add_func ("/clean-text/cut", test_cut);
  g_test_add_func ("/clean-text/random", test_random);
  g_test_add_func ("/clean-text/line", test_line);
  g_test_add_func ("/clean-text/json", test_json);
  g_test_add_func ("/clean-text/log", test_log);
  return g_test_run ();
}
