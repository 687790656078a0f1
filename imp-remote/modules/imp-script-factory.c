/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-factory-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-settings-private.h"
#include "core/imp-source-private.h"
#include "modules/imp-script-command-private.h"
#include "modules/imp-script-host-private.h"
#include "rpc/client/imp-channel-private.h"
#include "rpc/imp-limits-private.h"
#include "rpc/imp-protocol-private.h"

#include <string.h>

/* A script that has served for so long was of use: when it ends, it is started again at once. */
#define USEFUL_AGE_MS 10000
/* Where somebody wants an analyzer, the pause before the next attempt is no longer than this. */
#define WANTED_PAUSE_MS 1000

struct _ImpScriptFactory
{
  ImpFactory parent_instance;

  GMainContext *context;
  char *path;
  GPtrArray *settings; /* of ImpSetting: those that the script itself is told */
  char *interpreter;
  ImpScriptHostOptions options;
  GList *interfaces;
  gboolean is_ready; /* it was, once: it is started again from then on */

  ImpScriptHost *host; /* NULL while there is none that could be used */
  GPtrArray *leaving;  /* of ImpScriptHost: lost, but their processes are not gone */
  GSource *restart;
  guint attempts;    /* in vain, since it was of use last */
  gint64 started_at; /* monotonic microseconds, as the next one */
  gint64 down_at;    /* since when there is nothing that could be used; 0 while there is */
  char *reason;      /* why there is no host */
};

G_DEFINE_FINAL_TYPE (ImpScriptFactory, imp_script_factory, IMP_TYPE_FACTORY)

/* --- settings --- */

#define PLACE(member) G_STRUCT_OFFSET (ImpScriptFactory, options.member)

static const ImpLimit script_factory_limits[] = {
  { "deadline", IMP_LIMIT_MILLISECONDS, PLACE (deadline), 0, G_MAXINT32, 0,
    "how many ms a byte may wait for a verdict, 0 as long as whoever asks waits" },
  { "start-timeout", IMP_LIMIT_MILLISECONDS, PLACE (start_timeout), 1, G_MAXINT32, 60000,
    "how many ms the script may take until it is ready" },
  { "hang-timeout", IMP_LIMIT_MILLISECONDS, PLACE (hang_timeout), 0, G_MAXINT32, 10000,
    "ms without any response, once somebody has given up, until it is started again, 0 never" },
  { "max-memory", IMP_LIMIT_BYTES, PLACE (process.max_memory), 0, G_MAXINT64,
    (guint64) 1024 * 1024 * 1024, "how many bytes of memory a process of it may have, 0 any" },
  { "max-files", IMP_LIMIT_COUNT, PLACE (process.max_files), 16, 1048576, 1024,
    "how many files and sockets it may have open" },
  { "log-rate", IMP_LIMIT_COUNT, PLACE (log_rate), 0, 1000000, 100,
    "how many lines that it prints are logged a second, 0 all" },
};

typedef enum
{
  PROP_INTERPRETER = 1,
  PROP_FAIL,
  PROP_LIMITS, /* the first of them */
} ScriptFactoryProperty;

static GParamSpec *script_factory_props[PROP_LIMITS + G_N_ELEMENTS (script_factory_limits)];

static void
imp_script_factory_get_property (GObject *object, guint property_id, GValue *value,
                                 GParamSpec *pspec)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  if (property_id == PROP_INTERPRETER)
    g_value_set_string (value, self->interpreter);
  else if (property_id == PROP_FAIL)
    g_value_set_enum (value, self->options.fail);
  else
    imp_limit_get_property (&script_factory_limits[property_id - PROP_LIMITS], self, value);
}

static void
imp_script_factory_set_property (GObject *object, guint property_id, const GValue *value,
                                 GParamSpec *pspec)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  if (property_id == PROP_INTERPRETER)
    self->interpreter = g_value_dup_string (value);
  else if (property_id == PROP_FAIL)
    self->options.fail = g_value_get_enum (value);
  else
    imp_limit_set_property (&script_factory_limits[property_id - PROP_LIMITS], self, value);
}

