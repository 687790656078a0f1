/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/server/imp-server-headers-private.h"

#include "core/imp-error.h"
#include "core/imp-source-private.h"
#include "io/imp-proxy-protocol-private.h"
#include "rpc/imp-peer-private.h"

#include <errno.h>
#include <sys/socket.h>

typedef struct
{
  ImpServerHeaders *owner;
  GSocketConnection *connection;
  GSocket *socket;
  gboolean tls;
  guint timeout_ms;
  gsize wanted; /* bytes */
  GSource *readable;
  GSource *timeout;
  GList node;
} ServerHeader;

struct _ImpServerHeaders
{
  GMainContext *context;
  const ImpServerHeadersFuncs *funcs;
  gpointer user_data;
  GQueue all; /* of ServerHeader: the oldest first */
};

/* It is no longer one of them; gives its connection. */
static GSocketConnection *
server_header_leave (ServerHeader *self)
{
  GSocketConnection *connection = g_steal_pointer (&self->connection);

  imp_source_clear (&self->readable);
  imp_source_clear (&self->timeout);
  g_queue_unlink (&self->owner->all, &self->node);
  g_free (self);
  return connection;
}

static void
server_header_close (ServerHeader *self)
{
  g_autoptr (GSocketConnection) connection = server_header_leave (self);

  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

static void
server_header_refuse (ServerHeader *self, const GError *error)
{
  ImpServerHeaders *owner = self->owner;

  server_header_close (self);
  owner->funcs->refused (error, owner->user_data);
  owner->funcs->freed (owner->user_data);
}

static void
server_header_accept (ServerHeader *self, const ImpProxyHeader *header)
{
  ImpServerHeaders *owner = self->owner;
  gboolean tls = self->tls;
  g_autoptr (GSocketConnection) connection = server_header_leave (self);

  if (header->source != NULL)
    imp_peer_set_source (connection, header->source);
  owner->funcs->done (connection, tls, owner->user_data);
}

static gboolean
server_header_on_timeout (gpointer user_data)
{
  ServerHeader *self = user_data;
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_TIMEOUT,
                                          "The PROXY header took more than %u ms "
                                          "(handshake-timeout)",
                                          self->timeout_ms);

  server_header_refuse (self, error);
  return G_SOURCE_REMOVE;
}

/* Otherwise the part that is there would wake us again and again. */
static void
server_header_wait_for (ServerHeader *self, gsize bytes)
{
  self->wanted = bytes;
  g_socket_set_option (self->socket, SOL_SOCKET, SO_RCVLOWAT, (int) bytes, NULL);
}

/* What follows the header stays where it is. */
static gboolean
server_header_take (ServerHeader *self, gsize length, GError **error)
{
  guint8 header[IMP_PROXY_HEADER_MAX];
  gssize n;

  do
    n = recv (g_socket_get_fd (self->socket), header, length, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n == (gssize) length)
    return TRUE;
  g_set_error_literal (error, IMP_ERROR, IMP_ERROR_FAILED, "The PROXY header cannot be read");
  return FALSE;
}

/* @n: bytes of @data, as recv() says it. */
static gboolean
server_header_look (ServerHeader *self, const guint8 *data, gssize n)
{
  g_auto (ImpProxyHeader) header = { 0 };
  g_autoptr (GError) error = NULL;
  ImpDecodeStatus status = IMP_DECODE_BAD;
  gsize used = 0;

  if (n < (gssize) self->wanted)
    g_set_error_literal (&error, IMP_ERROR, IMP_ERROR_CLOSED,
                         "The connection ended before its PROXY header was complete");
  else
    status = imp_proxy_header_decode (data, n, &header, &used, &error);
  if (status == IMP_DECODE_MORE)
    {
      server_header_wait_for (self, n + 1);
      return G_SOURCE_CONTINUE;
    }
  if (status == IMP_DECODE_DONE && server_header_take (self, used, &error))
    {
      server_header_wait_for (self, 1);
      server_header_accept (self, &header);
    }
  else
    server_header_refuse (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
server_header_on_readable (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  ServerHeader *self = user_data;
  guint8 data[IMP_PROXY_HEADER_MAX];
  gssize n;

  do
    n = recv (g_socket_get_fd (socket), data, sizeof data, MSG_PEEK | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN)
    return G_SOURCE_CONTINUE;
  return server_header_look (self, data, n);
}

/* ---- all of them ---- */

ImpServerHeaders *
imp_server_headers_new (GMainContext *context, const ImpServerHeadersFuncs *funcs,
                        gpointer user_data)
{
  ImpServerHeaders *self = g_new0 (ImpServerHeaders, 1);

  self->context = g_main_context_ref (context);
  self->funcs = funcs;
  self->user_data = user_data;
  return self;
}

void
imp_server_headers_drop_all (ImpServerHeaders *self)
{
  while (self->all.head != NULL)
    server_header_close (self->all.head->data);
}

void
imp_server_headers_free (ImpServerHeaders *self)
{
  imp_server_headers_drop_all (self);
  g_main_context_unref (self->context);
  g_free (self);
}

guint
imp_server_headers_get_n (const ImpServerHeaders *self)
{
  return self->all.length;
}

static void
server_headers_make_room (ImpServerHeaders *self)
{
  g_autoptr (GError) error = g_error_new (IMP_ERROR, IMP_ERROR_LIMIT,
                                          "The PROXY header was not there while more than %d "
                                          "others waited for theirs",
                                          IMP_SERVER_HEADERS_MAX);

  server_header_refuse (self->all.head->data, error);
}

void
imp_server_headers_add (ImpServerHeaders *self, GSocketConnection *connection, gboolean tls,
                        guint timeout_ms)
{
  ServerHeader *header = g_new0 (ServerHeader, 1);

  if (self->all.length >= IMP_SERVER_HEADERS_MAX)
    server_headers_make_room (self);
  header->owner = self;
  header->connection = g_object_ref (connection);
  header->socket = g_socket_connection_get_socket (connection);
  header->tls = tls;
  header->timeout_ms = timeout_ms;
  header->wanted = 1;
  header->node.data = header;
  header->timeout = imp_source_add_timeout (self->context, timeout_ms, "imp proxy header",
                                            server_header_on_timeout, header);
  header->readable = g_socket_create_source (header->socket, G_IO_IN, NULL);
  g_source_set_static_name (header->readable, "imp proxy header");
  g_source_set_callback (header->readable, G_SOURCE_FUNC (server_header_on_readable), header, NULL);
  g_source_attach (header->readable, self->context);
  g_queue_push_tail_link (&self->all, &header->node);
}
