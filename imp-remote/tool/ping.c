/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/json-line.h"
#include "tool/tool.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The server answers, but nothing can be analyzed there now. */
#define PING_NOT_USABLE 3
/* Of each second of the time, what the question for the modules may take. */
#define STATUS_SHARE_MS 750

typedef struct
{
  const char *address;
  char *codec;
  char *tls_ca;
  char *tls_cert;
  char *tls_key;
  char *tls_name;
  gboolean insecure;
  guint timeout; /* seconds */
  gboolean json;

  GMainLoop *loop;
  ImpRemoteFactory *factory;
  guint version;  /* once there is a connection */
  GList *modules; /* of ImpFactoryStatus */
  gint64 asked;   /* monotonic microseconds */
  int status;
} Ping;

static const ImpLimit ping_limits[] = {
  { "timeout", IMP_LIMIT_SECONDS, G_STRUCT_OFFSET (Ping, timeout), 1, TOOL_MAX_SECONDS, 10,
    "how long to wait for an answer" },
};

static void
ping_clear (Ping *self)
{
  g_free (self->codec);
  g_free (self->tls_ca);
  g_free (self->tls_cert);
  g_free (self->tls_key);
  g_free (self->tls_name);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_object (&self->factory);
  g_list_free_full (self->modules, (GDestroyNotify) imp_factory_status_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ping, ping_clear)

static void
ping_end (Ping *self, int status)
{
  self->status = status;
  g_main_loop_quit (self->loop);
}

static void
ping_fail (Ping *self, const GError *error)
{
  ping_end (self, tool_error ("ping \"%s\": %s", self->address, error->message));
}

static gboolean
ping_is_usable (Ping *self)
{
  for (GList *l = self->modules; l != NULL; l = l->next)
    if (imp_factory_status_get_state (l->data) != IMP_FACTORY_STATE_UP)
      return FALSE;
  return TRUE;
}

static void
ping_print_text (Ping *self, GList *interfaces, gint64 microseconds)
{
  tool_print ("version: %u", self->version);
  tool_print ("codec: %s", imp_remote_factory_get_codec_name (self->factory));
  for (GList *l = self->modules; l != NULL; l = l->next)
    {
      g_autofree char *text = imp_factory_status_to_string (l->data);

      tool_print ("module: %s", text);
    }
  for (GList *l = interfaces; l != NULL; l = l->next)
    {
      g_autofree char *text = imp_interface_to_string (l->data);

      tool_print ("interface: %s", text);
    }
  if (microseconds >= 0)
    tool_print ("round-trip time: %.3f ms", microseconds / 1000.0);
}

static void
ping_add_text (JsonBuilder *builder, const char *name, const char *text)
{
  if (text == NULL)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, text);
}

static void
ping_add_number (JsonBuilder *builder, const char *name, gint64 number)
{
  if (number < 0)
    return;
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, number);
}

static void
ping_add_module (JsonBuilder *builder, ImpFactoryStatus *status)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (IMP_TYPE_FACTORY_STATE);

  json_builder_begin_object (builder);
  ping_add_text (builder, "name", imp_factory_status_get_name (status));
  ping_add_text (builder, "state",
                 g_enum_get_value (states, imp_factory_status_get_state (status))->value_nick);
  ping_add_text (builder, "reason", imp_factory_status_get_reason (status));
  ping_add_number (builder, "since-ms", imp_factory_status_get_since (status));
  ping_add_number (builder, "next-attempt-ms", imp_factory_status_get_retry (status));
  json_builder_end_object (builder);
}

static void
ping_print_json (Ping *self, GList *interfaces, gint64 microseconds)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GVariant) statistics = imp_remote_factory_get_statistics (self->factory);
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *line = NULL;

  json_builder_begin_object (builder);
  ping_add_number (builder, "version", self->version);
  ping_add_text (builder, "codec", imp_remote_factory_get_codec_name (self->factory));
  json_builder_set_member_name (builder, "modules");
  json_builder_begin_array (builder);
  for (GList *l = self->modules; l != NULL; l = l->next)
    ping_add_module (builder, l->data);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "interfaces");
  json_builder_begin_array (builder);
  for (GList *l = interfaces; l != NULL; l = l->next)
    json_builder_add_value (builder, json_boxed_serialize (IMP_TYPE_INTERFACE, l->data));
  json_builder_end_array (builder);
  ping_add_number (builder, "round-trip-us", microseconds);
  json_builder_set_member_name (builder, "statistics");
  json_builder_add_value (builder, json_gvariant_serialize (statistics));
  json_builder_end_object (builder);

  root = json_builder_get_root (builder);
  line = json_line_new (root);
  tool_print_json (line, strlen (line));
}

static void
ping_print (Ping *self, GList *interfaces, gint64 microseconds)
{
  if (self->json)
    ping_print_json (self, interfaces, microseconds);
  else
    ping_print_text (self, interfaces, microseconds);
}

/* A server whose module cannot be reached may not know its interfaces. That it answers is shown all
 * the same, with what is wrong. */
static void
ping_go_without_interfaces (Ping *self, const char *reason)
{
  if (ping_is_usable (self))
    {
      ping_end (self, tool_error ("ping \"%s\": %s", self->address, reason));
      return;
    }
  tool_error ("ping \"%s\": no interfaces: %s", self->address, reason);
  ping_print (self, NULL, -1);
  ping_end (self, PING_NOT_USABLE);
}

