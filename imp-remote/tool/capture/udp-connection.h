/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/connection.h"

G_BEGIN_DECLS

/* The datagrams between two addresses. Whoever sends the first one is the client. */
typedef struct _UdpConnection UdpConnection;

UdpConnection *udp_connection_new (Capture *capture, const ConnectionKey *key, guint sender);
void udp_connection_free (UdpConnection *self);
Connection *udp_connection_get_base (UdpConnection *self);

void udp_connection_take (UdpConnection *self, const Packet *packet, guint sender);
void udp_connection_finish (UdpConnection *self, Outcome outcome);

G_END_DECLS
