/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-shadow.h"

#include "core/imp-log-private.h"
#include "tool/relay/relay-log.h"

#include <string.h>

/* Bytes that may wait for one connection. */
#define MAX_QUEUED (4 * 1024 * 1024)

struct _RelayShadow
{
  GStrv modules;
  double percent;
  guint max_shadows;
  char *target_text;
  RelayShadowProcess *process;
  ImpFactory *factory;
  GHashTable *active; /* of RelayShadowing */
  gboolean stopping;

  guint64 n_compared; /* connections */
  guint64 n_different;
  guint64 n_gave_up;
  guint64 n_skipped; /* there were too many at a time, or no analyzer was there */
  guint64 n_decided;
  gint64 compared; /* bytes */
  gint64 uncompared;
  double lag_sum; /* microseconds, over all bytes */
  gint64 max_lag;
};

/* One connection. */
typedef struct
{
  RelayShadow *owner;
  ImpShadow *shadow;
  char *name;
  gboolean verbose;
} RelayShadowing;

gboolean
relay_shadow_parse_percent (const char *text, double *percent)
{
  char *end;

  if (*text == '\0' || strspn (text, "0123456789.") != strlen (text))
    return FALSE;
  *percent = g_ascii_strtod (text, &end);
  return *end == '\0' && *percent <= 100 && g_ascii_isdigit (end[-1]) && g_ascii_isdigit (*text);
}

RelayShadow *
relay_shadow_new (const char *const *modules, double percent, guint max_shadows,
                  const char *target_text)
{
  RelayShadow *self = g_new0 (RelayShadow, 1);

  self->modules = g_strdupv ((GStrv) modules);
  self->percent = percent;
  self->max_shadows = max_shadows;
  self->target_text = g_strdup (target_text);
  self->active = g_hash_table_new (NULL, NULL);
  return self;
}

/* ---- the end ---- */

static void
relay_shadow_close_all (RelayShadow *self)
{
  g_autoptr (GList) all = g_hash_table_get_keys (self->active);

  self->stopping = TRUE;
  for (GList *l = all; l != NULL; l = l->next)
    imp_shadow_close (((RelayShadowing *) l->data)->shadow);
}

/* The shadow can be the first of both. */
static char *
relay_shadow_describe_lag (double lag)
{
  return g_strdup_printf ("%.0f us %s", ABS (lag), lag < 0 ? "earlier" : "later");
}

static void
relay_shadow_log_compared (RelayShadow *self)
{
  g_autofree char *mean = relay_shadow_describe_lag (
    self->compared > 0 ? self->lag_sum / self->compared : 0);
  g_autofree char *max = relay_shadow_describe_lag (self->max_lag);

  imp_log_kind (IMP_LOG_SHADOW,
                "--shadow -> %s: %" G_GUINT64_FORMAT " %s compared, %" G_GUINT64_FORMAT
                " of them %s, %" G_GUINT64_FORMAT " %s not compared to the end, and "
                "%" G_GUINT64_FORMAT " %s not at all; %" G_GINT64_FORMAT
                " %s the same, %" G_GINT64_FORMAT
                " not compared; they came %s on average, and %s at the most",
                self->target_text, self->n_compared,
                self->n_compared == 1 ? "connection was" : "connections were", self->n_different,
                self->n_different == 1 ? "differs" : "differ", self->n_gave_up,
                self->n_gave_up == 1 ? "was" : "were", self->n_skipped,
                self->n_skipped == 1 ? "other" : "others", self->compared,
                self->compared == 1 ? "byte was" : "bytes were", self->uncompared, mean, max);
}

static void
relay_shadow_log_totals (RelayShadow *self)
{
  if (self->n_compared + self->n_skipped > 0)
    relay_shadow_log_compared (self);
  if (self->percent > 0)
    imp_log_kind (IMP_LOG_SHADOW,
                  "--canary -> %s: %" G_GUINT64_FORMAT " %s decided by the shadow modules",
                  self->target_text, self->n_decided,
                  self->n_decided == 1 ? "connection was" : "connections were");
}

void
relay_shadow_free (RelayShadow *self)
{
  relay_shadow_close_all (self);
  relay_shadow_log_totals (self);
  g_hash_table_unref (self->active);
  g_clear_object (&self->factory);
  g_clear_pointer (&self->process, relay_shadow_process_free);
  g_strfreev (self->modules);
  g_free (self->target_text);
  g_free (self);
}

/* ---- the beginning ---- */

int
relay_shadow_start (RelayShadow *self, const gboolean *stopped)
{
  g_autoptr (GError) error = NULL;

  self->process = relay_shadow_process_new ((const char *const *) self->modules, &error);
  if (self->process == NULL)
    return tool_error ("--shadow: %s", error->message);
  if (!relay_shadow_process_wait (self->process, stopped))
    return tool_error ("--shadow \"%s\": the modules cannot be used", self->modules[0]);
  self->factory = IMP_FACTORY (
    imp_remote_factory_new (relay_shadow_process_get_address (self->process), &error));
  if (self->factory == NULL)
    return tool_error ("--shadow: %s", error->message);
  return TOOL_DONE;
}

/* ---- connections ---- */

ImpFactory *
relay_shadow_take_canary (RelayShadow *self)
{
  if (self == NULL || g_random_double_range (0, 100) >= self->percent)
    return NULL;
  self->n_decided++;
  return self->factory;
}

const char *const *
relay_shadow_get_modules (RelayShadow *self)
{
  return (const char *const *) self->modules;
}

static void
relay_shadowing_log (RelayShadowing *self, const char *text)
{
  relay_log (&(RelayLogSubject){ .client = self->name, .server = self->owner->target_text },
             IMP_LOG_SHADOW, text);
}

