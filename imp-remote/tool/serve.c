/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/access-options.h"
#include "core/imp-log-private.h"
#include "tool/config/config-changes.h"
#include "tool/control/control.h"
#include "tool/drain.h"
#include "tool/log.h"
#include "tool/handover/hand-over.h"
#include "tool/handover/take-over.h"
#include "tool/metrics/metrics-server.h"
#include "tool/metrics/metrics.h"
#include "tool/serve-config.h"
#include "tool/serve-idle.h"
#include "tool/serve-reload.h"
#include "tool/serve-status.h"
#include "tool/server-load.h"
#include "tool/service.h"
#include "tool/script-options.h"
#include "tool/tool.h"
#include "tool/trace/trace-server.h"
#include "tool/trace/trace.h"
#include "tool/workers/serve-workers.h"
#include "tool/workers/worker-report.h"
#include "tool/workers/worker.h"

typedef struct
{
  ServeSetup *setup;
  ServeReload *reload; /* what is about to take its place, or NULL */
  gboolean again;      /* the file may have changed since that was read */
  DrainOptions drain_options;
  char *name;        /* of the spans */
  GStrv sockets;     /* of a server whose sockets are opened elsewhere: at which it listens */
  gboolean draining; /* also before there is a server */
  gboolean serving;  /* all is open */
  gboolean stopped;  /* by a signal */
  int status;
  Control *control;     /* or NULL */
  ServeSockets *opened; /* where it has a file, can be replaced, or replaces another one; or NULL */
  HandOver *hand_over;  /* to whoever replaces this process, or NULL */
  TakeOver *take_over;  /* from whom this one replaces, or NULL */
  gboolean given;       /* another process accepts at the sockets */

  char **addresses; /* at which it does not listen yet */
  GMainLoop *loop;
  ImpServer *server;
  Drain *drain;
  ServeIdle *idle;  /* once it serves, or NULL */
  Metrics *metrics; /* or NULL */
} Serve;

static void
serve_clear (Serve *self)
{
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->hand_over, hand_over_free);
  g_clear_pointer (&self->take_over, take_over_free);
  g_clear_pointer (&self->reload, serve_reload_free);
  g_clear_pointer (&self->opened, serve_sockets_free);
  g_strfreev (self->sockets);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->drain, drain_free);
  drain_options_clear (&self->drain_options);
  g_clear_pointer (&self->metrics, metrics_free);
  g_clear_object (&self->server);
  g_free (self->name);
  g_clear_pointer (&self->idle, serve_idle_free);
  g_clear_pointer (&self->setup, serve_setup_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Serve, serve_clear)

static void
serve_on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!imp_server_stop_finish (IMP_SERVER (source), result, &error))
    imp_log_kind (IMP_LOG_ENDING, "%s", error->message);
  g_main_loop_quit (self->loop);
}

static gboolean
serve_on_grace_over (gpointer user_data)
{
  Serve *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
serve_end (Serve *self)
{
  /* The files go first, so that no further client finds them. */
  g_clear_pointer (&self->opened, serve_sockets_free);
  if (self->server != NULL)
    imp_server_stop_async (self->server, NULL, serve_on_stopped, self);
}

static void
serve_stop (gpointer user_data)
{
  Serve *self = user_data;

  self->stopped = TRUE;
  if (self->hand_over != NULL)
    hand_over_stop (self->hand_over);
  if (self->given)
    {
      g_timeout_add_seconds (self->setup->grace, serve_on_grace_over, self);
      return;
    }
  g_clear_pointer (&self->idle, serve_idle_free);
  service_notify_stopping (self->setup->grace, "Waiting for analyzers to end");
  if (self->drain != NULL)
    drain_stop (self->drain);
  /* What is under way ends first. */
  if (self->reload != NULL)
    serve_reload_cancel (self->reload);
  else if (self->opened == NULL || !serve_sockets_cancel (self->opened))
    serve_end (self);
}

static void
serve_end_given (Serve *self)
{
  const guint limit = self->setup->take_over_grace;
  const guint seconds = limit > 0 ? limit : TOOL_MAX_SECONDS;

  g_object_set (self->server, "grace", seconds * 1000, NULL);
  serve_end (self);
}

/* The process with @pid accepts at the sockets. Clients are told to connect again, and their new
 * analyzers are made there. */
static void
serve_on_given (gint64 pid, gpointer user_data)
{
  Serve *self = user_data;

  self->given = TRUE;
  service_notify_replaced (pid);
  g_clear_pointer (&self->idle, serve_idle_free);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->drain, drain_free);
  if (self->reload != NULL)
    serve_reload_cancel (self->reload);
  else
    serve_end_given (self);
}

