/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-module-private.h"

#include "analyzers/imp-http-headers-factory-private.h"
#include "analyzers/imp-pattern-factory.h"
#include "analyzers/imp-pinning-factory.h"
#include "analyzers/imp-session-log-factory.h"
#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "core/imp-factory-private.h"
#include "core/imp-pass-analyzer.h"
#include "core/imp-settings-private.h"
#include "core/imp-type-factory.h"
#include "modules/imp-module-registry-private.h"
#include "modules/imp-script-command-private.h"
#include "modules/imp-script-factory-private.h"
#include "rpc/client/imp-remote-factory.h"

#include <string.h>

/* A module of the library: a class of factories or analyzers, whose settings are its properties. */
typedef struct
{
  const char *name;
  GType (*get_type) (void);
  const char *summary;
} StockModule;

static const StockModule stock_modules[] = {
  { "http-headers", imp_http_headers_factory_get_type,
    "reads HTTP, refuses what is not clean, sets and removes fields" },
  { "pass", imp_pass_analyzer_get_type, "passes everything" },
  { "pattern", imp_pattern_factory_get_type, "denies, rejects or replaces what matches a pattern" },
  { "protocol-pinning", imp_pinning_factory_get_type,
    "denies what does not begin as a protocol should, in both directions" },
  { "remote", imp_remote_factory_get_type, "uses the analyzers of a server (imp-remote serve)" },
  { "session-log", imp_session_log_factory_get_type,
    "passes everything and writes each connection to a file" },
};

static void
module_register_stock (void)
{
  static gsize registered;

  if (!g_once_init_enter (&registered))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (stock_modules); i++)
    imp_module_registry_add (stock_modules[i].name, stock_modules[i].get_type (),
                             stock_modules[i].summary, TRUE);
  g_once_init_leave (&registered, 1);
}

static gboolean
module_is_file (const char *name)
{
  return strchr (name, '/') != NULL || imp_module_is_object (name) || imp_module_is_script (name);
}

static void
module_set_unknown (GError **error, const char *name)
{
  g_auto (GStrv) names = imp_module_list ();
  g_autofree char *known = g_strjoinv (", ", names);

  if (module_is_file (name))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "The file \"%s\" is no module: a module's name ends in .so, .py, .js or .mjs",
                 name);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "There is no module \"%s\"; there are %s, and files such as ./NAME.so, ./NAME.py "
                 "and ./NAME.js",
                 name, known);
}

static void
module_set_no_file (GError **error, const char *path)
{
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no module file \"%s\"", path);
}

static ImpFactory *
module_new_factory_for_type (GType type, const char *name, const char *settings, GError **error)
{
  g_autoptr (GError) local = NULL;
  ImpFactory *factory;

  if (g_type_is_a (type, IMP_TYPE_FACTORY))
    factory = imp_factory_new_from_settings (type, settings, &local);
  else if (type == IMP_TYPE_PASS_ANALYZER)
    factory = imp_type_factory_new_from_settings (type, IMP_DATA_TYPE_ANY, IMP_RESULT_FLAGS_PASS,
                                                  settings, &local);
  else
    factory = imp_type_factory_new_from_settings (type, IMP_DATA_TYPE_STREAM, IMP_RESULT_FLAGS_ALL,
                                                  settings, &local);
  if (factory == NULL)
    g_propagate_prefixed_error (error, g_steal_pointer (&local),
                                "The module \"%s\" has wrong settings: ", name);
  return factory;
}

/* A path may have "=" in it: it ends where it is the name of a module, or else at the first one. */
static const char *
module_find_settings (const char *spec)
{
  const char *first = strchrnul (spec, '=');

  if (memchr (spec, '/', first - spec) == NULL)
    return first;
  for (const char *end = first;; end = strchrnul (end + 1, '='))
    {
      g_autofree char *name = g_strndup (spec, end - spec);

      if (imp_module_is_object (name) || imp_module_is_script (name))
        return end;
      if (*end == '\0')
        return first;
    }
}

