/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/relay/relay-connection.h"

#include "io/imp-socket-private.h"
#include "rpc/imp-address-private.h"
#include "rpc/imp-connector-private.h"
#include "tool/relay/relay-log.h"

#include <sys/socket.h>

/* Milliseconds. */
#define REFUSAL_DELAY 50

struct _RelayConnection
{
  GSocketConnection *client;
  char *name; /* the client's address */
  char *target_text;
  ImpFactory *factory;
  guint idle_timeout_ms;
  guint deadline_ms;
  guint max_extensions;
  guint hold_timeout_ms;
  gsize max_growth;
  guint max_log_rate;
  gsize max_log_size;
  guint keepalive_s;
  gboolean verbose;
  RelayRecorder *recorder;
  const char *const *modules;
  ImpRecordingWriter *writer;
  guint refusal; /* the source of it, or 0 */
  ImpConnector *connector;
  ImpRelay *relay;
  GCancellable *cancellable;
  RelayConnectionFunc over;
  gpointer user_data;
};

static void
relay_connection_log (RelayConnection *self, const char *what, const char *text)
{
  relay_log_event (self->name, self->target_text, what, text);
}

static void
relay_connection_on_result (ImpRelay *relay, ImpResult *result, gpointer user_data)
{
  RelayConnection *self = user_data;

  relay_log_result (self->name, self->target_text, result);
}

/* A client at a unix socket gives itself a name, if it wants one. */
static char *
relay_connection_get_client_name (GSocketConnection *client)
{
  g_autoptr (GSocketAddress) address = g_socket_connection_get_remote_address (client, NULL);
  g_autofree char *name = address != NULL ? imp_address_of_socket (address) : g_strdup ("unknown");

  return imp_clean_line (name, IMP_CLEAN_TEXT_MAX);
}

/* The keys that analyzers know: caddr and cport, saddr and sport. */
static void
relay_connection_add_address (GHashTable *context, char side, GSocketAddress *address)
{
  char *key = g_strdup_printf ("%caddr", side);

  if (G_IS_INET_SOCKET_ADDRESS (address))
    {
      GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (address);

      g_hash_table_insert (context, key,
                           g_inet_address_to_string (g_inet_socket_address_get_address (inet)));
      g_hash_table_insert (context, g_strdup_printf ("%cport", side),
                           g_strdup_printf ("%u", g_inet_socket_address_get_port (inet)));
    }
  else
    g_hash_table_insert (context, key, imp_address_of_socket (address));
}

static GHashTable *
relay_connection_make_context (RelayConnection *self, GIOStream *server)
{
  GHashTable *context = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GSocketAddress) from = g_socket_connection_get_remote_address (self->client, NULL);
  g_autoptr (GSocketAddress) to = NULL;

  if (G_IS_SOCKET_CONNECTION (server))
    to = g_socket_connection_get_remote_address (G_SOCKET_CONNECTION (server), NULL);
  if (from != NULL)
    relay_connection_add_address (context, 'c', from);
  if (to != NULL)
    relay_connection_add_address (context, 's', to);
  return context;
}

/* The last thing that happens: @self is freed in here. */
static void
relay_connection_end (RelayConnection *self)
{
  g_io_stream_close (G_IO_STREAM (self->client), NULL, NULL);
  self->over (self, self->user_data);
}

/* A regular end would say that the server had nothing to answer. */
void
relay_connection_reset (GSocketConnection *client)
{
  struct linger linger = { .l_onoff = TRUE, .l_linger = 0 };
  GSocket *socket = g_socket_connection_get_socket (client);

  if (G_IS_TCP_CONNECTION (client))
    setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_io_stream_close (G_IO_STREAM (client), NULL, NULL);
}

static gboolean
relay_connection_on_refusal (gpointer user_data)
{
  RelayConnection *self = user_data;

  self->refusal = 0;
  relay_connection_reset (self->client);
  relay_connection_end (self);
  return G_SOURCE_REMOVE;
}

/* For a client that was never connected with anybody. A reset that came at once could overtake the
 * client's own connect(), for which nobody would listen here then. */
static void
relay_connection_refuse (RelayConnection *self)
{
  self->refusal = g_timeout_add (REFUSAL_DELAY, relay_connection_on_refusal, self);
}

