/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay.h"

/* The order of --listen, --module and --connect says what belongs together, so that they are kept
 * as they come. */
typedef enum
{
  PART_LISTEN,
  PART_MODULE,
  PART_CONNECT,
} PartKind;

typedef struct
{
  PartKind kind;
  char *value;
} Part;

typedef struct
{
  GPtrArray *parts;
  GPtrArray *groups;
  GMainLoop *loop;
  int max_connections;
  int connect_timeout; /* seconds, as the next */
  int idle_timeout;
  int grace;
  gboolean verbose;
  gboolean stopped; /* by a signal */
} Relay;

static void
part_free (Part *part)
{
  g_free (part->value);
  g_free (part);
}

static void
relay_clear (Relay *self)
{
  g_clear_pointer (&self->groups, g_ptr_array_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Relay, relay_clear)

static gboolean
on_part (const char *option, const char *value, gpointer data, GError **error)
{
  Relay *self = data;
  Part *part = g_new0 (Part, 1);

  if (g_str_equal (option, "--listen") || g_str_equal (option, "-l"))
    part->kind = PART_LISTEN;
  else if (g_str_equal (option, "--module") || g_str_equal (option, "-m"))
    part->kind = PART_MODULE;
  else
    part->kind = PART_CONNECT;
  part->value = g_strdup (value);
  g_ptr_array_add (self->parts, part);
  return TRUE;
}

static gboolean
parse (Relay *self, int *argc, char ***argv, int *status)
{
  GOptionEntry entries[] = {
    { "listen", 'l', 0, G_OPTION_ARG_CALLBACK, on_part, "Where clients connect to", "ADDRESS" },
    { "module", 'm', 0, G_OPTION_ARG_CALLBACK, on_part,
      "The analyzer: a module and its settings (default: pass)", "NAME[=SETTINGS]" },
    { "connect", 'c', 0, G_OPTION_ARG_CALLBACK, on_part, "The server that they are connected with",
      "ADDRESS" },
    { "max-connections", 0, 0, G_OPTION_ARG_INT, &self->max_connections,
      "How many connections there may be at once (default: 4096)", "N" },
    { "connect-timeout", 0, 0, G_OPTION_ARG_INT, &self->connect_timeout,
      "How long the server may take to accept (default: 10)", "SECONDS" },
    { "idle-timeout", 0, 0, G_OPTION_ARG_INT, &self->idle_timeout,
      "End connections in which nothing has moved for so long (default: 0, never)", "SECONDS" },
    { "grace", 0, 0, G_OPTION_ARG_INT, &self->grace,
      "How long connections may go on after SIGTERM or SIGINT (default: 10)", "SECONDS" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &self->verbose, "Log every verdict of the analyzers",
      NULL },
    G_OPTION_ENTRY_NULL,
  };

  return tool_parse_options (
    "{--listen ADDRESS... [--module NAME[=SETTINGS]] --connect ADDRESS}...",
    "Forwards each connection that comes in at a --listen to the --connect behind it,\nthrough the "
    "module between them. Addresses are /PATH or ./PATH for a unix socket,\n@NAME, HOST:PORT or "
    "[IPV6]:PORT; --listen also takes fd:N and systemd. Prints\n\"listening ADDRESS\" for each. "
    "What the analyzers say is logged on standard error.",
    entries, self, argc, argv, status);
}

static int
check_options (Relay *self)
{
  int status = tool_check_range ("--max-connections", self->max_connections, 1, 1000000);

  if (status == TOOL_DONE)
    status = tool_check_range ("--connect-timeout", self->connect_timeout, 1, TOOL_MAX_SECONDS);
  if (status == TOOL_DONE)
    status = tool_check_range ("--idle-timeout", self->idle_timeout, 0, TOOL_MAX_SECONDS);
  if (status == TOOL_DONE)
    status = tool_check_range ("--grace", self->grace, 0, TOOL_MAX_SECONDS);
  return status;
}

/* Called whenever a group may have come to its end. */
static void
on_group_stopped (gpointer user_data)
{
  Relay *self = user_data;

  for (guint i = 0; i < self->groups->len; i++)
    if (!relay_group_is_idle (self->groups->pdata[i]))
      return;
  g_main_loop_quit (self->loop);
}

static gboolean
on_grace_over (gpointer user_data)
{
  Relay *self = user_data;

  g_message ("Connections that are still there after %d seconds are closed", self->grace);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
stop (gpointer user_data)
{
  Relay *self = user_data;

  self->stopped = TRUE;
  for (guint i = 0; i < self->groups->len; i++)
    relay_group_stop (self->groups->pdata[i]);
  g_timeout_add_seconds (self->grace, on_grace_over, self);
  on_group_stopped (self);
}

static RelayGroup *
add_group (Relay *self)
{
  RelayLimits limits = {
    .max_connections = self->max_connections,
    .connect_timeout_ms = self->connect_timeout * 1000,
    .idle_timeout_ms = self->idle_timeout * 1000,
    .verbose = self->verbose,
  };
  RelayGroup *group = relay_group_new (&limits, on_group_stopped, self);

  g_ptr_array_add (self->groups, group);
  return group;
}

static int
apply_part (RelayGroup *group, const Part *part)
{
  switch (part->kind)
    {
    case PART_LISTEN:
      return relay_group_add_listen (group, part->value);
    case PART_MODULE:
      return relay_group_add_module (group, part->value);
    case PART_CONNECT:
    default:
      if (!relay_group_has_listeners (group))
        return tool_usage_error ("--connect \"%s\": a --listen ADDRESS must stand before it",
                                 part->value);
      return relay_group_set_target (group, part->value);
    }
}

/* Everything is made before anything starts, so that a mistake in the last word of a command line
 * is found before the first connection is taken. */
static int
make_groups (Relay *self)
{
  RelayGroup *group = NULL;
  const Part *last = NULL;

  for (guint i = 0; i < self->parts->len; i++)
    {
      int status;

      last = self->parts->pdata[i];
      if (group == NULL)
        group = add_group (self);
      status = apply_part (group, last);
      if (status != TOOL_DONE)
        return status;
      if (last->kind == PART_CONNECT)
        group = NULL;
    }
  if (last == NULL)
    return tool_usage_error ("relay: at least --listen ADDRESS and --connect ADDRESS are wanted");
  if (group != NULL)
    return tool_usage_error ("%s \"%s\": a --connect ADDRESS must stand behind it",
                             last->kind == PART_LISTEN ? "--listen" : "--module", last->value);
  return TOOL_DONE;
}

static int
start_groups (Relay *self)
{
  int status = TOOL_DONE;

  for (guint i = 0; i < self->groups->len && status == TOOL_DONE; i++)
    status = relay_group_listen (self->groups->pdata[i]);
  for (guint i = 0; i < self->groups->len && status == TOOL_DONE; i++)
    relay_group_start (self->groups->pdata[i]);
  return status;
}

int
tool_relay_run (int argc, char **argv)
{
  g_auto (Relay) self = { .max_connections = 4096, .connect_timeout = 10, .grace = 10 };
  int status = TOOL_DONE;

  self.parts = g_ptr_array_new_with_free_func ((GDestroyNotify) part_free);
  self.groups = g_ptr_array_new_with_free_func ((GDestroyNotify) relay_group_free);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (!parse (&self, &argc, &argv, &status))
    return status;
  if (argc > 1)
    return tool_usage_error ("relay: \"%s\": addresses are given with --listen and --connect",
                             argv[1]);

  /* Whoever has read that it listens may send a signal at once. */
  tool_watch_signals (stop, &self);
  status = check_options (&self);
  if (status == TOOL_DONE)
    status = make_groups (&self);
  if (status == TOOL_DONE && !self.stopped)
    status = start_groups (&self);
  if (status == TOOL_DONE && !self.stopped)
    g_main_loop_run (self.loop);
  return status;
}