/* The class that a name or a file stands for; not of scripts. */
static GType
module_find_type (const char *name, char **summary, GError **error)
{
  g_autoptr (GError) local = NULL;
  GType type;

  if (imp_module_is_object (name))
    {
      *summary = g_strdup ("a module in C");
      return imp_module_load_object (name, error);
    }
  module_register_stock ();
  type = imp_module_registry_find (name, summary, &local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (type == G_TYPE_INVALID)
    module_set_unknown (error, name);
  return type;
}

static ImpFactory *
module_new_factory (const char *name, const char *settings, GError **error)
{
  g_autofree char *summary = NULL;
  GType type;

  if (imp_module_is_script (name) && !g_file_test (name, G_FILE_TEST_IS_REGULAR))
    {
      module_set_no_file (error, name);
      return NULL;
    }
  if (imp_module_is_script (name))
    return imp_module_run_script (name, settings, error);

  type = module_find_type (name, &summary, error);
  if (type == G_TYPE_INVALID)
    return NULL;
  return module_new_factory_for_type (type, name, settings, error);
}

/**
 * imp_module_new_factory:
 * @spec: "NAME" or "NAME=SETTINGS"
 * @error: return location for an error
 *
 * Creates a factory from the name of a module and its settings.
 *
 * NAME is one of those that [func@Imp.module_list] lists, or a file:
 *
 * - NAME.so, a module in C that defines `imp_module_query()`;
 * - NAME.py, a script for Python 3, or NAME.js or NAME.mjs, one for gjs. It runs in a process of
 *   its own, which is started here, serves the factory over a private socket, and ends with it. The
 *   script defines (in JavaScript: exports) exactly one class derived from [class@Imp.Factory], or
 *   else exactly one derived from [class@Imp.Analyzer], whose optional attributes `data_type` and
 *   `results` name its interface. The properties of the class are the settings. Instead of a class
 *   it may have a function `imp_module (settings)` that gets the settings as a dictionary of
 *   strings and returns a factory.
 *
 * A path with "=" in it has to begin with a folder, as in "./a=b.py". SETTINGS are those of
 * [ctor@Imp.Factory.new_from_settings].
 *
 * Every script has some settings besides its own: its process's limits of time, what becomes of
 * connections when that ends, and which program runs it; [func@Imp.module_describe] lists them.
 *
 * For a script this blocks until it is ready, for at most its `start-timeout`;
 * [func@Imp.module_new_factory_async] does not. From then on, a
 * process that ends is started again: at once if it was of use, else after pauses that grow.
 *
 * What the script prints is logged line by line, as messages of the domain `Imp-modules` with the
 * fields `IMP_SCRIPT` (the path), `IMP_SCRIPT_PID` and `IMP_SCRIPT_STREAM` ("stdout" or "stderr").
 * It is read in the main context that is the thread-default one here, as is all else of it: while
 * that does not run, the script may have to wait.
 *
 * Returns: (transfer full): a new factory; %NULL with %IMP_ERROR_SETTINGS if there is no such
 *   module or its settings are invalid, or with another error if it cannot be loaded
 *
 * Since: 0.1
 */
ImpFactory *
imp_module_new_factory (const char *spec, GError **error)
{
  g_autofree char *name = NULL;
  const char *equals;
  ImpFactory *factory;

  g_return_val_if_fail (spec != NULL, NULL);

  equals = module_find_settings (spec);
  name = g_strndup (spec, equals - spec);
  factory = module_new_factory (name, *equals == '=' ? equals + 1 : NULL, error);
  if (factory != NULL)
    imp_factory_set_name (factory, name);
  return factory;
}

static gboolean
module_has_setting (GPtrArray *settings, const char *key)
{
  for (guint i = 0; i < settings->len; i++)
    if (g_str_equal (((ImpSetting *) settings->pdata[i])->key, key))
      return TRUE;
  return FALSE;
}

/* The spec with those of @defaults that it does not have. What is wrong in either is found by who
 * takes them apart again. */
static char *
module_complete_spec (const char *spec, const char *defaults)
{
  const char *equals = module_find_settings (spec);
  g_autofree char *name = g_strndup (spec, equals - spec);
  const char *own = *equals == '=' ? equals + 1 : "";
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) known = imp_settings_split (own, errors);
  g_autoptr (GPtrArray) more = imp_settings_split (defaults, errors);
  g_autoptr (GString) settings = g_string_new (own);

  if (!imp_module_is_script (name) || errors->len > 0)
    return g_strdup (spec);
  for (guint i = 0; i < more->len; i++)
    {
      const ImpSetting *setting = more->pdata[i];
      gsize length;
      const guint8 *value = g_bytes_get_data (setting->value, &length);

      if (!module_has_setting (known, setting->key))
        imp_settings_append (settings, setting->key, value, length);
    }
  return settings->len > 0 ? g_strconcat (name, "=", settings->str, NULL) : g_strdup (name);
}