static void
relay_connection_on_relayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  RelayConnection *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good = imp_relay_run_finish (IMP_RELAY (source), result, &error);

  /* @self has been freed already. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  relay_recorder_finish (g_steal_pointer (&self->writer), error);
  if (g_error_matches (error, IMP_ERROR, IMP_ERROR_DENIED))
    relay_connection_log (self, "refused", error->message);
  else if (!good)
    relay_connection_log (self, "failed", error->message);
  relay_connection_end (self);
}

static void
relay_connection_follow (RelayConnection *self, const char *signal)
{
  g_signal_connect (self->relay, signal, G_CALLBACK (relay_connection_on_result), self);
}

static void
relay_connection_run (RelayConnection *self, GIOStream *server, ImpAnalyzer *analyzer,
                      GHashTable *context)
{
  self->relay = g_object_new (IMP_TYPE_RELAY, "client", self->client, "server", server, "analyzer",
                              analyzer, "idle-timeout", self->idle_timeout_ms, "deadline",
                              self->deadline_ms, "max-extensions", self->max_extensions,
                              "hold-timeout", self->hold_timeout_ms, "max-growth",
                              (guint64) self->max_growth, "max-log-rate", self->max_log_rate,
                              "max-log-size", (guint64) self->max_log_size, NULL);
  if (self->verbose)
    {
      relay_connection_follow (self, "result");
    }
  else
    {
      relay_connection_follow (self, "result::log");
      relay_connection_follow (self, "result::account_field");
    }
  self->writer = relay_recorder_follow (self->recorder, self->relay, context, self->modules);
  imp_relay_run_async (self->relay, self->cancellable, relay_connection_on_relayed, self);
}

/* A machine that has vanished says nothing, and neither does an idle one: TCP asks. */
static void
relay_connection_keep_alive (RelayConnection *self, GIOStream *stream)
{
  imp_socket_set_keepalive (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)),
                            self->keepalive_s * 1000);
}

static void
relay_connection_on_connected (GIOStream *server, const GError *error, gpointer user_data)
{
  RelayConnection *self = user_data;
  g_autoptr (GHashTable) context = NULL;
  g_autoptr (ImpAnalyzer) analyzer = NULL;
  g_autoptr (GError) local = NULL;

  self->connector = NULL;
  if (server == NULL)
    {
      relay_connection_log (self, "failed", error->message);
      relay_connection_refuse (self);
      return;
    }

  context = relay_connection_make_context (self, server);
  analyzer = imp_factory_create_analyzer (self->factory, context, &local);
  if (analyzer == NULL)
    {
      relay_connection_log (self, "no analyzer", local->message);
      g_io_stream_close (server, NULL, NULL);
      relay_connection_refuse (self);
      return;
    }
  relay_connection_keep_alive (self, G_IO_STREAM (self->client));
  relay_connection_keep_alive (self, server);
  relay_connection_run (self, server, analyzer, context);
}

RelayConnection *
relay_connection_new (GSocketConnection *client, const RelayConnectionSetup *setup,
                      RelayConnectionFunc over, gpointer user_data)
{
  RelayConnection *self = g_new0 (RelayConnection, 1);

  self->client = g_object_ref (client);
  self->name = relay_connection_get_client_name (client);
  self->target_text = g_strdup (setup->target_text);
  self->factory = g_object_ref (setup->factory);
  self->idle_timeout_ms = setup->idle_timeout_ms;
  self->deadline_ms = setup->deadline_ms;
  self->max_extensions = setup->max_extensions;
  self->hold_timeout_ms = setup->hold_timeout_ms;
  self->max_growth = setup->max_growth;
  self->max_log_rate = setup->max_log_rate;
  self->max_log_size = setup->max_log_size;
  self->keepalive_s = setup->keepalive_s;
  self->verbose = setup->verbose;
  self->recorder = setup->recorder;
  self->modules = setup->modules;
  self->cancellable = g_cancellable_new ();
  self->over = over;
  self->user_data = user_data;
  self->connector = imp_connector_start (g_main_context_default (), setup->target,
                                         setup->target_text, setup->connect_timeout_ms,
                                         relay_connection_on_connected, self);
  return self;
}

char *
relay_connection_dup_exceeded (RelayConnection *self)
{
  g_autoptr (GVariant) statistics = NULL;
  const char *exceeded;

  if (self->relay == NULL)
    return NULL;
  statistics = imp_filter_get_statistics (imp_relay_get_filter (self->relay));
  g_assert (g_variant_lookup (statistics, "exceeded", "&s", &exceeded));
  return exceeded[0] != '\0' ? g_strdup (exceeded) : NULL;
}

void
relay_connection_free (RelayConnection *self)
{
  g_clear_pointer (&self->connector, imp_connector_cancel);
  g_clear_handle_id (&self->refusal, g_source_remove);
  if (self->relay != NULL)
    g_signal_handlers_disconnect_by_data (self->relay, self);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->relay);
  g_clear_object (&self->writer);
  g_clear_object (&self->factory);
  g_clear_object (&self->client);
  g_free (self->target_text);
  g_free (self->name);
  g_free (self);
}
