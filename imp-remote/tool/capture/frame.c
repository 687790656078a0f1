/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/frame.h"

#include <string.h>

#define PACKET_SIZE_MAX 65535
#define TRANSPORT_SIZE_MAX 60
#define ETHER_ADDRESS_SIZE 6

void
frame_side_note (FrameSide *self, const Packet *packet)
{
  /* The link layer's header of another capture's kind would not fit; see packet_decode(). */
  self->link_size = MIN (packet->link_size, PACKET_LINK_MAX);
  memcpy (self->link, packet->link, self->link_size);
  /* Where fragments were put together, or a side sends in turns, ids go on. */
  if (self->is_known)
    {
      const guint16 id = self->ip.id;

      self->ip = packet->ip;
      self->ip.id = id;
    }
  else
    self->ip = packet->ip;
  self->ports[0] = packet->ports[0];
  self->ports[1] = packet->ports[1];
  self->is_known = TRUE;
}

void
frame_side_mirror (FrameSide *self, const FrameSide *other, int link)
{
  *self = *other;
  memcpy (self->ip.source, other->ip.destination, sizeof self->ip.source);
  memcpy (self->ip.destination, other->ip.source, sizeof self->ip.destination);
  self->ports[0] = other->ports[1];
  self->ports[1] = other->ports[0];
  if (link == PACKET_LINK_ETHERNET)
    {
      memcpy (self->link, other->link + ETHER_ADDRESS_SIZE, ETHER_ADDRESS_SIZE);
      memcpy (self->link + ETHER_ADDRESS_SIZE, other->link, ETHER_ADDRESS_SIZE);
    }
}

gsize
frame_side_get_room (const FrameSide *self, gsize transport_size)
{
  return PACKET_SIZE_MAX - imp_ip_get_size (&self->ip) - transport_size;
}

void
frame_side_write (FrameSide *self, const FrameSink *sink, guint8 *transport, gsize transport_size,
                  gsize checksum_at, const guint8 *data, gsize length)
{
  static guint8 buffer[PACKET_LINK_MAX + PACKET_SIZE_MAX];
  const gsize ip_size = imp_ip_get_size (&self->ip);
  guint8 *at = buffer;

  g_assert (transport_size <= TRANSPORT_SIZE_MAX
            && length <= frame_side_get_room (self, transport_size));
  memcpy (at, self->link, self->link_size);
  at += self->link_size;
  imp_ip_put_header (&self->ip, at, transport_size + length);
  at += ip_size;
  self->ip.id++;
  imp_ip_put16 (transport, self->ports[0]);
  imp_ip_put16 (transport + 2, self->ports[1]);
  imp_ip_put_checksum (&self->ip, transport + checksum_at, transport, transport_size, data, length);
  memcpy (at, transport, transport_size);
  at += transport_size;
  if (length > 0)
    memcpy (at, data, length);
  sink->write (buffer, at + length - buffer, sink->user_data);
}

void
frame_side_write_datagram (FrameSide *self, const FrameSink *sink, const guint8 *data, gsize length)
{
  guint8 udp[IMP_UDP_SIZE] = { 0 };

  imp_ip_put16 (udp + 4, IMP_UDP_SIZE + length);
  frame_side_write (self, sink, udp, sizeof udp, 6, data, length);
}