/**
 * imp_module_new_factory_with_defaults:
 * @spec: "NAME" or "NAME=SETTINGS"
 * @script_settings: (nullable): settings that every script has, such as "workers=4"
 * @error: return location for an error
 *
 * Creates a factory as [func@Imp.module_new_factory] does, with other defaults for the settings
 * that every script has. They count if NAME is that of a script, and SETTINGS does not set the
 * same.
 *
 * Returns: (transfer full): a new factory, or %NULL with the same errors
 *
 * Since: 0.1
 */
ImpFactory *
imp_module_new_factory_with_defaults (const char *spec, const char *script_settings, GError **error)
{
  g_autofree char *whole = NULL;

  g_return_val_if_fail (spec != NULL, NULL);

  whole = module_complete_spec (spec, script_settings);
  return imp_module_new_factory (whole, error);
}

static void
module_return_factory (GTask *task, ImpFactory *factory, GError *error)
{
  if (factory == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  imp_factory_set_name (factory, g_task_get_task_data (task));
  g_task_return_pointer (task, factory, g_object_unref);
}

static void
module_on_script_started (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  ImpFactory *factory = imp_module_run_script_finish (result, &error);

  module_return_factory (task, factory, error);
}

/* Whether it takes long; all other modules are made at once. */
static gboolean
module_is_startable (const char *name)
{
  return imp_module_is_script (name) && g_file_test (name, G_FILE_TEST_IS_REGULAR);
}

/**
 * imp_module_new_factory_async:
 * @spec: "NAME" or "NAME=SETTINGS"
 * @script_settings: (nullable): settings that every script has, as
 *   [func@Imp.module_new_factory_with_defaults] takes them
 * @cancellable: (nullable): to give it up
 * @callback: called when there is a factory, or none can be made
 * @user_data: data for @callback
 *
 * Creates a factory as [func@Imp.module_new_factory] does, without blocking: a script may take long
 * until it is ready. Several of these can be under way at once.
 *
 * It can be cancelled at any time. When @callback hears of that, or of a failure, the script's
 * processes have been killed, with all that they have started. The factory belongs to the main
 * context that is the thread-default one here. A module that is no script is made at once; one in
 * C is loaded from its file then.
 *
 * Since: 0.2
 */
void
imp_module_new_factory_async (const char *spec, const char *script_settings,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autofree char *whole = NULL;
  char *name;
  const char *equals;
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (spec != NULL);
  g_return_if_fail (cancellable == NULL || G_IS_CANCELLABLE (cancellable));

  whole = module_complete_spec (spec, script_settings);
  equals = module_find_settings (whole);
  name = g_strndup (whole, equals - whole);
  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, imp_module_new_factory_async);
  g_task_set_task_data (task, name, g_free);
  /* A factory that is there is not thrown away; the script says itself when it is ended. */
  g_task_set_check_cancellable (task, FALSE);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (module_is_startable (name))
    imp_module_run_script_async (name, *equals == '=' ? equals + 1 : NULL, cancellable,
                                 module_on_script_started, g_steal_pointer (&task));
  else
    {
      ImpFactory *factory = imp_module_new_factory (whole, &error);

      module_return_factory (task, factory, error);
    }
}

/**
 * imp_module_new_factory_finish:
 * @result: the result that the callback got
 * @error: return location for an error
 *
 * Finishes an operation started with [func@Imp.module_new_factory_async].
 *
 * Returns: (transfer full): a new factory; %NULL with the errors of
 *   [func@Imp.module_new_factory], or %G_IO_ERROR_CANCELLED
 *
 * Since: 0.2
 */
