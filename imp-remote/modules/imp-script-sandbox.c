/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-sandbox-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "modules/imp-modules-config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How much is shown of what bwrap says, in bytes. */
#define MESSAGE_MAX 300

G_DEFINE_ENUM_TYPE (ImpSandboxMode, imp_sandbox_mode, G_DEFINE_ENUM_VALUE (IMP_SANDBOX_OFF, "off"),
                    G_DEFINE_ENUM_VALUE (IMP_SANDBOX_AUTO, "auto"),
                    G_DEFINE_ENUM_VALUE (IMP_SANDBOX_REQUIRE, "require"))

/* Where programs and libraries are, besides /usr; links into it, on most systems. */
static const char *const system_folders[] = { "/bin",   "/sbin",   "/lib", "/lib32",
                                              "/lib64", "/libx32", NULL };

/* What of /etc an interpreter may need, and anybody may know. */
static const char *const system_files[] = { "/etc/ld.so.cache",  "/etc/ld.so.conf",
                                            "/etc/ld.so.conf.d", "/etc/alternatives",
                                            "/etc/localtime",    "/etc/passwd",
                                            "/etc/group",        "/etc/nsswitch.conf",
                                            "/etc/ssl/certs",    NULL };

/* A folder that has one of these in it shows more than is meant. */
static const char *const wide_folders[] = { "/dev",     "/etc",     "/home",    "/proc",
                                            "/root",    "/run",     "/sys",     "/tmp",
                                            "/var/tmp", "/var/lib", "/var/run", NULL };

/* Lists of folders in which interpreters look. */
static const char *const path_variables[]
  = { "PYTHONPATH",       "PYTHONHOME",    "GI_TYPELIB_PATH",
      "LD_LIBRARY_PATH",  "GJS_PATH",      "VIRTUAL_ENV",
      "IMP_REMOTE_HOSTS", "XDG_DATA_DIRS", NULL };

/* What of the environment is passed on; "*" stands for any end. */
static const char *const known_variables[]
  = { "PATH",     "HOME",    "LANG",        "LANGUAGE",      "LC_*", "TZ",    "TERM",
      "USER",     "LOGNAME", "PYTHON*",     "G_*",           "GI_*", "GJS_*", "LD_*",
      "MALLOC_*", "IMP_*",   "VIRTUAL_ENV", "XDG_DATA_DIRS", NULL };

/* --- what it sees --- */

static gboolean
sandbox_is_inside (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static gboolean
sandbox_is_wide (const char *path)
{
  if (g_str_equal (path, "/") || sandbox_is_inside (g_get_home_dir (), path))
    return TRUE;
  for (const char *const *wide = wide_folders; *wide != NULL; wide++)
    if (sandbox_is_inside (*wide, path))
      return TRUE;
  return FALSE;
}

/* What this user cannot even look at would be no reason to have no sandbox. */
static void
sandbox_bind (GStrvBuilder *builder, const char *path)
{
  if (!sandbox_is_inside (path, "/usr") && access (path, F_OK) == 0)
    g_strv_builder_add_many (builder, "--ro-bind-try", path, path, NULL);
}

/* Under its name, and where it really is, if it is a link. */
static void
sandbox_add (GStrvBuilder *builder, const char *path, gboolean even_wide)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *real = realpath (absolute, NULL);

  if (even_wide || !sandbox_is_wide (absolute))
    sandbox_bind (builder, absolute);
  if (real != NULL && !g_str_equal (real, absolute) && (even_wide || !sandbox_is_wide (real)))
    sandbox_bind (builder, real);
  free (real);
}

/* In full. It may be called by a way that leads through links, and then back by "..". */
static char *
sandbox_find_file (const char *path)
{
  char *real = realpath (path, NULL);
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  char *other = realpath (absolute, NULL);
  char *found = g_strdup (real != NULL && g_strcmp0 (real, other) != 0 ? real : absolute);

  free (real);
  free (other);
  return found;
}

