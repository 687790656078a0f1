/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-table.h"

void
metrics_table_describe (const MetricsRow *rows, guint n_rows, GVariant *dictionary,
                        MetricsText *text, const MetricsLabels *labels)
{
  for (guint i = 0; i < n_rows; i++)
    {
      guint64 value;

      if (g_variant_lookup (dictionary, rows[i].key, "t", &value))
        metrics_text_add_by (text, rows[i].family, labels, rows[i].name, rows[i].label, value);
    }
}

void
metrics_table_describe_counts (const MetricsFamily *family, const char *name, GVariant *counts,
                               MetricsText *text, const MetricsLabels *labels)
{
  GVariantIter iter;
  const char *key;
  guint64 value;

  g_variant_iter_init (&iter, counts);
  while (g_variant_iter_next (&iter, "{&st}", &key, &value))
    metrics_text_add_by (text, family, labels, name, key, value);
}
