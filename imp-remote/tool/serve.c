/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/access-options.h"
#include "core/imp-log-private.h"
#include "tool/config/config-changes.h"
#include "tool/config/config-options.h"
#include "tool/control/control.h"
#include "tool/drain.h"
#include "tool/log.h"
#include "tool/handover/hand-over.h"
#include "tool/handover/take-over.h"
#include "tool/metrics/metrics-server.h"
#include "tool/metrics/metrics.h"
#include "tool/serve-checks.h"
#include "tool/serve-config.h"
#include "tool/serve-idle.h"
#include "tool/serve-sockets.h"
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
  ConfigOptions config;
  ConfigFile *file; /* what it was read from, or NULL */
  char **listen;    /* what that says, or NULL */
  GStrv arguments;  /* all of it as a command line */
  char **modules;
  char *name; /* of the spans */
  char *codec;
  guint grace;     /* seconds */
  guint idle_exit; /* the same; 0: never */
  guint log_rate;  /* lines a second, 0: all */
  gboolean replace;
  gboolean insecure;
  char *proxy_protocol;
  char **proxy_from;
  gboolean shared_memory;
  gboolean any_peer; /* the same with whoever it is */
  char *tls_cert;
  char *tls_key;
  char *tls_client_ca;
  DrainOptions drain_options;
  char *worker;      /* what it is told where it is one of several processes, or NULL */
  GStrv sockets;     /* the same: the addresses */
  gboolean draining; /* the same, also before there is a server */
  gboolean stopped;  /* by a signal */
  int status;
  char *control_address; /* or NULL */
  Control *control;      /* the same */
  ServeSockets *opened;  /* where it can be replaced, or replaces another one; else NULL */
  HandOver *hand_over;   /* to whoever replaces this process, or NULL */
  TakeOver *take_over;   /* from whom this one replaces, or NULL */
  char *take_over_address;
  guint take_over_grace; /* seconds, 0: any */
  guint take_over_timeout;
  gboolean given; /* another process accepts at the sockets */

  char **addresses; /* at which it does not listen yet */
  LimitOptions *limits;
  GMainLoop *loop;
  ImpServer *server;
  ImpFactory *factory;
  Metrics *metrics; /* or NULL */
  Drain *drain;
  ServeIdle *idle; /* once it serves, or NULL */
} Serve;

static const ImpLimit serve_limits[] = {
  /* The server's own counts milliseconds. */
  { "grace", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Serve, grace), 0, TOOL_MAX_SECONDS, 10,
    "how long analyzers may go on after SIGTERM or SIGINT" },
  { "idle-exit", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Serve, idle_exit), 0, TOOL_MAX_SECONDS, 0,
    "after how long without a client it ends (0: never)" },
  { "take-over-timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Serve, take_over_timeout), 1,
    TOOL_MAX_SECONDS, 60,
    "how long another process may take from asking for the sockets until it accepts" },
  { "take-over-grace", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Serve, take_over_grace), 0,
    TOOL_MAX_SECONDS, 0,
    "how long they may go on once another process has taken over, 0 until they end" },
  { "drain-delay", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Serve, drain_options.delay), 0,
    TOOL_MAX_SECONDS, 3, "how long after a balancer was told \"drain\" clients are told goodbye" },
  { "log-rate", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (Serve, log_rate), 0, 1000000, 100,
    "how many lines of each kind a second are logged on average, 0 all" },
};

