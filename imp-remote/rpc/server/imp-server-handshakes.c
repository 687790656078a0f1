/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-handshakes-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-tls-base-private.h"
#include "rpc/imp-peer-private.h"
#include "rpc/imp-tls-text-private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* At once. GIO's pool has ten threads, and others need some. */
#define RUNNING_MAX 8
/* Of a record: its kind, the version, and how long the rest is. */
#define RECORD_HEADER 5
#define RECORD_MAX (16384 + 256)
#define RECORD_HANDSHAKE 22

typedef enum
{
  HANDSHAKE_SILENT,  /* the client has not said its first message */
  HANDSHAKE_WAITING, /* it has */
  HANDSHAKE_RUNNING,
  HANDSHAKE_ENDING, /* the thread is called off */
} HandshakeState;

typedef struct
{
  ImpServerHandshakes *owner; /* NULL: called off, and nobody is to hear of it */
  HandshakeState state;
  GSocketConnection *connection;
  GSocket *socket;
  GTlsConnection *tls;
  char *peer;
  GSource *readable; /* while it is silent */
  GSource *timeout;
  GCancellable *cancellable;
  GError *refusal; /* why its certificate is refused */
  GTlsCertificateFlags flags;
  gint64 since; /* when the client came, on the monotonic clock */
  gint64 began; /* that it runs, on the monotonic clock */
  gsize wanted; /* bytes of its first record */
  GList node;
} Handshake;

struct _ImpServerHandshakes
{
  guint ref_count; /* of one thread; whoever is called may free this, so each entry holds one */
  GMainContext *context;
  const ImpServerHandshakesLimits *limits;
  ImpTlsCredentials *credentials;
  const ImpServerHandshakesFuncs *funcs; /* NULL: freed */
  gpointer user_data;
  GQueue all;      /* of Handshake: the oldest first */
  GQueue ending;   /* those that are called off */
  guint n_running; /* threads, also of those */
  guint n_waiting;
  GSource *longest_due;
};

static void handshakes_continue (ImpServerHandshakes *self);

static ImpServerHandshakes *
handshakes_ref (ImpServerHandshakes *self)
{
  self->ref_count++;
  return self;
}

static void
handshakes_unref (ImpServerHandshakes *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->all.length == 0 && self->ending.length == 0);
  g_main_context_unref (self->context);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpServerHandshakes, handshakes_unref)

static void
handshakes_tell_freed (ImpServerHandshakes *self)
{
  if (self->funcs != NULL)
    self->funcs->freed (self->user_data);
}

/* --- one of them --- */

static void
handshake_free (Handshake *self)
{
  imp_source_clear (&self->readable);
  imp_source_clear (&self->timeout);
  g_clear_object (&self->tls);
  g_clear_error (&self->refusal);
  g_object_unref (self->connection);
  g_object_unref (self->cancellable);
  g_free (self->peer);
  g_free (self);
}

static void
handshake_set_state (Handshake *self, HandshakeState state)
{
  ImpServerHandshakes *owner = self->owner;

  owner->n_waiting -= self->state == HANDSHAKE_WAITING;
  owner->n_waiting += state == HANDSHAKE_WAITING;
  self->state = state;
}

/* It is no longer one of them. Its thread, where it has one, still counts until that has ended. */
static void
handshake_leave (Handshake *self)
{
  ImpServerHandshakes *owner = self->owner;

  imp_source_clear (&self->readable);
  imp_source_clear (&self->timeout);
  g_queue_unlink (&owner->all, &self->node);
}

/* A client whose handshake has failed is closed. */
static void
handshake_end (Handshake *self)
{
  gboolean running = self->state == HANDSHAKE_RUNNING;

  handshake_leave (self);
  handshake_set_state (self, HANDSHAKE_ENDING);
  if (running)
    {
      g_queue_push_tail_link (&self->owner->ending, &self->node);
      g_cancellable_cancel (self->cancellable);
      return;
    }
  g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  handshake_free (self);
}

static void
handshake_refuse (Handshake *self, const GError *error, ImpServerHandshakesReason reason)
{
  ImpServerHandshakes *owner = self->owner;
  g_autofree char *peer = g_strdup (self->peer);

  handshake_end (self);
  if (owner->funcs != NULL)
    owner->funcs->refused (peer, error, reason, 0, owner->user_data);
}

