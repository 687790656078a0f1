/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-admission-private.h"

#include "core/imp-error.h"
#include "core/imp-log-private.h"
#include "rpc/server/imp-server-refused-private.h"

/* Clients that are being told that they are one too many. Further ones take the places of the
 * oldest, so that they cost no more descriptors than these. */
#define REFUSED_MAX 8

/* --- places --- */

guint
imp_server_admission_get_room (ImpServerAdmission *self)
{
  guint n = self->funcs->count (self->server) + imp_server_handshakes_get_n (self->tls.handshakes)
            + imp_server_headers_get_n (self->headers);

  return n < self->room.max_connections ? self->room.max_connections - n : 0;
}

static gboolean
server_admission_is_full (ImpServerAdmission *self)
{
  return imp_server_admission_get_room (self) == 0;
}

/* Asked when somebody waits. Clients that connect while the server is at max-connections, and
 * nobody makes room, wait in the listener's backlog. */
gboolean
imp_server_admission_may_accept (ImpServerAdmission *self)
{
  g_autoptr (ImpServer) server = g_object_ref (self->server);

  /* First those of whom nothing is known, then those who lose little, and then whoever is not done
   * with the handshake. */
  if (server_admission_is_full (self))
    imp_server_handshakes_make_room (self->tls.handshakes, IMP_SERVER_HANDSHAKES_OLD);
  if (server_admission_is_full (self))
    imp_server_room_make (&self->room);
  if (server_admission_is_full (self))
    imp_server_handshakes_make_room (self->tls.handshakes, 0);
  return !server_admission_is_full (self);
}

/* --- turning away --- */

static void
server_admission_on_refused_ended (ImpServerRefused *refused, gpointer user_data)
{
  ImpServerAdmission *self = user_data;

  g_queue_remove (&self->refused, refused);
  imp_server_refused_free (refused);
}

/* FALSE if the stream cannot be used. */
static gboolean
server_admission_refuse (ImpServerAdmission *self, GIOStream *stream, const GError *reason,
                         GError **error)
{
  ImpServerRefused *refused = imp_server_refused_new (stream, *self->codec, &self->options->limits,
                                                      self->context, reason->message,
                                                      server_admission_on_refused_ended, self,
                                                      error);

  if (refused == NULL)
    return FALSE;
  if (self->refused.length >= REFUSED_MAX)
    imp_server_refused_free (g_queue_pop_head (&self->refused));
  g_queue_push_tail (&self->refused, refused);
  return TRUE;
}

static void
server_admission_log_failure (ImpServerAdmission *self, const GError *error)
{
  guint64 n = imp_log_limit_note (&self->failure_log);

  if (n > 0)
    imp_log_warning ("Cannot serve a connection: %s (%" G_GUINT64_FORMAT " of them)",
                     error->message, n);
}

static void
server_admission_log_refusal (ImpServerAdmission *self, const GError *error)
{
  guint64 n = imp_log_limit_note (&self->refusal_log);

  if (n > 0)
    imp_log_kind (IMP_LOG_CLIENT_REFUSED,
                  "A connection is refused: %s (%" G_GUINT64_FORMAT " of them)", error->message, n);
}

static void
server_admission_turn_away (ImpServerAdmission *self, GIOStream *stream, const GError *reason)
{
  g_autoptr (GError) failure = NULL;

  server_admission_log_refusal (self, reason);
  if (!server_admission_refuse (self, stream, reason, &failure))
    server_admission_log_failure (self, failure);
}

/* --- deciding --- */

static gboolean
server_admission_ask (ImpServerAdmission *self, ImpPeer *peer, GError **error)
{
  return IMP_SERVER_GET_CLASS (self->server)->authorize (self->server, peer, error)
         && (self->authorize == NULL
             || self->authorize (self->server, peer, self->authorize_data, error));
}