static void
serve_clear (Serve *self)
{
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->hand_over, hand_over_free);
  g_clear_pointer (&self->take_over, take_over_free);
  g_clear_pointer (&self->opened, serve_sockets_free);
  g_free (self->take_over_address);
  g_free (self->control_address);
  g_free (self->worker);
  g_strfreev (self->sockets);
  g_free (self->name);
  config_options_clear (&self->config);
  g_clear_pointer (&self->file, config_file_free);
  g_strfreev (self->listen);
  g_strfreev (self->arguments);
  g_strfreev (self->modules);
  g_free (self->codec);
  g_free (self->proxy_protocol);
  g_strfreev (self->proxy_from);
  g_free (self->tls_cert);
  g_free (self->tls_key);
  g_free (self->tls_client_ca);
  g_clear_pointer (&self->limits, limit_options_free);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->drain, drain_free);
  drain_options_clear (&self->drain_options);
  g_clear_pointer (&self->metrics, metrics_free);
  g_clear_object (&self->server);
  g_clear_object (&self->factory);
  g_clear_pointer (&self->idle, serve_idle_free);
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
serve_stop (gpointer user_data)
{
  Serve *self = user_data;

  self->stopped = TRUE;
  if (self->hand_over != NULL)
    hand_over_stop (self->hand_over);
  if (self->given)
    {
      g_timeout_add_seconds (self->grace, serve_on_grace_over, self);
      return;
    }
  g_clear_pointer (&self->idle, serve_idle_free);
  service_notify_stopping (self->grace, "Waiting for analyzers to end");
  if (self->drain != NULL)
    drain_stop (self->drain);
  if (self->opened != NULL && serve_sockets_cancel (self->opened))
    return;
  /* The files go first, so that no further client finds them. */
  g_clear_pointer (&self->opened, serve_sockets_free);
  if (self->server != NULL)
    imp_server_stop_async (self->server, NULL, serve_on_stopped, self);
}

/* The process with @pid accepts at the sockets. Clients are told to connect again, and their new
 * analyzers are made there. */
static void
serve_on_given (gint64 pid, gpointer user_data)
{
  Serve *self = user_data;
  const guint seconds = self->take_over_grace > 0 ? self->take_over_grace : TOOL_MAX_SECONDS;

  self->given = TRUE;
  service_notify_replaced (pid);
  g_clear_pointer (&self->idle, serve_idle_free);
  g_clear_pointer (&self->control, control_free);
  g_clear_pointer (&self->drain, drain_free);
  g_clear_pointer (&self->opened, serve_sockets_free);
  g_object_set (self->server, "grace", seconds * 1000, NULL);
  imp_server_stop_async (self->server, NULL, serve_on_stopped, self);
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

/* @file: NULL, or what is read instead of the command line. */
static gboolean
serve_parse (Serve *self, ConfigFile *file, int *argc, char ***argv, int *status)
{
  const GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &self->modules,
      "The analyzer: a module and its settings (default: pass); several: one behind the other",
      "NAME[=SETTINGS]" },
    { "codec", 'c', 0, G_OPTION_ARG_STRING, &self->codec,
      "The wire format: auto (default), cbor, json, storable or sereal", "NAME" },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &self->replace,
      "Take over a unix socket from a server that still listens there", NULL },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure,
      "Allow addresses that other machines can reach without TLS", NULL },
    { "proxy-protocol", 0, 0, G_OPTION_ARG_STRING, &self->proxy_protocol,
      "Each connection of TCP begins with a PROXY header", "in" },
    { "proxy-from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->proxy_from,
      "Whose PROXY headers are believed; several", "ADDRESS[/BITS]" },
    { "agent-check", 0, 0, G_OPTION_ARG_STRING, &self->drain_options.agent_check,
      "Tell load balancers there how it is, as HAProxy's agent check wants it", "ADDRESS" },
    { "agent-check-from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->drain_options.agent_check_from,
      "Who may ask there; several", "ADDRESS[/BITS]" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_cert,
      "The certificate for addresses with TLS (PEM; read again when it changes)", "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_key,
      "The key to it, if it is not in the same file", "FILE" },
    { "tls-client-ca", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_client_ca,
      "Demand a certificate of clients, signed by one of these (PEM)", "FILE" },
    { "shared-memory", 0, 0, G_OPTION_ARG_NONE, &self->shared_memory,
      "Read input from memory that clients of the same user share", NULL },
    { "shared-memory-any-peer", 0, 0, G_OPTION_ARG_NONE, &self->any_peer,
      "The same from clients of all users", NULL },
    { "worker", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &self->worker, NULL, NULL },
    CONTROL_OPTION (&self->control_address),
    TAKE_OVER_OPTION (&self->take_over_address),
    { "listen", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING_ARRAY, &self->listen, NULL, NULL },
    CONFIG_OPTION_ENTRIES (&self->config),
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "ADDRESS... - let others use analyzers of this process",
    .summary = "Serves modules at one or more addresses: /PATH or ./PATH for a unix socket,\n"
               "@NAME, HOST:PORT, [IPV6]:PORT, tls://HOST:PORT, fd:N, systemd or "
               "systemd:NAME;\ntls:fd:N, tls:systemd and tls:systemd:NAME with TLS. Prints "
               "\"listening ADDRESS\"\nfor each.",
    .entries = entries,
    .limits = self->limits,
    .has_access = TRUE,
    .has_log = TRUE,
    .has_metrics = TRUE,
    .has_scripts = TRUE,
  };

  limit_options_add_rows (self->limits, serve_limits, G_N_ELEMENTS (serve_limits), self);
  trace_add_limits (self->limits);
  limit_options_add_properties (self->limits, IMP_TYPE_SERVER);
  if (file == NULL)
    return tool_parse_options (&options, argc, argv, status);
  /* The defaults are right. */
  limit_options_check (self->limits, NULL);
  serve_config_apply (file, &options);
  if (file->errors->len == 0)
    {
      g_autoptr (OptionTable) table = tool_new_option_table (&options);

      self->arguments = serve_config_make_arguments (file, table);
    }
  return TRUE;
}

