/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-log-private.h"
#include "tool/access-options.h"
#include "tool/log-options.h"
#include "tool/log.h"
#include "tool/metrics/metrics-modules.h"
#include "tool/metrics/metrics.h"
#include "tool/script-options.h"
#include "tool/service.h"
#include "tool/trace/trace.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* For listeners, connections to servers, scripts, and what the libraries need. */
#define RESERVED_DESCRIPTORS 32

static struct
{
  ToolErrorFunc func;
  gpointer user_data;
} tool_errors;

void
tool_catch_errors (ToolErrorFunc func, gpointer user_data)
{
  tool_errors.func = func;
  tool_errors.user_data = user_data;
}

static void
tool_say_error (const char *text)
{
  if (tool_errors.func != NULL)
    tool_errors.func (text, tool_errors.user_data);
  else
    log_print (IMP_LOG_ERROR, text);
}

int
tool_usage_error (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  tool_say_error (text);
  return TOOL_USAGE;
}

int
tool_error (const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  tool_say_error (text);
  return TOOL_FAILED;
}

int
tool_option_error (const char *option, const char *value, const GError *error)
{
  tool_error ("%s \"%s\": %s", option, value, error->message);
  return g_error_matches (error, IMP_ERROR, IMP_ERROR_SETTINGS) ? TOOL_USAGE : TOOL_FAILED;
}

void
tool_print (const char *format, ...)
{
  g_autofree char *text = NULL, *clean = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  clean = imp_clean_text (text, strlen (text), 0);
  puts (clean);
}

void
tool_print_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  /* The last one has an end. */
  for (guint i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++)
    tool_print ("%s", lines[i]);
}

void
tool_print_json (const char *json, gsize length)
{
  g_autofree char *clean = imp_clean_json (json, length);

  fputs (clean, stdout);
}

void
tool_flush (void)
{
  fflush (stdout);
}

/* Somebody may be connected. */
static gboolean tool_serves;

void
tool_print_listening (const char *address)
{
  tool_serves = TRUE;
  tool_print ("listening %s", address);
  tool_flush ();
}

void
tool_print_metrics (const char *address)
{
  tool_print ("metrics %s", address);
  tool_flush ();
}

OptionTable *
tool_new_option_table (const ToolOptions *options)
{
  OptionTable *table = option_table_new ();

  option_table_add (table, options->entries, options->data);
  if (options->limits != NULL)
    limit_options_add_to_table (options->limits, table);
  if (options->has_access)
    access_options_add_to_table (table);
  if (options->has_metrics)
    metrics_add_to_table (table);
  if (options->has_log)
    {
      log_options_add_to_table (table);
      trace_add_to_table (table);
    }
  if (options->has_scripts)
    script_options_add_to_table (table);
  return table;
}

static struct
{
  ToolOptionsFunc func;
  gpointer user_data;
} tool_options;

void
tool_catch_options (ToolOptionsFunc func, gpointer user_data)
{
  tool_options.func = func;
  tool_options.user_data = user_data;
}

static GOptionContext *
tool_new_option_context (const ToolOptions *options, OptionTable *table)
{
  GOptionContext *context = g_option_context_new (options->parameters);

  g_option_context_set_main_group (context, option_table_make_group (table));
  g_option_context_set_summary (context, options->summary);
  return context;
}

gboolean
tool_parse_options (const ToolOptions *options, int *argc, char ***argv, int *status)
{
  g_autoptr (OptionTable) table = tool_new_option_table (options);
  g_autoptr (GOptionContext) context = tool_new_option_context (options, table);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strconcat ("imp-remote ", (*argv)[0], NULL);

  if (tool_options.func != NULL)
    {
      tool_options.func (options, table, tool_options.user_data);
      *status = TOOL_DONE;
      return FALSE;
    }
  /* The name stands in the usage line that --help prints. */
  g_set_prgname (name);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      *status = tool_usage_error ("%s: %s; \"%s --help\" shows what there is", (*argv)[0],
                                  error->message, name);
      return FALSE;
    }
  g_set_prgname ("imp-remote");
  if (*argc > 1 && g_str_equal ((*argv)[1], "--"))
    {
      (*argv)++;
      (*argc)--;
    }
  if (options->limits != NULL && !limit_options_check (options->limits, &error))
    {
      *status = tool_usage_error ("%s", error->message);
      return FALSE;
    }
  *status = TOOL_DONE;
  return TRUE;
}

typedef struct
{
  void (*stop) (gpointer);
  void (*reload) (gpointer); /* or NULL */
  gpointer user_data;
  gboolean stopping;
  gboolean has_terminal; /* at the beginning */
  gboolean has_hangup;   /* there is a source for SIGHUP */
} SignalWatch;