ImpFactory *
imp_module_new_factory_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * imp_module_list:
 *
 * Gets the names of all modules that have one: the library's own, those that were registered (see
 * [func@Imp.module_register]), and those that are installed, which are files `NAME.so` in a folder
 * of the library's, or in that which the environment variable `IMP_REMOTE_MODULES` names.
 *
 * Returns: (transfer full): the names, in alphabetical order
 *
 * Since: 0.1
 */
char **
imp_module_list (void)
{
  module_register_stock ();
  return imp_module_registry_list ();
}

/**
 * imp_module_register:
 * @name: what it is to be called, as in `--module NAME`
 * @type: a class of factories, whose settings are its properties, or a class of analyzers that work
 *   with streams; neither can be abstract
 * @summary: what it does, in a few words
 * @error: return location for an error
 *
 * Adds a module that this process has, so that [func@Imp.module_new_factory] and
 * [func@Imp.module_list] know it. It cannot be removed.
 *
 * This implements the extension point %IMP_MODULE_EXTENSION_POINT_NAME of GIO, and can be done with
 * that alone; only the summary and the checks are missing then. A class has one name at most.
 *
 * Returns: %TRUE if it was added, %FALSE with %IMP_ERROR_SETTINGS if the name is taken or none, or
 *   the class cannot be used
 *
 * Since: 0.1
 */
gboolean
imp_module_register (const char *name, GType type, const char *summary, GError **error)
{
  g_auto (GStrv) names = NULL;

  g_return_val_if_fail (name != NULL, FALSE);
  g_return_val_if_fail (summary != NULL, FALSE);

  names = imp_module_list ();
  if (!imp_module_registry_is_name (name) || imp_module_is_object (name)
      || imp_module_is_script (name))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "\"%s\" cannot be the name of a module: it must not look like a file, nor have "
                 "\"=\" or \"&\" in it",
                 name);
  else if (g_strv_contains ((const char *const *) names, name))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is a module \"%s\" already", name);
  else if (!imp_module_is_usable_type (type))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "The module \"%s\" cannot be the type %s, which is no class of factories or "
                 "analyzers that can be instantiated",
                 name, type == G_TYPE_INVALID ? "(none)" : g_type_name (type));
  else if (imp_module_registry_has_type (type))
    g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                 "The module \"%s\" cannot be the type %s, which is one already", name,
                 g_type_name (type));
  else
    {
      imp_module_registry_add (name, type, summary, FALSE);
      return TRUE;
    }
  return FALSE;
}

static void
module_describe_meaning (GString *text, GParamSpec *pspec)
{
  const char *blurb = g_param_spec_get_blurb (pspec);
  g_autofree char *clean = imp_clean_line (blurb != NULL ? blurb : "", IMP_CLEAN_TEXT_MAX);

  if (*clean != '\0')
    g_string_append_printf (text, "      %s\n", clean);
}

/* Those of which there may be several have no defaults. */
static void
module_describe_numbered (GString *text, const ImpNumberedSettings *numbered,
                          const ImpSettingAlias *aliases)
{
  for (GParamSpec **list = numbered->list (); *list != NULL; list++)
    {
      g_autofree char *values = imp_setting_describe (*list);
      g_autofree char *others = imp_setting_aliases_describe (aliases, (*list)->name, "N");

      g_string_append_printf (text, "  %sN=%s%s (N: 0, 1, ... up to %u)\n", (*list)->name, values,
                              others, numbered->max - 1);
      module_describe_meaning (text, *list);
    }
}

static void
module_describe_setting (GString *text, const ImpSettingAlias *aliases, GParamSpec *pspec)
{
  g_autofree char *values = imp_setting_describe (pspec);
  g_autofree char *others = imp_setting_aliases_describe (aliases, pspec->name, "");
  g_autoptr (GBytes) bytes = imp_setting_format (pspec, g_param_spec_get_default_value (pspec));

  g_string_append_printf (text, "  %s=%s%s", pspec->name, values, others);
  if (bytes != NULL)
    {
      gsize length;
      const char *value = g_bytes_get_data (bytes, &length);
      g_autofree char *clean = imp_clean_text (length > 0 ? value : "", length, 0);

      g_string_append_printf (text, " (default: %s)", clean);
    }
  g_string_append_c (text, '\n');
  module_describe_meaning (text, pspec);
}

