/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "io/imp-tls-stream-private.h"

#include "io/imp-tls-base-input-private.h"
#include "io/imp-tls-base-output-private.h"
#include "io/imp-tls-base-private.h"

#include <string.h>

/* The most that a record carries. */
#define RECORD_MAX 16384

struct _ImpTlsStream
{
  GIOStream *stream;
  GSocket *socket;
  GPollableInputStream *input;
  GPollableOutputStream *output;
  ImpTlsBaseInput *base_input; /* below it, or NULL */
  ImpTlsBaseOutput *base_output;
  GError *read_error; /* to be told by the next read */
  gboolean pending;   /* there may be more than the socket knows of */
  gboolean has_read;
  gboolean got_end;
  gboolean ending; /* close_notify is due */
  gboolean ended;
  gboolean may_negotiate_again; /* TLS 1.2 knows that */
  gsize n_staged;               /* what the next record consists of: it counts as written */
  guint8 staged[RECORD_MAX];
};

GSocket *
imp_tls_stream_find_socket (GIOStream *stream)
{
  g_autoptr (GIOStream) base = NULL;

  if (G_IS_SOCKET_CONNECTION (stream))
    return g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream));
  if (!G_IS_TLS_CONNECTION (stream))
    return NULL;
  g_object_get (stream, "base-io-stream", &base, NULL);
  return base != NULL ? imp_tls_stream_find_socket (base) : NULL;
}

/* GIO's thread for another handshake would use what is below at the same time. */
static void
tls_stream_find_base (ImpTlsStream *self)
{
  g_autoptr (GIOStream) base = NULL;

  if (self->may_negotiate_again)
    return;
  g_object_get (self->stream, "base-io-stream", &base, NULL);
  if (!IMP_IS_TLS_BASE (base))
    return;
  self->base_input = IMP_TLS_BASE_INPUT (g_io_stream_get_input_stream (base));
  self->base_output = IMP_TLS_BASE_OUTPUT (g_io_stream_get_output_stream (base));
}

ImpTlsStream *
imp_tls_stream_new (GIOStream *stream)
{
  GSocket *socket = imp_tls_stream_find_socket (stream);
  ImpTlsStream *self;

  /* Before the handshake is done, another thread may be at it, and takes from the socket what is
   * there. */
  if (!G_IS_TLS_CONNECTION (stream) || socket == NULL
      || g_tls_connection_get_protocol_version (G_TLS_CONNECTION (stream))
           == G_TLS_PROTOCOL_VERSION_UNKNOWN)
    return NULL;
  self = g_new0 (ImpTlsStream, 1);
  self->stream = g_object_ref (stream);
  self->socket = g_object_ref (socket);
  self->input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  self->output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  self->may_negotiate_again = g_tls_connection_get_protocol_version (G_TLS_CONNECTION (stream))
                              < G_TLS_PROTOCOL_VERSION_TLS_1_3;
  tls_stream_find_base (self);
  /* What came together with the end of the handshake is not in the socket any more. */
  self->pending = TRUE;
  return self;
}

void
imp_tls_stream_free (ImpTlsStream *self)
{
  g_clear_error (&self->read_error);
  g_object_unref (self->stream);
  g_object_unref (self->socket);
  g_free (self);
}

/* GIO takes a wish for another handshake for granted, and one of the few threads for it, for as
 * long as the other side likes. Meanwhile nothing can be written, whatever the socket says. The
 * socket is asked first: what becomes free in between must not look like that. */
static gboolean
tls_stream_negotiates_again (ImpTlsStream *self)
{
  return self->may_negotiate_again && g_socket_condition_check (self->socket, G_IO_OUT) == G_IO_OUT
         && !g_pollable_output_stream_is_writable (self->output);
}