static SignalWatch tool_signals;

/* A script may load for a while. */
static gboolean tool_loads_module;
/* Nothing is to be served, so that no script has to run. */
static gboolean tool_only_checks;

static gboolean
tool_on_signal (gpointer user_data)
{
  SignalWatch *watch = user_data;

  /* Nothing is served yet, and what has been started ends with this process. */
  if (tool_loads_module && !tool_serves)
    exit (TOOL_DONE);
  if (watch->stopping)
    exit (tool_error ("stopped before all connections had ended"));
  watch->stopping = TRUE;
  watch->stop (watch->user_data);
  return G_SOURCE_CONTINUE;
}

static struct
{
  void (*func) (gpointer);
  gpointer user_data;
} tool_hangup;

void
tool_watch_hangup (void (*func) (gpointer), gpointer user_data)
{
  tool_hangup.func = func;
  tool_hangup.user_data = user_data;
}

/* Who has a file of settings reads it again. Else a terminal that is closed ends the program; where
 * there is none, somebody wants settings to be read again, of which there are none. */
static gboolean
tool_on_hangup (gpointer user_data)
{
  SignalWatch *watch = user_data;

  if (watch->reload != NULL)
    {
      watch->reload (watch->user_data);
      return G_SOURCE_CONTINUE;
    }
  if (watch->has_terminal)
    return tool_on_signal (user_data);
  imp_log_kind (IMP_LOG_SETTINGS, "SIGHUP: there are no settings to be read again");
  service_notify_reloading ();
  if (tool_hangup.func != NULL)
    tool_hangup.func (tool_hangup.user_data);
  service_notify_reloaded ();
  return G_SOURCE_CONTINUE;
}

static void
tool_take_hangup (void)
{
  if (!tool_signals.has_hangup)
    g_unix_signal_add (SIGHUP, tool_on_hangup, &tool_signals);
  tool_signals.has_hangup = TRUE;
}

void
tool_watch_signals (void (*stop) (gpointer), gpointer user_data)
{
  struct sigaction hangup;

  tool_signals.stop = stop;
  tool_signals.user_data = user_data;
  tool_signals.has_terminal = isatty (STDIN_FILENO);
  g_unix_signal_add (SIGTERM, tool_on_signal, &tool_signals);
  g_unix_signal_add (SIGINT, tool_on_signal, &tool_signals);
  /* nohup(1) has it ignored. */
  if (sigaction (SIGHUP, NULL, &hangup) != 0 || hangup.sa_handler != SIG_IGN)
    tool_take_hangup ();
}

void
tool_watch_reload (void (*reload) (gpointer))
{
  tool_signals.reload = reload;
  tool_take_hangup ();
}

void
tool_raise_descriptor_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    imp_log_kind (IMP_LOG_SETTINGS, "The soft limit of descriptors (ulimit -n) stays: %s",
                  g_strerror (errno));
}

guint
tool_limit_connections (guint wanted, guint descriptors)
{
  struct rlimit limit;
  guint64 possible;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return wanted;
  possible = limit.rlim_cur > RESERVED_DESCRIPTORS ? limit.rlim_cur - RESERVED_DESCRIPTORS : 0;
  possible = MAX (possible / descriptors, 1);
  if (wanted <= possible)
    return wanted;
  imp_log_kind (IMP_LOG_SETTINGS,
                "There are at most %" G_GUINT64_FORMAT " connections at once instead of %u "
                "(--max-connections): the limit of descriptors (ulimit -n) is %" G_GUINT64_FORMAT
                "; others wait",
                possible, wanted, (guint64) limit.rlim_cur);
  return (guint) possible;
}

gboolean
tool_only_check_modules (gboolean only)
{
  const gboolean before = tool_only_checks;

  tool_only_checks = only;
  return before;
}

/* The path of the script that stands in front of its settings; NULL if it is another module. As in
 * imp_module_new_factory(), a path may have "=" in it if it has a folder. */
static char *
tool_find_script (const char *spec)
{
  const gboolean has_folder = memchr (spec, '/', strcspn (spec, "=")) != NULL;

  for (const char *end = strchrnul (spec, '=');; end = strchrnul (end + 1, '='))
    {
      g_autofree char *name = g_strndup (spec, end - spec);

      if (g_str_has_suffix (name, ".py") || g_str_has_suffix (name, ".js")
          || g_str_has_suffix (name, ".mjs"))
        return g_steal_pointer (&name);
      if (*end == '\0' || !has_folder)
        return NULL;
    }
}