static void
module_describe_type (GString *text, GType type)
{
  g_autoptr (GTypeClass) klass = g_type_class_ref (type);
  g_autofree GParamSpec **settings = imp_settings_list (G_OBJECT_CLASS (klass));
  const ImpNumberedSettings *numbered = imp_settings_get_numbered (G_OBJECT_CLASS (klass));
  const ImpSettingAlias *aliases = imp_setting_aliases_get (G_OBJECT_CLASS (klass));

  if (settings[0] == NULL && numbered == NULL)
    g_string_append (text, "  no settings\n");
  if (numbered != NULL)
    module_describe_numbered (text, numbered, aliases);
  for (gsize i = 0; settings[i] != NULL; i++)
    module_describe_setting (text, aliases, settings[i]);
}

/**
 * imp_module_describe_settings:
 * @type: a class of factories or analyzers
 *
 * Describes the settings of a class, which are its properties, for people: each with its type, its
 * default and its meaning, which is the property's blurb.
 *
 * Returns: (transfer full): some lines of text
 *
 * Since: 0.1
 */
char *
imp_module_describe_settings (GType type)
{
  GString *text;

  g_return_val_if_fail (g_type_is_a (type, IMP_TYPE_FACTORY)
                          || g_type_is_a (type, IMP_TYPE_ANALYZER),
                        NULL);

  text = g_string_new (NULL);
  module_describe_type (text, type);
  return g_string_free (text, FALSE);
}

/* A setting's value, or NULL. */
static char *
module_find_value (GPtrArray *settings, const char *key)
{
  for (guint i = 0; i < settings->len; i++)
    {
      const ImpSetting *setting = settings->pdata[i];

      if (g_str_equal (setting->key, key))
        return g_strndup (g_bytes_get_data (setting->value, NULL),
                          g_bytes_get_size (setting->value));
    }
  return NULL;
}

static char *
module_describe_script (const char *path, const char *settings, GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) known = imp_settings_split (settings, errors);
  g_autofree char *interpreter = module_find_value (known, "interpreter");
  g_autofree char *python = module_find_value (known, "python");
  g_autofree char *own = NULL;
  GString *text;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      module_set_no_file (error, path);
      return NULL;
    }
  if (!imp_settings_check (errors, error))
    return NULL;
  own = imp_module_ask_script (path, imp_script_command_choose (path, interpreter, python), error);
  if (own == NULL)
    return NULL;
  text = g_string_new (NULL);
  g_string_append_printf (text, "%s: %sand, as every script,\n", path, own);
  module_describe_type (text, IMP_TYPE_SCRIPT_FACTORY);
  return g_string_free (text, FALSE);
}

/**
 * imp_module_describe:
 * @name: the name of a module, or the path of one
 * @error: return location for an error
 *
 * Describes a module for people: what it does, and its settings with their types, defaults and
 * meaning. A script is run for that, without being fed anything; this blocks until it has answered.
 *
 * Returns: (transfer full): some lines of text; %NULL with %IMP_ERROR_SETTINGS if there is no such
 *   module, or with another error if it cannot be loaded
 *
 * Since: 0.1
 */
char *
imp_module_describe (const char *name, GError **error)
{
  return imp_module_describe_with_defaults (name, NULL, error);
}

/**
 * imp_module_describe_with_defaults:
 * @name: the name of a module, or the path of one
 * @script_settings: (nullable): settings that every script has, such as "python=/opt/py/bin/python"
 * @error: return location for an error
 *
 * Describes a module as [func@Imp.module_describe] does. If it is a script, the program that runs
 * it is the one that @script_settings name, if they do.
 *
 * Returns: (transfer full): some lines of text, or %NULL with the same errors
 *
 * Since: 0.2
 */
char *
imp_module_describe_with_defaults (const char *name, const char *script_settings, GError **error)
{
  g_autofree char *summary = NULL;
  GString *text;
  GType type;

  g_return_val_if_fail (name != NULL, NULL);

  if (imp_module_is_script (name))
    return module_describe_script (name, script_settings, error);

  type = module_find_type (name, &summary, error);
  if (type == G_TYPE_INVALID)
    return NULL;

  text = g_string_new (name);
  g_string_append_printf (text, ": %s\n", summary);
  module_describe_type (text, type);
  return g_string_free (text, FALSE);
}
