/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-factory-private.h"

#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-log-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-settings-private.h"
#include "core/imp-source-private.h"
#include "modules/imp-script-command-private.h"
#include "modules/imp-script-status-private.h"
#include "modules/imp-script-watch-private.h"
#include "modules/imp-script-worker-private.h"
#include "rpc/imp-limits-private.h"
#include "rpc/imp-protocol-private.h"

struct _ImpScriptFactory
{
  ImpFactory parent_instance;

  GMainContext *context;
  ImpScriptPlan plan;
  guint n_workers;
  guint soft_limit; /* outcomes a minute, 0: all */
  gboolean reload;
  ImpSandboxMode sandbox_mode;
  char *python;          /* or NULL */
  char *readable;        /* what else a sandbox shows */
  ImpScriptWatch *watch; /* NULL without reload */
  GList *interfaces;
  GPtrArray *workers; /* of ImpScriptWorker */
  guint next_worker;  /* where the search for one begins */
  GTask *starting;    /* of ScriptStart; NULL once all have answered */
};

G_DEFINE_FINAL_TYPE (ImpScriptFactory, imp_script_factory, IMP_TYPE_FACTORY)

/* --- settings --- */

#define PLACE(member) G_STRUCT_OFFSET (ImpScriptFactory, plan.member)

static const ImpLimit script_factory_limits[] = {
  { "deadline", IMP_LIMIT_MILLISECONDS, PLACE (options.deadline), 0, G_MAXINT32, 0,
    "how many ms a byte may wait for a verdict, 0 as long as whoever asks waits" },
  { "start-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.start_timeout), 1, G_MAXINT32, 60000,
    "how many ms the script may take until it is ready" },
  { "hang-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.hang_timeout), 0, G_MAXINT32, 10000,
    "ms without any response, once somebody has given up, until it is started again, 0 never" },
  { "max-memory", IMP_LIMIT_BYTES, PLACE (options.process.max_memory), 0, G_MAXINT64,
    (guint64) 1024 * 1024 * 1024, "how many bytes of memory a process of it may have, 0 any" },
  { "max-files", IMP_LIMIT_COUNT, PLACE (options.process.max_files), 16, 1048576, 1024,
    "how many files and sockets it may have open" },
  { "log-rate", IMP_LIMIT_COUNT, PLACE (options.log_rate), 0, 1000000, 100,
    "how many lines that it prints are logged a second, 0 all" },
  { "soft-limit", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (ImpScriptFactory, soft_limit), 0, G_MAXINT32, 0,
    "how many soft outcomes there may be in a minute before further ones are hard, 0 all" },
  { "workers", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (ImpScriptFactory, n_workers), 1,
    IMP_SCRIPT_FACTORY_MAX_WORKERS, 1,
    "how many processes run it, among which connections are spread" },
  { "max-old", IMP_LIMIT_COUNT, PLACE (max_old), 0, 64, 4,
    "how many older processes of each finish their connections when it has changed" },
  { "old-timeout", IMP_LIMIT_MILLISECONDS, PLACE (old_timeout), 0, G_MAXINT32, 3600000,
    "how many ms they have, 0 as long as they have connections" },
};

typedef enum
{
  PROP_INTERPRETER = 1,
  PROP_PYTHON,
  PROP_FAIL,
  PROP_RELOAD,
  PROP_SANDBOX,
  PROP_READABLE,
  PROP_LIMITS, /* the first of them */
} ScriptFactoryProperty;

static GParamSpec *script_factory_props[PROP_LIMITS + G_N_ELEMENTS (script_factory_limits)];

static void
imp_script_factory_get_property (GObject *object, guint property_id, GValue *value,
                                 GParamSpec *pspec)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  if (property_id == PROP_INTERPRETER)
    g_value_set_string (value, self->plan.interpreter);
  else if (property_id == PROP_PYTHON)
    g_value_set_string (value, self->python);
  else if (property_id == PROP_FAIL)
    g_value_set_enum (value, self->plan.options.fail);
  else if (property_id == PROP_RELOAD)
    g_value_set_boolean (value, self->reload);
  else if (property_id == PROP_SANDBOX)
    g_value_set_enum (value, self->sandbox_mode);
  else if (property_id == PROP_READABLE)
    g_value_set_string (value, self->readable);
  else
    imp_limit_get_property (&script_factory_limits[property_id - PROP_LIMITS], self, value);
}

