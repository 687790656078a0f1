/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics.h"

#include "core/imp-log-private.h"
#include "rpc/imp-listener-private.h"
#include "tool/access-options.h"
#include "tool/metrics/metrics-client.h"
#include "tool/metrics/metrics-file.h"
#include "tool/metrics/metrics-process.h"
#include "tool/tool.h"

#include <string.h>

#define FILE_PREFIX "file:"
#define INTERVAL_DEFAULT 15
#define INTERVAL_MAX 3600
/* Others wait. */
#define MAX_CLIENTS 16

struct _Metrics
{
  MetricsFunc func;
  gpointer user_data;
  GPtrArray *listeners; /* of ImpListener */
  GPtrArray *files;     /* of MetricsFile */
  GHashTable *clients;  /* a set of MetricsClient */
  guint timer;          /* of the files, or 0 */
};

/* ---- the options ---- */

typedef struct
{
  char **places;
  guint interval; /* seconds; 0: the default */
  gboolean insecure;
} MetricsOptions;

static MetricsOptions metrics_options;
static MetricsOptions metrics_options_in_force; /* while there is a draft */
static char *metrics_worker;                    /* its number, or NULL: there are no others */

static gboolean
metrics_on_interval_option (const char *option, const char *value, gpointer data, GError **error)
{
  guint64 seconds;

  if (!g_ascii_string_to_unsigned (value, 10, 1, INTERVAL_MAX, &seconds, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "%s \"%s\": a number of seconds from 1 to %d is wanted", option, value,
                   INTERVAL_MAX);
      return FALSE;
    }
  metrics_options.interval = seconds;
  return TRUE;
}

void
metrics_add_to_table (OptionTable *table)
{
  static const GOptionEntry entries[] = {
    { "metrics", 0, 0, G_OPTION_ARG_STRING_ARRAY, &metrics_options.places,
      "Where what is counted can be read by HTTP, or a file that it is written to; several",
      "ADDRESS|file:/PATH" },
    { "metrics-interval", 0, 0, G_OPTION_ARG_CALLBACK, metrics_on_interval_option,
      "How often such a file is written, in seconds (1 to 3600, default 15)", "SECONDS" },
    { "metrics-insecure", 0, 0, G_OPTION_ARG_NONE, &metrics_options.insecure,
      "Let other machines read it as well", NULL },
    G_OPTION_ENTRY_NULL,
  };

  option_table_add (table, entries, NULL);
}

void
metrics_begin_draft (void)
{
  metrics_options_in_force = metrics_options;
  metrics_options = (MetricsOptions){ NULL };
}

void
metrics_end_draft (void)
{
  g_strfreev (metrics_options.places);
  metrics_options = metrics_options_in_force;
}

gboolean
metrics_is_wanted (void)
{
  return metrics_options.places != NULL;
}

static guint
metrics_get_interval (void)
{
  return metrics_options.interval > 0 ? metrics_options.interval : INTERVAL_DEFAULT;
}

static gboolean
metrics_is_file (const char *place)
{
  return g_str_has_prefix (place, FILE_PREFIX);
}

static int
metrics_check_place (const char *place)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) address = NULL;

  if (metrics_is_file (place))
    {
      if (g_path_is_absolute (place + strlen (FILE_PREFIX)))
        return TOOL_DONE;
      return tool_usage_error ("--metrics \"%s\": behind \"" FILE_PREFIX "\" an absolute path is "
                               "wanted, such as /var/lib/node_exporter/imp-remote.prom",
                               place);
    }
  address = imp_address_parse (place, &error);
  if (address == NULL || !imp_address_refuse_tls (address, place, &error))
    return tool_option_error ("--metrics", place, error);
  access_options_note_address (address);
  return TOOL_DONE;
}

int
metrics_check (void)
{
  int status = TOOL_DONE;

  if (metrics_options.places == NULL && (metrics_options.insecure || metrics_options.interval > 0))
    return tool_usage_error ("%s: a --metrics ADDRESS must stand beside it",
                             metrics_options.insecure ? "--metrics-insecure"
                                                      : "--metrics-interval");
  for (char **place = metrics_options.places; place != NULL && *place != NULL; place++)
    if (status == TOOL_DONE)
      status = metrics_check_place (*place);
  return status;
}

/* ---- several processes ---- */

static char *
metrics_number_place (const char *place, const char *number)
{
  const char *dot = metrics_is_file (place) ? strrchr (place, '.') : NULL;

  if (dot == NULL || strchr (dot, '/') != NULL)
    return g_strdup_printf ("%s.%s", place, number);
  return g_strdup_printf ("%.*s.%s%s", (int) (dot - place), place, number, dot);
}

void
metrics_set_worker (guint number)
{
  metrics_worker = g_strdup_printf ("%u", number);
  for (char **place = metrics_options.places; place != NULL && *place != NULL; place++)
    {
      g_autofree char *before = *place;

      *place = metrics_number_place (before, metrics_worker);
    }
}