/* Something would block: that has no end where this is why. */
static void
tls_stream_refuse_negotiation (ImpTlsStream *self, GError **error)
{
  if ((error != NULL && !g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      || !tls_stream_negotiates_again (self))
    return;
  if (self->read_error == NULL)
    self->read_error = g_error_new_literal (G_TLS_ERROR, G_TLS_ERROR_HANDSHAKE,
                                            "The peer wants to negotiate TLS once more, which is "
                                            "refused");
  g_clear_error (error);
  g_propagate_error (error, g_error_copy (self->read_error));
}

/* In TLS 1.3 a client takes the handshake for done before the server has seen its certificate, and
 * GIO sends no alerts: a server that refuses it just closes. */
static void
tls_stream_explain_first (ImpTlsStream *self, GError **error)
{
  if (self->has_read || !G_IS_TLS_CLIENT_CONNECTION (self->stream))
    return;
  if (g_error_matches (*error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED))
    {
      g_clear_error (error);
      g_set_error_literal (error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED,
                           IMP_TLS_STREAM_DEMANDED);
    }
  else if (g_error_matches (*error, G_TLS_ERROR, G_TLS_ERROR_EOF)
           || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)
           || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
    g_prefix_error (error,
                    "the server closed the connection as soon as the TLS handshake was done; it "
                    "may refuse the certificate of this side, or the lack of one (tls-cert, "
                    "tls-key), and its log says why: ");
}

/* One record at most. */
static gssize
tls_stream_read_once (ImpTlsStream *self, guint8 *buffer, gsize length, GError **error)
{
  gssize n;

  if (self->read_error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->read_error));
      return -1;
    }
  if (self->got_end)
    return 0;
  n = g_pollable_input_stream_read_nonblocking (self->input, buffer, length, NULL, error);
  self->got_end = n == 0;
  self->has_read |= n >= 0;
  if (n < 0)
    {
      tls_stream_explain_first (self, error);
      tls_stream_refuse_negotiation (self, error);
    }
  return n;
}

/* After @n bytes of a record, all of it if there was so much @room. A record that is not full is
 * the last of those that were written together; if others are there nevertheless, the socket says
 * so. */
static gboolean
tls_stream_has_read_all (const ImpTlsStream *self, gsize n, gsize room)
{
  if (room < RECORD_MAX)
    return FALSE;
  return self->base_input != NULL ? imp_tls_base_input_is_drained (self->base_input)
                                  : n < RECORD_MAX;
}

static gssize
tls_stream_read_turn (ImpTlsStream *self, gpointer buffer, gsize length, GError **error)
{
  gsize total = 0;

  while (total < length)
    {
      g_autoptr (GError) failure = NULL;
      gssize n = tls_stream_read_once (self, (guint8 *) buffer + total, length - total, &failure);

      if (n > 0)
        {
          gsize room = length - total;

          total += n;
          if (tls_stream_has_read_all (self, n, room))
            return total;
          continue;
        }
      if (total == 0 && n < 0)
        g_propagate_error (error, g_steal_pointer (&failure));
      if (total == 0)
        return n;
      /* What ends it comes after what was read. */
      self->pending = n == 0 || !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
      if (n < 0 && self->pending && self->read_error == NULL)
        self->read_error = g_steal_pointer (&failure);
      return total;
    }
  self->pending = TRUE;
  return total;
}

gssize
imp_tls_stream_read (ImpTlsStream *self, gpointer buffer, gsize length, GError **error)
{
  gssize n;

  self->pending = FALSE;
  if (self->base_input == NULL)
    return tls_stream_read_turn (self, buffer, length, error);
  imp_tls_base_input_begin_turn (self->base_input);
  n = tls_stream_read_turn (self, buffer, length, error);
  imp_tls_base_input_end_turn (self->base_input);
  return n;
}

gboolean
imp_tls_stream_is_pending (const ImpTlsStream *self)
{
  return self->pending;
}

/* TRUE once nothing is staged. Where the other side negotiates, that would never be, and the socket
 * would say all the time that there is room. */
static gboolean
tls_stream_write_staged (ImpTlsStream *self, GError **error)
{
  while (self->n_staged > 0)
    {
      gssize n = g_pollable_output_stream_write_nonblocking (self->output, self->staged,
                                                             self->n_staged, NULL, error);

      if (n < 0)
        {
          tls_stream_refuse_negotiation (self, error);
          return FALSE;
        }
      self->n_staged -= n;
      memmove (self->staged, self->staged + n, self->n_staged);
    }
  return TRUE;
}