static void
relay_shadowing_on_difference (ImpShadow *shadow, ImpDifference *difference, gpointer user_data)
{
  relay_shadowing_log (user_data, imp_difference_get_text (difference));
}

/* Bytes that were the same. */
static gint64
relay_shadowing_get_compared (ImpShadow *shadow)
{
  return imp_shadow_get_compared (shadow, IMP_DIRECTION_FROM_CLIENT)
         + imp_shadow_get_compared (shadow, IMP_DIRECTION_FROM_SERVER);
}

static void
relay_shadowing_log_end (RelayShadowing *self)
{
  const char *gave_up = imp_shadow_get_gave_up (self->shadow);
  const guint n = imp_shadow_get_n_differences (self->shadow);
  const gint64 compared = relay_shadowing_get_compared (self->shadow);
  g_autofree char *lag = relay_shadow_describe_lag (imp_shadow_get_mean_lag (self->shadow));
  g_autofree char *text = NULL;

  if (gave_up != NULL)
    text = g_strdup_printf ("not compared to the end: %s", gave_up);
  else if (self->verbose)
    text = g_strdup_printf ("%u difference%s; %" G_GINT64_FORMAT " %s the same, and came %s on "
                            "average",
                            n, n == 1 ? "" : "s", compared,
                            compared == 1 ? "byte was" : "bytes were", lag);
  if (text != NULL && !self->owner->stopping)
    relay_shadowing_log (self, text);
}

static void
relay_shadow_count (RelayShadow *self, ImpShadow *shadow)
{
  const gint64 compared = relay_shadowing_get_compared (shadow);
  const gboolean differs = imp_shadow_get_n_differences (shadow) > 0;
  const gboolean gave_up = imp_shadow_get_gave_up (shadow) != NULL;

  for (guint direction = 0; direction < 2; direction++)
    self->uncompared += imp_shadow_get_uncompared (shadow, direction);
  if (gave_up && !differs && compared == 0)
    {
      self->n_skipped++;
      return;
    }
  if (compared > 0 && (self->compared == 0 || imp_shadow_get_max_lag (shadow) > self->max_lag))
    self->max_lag = imp_shadow_get_max_lag (shadow);
  self->compared += compared;
  self->lag_sum += (double) imp_shadow_get_mean_lag (shadow) * compared;
  self->n_compared++;
  self->n_different += differs;
  self->n_gave_up += gave_up;
}

static void
relay_shadowing_on_over (ImpShadow *shadow, gpointer user_data)
{
  RelayShadowing *self = user_data;

  relay_shadowing_log_end (self);
  relay_shadow_count (self->owner, shadow);
  g_hash_table_remove (self->owner->active, self);
  g_signal_handlers_disconnect_by_data (shadow, self);
  g_object_unref (shadow);
  g_free (self->name);
  g_free (self);
}

static void
relay_shadowing_start (RelayShadow *owner, ImpAnalyzer *analyzer, ImpRelay *relay, const char *name,
                       gboolean verbose)
{
  RelayShadowing *self = g_new0 (RelayShadowing, 1);

  self->owner = owner;
  self->shadow = imp_shadow_new (analyzer);
  self->name = g_strdup (name);
  self->verbose = verbose;
  g_hash_table_add (owner->active, self);
  imp_shadow_set_max_queued (self->shadow, MAX_QUEUED);
  g_signal_connect (self->shadow, "difference", G_CALLBACK (relay_shadowing_on_difference), self);
  g_signal_connect (self->shadow, "over", G_CALLBACK (relay_shadowing_on_over), self);
  imp_shadow_follow (self->shadow, imp_relay_get_filter (relay));
}

void
relay_shadow_follow (RelayShadow *self, ImpRelay *relay, GHashTable *context, const char *name,
                     gboolean verbose)
{
  g_autoptr (ImpAnalyzer) analyzer = NULL;

  if (self == NULL)
    return;
  if (g_hash_table_size (self->active) < self->max_shadows)
    analyzer = imp_factory_create_analyzer (self->factory, context, NULL);
  if (analyzer != NULL)
    relay_shadowing_start (self, analyzer, relay, name, verbose);
  else
    self->n_skipped++;
}

/* ---- what is counted ---- */

static const MetricsFamily compared_connections = {
  "imp_relay_shadowed_connections",
  METRICS_COUNTER,
  NULL,
  "Connections that have ended, by what came of comparing them with the shadow modules",
};
static const MetricsFamily compared_bytes = {
  "imp_relay_shadowed_bytes",
  METRICS_COUNTER,
  "bytes",
  "Bytes of their output that were the same, or could not be compared",
};
static const MetricsFamily shadows = {
  "imp_relay_live_shadows",
  METRICS_GAUGE,
  NULL,
  "Connections that are compared now",
};
static const MetricsFamily canaries = {
  "imp_relay_canary_connections",
  METRICS_COUNTER,
  NULL,
  "Connections that the shadow modules have decided",
};

void
relay_shadow_describe (RelayShadow *self, MetricsText *text, const MetricsLabels *labels)
{
  metrics_text_add (text, &shadows, labels, g_hash_table_size (self->active));
  metrics_text_add_by (text, &compared_connections, labels, "result", "same",
                       self->n_compared - self->n_different);
  metrics_text_add_by (text, &compared_connections, labels, "result", "different",
                       self->n_different);
  metrics_text_add_by (text, &compared_connections, labels, "result", "skipped", self->n_skipped);
  metrics_text_add_by (text, &compared_bytes, labels, "result", "same", self->compared);
  metrics_text_add_by (text, &compared_bytes, labels, "result", "not_compared", self->uncompared);
  metrics_text_add (text, &canaries, labels, self->n_decided);
}