static void
imp_script_factory_set_property (GObject *object, guint property_id, const GValue *value,
                                 GParamSpec *pspec)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  if (property_id == PROP_INTERPRETER)
    self->plan.interpreter = g_value_dup_string (value);
  else if (property_id == PROP_PYTHON)
    self->python = g_value_dup_string (value);
  else if (property_id == PROP_FAIL)
    self->plan.options.fail = g_value_get_enum (value);
  else if (property_id == PROP_RELOAD)
    self->reload = g_value_get_boolean (value);
  else if (property_id == PROP_SANDBOX)
    self->sandbox_mode = g_value_get_enum (value);
  else if (property_id == PROP_READABLE)
    self->readable = g_value_dup_string (value);
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
  script_factory_props[PROP_PYTHON] = g_param_spec_string (
    "python", NULL,
    "the same for a script in Python: a path, a name, or the folder of a virtual environment", NULL,
    flags);
  script_factory_props[PROP_FAIL] = g_param_spec_enum (
    "fail", NULL, "refuse (hard) or pass (soft) where the script's process has ended",
    IMP_TYPE_FAIL_MODE, IMP_FAIL_HARD, flags);
  script_factory_props[PROP_RELOAD] = g_param_spec_boolean (
    "reload", NULL, "start it again when its file changes; connections stay where they are", FALSE,
    flags);
  script_factory_props[PROP_SANDBOX] = g_param_spec_enum (
    "sandbox", NULL, "without network, and nothing to write to: always, where it works, or never",
    IMP_TYPE_SANDBOX_MODE, IMP_SANDBOX_AUTO, flags);
  script_factory_props[PROP_READABLE] = g_param_spec_string (
    "readable", NULL, "what else can be read in a sandbox: absolute paths with \":\" between them",
    NULL, flags);
  imp_limits_make_specs (script_factory_limits, G_N_ELEMENTS (script_factory_limits),
                         script_factory_props + PROP_LIMITS);
  g_object_class_install_properties (klass, G_N_ELEMENTS (script_factory_props),
                                     script_factory_props);
}

/* --- its processes --- */

static void
script_factory_on_changed (gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  g_ptr_array_foreach (self->workers, (GFunc) (void (*) (void)) imp_script_worker_reload, NULL);
}

/* Who looks for a file beside the script should not have to find out why it is not there. */
static void
script_factory_report_folder (ImpScriptFactory *self)
{
  if (self->readable == NULL && !imp_script_sandbox_shows_folder (self->plan.path))
    imp_log_message (
      "The script \"%s\" lies in a folder that its sandbox does not show, a home or a "
      "larger one: it can read itself, and nothing beside it (see the setting readable)",
      self->plan.path);
}

static gboolean
script_worker_is_better (ImpScriptWorker *worker, ImpScriptWorker *other)
{
  gboolean is_up = imp_script_worker_is_up (worker), other_is_up = imp_script_worker_is_up (other);

  if (is_up != other_is_up)
    return is_up;
  if ((imp_script_worker_get_factory (worker) != NULL)
      != (imp_script_worker_get_factory (other) != NULL))
    return imp_script_worker_get_factory (worker) != NULL;
  return imp_script_worker_get_load (worker) < imp_script_worker_get_load (other);
}

/* One that is up, rather than one that is being started, rather than one that is not; of those the
 * one with fewest analyzers; and of those one after the other. */
static ImpScriptWorker *
script_factory_choose (ImpScriptFactory *self)
{
  guint n = self->workers->len;
  ImpScriptWorker *best = self->workers->pdata[self->next_worker % n];

  for (guint i = 1; i < n; i++)
    {
      ImpScriptWorker *worker = self->workers->pdata[(self->next_worker + i) % n];

      if (script_worker_is_better (worker, best))
        best = worker;
    }
  return best;
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
script_factory_create_outcome (ImpScriptFactory *self, ImpScriptWorker *worker, GError **error)
{
  ImpSoftBudget *budget = self->plan.options.budget;
  const ImpFailMode mode = imp_soft_budget_judge (budget, self->plan.options.fail);
  ImpAnalyzer *analyzer;
  g_autofree char *text = g_strdup_printf ("%s: the script %s, and is not started again yet",
                                           self->plan.path, imp_script_worker_get_reason (worker));

  if (mode == IMP_FAIL_HARD)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_CLOSED, "%s%s", text,
                   mode != self->plan.options.fail ? " (soft-limit)" : "");
      return NULL;
    }
  imp_soft_budget_note (budget, text);
  analyzer = imp_pass_analyzer_new ();
  imp_analyzer_log (analyzer, IMP_DIRECTION_FROM_CLIENT, 0, 0, IMP_LOG_LEVEL_ERROR, text);
  return analyzer;
}

/* Where one is wanted and none can be had, the next attempt does not wait for its time. */
static ImpAnalyzer *
imp_script_factory_create_packed (ImpFactory *factory, gpointer context, GError **error)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);
  ImpScriptWorker *worker = script_factory_choose (self);
  ImpFactory *host;

  self->next_worker++;
  imp_script_worker_want (worker);
  host = imp_script_worker_get_factory (worker);
  if (host == NULL)
    return script_factory_create_outcome (self, worker, error);
  return imp_factory_create_packed (host, context, error);
}

