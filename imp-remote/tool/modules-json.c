/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/modules-json.h"

#include <string.h>

/* What stands before a meaning, and before a setting. */
#define MEANING_INDENT "      "
#define SETTING_INDENT "  "

void
modules_json_add_text (JsonBuilder *builder, const char *name, const char *text)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

/* Takes off @text what stands in parentheses at its end, which begin with @word, and returns it.
 * NULL: there is no such thing. */
static char *
modules_json_take_end (char *text, const char *word)
{
  char *start = strstr (text, word);
  char *value;

  if (start == NULL || !g_str_has_suffix (start, ")"))
    return NULL;
  value = g_strdup (start + strlen (word));
  value[strlen (value) - 1] = '\0';
  *start = '\0';
  return value;
}

static void
modules_json_add_aliases (JsonBuilder *builder, const char *text)
{
  g_auto (GStrv) names = g_strsplit (text, ", ", -1);

  json_builder_set_member_name (builder, "aliases");
  json_builder_begin_array (builder);
  for (char **name = names; *name != NULL; name++)
    json_builder_add_string_value (builder, *name);
  json_builder_end_array (builder);
}

/* "NAME=VALUES (or ALIAS) (N: 0, 1, ... up to MAX) (default: VALUE)", of which only the beginning
 * must be there. The object stays open for its meaning. */
static void
modules_json_begin_setting (JsonBuilder *builder, const char *line, gboolean of_every_script)
{
  const gsize length = strcspn (line, "=");
  g_autofree char *name = g_strndup (line, length);
  g_autofree char *values = g_strdup (line + length + (line[length] == '='));
  g_autofree char *standard = modules_json_take_end (values, " (default: ");
  g_autofree char *last = modules_json_take_end (values, " (N: 0, 1, ... up to ");
  g_autofree char *aliases = modules_json_take_end (values, " (or ");

  json_builder_begin_object (builder);
  modules_json_add_text (builder, "name", name);
  modules_json_add_text (builder, "values", values);
  if (standard != NULL)
    modules_json_add_text (builder, "default", standard);
  if (aliases != NULL)
    modules_json_add_aliases (builder, aliases);
  if (last != NULL)
    {
      /* The name ends with an N, which stands for a number up to this. */
      json_builder_set_member_name (builder, "max-number");
      json_builder_add_int_value (builder, g_ascii_strtoll (last, NULL, 10));
    }
  json_builder_set_member_name (builder, "of-every-script");
  json_builder_add_boolean_value (builder, of_every_script);
}

static void
modules_json_add_settings (JsonBuilder *builder, char **lines)
{
  gboolean of_every_script = FALSE, is_open = FALSE;

  json_builder_set_member_name (builder, "settings");
  json_builder_begin_array (builder);
  for (; *lines != NULL; lines++)
    if (g_str_has_prefix (*lines, MEANING_INDENT))
      {
        if (is_open)
          modules_json_add_text (builder, "meaning", *lines + strlen (MEANING_INDENT));
      }
    else if (!g_str_has_prefix (*lines, SETTING_INDENT))
      of_every_script = of_every_script || **lines != '\0';
    else if (strchr (*lines, '=') != NULL)
      {
        if (is_open)
          json_builder_end_object (builder);
        is_open = TRUE;
        modules_json_begin_setting (builder, *lines + strlen (SETTING_INDENT), of_every_script);
      }
  if (is_open)
    json_builder_end_object (builder);
  json_builder_end_array (builder);
}

void
modules_json_add_summary (JsonBuilder *builder, const char *name, const char *description)
{
  const char *summary = description + strlen (name) + strlen (": ");
  g_autofree char *line = g_strndup (summary, strcspn (summary, "\n"));

  modules_json_add_text (builder, "name", name);
  modules_json_add_text (builder, "summary", line);
}

void
modules_json_add_all (JsonBuilder *builder, const char *name, const char *description)
{
  g_auto (GStrv) lines = g_strsplit (description + strlen (name), "\n", -1);

  modules_json_add_summary (builder, name, description);
  modules_json_add_settings (builder, lines + 1);
}
