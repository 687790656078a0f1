/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory-private.h"

static void
test_interfaces (void)
{
  static const char *const wanted[] = {
    "any data: pause, continue, pass, deny, want",
    "any data: pause, continue, pass, to-sender, deny, want",
    "any data: pause, continue, pass, replace, want",
    "any data: pause, continue, pass, to-sender, replace, want",
    "any data: pause, continue, pass, replace, deny, want",
    "any data: pause, continue, pass, replace, deny, want",
  };
  static const char *const settings[] = {
    "string=a",
    "string=a&action=reject",
    "string=a&action=replace",
    "string=a&action=answer",
    "string=a&action=replace&over=deny",
    "string=a&action=replace&hold-action=deny",
  };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings[i], NULL);
      g_autolist (ImpInterface) list = imp_factory_list_interfaces (factory);
      g_autofree char *text = NULL;

      g_assert_nonnull (list);
      g_assert_null (list->next);
      text = imp_interface_to_string (list->data);
      g_assert_cmpstr (text, ==, wanted[i]);
    }
}

static void
assert_errors (const char *settings, ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, &error);
  g_auto (GStrv) found = NULL;
  const char *part;
  guint n = 0;
  va_list parts;

  if (factory != NULL)
    g_test_message ("\"%s\" was taken", settings);
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  va_start (parts, settings);
  for (; (part = va_arg (parts, const char *)) != NULL; n++)
    if (strstr (error->message, part) == NULL)
      {
        g_test_message ("\"%s\" should name: %s", error->message, part);
        g_test_fail ();
      }
  va_end (parts);
  /* These and no others. */
  found = g_strsplit (error->message, "; ", -1);
  g_assert_cmpuint (n, ==, g_strv_length (found));
}

static void
test_errors (void)
{
  assert_errors ("", "rx or string must be given", NULL);
  assert_errors ("action=deny", "rx or string must be given", NULL);
  assert_errors ("rx=a&rxlen=1&string=b", "cannot both", NULL);
  assert_errors ("rx=a", "rx needs rxlen", NULL);
  assert_errors ("rx=a&rxlen=0", "rx needs rxlen", NULL);
  assert_errors ("rx=a&rxlen=70000", "rxlen must be", NULL);
  assert_errors ("rx=a&rxlen=many", "rxlen must be", NULL);
  assert_errors ("rxlen=3", "rx or string must be given", "rxlen means nothing", NULL);
  assert_errors ("rxlen=3&string=a", "rxlen means nothing", NULL);
  assert_errors ("string=", "1 to 65536 bytes", NULL);
  assert_errors ("rx=(a&rxlen=3", "(a", NULL);
  assert_errors ("rx=a*&rxlen=3", "matches the empty string", NULL);
  assert_errors ("rx=%5cGa&rxlen=3", "\\G", NULL);
  assert_errors ("rx=a&rxlen=3&over=maybe", "auto, pass or deny", NULL);
  assert_errors ("rx=a&rxlen=3&hold-action=replace", "pass or deny", NULL);
  assert_errors ("rx=a&rxlen=3&hold-timeout=soon", "hold-timeout must be", NULL);
  assert_errors ("rx=a&rxlen=3&max-effort=0", "max-effort must be", NULL);
  assert_errors ("rx=a&rxlen=3&lookahead=70000", "lookahead must be", NULL);
  assert_errors ("rx=a&rxlen=3&utf8=maybe", "utf8 must be", NULL);
  assert_errors ("string=a&utf8=true&lookahead=3", "utf8 means nothing without rx",
                 "lookahead means nothing without rx", NULL);
  assert_errors ("string=a&action=explode", "deny, reject, replace or answer", NULL);
  assert_errors ("string=a&rxdir=2", "rxdir must be", NULL);
  assert_errors ("string=a&color=red", "no such setting", NULL);
  assert_errors ("rx=(a&action=explode&rxdir=9&color=red", "(a", "rx needs rxlen",
                 "deny, reject, replace or answer", "rxdir must be", "no such setting", NULL);
}

