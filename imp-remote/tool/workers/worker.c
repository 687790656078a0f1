/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/workers/worker.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "tool/workers/worker-report.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Milliseconds. */
#define PAUSE_MIN 100
#define PAUSE_MAX 30000
/* One that has lived for so long begins anew with the pauses; microseconds. */
#define LONG_LIFE (60 * G_USEC_PER_SEC)

struct _Worker
{
  const WorkerPlan *plan;
  guint number;
  const WorkerFuncs *funcs;
  gpointer user_data;

  GSubprocess *process;
  GCancellable *cancellable;
  int report; /* our end of the socket, or -1 */
  GSource *reports, *watchdog, *restart;
  WorkerReport state;
  gboolean was_ready;
  gboolean stopping;
  gboolean owes_hangup; /* it was to have SIGHUP before it heeded that */
  gint64 begun;         /* monotonic time */
  guint pause;          /* milliseconds before it is started again */
};

/* --- what it says --- */

static gboolean
worker_on_silence (gpointer user_data)
{
  Worker *self = user_data;

  imp_log_message ("Worker %u (process %s) has said nothing for %u ms: it is killed", self->number,
                   g_subprocess_get_identifier (self->process),
                   (guint) (self->plan->watchdog / 1000));
  imp_source_clear (&self->watchdog);
  worker_signal (self, SIGKILL);
  return G_SOURCE_REMOVE;
}

static void
worker_watch_silence (Worker *self)
{
  imp_source_clear (&self->watchdog);
  if (self->plan->watchdog > 0 && self->state.ready)
    self->watchdog = imp_source_add_timeout (NULL, (guint) (self->plan->watchdog / 1000 + 1),
                                             "worker: silence", worker_on_silence, self);
}

static gboolean
worker_on_report (int fd, GIOCondition condition, gpointer user_data)
{
  Worker *self = user_data;
  const gboolean was_ready = self->state.ready;

  /* Its end is heard of otherwise. */
  if (!worker_report_receive (fd, &self->state))
    {
      imp_source_clear (&self->reports);
      return G_SOURCE_REMOVE;
    }
  worker_watch_silence (self);
  self->was_ready = self->was_ready || self->state.ready;
  if (self->state.ready && !was_ready && self->owes_hangup)
    worker_hang_up (self);
  if (self->state.ready && !was_ready)
    self->funcs->ready (self, self->user_data);
  self->funcs->changed (self, self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
worker_close_report (Worker *self)
{
  imp_source_clear (&self->reports);
  imp_source_clear (&self->watchdog);
  if (self->report >= 0)
    close (self->report);
  self->report = -1;
  self->state = (WorkerReport){ FALSE };
}

/* Returns the other end, or -1 with an error. */
static int
worker_open_report (Worker *self, GError **error)
{
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "no socket for it: %s",
                   g_strerror (errno));
      return -1;
    }
  self->report = ends[0];
  self->reports = g_unix_fd_source_new (ends[0], G_IO_IN);
  g_source_set_callback (self->reports, G_SOURCE_FUNC (worker_on_report), self, NULL);
  g_source_attach (self->reports, NULL);
  return ends[1];
}

/* --- its life --- */

/* Between fork() and exec(): whatever becomes of this process, the worker ends; and a signal of the
 * terminal is for this process, which passes it on. */
static void
worker_set_up (gpointer parent)
{
  setpgid (0, 0);
  if (prctl (PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid () != GPOINTER_TO_INT (parent))
    _exit (1);
}

static gboolean
worker_on_restart (gpointer user_data)
{
  Worker *self = user_data;

  imp_source_clear (&self->restart);
  worker_start (self);
  return G_SOURCE_REMOVE;
}

static void
worker_start_later (Worker *self, const char *why)
{
  if (g_get_monotonic_time () - self->begun > LONG_LIFE)
    self->pause = PAUSE_MIN;
  imp_log_message ("Worker %u %s; it starts again in %u ms", self->number, why, self->pause);
  self->restart = imp_source_add_timeout (NULL, self->pause, "worker: restart", worker_on_restart,
                                          self);
  self->pause = MIN (self->pause * 2, PAUSE_MAX);
}

static void
worker_on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GSubprocess *process = G_SUBPROCESS (source);
  Worker *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *why = NULL;
  int status;

  /* Else @self is gone. */
  if (!g_subprocess_wait_finish (process, result, &error))
    return;
  if (g_subprocess_get_if_signaled (process))
    status = WORKER_SIGNAL_STATUS + g_subprocess_get_term_sig (process);
  else
    status = g_subprocess_get_exit_status (process);
  why = g_subprocess_get_if_signaled (process)
          ? g_strdup_printf ("(process %d) was killed by signal %d", self->state.pid,
                             status - WORKER_SIGNAL_STATUS)
          : g_strdup_printf ("(process %d) ended with exit status %d", self->state.pid, status);
  g_clear_object (&self->process);
  worker_close_report (self);
  if (self->was_ready && !self->stopping)
    worker_start_later (self, why);
  else if (status != 0 && self->stopping)
    imp_log_message ("Worker %u %s", self->number, why);
  self->funcs->ended (self, status, self->user_data);
}