/* --- how it is --- */

static GList *
imp_script_factory_list_statuses (ImpFactory *factory)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  return imp_script_status_list (self->plan.path, self->workers);
}

static void
imp_script_factory_query_statuses (ImpFactory *factory, guint timeout_ms, GTask *task)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (factory);

  imp_script_status_query (self->plan.path, self->workers, timeout_ms, task);
}

static void
imp_script_factory_dispose (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  g_clear_pointer (&self->watch, imp_script_watch_free);
  /* All at once, so that nobody waits for one after the other. */
  g_ptr_array_foreach (self->workers, (GFunc) (void (*) (void)) imp_script_worker_end, NULL);
  g_ptr_array_set_size (self->workers, 0);
  G_OBJECT_CLASS (imp_script_factory_parent_class)->dispose (object);
}

static void
imp_script_factory_finalize (GObject *object)
{
  ImpScriptFactory *self = IMP_SCRIPT_FACTORY (object);

  imp_protocol_free_interfaces (self->interfaces);
  g_ptr_array_unref (self->workers);
  g_clear_pointer (&self->plan.settings, g_ptr_array_unref);
  g_main_context_unref (self->context);
  g_free (self->plan.path);
  g_free (self->plan.interpreter);
  g_free (self->python);
  g_free (self->readable);
  g_clear_pointer (&self->plan.sandbox, imp_script_sandbox_free);
  g_rc_box_release (self->plan.options.budget);
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
  self->workers = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_script_worker_free);
  self->plan.options.budget = g_rc_box_new0 (ImpSoftBudget);
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

  if (own_error != NULL)
    g_ptr_array_add (errors, g_strdup (own_error->message));
  if (imp_settings_check (errors, error))
    {
      self->plan.path = g_strdup (path);
      self->plan.settings = g_steal_pointer (&list);
      if (self->plan.interpreter == NULL)
        self->plan.interpreter = g_strdup (imp_script_command_choose (path, NULL, self->python));
      return self;
    }
  g_clear_object (&factory);
  g_prefix_error (error, "The module \"%s\" has wrong settings: ", path);
  return NULL;
}

/* --- how it is started --- */

/* Until all processes have answered; or, if one cannot, or it is cancelled, until all are gone. */
typedef struct
{
  ImpScriptFactory *factory;
  GSource *cancelled;
  GError *error; /* why it is given up */
} ScriptStart;

static void
script_start_free (gpointer data)
{
  ScriptStart *self = data;

  imp_source_clear (&self->cancelled);
  g_clear_error (&self->error);
  g_object_unref (self->factory);
  g_free (self);
}

static gboolean
script_factory_all (ImpScriptFactory *self, gboolean (*is_so) (ImpScriptWorker *worker))
{
  for (guint i = 0; i < self->workers->len; i++)
    if (!is_so (self->workers->pdata[i]))
      return FALSE;
  return TRUE;
}

/* Whoever waits for it may free it. */
static void
script_factory_check_start (ImpScriptFactory *self)
{
  ScriptStart *start = self->starting != NULL ? g_task_get_task_data (self->starting) : NULL;
  g_autoptr (GTask) task = NULL;

  if (start == NULL
      || !script_factory_all (self, start->error != NULL ? imp_script_worker_has_failed
                                                         : imp_script_worker_was_ready))
    return;
  task = g_steal_pointer (&self->starting);
  imp_source_clear (&start->cancelled);
  if (start->error != NULL)
    g_task_return_error (task, g_steal_pointer (&start->error));
  else
    g_task_return_pointer (task, g_object_ref (self), g_object_unref);
}

/* Takes @error. */
static void
script_factory_give_up (ImpScriptFactory *self, GError *error)
{
  ScriptStart *start = g_task_get_task_data (self->starting);

  if (start->error != NULL)
    g_error_free (error);
  else
    {
      start->error = error;
      g_ptr_array_foreach (self->workers, (GFunc) (void (*) (void)) imp_script_worker_abort, NULL);
    }
  script_factory_check_start (self);
}

static void
script_factory_on_ready (GList *interfaces, gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  imp_protocol_free_interfaces (self->interfaces);
  self->interfaces = interfaces;
  script_factory_check_start (self);
}

static void
script_factory_on_failed (ImpScriptWorker *worker, gpointer user_data)
{
  ImpScriptFactory *self = user_data;

  if (self->starting != NULL)
    script_factory_give_up (
      self, g_error_new (IMP_ERROR, IMP_ERROR_FAILED,
                         "The script \"%s\" %s; what it has printed is in the log%s",
                         self->plan.path, imp_script_worker_get_reason (worker),
                         self->plan.sandbox != NULL
                           ? " (it ran in a sandbox, see the settings sandbox and readable)"
                           : ""));
}