int
metrics_check_for_workers (void)
{
  for (char **place = metrics_options.places; place != NULL && *place != NULL; place++)
    if (!metrics_is_file (*place) && strchr ("/.@", **place) == NULL)
      return tool_usage_error ("--metrics \"%s\": each of several processes (--workers) counts for "
                               "itself, so that the path of a unix socket or file:/PATH is wanted",
                               *place);
  return TOOL_DONE;
}

/* ---- those who read ---- */

static GBytes *
metrics_write (MetricsFormat format, gpointer user_data)
{
  Metrics *self = user_data;
  g_autoptr (MetricsText) text = metrics_text_new (format, metrics_worker);

  metrics_process_describe (text);
  self->func (text, self->user_data);
  return metrics_text_finish (text);
}

static void
metrics_update_accepting (Metrics *self)
{
  const gboolean has_room = g_hash_table_size (self->clients) < MAX_CLIENTS;

  for (guint i = 0; i < self->listeners->len; i++)
    imp_listener_set_accepting (self->listeners->pdata[i], has_room);
}

static void
metrics_on_client_over (MetricsClient *client, gpointer user_data)
{
  Metrics *self = user_data;

  g_hash_table_remove (self->clients, client);
  metrics_update_accepting (self);
}

static void
metrics_on_connection (GSocketConnection *connection, gpointer user_data)
{
  Metrics *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!access_options_admit (G_IO_STREAM (connection), &error))
    {
      imp_log_kind (IMP_LOG_CLIENT_REFUSED, "--metrics: refused: %s", error->message);
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
      return;
    }
  g_hash_table_add (self->clients,
                    metrics_client_new (connection, metrics_write, metrics_on_client_over, self));
  metrics_update_accepting (self);
}

/* ---- where ---- */

static int
metrics_check_listener (ImpListener *listener, const char *place)
{
  if (metrics_options.insecure || !imp_listener_is_exposed (listener))
    return TOOL_DONE;
  return tool_usage_error ("--metrics \"%s\": other machines can reach it, and could read what is "
                           "counted here; --metrics-insecure allows that",
                           place);
}

static int
metrics_open_address (Metrics *self, const char *place)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpAddress) address = imp_address_parse (place, &error);
  const ImpListenerOptions options = { .mode = access_options_get_mode () };
  const guint first = self->listeners->len;
  int status = TOOL_DONE;

  if (address == NULL || !imp_listener_open (address, &options, self->listeners, &error))
    return tool_option_error ("--metrics", place, error);
  for (guint i = first; i < self->listeners->len && status == TOOL_DONE; i++)
    status = metrics_check_listener (self->listeners->pdata[i], place);
  return status;
}

static int
metrics_open_file (Metrics *self, const char *place)
{
  MetricsFile *file = metrics_file_new (place + strlen (FILE_PREFIX));
  g_autoptr (GBytes) text = metrics_write (METRICS_FORMAT_PROMETHEUS, self);
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (self->files, file);
  return metrics_file_write (file, text, &error) ? TOOL_DONE
                                                 : tool_option_error ("--metrics", place, error);
}

static gboolean
metrics_on_interval (gpointer user_data)
{
  Metrics *self = user_data;
  g_autoptr (GBytes) text = metrics_write (METRICS_FORMAT_PROMETHEUS, self);

  for (guint i = 0; i < self->files->len; i++)
    metrics_file_update (self->files->pdata[i], text);
  return G_SOURCE_CONTINUE;
}

static int
metrics_open (Metrics *self)
{
  int status = TOOL_DONE;

  for (char **place = metrics_options.places; *place != NULL && status == TOOL_DONE; place++)
    status = metrics_is_file (*place) ? metrics_open_file (self, *place)
                                      : metrics_open_address (self, *place);
  return status;
}

static void
metrics_start (Metrics *self)
{
  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];

      imp_listener_start (listener, g_main_context_default (), metrics_on_connection, self);
      /* Only the process that has started the others prints. */
      if (metrics_worker == NULL)
        tool_print_metrics (imp_listener_get_address (listener));
    }
  if (self->files->len > 0)
    self->timer = g_timeout_add_seconds (metrics_get_interval (), metrics_on_interval, self);
}

Metrics *
metrics_new (MetricsFunc func, gpointer user_data, int *status)
{
  g_autoptr (Metrics) self = NULL;

  *status = TOOL_DONE;
  if (!metrics_is_wanted ())
    return NULL;
  self = g_new0 (Metrics, 1);
  self->func = func;
  self->user_data = user_data;
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify) metrics_file_free);
  self->clients = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) metrics_client_free, NULL);
  *status = metrics_open (self);
  if (*status != TOOL_DONE)
    return NULL;
  metrics_start (self);
  return g_steal_pointer (&self);
}

void
metrics_free (Metrics *self)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  g_hash_table_unref (self->clients);
  g_ptr_array_unref (self->listeners);
  g_ptr_array_unref (self->files);
  g_free (self);
}