/* If that has failed, the other process goes on, and this one must not. */
static void
serve_on_taken_over (int status, gpointer user_data)
{
  Serve *self = user_data;

  g_clear_pointer (&self->take_over, take_over_free);
  if (status == TOOL_DONE || self->stopped)
    return;
  self->status = status;
  serve_stop (self);
}

/* Who connects from now on waits in the sockets, which the service manager still has. */
static void
serve_on_idle (gpointer user_data)
{
  Serve *self = user_data;

  imp_log_kind (IMP_LOG_ENDING, "No client for %u s (--idle-exit): this ends",
                self->setup->idle_exit);
  service_notify_stopping (0, "Nobody is connected");
  g_main_loop_quit (self->loop);
}

static void
serve_update_idle (Serve *self)
{
  g_clear_pointer (&self->idle, serve_idle_free);
  if (!self->stopped && !self->given)
    self->idle = serve_idle_new (self->server, self->setup->idle_exit, serve_on_idle, self);
}

static void
serve_begin_service (Serve *self, const char *const *listening)
{
  g_autofree char *all = g_strjoinv (", ", (char **) listening);
  g_autofree char *status = g_strconcat ("Listening at ", all, NULL);

  self->serving = TRUE;
  serve_update_idle (self);
  service_notify_ready (status);
}

static guint
serve_get_free (gpointer user_data)
{
  return server_load_get_free (((Serve *) user_data)->server);
}

static void
serve_set_draining (gboolean draining, gpointer user_data)
{
  Serve *self = user_data;

  self->draining = draining;
  if (self->server != NULL)
    g_object_set (self->server, "draining", draining, NULL);
}

static const DrainFuncs drain_funcs = {
  .get_free = serve_get_free,
  .set_draining = serve_set_draining,
};

static void serve_reload (gpointer user_data);

static void
serve_on_all_open (int status, gpointer user_data)
{
  Serve *self = user_data;
  g_auto (GStrv) listening = self->opened != NULL
                               ? serve_sockets_list_addresses (self->opened, NULL)
                               : imp_server_list_addresses (self->server);

  if (status != TOOL_DONE)
    {
      self->status = status;
      g_main_loop_quit (self->loop);
      return;
    }
  if (self->stopped)
    return;
  if (self->setup->worker != NULL)
    worker_report_start (self->server);
  serve_begin_service (self, (const char *const *) listening);
  for (char **address = listening; *address != NULL; address++)
    tool_print_listening (*address);
  drain_print (self->drain);
  if (self->hand_over != NULL)
    hand_over_set_ready (self->hand_over);
  if (self->take_over != NULL)
    take_over_finish (self->take_over, serve_on_taken_over, self);
  if (self->again)
    serve_reload (self);
}

static void serve_listen (Serve *self);

static void
serve_on_listening (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (GError) error = NULL;

  if (imp_server_listen_finish (IMP_SERVER (source), result, &error))
    {
      self->addresses++;
      serve_listen (self);
    }
  else if (!self->stopped)
    {
      self->status = tool_option_error ("serve", *self->addresses, error);
      g_main_loop_quit (self->loop);
    }
}

/* One after the other, so that the lines have the order of the command line. */
static void
serve_listen (Serve *self)
{
  if (*self->addresses != NULL)
    imp_server_listen_async (self->server, *self->addresses, NULL, serve_on_listening, self);
  else
    drain_open (self->drain, serve_on_all_open);
}