static gboolean
handshake_on_timeout (gpointer user_data)
{
  Handshake *self = user_data;
  g_autoptr (ImpServerHandshakes) owner = handshakes_ref (self->owner);
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                                          "the TLS handshake took more than %u ms "
                                          "(handshake-timeout)",
                                          owner->limits->timeout);

  handshake_refuse (self, error, IMP_SERVER_HANDSHAKES_TIMED_OUT);
  handshakes_tell_freed (owner);
  return G_SOURCE_REMOVE;
}

static gboolean
handshake_on_certificate (GTlsConnection *tls, GTlsCertificate *certificate,
                          GTlsCertificateFlags errors, gpointer user_data)
{
  Handshake *self = user_data;

  g_clear_error (&self->refusal);
  self->flags = errors;
  if (errors != 0)
    self->refusal = imp_tls_text_refuse (certificate, errors, "the client's", NULL);
  return errors == 0;
}

static gboolean
handshake_check (Handshake *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GError) failure = NULL;

  if (g_tls_connection_handshake_finish (self->tls, result, &failure))
    return imp_tls_text_check_version (self->tls, "the client's", error);
  if (self->refusal != NULL)
    g_propagate_error (error, g_steal_pointer (&self->refusal));
  else
    g_propagate_error (error, imp_tls_text_explain (failure, TRUE));
  return FALSE;
}

/* Whoever called it off has said so already. */
static void
handshake_tell (Handshake *self, gboolean succeeded, const GError *error)
{
  ImpServerHandshakes *owner = self->owner;

  if (self->state == HANDSHAKE_ENDING)
    {
      g_queue_unlink (&owner->ending, &self->node);
      return;
    }
  handshake_leave (self);
  if (succeeded)
    owner->funcs->done (G_IO_STREAM (self->tls), self->peer, owner->user_data);
  else
    owner->funcs->refused (self->peer, error, IMP_SERVER_HANDSHAKES_FAILED, self->flags,
                           owner->user_data);
}

static void
handshake_on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Handshake *self = user_data;
  g_autoptr (ImpServerHandshakes) owner = NULL;
  g_autoptr (GError) error = NULL;
  gboolean succeeded = handshake_check (self, result, &error);

  g_signal_handlers_disconnect_by_data (self->tls, self);
  if (!succeeded || self->state == HANDSHAKE_ENDING)
    g_io_stream_close (G_IO_STREAM (self->connection), NULL, NULL);
  if (self->owner != NULL)
    {
      owner = handshakes_ref (self->owner);
      owner->n_running--;
      handshake_tell (self, succeeded, error);
    }
  handshake_free (self);
  if (owner == NULL || owner->funcs == NULL)
    return;
  handshakes_continue (owner);
  handshakes_tell_freed (owner);
}

static GTlsConnection *
handshake_make_tls (Handshake *self, GError **error)
{
  ImpTlsCredentials *credentials = self->owner->credentials;
  GTlsDatabase *database = imp_tls_credentials_get_database (credentials);
  GTlsCertificate *certificate = imp_tls_credentials_get_certificate (credentials);
  g_autoptr (GIOStream) below = imp_tls_base_new (self->connection);
  GIOStream *tls = g_tls_server_connection_new (below, certificate, error);

  if (tls == NULL)
    return NULL;
  if (database != NULL)
    {
      g_tls_connection_set_database (G_TLS_CONNECTION (tls), database);
      g_object_set (tls, "authentication-mode", G_TLS_AUTHENTICATION_REQUIRED, NULL);
    }
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (handshake_on_certificate), self);
  return G_TLS_CONNECTION (tls);
}

static void
handshake_run (Handshake *self)
{
  ImpServerHandshakes *owner = self->owner;
  g_autoptr (GError) error = NULL;

  self->tls = handshake_make_tls (self, &error);
  if (self->tls == NULL)
    {
      handshake_refuse (self, error, IMP_SERVER_HANDSHAKES_FAILED);
      return;
    }
  handshake_set_state (self, HANDSHAKE_RUNNING);
  self->began = g_get_monotonic_time ();
  owner->n_running++;
  g_main_context_push_thread_default (owner->context);
  g_tls_connection_handshake_async (self->tls, G_PRIORITY_DEFAULT, self->cancellable,
                                    handshake_on_done, self);
  g_main_context_pop_thread_default (owner->context);
}

/* --- until the client has said something --- */

static void
handshake_wait_for (Handshake *self, gsize bytes)
{
  self->wanted = bytes;
  /* Otherwise the part that is there would wake us again and again. */
  g_socket_set_option (self->socket, SOL_SOCKET, SO_RCVLOWAT, (int) bytes, NULL);
}

