/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/script-options.h"

#include "modules/imp-script-factory-private.h"

#include <imp-remote.h>

/* The command line is one of the whole process. */
static GString *script_options_settings;
static GPtrArray *script_options_arguments;

static gboolean
script_options_on_option (const char *option, const char *value, gpointer data, GError **error)
{
  /* Behind "--" is the setting's name. */
  const char *standard = g_str_equal (option, "--sandbox") ? "require" : "true";
  g_autofree char *text = g_uri_escape_string (value != NULL ? value : standard, NULL, FALSE);

  if (script_options_settings == NULL)
    script_options_settings = g_string_new (NULL);
  g_string_append_printf (script_options_settings, "%s%s=%s",
                          script_options_settings->len > 0 ? "&" : "", option + 2, text);
  if (script_options_arguments == NULL)
    script_options_arguments = g_ptr_array_new ();
  g_ptr_array_add (script_options_arguments,
                   value != NULL ? g_strdup_printf ("%s=%s", option, value) : g_strdup (option));
  return TRUE;
}

/* The setting has the same range, but where no module is a script nobody reads it. */
static gboolean
script_options_on_workers (const char *option, const char *value, gpointer data, GError **error)
{
  if (!g_ascii_string_to_unsigned (value, 10, 1, IMP_SCRIPT_FACTORY_MAX_WORKERS, NULL, NULL))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                   "%s \"%s\": a number from 1 to %d is wanted", option, value,
                   IMP_SCRIPT_FACTORY_MAX_WORKERS);
      return FALSE;
    }
  return script_options_on_option (option, value, data, error);
}

void
script_options_add_to_group (GOptionGroup *group)
{
  static const GOptionEntry entries[] = {
    { "reload", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, script_options_on_option,
      "Start scripts again when their files change; connections stay where they are", NULL },
    { "workers", 0, 0, G_OPTION_ARG_CALLBACK, script_options_on_workers,
      "How many processes run each script, among which connections are spread", "N" },
    { "sandbox", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, script_options_on_option,
      "Run scripts without network and with nothing to write to, or not at all", NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_group_add_entries (group, entries);
}

const char *
script_options_get_settings (void)
{
  return script_options_settings != NULL ? script_options_settings->str : "";
}

GStrv
script_options_list_arguments (void)
{
  GPtrArray *arguments = g_ptr_array_new ();

  for (guint i = 0; script_options_arguments != NULL && i < script_options_arguments->len; i++)
    g_ptr_array_add (arguments, g_strdup (script_options_arguments->pdata[i]));
  g_ptr_array_add (arguments, NULL);
  return (GStrv) g_ptr_array_free (arguments, FALSE);
}