/* Something in the place of a script that is not to run; NULL if there is no such script. */
static ImpFactory *
tool_check_script (const char *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no module file \"%s\"", path);
      return NULL;
    }
  return imp_module_new_factory ("pass", error);
}

static ImpFactory *
tool_make_module (const char *spec, GError **error)
{
  g_autofree char *script = tool_only_checks ? tool_find_script (spec) : NULL;

  if (script != NULL)
    return tool_check_script (script, error);
  return imp_module_new_factory_with_defaults (spec, script_options_get_settings (), error);
}

static ImpFactory *
tool_load_module (const char *spec, int *status)
{
  g_autoptr (GError) error = NULL;
  ImpFactory *factory;

  tool_loads_module = TRUE;
  factory = tool_make_module (spec, &error);
  tool_loads_module = FALSE;
  if (factory == NULL)
    *status = tool_option_error ("--module", spec, error);
  return factory;
}

/* Can it work with @wanted, or with anything (NULL)? Everything here understands all results. */
static gboolean
tool_check_interface (ImpFactory *factory, ImpInterface *wanted)
{
  GList list = { .data = wanted };
  GList *matches = wanted != NULL ? imp_factory_match_interfaces (factory, &list)
                                  : imp_factory_list_interfaces (factory);
  gboolean matching = matches != NULL;

  g_list_free_full (matches, (GDestroyNotify) imp_interface_unref);
  return matching;
}

/* Each for itself, so that it can be named. @who: who has nothing but @data_type, or NULL. */
static gboolean
tool_load_modules (const char *const *modules, gint32 data_type, const char *who,
                   GPtrArray *factories, int *status)
{
  g_autoptr (ImpInterface) wanted = imp_interface_new (data_type, IMP_RESULT_FLAGS_ALL);
  gboolean good = TRUE;

  for (; *modules != NULL; modules++)
    {
      ImpFactory *factory = tool_load_module (*modules, status);

      /* What is wrong with the others is of interest, too. */
      if (factory == NULL)
        {
          good = FALSE;
          continue;
        }
      g_ptr_array_add (factories, factory);
      if (who == NULL || tool_check_interface (factory, wanted))
        continue;
      *status = tool_error ("--module \"%s\": the module does not work with %s, and %s has nothing "
                            "else for it",
                            *modules, data_type == IMP_DATA_TYPE_PACKET ? "packets" : "streams",
                            who);
      good = FALSE;
    }
  return good;
}

/* What goes through one must be something for the next. */
static ImpFactory *
tool_new_cascade (const char *const *modules, GPtrArray *factories, int *status)
{
  g_autoptr (GList) list = NULL;
  g_autoptr (ImpFactory) cascade = NULL;
  g_autofree char *names = NULL;

  for (guint i = factories->len; i-- > 0;)
    list = g_list_prepend (list, factories->pdata[i]);
  cascade = imp_cascade_new (list);
  if (tool_check_interface (cascade, NULL))
    return g_steal_pointer (&cascade);
  names = g_strjoinv ("\", \"", (char **) modules);
  *status = tool_error ("--module \"%s\": there is no type of data that all of them work with",
                        names);
  return NULL;
}

static ImpFactory *
tool_make_factory (const char *const *modules, gint32 data_type, const char *who, int *status)
{
  static const char *const nothing[] = { "pass", NULL };
  g_autoptr (GPtrArray) factories = g_ptr_array_new_with_free_func (g_object_unref);
  ImpFactory *whole;

  if (modules == NULL || modules[0] == NULL)
    modules = nothing;
  if (!tool_load_modules (modules, data_type, who, factories, status))
    return NULL;
  whole = factories->len > 1 ? tool_new_cascade (modules, factories, status)
                             : g_object_ref (factories->pdata[0]);
  if (whole != NULL && metrics_is_wanted ())
    metrics_modules_add (whole, modules, factories);
  return whole;
}

ImpFactory *
tool_new_factory (const char *const *modules, int *status)
{
  return tool_make_factory (modules, IMP_DATA_TYPE_STREAM, NULL, status);
}

ImpFactory *
tool_new_factory_for (const char *const *modules, gint32 data_type, const char *who, int *status)
{
  return tool_make_factory (modules, data_type, who, status);
}

GStrv
tool_name_modules (const char *const *modules)
{
  GPtrArray *names = g_ptr_array_new ();

  for (; modules != NULL && *modules != NULL; modules++)
    g_ptr_array_add (names, g_strndup (*modules, strcspn (*modules, "=")));
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (names, FALSE);
}
