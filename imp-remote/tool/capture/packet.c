/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/packet.h"

#include <string.h>

#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd
#define TAGS_MAX 4
#define EXTENSIONS_MAX 8
#define IPV4_MORE 0x2000
#define IPV4_OFFSET 0x1fff

/* Extension headers of IPv6, of those that are followed. */
enum
{
  NEXT_HOP_BY_HOP = 0,
  NEXT_ROUTING = 43,
  NEXT_FRAGMENT = 44,
  NEXT_AUTHENTICATION = 51,
  NEXT_DESTINATION = 60,
};

/* What is left of a packet. */
typedef struct
{
  const guint8 *data;
  gsize recorded;
  gsize length; /* not less than that */
} PacketRest;

static PacketKind
packet_refuse (Packet *self, const char *reason)
{
  self->reason = reason;
  return PACKET_MALFORMED;
}

static gboolean
packet_rest_skip (PacketRest *rest, gsize n)
{
  if (n > rest->recorded)
    return FALSE;
  rest->data += n;
  rest->recorded -= n;
  rest->length -= n;
  return TRUE;
}

/* What is behind @length bytes is padding. */
static void
packet_rest_limit (PacketRest *rest, gsize length)
{
  rest->length = MIN (rest->length, length);
  rest->recorded = MIN (rest->recorded, length);
}

/* ---- TCP and UDP ---- */

/* Of what was not recorded as a whole, nobody knows. */
static void
packet_check_sum (Packet *self, const PacketRest *rest, gsize offset)
{
  if (rest->recorded == rest->length)
    self->sum = imp_ip_check_sum (&self->ip, rest->data, rest->length, offset);
}

static PacketKind
packet_decode_tcp (Packet *self, PacketRest rest)
{
  const guint8 *tcp = rest.data;
  gsize size;

  if (rest.recorded < IMP_TCP_SIZE)
    return packet_refuse (self, "the header of TCP is cut");
  size = tcp[12] / 16 * 4;
  if (size < IMP_TCP_SIZE || size > rest.length)
    return packet_refuse (self, "the header of TCP has a wrong length");
  if (size > rest.recorded)
    return packet_refuse (self, "the header of TCP is cut");
  self->ports[0] = imp_ip_get16 (tcp);
  self->ports[1] = imp_ip_get16 (tcp + 2);
  self->sequence = imp_ip_get32 (tcp + 4);
  self->acknowledgment = imp_ip_get32 (tcp + 8);
  self->flags = tcp[13];
  self->window = imp_ip_get16 (tcp + 14);
  self->options = tcp + IMP_TCP_SIZE;
  self->options_size = size - IMP_TCP_SIZE;
  packet_check_sum (self, &rest, 16);
  self->data = tcp + size;
  self->length = rest.recorded - size;
  self->missing = rest.length - rest.recorded;
  return PACKET_TRANSPORT;
}

static PacketKind
packet_decode_udp (Packet *self, PacketRest rest)
{
  gsize length;

  if (rest.recorded < IMP_UDP_SIZE)
    return packet_refuse (self, "the header of UDP is cut");
  length = imp_ip_get16 (rest.data + 4);
  if (length < IMP_UDP_SIZE || length > rest.length)
    return packet_refuse (self, "the header of UDP has a wrong length");
  packet_rest_limit (&rest, length);
  self->ports[0] = imp_ip_get16 (rest.data);
  self->ports[1] = imp_ip_get16 (rest.data + 2);
  packet_check_sum (self, &rest, 6);
  self->data = rest.data + IMP_UDP_SIZE;
  self->length = rest.recorded - IMP_UDP_SIZE;
  self->missing = rest.length - rest.recorded;
  return PACKET_TRANSPORT;
}

static PacketKind
packet_decode_transport (Packet *self, PacketRest rest)
{
  if (self->ip.protocol == IMP_PROTOCOL_TCP)
    return packet_decode_tcp (self, rest);
  if (self->ip.protocol == IMP_PROTOCOL_UDP)
    return packet_decode_udp (self, rest);
  return PACKET_OTHER;
}

/* ---- IP ---- */

/* Where the end of it is missing, it cannot be put together with others. */
static PacketKind
packet_set_fragment (Packet *self, PacketRest rest, guint32 id, guint32 offset, gboolean more)
{
  self->fragment_id = id;
  self->fragment_offset = offset;
  self->more_fragments = more;
  self->data = rest.data;
  self->length = rest.recorded;
  self->missing = rest.length - rest.recorded;
  return PACKET_FRAGMENT;
}