static void
script_factory_install_properties (GObjectClass *klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  script_factory_props[PROP_INTERPRETER] = g_param_spec_string (
    "interpreter", NULL, "the program that runs it: a path, or a name to look for in PATH", NULL,
    flags);
  script_factory_props[PROP_FAIL] = g_param_spec_enum (
    "fail", NULL, "refuse (hard) or pass (soft) where the script's process has ended",
    IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD, flags);
  imp_limits_make_specs (script_factory_limits, G_N_ELEMENTS (script_factory_limits),
                         script_factory_props + PROP_LIMITS);
  g_object_class_install_properties (klass, G_N_ELEMENTS (script_factory_props),
                                     script_factory_props);
}

/* --- its processes --- */

static void script_factory_start (ImpScriptFactory *self);

static void
script_factory_set_reason (ImpScriptFactory *self, const char *reason)
{
  g_free (self->reason);
  self->reason = g_strdup (reason);
}

static gboolean
script_factory_on_restart (gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  imp_source_clear (&self->restart);
  script_factory_start (self);
  return G_SOURCE_REMOVE;
}

/* At once if it was of use; else later and later, and not all scripts of a machine at the same
 * moment. */
static void
script_factory_schedule (ImpScriptFactory *self)
{
  const ImpChannelOptions pauses = { .reconnect_min = 100, .reconnect_max = 30000 };
  guint attempts = self->attempts++;

  if (attempts == 0)
    script_factory_start (self);
  else
    self->restart = imp_source_add_timeout (self->context,
                                            imp_channel_draw_delay (&pauses, attempts),
                                            "imp script's restart", script_factory_on_restart,
                                            self);
}

static void
script_factory_on_ready (ImpScriptHost *host, GList *interfaces, gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  imp_protocol_free_interfaces (self->interfaces);
  self->interfaces = interfaces;
  self->is_ready = TRUE;
  self->down_at = 0;
}

static void
script_factory_on_lost (ImpScriptHost *host, gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  g_assert (host == self->host);
  if (self->down_at == 0)
    self->down_at = g_get_monotonic_time ();
  g_ptr_array_add (self->leaving, g_steal_pointer (&self->host));
  script_factory_set_reason (self, imp_script_host_get_reason (host));
  if (imp_script_host_get_age (host) >= USEFUL_AGE_MS)
    self->attempts = 0;
  /* Before the first answer it is for whoever has started it to say what becomes of it. */
  if (self->is_ready)
    script_factory_schedule (self);
}

static void
script_factory_on_gone (ImpScriptHost *host, gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  if (self->is_ready)
    g_message ("The script \"%s\" %s; it is started again", self->path,
               imp_script_host_get_reason (host));
  if (self->down_at != 0)
    script_factory_set_reason (self, imp_script_host_get_reason (host));
  g_ptr_array_remove (self->leaving, host);
}

static const ImpScriptHostFuncs script_factory_host_funcs = {
  .ready = script_factory_on_ready,
  .lost = script_factory_on_lost,
  .gone = script_factory_on_gone,
};

static gboolean
script_factory_try_start (ImpScriptFactory *self, GError **error)
{
  g_auto (GStrv) argv = imp_script_command_new (self->path, self->interpreter, self->settings,
                                                error);

  self->started_at = g_get_monotonic_time ();
  if (argv == NULL)
    return FALSE;
  /* The host belongs to the context that is the default while it is made. */
  g_main_context_push_thread_default (self->context);
  self->host = imp_script_host_start (self->path, (const char *const *) argv, &self->options,
                                      &script_factory_host_funcs, self, error);
  g_main_context_pop_thread_default (self->context);
  return self->host != NULL;
}

static void
script_factory_start (ImpScriptFactory *self)
{
  g_autoptr (GError) error = NULL;

  if (script_factory_try_start (self, &error))
    return;
  g_message ("The script \"%s\" cannot be started: %s", self->path, error->message);
  script_factory_set_reason (self, error->message);
  self->attempts = MAX (self->attempts, 1);
  script_factory_schedule (self);
}

/* --- the factory --- */

static GList *
imp_script_factory_list_interfaces (ImpFactory *factory)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  return g_list_copy_deep (self->interfaces, (GCopyFunc) (void (*) (void)) imp_interface_ref, NULL);
}

