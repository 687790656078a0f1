/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/access-options.h"
#include "core/imp-log-private.h"
#include "tool/log.h"
#include "tool/relay/relay-datagrams.h"
#include "tool/relay/relay-group.h"
#include "tool/tool.h"

/* What one word of the command line says of its group. @value: NULL where there is none. */
typedef int (*RelayPartFunc) (RelayGroup *group, const char *value);

typedef struct
{
  const char *option;
  const char *letter; /* or NULL */
  RelayPartFunc apply;
  gboolean ends_group;
} RelayPartKind;

/* The order of --listen, --module and --connect says what belongs together, so that they are kept
 * as they come. */
typedef struct
{
  const RelayPartKind *kind;
  char *value;
} RelayPart;

typedef struct
{
  GPtrArray *parts;
  GPtrArray *groups;
  GMainLoop *loop;
  Opening *opening;          /* of all listeners; NULL once that is over */
  RelayDatagrams *datagrams; /* that are being opened; NULL once that is over */
  guint n_opened;            /* of the groups: datagrams of theirs */
  RelayOptions options;
  char *record;     /* a folder, or NULL */
  gsize record_max; /* bytes of one recording */
  gsize record_max_total;
  guint grace;      /* seconds */
  guint log_rate;   /* lines a second, 0: all */
  gboolean stopped; /* by a signal */
  int status;
} Relay;

#define PLACE(member) G_STRUCT_OFFSET (Relay, member)

/* The kernel's own. */
#define MAX_KEEPALIVE 32767
/* Of one connection: its client's socket and its server's. */
#define CONNECTION_DESCRIPTORS 2

static const ImpLimit relay_limits[] = {
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
  { "keepalive", IMP_LIMIT_SECONDS, PLACE (options.keepalive), 0, MAX_KEEPALIVE, 60,
    "after so long a silence, TCP asks whether the other machine is still there, 0 never" },
  { "max-shadows", IMP_LIMIT_COUNT, PLACE (options.max_shadows), 1, 1000000, 64,
    "how many connections are compared with a --shadow at a time" },
  { "record-max", IMP_LIMIT_BYTES, PLACE (record_max), 4096, 1023 << 20, 16 << 20,
    "how many bytes of one connection are recorded" },
  { "record-max-total", IMP_LIMIT_BYTES, PLACE (record_max_total), 4096, G_MAXINT64, 1 << 30,
    "after how many bytes of all connections nothing is recorded any more" },
  { "log-rate", IMP_LIMIT_COUNT, PLACE (log_rate), 0, 1000000, 100,
    "how many lines about connections a second are logged on average, 0 all" },
  { "grace", IMP_LIMIT_SECONDS, PLACE (grace), 0, TOOL_MAX_SECONDS, 10,
    "how long connections may go on after SIGTERM or SIGINT" },
};

static void
relay_part_free (RelayPart *part)
{
  g_free (part->value);
  g_free (part);
}

static void
relay_clear (Relay *self)
{
  g_clear_pointer (&self->opening, opening_free);
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->options.recorder, relay_recorder_free);
  g_clear_pointer (&self->options.own, relay_own_free);
  g_clear_pointer (&self->record, g_free);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Relay, relay_clear)

static int
relay_apply_socks (RelayGroup *group, const char *value)
{
  return relay_route_set_protocol (relay_group_get_route (group), &imp_request_socks);
}

static int
relay_apply_http_connect (RelayGroup *group, const char *value)
{
  return relay_route_set_protocol (relay_group_get_route (group), &imp_request_http);
}

static int
relay_apply_transparent (RelayGroup *group, const char *value)
{
  return relay_route_set_transparent (relay_group_get_route (group));
}

static int
relay_apply_ask_first (RelayGroup *group, const char *value)
{
  relay_group_get_route (group)->ask_first = TRUE;
  return TOOL_DONE;
}

static int
relay_apply_sni (RelayGroup *group, const char *value)
{
  relay_group_get_route (group)->sni = TRUE;
  return TOOL_DONE;
}

static int
relay_apply_proxy_protocol (RelayGroup *group, const char *value)
{
  return relay_route_set_proxy_protocol (relay_group_get_route (group), value);
}

