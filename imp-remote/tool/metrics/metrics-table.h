/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"

G_BEGIN_DECLS

/* What stands in a dictionary of statistics, as series. */

typedef struct
{
  const char *key; /* of an unsigned 64-bit number */
  const MetricsFamily *family;
  const char *name, *label; /* one label more, or NULL */
} MetricsRow;

/* What is not in the dictionary is left out. */
void metrics_table_describe (const MetricsRow *rows, guint n_rows, GVariant *dictionary,
                             MetricsText *text, const MetricsLabels *labels);
/* @counts: a dictionary (a{st}), whose keys become the values of the label @name. */
void metrics_table_describe_counts (const MetricsFamily *family, const char *name, GVariant *counts,
                                    MetricsText *text, const MetricsLabels *labels);

G_END_DECLS