static PacketKind
packet_decode_ipv4 (Packet *self, PacketRest rest)
{
  const guint8 *ip = rest.data;
  gsize size, total;
  guint16 fragment;

  if (rest.recorded < IMP_IPV4_SIZE)
    return packet_refuse (self, "the header of IPv4 is cut");
  size = (ip[0] & 15) * 4;
  total = imp_ip_get16 (ip + 2);
  /* A network card may be left to compute it. */
  if (total == 0)
    total = rest.length;
  if (ip[0] / 16 != 4 || size < IMP_IPV4_SIZE || size > total || total > rest.length)
    return packet_refuse (self, "the header of IPv4 has a wrong version or length");
  if (size > rest.recorded)
    return packet_refuse (self, "the header of IPv4 is cut");
  packet_rest_limit (&rest, total);
  self->ip.address_size = 4;
  self->ip.traffic_class = ip[1];
  self->ip.id = imp_ip_get16 (ip + 4);
  self->ip.hops = ip[8];
  self->ip.protocol = ip[9];
  memcpy (self->ip.source, ip + 12, 4);
  memcpy (self->ip.destination, ip + 16, 4);
  packet_rest_skip (&rest, size);
  fragment = imp_ip_get16 (ip + 6);
  if ((fragment & (IPV4_MORE | IPV4_OFFSET)) != 0)
    return packet_set_fragment (self, rest, self->ip.id, (fragment & IPV4_OFFSET) * 8u,
                                (fragment & IPV4_MORE) != 0);
  return packet_decode_transport (self, rest);
}

/* One header behind the first one; FALSE if it is the last one that is followed. */
static gboolean
packet_step_extension (Packet *self, PacketRest *rest, PacketKind *kind)
{
  const guint8 *header = rest->data;
  gsize size;

  *kind = PACKET_OTHER;
  switch (self->ip.protocol)
    {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION:
    case NEXT_AUTHENTICATION:
    case NEXT_FRAGMENT:
      break;
    default:
      *kind = packet_decode_transport (self, *rest);
      return FALSE;
    }
  if (rest->recorded < 8)
    {
      *kind = packet_refuse (self, "an extension header of IPv6 is cut");
      return FALSE;
    }
  if (self->ip.protocol == NEXT_FRAGMENT)
    size = 8;
  else if (self->ip.protocol == NEXT_AUTHENTICATION)
    size = (header[1] + 2) * 4;
  else
    size = (header[1] + 1) * 8;
  if (!packet_rest_skip (rest, size))
    {
      *kind = packet_refuse (self, "an extension header of IPv6 has a wrong length");
      return FALSE;
    }
  if (self->ip.protocol == NEXT_FRAGMENT && (imp_ip_get16 (header + 2) & ~6) != 0)
    {
      self->ip.protocol = header[0];
      *kind = packet_set_fragment (self, *rest, imp_ip_get32 (header + 4),
                                   imp_ip_get16 (header + 2) & ~7, header[3] & 1);
      return FALSE;
    }
  self->ip.protocol = header[0];
  return TRUE;
}

static PacketKind
packet_follow_extensions (Packet *self, PacketRest rest)
{
  PacketKind kind;

  for (guint i = 0; i < EXTENSIONS_MAX; i++)
    if (!packet_step_extension (self, &rest, &kind))
      return kind;
  return packet_refuse (self, "there are too many extension headers of IPv6");
}

static PacketKind
packet_decode_ipv6 (Packet *self, PacketRest rest)
{
  const guint8 *ip = rest.data;
  gsize length;

  if (rest.recorded < IMP_IPV6_SIZE)
    return packet_refuse (self, "the header of IPv6 is cut");
  length = imp_ip_get16 (ip + 4);
  if (length == 0)
    length = rest.length - IMP_IPV6_SIZE;
  if (ip[0] / 16 != 6 || length > rest.length - IMP_IPV6_SIZE)
    return packet_refuse (self, "the header of IPv6 has a wrong version or length");
  packet_rest_limit (&rest, IMP_IPV6_SIZE + length);
  self->ip.address_size = 16;
  self->ip.traffic_class = imp_ip_get16 (ip) >> 4;
  self->ip.protocol = ip[6];
  self->ip.hops = ip[7];
  memcpy (self->ip.source, ip + 8, 16);
  memcpy (self->ip.destination, ip + 24, 16);
  packet_rest_skip (&rest, IMP_IPV6_SIZE);
  return packet_follow_extensions (self, rest);
}

static PacketKind
packet_decode_ip (Packet *self, PacketRest rest)
{
  if (rest.recorded == 0)
    return packet_refuse (self, "the packet is cut before IP");
  switch (rest.data[0] / 16)
    {
    case 4:
      return packet_decode_ipv4 (self, rest);
    case 6:
      return packet_decode_ipv6 (self, rest);
    default:
      return packet_refuse (self, "there is no IP of version 4 or 6");
    }
}

