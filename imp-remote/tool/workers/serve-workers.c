/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/workers/serve-workers.h"

#include "core/imp-log-private.h"
#include "core/imp-source-private.h"
#include "rpc/imp-listener-private.h"
#include "tool/access-options.h"
#include "tool/opening.h"
#include "tool/service.h"
#include "tool/tool.h"
#include "tool/workers/worker-report.h"
#include "tool/workers/worker.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* How much longer than the grace a worker may take to end. */
#define STOP_MARGIN_SECONDS 5

typedef struct
{
  const ServeWorkersOptions *options;
  GMainLoop *loop;
  Opening *opening;
  GPtrArray *listeners; /* of ImpListener */
  Drain *drain;
  WorkerPlan plan;
  GPtrArray *workers; /* of Worker */
  guint n_started;
  gboolean serving; /* all of them have been ready */
  gboolean draining;
  gboolean stopped;
  GSource *idle, *kill;
  guint usr1; /* the signal, watched */
  int status;
} ServeWorkers;

typedef void (*ServeWorkersFunc) (Worker *worker);

static void
serve_workers_for_each (ServeWorkers *self, ServeWorkersFunc func)
{
  for (guint i = 0; i < self->workers->len; i++)
    func (self->workers->pdata[i]);
}

static guint
serve_workers_count (ServeWorkers *self, gboolean (*is) (Worker *worker))
{
  guint n = 0;

  for (guint i = 0; i < self->workers->len; i++)
    n += is (self->workers->pdata[i]) ? 1 : 0;
  return n;
}

/* Those that are not ready might not heed it yet, and be ended by it. */
static void
serve_workers_signal (ServeWorkers *self, int number)
{
  for (guint i = 0; i < self->workers->len; i++)
    if (number == SIGKILL || worker_is_ready (self->workers->pdata[i]))
      worker_signal (self->workers->pdata[i], number);
}

/* --- ending --- */

static gboolean
serve_workers_on_kill (gpointer user_data)
{
  ServeWorkers *self = user_data;

  imp_log_message ("Workers that have not ended %u s after their time (--grace) are killed",
                   STOP_MARGIN_SECONDS);
  imp_source_clear (&self->kill);
  serve_workers_signal (self, SIGKILL);
  return G_SOURCE_REMOVE;
}

static void
serve_workers_quit_if_over (ServeWorkers *self)
{
  if (self->stopped && self->opening == NULL && serve_workers_count (self, worker_is_running) == 0)
    g_main_loop_quit (self->loop);
}

/* Clients that come from now on are to find nobody, and not to wait: so the sockets are closed
 * here before the last worker has closed them. */
static void
serve_workers_end (ServeWorkers *self)
{
  self->stopped = TRUE;
  imp_source_clear (&self->idle);
  if (self->opening != NULL)
    opening_cancel (self->opening);
  else
    g_ptr_array_set_size (self->listeners, 0);
  serve_workers_for_each (self, worker_stop);
  self->kill = imp_source_add_timeout (NULL, (self->options->grace + STOP_MARGIN_SECONDS) * 1000,
                                       "serve: kill", serve_workers_on_kill, self);
  serve_workers_quit_if_over (self);
}

static void
serve_workers_fail (ServeWorkers *self, int status)
{
  self->status = status;
  serve_workers_end (self);
}

static void
serve_workers_on_stop (gpointer user_data)
{
  ServeWorkers *self = user_data;

  service_notify_stopping (self->options->grace, "Waiting for analyzers to end");
  drain_stop (self->drain);
  serve_workers_end (self);
}

static void
serve_workers_on_hangup (gpointer user_data)
{
  serve_workers_for_each (user_data, worker_hang_up);
}

/* Each of them logs what its own clients wait for. */
static gboolean
serve_workers_on_usr1 (gpointer user_data)
{
  serve_workers_signal (user_data, SIGUSR1);
  return G_SOURCE_CONTINUE;
}

/* --- without clients --- */

static gboolean
serve_workers_has_clients (ServeWorkers *self)
{
  for (guint i = 0; i < self->workers->len; i++)
    if (worker_get_clients (self->workers->pdata[i]) > 0)
      return TRUE;
  return FALSE;
}

static gboolean
serve_workers_on_idle (gpointer user_data)
{
  ServeWorkers *self = user_data;

  imp_log_message ("No client for %u s (--idle-exit): this ends", self->options->idle_exit);
  service_notify_stopping (self->options->grace, "Nobody is connected");
  imp_source_clear (&self->idle);
  serve_workers_end (self);
  return G_SOURCE_REMOVE;
}

