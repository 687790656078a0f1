/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/imp-connector-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-descriptor-port-private.h"
#include "io/imp-socket-private.h"

/* A unix socket whose listener is behind with accepting refuses at once; it is asked again. */
#define RETRY_MS 10

struct _ImpConnector
{
  gatomicrefcount ref_count; /* ours, and one for what is under way */
  GMainContext *context;
  GSocketClient *client;
  GSocketConnectable *target;
  GCancellable *cancellable;
  char *name;
  guint timeout_ms;
  GSource *timeout;
  GSource *retry;
  ImpConnectorFunc func; /* NULL once it was called or given up */
  gpointer user_data;
};

static void
connector_unref (ImpConnector *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_object_unref (self->client);
  g_object_unref (self->target);
  g_object_unref (self->cancellable);
  g_free (self->name);
  g_free (self);
}

static void
connector_finish (ImpConnector *self, GIOStream *stream, const GError *error)
{
  ImpConnectorFunc func = g_steal_pointer (&self->func);

  imp_source_clear (&self->timeout);
  imp_source_clear (&self->retry);
  if (func == NULL)
    return;
  func (stream, error, self->user_data);
  connector_unref (self);
}

static gboolean
connector_on_timeout (gpointer user_data)
{
  ImpConnector *self = user_data;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (self->cancellable);
  g_set_error (&error, IMP_ERROR, IMP_ERROR_TIMEOUT,
               "Cannot connect to %s: no answer within %u ms (connect-timeout)", self->name,
               self->timeout_ms);
  connector_finish (self, NULL, error);
  return G_SOURCE_REMOVE;
}

static void connector_try_connect (ImpConnector *self);

static gboolean
connector_on_retry (gpointer user_data)
{
  ImpConnector *self = user_data;

  imp_source_clear (&self->retry);
  connector_try_connect (self);
  return G_SOURCE_REMOVE;
}

static void
connector_on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpConnector *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) connection = NULL;

  connection = g_socket_client_connect_finish (self->client, result, &error);
  if (self->func == NULL)
    ;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    self->retry = imp_source_add_timeout (self->context, RETRY_MS, "imp connector: retry",
                                          connector_on_retry, self);
  else if (connection != NULL)
    connector_finish (self, G_IO_STREAM (connection), NULL);
  else
    {
      g_prefix_error (&error, "Cannot connect to %s: ", self->name);
      connector_finish (self, NULL, error);
    }
  connector_unref (self);
}

static void
connector_try_connect (ImpConnector *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  g_main_context_push_thread_default (self->context);
  g_socket_client_connect_async (self->client, self->target, self->cancellable,
                                 connector_on_connected, self);
  g_main_context_pop_thread_default (self->context);
}

/* As early as can be, so that no urgent byte is left out (see imp_transport_new()), and no
 * descriptor gets in. */
static void
connector_on_event (GSocketClient *client, GSocketClientEvent event, GSocketConnectable *target,
                    GIOStream *stream, gpointer user_data)
{
  GSocket *socket;

  if (event != G_SOCKET_CLIENT_CONNECTING)
    return;
  socket = g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  imp_socket_take_urgent_inline (socket);
  imp_descriptor_port_refuse (socket);
}

/* A name's addresses may change between one attempt and the next, and a GNetworkAddress keeps those
 * that it has found. */
static GSocketConnectable *
connector_refresh_target (GSocketConnectable *target)
{
  GNetworkAddress *name;

  if (!G_IS_NETWORK_ADDRESS (target))
    return g_object_ref (target);
  name = G_NETWORK_ADDRESS (target);
  return g_network_address_new (g_network_address_get_hostname (name),
                                g_network_address_get_port (name));
}

static ImpConnector *
connector_start (GMainContext *context, GSocketConnectable *target, gboolean with_proxies,
                 const char *name, guint timeout_ms, ImpConnectorFunc func, gpointer user_data)
{
  ImpConnector *self = g_new0 (ImpConnector, 1);

  g_assert (func != NULL);
  g_atomic_ref_count_init (&self->ref_count);
  self->context = g_main_context_ref (context);
  self->client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (self->client, with_proxies);
  g_signal_connect (self->client, "event", G_CALLBACK (connector_on_event), NULL);
  self->target = connector_refresh_target (target);
  self->cancellable = g_cancellable_new ();
  self->name = g_strdup (name);
  self->timeout_ms = timeout_ms;
  self->func = func;
  self->user_data = user_data;
  self->timeout = imp_source_add_timeout (self->context, timeout_ms, "imp connector: timeout",
                                          connector_on_timeout, self);
  connector_try_connect (self);
  return self;
}

ImpConnector *
imp_connector_start (GMainContext *context, GSocketConnectable *target, const char *name,
                     guint timeout_ms, ImpConnectorFunc func, gpointer user_data)
{
  return connector_start (context, target, FALSE, name, timeout_ms, func, user_data);
}

ImpConnector *
imp_connector_start_with_proxies (GMainContext *context, GSocketConnectable *target,
                                  const char *name, guint timeout_ms, ImpConnectorFunc func,
                                  gpointer user_data)
{
  return connector_start (context, target, TRUE, name, timeout_ms, func, user_data);
}

void
imp_connector_cancel (ImpConnector *self)
{
  g_assert (self->func != NULL);
  self->func = NULL;
  imp_source_clear (&self->timeout);
  imp_source_clear (&self->retry);
  g_cancellable_cancel (self->cancellable);
  connector_unref (self);
}