static void
handshake_give_up_silently (Handshake *self)
{
  g_autoptr (ImpServerHandshakes) owner = handshakes_ref (self->owner);

  handshake_end (self);
  handshakes_tell_freed (owner);
}

static void
handshake_turn_out_plain (Handshake *self)
{
  g_autoptr (ImpServerHandshakes) owner = handshakes_ref (self->owner);
  g_autoptr (GIOStream) stream = G_IO_STREAM (g_object_ref (self->connection));

  handshake_wait_for (self, 1);
  handshake_leave (self);
  handshake_free (self);
  owner->funcs->plain (stream, owner->user_data);
  handshakes_tell_freed (owner);
}

/* The first record is looked at where it lies. */
static gboolean
handshake_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Handshake *self = user_data;
  guint8 head[RECORD_HEADER + RECORD_MAX];
  gssize n;

  do
    n = recv (g_socket_get_fd (socket), head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  if (n > 0 && head[0] != RECORD_HANDSHAKE)
    handshake_turn_out_plain (self);
  else if (n <= 0 || (gsize) n < self->wanted)
    handshake_give_up_silently (self);
  else if (n < RECORD_HEADER)
    {
      handshake_wait_for (self, RECORD_HEADER);
      return G_SOURCE_CONTINUE;
    }
  else if ((gsize) n < RECORD_HEADER + MIN ((gsize) head[3] << 8 | head[4], RECORD_MAX))
    {
      handshake_wait_for (self, RECORD_HEADER + MIN ((gsize) head[3] << 8 | head[4], RECORD_MAX));
      return G_SOURCE_CONTINUE;
    }
  else
    {
      handshake_wait_for (self, 1);
      imp_source_clear (&self->readable);
      handshake_set_state (self, HANDSHAKE_WAITING);
      handshakes_continue (self->owner);
    }
  return G_SOURCE_REMOVE;
}

static Handshake *
handshake_new (ImpServerHandshakes *owner, GSocketConnection *connection)
{
  Handshake *self = g_new0 (Handshake, 1);

  self->owner = owner;
  self->connection = g_object_ref (connection);
  self->socket = g_socket_connection_get_socket (connection);
  self->peer = imp_peer_name_of_stream (G_IO_STREAM (connection));
  self->cancellable = g_cancellable_new ();
  self->node.data = self;
  self->wanted = 1;
  self->since = g_get_monotonic_time ();
  g_socket_set_option (self->socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  self->timeout = imp_source_add_timeout (owner->context, owner->limits->timeout,
                                          "imp tls handshake", handshake_on_timeout, self);
  self->readable = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_static_name (self->readable, "imp tls handshake");
  g_source_set_callback (self->readable, G_SOURCE_FUNC (handshake_on_readable), self, NULL);
  g_source_attach (self->readable, owner->context);
  return self;
}

/* --- all of them --- */

/* Those of whom it is not known who they are count as one. */
static const char *
handshake_get_peer (const Handshake *self)
{
  return self->peer != NULL ? self->peer : "";
}

static guint
handshakes_count (const ImpServerHandshakes *self, const char *peer, HandshakeState state)
{
  guint n = 0;

  for (GList *l = self->all.head; l != NULL; l = l->next)
    {
      const Handshake *handshake = l->data;

      n += handshake->state == state && g_strcmp0 (handshake->peer, peer) == 0;
    }
  return n;
}

/* Of the peer that has fewest at it the one that came last: it is the likeliest to be there
 * still. */
static Handshake *
handshakes_choose_next (const ImpServerHandshakes *self)
{
  Handshake *best = NULL;
  guint n_best = 0;

  for (GList *l = self->all.tail; l != NULL; l = l->prev)
    {
      Handshake *handshake = l->data;
      guint n;

      if (handshake->state != HANDSHAKE_WAITING)
        continue;
      n = handshakes_count (self, handshake->peer, HANDSHAKE_RUNNING);
      if (best == NULL || n < n_best)
        {
          best = handshake;
          n_best = n;
        }
      if (n == 0)
        break;
    }
  return best;
}

static Handshake *
handshakes_find_longest (const ImpServerHandshakes *self)
{
  Handshake *longest = NULL;

  for (GList *l = self->all.head; l != NULL; l = l->next)
    {
      Handshake *handshake = l->data;

      if (handshake->state == HANDSHAKE_RUNNING
          && (longest == NULL || handshake->began < longest->began))
        longest = handshake;
    }
  return longest;
}

static void
handshakes_refuse_for_others (ImpServerHandshakes *self, Handshake *handshake, const char *what)
{
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_LIMIT,
                                          "the TLS handshake %s while others waited "
                                          "(max-handshakes is %u)",
                                          what, self->limits->max_handshakes);

  handshake_refuse (handshake, error, IMP_SERVER_HANDSHAKES_GAVE_WAY);
}

