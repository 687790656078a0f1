/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which names a rule is for. */
#include "tool/relay/relay-host-pattern.h"

static const struct
{
  const char *pattern;
  const char *good[6];
  const char *bad[10];
} cases[] = {
  { "example.com",
    { "example.com", "EXAMPLE.Com", "example.com." },
    { "a.example.com", "example.co", "example.comm", "xexample.com", "", ".", "example.com..",
      "example.com\n", "example..com" } },
  { "Example.COM.", { "example.com", "example.com." }, { "com" } },
  { ".example.com",
    { "example.com", "a.example.com", "A.b.Example.com." },
    { "xexample.com", ".example.com", "a..example.com", "example.com.evil.org", " example.com" } },
  { "*.example.com",
    { "a.example.com", "b.a.example.com" },
    { "example.com", "xexample.com", "*.example.com", ".example.com" } },
  { "*", { "example.com", "x", "127.0.0.1" }, { "", ".", "a b", "a\x80", "\xff" } },
  { "b\xc3\xbc"
    "cher.example",
    { "b\xc3\xbc"
      "cher.example",
      "B\xc3\x9c"
      "CHER.example",
      "xn--bcher-kva.example" },
    { "bucher.example", "b\xfc"
                        "cher.example" } },
  { "_sip.example", { "_sip.example" }, { "sip.example" } },
};

static void
test_names (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *pattern = relay_host_pattern_new (cases[i].pattern);

      g_assert_nonnull (pattern);
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].good) && cases[i].good[j] != NULL; j++)
        {
          g_test_message ("%s: %s", pattern, cases[i].good[j]);
          g_assert_true (relay_host_pattern_match (pattern, cases[i].good[j]));
        }
      for (guint j = 0; j < G_N_ELEMENTS (cases[i].bad) && cases[i].bad[j] != NULL; j++)
        {
          g_autofree char *shown = g_strescape (cases[i].bad[j], NULL);

          g_test_message ("%s: not %s", pattern, shown);
          g_assert_false (relay_host_pattern_match (pattern, cases[i].bad[j]));
        }
    }
}

static void
test_wrong_patterns (void)
{
  static const char *const wrong[] = { "",    ".",   "*.",  "a..b", "a*b",  "*a",   "**.a",
                                       "a/b", "a b", "..a", "\xff", "a:80", "[::1]" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_test_message ("%u", i);
      g_assert_null (relay_host_pattern_new (wrong[i]));
    }
}

static void
test_long_names (void)
{
  g_autofree char *name = g_strnfill (300, 'a');
  g_autofree char *pattern = relay_host_pattern_new ("*");

  g_assert_null (relay_host_pattern_new (name));
  g_assert_false (relay_host_pattern_match (pattern, name));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host-pattern/names", test_names);
  g_test_add_func ("/host-pattern/wrong-patterns", test_wrong_patterns);
  g_test_add_func ("/host-pattern/long-names", test_long_names);
  return g_test_run ();
}
