/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-pattern-private.h"

#include <string.h>

#include "core/imp-error.h"
#include "core/imp-factory-private.h"

static void
test_interfaces (void)
{
  static const char *const wanted[] = {
    "any data: pass, deny",
    "any data: pass, to-sender, replace",
    "any data: pass, replace",
  };
  static const char *const settings[] = { "string=a", "string=a&action=reject",
                                          "string=a&action=replace" };

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
assert_mistakes (const char *settings, ...)
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
test_mistakes (void)
{
  assert_mistakes ("", "rx or string must be given", NULL);
  assert_mistakes ("action=deny", "rx or string must be given", NULL);
  assert_mistakes ("rx=a&rxlen=1&string=b", "cannot both", NULL);
  assert_mistakes ("rx=a", "rx needs rxlen", NULL);
  assert_mistakes ("rx=a&rxlen=0", "rx needs rxlen", NULL);
  assert_mistakes ("rx=a&rxlen=70000", "rxlen must be", NULL);
  assert_mistakes ("rx=a&rxlen=many", "rxlen must be", NULL);
  assert_mistakes ("rxlen=3", "rx or string must be given", "rxlen means nothing", NULL);
  assert_mistakes ("rxlen=3&string=a", "rxlen means nothing", NULL);
  assert_mistakes ("string=", "1 to 65536 bytes", NULL);
  assert_mistakes ("rx=(a&rxlen=3", "(a", NULL);
  assert_mistakes ("rx=a*&rxlen=3", "matches the empty string", NULL);
  assert_mistakes ("rx=%5cGa&rxlen=3", "\\G", NULL);
  assert_mistakes ("string=a&action=explode", "deny, reject or replace", NULL);
  assert_mistakes ("string=a&rxdir=2", "rxdir must be", NULL);
  assert_mistakes ("string=a&color=red", "no such setting", NULL);
  assert_mistakes ("rx=(a&action=explode&rxdir=9&color=red", "(a", "rx needs rxlen",
                   "deny, reject or replace", "rxdir must be", "no such setting", NULL);
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
  assert_mistakes (refused, "1 to 65536 bytes, not 65537", NULL);
  assert_taken ("rx=a&rxlen=65536");
  assert_mistakes ("rx=a&rxlen=65537", "rxlen must be", NULL);
}

static void
test_round_trip (void)
{
  const char *settings = "rx=a%2Bb&rxlen=7&rxdir=1&action=replace&actdata=%00%FFx";
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
  g_test_add_func ("/pattern-settings/mistakes", test_mistakes);
  g_test_add_func ("/pattern-settings/lengths", test_lengths);
  g_test_add_func ("/pattern-settings/round-trip", test_round_trip);
  g_test_add_func ("/pattern-settings/unset", test_unset);
  return g_test_run ();
}
