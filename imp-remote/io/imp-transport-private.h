/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Moves bytes over one GIOStream, never blocking, in one GMainContext. Plain sockets are read and
 * written by system calls of our own; everything else through the stream's pollable interfaces. */
typedef struct _ImpTransport ImpTransport;

/* @conditions: what is possible now: G_IO_IN (also at the end of the stream and after an error,
 * which the next read gives), G_IO_OUT; 0 where only a kick came. The transport may be closed and
 * unreferenced from here. */
typedef void (*ImpTransportFunc) (ImpTransport *self, GIOCondition conditions, gpointer user_data);

/* Takes a reference to the stream. %IMP_ERROR_UNSUPPORTED if it cannot be used without blocking. */
ImpTransport *imp_transport_new (GIOStream *stream, GError **error);
ImpTransport *imp_transport_ref (ImpTransport *self);
void imp_transport_unref (ImpTransport *self);

/* @func is called in @context (NULL: the thread-default one) until the transport is closed. */
void imp_transport_attach (ImpTransport *self, GMainContext *context, int priority,
                           ImpTransportFunc func, gpointer user_data);
/* What to wait for: G_IO_IN, G_IO_OUT, both or 0. At first nothing. */
void imp_transport_set_interest (ImpTransport *self, GIOCondition interest);
/* Has @func called once before the loop sleeps again; to be called in the context's own thread. */
void imp_transport_kick (ImpTransport *self);

/* Bytes read (0: end of stream), or -1 with an error, which is G_IO_ERROR_WOULD_BLOCK where there
 * is nothing now. */
gssize imp_transport_read (ImpTransport *self, gpointer buffer, gsize length, GError **error);
/* Whether a read would give something now: bytes, the end of the stream or an error. */
gboolean imp_transport_is_readable (ImpTransport *self);
/* Bytes written, or -1 with an error, which is G_IO_ERROR_WOULD_BLOCK where there is no room. */
gssize imp_transport_writev (ImpTransport *self, const GOutputVector *vectors, guint n_vectors,
                             GError **error);
/* Whether descriptors can be sent, and taken: it is a unix socket, a stream, and nothing else. */
gboolean imp_transport_can_pass_descriptors (ImpTransport *self);
/* As imp_transport_writev(); if anything is written, @fd goes with its first byte. */
gssize imp_transport_write_descriptor (ImpTransport *self, const GOutputVector *vectors,
                                       guint n_vectors, int fd, GError **error);
/* Whether descriptors that come are taken; at first not, and then they are refused, or closed where
 * that keeps nobody waiting. One can be here at a time: a read that finds more is an
 * %IMP_ERROR_PROTOCOL, and loses what it has read. */
void imp_transport_set_takes_descriptors (ImpTransport *self, gboolean takes);
gboolean imp_transport_has_descriptor (ImpTransport *self);
/* The caller's then; -1 if there is none. */
int imp_transport_steal_descriptor (ImpTransport *self);
/* It belongs to nothing. Where that happens too often the next read is an %IMP_ERROR_LIMIT. */
void imp_transport_drop_descriptor (ImpTransport *self);
/* Whether bytes can be spliced out: it is a stream socket, and nothing else. */
gboolean imp_transport_can_splice (ImpTransport *self);
/* And in. Not from a unix socket where descriptors can come with the bytes, of other users. */
gboolean imp_transport_can_splice_in (ImpTransport *self);
/* Moves bytes into the pipe, which is empty, without copying them. As imp_transport_read(), but 0
 * is where nothing could be moved, for whatever reason: the end of the stream, urgent bytes next,
 * or nothing at all. */
gssize imp_transport_splice_in (ImpTransport *self, int pipe, gsize length, GError **error);
/* Moves @length bytes, all that are in it, out of the pipe. As imp_transport_writev(), but 0 where
 * there is no room. */
gssize imp_transport_splice_out (ImpTransport *self, int pipe, gsize length, GError **error);
/* Whether something of what was written, or the end, has not gone to the socket yet: TLS takes a
 * record before it can write it. It goes on by itself, and the callback is called when it has. */
gboolean imp_transport_is_output_pending (ImpTransport *self);
/* Ends the output, so that the peer sees the end of the stream; reading goes on. Where the stream
 * cannot do that, FALSE with an error. */
gboolean imp_transport_shutdown_write (ImpTransport *self, GError **error);
/* Lets TCP itself find out, after so many milliseconds of silence and within as many again, that
 * the other side's machine is gone; 0 for not at all. Ignored where the stream is no TCP
 * connection. */
void imp_transport_set_keepalive (ImpTransport *self, guint milliseconds);
/* Whether closing the stream resets the connection, so that the peer does not take what it has for
 * all (SO_LINGER). It also holds if the process ends without closing. At first no; of streams that
 * are no TCP it means nothing. */
void imp_transport_set_abortive (ImpTransport *self, gboolean abortive);
/* How many of the bytes written the peer's machine has not taken yet, as far as that is known. */
gsize imp_transport_get_unacknowledged (ImpTransport *self);
/* Whether the peer has reset the connection. The kernel tells it once; if that was when writing, a
 * read that comes later looks like a regular end. */
gboolean imp_transport_was_reset (const ImpTransport *self);
/* No callback comes after this; the stream is closed. Can be called more than once. */
void imp_transport_close (ImpTransport *self);

GIOStream *imp_transport_get_stream (ImpTransport *self);
/* The socket's descriptor where the fast path is in use, else -1. */
int imp_transport_get_fd (ImpTransport *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTransport, imp_transport_unref)

G_END_DECLS
