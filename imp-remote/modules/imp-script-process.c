/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-process-private.h"

#include "core/imp-error.h"
#include "core/imp-settings-private.h"
#include "modules/imp-modules-config.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixconnection.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The descriptor at which the host finds its end of the socket. */
#define HOST_FD 3

/* The time that a script has to end by itself once its socket has ended. */
#define END_TIMEOUT_MS 1000

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
script_process_find_kind (const char *path)
{
  for (gsize i = 0; i < G_N_ELEMENTS (script_kinds); i++)
    if (g_str_has_suffix (path, script_kinds[i].suffix))
      return &script_kinds[i];
  return NULL;
}

gboolean
imp_module_is_script (const char *path)
{
  return script_process_find_kind (path) != NULL;
}

/* The programs that run scripts lie with the library's data, or, before it is installed, where
 * IMP_REMOTE_HOSTS says. */
static char *
script_process_get_host (const ScriptKind *kind)
{
  const char *folder = g_getenv ("IMP_REMOTE_HOSTS");

  return g_build_filename (folder != NULL ? folder : IMP_HOSTS_DIR, kind->host, NULL);
}

/* One argument "key=value" per setting; keys with "_", as names are spelled in scripts. */
static gboolean
script_process_append_settings (GPtrArray *argv, const char *path, const char *settings,
                                GError **error)
{
  g_autoptr (GPtrArray) errors = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) list = imp_settings_split (settings, errors);
  g_autofree char *text = NULL;

  for (guint i = 0; i < list->len; i++)
    {
      ImpSetting *setting = list->pdata[i];
      gsize length;
      const char *value = g_bytes_get_data (setting->value, &length);

      if (!g_utf8_validate_len (value, length, NULL))
        g_ptr_array_add (errors, g_strdup_printf ("\"%s\": a script's settings must be text in "
                                                  "UTF-8",
                                                  setting->text));
      g_strdelimit (setting->key, "-", '_');
      g_ptr_array_add (argv, g_strdup_printf ("%s=%.*s", setting->key, (int) length, value));
    }
  if (errors->len == 0)
    return TRUE;

  g_ptr_array_add (errors, NULL);
  text = g_strjoinv ("; ", (char **) errors->pdata);
  g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "The module \"%s\" has wrong settings: %s",
               path, text);
  return FALSE;
}

/* In a virtual environment that was activated scripts find what was installed there. */
static char *
script_process_find_interpreter (const ScriptKind *kind)
{
  static const char *const names[] = { "python3", "python" };
  const char *environment = kind->is_python ? g_getenv ("VIRTUAL_ENV") : NULL;

  if (environment == NULL || *environment == '\0')
    return g_strdup (kind->interpreter);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (environment, "bin", names[i], NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer (&path);
    }
  g_message ("VIRTUAL_ENV is \"%s\", where there is no bin/python3: %s runs scripts", environment,
             kind->interpreter);
  return g_strdup (kind->interpreter);
}

/* What a script imports lies beside the real file. Python itself looks there, and shows the script
 * the name that it was called by. */
static char *
script_process_resolve_path (const ScriptKind *kind, const char *path)
{
  char *real = kind->is_python ? NULL : realpath (path, NULL);
  char *resolved = g_strdup (real != NULL ? real : path);

  free (real);
  return resolved;
}

static GPtrArray *
script_process_make_argv (const ScriptKind *kind, const char *path, const char *settings,
                          GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (argv, script_process_find_interpreter (kind));
  if (kind->option != NULL)
    g_ptr_array_add (argv, g_strdup (kind->option));
  g_ptr_array_add (argv, script_process_get_host (kind));
  g_ptr_array_add (argv, script_process_resolve_path (kind, path));
  if (!script_process_append_settings (argv, path, settings, error))
    return NULL;
  g_ptr_array_add (argv, NULL);
  return g_steal_pointer (&argv);
}

typedef struct
{
  pid_t parent;
  gboolean dies_with_parent;
} ChildSetup;

/* Runs in the child. What this process was started with, or has done, to stop orders is not passed
 * on to the script and its children; the host sees to it that they do not end it. */
static void
script_process_set_up_child (gpointer user_data)
{
  const ChildSetup *setup = user_data;
  sigset_t none;

  signal (SIGINT, SIG_DFL);
  signal (SIGTERM, SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  if (!setup->dies_with_parent)
    return;
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != setup->parent)
    _exit (1);
}

/* A script whose loop hangs does not see the end of its socket, so the kernel is asked to kill it
 * when its parent ends. For the kernel that is the parent's thread: only the main one lives long
 * enough. */
static GSubprocess *
script_process_spawn (GPtrArray *argv, int child_fd, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  ChildSetup setup = { getpid (), gettid () == getpid () };

  g_subprocess_launcher_take_fd (launcher, child_fd, HOST_FD);
  /* Standard output is for the program's own results. */
  g_subprocess_launcher_take_stdout_fd (launcher, fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
  g_subprocess_launcher_set_child_setup (launcher, script_process_set_up_child, &setup, NULL);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *) argv->pdata, error);
}

static gboolean
script_process_on_end_timeout (gpointer user_data)
{
  g_subprocess_force_exit (user_data);
  return G_SOURCE_REMOVE;
}

static void
script_process_on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_subprocess_wait_finish (G_SUBPROCESS (source), result, NULL);
  *(gboolean *) user_data = TRUE;
}

/* Waits until the process is gone: a moment if it ends by itself as it should, or until it is
 * killed. The loop is a private one, so that nothing else happens meanwhile. */
void
imp_script_process_end (GSubprocess *process)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) timeout = g_timeout_source_new (END_TIMEOUT_MS);
  gboolean ended = FALSE;

  g_main_context_push_thread_default (context);
  g_source_set_callback (timeout, script_process_on_end_timeout, process, NULL);
  g_source_attach (timeout, context);
  g_subprocess_wait_async (process, NULL, script_process_on_ended, &ended);
  while (!ended)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);
  g_main_context_pop_thread_default (context);
  g_object_unref (process);
}

static GIOStream *
script_process_stream_for_fd (int fd, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, error);

  if (socket == NULL)
    {
      close (fd);
      return NULL;
    }
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static GIOStream *
script_process_start_argv (GPtrArray *argv, GSubprocess **process, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "A pair of sockets cannot be made: %s", g_strerror (code));
      return NULL;
    }

  *process = script_process_spawn (argv, fds[1], error);
  if (*process == NULL)
    {
      close (fds[0]);
      return NULL;
    }
  return script_process_stream_for_fd (fds[0], error);
}

GIOStream *
imp_script_process_start (const char *path, const char *settings, GSubprocess **process,
                          GError **error)
{
  g_autoptr (GPtrArray) argv = NULL;
  GIOStream *stream;

  *process = NULL;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, IMP_ERROR, IMP_ERROR_SETTINGS, "There is no module file \"%s\"", path);
      return NULL;
    }
  argv = script_process_make_argv (script_process_find_kind (path), path, settings, error);
  if (argv == NULL)
    return NULL;

  stream = script_process_start_argv (argv, process, error);
  if (stream == NULL)
    {
      g_clear_pointer (process, imp_script_process_end);
      g_prefix_error (error, "The script \"%s\" cannot be started: ", path);
    }
  return stream;
}
