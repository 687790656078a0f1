/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/tool.h"

/* Options that set the server's property of the same name. */
enum
{
  MAX_CONNECTIONS,
  MAX_ANALYZERS,
  MAX_MESSAGE, /* the first that is a size */
  MAX_CONTEXT,
  MAX_HELD,
  MAX_HELD_ALL,
  MAX_OUTPUT, /* the last one */
  HANDSHAKE_TIMEOUT,
  KEEPALIVE, /* the first that may be 0 */
  BUSY_POLL,
  N_NUMBERS,
};

static const char *const numbers[] = {
  "max-connections", "max-analyzers", "max-message",       "max-context", "max-held",
  "max-held-all",    "max-output",    "handshake-timeout", "keepalive",   "busy-poll",
};

G_STATIC_ASSERT (G_N_ELEMENTS (numbers) == N_NUMBERS);

typedef struct
{
  char **modules;
  char *codec;
  int numbers[N_NUMBERS]; /* -1: the server's default */
  int grace;              /* seconds */
  gboolean replace;
  gboolean insecure;
  gboolean stopped; /* by a signal */

  GMainLoop *loop;
  ImpServer *server;
} Serve;

static void
serve_clear (Serve *self)
{
  g_strfreev (self->modules);
  g_free (self->codec);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_object (&self->server);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Serve, serve_clear)

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Serve *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!imp_server_stop_finish (IMP_SERVER (source), result, &error))
    g_message ("%s", error->message);
  g_main_loop_quit (self->loop);
}

static void
stop (gpointer user_data)
{
  Serve *self = user_data;

  self->stopped = TRUE;
  if (self->server != NULL)
    imp_server_stop_async (self->server, NULL, on_stopped, self);
}

static gboolean
parse (Serve *self, int *argc, char ***argv, int *status)
{
  GOptionEntry entries[] = {
    { "module", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &self->modules,
      "The analyzer: a module and its settings (default: pass)", "NAME[=SETTINGS]" },
    { "codec", 'c', 0, G_OPTION_ARG_STRING, &self->codec,
      "The wire format: auto (default), cbor, json, storable or sereal", "NAME" },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &self->replace,
      "Take a unix socket over from a server that listens there still", NULL },
    { "max-connections", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_CONNECTIONS],
      "How many clients may be connected", "N" },
    { "max-analyzers", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_ANALYZERS],
      "How many analyzers a client may have", "N" },
    { "max-message", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_MESSAGE],
      "How large a message may be", "BYTES" },
    { "max-context", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_CONTEXT],
      "How large a context may be", "BYTES" },
    { "max-held", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_HELD],
      "How much an analyzer may hold without a verdict", "BYTES" },
    { "max-held-all", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_HELD_ALL],
      "The same for all analyzers of a client", "BYTES" },
    { "max-output", 0, 0, G_OPTION_ARG_INT, &self->numbers[MAX_OUTPUT],
      "How much may wait for a client to read it", "BYTES" },
    { "handshake-timeout", 0, 0, G_OPTION_ARG_INT, &self->numbers[HANDSHAKE_TIMEOUT],
      "Within what time a client has to say something", "MS" },
    { "keepalive", 0, 0, G_OPTION_ARG_INT, &self->numbers[KEEPALIVE],
      "After what silence TCP asks whether a client's machine is there; 0 never", "MS" },
    { "busy-poll", 0, 0, G_OPTION_ARG_INT, &self->numbers[BUSY_POLL],
      "How long to spin on a socket before sleeping; it costs a core", "US" },
    { "grace", 0, 0, G_OPTION_ARG_INT, &self->grace,
      "How long analyzers may go on after SIGTERM or SIGINT (default: 10)", "SECONDS" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure,
      "Allow addresses that other machines can reach", NULL },
    G_OPTION_ENTRY_NULL,
  };

  return tool_parse_options ("ADDRESS... - let others use analyzers of this process",
                             "Serves a module at one or more addresses: /PATH or ./PATH for a unix "
                             "socket,\n@NAME, HOST:PORT, [IPV6]:PORT, fd:N or systemd. Prints "
                             "\"listening ADDRESS\" for each.",
                             entries, NULL, argc, argv, status);
}

/* What was not given keeps the server's own default. */
static int
apply_numbers (Serve *self)
{
  for (guint i = 0; i < N_NUMBERS; i++)
    {
      g_autofree char *option = g_strconcat ("--", numbers[i], NULL);
      int value = self->numbers[i];
      int status = TOOL_DONE;

      if (value == -1)
        continue;
      status = tool_check_range (option, value, i >= KEEPALIVE ? 0 : 1, G_MAXINT);
      if (status != TOOL_DONE)
        return status;
      if (i >= MAX_MESSAGE && i <= MAX_OUTPUT)
        g_object_set (self->server, numbers[i], (guint64) value, NULL);
      else
        g_object_set (self->server, numbers[i], (guint) value, NULL);
    }
  return TOOL_DONE;
}

static int
apply_codec (Serve *self)
{
  g_autoptr (ImpCodec) codec = NULL;
  g_autoptr (GError) error = NULL;

  if (self->codec == NULL || g_str_equal (self->codec, "auto"))
    return TOOL_DONE;
  codec = imp_codec_new_by_name (self->codec, &error);
  if (codec == NULL)
    return tool_usage_error ("--codec \"%s\": %s, or \"auto\"", self->codec, error->message);
  g_object_set (self->server, "codec", self->codec, NULL);
  return TOOL_DONE;
}

static int
listen_all (Serve *self, char **addresses)
{
  g_auto (GStrv) listening = NULL;

  for (; *addresses != NULL; addresses++)
    {
      g_autoptr (GError) error = NULL;

      if (!imp_server_listen (self->server, *addresses, &error))
        return tool_option_error ("serve", *addresses, error);
    }

  listening = imp_server_list_addresses (self->server);
  for (char **address = listening; *address != NULL; address++)
    tool_print_listening (*address);
  return TOOL_DONE;
}

static int
start (Serve *self, char **addresses)
{
  g_autoptr (ImpFactory) factory = NULL;
  int status = TOOL_DONE;

  factory = tool_new_factory ((const char *const *) self->modules, &status);
  if (factory == NULL)
    return status;
  self->server = imp_server_new (factory);
  status = apply_codec (self);
  if (status == TOOL_DONE)
    status = apply_numbers (self);
  if (status == TOOL_DONE)
    status = tool_check_range ("--grace", self->grace, 0, TOOL_MAX_SECONDS);
  if (status != TOOL_DONE)
    return status;
  g_object_set (self->server, "grace", (guint) self->grace * 1000, "replace", self->replace,
                "insecure", self->insecure, NULL);
  return listen_all (self, addresses);
}

int
tool_serve_run (int argc, char **argv)
{
  g_auto (Serve) self = { .grace = 10 };
  int status;

  for (guint i = 0; i < N_NUMBERS; i++)
    self.numbers[i] = -1;

  if (!parse (&self, &argc, &argv, &status))
    return status;
  if (argc < 2)
    return tool_usage_error ("serve: at least one ADDRESS is wanted");

  /* Whoever has read that it listens may send a signal at once. */
  self.loop = g_main_loop_new (NULL, FALSE);
  tool_watch_signals (stop, &self);
  status = start (&self, argv + 1);
  if (status == TOOL_DONE && !self.stopped)
    g_main_loop_run (self.loop);
  if (self.server != NULL)
    imp_server_close (self.server);
  return status;
}