/* While there is no process. */
static ImpAnalyzer *
script_factory_create_outcome (ImpScriptFactory *self, GError **error)
{
  ImpAnalyzer *analyzer;
  g_autofree char *text = g_strdup_printf ("%s: the script %s, and is not started again yet",
                                           self->path, self->reason);

  if (self->options.fail == IMP_FAIL_HARD)
    {
      g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED, text);
      return NULL;
    }
  analyzer = imp_pass_analyzer_new ();
  imp_analyzer_log (analyzer, IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_ERROR, text);
  return analyzer;
}

/* Where one is wanted, the next attempt does not wait for its time. */
static ImpAnalyzer *
imp_script_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  if (self->host == NULL
      && g_get_monotonic_time () - self->started_at >= WANTED_PAUSE_MS * G_TIME_SPAN_MILLISECOND)
    {
      imp_source_clear (&self->restart);
      script_factory_start (self);
    }
  if (self->host == NULL)
    return script_factory_create_outcome (self, error);
  return imp_factory_create_packed (imp_script_host_get_factory (self->host), context, error);
}

/* --- how it is --- */

static gboolean
script_factory_is_up (ImpScriptFactory *self)
{
  return self->host != NULL && imp_script_host_is_ready (self->host);
}

/* Until the next attempt, in milliseconds; 0 where one is under way. */
static gint64
script_factory_get_retry (ImpScriptFactory *self)
{
  gint64 left = 0;

  if (self->host == NULL && self->restart != NULL)
    left = g_source_get_ready_time (self->restart) - g_get_monotonic_time ();
  return MAX (0, left) / G_TIME_SPAN_MILLISECOND;
}

static GList *
imp_script_factory_list_statuses (ImpFactory *factory)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);
  gint64 down = (g_get_monotonic_time () - self->down_at) / G_TIME_SPAN_MILLISECOND;

  return imp_factory_status_list_new (
    script_factory_is_up (self)
      ? imp_factory_status_new (self->path, IMP_FACTORY_STATE_UP, NULL,
                                imp_script_host_get_age (self->host), -1)
      : imp_factory_status_new (self->path, IMP_FACTORY_STATE_RESTARTING, self->reason, down,
                                script_factory_get_retry (self)));
}

/* A script is one module, whatever it consists of: as good as the worst of that. */
static ImpFactoryStatus *
script_factory_find_worst (GList *statuses)
{
  ImpFactoryStatus *worst = statuses->data;

  for (GList *l = statuses->next; l != NULL; l = l->next)
    if (imp_factory_status_get_state (l->data) > imp_factory_status_get_state (worst))
      worst = l->data;
  return worst;
}

static GList *
script_factory_name_status (ImpScriptFactory *self, ImpFactoryStatus *status)
{
  gint64 since = imp_factory_status_get_since (status);

  if (imp_factory_status_get_state (status) == IMP_FACTORY_STATE_UP)
    since = imp_script_host_get_age (self->host);
  return imp_factory_status_list_new (
    imp_factory_status_new (self->path, imp_factory_status_get_state (status),
                            imp_factory_status_get_reason (status), since,
                            imp_factory_status_get_retry (status)));
}

static void
script_factory_on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (
    imp_factory_get_base (g_task_get_source_object (task)));
  GList *statuses = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, NULL);
  GList *own;

  /* The process that was asked may be gone by now. */
  if (statuses == NULL || !script_factory_is_up (self)
      || G_OBJECT (imp_script_host_get_factory (self->host)) != source)
    own = imp_script_factory_list_statuses (IMP_FACTORY (self));
  else
    own = script_factory_name_status (self, script_factory_find_worst (statuses));
  imp_factory_status_list_free (statuses);
  g_task_return_pointer (task, own, imp_factory_status_list_free);
}

/* Whether it reacts, only the script can tell. */
static void
imp_script_factory_query_statuses (ImpFactory *factory, guint timeout_ms, GTask *task)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  if (script_factory_is_up (self))
    {
      imp_factory_query_statuses_async (imp_script_host_get_factory (self->host), timeout_ms, NULL,
                                        script_factory_on_statuses, task);
      return;
    }
  g_task_return_pointer (task, imp_script_factory_list_statuses (factory),
                         imp_factory_status_list_free);
  g_object_unref (task);
}

static void
imp_script_factory_dispose (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  imp_source_clear (&self->restart);
  g_clear_pointer (&self->host, imp_script_host_free);
  g_ptr_array_set_size (self->leaving, 0);
  G_OBJECT_CLASS (imp_script_factory_parent_class)->dispose (object);
}