PacketKind
packet_decode_whole (Packet *self, const Packet *first, const guint8 *data, gsize length)
{
  const PacketRest rest = { data, length, length };

  *self = (Packet){ .ip = first->ip, .link = first->link, .link_size = first->link_size };
  if (self->ip.address_size == 16)
    return packet_follow_extensions (self, rest);
  return packet_decode_transport (self, rest);
}

/* ---- what is before IP ---- */

/* A type of Ethernet's, and tags of virtual networks. */
static PacketKind
packet_decode_ether_type (Packet *self, guint16 type, PacketRest rest)
{
  for (guint i = 0; i < TAGS_MAX && (type == 0x8100 || type == 0x88a8 || type == 0x9100); i++)
    {
      if (rest.recorded < 4)
        return packet_refuse (self, "the tag of a virtual network is cut");
      type = imp_ip_get16 (rest.data + 2);
      packet_rest_skip (&rest, 4);
    }
  self->link_size = rest.data - self->link;
  if (type == ETHER_IPV4)
    return packet_decode_ipv4 (self, rest);
  if (type == ETHER_IPV6)
    return packet_decode_ipv6 (self, rest);
  return PACKET_OTHER;
}

static PacketKind
packet_decode_typed (Packet *self, PacketRest rest, gsize type_at, gsize size)
{
  guint16 type;

  if (rest.recorded < size)
    return packet_refuse (self, "the header of the link layer is cut");
  type = imp_ip_get16 (rest.data + type_at);
  packet_rest_skip (&rest, size);
  return packet_decode_ether_type (self, type, rest);
}

/* A number for the family of addresses, in the order of bytes of the machine that has recorded, or
 * of the network: 2 is IPv4 everywhere, IPv6 differs. */
static PacketKind
packet_decode_family (Packet *self, PacketRest rest)
{
  guint32 family;

  if (rest.recorded < 4)
    return packet_refuse (self, "the header of the link layer is cut");
  family = imp_ip_get32 (rest.data);
  if (family > 0xffff)
    family = GUINT32_SWAP_LE_BE (family);
  packet_rest_skip (&rest, 4);
  self->link_size = 4;
  switch (family)
    {
    case 2:
      return packet_decode_ipv4 (self, rest);
    case 10:
    case 24:
    case 28:
    case 30:
      return packet_decode_ipv6 (self, rest);
    default:
      return PACKET_OTHER;
    }
}

gboolean
packet_link_is_known (int link)
{
  switch ((PacketLink) link)
    {
    case PACKET_LINK_NULL:
    case PACKET_LINK_ETHERNET:
    case PACKET_LINK_RAW:
    case PACKET_LINK_LOOP:
    case PACKET_LINK_SLL:
    case PACKET_LINK_IPV4:
    case PACKET_LINK_IPV6:
    case PACKET_LINK_SLL2:
      return TRUE;
    default:
      return FALSE;
    }
}

PacketKind
packet_decode (Packet *self, int link, const guint8 *data, gsize recorded, gsize length)
{
  const PacketRest rest = { data, recorded, MAX (length, recorded) };

  *self = (Packet){ .link = data };
  switch ((PacketLink) link)
    {
    case PACKET_LINK_ETHERNET:
      return packet_decode_typed (self, rest, 12, 14);
    case PACKET_LINK_SLL:
      return packet_decode_typed (self, rest, 14, 16);
    case PACKET_LINK_SLL2:
      return packet_decode_typed (self, rest, 0, 20);
    case PACKET_LINK_NULL:
    case PACKET_LINK_LOOP:
      return packet_decode_family (self, rest);
    case PACKET_LINK_RAW:
    case PACKET_LINK_IPV4:
    case PACKET_LINK_IPV6:
      return packet_decode_ip (self, rest);
    default:
      return PACKET_OTHER;
    }
}

/* ---- options of TCP ---- */

static void
packet_read_tcp_option (const guint8 *option, gsize size, PacketTcpOptions *options)
{
  if (option[0] == 2 && size == 4)
    options->max_segment = imp_ip_get16 (option + 2);
  else if (option[0] == 3 && size == 3)
    options->window_scale = MIN (option[2], 14);
  else if (option[0] == 8 && size == 10)
    {
      options->has_timestamps = TRUE;
      options->timestamp = imp_ip_get32 (option + 2);
      options->timestamp_echo = imp_ip_get32 (option + 6);
    }
}

void
packet_read_tcp_options (const Packet *self, PacketTcpOptions *options)
{
  gsize left = self->options_size;
  const guint8 *option = self->options;

  *options = (PacketTcpOptions){ .window_scale = -1 };
  while (left > 0 && option[0] != 0)
    {
      gsize size = 1;

      if (option[0] != 1)
        {
          if (left < 2 || option[1] < 2 || option[1] > left)
            return;
          size = option[1];
          packet_read_tcp_option (option, size, options);
        }
      option += size;
      left -= size;
    }
}
