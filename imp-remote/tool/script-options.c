/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/script-options.h"

#include "modules/imp-script-factory-private.h"

#include <imp-remote.h>

typedef struct
{
  GString *settings;    /* or NULL */
  GPtrArray *arguments; /* the same */
  char *all;            /* the settings with the next, or NULL */
  guint workers;        /* 0: not set */
} ScriptOptions;

/* What is set is one of the whole process. */
static ScriptOptions script_options;
static ScriptOptions script_options_before; /* while there is a draft */

static gboolean
script_options_on_option (const char *option, const char *value, gpointer data, GError **error)
{
  /* Behind "--" is the setting's name. */
  const char *standard = g_str_equal (option, "--sandbox") ? "require" : "true";
  g_autofree char *text = g_uri_escape_string (value != NULL ? value : standard, NULL, FALSE);

  if (script_options.settings == NULL)
    script_options.settings = g_string_new (NULL);
  g_string_append_printf (script_options.settings, "%s%s=%s",
                          script_options.settings->len > 0 ? "&" : "", option + 2, text);
  if (script_options.arguments == NULL)
    script_options.arguments = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (script_options.arguments,
                   value != NULL ? g_strdup_printf ("%s=%s", option, value) : g_strdup (option));
  return TRUE;
}

/* The setting has the same range, but where no module is a script nobody reads it. */
static gboolean
script_options_on_workers (const char *option, const char *value, gpointer data, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (value, 10, 1, IMP_SCRIPT_FACTORY_MAX_WORKERS, &number, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "%s \"%s\": a number from 1 to %d is wanted", option, value,
                   IMP_SCRIPT_FACTORY_MAX_WORKERS);
      return FALSE;
    }
  script_options.workers = (guint) number;
  return TRUE;
}

void
script_options_add_to_table (OptionTable *table)
{
  static const GOptionEntry entries[] = {
    { "reload", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, script_options_on_option,
      "Start scripts again when their files change; connections stay where they are", NULL },
    { "workers", 0, 0, G_OPTION_ARG_CALLBACK, script_options_on_workers,
      "How many processes run each script; or serve, if not all modules are scripts", "N" },
    { "python", 0, 0, G_OPTION_ARG_CALLBACK, script_options_on_option,
      "Which Python runs scripts: a program, or the folder of a virtual environment", "PATH" },
    { "sandbox", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, script_options_on_option,
      "Run scripts without network and with nothing to write to, or not at all", NULL },
    G_OPTION_ENTRY_NULL,
  };

  option_table_add (table, entries, NULL);
}

void
script_options_begin_draft (void)
{
  script_options_before = script_options;
  script_options = (ScriptOptions){ NULL };
}

void
script_options_end_draft (gboolean adopt)
{
  ScriptOptions dropped = adopt ? script_options_before : script_options;

  if (!adopt)
    script_options = script_options_before;
  script_options_before = (ScriptOptions){ NULL };
  if (dropped.settings != NULL)
    g_string_free (dropped.settings, TRUE);
  g_clear_pointer (&dropped.arguments, g_ptr_array_unref);
  g_free (dropped.all);
}

const char *
script_options_get_settings (void)
{
  const char *settings = script_options.settings != NULL ? script_options.settings->str : "";

  if (script_options.workers == 0)
    return settings;
  g_free (script_options.all);
  script_options.all = g_strdup_printf ("%s%sworkers=%u", settings, *settings != '\0' ? "&" : "",
                                        script_options.workers);
  return script_options.all;
}

guint
script_options_get_workers (void)
{
  return MAX (script_options.workers, 1);
}

void
script_options_unset_workers (void)
{
  script_options.workers = 0;
}

GStrv
script_options_list_arguments (void)
{
  GPtrArray *arguments = g_ptr_array_new ();

  for (guint i = 0; script_options.arguments != NULL && i < script_options.arguments->len; i++)
    g_ptr_array_add (arguments, g_strdup (script_options.arguments->pdata[i]));
  if (script_options.workers > 0)
    g_ptr_array_add (arguments, g_strdup_printf ("--workers=%u", script_options.workers));
  g_ptr_array_add (arguments, NULL);
  return (GStrv) g_ptr_array_free (arguments, FALSE);
}