static void
serve_workers_update_idle (ServeWorkers *self)
{
  if (self->options->idle_exit == 0 || self->stopped || !self->serving)
    return;
  if (serve_workers_has_clients (self))
    imp_source_clear (&self->idle);
  else if (self->idle == NULL)
    self->idle = imp_source_add_timeout (NULL, self->options->idle_exit * 1000, "serve: idle exit",
                                         serve_workers_on_idle, self);
}

/* --- load and draining --- */

/* Of all together: those that are not there have no room. */
static guint
serve_workers_get_free (gpointer user_data)
{
  ServeWorkers *self = user_data;
  guint sum = 0;

  for (guint i = 0; i < self->workers->len; i++)
    sum += worker_get_free (self->workers->pdata[i]);
  return sum / MAX (self->options->n_workers, 1);
}

static void
serve_workers_set_draining (gboolean draining, gpointer user_data)
{
  ServeWorkers *self = user_data;

  self->draining = draining;
  serve_workers_signal (self, draining ? SIGUSR2 : SIGWINCH);
}

static const DrainFuncs drain_funcs = {
  .get_free = serve_workers_get_free,
  .set_draining = serve_workers_set_draining,
};

/* --- workers --- */

static void serve_workers_start_next (ServeWorkers *self);

static void
serve_workers_begin_service (ServeWorkers *self)
{
  GString *status = g_string_new ("Listening at ");

  self->serving = TRUE;
  for (guint i = 0; i < self->listeners->len; i++)
    g_string_append_printf (status, "%s%s", i > 0 ? ", " : "",
                            imp_listener_get_address (self->listeners->pdata[i]));
  service_notify_ready (status->str);
  g_string_free (status, TRUE);
  for (guint i = 0; i < self->listeners->len; i++)
    tool_print_listening (imp_listener_get_address (self->listeners->pdata[i]));
  drain_print (self->drain);
  serve_workers_update_idle (self);
}

static void
serve_workers_on_ready (Worker *worker, gpointer user_data)
{
  ServeWorkers *self = user_data;

  if (self->draining)
    worker_signal (worker, SIGUSR2);
  if (self->stopped || self->serving)
    return;
  if (self->n_started < self->options->n_workers)
    serve_workers_start_next (self);
  if (serve_workers_count (self, worker_is_ready) == self->options->n_workers)
    serve_workers_begin_service (self);
}

static void
serve_workers_on_changed (Worker *worker, gpointer user_data)
{
  serve_workers_update_idle (user_data);
}

/* What keeps the first one from serving is written by it. */
static void
serve_workers_on_ended (Worker *worker, int status, gpointer user_data)
{
  ServeWorkers *self = user_data;

  if (self->stopped)
    {
      /* One that had just been started does not heed the signal yet. */
      if (status != 0 && status != WORKER_SIGNAL_STATUS + SIGTERM && self->status == TOOL_DONE)
        self->status = TOOL_FAILED;
      serve_workers_quit_if_over (self);
    }
  else if (!self->serving)
    serve_workers_fail (self, status == TOOL_USAGE ? TOOL_USAGE : TOOL_FAILED);
  else
    serve_workers_update_idle (self);
}

static const WorkerFuncs worker_funcs = {
  .ready = serve_workers_on_ready,
  .changed = serve_workers_on_changed,
  .ended = serve_workers_on_ended,
};

/* The first one alone, which may find that it cannot be done; then all others. */
static void
serve_workers_start_next (ServeWorkers *self)
{
  const guint n = self->n_started == 0 ? 1 : self->options->n_workers - self->n_started;

  for (guint i = 0; i < n; i++)
    {
      Worker *worker = worker_new (&self->plan, self->n_started, &worker_funcs, self);

      self->n_started++;
      g_ptr_array_add (self->workers, worker);
      worker_start (worker);
    }
}

/* --- the sockets --- */

static void
serve_workers_make_plan (ServeWorkers *self)
{
  GString *sockets = g_string_new (NULL);

  for (guint i = 0; i < self->listeners->len; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      const int fd = imp_listener_get_fd (listener);

      g_array_append_val (self->plan.listeners, fd);
      g_string_append_printf (sockets, "%s%s%u", i > 0 ? "," : "",
                              imp_listener_is_tls (listener) ? "tls:fd:" : "fd:",
                              WORKER_REPORT_FD + 1 + i);
    }
  self->plan.sockets = g_string_free (sockets, FALSE);
  self->plan.watchdog = service_get_watchdog ();
}

static void
serve_workers_on_drain_open (int status, gpointer user_data)
{
  ServeWorkers *self = user_data;

  if (self->stopped)
    return;
  if (status != TOOL_DONE)
    {
      serve_workers_fail (self, status);
      return;
    }
  serve_workers_make_plan (self);
  serve_workers_start_next (self);
}

