/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-errors.h"

#include "tool/tool.h"

#include <string.h>

#define OPTION_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* The key that @text is about, which begins with an option's name. @exactly: with the value that
 * stands there as well. */
static const ConfigKey *
config_errors_find_in (const ConfigSection *section, const char *text, gboolean exactly)
{
  const gsize length = strspn (text + 2, OPTION_CHARS);

  for (guint i = 0; i < section->keys->len; i++)
    {
      const ConfigKey *key = section->keys->pdata[i];
      g_autofree char *whole = g_strdup_printf ("--%s \"%s\"", key->name, key->value);

      if (strlen (key->name) == length && strncmp (key->name, text + 2, length) == 0
          && (!exactly || g_str_has_prefix (text, whole)))
        return key;
    }
  return NULL;
}

static const ConfigKey *
config_errors_find_anywhere (const ConfigErrors *self, const char *text, gboolean exactly)
{
  const ConfigKey *key = NULL;

  if (self->section != NULL)
    return config_errors_find_in (self->section, text, exactly);
  for (guint i = 0; key == NULL && i < self->file->sections->len; i++)
    key = config_errors_find_in (self->file->sections->pdata[i], text, exactly);
  return key;
}

static const ConfigKey *
config_errors_find (const ConfigErrors *self, const char *text)
{
  const ConfigKey *key = config_errors_find_anywhere (self, text, TRUE);

  return key != NULL ? key : config_errors_find_anywhere (self, text, FALSE);
}

static void
config_errors_add_of_key (ConfigErrors *self, const ConfigKey *key, const char *text,
                          const char *option)
{
  const char *rest = option + 2 + strlen (key->name);

  if (option != text)
    config_file_add_error (self->file, key->place, "key \"%s\": %s", key->name, text);
  else
    config_file_add_error (self->file, key->place, "key \"%s\":%s%s", key->name,
                           rest[0] != ' ' ? " " : "", rest[0] == ':' ? rest + 2 : rest);
}

void
config_errors_add (ConfigErrors *self, const char *text)
{
  for (const char *option = strstr (text, "--"); option != NULL; option = strstr (option, "--"))
    {
      const ConfigKey *key = config_errors_find (self, option);

      if (key != NULL)
        {
          config_errors_add_of_key (self, key, text, option);
          return;
        }
      option += 2;
    }
  if (self->section == NULL)
    {
      config_file_add_error (self->file, self->file->path, "%s", text);
      return;
    }
  {
    g_autofree char *name = config_section_to_text (self->section);

    config_file_add_error (self->file, self->section->place, "%s: %s", name, text);
  }
}

static void
config_errors_on_error (const char *text, gpointer user_data)
{
  config_errors_add (user_data, text);
}

void
config_errors_begin (ConfigErrors *self)
{
  tool_catch_errors (config_errors_on_error, self);
}

void
config_errors_end (ConfigErrors *self)
{
  tool_catch_errors (NULL, NULL);
}

gboolean
config_errors_print (ConfigFile *file)
{
  config_file_sort_errors (file);
  for (guint i = 0; i < file->errors->len; i++)
    tool_usage_error ("%s", (const char *) file->errors->pdata[i]);
  return file->errors->len > 0;
}
