/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/conform/conform-peer.h"

#include "core/imp-error.h"
#include "rpc/imp-connector-private.h"
#include "rpc/imp-listener-private.h"
#include "tool/tool.h"

/* Of connections that come while a case is still at work. */
#define WAITING_MAX 64

struct _ConformPeer
{
  char *text;                   /* the address, as the user wrote it */
  ImpAddress *address;          /* of a server */
  GSocketConnectable *target;   /* the same */
  GTlsDatabase *database;       /* with TLS: who vouches for the server, or NULL */
  GTlsCertificate *certificate; /* the same: what is shown, or NULL */
  GSocketConnectable *identity; /* the same: whom the server's certificate has to name */
  GPtrArray *listeners;         /* for a provider: of ImpListener */
  GQueue waiting;               /* of GIOStream */
  guint n_connections;
};

/* An error that names the option. */
static gboolean
conform_peer_blame (GError **error, const char *option, const char *path)
{
  g_prefix_error (error, "%s \"%s\": ", option, path);
  return FALSE;
}

static gboolean
conform_peer_load_tls (ConformPeer *self, const ConformTls *tls, GError **error)
{
  const char *key = tls->key != NULL ? tls->key : tls->certificate;
  g_autofree char *ca = NULL;

  if (!self->address->tls)
    return TRUE;
  self->identity = g_network_address_new (tls->name != NULL ? tls->name : self->address->host,
                                          self->address->port);
  if (tls->ca != NULL)
    {
      ca = g_canonicalize_filename (tls->ca, NULL);
      self->database = g_tls_file_database_new (ca, error);
      if (self->database == NULL)
        return conform_peer_blame (error, "--tls-ca", tls->ca);
    }
  if (tls->certificate == NULL)
    return TRUE;
  self->certificate = g_tls_certificate_new_from_files (tls->certificate, key, error);
  return self->certificate != NULL || conform_peer_blame (error, "--tls-cert", tls->certificate);
}

ConformPeer *
conform_peer_new_server (const char *address, const ConformTls *tls, GError **error)
{
  g_autoptr (ConformPeer) self = g_new0 (ConformPeer, 1);

  self->text = g_strdup (address);
  self->address = imp_address_parse (address, error);
  if (self->address == NULL)
    return NULL;
  self->target = imp_address_to_connectable (self->address, error);
  if (self->target == NULL || !conform_peer_load_tls (self, tls, error))
    return NULL;
  return g_steal_pointer (&self);
}

static void
conform_peer_on_connection (GSocketConnection *connection, gpointer user_data)
{
  ConformPeer *self = user_data;

  /* Those for whom there is no place are closed, and may come again. */
  if (g_queue_get_length (&self->waiting) < WAITING_MAX)
    g_queue_push_tail (&self->waiting, g_object_ref (connection));
  else
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

ConformPeer *
conform_peer_new_provider (const char *address, gboolean insecure, GError **error)
{
  g_autoptr (ConformPeer) self = g_new0 (ConformPeer, 1);
  const ImpListenerOptions options = { .mode = IMP_LISTENER_MODE_DEFAULT };
  g_autoptr (ImpAddress) parsed = imp_address_parse (address, error);

  self->text = g_strdup (address);
  self->listeners = g_ptr_array_new_with_free_func ((GDestroyNotify) imp_listener_free);
  if (parsed == NULL || !imp_address_refuse_tls (parsed, address, error)
      || !imp_listener_open (parsed, &options, self->listeners, error))
    return NULL;
  for (guint i = 0; i < self->listeners->len && !insecure; i++)
    if (imp_listener_is_exposed (self->listeners->pdata[i]))
      {
        g_set_error (
          error, IMP_ERROR, IMP_ERROR_SETTINGS,
          "other machines can reach this address, and nothing protects what is said "
          "there; use a loopback address or a unix socket, or --insecure if it is meant");
        return NULL;
      }
  for (guint i = 0; i < self->listeners->len; i++)
    {
      imp_listener_start (self->listeners->pdata[i], g_main_context_default (),
                          conform_peer_on_connection, self);
      tool_print_listening (imp_listener_get_address (self->listeners->pdata[i]));
    }
  return g_steal_pointer (&self);
}

void
conform_peer_free (ConformPeer *self)
{
  g_clear_pointer (&self->listeners, g_ptr_array_unref);
  g_queue_clear_full (&self->waiting, g_object_unref);
  g_clear_pointer (&self->address, imp_address_free);
  g_clear_object (&self->target);
  g_clear_object (&self->identity);
  g_clear_object (&self->database);
  g_clear_object (&self->certificate);
  g_free (self->text);
  g_free (self);
}

/* --- waiting for what comes by a callback --- */

typedef struct
{
  gboolean done;
  GIOStream *stream;
  GError *error;
} ConformOpening;

static void
conform_peer_on_stream (GIOStream *stream, const GError *error, gpointer user_data)
{
  ConformOpening *opening = user_data;

  opening->done = TRUE;
  if (stream != NULL)
    opening->stream = g_object_ref (stream);
  else
    opening->error = g_error_copy (error);
}

/* What is begun here always ends within its time. */
static GIOStream *
conform_peer_wait (ConformOpening *opening, GError **error)
{
  while (!opening->done)
    g_main_context_iteration (NULL, TRUE);
  if (opening->error != NULL)
    g_propagate_error (error, opening->error);
  return opening->stream;
}

static guint
conform_peer_get_time (gint64 until)
{
  return (guint) CLAMP ((until - g_get_monotonic_time ()) / 1000, 1, G_MAXINT);
}

static void
conform_peer_on_handshake (GObject *source, GAsyncResult *result, gpointer user_data)
{
  ConformOpening *opening = user_data;

  opening->done = TRUE;
  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &opening->error))
    opening->stream = g_object_ref (G_IO_STREAM (source));
}