static GSubprocessLauncher *
worker_new_launcher (Worker *self, int report)
{
  GSubprocessLauncher *launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
  g_autofree char *watchdog = g_strdup_printf ("%" G_GUINT64_FORMAT, self->plan->watchdog);

  /* The sockets of the service manager, and that of a profiler, are others here. */
  g_subprocess_launcher_unsetenv (launcher, "LISTEN_FDS");
  g_subprocess_launcher_unsetenv (launcher, "LISTEN_PID");
  g_subprocess_launcher_unsetenv (launcher, "LISTEN_FDNAMES");
  g_subprocess_launcher_unsetenv (launcher, "SYSPROF_CONTROL_FD");
  if (self->plan->watchdog > 0)
    g_subprocess_launcher_setenv (launcher, "WATCHDOG_USEC", watchdog, TRUE);
  g_subprocess_launcher_set_child_setup (launcher, worker_set_up, GINT_TO_POINTER (getpid ()),
                                         NULL);
  g_subprocess_launcher_take_fd (launcher, report, WORKER_REPORT_FD);
  for (guint i = 0; i < self->plan->listeners->len; i++)
    g_subprocess_launcher_take_fd (launcher, dup (g_array_index (self->plan->listeners, int, i)),
                                   WORKER_REPORT_FD + 1 + (int) i);
  return launcher;
}

static GSubprocess *
worker_spawn (Worker *self, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = NULL;
  g_auto (GStrv) argv = g_strdupv (self->plan->argv);
  const int report = worker_open_report (self, error);

  if (report < 0)
    return NULL;
  for (char **word = argv; *word != NULL; word++)
    if (g_str_equal (*word, WORKER_OPTION))
      {
        g_free (*word);
        *word = g_strdup_printf (WORKER_OPTION "%u:%s", self->number, self->plan->sockets);
        break;
      }
  launcher = worker_new_launcher (self, report);
  return g_subprocess_launcher_spawnv (launcher, (const char *const *) argv, error);
}

void
worker_start (Worker *self)
{
  g_autoptr (GError) error = NULL;
  const char *pid;

  self->begun = g_get_monotonic_time ();
  self->owes_hangup = FALSE;
  self->process = worker_spawn (self, &error);
  if (self->process == NULL)
    {
      g_autofree char *why = g_strdup_printf ("cannot be started: %s", error->message);

      worker_close_report (self);
      worker_start_later (self, why);
      return;
    }
  pid = g_subprocess_get_identifier (self->process);
  self->state.pid = (int) g_ascii_strtoll (pid, NULL, 10);
  g_subprocess_wait_async (self->process, self->cancellable, worker_on_ended, self);
}

Worker *
worker_new (const WorkerPlan *plan, guint number, const WorkerFuncs *funcs, gpointer user_data)
{
  Worker *self = g_new0 (Worker, 1);

  self->plan = plan;
  self->number = number;
  self->funcs = funcs;
  self->user_data = user_data;
  self->cancellable = g_cancellable_new ();
  self->report = -1;
  self->pause = PAUSE_MIN;
  return self;
}

void
worker_free (Worker *self)
{
  g_cancellable_cancel (self->cancellable);
  imp_source_clear (&self->restart);
  worker_close_report (self);
  if (self->process != NULL)
    g_subprocess_force_exit (self->process);
  g_clear_object (&self->process);
  g_object_unref (self->cancellable);
  g_free (self);
}

void
worker_signal (Worker *self, int number)
{
  if (self->process != NULL)
    g_subprocess_send_signal (self->process, number);
}

void
worker_hang_up (Worker *self)
{
  self->owes_hangup = !self->state.ready;
  if (self->state.ready)
    worker_signal (self, SIGHUP);
}

void
worker_stop (Worker *self)
{
  self->stopping = TRUE;
  imp_source_clear (&self->restart);
  worker_signal (self, SIGTERM);
}

gboolean
worker_is_running (Worker *self)
{
  return self->process != NULL;
}

gboolean
worker_is_ready (Worker *self)
{
  return self->state.ready;
}

guint
worker_get_free (Worker *self)
{
  return self->state.ready ? self->state.free_percent : 0;
}

guint
worker_get_clients (Worker *self)
{
  return self->state.clients;
}