static void
imp_script_factory_finalize (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  imp_protocol_free_interfaces (self->interfaces);
  g_ptr_array_unref (self->leaving);
  g_clear_pointer (&self->settings, g_ptr_array_unref);
  g_main_context_unref (self->context);
  g_free (self->path);
  g_free (self->interpreter);
  g_free (self->reason);
  G_OBJECT_CLASS (imp_script_factory_parent_class)->finalize (object);
}

static void
imp_script_factory_class_init (ImpScriptFactoryClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  ImpFactoryClass *factory_class = IMP_FACTORY_CLASS (klass);

  object_class->dispose = imp_script_factory_dispose;
  object_class->finalize = imp_script_factory_finalize;
  object_class->get_property = imp_script_factory_get_property;
  object_class->set_property = imp_script_factory_set_property;
  factory_class->list_interfaces = imp_script_factory_list_interfaces;
  factory_class->create_packed = imp_script_factory_create_packed;
  factory_class->list_statuses = imp_script_factory_list_statuses;
  factory_class->query_statuses = imp_script_factory_query_statuses;
  script_factory_install_properties (object_class);
}

static void
imp_script_factory_init (ImpScriptFactory *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->down_at = g_get_monotonic_time ();
  self->leaving = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_script_host_free);
  imp_limits_init (script_factory_limits, G_N_ELEMENTS (script_factory_limits), self);
}

/* --- how it is made --- */

static gboolean
script_factory_is_own (const ImpSetting *setting, GParamSpec **known)
{
  for (; *known != NULL; known++)
    if (g_str_equal ((*known)->name, setting->key))
      return TRUE;
  return FALSE;
}

/* Splits @settings into those of every script, which stay a string, and those of this one. */
static GPtrArray *
script_factory_split_settings (const char *settings, GString *own, GPtrArray *errors)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (IMP_TYPE_SCRIPT_FACTORY);
  g_autofree GParamSpec **known = imp_settings_list (G_OBJECT_CLASS (klass));
  GPtrArray *list = imp_settings_split (settings, errors);

  for (guint i = 0; i < list->len;)
    {
      const ImpSetting *setting = list->pdata[i];

      if (script_factory_is_own (setting, known))
        {
          gsize length;
          const guint8 *value = g_bytes_get_data (setting->value, &length);

          imp_settings_append (own, setting->key, value, length);
          g_ptr_array_remove_index (list, i);
        }
      else
        i++;
    }
  imp_script_command_check_settings (list, errors);
  return list;
}

static ImpScriptFactory *
script_factory_new (const char *path, const char *settings, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) own = g_string_new (NULL);
  g_autoptr (GPtrArray) list = script_factory_split_settings (settings, own, errors);
  g_autoptr (GError) own_error = NULL;
  ImpFactory *factory = imp_factory_new_from_settings (IMP_TYPE_SCRIPT_FACTORY, own->str,
                                                       &own_error);
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);
  g_autofree char *text = NULL;

  if (own_error != NULL)
    g_ptr_array_add (errors, g_strdup (own_error->message));
  if (errors->len == 0)
    {
      self->path = g_strdup (path);
      self->settings = g_steal_pointer (&list);
      return self;
    }
  g_clear_object (&factory);
  g_ptr_array_add (errors, NULL);
  text = g_strjoinv ("; ", (char **) errors->pdata);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The module \"%s\" has wrong settings: %s",
               path, text);
  return NULL;
}

ImpFactory *
imp_module_run_script (const char *path, const char *settings, GError **error)
{
  g_autoptr (ImpScriptFactory) self = script_factory_new (path, settings, error);

  if (self == NULL)
    return NULL;
  if (!script_factory_try_start (self, error))
    {
      g_prefix_error (error, "The script \"%s\" cannot be started: ", path);
      return NULL;
    }

  /* One that has ended before is gone soon, and then it is known how. */
  while (!self->is_ready && (self->host != NULL || self->leaving->len > 0))
    g_main_context_iteration (self->context, TRUE);
  if (self->is_ready)
    return IMP_FACTORY (g_steal_pointer (&self));
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "The script \"%s\" %s; what it has printed is in the log", path, self->reason);
  return NULL;
}
