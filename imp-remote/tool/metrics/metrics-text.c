/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-text.h"

#include <string.h>

#define VALUE_FORMAT "%.15g"
#define BOUND_FORMAT "%.9g"

static const char *const type_names[] = {
  [METRICS_COUNTER] = "counter",
  [METRICS_GAUGE] = "gauge",
  [METRICS_HISTOGRAM] = "histogram",
};

/* The lines of one family, since others may be added to meanwhile. */
typedef struct
{
  const MetricsFamily *family;
  GString *lines;
} MetricsBlock;

struct _MetricsText
{
  MetricsFormat format;
  const char *worker; /* or NULL */
  GPtrArray *blocks;  /* in the order in which they began */
  GHashTable *places; /* MetricsFamily -> its block */
};

static void
metrics_block_free (MetricsBlock *block)
{
  g_string_free (block->lines, TRUE);
  g_free (block);
}

MetricsText *
metrics_text_new (MetricsFormat format, const char *worker)
{
  MetricsText *self = g_new0 (MetricsText, 1);

  self->format = format;
  self->worker = worker;
  self->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) metrics_block_free);
  self->places = g_hash_table_new (NULL, NULL);
  return self;
}

void
metrics_text_free (MetricsText *self)
{
  g_hash_table_unref (self->places);
  g_ptr_array_unref (self->blocks);
  g_free (self);
}

const char *
metrics_format_get_content_type (MetricsFormat format)
{
  return format == METRICS_FORMAT_OPENMETRICS
           ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
           : "text/plain; version=0.0.4; charset=utf-8";
}

/* OpenMetrics names the family of a counter without the end of its series' name. */
static void
metrics_text_append_head (MetricsText *self, const MetricsFamily *family, GString *lines)
{
  const gboolean is_open = self->format == METRICS_FORMAT_OPENMETRICS;
  const char *end = !is_open && family->type == METRICS_COUNTER ? "_total" : "";

  g_string_append_printf (lines, "# HELP %s%s %s\n", family->name, end, family->help);
  g_string_append_printf (lines, "# TYPE %s%s %s\n", family->name, end, type_names[family->type]);
  if (is_open && family->unit != NULL)
    g_string_append_printf (lines, "# UNIT %s %s\n", family->name, family->unit);
}

static GString *
metrics_text_get_lines (MetricsText *self, const MetricsFamily *family)
{
  MetricsBlock *block = g_hash_table_lookup (self->places, family);

  if (block != NULL)
    return block->lines;
  block = g_new0 (MetricsBlock, 1);
  block->family = family;
  block->lines = g_string_new (NULL);
  metrics_text_append_head (self, family, block->lines);
  g_hash_table_insert (self->places, (gpointer) family, block);
  g_ptr_array_add (self->blocks, block);
  return block->lines;
}

/* ---- a line ---- */

