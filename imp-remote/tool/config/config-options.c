/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-options.h"

#include <string.h>

void
config_options_clear (ConfigOptions *self)
{
  g_clear_pointer (&self->path, g_free);
}

/* What is not for a process, but for one start of it. */
static gboolean
config_options_is_of_start (const char *name)
{
  return g_str_equal (name, "config") || g_str_equal (name, "check-config")
         || g_str_equal (name, "take-over");
}

/* The first word that is none of these options, or their values; NULL if there is none. */
static const char *
config_options_find_other (const char *const *argv)
{
  for (argv++; *argv != NULL; argv++)
    {
      const gsize length = strcspn (*argv, "=");
      g_autofree char *name = g_str_has_prefix (*argv, "--") ? g_strndup (*argv + 2, length - 2)
                                                             : g_strdup ("");

      if (!config_options_is_of_start (name))
        return *argv;
      if ((*argv)[length] == '\0' && !g_str_equal (name, "check-config") && argv[1] != NULL)
        argv++;
    }
  return NULL;
}

int
config_options_check (const ConfigOptions *self, const char *command, const char *const *argv)
{
  const char *other = config_options_find_other (argv);

  if (self->path == NULL && self->check)
    return tool_usage_error ("%s: --check-config is for --config FILE", command);
  if (self->path != NULL && other != NULL)
    return tool_usage_error ("%s: \"%s\" cannot stand beside --config: all that is set stands in "
                             "the file, so that SIGHUP can change it",
                             command, other);
  return TOOL_DONE;
}

gboolean
config_options_check_once (ConfigErrors *errors, const ConfigKey *key)
{
  const ConfigKey *first = config_section_find (errors->section, key->name);

  if (first == key)
    return TRUE;
  config_file_add_error (errors->file, key->place,
                         "key \"%s\": it stands at %s already, and there "
                         "can be only one",
                         key->name, first->place);
  return FALSE;
}

static gboolean
config_options_is_key (OptionTable *table, const char *name)
{
  return option_table_has (table, name) && !config_options_is_of_start (name);
}

static void
config_options_apply_key (ConfigErrors *errors, OptionTable *table, const ToolOptions *options,
                          const ConfigKeys *keys, const ConfigKey *key)
{
  g_autofree char *section = config_section_to_text (errors->section);
  g_autoptr (GError) error = NULL;

  if (keys->elsewhere != NULL && keys->elsewhere (key->name))
    config_file_add_error (errors->file, key->place,
                           "key \"%s\": it belongs in a section %s, not "
                           "in %s",
                           key->name, keys->where, section);
  else if (!config_options_is_key (table, key->name))
    config_file_add_error (errors->file, key->place,
                           "key \"%s\": there is no such key in %s; the "
                           "keys are the options that --help shows, without the dashes",
                           key->name, section);
  else if (g_strv_contains (keys->several, key->name) || config_options_check_once (errors, key))
    {
      if (!option_table_apply (table, key->name, key->value, &error)
          || (options->limits != NULL && !limit_options_check (options->limits, &error)))
        config_errors_add (errors, error->message);
    }
}

void
config_options_apply (ConfigErrors *errors, const ToolOptions *options, const ConfigKeys *keys)
{
  g_autoptr (OptionTable) table = tool_new_option_table (options);

  for (guint i = 0; i < errors->section->keys->len; i++)
    config_options_apply_key (errors, table, options, keys, errors->section->keys->pdata[i]);
}
