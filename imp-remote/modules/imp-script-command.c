/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-command-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "core/imp-settings-private.h"
#include "modules/imp-module-private.h"
#include "modules/imp-modules-config.h"
#include "modules/imp-script-python-private.h"

#include <stdlib.h>

typedef struct
{
  const char *suffix;
  const char *interpreter;
  const char *option; /* or NULL */
  const char *host;
  gboolean is_python;
} ScriptKind;

static const ScriptKind script_kinds[] = {
  { ".py", IMP_PYTHON, NULL, "host.py", TRUE },
  { ".js", "gjs", "-m", "host.mjs", FALSE },
  { ".mjs", "gjs", "-m", "host.mjs", FALSE },
};

static const ScriptKind *
script_command_find_kind (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (script_kinds); i++)
    if (g_str_has_suffix (path, script_kinds[i].suffix))
      return &script_kinds[i];
  return NULL;
}

gboolean
imp_module_is_script (const char *path)
{
  return script_command_find_kind (path) != NULL;
}

const char *
imp_script_command_choose (const char *path, const char *interpreter, const char *python)
{
  const ScriptKind *kind = script_command_find_kind (path);

  return interpreter == NULL && kind != NULL && kind->is_python ? python : interpreter;
}

/* The programs that run scripts lie with the library, or, before it is installed, where
 * IMP_REMOTE_HOSTS says. */
char *
imp_script_command_find_program (const char *name, GError **error)
{
  const char *folder = g_getenv ("IMP_REMOTE_HOSTS");
  g_autofree char *path = g_build_filename (folder != NULL ? folder : IMP_HOSTS_DIR, name, NULL);

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer (&path);
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "there is no \"%s\", the program that runs it%s",
               path, folder != NULL ? " (IMP_REMOTE_HOSTS)" : "");
  return NULL;
}

void
imp_script_command_check_settings (GPtrArray *settings, GPtrArray *errors)
{
  for (guint i = 0; i < settings->len; i++)
    {
      const ImpSetting *setting = settings->pdata[i];
      gsize length;
      const char *value = g_bytes_get_data (setting->value, &length);

      if (!g_utf8_validate_len (value, length, NULL))
        g_ptr_array_add (errors, g_strdup_printf ("\"%s\": a script's settings must be text in "
                                                  "UTF-8",
                                                  setting->text));
    }
}

/* One argument "key=value" per setting; keys with "_", as names are spelled in scripts. */
static void
script_command_add_settings (GStrvBuilder *builder, GPtrArray *settings)
{
  for (guint i = 0; i < settings->len; i++)
    {
      const ImpSetting *setting = settings->pdata[i];
      g_autofree char *key = g_strdelimit (g_strdup (setting->key), "-", '_');
      g_autofree char *argument = NULL;
      gsize length;
      const char *value = g_bytes_get_data (setting->value, &length);

      argument = g_strdup_printf ("%s=%.*s", key, (int) length, value);
      g_strv_builder_add (builder, argument);
    }
}

/* What a script imports lies beside the real file. Python itself looks there, and shows the script
 * the name that it was called by. */
static char *
script_command_resolve_path (const ScriptKind *kind, const char *path)
{
  char *real = kind->is_python ? NULL : realpath (path, NULL);
  char *resolved = g_strdup (real != NULL ? real : path);

  free (real);
  return resolved;
}

/* In full, so that one that is not there is an error here, and not of what starts it. */
static char *
script_command_find_executable (const ScriptKind *kind, const char *script, const char *interpreter,
                                GError **error)
{
  g_autofree char *name = NULL;
  char *path;

  if (interpreter == NULL && kind->is_python)
    name = imp_script_python_find (script, error);
  else if (interpreter != NULL && kind->is_python)
    name = imp_script_python_complete (interpreter);
  else
    name = g_strdup (interpreter != NULL ? interpreter : kind->interpreter);
  if (name == NULL)
    return NULL;
  path = g_find_program_in_path (name);
  if (path == NULL)
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "there is no program \"%s\" to run it", name);
  return path;
}

GStrv
imp_script_command_new (const char *path, const char *interpreter, GPtrArray *settings,
                        GError **error)
{
  const ScriptKind *kind = script_command_find_kind (path);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *host = imp_script_command_find_program (kind->host, error);
  g_autofree char *program = NULL, *script = NULL;

  if (host != NULL)
    program = script_command_find_executable (kind, path, interpreter, error);
  if (program == NULL)
    return NULL;
  script = script_command_resolve_path (kind, path);
  g_strv_builder_add (builder, program);
  if (kind->option != NULL)
    g_strv_builder_add (builder, kind->option);
  g_strv_builder_add (builder, host);
  if (settings == NULL)
    g_strv_builder_add (builder, "--describe");
  g_strv_builder_add (builder, script);
  if (settings != NULL)
    script_command_add_settings (builder, settings);
  return g_strv_builder_end (builder);
}
