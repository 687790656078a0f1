/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* How an ImpTransport moves bytes over TLS: records are filled, the socket below is polled itself,
 * and nothing blocks, not even the end.
 *
 * GIO gives and takes one record per call, and writes one for each vector. A record that the socket
 * does not take whole has to be given again as it was: what is to be in it is copied, and counts as
 * written. */
typedef struct _ImpTlsStream ImpTlsStream;

/* What a client is told where it has no certificate, and the server wants one. */
#define IMP_TLS_STREAM_DEMANDED                                                                    \
  "the server demands a certificate of this side, and there is none (tls-cert, tls-key)"

/* The socket that the bytes of a stream go through, also below TLS; NULL where it is not known. */
GSocket *imp_tls_stream_find_socket (GIOStream *stream);

/* NULL unless it is TLS over a socket, and the handshake is done. */
ImpTlsStream *imp_tls_stream_new (GIOStream *stream);
void imp_tls_stream_free (ImpTlsStream *self);

/* As imp_transport_read(), but as much as there is. An end without close_notify is
 * %G_TLS_ERROR_EOF. Where the first read of a client is that, the error says what it may mean. */
gssize imp_tls_stream_read (ImpTlsStream *self, gpointer buffer, gsize length, GError **error);
/* As imp_transport_writev(). */
gssize imp_tls_stream_writev (ImpTlsStream *self, const GOutputVector *vectors, guint n_vectors,
                              GError **error);
/* Whether a read would give something, whatever the socket says. */
gboolean imp_tls_stream_is_pending (const ImpTlsStream *self);
/* Whether there is something to write that nobody else knows of. */
gboolean imp_tls_stream_wants_output (const ImpTlsStream *self);
/* Writes what can be written of that; an error comes with the next read. */
void imp_tls_stream_flush (ImpTlsStream *self);
/* Ends the output by close_notify, as soon as there is room for it. */
void imp_tls_stream_end_output (ImpTlsStream *self);
/* Closes the socket. The other side is told that this is the end, if that can be said now, and
 * unless it is @abortive. */
void imp_tls_stream_close (ImpTlsStream *self, gboolean abortive);

G_END_DECLS