static const ImpScriptWorkerFuncs script_factory_worker_funcs = {
  .ready = script_factory_on_ready,
  .failed = script_factory_on_failed,
};

static gboolean
script_factory_on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  ImpScriptFactory *self = user_data;
  GError *error = NULL;

  g_cancellable_set_error_if_cancelled (cancellable, &error);
  script_factory_give_up (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
script_factory_start_workers (ImpScriptFactory *self, GError **error)
{
  self->plan.options.budget->limit = self->soft_limit;
  for (guint i = 0; i < self->n_workers; i++)
    {
      ImpScriptWorker *worker = imp_script_worker_new (self->context, &self->plan,
                                                       &script_factory_worker_funcs, self);

      g_ptr_array_add (self->workers, worker);
      if (!imp_script_worker_start (worker, error))
        return FALSE;
    }
  /* From before they have read it: no change is missed. */
  if (self->reload)
    self->watch = imp_script_watch_new (self->plan.path, self->context, script_factory_on_changed,
                                        self, error);
  return !self->reload || self->watch != NULL;
}

static void
script_factory_refuse_start (ImpScriptFactory *self, GError *error)
{
  g_prefix_error (&error, "The script \"%s\" cannot be started: ", self->plan.path);
  script_factory_give_up (self, error);
}

/* Cancelled or not: what was started until then has to be ended. */
static void
script_factory_run (ImpScriptFactory *self)
{
  ScriptStart *start = g_task_get_task_data (self->starting);
  GCancellable *cancellable = g_task_get_cancellable (self->starting);
  GError *error = NULL;

  if (!script_factory_start_workers (self, &error))
    {
      script_factory_refuse_start (self, error);
      return;
    }
  if (cancellable == NULL)
    return;
  start->cancelled = g_cancellable_source_new (cancellable);
  g_source_set_callback (start->cancelled, G_SOURCE_FUNC (script_factory_on_cancelled), self, NULL);
  g_source_attach (start->cancelled, self->context);
}

/* FALSE if there must be a sandbox, and @error says why there is none. */
static gboolean
script_factory_take_sandbox (ImpScriptFactory *self, GError **error)
{
  self->plan.options.process.is_sandboxed = self->plan.sandbox != NULL;
  if (self->plan.sandbox != NULL)
    {
      script_factory_report_folder (self);
      return TRUE;
    }
  if (self->sandbox_mode == IMP_SANDBOX_REQUIRE
      || g_error_matches (*error, IMP_ERROR, IMP_ERROR_SETTINGS))
    {
      g_prefix_error (error, "it needs a sandbox, but ");
      return FALSE;
    }
  imp_log_kind (IMP_LOG_SCRIPT_UNCONFINED,
                "The script \"%s\" runs WITHOUT A SANDBOX (sandbox=auto): %s", self->plan.path,
                (*error)->message);
  return TRUE;
}

static void
script_factory_on_sandbox (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpScriptFactory *self = user_data;
  g_autoptr (GError) error = NULL;

  self->plan.sandbox = imp_script_sandbox_new_finish (result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    script_factory_give_up (self, g_steal_pointer (&error));
  else if (!script_factory_take_sandbox (self, &error))
    script_factory_refuse_start (self, g_steal_pointer (&error));
  else
    script_factory_run (self);
}

static void
script_factory_start (ImpScriptFactory *self)
{
  g_auto (GStrv) argv = NULL;
  GError *error = NULL;

  if (self->sandbox_mode == IMP_SANDBOX_OFF)
    {
      script_factory_run (self);
      return;
    }
  argv = imp_script_command_new (self->plan.path, self->plan.interpreter, self->plan.settings,
                                 &error);
  if (argv == NULL)
    script_factory_refuse_start (self, error);
  else
    imp_script_sandbox_new_async (argv[0], self->plan.path, self->readable,
                                  g_task_get_cancellable (self->starting),
                                  script_factory_on_sandbox, self);
}

void
imp_module_run_script_async (const char *path, const char *settings, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  ScriptStart *start;
  GError *error = NULL;
  ImpScriptFactory *self = script_factory_new (path, settings, &error);

  g_task_set_source_tag (task, imp_module_run_script_async);
  /* By the time that it is cancelled its processes are to be gone. */
  g_task_set_check_cancellable (task, FALSE);
  if (self == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  start = g_new0 (ScriptStart, 1);
  start->factory = self;
  g_task_set_task_data (task, start, script_start_free);
  self->starting = task;
  script_factory_start (self);
}

ImpFactory *
imp_module_run_script_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
script_factory_on_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

ImpFactory *
imp_module_run_script (const char *path, const char *settings, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GAsyncResult) result = NULL;

  imp_module_run_script_async (path, settings, NULL, script_factory_on_started, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  return imp_module_run_script_finish (result, error);
}