static void
metrics_append_value (GString *lines, const char *value)
{
  g_autofree char *valid = g_utf8_make_valid (value, -1);

  for (const char *c = valid; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (lines, "\\n");
    else if (*c == '\\' || *c == '"')
      g_string_append_printf (lines, "\\%c", *c);
    else
      g_string_append_c (lines, *c);
}

static void
metrics_append_label (GString *lines, const char *name, const char *value, gboolean is_first)
{
  g_string_append_printf (lines, "%c%s=\"", is_first ? '{' : ',', name);
  metrics_append_value (lines, value);
  g_string_append_c (lines, '"');
}

/* @name, @value: one label more, or NULL. */
static void
metrics_text_append_labels (MetricsText *self, GString *lines, const MetricsLabels *labels,
                            const char *name, const char *value)
{
  const guint n = labels != NULL ? labels->n : 0;
  guint n_before = 0;

  if (self->worker != NULL)
    metrics_append_label (lines, "worker", self->worker, n_before++ == 0);
  for (guint i = 0; i < n; i++)
    metrics_append_label (lines, labels->names[i], labels->values[i], n_before++ == 0);
  if (name != NULL)
    metrics_append_label (lines, name, value, n_before++ == 0);
  if (n_before > 0)
    g_string_append_c (lines, '}');
}

static void
metrics_append_number (GString *lines, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (lines, g_ascii_formatd (text, sizeof text, VALUE_FORMAT, value));
}

/* All before the value. */
static GString *
metrics_text_begin_line (MetricsText *self, const MetricsFamily *family,
                         const MetricsLabels *labels, const char *name, const char *label)
{
  GString *lines = metrics_text_get_lines (self, family);

  g_string_append (lines, family->name);
  if (family->type == METRICS_COUNTER)
    g_string_append (lines, "_total");
  metrics_text_append_labels (self, lines, labels, name, label);
  g_string_append_c (lines, ' ');
  return lines;
}

void
metrics_text_add_by (MetricsText *self, const MetricsFamily *family, const MetricsLabels *labels,
                     const char *name, const char *label, guint64 value)
{
  GString *lines = metrics_text_begin_line (self, family, labels, name, label);

  g_string_append_printf (lines, "%" G_GUINT64_FORMAT "\n", value);
}

void
metrics_text_add (MetricsText *self, const MetricsFamily *family, const MetricsLabels *labels,
                  guint64 value)
{
  metrics_text_add_by (self, family, labels, NULL, NULL, value);
}

void
metrics_text_add_double (MetricsText *self, const MetricsFamily *family,
                         const MetricsLabels *labels, double value)
{
  GString *lines = metrics_text_begin_line (self, family, labels, NULL, NULL);

  metrics_append_number (lines, value);
  g_string_append_c (lines, '\n');
}

/* ---- histograms ---- */

static void
metrics_text_append_bucket (MetricsText *self, GString *lines, const MetricsFamily *family,
                            const MetricsLabels *labels, const char *bound, guint64 count)
{
  g_string_append_printf (lines, "%s_bucket", family->name);
  metrics_text_append_labels (self, lines, labels, "le", bound);
  g_string_append_printf (lines, " %" G_GUINT64_FORMAT "\n", count);
}

void
metrics_text_add_histogram (MetricsText *self, const MetricsFamily *family,
                            const MetricsLabels *labels, const double *bounds,
                            const guint64 *counts, guint n, double sum)
{
  GString *lines = metrics_text_get_lines (self, family);
  char bound[G_ASCII_DTOSTR_BUF_SIZE];
  guint64 count = 0;

  for (guint i = 0; i < n; i++)
    {
      count += counts[i];
      g_ascii_formatd (bound, sizeof bound, BOUND_FORMAT, bounds[i]);
      /* OpenMetrics wants numbers that have a point, or an exponent. */
      if (strpbrk (bound, ".e") == NULL)
        strcat (bound, ".0");
      metrics_text_append_bucket (self, lines, family, labels, bound, count);
    }
  count += counts[n];
  metrics_text_append_bucket (self, lines, family, labels, "+Inf", count);
  g_string_append_printf (lines, "%s_sum", family->name);
  metrics_text_append_labels (self, lines, labels, NULL, NULL);
  g_string_append_c (lines, ' ');
  metrics_append_number (lines, sum);
  g_string_append_printf (lines, "\n%s_count", family->name);
  metrics_text_append_labels (self, lines, labels, NULL, NULL);
  g_string_append_printf (lines, " %" G_GUINT64_FORMAT "\n", count);
}

GBytes *
metrics_text_finish (MetricsText *self)
{
  GString *all = g_string_new (NULL);

  for (guint i = 0; i < self->blocks->len; i++)
    {
      const MetricsBlock *block = self->blocks->pdata[i];

      g_string_append_len (all, block->lines->str, block->lines->len);
    }
  if (self->format == METRICS_FORMAT_OPENMETRICS)
    g_string_append (all, "# EOF\n");
  return g_string_free_to_bytes (all);
}
