/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is counted, as text for those who collect it: OpenMetrics 1.0, or the older text format of
 * Prometheus, 0.0.4. */

typedef enum
{
  METRICS_FORMAT_PROMETHEUS,
  METRICS_FORMAT_OPENMETRICS,
} MetricsFormat;

typedef enum
{
  METRICS_COUNTER,
  METRICS_GAUGE,
  METRICS_HISTOGRAM,
} MetricsType;

/* All series of one name. They stand together in the text, whoever adds to them. */
typedef struct
{
  const char *name; /* of a counter without "_total" */
  MetricsType type;
  const char *unit; /* with which the name ends, or NULL */
  const char *help; /* ASCII, one line */
} MetricsFamily;

/* Pairs of a name and a value. A value may be any text. */
#define METRICS_LABELS_MAX 6

typedef struct
{
  const char *names[METRICS_LABELS_MAX];
  const char *values[METRICS_LABELS_MAX];
  guint n;
} MetricsLabels;

static inline void
metrics_labels_add (MetricsLabels *self, const char *name, const char *value)
{
  g_assert (self->n < METRICS_LABELS_MAX);
  self->names[self->n] = name;
  self->values[self->n] = value;
  self->n++;
}

typedef struct _MetricsText MetricsText;

/* @worker: a label that all series have, or NULL. */
MetricsText *metrics_text_new (MetricsFormat format, const char *worker);
void metrics_text_free (MetricsText *self);

/* @family lives as long as @self. The labels are copied; NULL: none. */
void metrics_text_add (MetricsText *self, const MetricsFamily *family, const MetricsLabels *labels,
                       guint64 value);
void metrics_text_add_double (MetricsText *self, const MetricsFamily *family,
                              const MetricsLabels *labels, double value);
/* With one label more. */
void metrics_text_add_by (MetricsText *self, const MetricsFamily *family,
                          const MetricsLabels *labels, const char *name, const char *label,
                          guint64 value);
/* @bounds: @n upper ends, ascending. @counts: @n + 1 numbers, each of one bucket alone. */
void metrics_text_add_histogram (MetricsText *self, const MetricsFamily *family,
                                 const MetricsLabels *labels, const double *bounds,
                                 const guint64 *counts, guint n, double sum);

/* All of it. */
GBytes *metrics_text_finish (MetricsText *self);

const char *metrics_format_get_content_type (MetricsFormat format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MetricsText, metrics_text_free)

G_END_DECLS
