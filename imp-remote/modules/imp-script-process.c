/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-process-private.h"

#include "core/imp-source-private.h"
#include "modules/imp-script-command-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The time that a script has to end by itself once its socket has ended. */
#define END_TIMEOUT_MS 1000
/* bwrap adds the number of a signal to this. */
#define SIGNAL_STATUS 128

/* The kernel ends a process with the thread that has started it: only the main one lives long
 * enough. For the others there is the lifeline alone. */
static GStrv
script_process_add_launcher (const char *const *argv, const ImpScriptProcessLimits *limits,
                             GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *launcher = imp_script_command_find_program ("launch", error);
  g_autofree char *parent = g_strdup_printf ("--parent=%d", gettid () == getpid () ? getpid () : 0);
  g_autofree char *memory = g_strdup_printf ("--max-memory=%" G_GSIZE_FORMAT, limits->max_memory);
  g_autofree char *files = g_strdup_printf ("--max-files=%u", limits->max_files);

  if (launcher == NULL)
    return NULL;
  g_strv_builder_add_many (builder, launcher, parent, memory, files, NULL);
  /* A bwrap that is installed with privileges gives them up itself. Stop orders that reach all
   * processes would end it, and with it the script, which serves on. */
  g_strv_builder_add (builder, limits->is_sandboxed ? "--ignore-stops" : "--no-new-privileges");
  g_strv_builder_add (builder, "--");
  g_strv_builder_addv (builder, (const char **) argv);
  return g_strv_builder_end (builder);
}

static gboolean
script_process_spawn (const char *const *argv, GStrv environment, const int source_fds[2],
                      ImpScriptProcess *process, GError **error)
{
  const int target_fds[2] = { IMP_SCRIPT_HOST_FD, IMP_SCRIPT_LIFELINE_FD };

  return g_spawn_async_with_pipes_and_fds (NULL, argv, (const char *const *) environment,
                                           G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL,
                                           NULL, -1, -1, -1, source_fds, target_fds, 2,
                                           &process->pid, NULL, &process->output_fds[0],
                                           &process->output_fds[1], error);
}

static void
script_process_set_error (GError **error, const char *what)
{
  int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "%s cannot be made: %s", what,
               g_strerror (code));
}

/* With what is the child's end: @child_fd. */
static GSocket *
script_process_make_socket (int *child_fd, GError **error)
{
  GSocket *socket;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      script_process_set_error (error, "A pair of sockets");
      return NULL;
    }
  socket = g_socket_new_from_fd (fds[0], error);
  if (socket == NULL)
    {
      close (fds[0]);
      close (fds[1]);
      return NULL;
    }
  *child_fd = fds[1];
  return socket;
}

GSocket *
imp_script_process_start (const char *const *argv, GStrv environment,
                          const ImpScriptProcessLimits *limits, ImpScriptProcess *process,
                          GError **error)
{
  g_auto (GStrv) whole = script_process_add_launcher (argv, limits, error);
  g_autoptr (GSocket) socket = NULL;
  gboolean spawned = FALSE;
  int child_fd, pipe_fds[2];

  if (whole != NULL)
    socket = script_process_make_socket (&child_fd, error);
  if (socket == NULL)
    return NULL;
  if (!g_unix_open_pipe (pipe_fds, FD_CLOEXEC, error))
    {
      close (child_fd);
      return NULL;
    }

  process->lifeline = pipe_fds[1];
  spawned = script_process_spawn ((const char *const *) whole, environment,
                                  (const int[]){ child_fd, pipe_fds[0] }, process, error);
  close (child_fd);
  close (pipe_fds[0]);
  if (spawned)
    return g_steal_pointer (&socket);
  imp_script_process_cut (process);
  return NULL;
}

void
imp_script_process_cut (ImpScriptProcess *process)
{
  if (process->lifeline != -1)
    close (process->lifeline);
  process->lifeline = -1;
}

char *
imp_script_process_describe (const ImpScriptProcessLimits *limits, int wait_status)
{
  int number = WIFSIGNALED (wait_status) ? WTERMSIG (wait_status) : 0;

  if (limits->is_sandboxed && WIFEXITED (wait_status))
    number = MAX (0, WEXITSTATUS (wait_status) - SIGNAL_STATUS);
  if (number > 0)
    return g_strdup_printf ("was killed by signal %d (%s)", number, g_strsignal (number));
  return g_strdup_printf ("ended with exit status %d", WEXITSTATUS (wait_status));
}

typedef struct
{
  GPid pid;
  gboolean ended;
} Ending;

static gboolean
script_process_on_end_timeout (gpointer user_data)
{
  kill (((Ending *) user_data)->pid, SIGKILL);
  return G_SOURCE_REMOVE;
}

static void
script_process_on_ended (GPid pid, int wait_status, gpointer user_data)
{
  ((Ending *) user_data)->ended = TRUE;
}

/* The loop is a private one, so that nothing else happens meanwhile. */
void
imp_script_process_end (ImpScriptProcess *process, ImpScriptOutput *output)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) watch = g_child_watch_source_new (process->pid);
  Ending ending = { process->pid, FALSE };
  GSource *timeout;

  timeout = imp_source_add_timeout (context, END_TIMEOUT_MS, "imp script's end",
                                    script_process_on_end_timeout, &ending);
  g_source_set_callback (watch, G_SOURCE_FUNC (script_process_on_ended), &ending, NULL);
  g_source_attach (watch, context);
  imp_script_output_attach (output, context);
  while (!ending.ended)
    g_main_context_iteration (context, TRUE);
  imp_source_clear (&timeout);
  imp_script_process_cut (process);
  imp_script_output_finish (output);
  g_spawn_close_pid (process->pid);
}
