/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/completion/completion-table.h"

#include <string.h>

typedef struct
{
  const char *description; /* of an option's value */
  const char *kind;
} ValueKind;

static const ValueKind value_kinds[] = {
  { "NAME[=SETTINGS]", COMPLETION_MODULES },
  { "MODULE[=SETTINGS]", COMPLETION_MODULES },
  { "[NAME]", COMPLETION_MODULES },
  { "FILE", COMPLETION_FILES },
  { "PATH", COMPLETION_FILES },
  { "OUT", COMPLETION_FILES },
  { "DIR", COMPLETION_FOLDERS },
  { "USER", COMPLETION_USERS },
  { "GROUP", COMPLETION_GROUPS },
  /* Those of unix sockets are files. */
  { "ADDRESS", COMPLETION_FILES },
};

static void
completion_option_free (CompletionOption *self)
{
  g_free (self->name);
  g_free (self->meaning);
  g_free (self->values);
  g_free (self);
}

static void
completion_command_free (CompletionCommand *self)
{
  g_free (self->arguments);
  g_ptr_array_unref (self->options);
  g_free (self);
}

/* Choices such as "in|out"; what is in capitals stands for something else, and is left out. NULL:
 * there are none. */
static char *
completion_find_choices (const char *description)
{
  g_auto (GStrv) parts = g_strsplit (description, "|", -1);
  g_autoptr (GString) words = g_string_new (NULL);

  for (char **part = parts; *part != NULL; part++)
    if (strspn (*part, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen (*part))
      g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", *part);
  return words->len > 0 ? g_string_free (g_steal_pointer (&words), FALSE) : NULL;
}

static char *
completion_list_codecs (const char *command)
{
  /* Those that this build has. */
  static const char *const known[] = { "cbor", "json", "storable", "sereal" };
  /* Only a server can wait for what its clients speak. */
  GString *names = g_string_new (g_str_equal (command, "serve") ? "auto" : "");

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (ImpCodec) codec = imp_codec_new_by_name (known[i], NULL);

      if (codec != NULL)
        g_string_append_printf (names, "%s%s", names->len > 0 ? " " : "", known[i]);
    }
  return g_string_free (names, FALSE);
}

static char *
completion_find_values (const char *description)
{
  char *choices = completion_find_choices (description);

  if (choices != NULL)
    return choices;
  for (gsize i = 0; i < G_N_ELEMENTS (value_kinds); i++)
    if (g_str_equal (description, value_kinds[i].description))
      return g_strdup (value_kinds[i].kind);
  return g_strdup (COMPLETION_NOTHING);
}

static void
completion_add_option (const GOptionEntry *entry, gpointer user_data)
{
  CompletionCommand *command = user_data;
  CompletionOption *option;

  if ((entry->flags & G_OPTION_FLAG_HIDDEN) != 0)
    return;
  option = g_new0 (CompletionOption, 1);
  option->name = g_strdup (entry->long_name);
  option->letter = entry->short_name;
  option->meaning = g_strdup (entry->description);
  if (entry->arg_description != NULL && g_str_equal (entry->long_name, "codec"))
    option->values = completion_list_codecs (command->name);
  else if (entry->arg_description != NULL)
    option->values = completion_find_values (entry->arg_description);
  g_ptr_array_add (command->options, option);
}

/* The first word of the line of usage; where that is an option, it is the first one behind it. */
static char *
completion_find_arguments (const char *parameters)
{
  g_auto (GStrv) words = g_strsplit (parameters, " ", -1);

  for (char **word = words; *word != NULL && !g_str_equal (*word, "-"); word++)
    {
      g_autofree char *plain = g_strdup (*word);
      g_autofree char *values = NULL;

      if (**word == '-' || **word == '{')
        break;
      plain[strcspn (plain, ".")] = '\0';
      values = completion_find_values (plain);
      if (!g_str_equal (values, COMPLETION_NOTHING))
        return g_steal_pointer (&values);
    }
  return g_strdup (COMPLETION_FILES);
}

static void
completion_on_options (const ToolOptions *options, OptionTable *table, gpointer user_data)
{
  CompletionCommand *command = user_data;

  command->arguments = completion_find_arguments (options->parameters);
  option_table_foreach (table, completion_add_option, command);
}

static CompletionCommand *
completion_command_new (const ToolCommand *tool)
{
  CompletionCommand *self = g_new0 (CompletionCommand, 1);
  char *argv[] = { (char *) tool->name, NULL };

  self->name = tool->name;
  self->alias = tool->alias;
  self->summary = tool->summary;
  self->options = g_ptr_array_new_with_free_func ((GDestroyNotify) completion_option_free);
  tool_catch_options (completion_on_options, self);
  tool->run (1, argv);
  tool_catch_options (NULL, NULL);
  return self;
}

GPtrArray *
completion_table_new (const ToolCommand *const *commands)
{
  GPtrArray *table = g_ptr_array_new_with_free_func ((GDestroyNotify) completion_command_free);

  for (; *commands != NULL; commands++)
    g_ptr_array_add (table, completion_command_new (*commands));
  return table;
}