static int
serve_workers_check_exposure (ServeWorkers *self)
{
  for (guint i = 0; i < self->listeners->len && !self->options->insecure; i++)
    {
      ImpListener *listener = self->listeners->pdata[i];
      g_autoptr (GError) error = NULL;

      if (!imp_listener_check_exposure (listener, &error))
        return tool_option_error ("serve", imp_listener_get_address (listener), error);
    }
  return TOOL_DONE;
}

static void
serve_workers_on_opened (int status, gpointer user_data)
{
  ServeWorkers *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  if (self->stopped)
    {
      serve_workers_quit_if_over (self);
      return;
    }
  if (status == TOOL_DONE)
    status = serve_workers_check_exposure (self);
  if (status != TOOL_DONE)
    serve_workers_fail (self, status);
  else
    drain_open (self->drain, serve_workers_on_drain_open);
}

/* @options has been checked. */
static void
serve_workers_open (ServeWorkers *self)
{
  self->opening = opening_new ();
  opening_set_mode (self->opening, access_options_get_mode ());
  opening_set_option (self->opening, "serve");
  opening_set_replace (self->opening, self->options->replace);
  for (char **text = self->options->addresses; *text != NULL; text++)
    {
      g_autoptr (ImpAddress) address = imp_address_parse (*text, NULL);

      opening_add (self->opening, address, *text, self->listeners);
    }
  opening_start (self->opening, serve_workers_on_opened, self);
}

/* --- */

/* The same program with the same arguments, and one more. */
static char **
serve_workers_make_argv (char **arguments, GError **error)
{
  char *program = g_file_read_link ("/proc/self/exe", error);
  GPtrArray *argv;

  if (program == NULL)
    return NULL;
  argv = g_ptr_array_new ();
  g_ptr_array_add (argv, program);
  g_ptr_array_add (argv, g_strdup (arguments[0]));
  g_ptr_array_add (argv, g_strdup (WORKER_OPTION));
  for (char **argument = arguments + 1; *argument != NULL; argument++)
    g_ptr_array_add (argv, g_strdup (*argument));
  g_ptr_array_add (argv, NULL);
  return (char **) g_ptr_array_free (argv, FALSE);
}

static void
serve_workers_clear (ServeWorkers *self)
{
  imp_source_clear (&self->idle);
  imp_source_clear (&self->kill);
  g_clear_handle_id (&self->usr1, g_source_remove);
  g_clear_pointer (&self->drain, drain_free);
  g_clear_pointer (&self->workers, g_ptr_array_unref);
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_clear_pointer (&self->plan.listeners, g_array_unref);
  g_strfreev (self->plan.argv);
  g_free (self->plan.sockets);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ServeWorkers, serve_workers_clear)

int
serve_workers_run (const ServeWorkersOptions *options)
{
  g_auto (ServeWorkers) self = { .options = options };
  g_autoptr (GError) error = NULL;
  int status;

  self.loop = g_main_loop_new (NULL, FALSE);
  self.listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  self.workers = g_ptr_array_new_with_free_func ((GDestroyNotify) worker_free);
  self.plan.listeners = g_array_new (FALSE, FALSE, sizeof (int));
  self.drain = drain_new (&drain_funcs, FALSE, &self);
  tool_watch_signals (serve_workers_on_stop, &self);
  tool_watch_hangup (serve_workers_on_hangup, &self);
  self.usr1 = g_unix_signal_add (SIGUSR1, serve_workers_on_usr1, &self);
  status = drain_set_options (self.drain, options->drain);
  if (status == TOOL_DONE)
    status = access_options_check ();
  if (status != TOOL_DONE)
    return status;
  self.plan.argv = serve_workers_make_argv (options->arguments, &error);
  if (self.plan.argv == NULL)
    return tool_error ("serve: %s", error->message);
  serve_workers_open (&self);
  g_main_loop_run (self.loop);
  return self.status;
}

gboolean
serve_workers_is_script (const char *spec)
{
  static const char *const suffixes[] = { ".py", ".js", ".mjs" };

  for (const char *end = strchrnul (spec, '=');; end = strchrnul (end + 1, '='))
    {
      g_autofree char *name = g_strndup (spec, (gsize) (end - spec));

      for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
        if (g_str_has_suffix (name, suffixes[i]))
          return TRUE;
      /* As where modules are looked for: a path may have "=" in it. */
      if (*end == '\0' || strchr (name, '/') == NULL)
        return FALSE;
    }
}

char **
serve_workers_parse (const char *text, guint *number)
{
  char *end;

  *number = (guint) strtoul (text, &end, 10);
  return g_strsplit (*end == ':' ? end + 1 : "", ",", -1);
}