static gboolean
server_admission_authorize (ImpServerAdmission *self, ImpPeer *peer, GError **error)
{
  const char *name = imp_peer_get_name (peer);
  GError *reason = NULL;

  if (server_admission_ask (self, peer, &reason))
    {
      g_clear_error (&reason);
      return TRUE;
    }
  self->totals->n_refusals[IMP_SERVER_REFUSAL_DENIED]++;
  if (reason == NULL)
    g_set_error (&reason, IMP_ERROR, IMP_ERROR_DENIED, "The server does not allow %s to use it",
                 name != NULL ? name : "this client");
  g_propagate_error (error, reason);
  return FALSE;
}

static gboolean
server_admission_fail_stopped (GError **error)
{
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_CLOSED, "The server is stopped");
  return FALSE;
}

/* Whoever is asked may do anything with the server. */
gboolean
imp_server_admission_decide (ImpServerAdmission *self, ImpPeer *peer, GError **error)
{
  const ImpServerAdmissionState state = self->state;

  if (!server_admission_authorize (self, peer, error))
    return FALSE;
  if (self->state != state)
    return server_admission_fail_stopped (error);
  return imp_server_room_admit (&self->room, imp_peer_get_name (peer), error);
}

void
imp_server_admission_consider (ImpServerAdmission *self, GIOStream *stream)
{
  g_autoptr (ImpServer) server = g_object_ref (self->server);
  g_autoptr (ImpPeer) peer = imp_peer_new (stream, FALSE);
  g_autoptr (GError) error = NULL, failure = NULL;
  const ImpServerAdmissionState state = self->state;
  const gboolean admitted = imp_server_admission_decide (self, peer, &error);

  /* Those who wait when it is stopped are served, and not those who come by whoever stops it. */
  if (self->state != state || state == IMP_SERVER_ADMISSION_CLOSED)
    return;
  if (admitted && !self->funcs->admitted (server, stream, peer, &failure))
    server_admission_log_failure (self, failure);
  else if (!admitted && state == IMP_SERVER_ADMISSION_OPEN)
    server_admission_turn_away (self, stream, error);
}

/* --- TLS --- */

void
imp_server_admission_consider_tls (ImpServerAdmission *self, GSocketConnection *connection)
{
  /* Those who have waited when it was stopped had nothing to say. */
  if (self->state != IMP_SERVER_ADMISSION_OPEN)
    return;
  self->totals->n_handshakes++;
  self->tls.limits.timeout = self->options->handshake_timeout;
  imp_server_handshakes_add (self->tls.handshakes, connection);
}

static void
server_admission_on_handshake_done (GIOStream *stream, const char *peer, gpointer user_data)
{
  imp_server_admission_consider (user_data, stream);
}

static void
server_admission_on_plain_client (GIOStream *stream, gpointer user_data)
{
  ImpServerAdmission *self = user_data;
  g_autoptr (GError) error = imp_server_tls_note_plain (&self->tls);

  server_admission_turn_away (self, stream, error);
}

static void
server_admission_on_handshake_freed (gpointer user_data)
{
  ImpServerAdmission *self = user_data;
  g_autoptr (ImpServer) server = g_object_ref (self->server);

  self->funcs->freed (server);
}

static void
server_admission_on_handshake_refused (const char *peer, const GError *error,
                                       ImpServerHandshakesReason reason, GTlsCertificateFlags flags,
                                       gpointer user_data)
{
  ImpServerAdmission *self = user_data;

  imp_server_tls_note_refused (&self->tls, peer, error, reason, flags);
}

static const ImpServerHandshakesFuncs handshakes_funcs = {
  .done = server_admission_on_handshake_done,
  .plain = server_admission_on_plain_client,
  .freed = server_admission_on_handshake_freed,
  .refused = server_admission_on_handshake_refused,
};

/* --- those whom a proxy passes on --- */

static void
server_admission_begin (ImpServerAdmission *self, GSocketConnection *connection, gboolean tls)
{
  if (tls)
    imp_server_admission_consider_tls (self, connection);
  else
    imp_server_admission_consider (self, G_IO_STREAM (connection));
}

/* Nothing is said to them: who is no proxy may be anybody, and might not be spoken to in our wire
 * format. */
