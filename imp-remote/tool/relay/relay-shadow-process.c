/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-shadow-process.h"

#include "core/imp-log-private.h"
#include "tool/script-options.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The descriptor at which it finds its socket. */
#define SOCKET_FD 3
#define BACKLOG 128
/* Milliseconds from its end to the next beginning. */
#define RESTART_DELAY 1000

struct _RelayShadowProcess
{
  GPtrArray *argv;
  int socket;
  char *address;
  GSubprocess *process; /* NULL: it is to be started again */
  GCancellable *cancellable;
  guint restart;    /* a source, or 0 */
  gboolean ready;   /* it has said where it listens */
  gboolean started; /* it has been ready before */
};

static void relay_shadow_process_start (RelayShadowProcess *self);

static gboolean
relay_shadow_process_set_error (GError **error)
{
  const int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code),
               "a socket for the shadow modules cannot be made: %s", g_strerror (code));
  return FALSE;
}

/* A name that nobody has, which is ours until the socket is closed; only this user gets in. */
static gboolean
relay_shadow_process_listen (RelayShadowProcess *self, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  socklen_t length = sizeof address.sun_family;

  self->socket = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->socket < 0 || bind (self->socket, (struct sockaddr *) &address, length) != 0
      || listen (self->socket, BACKLOG) != 0)
    return relay_shadow_process_set_error (error);
  length = sizeof address;
  if (getsockname (self->socket, (struct sockaddr *) &address, &length) != 0)
    return relay_shadow_process_set_error (error);
  length -= G_STRUCT_OFFSET (struct sockaddr_un, sun_path);
  /* It begins with NUL. */
  self->address = g_strdup_printf ("@%.*s", (int) length - 1, address.sun_path + 1);
  return TRUE;
}

/* ---- one life of it ---- */

/* Between fork() and exec(): whatever becomes of the relay, it does not stay behind; and a signal
 * of the terminal is for the relay. */
static void
relay_shadow_process_set_up (gpointer parent)
{
  setsid ();
  if (prctl (PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid () != GPOINTER_TO_INT (parent))
    _exit (1);
}

static gboolean
relay_shadow_process_on_restart (gpointer user_data)
{
  RelayShadowProcess *self = user_data;

  self->restart = 0;
  relay_shadow_process_start (self);
  return G_SOURCE_REMOVE;
}

static void
relay_shadow_process_restart (RelayShadowProcess *self)
{
  if (self->started)
    self->restart = g_timeout_add (RESTART_DELAY, relay_shadow_process_on_restart, self);
}

static void
relay_shadow_process_on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GSubprocess *process = G_SUBPROCESS (source);
  RelayShadowProcess *self = user_data;
  g_autoptr (GError) error = NULL;

  /* @self is gone. */
  if (!g_subprocess_wait_finish (process, result, &error))
    return;
  g_clear_object (&self->process);
  if (!self->started)
    return;
  if (g_subprocess_get_if_signaled (process))
    imp_log_kind (IMP_LOG_SHADOW_PROCESS,
                  "--shadow: the process of the modules was killed by signal %d; it starts again",
                  g_subprocess_get_term_sig (process));
  else
    imp_log_kind (IMP_LOG_SHADOW_PROCESS,
                  "--shadow: the process of the modules ended with exit status %d; it starts again",
                  g_subprocess_get_exit_status (process));
  relay_shadow_process_restart (self);
}

static void
relay_shadow_process_on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayShadowProcess *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source),
                                                                result, NULL, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (line != NULL)
    self->ready = self->started = TRUE;
}

static void
relay_shadow_process_watch (RelayShadowProcess *self)
{
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (
    g_subprocess_get_stdout_pipe (self->process));

  g_data_input_stream_read_line_async (lines, G_PRIORITY_DEFAULT, self->cancellable,
                                       relay_shadow_process_on_line, self);
  g_subprocess_wait_async (self->process, self->cancellable, relay_shadow_process_on_ended, self);
}

static void
relay_shadow_process_start (RelayShadowProcess *self)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (
    G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) error = NULL;

  /* It is no service of its own. */
  g_subprocess_launcher_unsetenv (launcher, "NOTIFY_SOCKET");
  g_subprocess_launcher_unsetenv (launcher, "WATCHDOG_USEC");
  g_subprocess_launcher_set_child_setup (launcher, relay_shadow_process_set_up,
                                         GINT_TO_POINTER (getpid ()), NULL);
  g_subprocess_launcher_take_fd (launcher, dup (self->socket), SOCKET_FD);
  self->ready = FALSE;
  self->process = g_subprocess_launcher_spawnv (launcher, (const char *const *) self->argv->pdata,
                                                &error);
  if (self->process != NULL)
    {
      relay_shadow_process_watch (self);
      return;
    }
  imp_log_kind (IMP_LOG_SHADOW_PROCESS,
                "--shadow: the process of the modules cannot be started: %s", error->message);
  relay_shadow_process_restart (self);
}

/* ---- all of them ---- */

/* The same program, wherever it is, with the same settings for scripts. */
static gboolean
relay_shadow_process_make_argv (RelayShadowProcess *self, const char *const *modules,
                                GError **error)
{
  g_auto (GStrv) scripts = script_options_list_arguments ();
  char *program = g_file_read_link ("/proc/self/exe", error);

  self->argv = g_ptr_array_new_with_free_func (g_free);
  if (program == NULL)
    return FALSE;
  g_ptr_array_add (self->argv, program);
  g_ptr_array_add (self->argv, g_strdup ("serve"));
  for (guint i = 0; scripts[i] != NULL; i++)
    g_ptr_array_add (self->argv, g_strdup (scripts[i]));
  for (; *modules != NULL; modules++)
    {
      g_ptr_array_add (self->argv, g_strdup ("--module"));
      g_ptr_array_add (self->argv, g_strdup (*modules));
    }
  g_ptr_array_add (self->argv, g_strdup_printf ("fd:%d", SOCKET_FD));
  g_ptr_array_add (self->argv, NULL);
  return TRUE;
}

RelayShadowProcess *
relay_shadow_process_new (const char *const *modules, GError **error)
{
  RelayShadowProcess *self = g_new0 (RelayShadowProcess, 1);

  self->socket = -1;
  self->cancellable = g_cancellable_new ();
  if (relay_shadow_process_make_argv (self, modules, error)
      && relay_shadow_process_listen (self, error))
    {
      relay_shadow_process_start (self);
      return self;
    }
  relay_shadow_process_free (self);
  return NULL;
}

void
relay_shadow_process_free (RelayShadowProcess *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->restart, g_source_remove);
  if (self->process != NULL)
    g_subprocess_force_exit (self->process);
  g_clear_object (&self->process);
  g_clear_object (&self->cancellable);
  if (self->socket >= 0)
    close (self->socket);
  g_free (self->address);
  g_ptr_array_unref (self->argv);
  g_free (self);
}

const char *
relay_shadow_process_get_address (RelayShadowProcess *self)
{
  return self->address;
}

gboolean
relay_shadow_process_wait (RelayShadowProcess *self, const gboolean *stopped)
{
  while (!self->ready && self->process != NULL && !*stopped)
    g_main_context_iteration (NULL, TRUE);
  return self->ready || *stopped;
}
