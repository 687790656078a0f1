/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-setup.h"

#include "tool/trace/trace.h"

#include "tool/control/control.h"
#include "tool/handover/take-over.h"

#define PLACE(member) G_STRUCT_OFFSET (RelaySetup, member)

/* The kernel's own. */
#define MAX_KEEPALIVE 32767

static const ImpLimit relay_setup_limits[] = {
  { "max-connections", IMP_LIMIT_COUNT, PLACE (options.max_connections), 1, 1000000, 4096,
    "how many connections there may be at once" },
  { "max-connections-per-peer", IMP_LIMIT_COUNT, PLACE (options.max_connections_per_peer), 1,
    1000000, 4096, "how many of them one address or user may have" },
  { "connect-timeout", IMP_LIMIT_SECONDS, PLACE (options.connect_timeout), 1, TOOL_MAX_SECONDS, 10,
    "how long the server may take to accept" },
  { "greeting-timeout", IMP_LIMIT_SECONDS, PLACE (options.greeting_timeout), 1, TOOL_MAX_SECONDS,
    10, "how long a client may take to say where it wants to go, or a proxy whose it is" },
  { "sni-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.sni_timeout), 1, TOOL_MAX_SECONDS * 1000,
    3000, "how many ms --sni waits for a client, which may be one that does not speak first" },
  { "idle-timeout", IMP_LIMIT_SECONDS, PLACE (options.idle_timeout), 0, TOOL_MAX_SECONDS, 3600,
    "end connections in which nothing has moved for so long, 0 never" },
  { "datagram-idle-timeout", IMP_LIMIT_SECONDS, PLACE (options.datagram_idle_timeout), 1,
    TOOL_MAX_SECONDS, 60,
    "forget clients of udp: from and for which nothing has come for so long" },
  { "deadline", IMP_LIMIT_SECONDS, PLACE (options.deadline), 0, TOOL_MAX_SECONDS, 60,
    "end connections whose analyzer leaves data without a verdict for so long, 0 never" },
  { "max-extensions", IMP_LIMIT_COUNT, PLACE (options.max_extensions), 0, 1000000, 10,
    "how often PAUSE or REPLACE_LATER extend the deadline" },
  { "max-growth", IMP_LIMIT_BYTES, PLACE (options.max_growth), 0, G_MAXINT64, 0,
    "how much longer a direction may become by what an analyzer adds, 0 without limit" },
  { "max-log-rate", IMP_LIMIT_COUNT, PLACE (options.max_log_rate), 0, 1000000, 0,
    "how many results for the log an analyzer may give a second, 0 any number" },
  { "max-log-size", IMP_LIMIT_BYTES, PLACE (options.max_log_size), 1, G_MAXINT64, 65536,
    "how many bytes the text of one of them may have" },
  { "hold-timeout", IMP_LIMIT_MILLISECONDS, PLACE (options.hold_timeout), 0,
    TOOL_MAX_SECONDS * 1000, 500,
    "how many ms the beginning of what a PASS_PATTERN may match is held, 0 until it is decided" },
  { "warn-silence", IMP_LIMIT_SECONDS, PLACE (options.warn_silence), 0, TOOL_MAX_SECONDS, 10,
    "after how long it is logged that an analyzer says nothing about what waits, 0 never" },
  { "keepalive", IMP_LIMIT_SECONDS, PLACE (options.keepalive), 0, MAX_KEEPALIVE, 60,
    "after so long a silence, TCP asks whether the other machine is still there, 0 never" },
  { "max-shadows", IMP_LIMIT_COUNT, PLACE (options.max_shadows), 1, 1000000, 64,
    "how many connections are compared with a --shadow at a time" },
  { "record-max", IMP_LIMIT_BYTES, PLACE (record_max), 4096, 1023 << 20, 16 << 20,
    "how many bytes of one connection are recorded" },
  { "record-max-total", IMP_LIMIT_BYTES, PLACE (record_max_total), 4096, G_MAXINT64, 1 << 30,
    "after how many bytes of all connections nothing is recorded any more" },
  { "log-rate", IMP_LIMIT_COUNT, PLACE (log_rate), 0, 1000000, 100,
    "how many lines of each kind a second are logged on average, 0 all" },
  { "grace", IMP_LIMIT_SECONDS, PLACE (grace), 0, TOOL_MAX_SECONDS, 10,
    "how long connections may go on after SIGTERM or SIGINT" },
  { "take-over-timeout", IMP_LIMIT_SECONDS, PLACE (take_over_timeout), 1, TOOL_MAX_SECONDS, 60,
    "how long another process may take from asking for the sockets until it accepts" },
  { "take-over-grace", IMP_LIMIT_SECONDS, PLACE (take_over_grace), 0, TOOL_MAX_SECONDS, 0,
    "how long they may go on once another process has taken over, 0 until they end" },
};

