/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/packet.h"

G_BEGIN_DECLS

/* Packets that are written. */

/* Where they go. */
typedef struct
{
  void (*write) (const guint8 *data, gsize length, gpointer user_data);
  gpointer user_data;
} FrameSink;

/* How one side of a connection writes its packets, as it did in the capture. */
typedef struct
{
  gboolean is_known;
  guint8 link[PACKET_LINK_MAX];
  gsize link_size;
  ImpIpHeader ip;
  guint16 ports[2];
} FrameSide;

/* A packet of that side. */
void frame_side_note (FrameSide *self, const Packet *packet);
/* Nothing of that side was recorded, but of the other one: it is as that one, turned round. */
void frame_side_mirror (FrameSide *self, const FrameSide *other, int link);

/* The largest data that fits behind a header of TCP or UDP of this size. */
gsize frame_side_get_room (const FrameSide *self, gsize transport_size);
/* Writes a packet with the header @transport, in which ports and checksum, at @checksum_at, are
 * filled in. */
void frame_side_write (FrameSide *self, const FrameSink *sink, guint8 *transport,
                       gsize transport_size, gsize checksum_at, const guint8 *data, gsize length);
/* A datagram of UDP. */
void frame_side_write_datagram (FrameSide *self, const FrameSink *sink, const guint8 *data,
                                gsize length);

G_END_DECLS
