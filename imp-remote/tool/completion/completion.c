/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/completion/completion.h"

#include "tool/completion/completion-table.h"

#include <string.h>

static const ToolCommand *const *completion_commands;

void
completion_set_commands (const ToolCommand *const *commands)
{
  completion_commands = commands;
}

/* A subcommand's names, as a pattern that bash and zsh have in common. */
static void
completion_append_names (GString *text, const CompletionCommand *command)
{
  g_string_append_printf (text, "    %s", command->name);
  if (command->alias != NULL)
    g_string_append_printf (text, "|%s", command->alias);
}

/* ---- bash ---- */

static void
completion_add_bash_option (GString *words, GString *values, const CompletionCommand *command,
                            const CompletionOption *option)
{
  const char *end = option->values != NULL ? "=" : "";
  g_autofree char *all = g_strdup (command->name);

  for (const char *name = all; name != NULL; name = name == all ? command->alias : NULL)
    if (option->values != NULL)
      {
        g_string_append_printf (values, "    %s:--%s", name, option->name);
        if (option->letter != 0)
          g_string_append_printf (values, " | %s:-%c", name, option->letter);
        g_string_append_printf (values, ") echo '%s' ;;\n", option->values);
      }
  g_string_append_printf (words, " --%s%s", option->name, end);
  if (option->letter != 0)
    g_string_append_printf (words, " -%c", option->letter);
}

static void
completion_fill_bash (GPtrArray *table, GString *script)
{
  g_autoptr (GString) commands = g_string_new (NULL);
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) values = g_string_new (NULL);

  for (guint i = 0; i < table->len; i++)
    {
      const CompletionCommand *command = table->pdata[i];
      g_autoptr (GString) words = g_string_new ("--help");

      g_string_append_printf (names, "%s%s", i > 0 ? " " : "", command->name);
      for (guint j = 0; j < command->options->len; j++)
        completion_add_bash_option (words, values, command, command->options->pdata[j]);
      completion_append_names (commands, command);
      g_string_append_printf (commands, ") words='%s' options='%s' ;;\n", command->arguments,
                              words->str);
    }
  g_string_replace (script, "@COMMANDS@", commands->str, 1);
  g_string_replace (script, "@VALUES@", values->str, 1);
  g_string_replace (script, "@NAMES@", names->str, 1);
}

/* ---- zsh ---- */

/* What completes values that are of a kind. */
static char *
completion_find_zsh_action (const char *values)
{
  static const char *const actions[][2] = {
    { COMPLETION_NOTHING, " " },    { COMPLETION_MODULES, "_imp_remote_modules" },
    { COMPLETION_FILES, "_files" }, { COMPLETION_FOLDERS, "_files -/" },
    { COMPLETION_USERS, "_users" }, { COMPLETION_GROUPS, "_groups" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i][0], values))
      return g_strdup (actions[i][1]);
  return g_strdup_printf ("(%s)", values);
}

/* In brackets, within quotes. */
static char *
completion_quote_zsh (const char *text)
{
  GString *quoted = g_string_new (NULL);

  for (; *text != '\0'; text++)
    if (*text == '\'')
      g_string_append (quoted, "'\\''");
    else
      g_string_append_printf (quoted, "%s%c", strchr ("[]\\", *text) != NULL ? "\\" : "", *text);
  return g_string_free (quoted, FALSE);
}

static void
completion_add_zsh_option (GString *text, const CompletionOption *option)
{
  g_autofree char *meaning = completion_quote_zsh (option->meaning);
  const gboolean has_values = option->values != NULL;

  g_string_append (text, " \\\n        ");
  if (has_values)
    g_string_append (text, "'*'");
  if (option->letter != 0)
    g_string_append_printf (text, "{-%c%s,--%s%s}", option->letter, has_values ? "+" : "",
                            option->name, has_values ? "=" : "");
  else
    g_string_append_printf (text, "--%s%s", option->name, has_values ? "=" : "");
  g_string_append_printf (text, "'[%s]", meaning);
  if (has_values)
    {
      g_autofree char *action = completion_find_zsh_action (option->values);

      g_string_append_printf (text, ":%s:%s", option->name, action);
    }
  g_string_append_c (text, '\'');
}

static void
completion_fill_zsh (GPtrArray *table, GString *script)
{
  g_autoptr (GString) commands = g_string_new (NULL);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < table->len; i++)
    {
      const CompletionCommand *command = table->pdata[i];
      g_autofree char *action = completion_find_zsh_action (command->arguments);
      g_autofree char *summary = completion_quote_zsh (command->summary);

      g_string_append_printf (names, "    '%s:%s'\n", command->name, summary);
      completion_append_names (commands, command);
      g_string_append (commands, ")\n      _arguments -s -S --help'[Show help options]'");
      for (guint j = 0; j < command->options->len; j++)
        completion_add_zsh_option (commands, command->options->pdata[j]);
      g_string_append_printf (commands, " \\\n        '*:argument:%s' ;;\n", action);
    }
  g_string_replace (script, "@COMMANDS@", commands->str, 1);
  g_string_replace (script, "@NAMES@", names->str, 1);
}

/* ---- the subcommand ---- */

typedef struct
{
  const char *shell;
  const char *path; /* of what all of it stands in */
  void (*fill) (GPtrArray *table, GString *script);
} CompletionShell;

static const CompletionShell completion_shells[] = {
  { "bash", "/imp-remote/completion/imp-remote.bash.in", completion_fill_bash },
  { "zsh", "/imp-remote/completion/imp-remote.zsh.in", completion_fill_zsh },
};

static int
completion_print (const CompletionShell *shell)
{
  g_autoptr (GBytes) bytes = g_resources_lookup_data (shell->path, G_RESOURCE_LOOKUP_FLAGS_NONE,
                                                      NULL);
  g_autoptr (GPtrArray) table = completion_table_new (completion_commands);
  g_autoptr (GString) script = NULL;
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  script = g_string_new_len (text, length);
  shell->fill (table, script);
  tool_print_lines (script->str);
  return TOOL_DONE;
}

static int
completion_run (int argc, char **argv)
{
  static const GOptionEntry entries[] = { G_OPTION_ENTRY_NULL };
  const ToolOptions options = {
    .parameters = "bash|zsh - print what completes command lines",
    .summary = "Prints a script with which bash or zsh completes commands, options and their "
               "values.\nWhere imp-remote is installed, both find it by themselves.",
    .entries = entries,
  };
  int status;

  if (!tool_parse_options (&options, &argc, &argv, &status))
    return status;
  if (argc != 2)
    return tool_usage_error ("completion: exactly one shell is wanted, bash or zsh");
  for (gsize i = 0; i < G_N_ELEMENTS (completion_shells); i++)
    if (g_str_equal (argv[1], completion_shells[i].shell))
      return completion_print (&completion_shells[i]);
  return tool_usage_error ("completion \"%s\": the shells are bash and zsh", argv[1]);
}

const ToolCommand tool_completion = {
  .name = "completion",
  .summary = "print what completes command lines",
  .run = completion_run,
};