static int
relay_apply_proxy_from (RelayGroup *group, const char *value)
{
  return relay_route_add_proxy_from (relay_group_get_route (group), value);
}

static int
relay_apply_allow_to (RelayGroup *group, const char *value)
{
  return relay_route_add_allow_to (relay_group_get_route (group), value);
}

static int
relay_apply_upstream_proxy (RelayGroup *group, const char *value)
{
  return relay_route_set_upstream_proxy (relay_group_get_route (group), value);
}

static const RelayPartKind relay_parts[] = {
  { "--listen", "-l", relay_group_add_listen, FALSE },
  { "--module", "-m", relay_group_add_module, FALSE },
  { "--shadow", NULL, relay_group_add_shadow, FALSE },
  { "--canary", NULL, relay_group_set_canary, FALSE },
  { "--connect", "-c", relay_group_set_target, TRUE },
  { "--socks", NULL, relay_apply_socks, TRUE },
  { "--http-connect", NULL, relay_apply_http_connect, TRUE },
  { "--transparent", NULL, relay_apply_transparent, TRUE },
  { "--ask-first", NULL, relay_apply_ask_first, FALSE },
  { "--sni", NULL, relay_apply_sni, FALSE },
  { "--proxy-protocol", NULL, relay_apply_proxy_protocol, FALSE },
  { "--proxy-from", NULL, relay_apply_proxy_from, FALSE },
  { "--allow-to", NULL, relay_apply_allow_to, FALSE },
  { "--upstream-proxy", NULL, relay_apply_upstream_proxy, FALSE },
};

static gboolean
relay_on_part (const char *option, const char *value, gpointer data, GError **error)
{
  Relay *self = data;
  RelayPart *part = g_new0 (RelayPart, 1);

  for (guint i = 0; i < G_N_ELEMENTS (relay_parts); i++)
    if (g_str_equal (option, relay_parts[i].option)
        || g_strcmp0 (option, relay_parts[i].letter) == 0)
      part->kind = &relay_parts[i];
  g_assert (part->kind != NULL);
  part->value = g_strdup (value);
  g_ptr_array_add (self->parts, part);
  return TRUE;
}