/* Stages a record of what is behind the first @skip bytes. */
static gsize
tls_stream_stage (ImpTlsStream *self, const GOutputVector *vectors, guint n_vectors, gsize skip)
{
  for (guint i = 0; i < n_vectors && self->n_staged < RECORD_MAX; i++)
    {
      gsize n;

      if (skip >= vectors[i].size)
        {
          skip -= vectors[i].size;
          continue;
        }
      n = MIN (vectors[i].size - skip, RECORD_MAX - self->n_staged);
      memcpy (self->staged + self->n_staged, (const guint8 *) vectors[i].buffer + skip, n);
      self->n_staged += n;
      skip = 0;
    }
  return self->n_staged;
}

/* As many records as there is room for below, which go out together. */
static gsize
tls_stream_write_records (ImpTlsStream *self, const GOutputVector *vectors, guint n_vectors,
                          GError **error)
{
  gsize total = 0, n;

  do
    {
      n = tls_stream_stage (self, vectors, n_vectors, total);
      total += n;
    }
  while (n > 0 && tls_stream_write_staged (self, error) && n == RECORD_MAX
         && self->base_output != NULL && imp_tls_base_output_has_room (self->base_output));
  return total;
}

/* What went before has to be out; FALSE with an error, or that it would block. */
static gboolean
tls_stream_send (ImpTlsStream *self, GError **error)
{
  if (self->base_output == NULL)
    return TRUE;
  if (!imp_tls_base_output_send (self->base_output, error))
    return FALSE;
  if (imp_tls_base_output_is_empty (self->base_output))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Cannot write now");
  return FALSE;
}

static gboolean
tls_stream_is_fatal (const GError *error)
{
  return error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

gssize
imp_tls_stream_writev (ImpTlsStream *self, const GOutputVector *vectors, guint n_vectors,
                       GError **error)
{
  g_autoptr (GError) failure = NULL;
  gsize n;

  if (!tls_stream_send (self, error) || !tls_stream_write_staged (self, error))
    return -1;
  if (self->base_output != NULL)
    imp_tls_base_output_cork (self->base_output);
  n = tls_stream_write_records (self, vectors, n_vectors, &failure);
  if (!tls_stream_is_fatal (failure))
    {
      g_clear_error (&failure);
      tls_stream_send (self, &failure);
    }
  if (!tls_stream_is_fatal (failure))
    return n;
  g_propagate_error (error, g_steal_pointer (&failure));
  return -1;
}

gboolean
imp_tls_stream_wants_output (const ImpTlsStream *self)
{
  return self->n_staged > 0 || self->ending
         || (self->base_output != NULL && !imp_tls_base_output_is_empty (self->base_output));
}

/* To say it must not block: where the socket has room it has room for this, if no part of a record
 * waits before it. */
static void
tls_stream_try_end (ImpTlsStream *self)
{
  if (self->n_staged > 0 || !tls_stream_send (self, NULL)
      || g_socket_condition_check (self->socket, G_IO_OUT) != G_IO_OUT)
    return;
  self->ending = FALSE;
  self->ended = TRUE;
  g_output_stream_close (G_OUTPUT_STREAM (self->output), NULL, NULL);
}

void
imp_tls_stream_flush (ImpTlsStream *self)
{
  g_autoptr (GError) error = NULL;

  if (tls_stream_send (self, &error))
    tls_stream_write_staged (self, &error);
  if (tls_stream_is_fatal (error))
    {
      self->n_staged = 0;
      self->ending = FALSE;
      self->ended = TRUE;
      self->pending = TRUE;
      if (self->read_error == NULL)
        self->read_error = g_steal_pointer (&error);
    }
  if (self->ending)
    tls_stream_try_end (self);
}

void
imp_tls_stream_end_output (ImpTlsStream *self)
{
  if (self->ended)
    return;
  self->ending = TRUE;
  tls_stream_try_end (self);
}

/* To close what is TLS would want to say so, and wait as long as the other side does not read. */
void
imp_tls_stream_close (ImpTlsStream *self, gboolean abortive)
{
  /* It may negotiate although the socket is full, where nobody sees it. */
  if (self->may_negotiate_again && !g_pollable_output_stream_is_writable (self->output))
    /* A thread that waits for the socket does not see that it is closed. */
    g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  else if (!abortive && !self->ended)
    tls_stream_try_end (self);
  g_socket_close (self->socket, NULL);
}