/* A file, and the folder @levels above it unless that is wide. */
static void
sandbox_add_around (GStrvBuilder *builder, const char *file, guint levels)
{
  g_autofree char *folder = g_strdup (file);

  for (guint i = 0; i < levels; i++)
    {
      char *above = g_path_get_dirname (folder);

      g_free (folder);
      folder = above;
    }
  sandbox_add (builder, file, TRUE);
  sandbox_add (builder, folder, FALSE);
}

/* What lies around a link is something else than what lies around that which it leads to. */
static void
sandbox_add_program (GStrvBuilder *builder, const char *file, guint levels)
{
  g_autofree char *absolute = g_canonicalize_filename (file, NULL);
  char *real = realpath (absolute, NULL);

  sandbox_add_around (builder, absolute, levels);
  if (real != NULL && !g_str_equal (real, absolute))
    sandbox_add_around (builder, real, levels);
  free (real);
}

static void
sandbox_add_list (GStrvBuilder *builder, const char *list, gboolean even_wide)
{
  g_auto (GStrv) paths = g_strsplit (list != NULL ? list : "", G_SEARCHPATH_SEPARATOR_S, -1);

  for (char **path = paths; *path != NULL; path++)
    if (**path != '\0')
      sandbox_add (builder, *path, even_wide);
}

/* So that names that are relative lead where they lead outside, as far as that is shown. */
static void
sandbox_add_working_folder (GStrvBuilder *builder)
{
  char *folder = realpath (".", NULL);
  const char *path = folder != NULL ? folder : "/";

  g_strv_builder_add_many (builder, "--dir", path, "--chdir", path, NULL);
  free (folder);
}

static void
sandbox_add_system (GStrvBuilder *builder)
{
  g_strv_builder_add_many (builder, "--ro-bind", "/usr", "/usr", NULL);
  for (const char *const *folder = system_folders; *folder != NULL; folder++)
    {
      g_autofree char *target = g_file_read_link (*folder, NULL);

      if (target != NULL)
        g_strv_builder_add_many (builder, "--symlink", target, *folder, NULL);
      else
        g_strv_builder_add_many (builder, "--ro-bind-try", *folder, *folder, NULL);
    }
  for (const char *const *file = system_files; *file != NULL; file++)
    g_strv_builder_add_many (builder, "--ro-bind-try", *file, *file, NULL);
}

static void
sandbox_add_interpreter (GStrvBuilder *builder, const char *program)
{
  g_autofree char *user_library = g_build_filename (g_get_home_dir (), ".local", "lib", NULL);

  sandbox_add_program (builder, program, 2);
  sandbox_add (builder, user_library, FALSE);
  sandbox_add (builder, IMP_HOSTS_DIR, FALSE);
  sandbox_add (builder, IMP_PREFIX, FALSE);
  for (const char *const *name = path_variables; *name != NULL; name++)
    sandbox_add_list (builder, g_getenv (*name), FALSE);
}

/* --- how it is started --- */

static void
sandbox_add_options (GStrvBuilder *builder, gboolean with_proc)
{
  g_autofree char *size = g_strdup_printf ("%d", IMP_SCRIPT_SANDBOX_TMP_MAX);

  g_strv_builder_add_many (builder, "--unshare-all", "--cap-drop", "ALL", NULL);
  /* It would end with the thread. */
  if (gettid () == getpid ())
    g_strv_builder_add (builder, "--die-with-parent");
  g_strv_builder_add_many (builder, "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm",
                           "--size", size, "--tmpfs", "/tmp", NULL);
  if (with_proc)
    g_strv_builder_add_many (builder, "--proc", "/proc", NULL);
}

