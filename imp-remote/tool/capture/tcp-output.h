/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "tool/capture/frame.h"

G_BEGIN_DECLS

/* Writes a TCP connection anew: in order, without anything that is sent twice, in segments that
 * each receiver takes, and with acknowledgments of what has been written before. Addresses, link
 * layer, initial sequence numbers, windows and timestamps are those of the capture.
 *
 * Offsets of the input are those of ImpFilter, those of the output count what was written. */
typedef struct _TcpOutput TcpOutput;

/* @link: the kind of link layer. @sink lives longer. */
TcpOutput *tcp_output_new (int link, const FrameSink *sink);
void tcp_output_free (TcpOutput *self);

/* A packet of that side has been read: from now on its headers are as in this one. */
void tcp_output_note (TcpOutput *self, ImpDirection direction, const Packet *packet);
/* The sequence number of the first byte, as in the input. */
void tcp_output_start (TcpOutput *self, ImpDirection direction, guint32 sequence);
/* Writes the SYN of that side, as it was noted last. */
void tcp_output_open (TcpOutput *self, ImpDirection direction);
/* That side has got all before @offset in the input of the other one, and so many bytes more for
 * its SYN or FIN. */
void tcp_output_acknowledge (TcpOutput *self, ImpDirection direction, gint64 offset);

/* Bytes of that side. They may wait for others, until the next call of another kind. */
void tcp_output_send (TcpOutput *self, ImpDirection direction, const guint8 *data, gsize length);
void tcp_output_flush (TcpOutput *self, ImpDirection direction);
/* The same for bytes that are not there. */
void tcp_output_skip (TcpOutput *self, ImpDirection direction, gint64 length);
void tcp_output_end (TcpOutput *self, ImpDirection direction);
/* Resets by that side. Nothing follows. */
void tcp_output_reset (TcpOutput *self, ImpDirection direction);
/* Resets to both sides. */
void tcp_output_refuse (TcpOutput *self);

/* The packet has been dealt with; this much of the input of each direction has an outcome. */
void tcp_output_finish_packet (TcpOutput *self, ImpDirection direction, const gint64 settled[2]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TcpOutput, tcp_output_free)

G_END_DECLS
