/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

#include <string.h>

static int
modules_describe (const char *name, const char *python)
{
  g_autofree char *value = g_uri_escape_string (python != NULL ? python : "", NULL, FALSE);
  g_autofree char *settings = python != NULL ? g_strconcat ("python=", value, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = imp_module_describe_with_defaults (name, settings, &error);

  if (text == NULL)
    return tool_option_error ("module", name, error);
  tool_print_lines (text);
  return TOOL_DONE;
}

/* One line per module: the first of its description. */
static int
modules_list (void)
{
  g_auto (GStrv) names = imp_module_list ();

  for (char **name = names; *name != NULL; name++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = imp_module_describe (*name, &error);

      if (text != NULL)
        tool_print ("%.*s", (int) strcspn (text, "\n"), text);
      else
        tool_print ("%s: cannot be used: %s", *name, error->message);
    }
  tool_print ("./NAME.so, ./NAME.py, ./NAME.js: files");
  return TOOL_DONE;
}

static int
modules_run (int argc, char **argv)
{
  g_autofree char *python = NULL;
  const GOptionEntry entries[] = {
    { "python", 0, 0, G_OPTION_ARG_FILENAME, &python,
      "Which Python runs a script: a program, or the folder of a virtual environment", "PATH" },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "[NAME] - list modules and their settings",
    .summary = "Lists the modules, or one module's settings: their types, defaults and meaning.\n"
               "A setting is given as --module NAME=KEY=VALUE&KEY=VALUE, with \"&\" and \"%\" in "
               "values\nwritten %26 and %25.",
    .entries = entries,
  };
  int status;

  if (!tool_parse_options (&options, &argc, &argv, &status))
    return status;
  if (argc > 2)
    return tool_usage_error ("modules: \"%s\": one name at most", argv[2]);
  return argc == 2 ? modules_describe (argv[1], python) : modules_list ();
}

const ToolCommand tool_modules = {
  .name = "modules",
  .summary = "list modules and their settings",
  .run = modules_run,
};
