/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client/imp-client-handshake-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-tls-base-private.h"
#include "rpc/imp-tls-text-private.h"

struct _ImpClientHandshake
{
  GIOStream *base;
  GTlsConnection *tls;
  GCancellable *cancellable;
  GSource *timeout;
  char *server;
  char *name;
  guint timeout_ms;
  GError *refusal;             /* why the server's certificate is refused */
  ImpClientHandshakeFunc func; /* NULL once it was called or given up */
  gpointer user_data;
};

static void
client_handshake_free (ImpClientHandshake *self)
{
  imp_source_clear (&self->timeout);
  if (self->tls != NULL)
    g_signal_handlers_disconnect_by_data (self->tls, self);
  g_clear_object (&self->tls);
  g_object_unref (self->base);
  g_object_unref (self->cancellable);
  g_clear_error (&self->refusal);
  g_free (self->server);
  g_free (self->name);
  g_free (self);
}

static void
client_handshake_tell (ImpClientHandshake *self, GIOStream *stream, GError *error)
{
  ImpClientHandshakeFunc func = g_steal_pointer (&self->func);

  imp_source_clear (&self->timeout);
  if (func == NULL)
    return;
  if (error != NULL)
    g_prefix_error (&error, "Cannot connect to %s: ", self->server);
  func (stream, error, self->user_data);
}

/* GIO's thread is still at it, with a descriptor that must not become another one's. */
static gboolean
client_handshake_on_timeout (gpointer user_data)
{
  ImpClientHandshake *self = user_data;
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                                          "the TLS handshake took more than %u ms "
                                          "(connect-timeout)",
                                          self->timeout_ms);

  g_cancellable_cancel (self->cancellable);
  client_handshake_tell (self, NULL, error);
  return G_SOURCE_REMOVE;
}

static gboolean
client_handshake_on_certificate (GTlsConnection *tls, GTlsCertificate *certificate,
                                 GTlsCertificateFlags errors, gpointer user_data)
{
  ImpClientHandshake *self = user_data;

  g_clear_error (&self->refusal);
  if (errors != 0)
    self->refusal = imp_tls_text_refuse (certificate, errors, "the server's", self->name);
  return errors == 0;
}

static gboolean
client_handshake_check (ImpClientHandshake *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (g_tls_connection_handshake_finish (self->tls, result, &failure))
    return imp_tls_text_check_version (self->tls, "the server's", error);
  if (self->refusal != NULL)
    g_propagate_error (error, g_steal_pointer (&self->refusal));
  else
    g_propagate_error (error, imp_tls_text_explain (failure, FALSE));
  return FALSE;
}

static void
client_handshake_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ImpClientHandshake *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean succeeded = client_handshake_check (self, result, &error);

  if (!succeeded || self->func == NULL)
    g_io_stream_close (self->base, NULL, NULL);
  client_handshake_tell (self, succeeded ? G_IO_STREAM (self->tls) : NULL, error);
  client_handshake_free (self);
}

/* An address is not told to the server as its name: TLS has no names that are addresses. */
static GSocketConnectable *
client_handshake_new_identity (const ImpClientTls *tls)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string (tls->name, tls->port);

  return address != NULL ? G_SOCKET_CONNECTABLE (address)
                         : g_network_address_new (tls->name, tls->port);
}

static gboolean
client_handshake_open (ImpClientHandshake *self, const ImpClientTls *tls, GError **error)
{
  g_autoptr (GSocketConnectable) identity = client_handshake_new_identity (tls);
  GTlsDatabase *database = imp_tls_credentials_get_database (tls->credentials);
  GTlsCertificate *certificate = imp_tls_credentials_get_certificate (tls->credentials);
  g_autoptr (GIOStream) below = NULL;

  below = G_IS_TCP_CONNECTION (self->base) ? imp_tls_base_new (G_SOCKET_CONNECTION (self->base))
                                           : g_object_ref (self->base);
  self->tls = G_TLS_CONNECTION (g_tls_client_connection_new (below, identity, error));
  if (self->tls == NULL)
    {
      g_prefix_error (error, "Cannot connect to %s: ", self->server);
      return FALSE;
    }
  if (database != NULL)
    g_tls_connection_set_database (self->tls, database);
  if (certificate != NULL)
    g_tls_connection_set_certificate (self->tls, certificate);
  g_signal_connect (self->tls, "accept-certificate", G_CALLBACK (client_handshake_on_certificate),
                    self);
  return TRUE;
}

ImpClientHandshake *
imp_client_handshake_start (GMainContext *context, GIOStream *base, const ImpClientTls *tls,
                            const char *server, guint timeout_ms, ImpClientHandshakeFunc func,
                            gpointer user_data, GError **error)
{
  ImpClientHandshake *self = g_new0 (ImpClientHandshake, 1);

  self->base = g_object_ref (base);
  self->cancellable = g_cancellable_new ();
  self->server = g_strdup (server);
  self->name = g_strdup (tls->name);
  self->timeout_ms = timeout_ms;
  self->func = func;
  self->user_data = user_data;
  if (!client_handshake_open (self, tls, error))
    {
      client_handshake_free (self);
      return NULL;
    }
  self->timeout = imp_source_add_timeout (context, timeout_ms, "imp client handshake",
                                          client_handshake_on_timeout, self);
  g_main_context_push_thread_default (context);
  g_tls_connection_handshake_async (self->tls, G_PRIORITY_DEFAULT, self->cancellable,
                                    client_handshake_on_done, self);
  g_main_context_pop_thread_default (context);
  return self;
}

void
imp_client_handshake_cancel (ImpClientHandshake *self)
{
  g_assert (self->func != NULL);
  self->func = NULL;
  imp_source_clear (&self->timeout);
  g_cancellable_cancel (self->cancellable);
}
