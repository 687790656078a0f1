/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-modules.h"

#include "tool/metrics/metrics-remote.h"
#include "tool/metrics/metrics-table.h"
#include "tool/tool.h"

#define KEY "imp-remote-metrics"

static const MetricsFamily up_family = {
  "imp_module_up",
  METRICS_GAUGE,
  NULL,
  "Whether the module can be used now",
};
static const MetricsFamily live_analyzers = {
  "imp_module_live_analyzers",
  METRICS_GAUGE,
  NULL,
  "Analyzers of the module that there are now",
};
static const MetricsFamily analyzers = {
  "imp_module_analyzers",
  METRICS_COUNTER,
  NULL,
  "Analyzers that the module has made",
};
static const MetricsFamily ignored = {
  "imp_module_ignored_connections",
  METRICS_COUNTER,
  NULL,
  "Connections in which the module was not interested",
};
static const MetricsFamily verdicts_family = {
  "imp_module_verdicts",
  METRICS_COUNTER,
  NULL,
  "Results of the module's analyzers",
};
static const MetricsFamily times_family = {
  "imp_module_verdict_seconds",
  METRICS_HISTOGRAM,
  "seconds",
  "Time from when a chunk came to a module until it had a verdict, of those that were timed",
};

static const MetricsRow rows[] = {
  { "live-analyzers", &live_analyzers },
  { "analyzers", &analyzers },
  { "ignored", &ignored },
};

typedef struct
{
  GStrv names;
  GPtrArray *parts; /* of ImpFactory, without references: one of them may be the whole */
} MetricsModules;

static void
metrics_modules_free (MetricsModules *self)
{
  g_strfreev (self->names);
  g_ptr_array_unref (self->parts);
  g_free (self);
}

void
metrics_modules_add (ImpFactory *whole, const char *const *modules, GPtrArray *parts)
{
  MetricsModules *self = g_new0 (MetricsModules, 1);

  self->names = tool_name_modules (modules);
  self->parts = g_ptr_array_new ();
  for (guint i = 0; i < parts->len; i++)
    {
      imp_factory_set_measured (parts->pdata[i], TRUE);
      g_ptr_array_add (self->parts, parts->pdata[i]);
    }
  g_object_set_data_full (G_OBJECT (whole), KEY, self, (GDestroyNotify) metrics_modules_free);
}

/* ---- one of them ---- */

static gboolean
metrics_module_is_up (ImpFactory *part)
{
  g_autolist (ImpFactoryStatus) statuses = imp_factory_list_statuses (part);

  for (GList *l = statuses; l != NULL; l = l->next)
    if (imp_factory_status_get_state (l->data) != IMP_FACTORY_STATE_UP)
      return FALSE;
  return TRUE;
}

static void
metrics_module_describe_times (GVariant *all, MetricsText *text, const MetricsLabels *labels)
{
  g_autoptr (GVariant) times = g_variant_lookup_value (all, "times", G_VARIANT_TYPE ("at"));
  g_autoptr (GVariant) bounds = g_variant_lookup_value (all, "time-bounds", G_VARIANT_TYPE ("ad"));
  const guint64 *counts;
  const double *ends;
  gsize n_counts, n_ends;
  double total = 0;

  counts = g_variant_get_fixed_array (times, &n_counts, sizeof *counts);
  ends = g_variant_get_fixed_array (bounds, &n_ends, sizeof *ends);
  g_assert (n_counts == n_ends + 1);
  g_variant_lookup (all, "total-time", "d", &total);
  metrics_text_add_histogram (text, &times_family, labels, ends, counts, n_ends, total);
}

static void
metrics_module_describe (ImpFactory *part, MetricsText *text, const MetricsLabels *labels)
{
  g_autoptr (GVariant) all = imp_factory_get_measurements (part);
  g_autoptr (GVariant) verdicts = NULL;

  verdicts = g_variant_lookup_value (all, "verdicts", G_VARIANT_TYPE ("a{st}"));
  metrics_text_add (text, &up_family, labels, metrics_module_is_up (part));
  metrics_table_describe (rows, G_N_ELEMENTS (rows), all, text, labels);
  metrics_table_describe_counts (&verdicts_family, "verdict", verdicts, text, labels);
  metrics_module_describe_times (all, text, labels);
  if (IMP_IS_REMOTE_FACTORY (part))
    metrics_remote_describe (IMP_REMOTE_FACTORY (part), text, labels);
}

void
metrics_modules_describe (ImpFactory *whole, MetricsText *text, const MetricsLabels *labels)
{
  const MetricsModules *self = g_object_get_data (G_OBJECT (whole), KEY);

  for (guint i = 0; self != NULL && i < self->parts->len; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i + 1);
      MetricsLabels own = *labels;

      metrics_labels_add (&own, "part", number);
      metrics_labels_add (&own, "module", self->names[i]);
      metrics_module_describe (self->parts->pdata[i], text, &own);
    }
}
