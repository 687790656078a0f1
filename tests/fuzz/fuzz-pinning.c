/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module protocol-pinning, with any rules and any input of both directions: which bytes pass,
 * and whether the connection is denied, does not depend on how streams are cut. */
#include "fuzz.h"

#include <string.h>

#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-settings-private.h"
#include "pinning-rig.h"

static void
append_rule (GString *settings, guint number, FuzzInput *input)
{
  guint8 choice = fuzz_take (input);
  g_autofree char *key = g_strdup_printf ("rx%u", number);
  gsize length;
  const guint8 *regex;

  g_string_append_printf (settings, "&dir%u=%u&rxlen%u=%u", number, choice & 1, number,
                          1 + (choice >> 1));
  regex = fuzz_take_bytes (input, 16, &length);
  imp_settings_append (settings, key, regex, length);
}

static ImpFactory *
make_factory (FuzzInput *input)
{
  guint8 choice = fuzz_take (input);
  g_autoptr (GString) settings = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  ImpFactory *factory;

  g_string_append_printf (settings, "ignore_order=%d&allow_dup=%d&allow_reorder=%d", choice & 1,
                          choice >> 1 & 1, choice >> 2 & 1);
  if ((choice & 8) != 0)
    g_string_append_printf (settings, "&max_unbound0=%u&max_unbound1=%u", choice >> 6, choice >> 7);
  for (guint i = 0; i <= (choice >> 4 & 3); i++)
    append_rule (settings, i, input);
  factory = imp_pinning_factory_new (settings->str, &error);
  if (factory == NULL)
    g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  return factory;
}

/* @cut: streams come byte by byte. */
static char *
run (ImpFactory *factory, FuzzInput input, gboolean cut)
{
  g_autoptr (PinningRig) rig = pinning_rig_new (factory);

  while (input.left > 0)
    {
      guint8 choice = fuzz_take (&input);
      gint32 type = (choice & 2) != 0 ? IMP_DATA_TYPE_PACKET : IMP_DATA_TYPE_STREAM;
      gsize length;
      const guint8 *data = fuzz_take_bytes (&input, 64, &length);
      gsize step = cut && type == IMP_DATA_TYPE_STREAM ? 1 : MAX (length, 1);

      for (gsize done = 0; done < length; done += step)
        pinning_rig_feed (rig, choice & 1, (const char *) data + done, step, type);
    }
  for (guint i = 0; i < 2; i++)
    pinning_rig_feed (rig, i, NULL, 0, IMP_DATA_TYPE_STREAM);
  if (rig->refused != NULL && g_str_has_prefix (rig->refused, "fatal "))
    return NULL;
  /* How much is there when it is too much is a matter of the cuts. */
  if (rig->refused != NULL && strstr (rig->refused, "size=") != NULL)
    *strstr (rig->refused, "size=") = '\0';
  return g_strdup_printf ("%d %d %s", (int) rig->passed[0], (int) rig->passed[1],
                          rig->refused != NULL ? rig->refused : "passed");
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  g_autoptr (ImpFactory) factory = make_factory (&input);
  g_autofree char *whole = NULL, *cut = NULL;

  if (factory == NULL)
    return 0;
  whole = run (factory, input, FALSE);
  cut = run (factory, input, TRUE);
  /* An expression that is too costly may be so for one of them only. */
  if (whole != NULL && cut != NULL)
    g_assert_cmpstr (whole, ==, cut);
  return 0;
}
