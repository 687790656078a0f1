/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/serve-setup.h"

#include "tool/access-options.h"
#include "tool/control/control.h"
#include "tool/handover/take-over.h"
#include "tool/script-options.h"
#include "tool/serve-checks.h"
#include "tool/serve-config.h"
#include "tool/trace/trace.h"
#include "tool/workers/serve-workers.h"

static const ImpLimit serve_setup_limits[] = {
  /* The server's own counts milliseconds. */
  { "grace", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (ServeSetup, grace), 0, TOOL_MAX_SECONDS, 10,
    "how long analyzers may go on after SIGTERM or SIGINT" },
  { "idle-exit", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (ServeSetup, idle_exit), 0, TOOL_MAX_SECONDS, 0,
    "after how long without a client it ends (0: never)" },
  { "take-over-timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (ServeSetup, take_over_timeout), 1,
    TOOL_MAX_SECONDS, 60,
    "how long another process may take from asking for the sockets until it accepts" },
  { "take-over-grace", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (ServeSetup, take_over_grace), 0,
    TOOL_MAX_SECONDS, 0,
    "how long they may go on once another process has taken over, 0 until they end" },
  { "drain-delay", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (ServeSetup, drain.delay), 0,
    TOOL_MAX_SECONDS, 3, "how long after a balancer was told \"drain\" clients are told goodbye" },
  { "log-rate", IMP_LIMIT_COUNT, G_STRUCT_OFFSET (ServeSetup, log_rate), 0, 1000000, 100,
    "how many lines of each kind a second are logged on average, 0 all" },
};

ServeSetup *
serve_setup_new (void)
{
  ServeSetup *self = g_new0 (ServeSetup, 1);

  self->limits = limit_options_new ();
  return self;
}

void
serve_setup_free (ServeSetup *self)
{
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
  drain_options_clear (&self->drain);
  g_free (self->worker);
  g_free (self->control_address);
  g_free (self->take_over_address);
  limit_options_free (self->limits);
  g_free (self);
}

/* @file: NULL, or what is read instead of the command line. */
static gboolean
serve_setup_parse_options (ServeSetup *self, ConfigFile *file, int *argc, char ***argv, int *status)
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
    { "agent-check", 0, 0, G_OPTION_ARG_STRING, &self->drain.agent_check,
      "Tell load balancers there how it is, as HAProxy's agent check wants it", "ADDRESS" },
    { "agent-check-from", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->drain.agent_check_from,
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

  limit_options_add_rows (self->limits, serve_setup_limits, G_N_ELEMENTS (serve_setup_limits),
                          self);
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

      g_strfreev (self->arguments);
      self->arguments = serve_config_make_arguments (file, table);
    }
  return TRUE;
}

static ServeChecks
serve_setup_make_checks (const ServeSetup *self)
{
  return (ServeChecks){
    .addresses = self->addresses,
    .label = self->file != NULL ? "--listen" : "serve",
    .codec = self->codec,
    .proxy_protocol = self->proxy_protocol,
    .proxy_from = self->proxy_from,
    .tls_cert = self->tls_cert,
    .tls_key = self->tls_key,
    .tls_client_ca = self->tls_client_ca,
  };
}

int
serve_setup_check (const ServeSetup *self)
{
  const ServeChecks checks = serve_setup_make_checks (self);

  return serve_checks_run (&checks);
}

int
serve_setup_check_files (const ServeSetup *self)
{
  const ServeChecks checks = serve_setup_make_checks (self);

  return serve_checks_try_tls (&checks);
}

gboolean
serve_setup_read (ServeSetup *self, const char *path)
{
  static char *nothing[] = { NULL };
  ConfigErrors errors = { .file = config_file_read (path) };

  self->file = errors.file;
  serve_setup_parse_options (self, self->file, NULL, NULL, NULL);
  self->addresses = self->listen != NULL ? self->listen : nothing;
  config_errors_begin (&errors);
  if (serve_setup_check (self) == TOOL_DONE)
    access_options_check ();
  serve_checks_load_modules ((const char *const *) self->modules);
  config_errors_end (&errors);
  return !config_errors_print (self->file);
}

/* What the file says takes the place of what the command line has said. */
static int
serve_setup_take_config (ServeSetup *self, const char *const *argv)
{
  int status = config_options_check (&self->config, "serve", argv);

  if (status != TOOL_DONE || self->config.path == NULL)
    return status;
  limit_options_free (self->limits);
  self->limits = limit_options_new ();
  return serve_setup_read (self, self->config.path) ? TOOL_DONE : TOOL_USAGE;
}

gboolean
serve_setup_parse (ServeSetup *self, int argc, char **argv, int *status)
{
  self->arguments = g_strdupv (argv);
  if (!serve_setup_parse_options (self, NULL, &argc, &argv, status))
    return FALSE;
  *status = serve_setup_take_config (self, (const char *const *) self->arguments);
  if (*status != TOOL_DONE || self->config.check)
    return FALSE;
  /* A worker gets what stands in the file as its command line. */
  if (self->file == NULL && self->listen != NULL && self->worker == NULL)
    *status = tool_usage_error ("serve: --listen is a key of a file, see --config");
  else if (self->file == NULL && self->listen == NULL && argc < 2)
    *status = tool_usage_error ("serve: at least one ADDRESS is wanted");
  if (self->file == NULL)
    self->addresses = argv + 1;
  return *status == TOOL_DONE;
}

gboolean
serve_setup_wants_workers (const ServeSetup *self)
{
  guint i = 0;

  if (self->worker != NULL || script_options_get_workers () == 1)
    return FALSE;
  /* Where all modules are scripts, there are processes enough: those that run them. */
  while (self->modules != NULL && self->modules[i] != NULL
         && serve_workers_is_script (self->modules[i]))
    i++;
  return i == 0 || self->modules[i] != NULL;
}

char *
serve_setup_name_modules (const ServeSetup *self)
{
  g_auto (GStrv) names = tool_name_modules ((const char *const *) self->modules);

  return names != NULL && names[0] != NULL ? g_strjoinv (", ", names) : g_strdup ("pass");
}

static ImpSharedMemory
serve_setup_get_shared_memory (const ServeSetup *self)
{
  if (self->any_peer)
    return IMP_SHARED_MEMORY_ANY_PEER;
  return self->shared_memory ? IMP_SHARED_MEMORY_AUTO : IMP_SHARED_MEMORY_OFF;
}

static void
serve_setup_limit_connections (const ServeSetup *self, ImpServer *server)
{
  /* One for the memory of each. */
  const guint descriptors = serve_setup_get_shared_memory (self) != IMP_SHARED_MEMORY_OFF ? 2 : 1;
  guint wanted;

  g_object_get (server, "max-connections", &wanted, NULL);
  g_object_set (server, "max-connections", tool_limit_connections (wanted, descriptors), NULL);
}

void
serve_setup_apply (const ServeSetup *self, ImpServer *server)
{
  limit_options_apply (self->limits, G_OBJECT (server));
  serve_setup_limit_connections (self, server);
  g_object_set (server, "codec", self->codec != NULL ? self->codec : "auto", "replace",
                self->replace, "insecure", self->insecure, "shared-memory",
                serve_setup_get_shared_memory (self), "socket-mode", access_options_get_mode (),
                "grace", self->grace * 1000, "tls-cert", self->tls_cert, "tls-key", self->tls_key,
                "tls-client-ca", self->tls_client_ca, "allow-uids",
                access_options_get_lists ()->uids.texts, "allow-gids",
                access_options_get_lists ()->gids.texts, "proxy-from", self->proxy_from, NULL);
}