static void
server_admission_refuse_header (ImpServerAdmission *self, const GError *error)
{
  self->totals->n_refusals[IMP_SERVER_REFUSAL_DENIED]++;
  server_admission_log_refusal (self, error);
}

static void
server_admission_on_header (GSocketConnection *connection, gboolean tls, gpointer user_data)
{
  ImpServerAdmission *self = user_data;
  g_autoptr (ImpServer) server = g_object_ref (self->server);

  server_admission_begin (self, connection, tls);
  self->funcs->freed (server);
}

static void
server_admission_on_header_refused (const GError *error, gpointer user_data)
{
  server_admission_refuse_header (user_data, error);
}

static void
server_admission_on_header_freed (gpointer user_data)
{
  server_admission_on_handshake_freed (user_data);
}

static const ImpServerHeadersFuncs headers_funcs = {
  .done = server_admission_on_header,
  .refused = server_admission_on_header_refused,
  .freed = server_admission_on_header_freed,
};

void
imp_server_admission_arrive (ImpServerAdmission *self, GSocketConnection *connection, gboolean tls)
{
  g_autoptr (GError) error = NULL;

  if (!imp_server_access_has_proxies (&self->access) || !G_IS_TCP_CONNECTION (connection))
    server_admission_begin (self, connection, tls);
  /* Those who have waited when it was stopped had nothing to say. */
  else if (self->state != IMP_SERVER_ADMISSION_OPEN)
    g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  else if (imp_server_access_admit_proxy (&self->access, connection, &error))
    imp_server_headers_add (self->headers, connection, tls, self->options->handshake_timeout);
  else
    {
      server_admission_refuse_header (self, error);
      g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
    }
}

/* --- its beginning and its end --- */

void
imp_server_admission_init (ImpServerAdmission *self, ImpServer *server,
                           const ImpServerAdmissionFuncs *funcs, GMainContext *context,
                           const ImpServerConnectionOptions *options, ImpCodec *const *codec,
                           ImpServerTotals *totals)
{
  self->server = server;
  self->funcs = funcs;
  self->context = context;
  self->options = options;
  self->codec = codec;
  self->totals = totals;
  imp_server_room_init (&self->room, context, totals);
  imp_server_tls_init (&self->tls, context, totals, &handshakes_funcs, self);
  self->headers = imp_server_headers_new (context, &headers_funcs, self);
}

void
imp_server_admission_clear (ImpServerAdmission *self)
{
  g_clear_pointer (&self->headers, imp_server_headers_free);
  imp_server_tls_clear (&self->tls);
  imp_server_access_clear (&self->access);
}

void
imp_server_admission_set_func (ImpServerAdmission *self, ImpAuthorizeFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
  GDestroyNotify old_destroy = self->authorize_destroy;
  gpointer old_data = self->authorize_data;

  self->authorize = func;
  self->authorize_data = user_data;
  self->authorize_destroy = destroy;
  if (old_destroy != NULL)
    old_destroy (old_data);
}

gboolean
imp_server_admission_prepare (ImpServerAdmission *self, const ImpAddress *address, GError **error)
{
  return (!address->tls || imp_server_tls_prepare (&self->tls, error))
         && imp_server_access_check (&self->access, error);
}

gboolean
imp_server_admission_check_open (const ImpServerAdmission *self, GError **error)
{
  return self->state == IMP_SERVER_ADMISSION_OPEN || server_admission_fail_stopped (error);
}

void
imp_server_admission_set_state (ImpServerAdmission *self, ImpServerAdmissionState state)
{
  self->state = MAX (self->state, state);
}

void
imp_server_admission_drop_all (ImpServerAdmission *self)
{
  imp_server_headers_drop_all (self->headers);
  imp_server_handshakes_drop_all (self->tls.handshakes);
  g_queue_clear_full (&self->refused, (GDestroyNotify) imp_server_refused_free);
  if (self->state == IMP_SERVER_ADMISSION_CLOSED)
    imp_server_room_stop (&self->room);
}
