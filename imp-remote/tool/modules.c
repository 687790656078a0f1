/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/json-line.h"
#include "tool/modules-json.h"
#include "tool/tool.h"

#include <string.h>

static void
modules_print_json (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *line = json_line_new (root);

  tool_print_json (line, strlen (line));
}

static int
modules_describe (const char *name, const char *python, gboolean json)
{
  g_autofree char *value = g_uri_escape_string (python != NULL ? python : "", NULL, FALSE);
  g_autofree char *settings = python != NULL ? g_strconcat ("python=", value, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = imp_module_describe_with_defaults (name, settings, &error);
  g_autoptr (JsonBuilder) builder = NULL;

  if (text == NULL)
    return tool_option_error ("module", name, error);
  if (!json)
    {
      tool_print_lines (text);
      return TOOL_DONE;
    }
  builder = json_builder_new ();
  json_builder_begin_object (builder);
  modules_json_add_all (builder, name, text);
  json_builder_end_object (builder);
  modules_print_json (builder);
  return TOOL_DONE;
}

/* One line per module: the first of its description. */
static void
modules_list_line (const char *name, const char *text, const GError *error)
{
  if (text != NULL)
    tool_print ("%.*s", (int) strcspn (text, "\n"), text);
  else
    tool_print ("%s: cannot be used: %s", name, error->message);
}

static void
modules_list_object (JsonBuilder *builder, const char *name, const char *text, const GError *error)
{
  json_builder_begin_object (builder);
  if (text != NULL)
    modules_json_add_summary (builder, name, text);
  else
    {
      modules_json_add_text (builder, "name", name);
      modules_json_add_text (builder, "error", error->message);
    }
  json_builder_end_object (builder);
}

/* @builder: NULL for lines. */
static void
modules_list_all (JsonBuilder *builder)
{
  g_auto (GStrv) names = imp_module_list ();

  for (char **name = names; *name != NULL; name++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = imp_module_describe (*name, &error);

      if (builder != NULL)
        modules_list_object (builder, *name, text, error);
      else
        modules_list_line (*name, text, error);
    }
}

static int
modules_list (gboolean json)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  if (!json)
    {
      modules_list_all (NULL);
      tool_print ("./NAME.so, ./NAME.py, ./NAME.js: files");
      return TOOL_DONE;
    }
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "modules");
  json_builder_begin_array (builder);
  modules_list_all (builder);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  modules_print_json (builder);
  return TOOL_DONE;
}

static int
modules_run (int argc, char **argv)
{
  g_autofree char *python = NULL;
  gboolean json = FALSE;
  const GOptionEntry entries[] = {
    { "python", 0, 0, G_OPTION_ARG_FILENAME, &python,
      "Which Python runs a script: a program, or the folder of a virtual environment", "PATH" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON object, for programs", NULL },
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
  return argc == 2 ? modules_describe (argv[1], python, json) : modules_list (json);
}

const ToolCommand tool_modules = {
  .name = "modules",
  .summary = "list modules and their settings",
  .run = modules_run,
};
