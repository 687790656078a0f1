/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/connection.h"

G_BEGIN_DECLS

/* A TCP connection of the capture: both directions put in order, through the modules, and written
 * anew. */
typedef struct _TcpConnection TcpConnection;

typedef enum
{
  TCP_TAKEN,
  /* It belongs to a connection that has begun anew; @syn is the packet that has begun it. */
  TCP_NEW,
} TcpVerdict;

/* @sender: which end of the key has sent @packet, the first one. */
TcpConnection *tcp_connection_new (Capture *capture, const ConnectionKey *key, const Packet *packet,
                                   guint sender);
void tcp_connection_free (TcpConnection *self);
Connection *tcp_connection_get_base (TcpConnection *self);

/* Another packet, or the first one. */
TcpVerdict tcp_connection_take (TcpConnection *self, const Packet *packet, guint sender);
/* After TCP_NEW: the SYN that was not believed before, or NULL if it is that packet itself. */
const Packet *tcp_connection_peek_syn (TcpConnection *self);
/* Nothing comes any more: @outcome if it has none yet. */
void tcp_connection_finish (TcpConnection *self, Outcome outcome);

G_END_DECLS