static void
ping_on_interfaces (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ping *self = user_data;
  g_autoptr (GError) error = NULL;
  gint64 took = g_get_monotonic_time () - self->asked;
  GList *interfaces = imp_factory_query_interfaces_finish (IMP_FACTORY (source), result, &error);

  if (error != NULL)
    {
      ping_go_without_interfaces (self, error->message);
      return;
    }
  ping_print (self, interfaces, took);
  g_list_free_full (interfaces, (GDestroyNotify) imp_interface_unref);
  ping_end (self, ping_is_usable (self) ? TOOL_DONE : PING_NOT_USABLE);
}

static void
ping_on_statuses (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ping *self = user_data;

  self->modules = imp_factory_query_statuses_finish (IMP_FACTORY (source), result, NULL);
  self->asked = g_get_monotonic_time ();
  imp_factory_query_interfaces_async (IMP_FACTORY (source), NULL, NULL, ping_on_interfaces, self);
}

static void
ping_on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Ping *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!imp_remote_factory_connect_finish (IMP_REMOTE_FACTORY (source), result, &error))
    {
      ping_fail (self, error);
      return;
    }
  self->version = imp_remote_factory_get_version (self->factory);
  imp_factory_query_statuses_async (IMP_FACTORY (source), self->timeout * STATUS_SHARE_MS, NULL,
                                    ping_on_statuses, self);
}

static gboolean
ping_on_timeout (gpointer user_data)
{
  Ping *self = user_data;
  g_autofree char *text = g_strdup_printf ("no answer within %u seconds", self->timeout);

  ping_go_without_interfaces (self, text);
  return G_SOURCE_REMOVE;
}

static gboolean
ping_parse (Ping *self, int *argc, char ***argv, int *status)
{
  g_autoptr (LimitOptions) limits = limit_options_new ();
  const GOptionEntry entries[] = {
    { "codec", 'c', 0, G_OPTION_ARG_STRING, &self->codec, "The wire format (default: cbor)",
      "NAME" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &self->json, "Print one JSON object, for programs", NULL },
    { "tls-ca", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_ca,
      "Those who vouch for the server (PEM; default: whom the system trusts)", "FILE" },
    { "tls-cert", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_cert,
      "The certificate of this side, if the server demands one (PEM)", "FILE" },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_key,
      "The key to it, if it is not in the same file", "FILE" },
    { "tls-name", 0, 0, G_OPTION_ARG_STRING, &self->tls_name,
      "What the server's certificate is for (default: the address's host)", "NAME" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure, "Speak to another machine without TLS",
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  const ToolOptions options = {
    .parameters = "ADDRESS - see whether a server answers",
    .summary
    = "Connects to a server and prints the version of the protocol, the wire format, how its\n"
      "modules are, the interfaces and the round-trip time. Addresses are /PATH or ./PATH "
      "for\na unix socket, @NAME, HOST:PORT, [IPV6]:PORT or tls://HOST:PORT. The exit status is 0 "
      "if all "
      "modules can\nbe used, 3 if one cannot now, and 1 if there is no answer.",
    .entries = entries,
    .limits = limits,
  };

  limit_options_add_rows (limits, ping_limits, G_N_ELEMENTS (ping_limits), self);
  limit_options_set_letter (limits, "timeout", 't');
  if (!tool_parse_options (&options, argc, argv, status))
    return FALSE;
  if (*argc != 2)
    *status = tool_usage_error ("ping: exactly one ADDRESS is wanted");
  return *status == TOOL_DONE;
}

/* An error names the option, which the property could not do. */
static int
ping_make_factory (Ping *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ImpCodec) codec = NULL;

  if (self->codec != NULL)
    {
      codec = imp_codec_new_by_name (self->codec, &error);
      if (codec == NULL)
        return tool_usage_error ("--codec \"%s\": %s", self->codec, error->message);
    }
  self->factory = imp_remote_factory_new (self->address, &error);
  if (self->factory == NULL)
    return tool_option_error ("ping", self->address, error);
  g_object_set (self->factory, "tls-ca", self->tls_ca, "tls-cert", self->tls_cert, "tls-key",
                self->tls_key, "tls-name", self->tls_name, "insecure", self->insecure, NULL);
  if (codec != NULL)
    imp_remote_factory_use_codec (self->factory, codec);
  return TOOL_DONE;
}

static int
ping_run (int argc, char **argv)
{
  g_auto (Ping) self = { NULL };
  int status;

  if (!ping_parse (&self, &argc, &argv, &status))
    return status;
  self.address = argv[1];
  status = ping_make_factory (&self);
  if (status != TOOL_DONE)
    return status;

  self.loop = g_main_loop_new (NULL, FALSE);
  g_timeout_add_seconds (self.timeout, ping_on_timeout, &self);
  imp_remote_factory_connect_async (self.factory, NULL, ping_on_connected, &self);
  g_main_loop_run (self.loop);
  imp_remote_factory_close (self.factory);
  return self.status;
}

const ToolCommand tool_ping = {
  .name = "ping",
  .summary = "see whether a server answers",
  .run = ping_run,
};