RelaySetup *
relay_setup_new (void)
{
  RelaySetup *self = g_new0 (RelaySetup, 1);

  self->parts = relay_parts_new ();
  return self;
}

void
relay_setup_free (RelaySetup *self)
{
  config_options_clear (&self->config);
  g_ptr_array_unref (self->parts);
  g_free (self->record);
  g_free (self->control);
  g_free (self->take_over);
  g_free (self);
}

static gboolean
relay_setup_on_part (const char *option, const char *value, gpointer data, GError **error)
{
  RelaySetup *self = data;

  relay_parts_add (self->parts, option, value);
  return TRUE;
}

/* @file: NULL, or what is read instead of the command line. */
static gboolean
relay_setup_apply (RelaySetup *self, ConfigFile *file, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part, "Where clients connect to",
      "ADDRESS" },
    { "module", 'm', 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "The analyzer: a module and its settings (default: pass); several: one behind the other",
      "NAME[=SETTINGS]" },
    { "connect", 'c', 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "The server that they are connected with", "ADDRESS" },
    { "socks", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Instead of --connect: the client says where to, by SOCKS 4, 4a or 5", NULL },
    { "http-connect", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Instead of --connect: the client says where to, by HTTP CONNECT", NULL },
    { "transparent", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Instead of --connect: to where the client was redirected from (REDIRECT, TPROXY)", NULL },
    { "allow-to", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Where clients may go that say where to; several", "ADDRESS[/BITS][:PORT[-PORT]]" },
    { "ask-first", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Make the analyzer, which may refuse, before the server is connected", NULL },
    { "sni", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Wait for the name in the beginning of TLS, and tell the analyzer", NULL },
    { "proxy-protocol", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Read PROXY headers of clients, or send them to servers", "in|out|out-v1|out-v2" },
    { "proxy-from", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Whose PROXY headers are believed; several", "ADDRESS[/BITS]" },
    { "upstream-proxy", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "How servers are reached: directly, as the desktop is set, or so", "none|auto|URI" },
    { "shadow", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Compare with what this module would do; several: one behind the other", "NAME[=SETTINGS]" },
    { "canary", 0, 0, G_OPTION_ARG_CALLBACK, relay_setup_on_part,
      "Let the --shadow modules decide about so many of a hundred connections", "PERCENT" },
    { "evict", 0, 0, G_OPTION_ARG_NONE, &self->options.evict,
      "New clients of udp: take the places of those not heard of for longest", NULL },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &self->record,
      "Record each connection in a file of its own in this folder", "DIR" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->options.verbose,
      "Log every verdict of the analyzers", NULL },
    CONTROL_OPTION (&self->control),
    TAKE_OVER_OPTION (&self->take_over),
    CONFIG_OPTION_ENTRIES (&self->config),
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "{--listen ADDRESS... [--module NAME[=SETTINGS]]... "
                  "[--shadow NAME[=SETTINGS]]... [--canary PERCENT] "
                  "{--connect ADDRESS | --socks | --http-connect | --transparent}}...",
    .summary = "Forwards each connection that comes in at a --listen to the --connect behind it,\n"
               "through the modules between them. Addresses are /PATH or ./PATH for a unix "
               "socket,\n@NAME, HOST:PORT or [IPV6]:PORT; --listen also takes fd:N and systemd. "
               "udp:HOST:PORT on\nboth sides is for datagrams. "
               "Prints\n\"listening ADDRESS\" for each. What the analyzers say is logged on "
               "standard error.",
    .entries = entries,
    .limits = limits,
    .has_access = TRUE,
    .has_log = TRUE,
    .has_metrics = TRUE,
    .has_scripts = TRUE,
    .data = self,
  };

  limit_options_add_rows (limits, relay_setup_limits, G_N_ELEMENTS (relay_setup_limits), self);
  trace_add_limits (limits);
  if (file == NULL)
    return tool_parse_options (&options, argc, argv, status);
  /* The defaults are right. */
  limit_options_check (limits, NULL);
  relay_config_apply_options (file, &options);
  return TRUE;
}

gboolean
relay_setup_parse (RelaySetup *self, int *argc, char ***argv, int *status)
{
  g_auto (GStrv) words = g_strdupv (*argv);

  if (!relay_setup_apply (self, NULL, argc, argv, status))
    return FALSE;
  *status = config_options_check (&self->config, "relay", (const char *const *) words);
  if (*status == TOOL_DONE && *argc > 1)
    *status = tool_usage_error ("relay: \"%s\": addresses are given with --listen and --connect",
                                (*argv)[1]);
  self->options.records = self->record != NULL;
  return *status == TOOL_DONE;
}

void
relay_setup_read (RelaySetup *self, ConfigFile *file)
{
  relay_setup_apply (self, file, NULL, NULL, NULL);
  self->options.records = self->record != NULL;
}