static int
serve_open_control (Serve *self)
{
  serve_status_log_on_signal (self->server);
  if (self->setup->control_address == NULL)
    return TOOL_DONE;
  self->control = control_new ();
  serve_status_add_commands (self->control, self->server);
  /* A worker has nothing of its own to hand over. */
  if (self->setup->worker == NULL)
    {
      self->hand_over = hand_over_new (self->control, "serve", serve_on_given, self);
      hand_over_set_timeout (self->hand_over, self->setup->take_over_timeout);
    }
  return control_open (self->control, self->setup->control_address, FALSE);
}

static void
serve_on_sockets_opened (int status, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (GError) error = NULL;

  if (status == TOOL_DONE && !self->setup->insecure)
    status = serve_sockets_check_exposure (self->opened);
  if (status == TOOL_DONE && !self->stopped)
    {
      self->sockets = serve_sockets_copy (self->opened, NULL, &error);
      if (self->sockets == NULL)
        status = tool_option_error ("serve", "sockets", error);
    }
  if (status != TOOL_DONE || self->stopped)
    {
      self->status = self->stopped ? TOOL_DONE : status;
      g_main_loop_quit (self->loop);
      return;
    }
  self->addresses = self->sockets;
  serve_listen (self);
}

/* A server that can be replaced has its sockets opened where they can be handed over, and one with
 * a file where they can be closed. */
static void
serve_open (Serve *self)
{
  if (self->hand_over == NULL && self->take_over == NULL && self->setup->file == NULL)
    {
      serve_listen (self);
      return;
    }
  self->opened = serve_sockets_new ();
  serve_sockets_open (self->opened, self->addresses, NULL, self->setup->replace,
                      serve_on_sockets_opened, self);
}

/* What it has open is what is opened from now on. */
static int
serve_ask_predecessor (Serve *self)
{
  if (self->setup->take_over_address == NULL)
    return TOOL_DONE;
  self->take_over = take_over_new (self->setup->take_over_address, "serve");
  return take_over_ask (self->take_over, &self->stopped);
}

static void
serve_name_spans (Serve *self)
{
  g_autofree char *before = g_steal_pointer (&self->name);

  self->name = serve_setup_name_modules (self->setup);
  trace_server_follow (self->server, self->name);
}

/* ---- the same again ---- */

static void
serve_adopt (Serve *self)
{
  ServeSetup *before = g_steal_pointer (&self->setup);

  self->setup = serve_reload_steal_setup (self->reload);
  serve_config_log_later (before->file, self->setup->file);
  serve_setup_free (before);
  self->drain_options.delay = self->setup->drain.delay;
  if (self->hand_over != NULL)
    hand_over_set_timeout (self->hand_over, self->setup->take_over_timeout);
  log_set_rate (self->setup->log_rate);
  serve_name_spans (self);
  serve_update_idle (self);
}

static void
serve_on_reloaded (gboolean good, gpointer user_data)
{
  Serve *self = user_data;
  const gboolean ends = self->stopped || self->given;

  good = good && !ends && serve_reload_apply (self->reload, self->server, &self->opened);
  if (good)
    serve_adopt (self);
  if (!ends)
    config_changes_log_outcome (self->setup->config.path, good);
  g_clear_pointer (&self->reload, serve_reload_free);
  service_notify_reloaded ();
  if (self->stopped)
    serve_end (self);
  else if (self->given)
    serve_end_given (self);
  else if (self->again)
    serve_reload (self);
}

/* What is asked of it meanwhile is done at the end. */
static void
serve_reload (gpointer user_data)
{
  Serve *self = user_data;

  if (self->reload != NULL || !self->serving || self->stopped || self->given)
    {
      self->again = TRUE;
      return;
    }
  self->again = FALSE;
  service_notify_reloading ();
  self->reload = serve_reload_new (self->setup, self->opened);
  serve_reload_start (self->reload, serve_on_reloaded, self);
}

static void
serve_describe (MetricsText *text, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (ImpFactory) factory = NULL;

  g_object_get (self->server, "factory", &factory, NULL);
  metrics_server_describe (self->server, factory, text);
}

