/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-tls-base-output-private.h"

#include "io/imp-tls-base-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct _ImpTlsBaseOutput
{
  GOutputStream parent_instance;

  GSocket *socket;
  guint8 *buffer; /* NULL while it is empty */
  gsize start;
  gsize end;
  gboolean corked;
};

static void imp_tls_base_output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (ImpTlsBaseOutput, imp_tls_base_output, G_TYPE_OUTPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
                                                      imp_tls_base_output_pollable_init))

gboolean
imp_tls_base_output_is_empty (const ImpTlsBaseOutput *self)
{
  return self->start == self->end;
}

void
imp_tls_base_output_cork (ImpTlsBaseOutput *self)
{
  self->corked = TRUE;
}

gboolean
imp_tls_base_output_has_room (const ImpTlsBaseOutput *self)
{
  return IMP_TLS_BASE_SIZE - self->end >= IMP_TLS_BASE_RECORD_MAX;
}

static gssize
tls_base_output_fail (GError **error, int code)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot write: %s",
               g_strerror (code));
  return -1;
}

static gssize
tls_base_output_send_now (ImpTlsBaseOutput *self, const void *data, gsize length, GError **error)
{
  gssize n;

  if (g_socket_is_closed (self->socket))
    return tls_base_output_fail (error, EBADF);
  do
    n = send (g_socket_get_fd (self->socket), data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n < 0 ? tls_base_output_fail (error, errno) : n;
}

static void
tls_base_output_note_sent (ImpTlsBaseOutput *self, gsize n)
{
  self->start += n;
  if (!imp_tls_base_output_is_empty (self))
    return;
  self->start = self->end = 0;
  g_clear_pointer (&self->buffer, g_free);
}

gboolean
imp_tls_base_output_send (ImpTlsBaseOutput *self, GError **error)
{
  g_autoptr (GError) failure = NULL;
  gssize n;

  self->corked = FALSE;
  while (!imp_tls_base_output_is_empty (self))
    {
      n = tls_base_output_send_now (self, self->buffer + self->start, self->end - self->start,
                                    &failure);
      if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return TRUE;
      if (n < 0)
        {
          tls_base_output_note_sent (self, self->end - self->start);
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      tls_base_output_note_sent (self, n);
    }
  return TRUE;
}

static gssize
tls_base_output_keep (ImpTlsBaseOutput *self, const void *data, gsize length, GError **error)
{
  if (length > IMP_TLS_BASE_SIZE - self->end)
    return tls_base_output_fail (error, EAGAIN);
  if (self->buffer == NULL)
    self->buffer = g_malloc (IMP_TLS_BASE_SIZE);
  memcpy (self->buffer + self->end, data, length);
  self->end += length;
  return length;
}

static gssize
imp_tls_base_output_write_nonblocking (GPollableOutputStream *stream, const void *data,
                                       gsize length, GError **error)
{
  ImpTlsBaseOutput *self = IMP_TLS_BASE_OUTPUT (stream);

  if (self->corked)
    return tls_base_output_keep (self, data, length, error);
  if (!imp_tls_base_output_send (self, error))
    return -1;
  if (!imp_tls_base_output_is_empty (self))
    return tls_base_output_fail (error, EAGAIN);
  return tls_base_output_send_now (self, data, length, error);
}

/* Blocks; for handshakes, in a thread of GIO, and for the end. */
static gssize
imp_tls_base_output_write (GOutputStream *stream, const void *data, gsize length,
                           GCancellable *cancellable, GError **error)
{
  ImpTlsBaseOutput *self = IMP_TLS_BASE_OUTPUT (stream);

  self->corked = FALSE;
  while (!imp_tls_base_output_is_empty (self))
    {
      gssize n = g_socket_send_with_blocking (self->socket, (char *) self->buffer + self->start,
                                              self->end - self->start, TRUE, cancellable, error);

      if (n < 0)
        return -1;
      tls_base_output_note_sent (self, n);
    }
  return g_socket_send_with_blocking (self->socket, data, length, TRUE, cancellable, error);
}

/* What is kept goes out first, by whoever writes next. */
static gboolean
imp_tls_base_output_is_writable (GPollableOutputStream *stream)
{
  ImpTlsBaseOutput *self = IMP_TLS_BASE_OUTPUT (stream);

  return g_socket_condition_check (self->socket, G_IO_OUT) != 0;
}

static GSource *
imp_tls_base_output_create_source (GPollableOutputStream *stream, GCancellable *cancellable)
{
  ImpTlsBaseOutput *self = IMP_TLS_BASE_OUTPUT (stream);
  g_autoptr (GSource) source = g_socket_create_source (self->socket, G_IO_OUT, NULL);

  return g_pollable_source_new_full (self, source, cancellable);
}

static void
imp_tls_base_output_finalize (GObject *object)
{
  ImpTlsBaseOutput *self = IMP_TLS_BASE_OUTPUT (object);

  g_free (self->buffer);
  g_object_unref (self->socket);
  G_OBJECT_CLASS (imp_tls_base_output_parent_class)->finalize (object);
}

static void
imp_tls_base_output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = imp_tls_base_output_is_writable;
  iface->create_source = imp_tls_base_output_create_source;
  iface->write_nonblocking = imp_tls_base_output_write_nonblocking;
}

static void
imp_tls_base_output_class_init (ImpTlsBaseOutputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = imp_tls_base_output_finalize;
  G_OUTPUT_STREAM_CLASS (klass)->write_fn = imp_tls_base_output_write;
}

static void
imp_tls_base_output_init (ImpTlsBaseOutput *self)
{
}

GOutputStream *
imp_tls_base_output_new (GSocket *socket)
{
  ImpTlsBaseOutput *self = g_object_new (IMP_TYPE_TLS_BASE_OUTPUT, NULL);

  self->socket = g_object_ref (socket);
  return G_OUTPUT_STREAM (self);
}