static gboolean
conform_peer_on_late_handshake (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_CONTINUE;
}

static GIOStream *
conform_peer_shake_hands (ConformPeer *self, GIOStream *base, gint64 until, GError **error)
{
  ConformOpening opening = { FALSE };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GIOStream) tls = g_tls_client_connection_new (base, self->identity, error);
  guint source;
  GIOStream *stream;

  if (tls == NULL)
    return NULL;
  if (self->database != NULL)
    g_tls_connection_set_database (G_TLS_CONNECTION (tls), self->database);
  if (self->certificate != NULL)
    g_tls_connection_set_certificate (G_TLS_CONNECTION (tls), self->certificate);
  source = g_timeout_add (conform_peer_get_time (until), conform_peer_on_late_handshake,
                          cancellable);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, cancellable,
                                    conform_peer_on_handshake, &opening);
  stream = conform_peer_wait (&opening, error);
  g_source_remove (source);
  return stream;
}

static GIOStream *
conform_peer_connect (ConformPeer *self, gint64 until, GError **error)
{
  ConformOpening opening = { FALSE };
  g_autoptr (GIOStream) base = NULL;

  imp_connector_start (g_main_context_default (), self->target, self->text,
                       conform_peer_get_time (until), conform_peer_on_stream, &opening);
  base = conform_peer_wait (&opening, error);
  if (base == NULL || self->identity == NULL)
    return g_steal_pointer (&base);
  return conform_peer_shake_hands (self, base, until, error);
}

static gboolean
conform_peer_on_time (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static GIOStream *
conform_peer_accept (ConformPeer *self, gint64 until, GError **error)
{
  gboolean over = FALSE;
  guint source = g_timeout_add (conform_peer_get_time (until), conform_peer_on_time, &over);

  while (!over && g_queue_is_empty (&self->waiting))
    g_main_context_iteration (NULL, TRUE);
  if (!over)
    g_source_remove (source);
  if (!g_queue_is_empty (&self->waiting))
    return g_queue_pop_head (&self->waiting);
  g_set_error (error, IMP_ERROR, IMP_ERROR_TIMEOUT, "no provider has connected to %s in time",
               self->text);
  return NULL;
}

ConformLink *
conform_peer_open (ConformPeer *self, gint64 until, GError **error)
{
  g_autoptr (GIOStream) stream = self->listeners != NULL
                                   ? conform_peer_accept (self, until, error)
                                   : conform_peer_connect (self, until, error);

  if (stream == NULL)
    return NULL;
  self->n_connections++;
  return conform_link_new (stream, error);
}

gboolean
conform_peer_check (ConformPeer *self, gint64 until, GError **error)
{
  g_autoptr (GIOStream) stream = conform_peer_connect (self, until, error);

  if (stream == NULL)
    return FALSE;
  g_io_stream_close (stream, NULL, NULL);
  return TRUE;
}

guint
conform_peer_get_n_connections (const ConformPeer *self)
{
  return self->n_connections;
}