static int
serve_start (Serve *self)
{
  g_autoptr (ImpFactory) factory = NULL;
  int status = drain_set_options (self->drain, &self->drain_options);

  if (status == TOOL_DONE)
    status = metrics_check ();
  if (status == TOOL_DONE)
    status = access_options_check ();
  if (status != TOOL_DONE)
    return status;
  factory = tool_new_factory ((const char *const *) self->setup->modules, &status);
  if (factory == NULL)
    return status;
  self->server = imp_server_new (factory);
  g_object_set (self->server, "draining", self->draining, NULL);
  serve_name_spans (self);
  serve_setup_apply (self->setup, self->server);
  status = serve_ask_predecessor (self);
  if (status == TOOL_DONE && !self->stopped)
    status = serve_open_control (self);
  if (status == TOOL_DONE && !self->stopped)
    self->metrics = metrics_new (serve_describe, self, &status);
  if (status == TOOL_DONE && !self->stopped)
    serve_open (self);
  return status;
}

static int
serve_run_workers (Serve *self)
{
  const ServeWorkersOptions options = {
    .n_workers = script_options_get_workers (),
    .arguments = self->setup->arguments,
    .addresses = self->addresses,
    .replace = self->setup->replace,
    .insecure = self->setup->insecure,
    .grace = self->setup->grace,
    .idle_exit = self->setup->idle_exit,
    .drain = &self->drain_options,
  };
  int status = metrics_check_for_workers ();

  if (status == TOOL_DONE)
    status = metrics_check ();
  return status == TOOL_DONE ? serve_workers_run (&options) : status;
}

/* What the process that has started this one does instead. */
static void
serve_become_worker (Serve *self)
{
  guint number;

  self->sockets = serve_workers_parse (self->setup->worker, &number);
  self->addresses = self->sockets;
  self->setup->addresses = self->sockets;
  self->setup->idle_exit = 0;
  script_options_unset_workers ();
  metrics_set_worker (number);
  if (self->setup->control_address != NULL)
    {
      g_autofree char *address = g_steal_pointer (&self->setup->control_address);

      self->setup->control_address = g_strdup_printf ("%s.%u", address, number);
    }
}

static int
serve_run_here (Serve *self)
{
  int status;

  /* Whoever has read that it listens may send a signal at once. */
  self->loop = g_main_loop_new (NULL, FALSE);
  tool_watch_signals (serve_stop, self);
  if (self->setup->file != NULL)
    tool_watch_reload (serve_reload);
  self->drain = drain_new (&drain_funcs, self->setup->worker != NULL, self);
  status = trace_open ();
  if (status == TOOL_DONE)
    status = serve_start (self);
  if (status == TOOL_DONE && !self->stopped)
    g_main_loop_run (self->loop);
  if (self->server != NULL)
    imp_server_close (self->server);
  trace_close ();
  return status == TOOL_DONE ? self->status : status;
}

static int
serve_run (int argc, char **argv)
{
  g_auto (Serve) self = { .setup = serve_setup_new (), .status = TOOL_DONE };
  g_autoptr (GError) error = NULL;
  int status;

  if (!serve_setup_parse (self.setup, argc, argv, &status))
    return status;
  if (!(self.setup->worker != NULL ? service_begin_at (WORKER_REPORT_FD, &error)
                                   : service_begin (&error)))
    return tool_usage_error ("serve: %s", error->message);
  log_set_rate (self.setup->log_rate);
  self.addresses = self.setup->addresses;
  if (self.setup->worker != NULL)
    serve_become_worker (&self);
  else
    {
      self.drain_options = self.setup->drain;
      self.setup->drain = (DrainOptions){ NULL };
    }
  status = serve_setup_check (self.setup);
  if (status != TOOL_DONE)
    return status;
  if (self.setup->take_over_address != NULL
      && (serve_setup_wants_workers (self.setup) || self.setup->worker != NULL))
    return tool_usage_error ("--take-over is for a server that is one process, and not for "
                             "several of them (--workers)");
  return serve_setup_wants_workers (self.setup) ? serve_run_workers (&self)
                                                : serve_run_here (&self);
}

const ToolCommand tool_serve = {
  .name = "serve",
  .summary = "let others use analyzers of this process",
  .run = serve_run,
};