static gboolean
relay_parse (Relay *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_CALLBACK, relay_on_part, "Where clients connect to",
      "ADDRESS" },
    { "module", 'm', 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "The analyzer: a module and its settings (default: pass); several: one behind the other",
      "NAME[=SETTINGS]" },
    { "connect", 'c', 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "The server that they are connected with", "ADDRESS" },
    { "socks", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Instead of --connect: the client says where to, by SOCKS 4, 4a or 5", NULL },
    { "http-connect", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Instead of --connect: the client says where to, by HTTP CONNECT", NULL },
    { "transparent", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Instead of --connect: to where the client was redirected from (REDIRECT, TPROXY)", NULL },
    { "allow-to", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Where clients may go that say where to; several", "ADDRESS[/BITS][:PORT[-PORT]]" },
    { "ask-first", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Make the analyzer, which may refuse, before the server is connected", NULL },
    { "sni", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Wait for the name in the beginning of TLS, and tell the analyzer", NULL },
    { "proxy-protocol", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Read PROXY headers of clients, or send them to servers", "in|out|out-v1|out-v2" },
    { "proxy-from", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Whose PROXY headers are believed; several", "ADDRESS[/BITS]" },
    { "upstream-proxy", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "How servers are reached: directly, as the desktop is set, or so", "none|auto|URI" },
    { "shadow", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Compare with what this module would do; several: one behind the other", "NAME[=SETTINGS]" },
    { "canary", 0, 0, G_OPTION_ARG_CALLBACK, relay_on_part,
      "Let the --shadow modules decide about so many of a hundred connections", "PERCENT" },
    { "evict", 0, 0, G_OPTION_ARG_NONE, &self->options.evict,
      "New clients of udp: take the places of those not heard of for longest", NULL },
    { "record", 0, 0, G_OPTION_ARG_FILENAME, &self->record,
      "Record each connection in a file of its own in this folder", "DIR" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->options.verbose,
      "Log every verdict of the analyzers", NULL },
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
    .has_scripts = TRUE,
    .data = self,
  };

  limit_options_add_rows (limits, relay_limits, G_N_ELEMENTS (relay_limits), self);
  return tool_parse_options (&options, argc, argv, status);
}

/* Called whenever a group may have come to its end. */
static void
relay_on_group_stopped (gpointer user_data)
{
  Relay *self = user_data;

  for (guint i = 0; i < self->groups->len; i++)
    if (!relay_group_is_idle (self->groups->pdata[i]))
      return;
  g_main_loop_quit (self->loop);
}

static gboolean
relay_on_grace_over (gpointer user_data)
{
  Relay *self = user_data;

  imp_log_message ("Connections that are still there after %u seconds are closed", self->grace);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
relay_stop (gpointer user_data)
{
  Relay *self = user_data;

  self->stopped = TRUE;
  if (self->opening != NULL)
    {
      opening_cancel (self->opening);
      return;
    }
  if (self->datagrams != NULL)
    {
      relay_datagrams_cancel (self->datagrams);
      return;
    }
  for (guint i = 0; i < self->groups->len; i++)
    relay_group_stop (self->groups->pdata[i]);
  g_timeout_add_seconds (self->grace, relay_on_grace_over, self);
  relay_on_group_stopped (self);
}

static RelayGroup *
relay_add_group (Relay *self)
{
  RelayGroup *group = relay_group_new (&self->options, relay_on_group_stopped, self);

  g_ptr_array_add (self->groups, group);
  return group;
}

/* As the user wrote it. */
static char *
relay_part_to_text (const RelayPart *part)
{
  return part->value != NULL ? g_strdup_printf ("%s \"%s\"", part->kind->option, part->value)
                             : g_strdup (part->kind->option);
}

/* @part would end a group that has no --listen. @end: what has ended the group before, or NULL. */
static int
relay_refuse_end (const RelayPart *part, const RelayPart *end)
{
  g_autofree char *text = relay_part_to_text (part);
  g_autofree char *end_text = NULL;

  if (end == NULL)
    return tool_usage_error ("%s: a --listen ADDRESS must stand before it", text);
  end_text = relay_part_to_text (end);
  return tool_usage_error ("%s: only one of --connect, --socks, --http-connect and --transparent "
                           "can end what a --listen begins, and %s has done so; a --listen of its "
                           "own must stand before it",
                           text, end_text);
}

/* Nothing ends the group of @part, the last one. @end: what has ended the group before, or NULL. */
static int
relay_refuse_rest (RelayGroup *group, const RelayPart *part, const RelayPart *end)
{
  g_autofree char *text = relay_part_to_text (part);
  g_autofree char *end_text = NULL;

  if (end == NULL || relay_group_has_listeners (group))
    return tool_usage_error ("%s: a --connect ADDRESS must stand behind it", text);
  end_text = relay_part_to_text (end);
  return tool_usage_error ("%s: it must stand before the %s that it is for", text, end_text);
}

static int
relay_apply_part (RelayGroup *group, const RelayPart *part)
{
  int status = part->kind->apply (group, part->value);

  if (status == TOOL_DONE && part->kind->ends_group)
    status = relay_group_complete (group);
  return status;
}

/* Everything is made before anything starts, so that an error in the last word of a command line is
 * found before the first connection is accepted. */
static int
relay_make_groups (Relay *self)
{
  RelayGroup *group = NULL;
  const RelayPart *last = NULL;
  const RelayPart *end = NULL; /* of the group before */

  for (guint i = 0; i < self->parts->len; i++)
    {
      int status;

      last = self->parts->pdata[i];
      if (group == NULL)
        group = relay_add_group (self);
      if (last->kind->ends_group && !relay_group_has_listeners (group))
        return relay_refuse_end (last, end);
      status = relay_apply_part (group, last);
      if (status != TOOL_DONE)
        return status;
      if (!last->kind->ends_group)
        continue;
      end = last;
      group = NULL;
    }
  if (last == NULL)
    return tool_usage_error ("relay: at least --listen ADDRESS and --connect ADDRESS are wanted");
  if (group != NULL)
    return relay_refuse_rest (group, last, end);
  return access_options_check ();
}

static void
relay_start_groups (Relay *self)
{
  for (guint i = 0; i < self->groups->len; i++)
    relay_group_start (self->groups->pdata[i]);
}

/* All that is to be opened was, or one of it cannot be. */
static gboolean
relay_has_opened (Relay *self, int status)
{
  if (status == TOOL_DONE && !self->stopped)
    return TRUE;
  self->status = self->stopped ? TOOL_DONE : status;
  g_main_loop_quit (self->loop);
  return FALSE;
}

static void relay_on_datagrams_opened (int status, gpointer user_data);

static void
relay_open_datagrams (Relay *self)
{
  while (self->n_opened < self->groups->len)
    {
      RelayDatagrams *datagrams = relay_group_get_datagrams (self->groups->pdata[self->n_opened++]);

      if (datagrams == NULL)
        continue;
      self->datagrams = datagrams;
      relay_datagrams_open (datagrams, relay_on_datagrams_opened, self);
      return;
    }
  relay_start_groups (self);
}

static void
relay_on_datagrams_opened (int status, gpointer user_data)
{
  Relay *self = user_data;

  self->datagrams = NULL;
  if (relay_has_opened (self, status))
    relay_open_datagrams (self);
}

static void
relay_on_opened (int status, gpointer user_data)
{
  Relay *self = user_data;

  g_clear_pointer (&self->opening, opening_free);
  for (guint i = 0; status == TOOL_DONE && i < self->groups->len; i++)
    status = relay_group_check_listeners (self->groups->pdata[i]);
  if (relay_has_opened (self, status))
    relay_open_datagrams (self);
}

static void
relay_begin_datagrams (gpointer user_data)
{
  Relay *self = user_data;

  if (relay_has_opened (self, TOOL_DONE))
    relay_open_datagrams (self);
}

static void
relay_open_groups (Relay *self)
{
  guint max_connections = tool_limit_connections (self->options.max_connections,
                                                  CONNECTION_DESCRIPTORS * self->groups->len);
  gboolean has_listeners = FALSE;

  self->opening = opening_new ();
  opening_set_mode (self->opening, access_options_get_mode ());
  for (guint i = 0; i < self->groups->len; i++)
    {
      RelayGroup *group = self->groups->pdata[i];

      relay_group_set_max_connections (group, max_connections);
      relay_group_open (group, self->opening);
      has_listeners |= relay_group_get_datagrams (group) == NULL;
    }
  if (has_listeners)
    {
      opening_start (self->opening, relay_on_opened, self);
      return;
    }
  g_clear_pointer (&self->opening, opening_free);
  g_idle_add_once (relay_begin_datagrams, self);
}

static int
relay_run (int argc, char **argv)
{
  g_auto (Relay) self = { .status = TOOL_DONE };
  int status;

  self.parts = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_part_free);
  self.groups = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_free);
  self.options.own = relay_own_new ();
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!relay_parse (&self, &argc, &argv, &status))
    return status;
  if (argc > 1)
    return tool_usage_error ("relay: \"%s\": addresses are given with --listen and --connect",
                             argv[1]);

  log_set_rate (self.log_rate);
  /* Whoever has read that it listens may send a signal at once. */
  tool_watch_signals (relay_stop, &self);
  if (self.record != NULL)
    {
      self.options.recorder = relay_recorder_new (self.record, self.record_max,
                                                  self.record_max_total, &status);
      if (self.options.recorder == NULL)
        return status;
    }
  status = relay_make_groups (&self);
  for (guint i = 0; i < self.groups->len && status == TOOL_DONE && !self.stopped; i++)
    status = relay_group_start_shadow (self.groups->pdata[i], &self.stopped);
  if (status != TOOL_DONE || self.stopped)
    return status;
  relay_open_groups (&self);
  g_main_loop_run (self.loop);
  return self.status;
}

const ToolCommand tool_relay = {
  .name = "relay",
  .summary = "forward connections through analyzers",
  .run = relay_run,
};
