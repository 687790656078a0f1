/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-tls-base-input-private.h"

#include "io/imp-tls-base-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct _ImpTlsBaseInput
{
  GInputStream parent_instance;

  GSocket *socket;
  guint8 *buffer; /* NULL while it is empty */
  gsize start;
  gsize end;
  gboolean in_turn;
  gboolean drained; /* in this turn: the socket had less than was asked for */
};

static void imp_tls_base_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpTlsBaseInput, imp_tls_base_input, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      imp_tls_base_input_pollable_init))

gboolean
imp_tls_base_input_is_empty (const ImpTlsBaseInput *self)
{
  return self->start == self->end;
}

gboolean
imp_tls_base_input_is_drained (const ImpTlsBaseInput *self)
{
  return self->drained && imp_tls_base_input_is_empty (self);
}

/* A connection that has nothing to say needs no memory. */
static void
tls_base_input_trim (ImpTlsBaseInput *self)
{
  if (!self->in_turn && imp_tls_base_input_is_empty (self))
    g_clear_pointer (&self->buffer, g_free);
}

void
imp_tls_base_input_begin_turn (ImpTlsBaseInput *self)
{
  self->in_turn = TRUE;
  self->drained = FALSE;
}

void
imp_tls_base_input_end_turn (ImpTlsBaseInput *self)
{
  self->in_turn = FALSE;
  tls_base_input_trim (self);
}

static gssize
tls_base_input_take (ImpTlsBaseInput *self, void *buffer, gsize count)
{
  gsize n = MIN (count, self->end - self->start);

  memcpy (buffer, self->buffer + self->start, n);
  self->start += n;
  tls_base_input_trim (self);
  return n;
}

static gssize
tls_base_input_fail (GError **error, int code)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot read: %s",
               g_strerror (code));
  return -1;
}

static gssize
tls_base_input_receive (ImpTlsBaseInput *self, void *buffer, gsize count, GError **error)
{
  gssize n;

  if (g_socket_is_closed (self->socket))
    return tls_base_input_fail (error, EBADF);
  do
    n = recv (g_socket_get_fd (self->socket), buffer, count, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  return n < 0 ? tls_base_input_fail (error, errno) : n;
}

/* All that there is, of which the caller gets what it wants. */
static gssize
tls_base_input_read_ahead (ImpTlsBaseInput *self, void *buffer, gsize count, GError **error)
{
  gssize n;

  if (self->drained)
    return tls_base_input_fail (error, EAGAIN);
  if (self->buffer == NULL)
    self->buffer = g_malloc (IMP_TLS_BASE_SIZE);
  n = tls_base_input_receive (self, self->buffer, IMP_TLS_BASE_SIZE, error);
  if (n <= 0)
    return n;
  self->start = 0;
  self->end = n;
  self->drained = n < IMP_TLS_BASE_SIZE;
  return tls_base_input_take (self, buffer, count);
}

static gssize
imp_tls_base_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                                     GError **error)
{
  ImpTlsBaseInput *self = IMP_TLS_BASE_INPUT (stream);

  if (!imp_tls_base_input_is_empty (self))
    return tls_base_input_take (self, buffer, count);
  return self->in_turn ? tls_base_input_read_ahead (self, buffer, count, error)
                       : tls_base_input_receive (self, buffer, count, error);
}

/* Blocks; for handshakes, in a thread of GIO. */
static gssize
imp_tls_base_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                         GError **error)
{
  ImpTlsBaseInput *self = IMP_TLS_BASE_INPUT (stream);

  if (!imp_tls_base_input_is_empty (self))
    return tls_base_input_take (self, buffer, count);
  return g_socket_receive_with_blocking (self->socket, buffer, count, TRUE, cancellable, error);
}

static gboolean
imp_tls_base_input_is_readable (GPollableInputStream *stream)
{
  ImpTlsBaseInput *self = IMP_TLS_BASE_INPUT (stream);

  return !imp_tls_base_input_is_empty (self)
         || g_socket_condition_check (self->socket, G_IO_IN) != 0;
}

static GSource *
imp_tls_base_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  ImpTlsBaseInput *self = IMP_TLS_BASE_INPUT (stream);
  g_autoptr (GSource) source = NULL;

  /* The socket does not know of what is here. */
  if (!imp_tls_base_input_is_empty (self))
    source = g_timeout_source_new (0);
  else
    source = g_socket_create_source (self->socket, G_IO_IN, NULL);
  return g_pollable_source_new_full (self, source, cancellable);
}

static void
imp_tls_base_input_finalize (GObject *object)
{
  ImpTlsBaseInput *self = IMP_TLS_BASE_INPUT (object);

  g_free (self->buffer);
  g_object_unref (self->socket);
  G_OBJECT_CLASS (imp_tls_base_input_parent_class)->finalize (object);
}

static void
imp_tls_base_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = imp_tls_base_input_is_readable;
  iface->create_source = imp_tls_base_input_create_source;
  iface->read_nonblocking = imp_tls_base_input_read_nonblocking;
}

static void
imp_tls_base_input_class_init (ImpTlsBaseInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_tls_base_input_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = imp_tls_base_input_read;
}

static void
imp_tls_base_input_init (ImpTlsBaseInput *self)
{
}

GInputStream *
imp_tls_base_input_new (GSocket *socket)
{
  ImpTlsBaseInput *self = g_object_new (IMP_TYPE_TLS_BASE_INPUT, NULL);

  self->socket = g_object_ref (socket);
  return G_INPUT_STREAM (self);
}
