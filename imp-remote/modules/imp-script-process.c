/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modules/imp-script-process-private.h"

#include "core/imp-source-private.h"
#include "modules/imp-script-command-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The time that a script has to end by itself once its socket has ended. */
#define END_TIMEOUT_MS 1000

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

/* A script whose loop hangs does not see the end of its socket, so the kernel is asked to end it
 * with its parent. The kernel means the parent's thread: only the main one lives long enough. */
static gboolean
script_process_spawn (const char *const *argv, int child_fd, GPid *pid, int output_fds[2],
                      GError **error)
{
  const int target_fd = IMP_SCRIPT_HOST_FD;
  ChildSetup setup = { getpid (), gettid () == getpid () };

  return g_spawn_async_with_pipes_and_fds (
    NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH | G_SPAWN_CLOEXEC_PIPES,
    script_process_set_up_child, &setup, -1, -1, -1, &child_fd, &target_fd, 1, pid, NULL,
    &output_fds[0], &output_fds[1], error);
}

GSocket *
imp_script_process_start (const char *const *argv, GPid *pid, int output_fds[2], GError **error)
{
  g_autoptr (GSocket) socket = NULL;
  gboolean spawned;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
    {
      int code = errno;

      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
                   "A pair of sockets cannot be made: %s", g_strerror (code));
      return NULL;
    }

  socket = g_socket_new_from_fd (fds[0], error);
  if (socket == NULL)
    close (fds[0]);
  spawned = socket != NULL && script_process_spawn (argv, fds[1], pid, output_fds, error);
  close (fds[1]);
  return spawned ? g_steal_pointer (&socket) : NULL;
}

char *
imp_script_process_describe (int wait_status)
{
  if (WIFSIGNALED (wait_status))
    return g_strdup_printf ("was killed by signal %d (%s)", WTERMSIG (wait_status),
                            g_strsignal (WTERMSIG (wait_status)));
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
imp_script_process_end (GPid pid, ImpScriptOutput *output)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) watch = g_child_watch_source_new (pid);
  Ending ending = { pid, FALSE };
  GSource *timeout;

  timeout = imp_source_add_timeout (context, END_TIMEOUT_MS, "imp script's end",
                                    script_process_on_end_timeout, &ending);
  g_source_set_callback (watch, G_SOURCE_FUNC (script_process_on_ended), &ending, NULL);
  g_source_attach (watch, context);
  imp_script_output_attach (output, context);
  while (!ending.ended)
    g_main_context_iteration (context, TRUE);
  imp_source_clear (&timeout);
  imp_script_output_finish (output);
  g_spawn_close_pid (pid);
}