/* What can be known to match nothing, or not what was meant, is refused, and by name. */
static void
test_pointless (void)
{
  static const char *const settings[][2] = {
    { "rx=\\b&rxlen=9", "\"\\b\" matches nothing but the empty string" },
    { "rx=^&rxlen=9", "nothing but the empty string" },
    { "rx=(?m)^$&rxlen=9", "nothing but the empty string" },
    { "rx=(?=<a>)&rxlen=9", "nothing but the empty string" },
    { "rx=(?<=a)(?!b)&rxlen=9", "nothing but the empty string" },
    { "rx=(?:\\b|\\B)%2B&rxlen=9", "nothing but the empty string" },
    { "rx=(a{0})*&rxlen=9", "nothing but the empty string" },
    { "rx=abcd&rxlen=3", "\"abcd\" can never match: its matches have 4 bytes or more" },
    { "rx=(?:ab|cde){2}&rxlen=3", "4 bytes or more" },
    { "rx=[0-9]{20}x?&rxlen=19", "20 bytes or more" },
    { "rx=foo(?=.*bar)&rxlen=3", "\"foo(?=.*bar)\" looks ahead without a bound" },
    { "rx=a(?!b*c)&rxlen=3", "without a bound" },
    { "rx=a(?=(b)\\1)&rxlen=3", "without a bound" },
    { "rx=a(?=.{20})&rxlen=1&lookahead=10", "looks up to 20 bytes ahead, more than the 10" },
    { "rx=a(?=.{20}.*b)&rxlen=1&lookahead=10", "has to see 22 bytes or more, and may see 11" },
    { "rx=[Ã©Ã¨]&rxlen=2", "beyond ASCII in a class" },
    { "rx=Ã©%2B&rxlen=4", "repeats a character beyond ASCII" },
    { "rx=(?i)Ã©&rxlen=2", "ignores the case of characters beyond ASCII" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    assert_errors (settings[i][0], settings[i][1], NULL);
}

static void
assert_taken (const char *settings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, &error);

  g_assert_no_error (error);
  g_assert_nonnull (factory);
}

static void
test_lengths (void)
{
  g_autofree char *fits = g_strnfill (65536, 'a'), *too_long = g_strnfill (65537, 'a');
  g_autofree char *taken = g_strconcat ("string=", fits, NULL);
  g_autofree char *refused = g_strconcat ("string=", too_long, NULL);

  assert_taken (taken);
  assert_errors (refused, "1 to 65536 bytes, not 65537", NULL);
  assert_taken ("rx=a&rxlen=65536");
  assert_errors ("rx=a&rxlen=65537", "rxlen must be", NULL);
}

/* And what only looks like that is not. */
static void
test_not_pointless (void)
{
  assert_taken ("rx=\\b|a&rxlen=1");
  assert_taken ("rx=(?=ab)a*&rxlen=3");
  assert_taken ("rx=abc|d&rxlen=1");
  assert_taken ("rx=foo(?=.{0,9}bar)&rxlen=3");
  assert_taken ("rx=foo(?=.*bar)&rxlen=3&lookahead=100");
  assert_taken ("rx=[Ã©]&rxlen=2&utf8=true");
  assert_taken ("rx=(?:Ã©)%2B&rxlen=4");
  assert_taken ("rx=[\\xe9]&rxlen=1");
}

/* Each setting has one name that is Perl's and one that reads well; messages have the one that was
 * written. */
static void
test_other_names (void)
{
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (
    "regex=a%2Bb&max_length=7&direction=1&action=replace&replacement=x&literal=true", NULL);
  g_autoptr (ImpFactory) deny = imp_pattern_factory_new ("text=a&reason=no", NULL);
  g_autofree char *written = imp_factory_get_settings (factory);
  g_autofree char *denied = imp_factory_get_settings (deny);

  g_assert_cmpstr (written, ==,
                   "rx=a%2Bb&rxlen=7&rxdir=1&action=replace&actdata=x&actdata-literal=true");
  g_assert_cmpstr (denied, ==, "string=a&actdata=no");
  assert_taken ("text=a&action=reject&answer=no");
  assert_taken ("text=a&action=answer&answer=no");

  assert_errors ("regex=a&rx=a&max-length=1",
                 "\"rx=a\": regex and rx are the same setting, give one of them", NULL);
  assert_errors ("regex=a&rxlen=1&max-length=1", "rxlen and max-length are the same setting", NULL);
  assert_errors ("text=a&reason=x&answer=y", "reason and answer are the same setting", NULL);
  assert_errors ("regex=a&regex=b&max-length=1", "regex is set more than once", NULL);
  assert_errors ("regex=a&max-length=0", "regex needs max-length", NULL);
  assert_errors ("regex=a", "regex needs max-length", NULL);
  assert_errors ("regex=a&max-length=many", "\"max-length=many\": max-length must be", NULL);
  assert_errors ("regex=a&max-length=1&text=b", "regex and text cannot both be given", NULL);
  assert_errors ("max-length=3&text=a", "max-length means nothing without regex", NULL);
  assert_errors ("direction=2&text=a", "direction must be", NULL);
  assert_errors ("direction=0", "regex or text must be given", NULL);
  assert_errors ("text=a&direction0=1", "no such setting", NULL);
  assert_errors ("text=a&replacement=b",
                 "replacement means nothing with action=deny, which takes reason", NULL);
  assert_errors ("text=a&action=reject&reason=b", "action=reject, which takes answer", NULL);
  assert_errors ("text=a&action=explode&reason=b", "deny, reject, replace or answer", NULL);
  assert_errors ("regex=(a)&max-length=1&action=replace&replacement=\\2",
                 "replacement has \"\\2\", but the regular expression has no such group", NULL);
  assert_errors ("text=a&color=red", "known are rx (or regex), rxlen (or max-length), ", NULL);
}

static void
test_round_trip (void)
{
  const char *settings = "rx=a%2Bb&rxlen=7&lookahead=9&utf8=true&rxdir=1&action=replace"
                         "&actdata=%00%FFx&actdata-literal=true&over=deny&hold-timeout=1"
                         "&hold-action=deny&max-effort=9";
  g_autoptr (ImpFactory) factory = imp_pattern_factory_new (settings, NULL);
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_autoptr (ImpFactory) least = imp_pattern_factory_new ("string=a", NULL);
  g_autoptr (ImpAnalyzer) other = imp_factory_create_analyzer (least, NULL, NULL);
  g_autofree char *written = imp_factory_get_settings (factory);
  g_autofree char *short_one = imp_factory_get_settings (least);

  g_assert_cmpstr (written, ==, settings);
  g_assert_cmpstr (short_one, ==, "string=a");
  imp_analyzer_close (analyzer);
  imp_analyzer_close (other);
}

/* Without settings there is no complaint before the first analyzer. */
static void
test_unset (void)
{
  g_autoptr (ImpFactory) factory = g_object_new (IMP_TYPE_PATTERN_FACTORY, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (imp_factory_create_analyzer (factory, NULL, &error));
  g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pattern-settings/interfaces", test_interfaces);
  g_test_add_func ("/pattern-settings/errors", test_errors);
  g_test_add_func ("/pattern-settings/pointless", test_pointless);
  g_test_add_func ("/pattern-settings/not-pointless", test_not_pointless);
  g_test_add_func ("/pattern-settings/lengths", test_lengths);
  g_test_add_func ("/pattern-settings/other-names", test_other_names);
  g_test_add_func ("/pattern-settings/round-trip", test_round_trip);
  g_test_add_func ("/pattern-settings/unset", test_unset);
  return g_test_run ();
}
