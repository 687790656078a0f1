/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-sandbox-private.h"

#include "core/imp-clean-text-private.h"
#include "core/imp-error.h"
#include "modules/imp-modules-config.h"

#include <signal.h>
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

/* --- whether one can be made --- */

/* Name spaces can be forbidden to users, to containers, or by the kernel, in many ways, and only a
 * trial tells. */
typedef struct
{
  ImpScriptSandbox *sandbox;
  char *interpreter;
  char *script;
  GSubprocess *process;
} SandboxTrial;

static void
sandbox_trial_free (gpointer data)
{
  SandboxTrial *self = data;

  g_clear_pointer (&self->sandbox, imp_script_sandbox_free);
  g_clear_object (&self->process);
  g_free (self->interpreter);
  g_free (self->script);
  g_free (self);
}

static gboolean sandbox_trial_start (GTask *task, GError **error);

/* The first one was with a /proc of its own. A container may have parts of that covered, and then
 * nobody gets another one. */
static void
sandbox_trial_go_on (GTask *task, GError *reason)
{
  SandboxTrial *self = g_task_get_task_data (task);
  g_autoptr (GError) error = reason;

  if (self->sandbox->with_proc)
    {
      self->sandbox->with_proc = FALSE;
      g_clear_error (&error);
      if (sandbox_trial_start (task, &error))
        return;
    }
  g_task_return_error (task, g_steal_pointer (&error));
  g_object_unref (task);
}

static void
sandbox_trial_on_killed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  g_task_return_error_if_cancelled (task);
}

/* With all that it has started. */
static void
sandbox_trial_kill (GTask *task)
{
  SandboxTrial *self = g_task_get_task_data (task);
  const char *pid = g_subprocess_get_identifier (self->process);

  if (pid != NULL)
    kill (-(pid_t) g_ascii_strtoll (pid, NULL, 10), SIGKILL);
  g_subprocess_wait_async (self->process, NULL, sandbox_trial_on_killed, task);
}

static GError *
sandbox_trial_find_reason (SandboxTrial *self, GBytes *printed)
{
  gsize length;
  const char *bytes = g_bytes_get_data (printed, &length);
  g_autofree char *text = g_strndup (length > 0 ? bytes : "", length);
  g_autofree char *clean = NULL;

  g_strstrip (text);
  clean = imp_clean_text (text, MIN (strlen (text), MESSAGE_MAX), 0);
  return g_error_new (IMP_ERROR, IMP_ERROR_FAILED, "%s cannot make one here: %s",
                      self->sandbox->program, *clean != '\0' ? clean : "it does not say why");
}

static void
sandbox_trial_on_end (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SandboxTrial *self = g_task_get_task_data (task);
  g_autoptr (GBytes) printed = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_subprocess_communicate_finish (self->process, result, NULL, &printed, &error))
    {
      if (g_cancellable_is_cancelled (g_task_get_cancellable (task)))
        sandbox_trial_kill (task);
      else
        sandbox_trial_go_on (task, g_steal_pointer (&error));
      return;
    }
  if (!g_subprocess_get_successful (self->process))
    {
      sandbox_trial_go_on (task, sandbox_trial_find_reason (self, printed));
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&self->sandbox),
                         (GDestroyNotify) imp_script_sandbox_free);
  g_object_unref (task);
}

/* A group of its own can be killed as one. */
static void
sandbox_trial_set_up (gpointer user_data)
{
  setpgid (0, 0);
}

static gboolean
sandbox_trial_start (GTask *task, GError **error)
{
  SandboxTrial *self = g_task_get_task_data (task);
  const char *const nothing[] = { self->interpreter, "--version", NULL };
  g_auto (GStrv) command = imp_script_sandbox_wrap (self->sandbox, nothing, self->script);
  g_auto (GStrv) environment = imp_script_sandbox_get_environment ();
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
    G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

  g_clear_object (&self->process);
  g_subprocess_launcher_set_environ (launcher, environment);
  g_subprocess_launcher_set_child_setup (launcher, sandbox_trial_set_up, NULL, NULL);
  self->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) command, error);
  if (self->process == NULL)
    return FALSE;
  g_subprocess_communicate_async (self->process, NULL, g_task_get_cancellable (task),
                                  sandbox_trial_on_end, task);
  return TRUE;
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

static ImpScriptSandbox *
sandbox_new (const char *readable, GError **error)
{
  g_autoptr (ImpScriptSandbox) self = g_new0 (ImpScriptSandbox, 1);

  if (!sandbox_check_readable (readable, error))
    return NULL;
  self->readable = g_strdup (readable);
  self->with_proc = TRUE;
  self->program = g_find_program_in_path ("bwrap");
  if (self->program != NULL)
    return g_steal_pointer (&self);
  g_set_error (error, IMP_ERROR, IMP_ERROR_FAILED,
               "there is no bwrap in PATH (Debian's package is bubblewrap)");
  return NULL;
}

void
imp_script_sandbox_new_async (const char *interpreter, const char *script, const char *readable,
                              GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  SandboxTrial *trial = g_new0 (SandboxTrial, 1);
  GError *error = NULL;

  g_task_set_source_tag (task, imp_script_sandbox_new_async);
  g_task_set_task_data (task, trial, sandbox_trial_free);
  trial->sandbox = sandbox_new (readable, &error);
  if (trial->sandbox == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  trial->interpreter = g_strdup (interpreter);
  trial->script = g_strdup (script);
  if (sandbox_trial_start (task, &error))
    g_steal_pointer (&task);
  else
    g_task_return_error (task, error);
}

ImpScriptSandbox *
imp_script_sandbox_new_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
sandbox_on_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* In a private loop, so that nothing else happens meanwhile. */
ImpScriptSandbox *
imp_script_sandbox_new (const char *interpreter, const char *script, const char *readable,
                        GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_main_context_push_thread_default (context);
  imp_script_sandbox_new_async (interpreter, script, readable, NULL, sandbox_on_made, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  return imp_script_sandbox_new_finish (result, error);
}

void
imp_script_sandbox_free (ImpScriptSandbox *self)
{
  g_free (self->program);
  g_free (self->readable);
  g_free (self);
}