/* Who connects from now on waits in the sockets, which the service manager still has. */
static void
serve_on_idle (gpointer user_data)
{
  Serve *self = user_data;

  imp_log_kind (IMP_LOG_ENDING, "No client for %u s (--idle-exit): this ends", self->idle_exit);
  service_notify_stopping (0, "Nobody is connected");
  g_main_loop_quit (self->loop);
}

static void
serve_begin_service (Serve *self, const char *const *listening)
{
  g_autofree char *all = g_strjoinv (", ", (char **) listening);
  g_autofree char *status = g_strconcat ("Listening at ", all, NULL);

  if (!self->stopped && !self->given)
    self->idle = serve_idle_new (self->server, self->idle_exit, serve_on_idle, self);
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

static void
serve_on_all_open (int status, gpointer user_data)
{
  Serve *self = user_data;
  g_auto (GStrv) listening = self->opened != NULL ? serve_sockets_list_addresses (self->opened)
                                                  : imp_server_list_addresses (self->server);

  if (status != TOOL_DONE)
    {
      self->status = status;
      g_main_loop_quit (self->loop);
      return;
    }
  if (self->stopped)
    return;
  if (self->worker != NULL)
    worker_report_start (self->server);
  serve_begin_service (self, (const char *const *) listening);
  for (char **address = listening; *address != NULL; address++)
    tool_print_listening (*address);
  drain_print (self->drain);
  if (self->hand_over != NULL)
    hand_over_set_ready (self->hand_over);
  if (self->take_over != NULL)
    take_over_finish (self->take_over, serve_on_taken_over, self);
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

static ImpSharedMemory
serve_get_shared_memory (const Serve *self)
{
  if (self->any_peer)
    return IMP_SHARED_MEMORY_ANY_PEER;
  return self->shared_memory ? IMP_SHARED_MEMORY_AUTO : IMP_SHARED_MEMORY_OFF;
}

static void
serve_limit_connections (Serve *self, ImpServer *server)
{
  /* One for the memory of each. */
  const guint descriptors = serve_get_shared_memory (self) != IMP_SHARED_MEMORY_OFF ? 2 : 1;
  guint wanted;

  g_object_get (server, "max-connections", &wanted, NULL);
  g_object_set (server, "max-connections", tool_limit_connections (wanted, descriptors), NULL);
}

static int
serve_open_control (Serve *self)
{
  serve_status_log_on_signal (self->server);
  if (self->control_address == NULL)
    return TOOL_DONE;
  self->control = control_new ();
  serve_status_add_commands (self->control, self->server);
  /* A worker has nothing of its own to hand over. */
  if (self->worker == NULL)
    {
      self->hand_over = hand_over_new (self->control, "serve", serve_on_given, self);
      hand_over_set_timeout (self->hand_over, self->take_over_timeout);
    }
  return control_open (self->control, self->control_address, FALSE);
}

static char *
serve_name_modules (Serve *self)
{
  g_auto (GStrv) names = tool_name_modules ((const char *const *) self->modules);

  return names != NULL && names[0] != NULL ? g_strjoinv (", ", names) : g_strdup ("pass");
}

static void
serve_on_sockets_opened (int status, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (GError) error = NULL;

  if (status == TOOL_DONE && !self->insecure)
    status = serve_sockets_check_exposure (self->opened);
  if (status == TOOL_DONE && !self->stopped)
    {
      self->sockets = serve_sockets_copy (self->opened, &error);
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

/* A server that can be replaced has its sockets opened where they can be handed over. */
static void
serve_open (Serve *self)
{
  if (self->hand_over == NULL && self->take_over == NULL)
    {
      serve_listen (self);
      return;
    }
  self->opened = serve_sockets_new ();
  serve_sockets_open (self->opened, self->addresses, self->replace, serve_on_sockets_opened, self);
}

/* What it has open is what is opened from now on. */
static int
serve_ask_predecessor (Serve *self)
{
  if (self->take_over_address == NULL)
    return TOOL_DONE;
  self->take_over = take_over_new (self->take_over_address, "serve");
  return take_over_ask (self->take_over, &self->stopped);
}

/* What can change while it runs. */
static void
serve_apply_live (Serve *self, ImpServer *server)
{
  limit_options_apply (self->limits, G_OBJECT (server));
  serve_limit_connections (self, server);
  g_object_set (server, "grace", self->grace * 1000, "tls-cert", self->tls_cert, "tls-key",
                self->tls_key, "tls-client-ca", self->tls_client_ca, "allow-uids",
                access_options_get_lists ()->uids.texts, "allow-gids",
                access_options_get_lists ()->gids.texts, "proxy-from", self->proxy_from, NULL);
}

static void
serve_describe (MetricsText *text, gpointer user_data)
{
  Serve *self = user_data;

  metrics_server_describe (self->server, self->factory, text);
}

static int
serve_start (Serve *self)
{
  int status = drain_set_options (self->drain, &self->drain_options);

  if (status == TOOL_DONE)
    status = metrics_check ();
  if (status == TOOL_DONE)
    status = access_options_check ();
  if (status != TOOL_DONE)
    return status;
  self->factory = tool_new_factory ((const char *const *) self->modules, &status);
  if (self->factory == NULL)
    return status;
  self->server = imp_server_new (self->factory);
  g_object_set (self->server, "draining", self->draining, NULL);
  status = serve_checks_apply_codec (self->codec, self->server);
  if (status != TOOL_DONE)
    return status;
  self->name = serve_name_modules (self);
  trace_server_follow (self->server, self->name);
  g_object_set (self->server, "replace", self->replace, "insecure", self->insecure, "shared-memory",
                serve_get_shared_memory (self), "socket-mode", access_options_get_mode (), NULL);
  serve_apply_live (self, self->server);
  status = serve_ask_predecessor (self);
  if (status == TOOL_DONE && !self->stopped)
    status = serve_open_control (self);
  if (status == TOOL_DONE && !self->stopped)
    self->metrics = metrics_new (serve_describe, self, &status);
  if (status == TOOL_DONE && !self->stopped)
    serve_open (self);
  return status;
}

/* Where all modules are scripts, there are processes enough: those that run them. */
static gboolean
serve_wants_workers (const Serve *self)
{
  guint i = 0;

  if (self->worker != NULL || script_options_get_workers () == 1)
    return FALSE;
  while (self->modules != NULL && self->modules[i] != NULL
         && serve_workers_is_script (self->modules[i]))
    i++;
  return i == 0 || self->modules[i] != NULL;
}

static int
serve_run_workers (Serve *self, char **arguments)
{
  const ServeWorkersOptions options = {
    .n_workers = script_options_get_workers (),
    .arguments = arguments,
    .addresses = self->addresses,
    .replace = self->replace,
    .insecure = self->insecure,
    .grace = self->grace,
    .idle_exit = self->idle_exit,
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

  self->sockets = serve_workers_parse (self->worker, &number);
  self->addresses = self->sockets;
  self->idle_exit = 0;
  drain_options_clear (&self->drain_options);
  self->drain_options = (DrainOptions){ NULL };
  script_options_unset_workers ();
  metrics_set_worker (number);
  if (self->control_address != NULL)
    {
      g_autofree char *address = g_steal_pointer (&self->control_address);

      self->control_address = g_strdup_printf ("%s.%u", address, number);
    }
}

static void serve_reload (gpointer user_data);

static int
serve_run_here (Serve *self)
{
  int status;

  /* Whoever has read that it listens may send a signal at once. */
  self->loop = g_main_loop_new (NULL, FALSE);
  tool_watch_signals (serve_stop, self);
  if (self->file != NULL)
    tool_watch_reload (serve_reload);
  self->drain = drain_new (&drain_funcs, self->worker != NULL, self);
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
serve_check (const Serve *self)
{
  const ServeChecks checks = {
    .addresses = self->addresses,
    .label = self->file != NULL ? "--listen" : "serve",
    .proxy_protocol = self->proxy_protocol,
    .proxy_from = self->proxy_from,
    .tls_cert = self->tls_cert,
    .tls_key = self->tls_key,
    .tls_client_ca = self->tls_client_ca,
  };

  return serve_checks_run (&checks);
}

/* What the file says takes the place of what the command line has said. FALSE: it is wrong, which
 * has been said. */
static gboolean
serve_read_config (Serve *self, const char *path)
{
  static char *nothing[] = { NULL };
  ConfigErrors errors = { .file = config_file_read (path) };

  self->file = errors.file;
  serve_parse (self, self->file, NULL, NULL, NULL);
  self->addresses = self->listen != NULL ? self->listen : nothing;
  config_errors_begin (&errors);
  if (serve_check (self) == TOOL_DONE)
    access_options_check ();
  serve_checks_load_modules ((const char *const *) self->modules);
  config_errors_end (&errors);
  return !config_errors_print (self->file);
}

static void
serve_reload (gpointer user_data)
{
  Serve *self = user_data;
  g_auto (Serve) fresh = { .limits = limit_options_new () };
  gboolean good;

  service_notify_reloading ();
  access_options_begin_draft ();
  script_options_begin_draft ();
  good = serve_read_config (&fresh, self->config.path) && self->server != NULL;
  if (good)
    {
      serve_apply_live (&fresh, self->server);
      self->grace = fresh.grace;
      log_set_rate (fresh.log_rate);
      serve_config_log_later (self->file, fresh.file);
      g_clear_pointer (&self->file, config_file_free);
      self->file = g_steal_pointer (&fresh.file);
    }
  config_changes_log_outcome (self->config.path, good);
  script_options_end_draft (FALSE);
  access_options_end_draft (good);
  service_notify_reloaded ();
}

static int
serve_take_config (Serve *self, const char *const *argv)
{
  int status = config_options_check (&self->config, "serve", argv);

  if (status != TOOL_DONE || self->config.path == NULL)
    return status;
  limit_options_free (self->limits);
  self->limits = limit_options_new ();
  return serve_read_config (self, self->config.path) ? TOOL_DONE : TOOL_USAGE;
}

static int
serve_run (int argc, char **argv)
{
  g_auto (Serve) self = { .limits = limit_options_new (), .status = TOOL_DONE };
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  int status;

  if (!serve_parse (&self, NULL, &argc, &argv, &status))
    return status;
  status = serve_take_config (&self, (const char *const *) arguments);
  if (status != TOOL_DONE || self.config.check)
    return status;
  /* A worker gets what stands in the file as its command line. */
  if (self.file == NULL && self.listen != NULL && self.worker == NULL)
    return tool_usage_error ("serve: --listen is a key of a file, see --config");
  if (self.file == NULL && self.listen == NULL && argc < 2)
    return tool_usage_error ("serve: at least one ADDRESS is wanted");
  self.addresses = self.file != NULL ? self.listen : argv + 1;
  if (!(self.worker != NULL ? service_begin_at (WORKER_REPORT_FD, &error) : service_begin (&error)))
    return tool_usage_error ("serve: %s", error->message);
  log_set_rate (self.log_rate);
  if (self.worker != NULL)
    serve_become_worker (&self);
  status = serve_check (&self);
  if (status != TOOL_DONE)
    return status;
  if (self.take_over_address != NULL && (serve_wants_workers (&self) || self.worker != NULL))
    return tool_usage_error ("--take-over is for a server that is one process, and not for "
                             "several of them (--workers)");
  return serve_wants_workers (&self)
           ? serve_run_workers (&self, self.file != NULL ? self.arguments : arguments)
           : serve_run_here (&self);
}

const ToolCommand tool_serve = {
  .name = "serve",
  .summary = "let others use analyzers of this process",
  .run = serve_run,
};
