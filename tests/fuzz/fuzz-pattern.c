/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pattern analyzer in a filter: what comes out does not depend on the chunks, and the filter's
 * ledger holds. */
#include "fuzz.h"

#include "analyzers/imp-pattern-factory.h"
#include "core/imp-data-type.h"
#include "core/imp-error.h"
#include "core/imp-settings-private.h"
#include "provider/imp-filter.h"

static void
on_output (ImpFilter *filter, ImpDirection direction, GBytes *data, gint32 data_type,
           gpointer user_data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);

  if (length > 0)
    g_byte_array_append (user_data, bytes, length);
}

static void
append (GString *settings, const char *key, FuzzInput *input, gsize max)
{
  gsize length;
  const guint8 *bytes = fuzz_take_bytes (input, max, &length);

  imp_settings_append (settings, key, bytes, length);
}

static ImpFactory *
make_factory (FuzzInput *input)
{
  static const char *const actions[] = { "replace", "answer", "reject", "deny" };
  static const char *const more[] = { "", "&over=deny", "&over=pass", "&actdata-literal=true" };
  g_autoptr (GString) settings = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  ImpFactory *factory;
  guint8 choice = fuzz_take (input);

  g_string_append_printf (settings, "action=%s", actions[choice % 4]);
  append (settings, "actdata", input, 8);
  append (settings, (choice & 4) != 0 ? "string" : "rx", input, 24);
  g_string_append (settings, more[choice >> 3 & 3]);
  if ((choice & 4) == 0)
    g_string_append_printf (settings, "&rxlen=%u&utf8=%d&lookahead=%u", fuzz_take (input) + 1,
                            (choice & 32) != 0, (choice & 64) != 0 ? fuzz_take (input) : 0);
  factory = imp_pattern_factory_new (settings->str, &error);
  if (factory == NULL)
    g_assert_error (error, IMP_ERROR, IMP_ERROR_SETTINGS);
  return factory;
}

/* @chunks: their sizes; NULL: one piece. NULL is returned where the filter has refused. */
static GBytes *
run (ImpFactory *factory, const guint8 *data, gsize length, FuzzInput *chunks)
{
  g_autoptr (ImpAnalyzer) analyzer = imp_factory_create_analyzer (factory, NULL, NULL);
  g_autoptr (ImpFilter) filter = imp_filter_new (analyzer);
  g_autoptr (GByteArray) output = g_byte_array_new ();
  gboolean good = TRUE;
  gsize done = 0;

  imp_filter_set_output (filter, on_output, output, NULL);
  while (good && done < length)
    {
      gsize step = chunks != NULL ? (gsize) 1 + fuzz_take (chunks) % 16 : length;

      step = MIN (step, length - done);
      good = imp_filter_push_bytes (filter, 0, data + done, step, IMP_DATA_TYPE_STREAM, NULL);
      done += step;
      if (good)
        g_assert_cmpint (imp_filter_get_input (filter, 0), ==,
                         imp_filter_get_passed (filter, 0) + imp_filter_get_replaced (filter, 0)
                           + imp_filter_get_denied (filter, 0) + imp_filter_get_held (filter, 0));
    }
  good = good && imp_filter_push_bytes (filter, 0, NULL, 0, IMP_DATA_TYPE_STREAM, NULL);
  /* A costly search takes several turns. */
  while (good && !imp_filter_is_finished (filter, 0))
    {
      g_main_context_iteration (NULL, TRUE);
      good = imp_filter_check (filter, NULL);
    }
  imp_filter_close (filter);
  return good ? g_byte_array_free_to_bytes (g_steal_pointer (&output)) : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize length)
{
  FuzzInput input = { data, length };
  g_autoptr (ImpFactory) factory = make_factory (&input);
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GBytes) chunked = NULL;
  FuzzInput chunks;
  gsize n;

  if (factory == NULL)
    return 0;
  chunks.data = fuzz_take_bytes (&input, 32, &n);
  chunks.left = n;
  whole = run (factory, input.data, input.left, NULL);
  chunked = run (factory, input.data, input.left, &chunks);
  /* An expression that is too costly may be so for one of them only. */
  if (whole != NULL && chunked != NULL)
    g_assert_true (g_bytes_equal (whole, chunked));
  return 0;
}