static gboolean
handshakes_on_longest_due (gpointer user_data)
{
  g_autoptr (ImpServerHandshakes) self = handshakes_ref (user_data);
  Handshake *longest = handshakes_find_longest (self);
  gint64 now = g_get_monotonic_time ();

  imp_source_clear (&self->longest_due);
  if (longest != NULL && self->n_waiting > 0
      && now - longest->began >= IMP_SERVER_HANDSHAKES_OLD * 1000)
    handshakes_refuse_for_others (self, longest, "took long");
  handshakes_continue (self);
  return G_SOURCE_REMOVE;
}

/* Where all threads are taken, the one that has taken longest is looked at in due time. */
static void
handshakes_watch_longest (ImpServerHandshakes *self)
{
  const Handshake *longest = handshakes_find_longest (self);
  gint64 left;

  if (self->longest_due != NULL || longest == NULL)
    return;
  left = longest->began / 1000 + IMP_SERVER_HANDSHAKES_OLD - g_get_monotonic_time () / 1000;
  self->longest_due = imp_source_add_timeout (self->context, (guint) MAX (left, 1),
                                              "imp tls handshakes", handshakes_on_longest_due,
                                              self);
}

static void
handshakes_continue (ImpServerHandshakes *self)
{
  g_autoptr (ImpServerHandshakes) guard = handshakes_ref (self);

  while (self->n_waiting > 0 && self->n_running < RUNNING_MAX)
    handshake_run (handshakes_choose_next (self));
  if (self->n_waiting > 0)
    handshakes_watch_longest (self);
}

ImpServerHandshakes *
imp_server_handshakes_new (GMainContext *context, const ImpServerHandshakesLimits *limits,
                           ImpTlsCredentials *credentials, const ImpServerHandshakesFuncs *funcs,
                           gpointer user_data)
{
  ImpServerHandshakes *self = g_new0 (ImpServerHandshakes, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref (context);
  self->limits = limits;
  self->credentials = credentials;
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
imp_server_handshakes_drop_all (ImpServerHandshakes *self)
{
  GList *link;

  while (self->all.head != NULL)
    handshake_end (self->all.head->data);
  /* Their threads will have ended some time. */
  while ((link = g_queue_pop_head_link (&self->ending)) != NULL)
    ((Handshake *) link->data)->owner = NULL;
  self->n_running = 0;
  imp_source_clear (&self->longest_due);
}

void
imp_server_handshakes_free (ImpServerHandshakes *self)
{
  self->funcs = NULL;
  imp_server_handshakes_drop_all (self);
  handshakes_unref (self);
}

guint
imp_server_handshakes_get_n (const ImpServerHandshakes *self)
{
  return self->all.length;
}

static GHashTable *
handshakes_count_by_peer (const ImpServerHandshakes *self)
{
  GHashTable *counts = g_hash_table_new (g_str_hash, g_str_equal);

  for (GList *l = self->all.head; l != NULL; l = l->next)
    {
      const char *peer = handshake_get_peer (l->data);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, peer));

      g_hash_table_insert (counts, (gpointer) peer, GUINT_TO_POINTER (n + 1));
    }
  return counts;
}

/* The oldest of the peer that has most, since whoever takes many places gives them back first. */
void
imp_server_handshakes_make_room (ImpServerHandshakes *self, guint milliseconds)
{
  g_autoptr (GHashTable) counts = handshakes_count_by_peer (self);
  gint64 latest = g_get_monotonic_time () - (gint64) milliseconds * 1000;
  Handshake *best = NULL;
  guint n_best = 0;

  for (GList *l = self->all.head; l != NULL; l = l->next)
    {
      Handshake *handshake = l->data;
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, handshake_get_peer (handshake)));

      if (n <= n_best || handshake->since > latest)
        continue;
      best = handshake;
      n_best = n;
    }
  if (best != NULL)
    handshakes_refuse_for_others (self, best, "was not done");
}

void
imp_server_handshakes_add (ImpServerHandshakes *self, GSocketConnection *connection)
{
  imp_tls_credentials_check (self->credentials);
  while (self->all.length > 0 && self->all.length >= self->limits->max_handshakes)
    imp_server_handshakes_make_room (self, 0);
  g_queue_push_tail_link (&self->all, &handshake_new (self, connection)->node);
}
