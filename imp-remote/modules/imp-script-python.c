/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-python-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "modules/imp-modules-config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is a virtual environment has this file. */
#define PYTHON_MARK "pyvenv.cfg"

/* NULL: there is none. */
static char *
script_python_find_program (const char *environment)
{
  static const char *const names[] = { "python3", "python" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (environment, "bin", names[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }
  return NULL;
}

char *
imp_script_python_complete (const char *path)
{
  char *program = g_file_test (path, G_FILE_TEST_IS_DIR) ? script_python_find_program (path) : NULL;

  return program != NULL ? program : g_strdup (path);
}

/* ---- one of its own ---- */

/* The script's folder, or what is usual in it; NULL: there is none. */
static char *
script_python_find_own (const char *script)
{
  static const char *const names[] = { "", ".venv", "venv" };
  char *real = realpath (script, NULL);
  g_autofree char *folder = g_path_get_dirname (real != NULL ? real : script);

  free (real);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *environment = *names[i] != '\0' ? g_build_filename (folder, names[i], NULL)
                                                       : g_strdup (folder);
      g_autofree char *mark = g_build_filename (environment, PYTHON_MARK, NULL);

      if (g_file_test (mark, G_FILE_TEST_EXISTS))
        return g_steal_pointer (&environment);
    }
  return NULL;
}

static gboolean
script_python_is_owner (uid_t uid, uid_t owner)
{
  return uid == 0 || uid == geteuid () || uid == owner;
}

/* Whether nobody can have put it there, or can change it, but those who could change the script:
 * @owner, this user and root. For others there are folders such as /tmp. */
static gboolean
script_python_is_trusted (const char *path, uid_t owner, GError **error)
{
  struct stat own, real;

  if (lstat (path, &own) != 0 || stat (path, &real) != 0)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "\"%s\": %s", path, g_strerror (errno));
      return FALSE;
    }
  if (script_python_is_owner (own.st_uid, owner) && script_python_is_owner (real.st_uid, owner)
      && (real.st_mode & S_IWOTH) == 0)
    return TRUE;
  if ((real.st_mode & S_IWOTH) != 0)
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "anybody can write to \"%s\"", path);
  else
    g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                 "\"%s\" belongs to the user %u, who is neither root, nor the owner of the script, "
                 "nor the one who runs it",
                 path,
                 (guint) (script_python_is_owner (own.st_uid, owner) ? real.st_uid : own.st_uid));
  return FALSE;
}

static gboolean
script_python_check_own (const char *script, const char *environment, const char *program,
                         GError **error)
{
  g_autofree char *mark = g_build_filename (environment, PYTHON_MARK, NULL);
  g_autofree char *folder = g_path_get_dirname (program);
  const char *const paths[] = { environment, mark, folder, program };
  struct stat info;

  if (stat (script, &info) != 0)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "\"%s\": %s", script, g_strerror (errno));
      return FALSE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    if (!script_python_is_trusted (paths[i], info.st_uid, error))
      return FALSE;
  return TRUE;
}

/* NULL without an error: there is none that can be used. */
static char *
script_python_use_own (const char *script, GError **error)
{
  g_autofree char *environment = script_python_find_own (script);
  g_autofree char *program = environment != NULL ? script_python_find_program (environment) : NULL;
  g_autoptr (GError) reason = NULL;

  if (environment == NULL)
    return NULL;
  if (program == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "\"%s\" is its virtual environment (it has a " PYTHON_MARK
                   "), and has no bin/python3 that can be run",
                   environment);
      return NULL;
    }
  if (script_python_check_own (script, environment, program, &reason))
    return g_steal_pointer (&program);
  imp_log_message ("The virtual environment \"%s\" of the script \"%s\" is NOT USED: %s",
                   environment, script, reason->message);
  return NULL;
}

/* ---- all of them ---- */

/* In a virtual environment that was activated scripts find what was installed there. */
static char *
script_python_use_active (void)
{
  const char *environment = g_getenv ("VIRTUAL_ENV");
  char *program;

  if (environment == NULL || *environment == '\0')
    return NULL;
  program = script_python_find_program (environment);
  if (program == NULL)
    imp_log_message ("VIRTUAL_ENV is \"%s\", where there is no bin/python3: " IMP_PYTHON
                     " runs scripts",
                     environment);
  return program;
}

char *
imp_script_python_find (const char *script, GError **error)
{
  g_autoptr (GError) local = NULL;
  char *program = script_python_use_own (script, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  if (program == NULL)
    program = script_python_use_active ();
  return program != NULL ? program : g_strdup (IMP_PYTHON);
}