GStrv
imp_script_sandbox_wrap (const ImpScriptSandbox *self, const char *const *argv, const char *script)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *absolute = sandbox_find_file (script);
  gboolean is_replaced = FALSE;

  g_strv_builder_add (builder, self->program);
  sandbox_add_options (builder, self->with_proc);
  sandbox_add_system (builder);
  sandbox_add_interpreter (builder, argv[0]);
  sandbox_add_program (builder, absolute, 1);
  sandbox_add_list (builder, self->readable, TRUE);
  sandbox_add_working_folder (builder);
  g_strv_builder_add_many (builder, "--remount-ro", "/dev", "--remount-ro", "/", "--", NULL);
  for (; *argv != NULL; argv++)
    {
      gboolean is_script = !is_replaced && g_str_equal (*argv, script);

      g_strv_builder_add (builder, is_script ? absolute : *argv);
      is_replaced = is_replaced || is_script;
    }
  return g_strv_builder_end (builder);
}

gboolean
imp_script_sandbox_shows_folder (const char *script)
{
  g_autofree char *absolute = sandbox_find_file (script);
  char *real = realpath (absolute, NULL);
  g_autofree char *folder = g_path_get_dirname (real != NULL ? real : absolute);

  free (real);
  return !sandbox_is_wide (folder);
}

static gboolean
sandbox_is_known (const char *name)
{
  for (const char *const *known = known_variables; *known != NULL; known++)
    if (g_pattern_match_simple (*known, name))
      return TRUE;
  return FALSE;
}

GStrv
imp_script_sandbox_get_environment (void)
{
  g_auto (GStrv) names = g_listenv ();
  GStrv environment = g_new0 (char *, 1);

  for (char **name = names; *name != NULL; name++)
    if (sandbox_is_known (*name))
      environment = g_environ_setenv (environment, *name, g_getenv (*name), TRUE);
  return environment;
}

/* Whether that can be run. Name spaces can be forbidden to users, to containers, or by the kernel,
 * in many ways, and only a trial tells. */
static gboolean
sandbox_try (const ImpScriptSandbox *self, const char *interpreter, const char *script,
             GError **error)
{
  const char *const nothing[] = { interpreter, "--version", NULL };
  g_auto (GStrv) command = imp_script_sandbox_wrap (self, nothing, script);
  g_auto (GStrv) environment = imp_script_sandbox_get_environment ();
  g_autofree char *err = NULL, *clean = NULL;
  int status;

  if (!g_spawn_sync (NULL, command, environment, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err,
                     &status, error))
    return FALSE;
  if (g_spawn_check_wait_status (status, NULL))
    return TRUE;
  g_strstrip (err);
  clean = imp_clean_text (err, MIN (strlen (err), MESSAGE_MAX), 0);
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED, "%s cannot make one here: %s", self->program,
               *clean != '\0' ? clean : "it does not say why");
  return FALSE;
}

static gboolean
sandbox_check_readable (const char *readable, GError **error)
{
  g_auto (GStrv) paths = g_strsplit (readable != NULL ? readable : "", G_SEARCHPATH_SEPARATOR_S,
                                     -1);

  for (char **path = paths; *path != NULL; path++)
    if (!g_path_is_absolute (*path) || !g_file_test (*path, G_FILE_TEST_EXISTS))
      {
        g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS,
                     "\"%s\" (readable) is no absolute path of something that exists", *path);
        return FALSE;
      }
  return TRUE;
}

ImpScriptSandbox *
imp_script_sandbox_new (const char *interpreter, const char *script, const char *readable,
                        GError **error)
{
  g_autoptr (ImpScriptSandbox) self = g_new0 (ImpScriptSandbox, 1);

  if (!sandbox_check_readable (readable, error))
    return NULL;
  self->readable = g_strdup (readable);
  self->program = g_find_program_in_path ("bwrap");
  if (self->program == NULL)
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
                   "there is no bwrap in PATH (Debian's package is bubblewrap)");
      return NULL;
    }
  /* A container may have parts of /proc covered, and then nobody gets another one. */
  self->with_proc = TRUE;
  if (sandbox_try (self, interpreter, script, NULL))
    return g_steal_pointer (&self);
  self->with_proc = FALSE;
  return sandbox_try (self, interpreter, script, error) ? g_steal_pointer (&self) : NULL;
}

void
imp_script_sandbox_free (ImpScriptSandbox *self)
{
  g_free (self->program);
  g_free (self->readable);
  g_free (self);
}
