/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-format-private.h"

#include "analyzers/imp-ip-packet-private.h"

#include <string.h>

/* Of the file: raw IP, either version. */
#define MAGIC 0xa1b2c3d4
#define LINK_TYPE_RAW 101
#define MTU 1500
/* What fits into a packet of IP. */
#define DATAGRAM_MAX 65507
/* The largest packet: of TCP, and of UDP over IPv6. */
#define SNAP_LENGTH G_MAXUINT16
#define SNAP_LENGTH_UDP 262144
#define HOPS 64

/* What may be under way without an answer; a reader takes the window for full above what is said of
 * it, which is more. */
#define UNDER_WAY_MAX 32768
#define WINDOW 65535

/* In the place of what is no address: those for documentation, RFC 5737 and RFC 3849. */
static const char *const made_up_v4[2] = { "192.0.2.1", "198.51.100.1" };
static const char *const made_up_v6[2] = { "2001:db8::1", "2001:db8::2" };
/* And ports that belong to nothing. */
static const guint16 made_up_ports[2] = { 49152, 49153 };

/* ---- addresses ---- */

/* NULL if that is no address. A link-local one may say which link it is on. */
static GInetAddress *
session_pcap_parse_address (const char *text)
{
  g_autofree char *plain = text != NULL ? g_strndup (text, strcspn (text, "%")) : NULL;

  return plain != NULL ? g_inet_address_new_from_string (plain) : NULL;
}

/* In a conversation of version 6, one of version 4 is written as ::ffff:a.b.c.d. */
static void
session_pcap_set_address (ImpSessionPcap *self, guint side, GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  gsize size = g_inet_address_get_native_size (address);

  if (size < self->address_size)
    memset (self->addresses[side] + 10, 0xff, 2);
  memcpy (self->addresses[side] + self->address_size - size, bytes, size);
}

static guint16
session_pcap_parse_port (const char *text, guint side)
{
  guint64 port;

  if (text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT16, &port, NULL))
    return port;
  return made_up_ports[side];
}

void
imp_session_pcap_init (ImpSessionPcap *self, const char *client_address, const char *client_port,
                       const char *server_address, const char *server_port,
                       const guint32 initial[2])
{
  const char *texts[2] = { client_address, server_address };
  const char *ports[2] = { client_port, server_port };
  GInetAddress *addresses[2];

  *self = (ImpSessionPcap){ .address_size = 4 };
  for (guint i = 0; i < 2; i++)
    {
      addresses[i] = session_pcap_parse_address (texts[i]);
      if (addresses[i] != NULL)
        self->address_size = MAX (self->address_size,
                                  g_inet_address_get_native_size (addresses[i]));
    }
  for (guint i = 0; i < 2; i++)
    {
      if (addresses[i] == NULL)
        addresses[i] = g_inet_address_new_from_string (self->address_size == 4 ? made_up_v4[i]
                                                                               : made_up_v6[i]);
      session_pcap_set_address (self, i, addresses[i]);
      g_object_unref (addresses[i]);
      self->ports[i] = session_pcap_parse_port (ports[i], i);
      self->sent[i] = self->acked[i] = initial[i];
    }
}

/* ---- packets ---- */

/* The header of a packet that @direction sends. */
static ImpIpHeader
session_pcap_get_header (ImpSessionPcap *self, ImpDirection direction)
{
  ImpIpHeader ip = {
    .address_size = self->address_size,
    .protocol = self->has_datagrams ? IMP_PROTOCOL_UDP : IMP_PROTOCOL_TCP,
    .hops = HOPS,
  };

  memcpy (ip.source, self->addresses[direction], self->address_size);
  memcpy (ip.destination, self->addresses[!direction], self->address_size);
  if (self->address_size == 4)
    ip.id = self->ids[direction]++;
  return ip;
}

static void
session_pcap_put_tcp (ImpSessionPcap *self, ImpDirection direction, guint8 *tcp, ImpTcpFlags flags)
{
  imp_ip_put16 (tcp, self->ports[direction]);
  imp_ip_put16 (tcp + 2, self->ports[!direction]);
  imp_ip_put32 (tcp + 4, self->sent[direction]);
  if ((flags & IMP_TCP_ACK) != 0)
    imp_ip_put32 (tcp + 8, self->sent[!direction]);
  tcp[12] = IMP_TCP_SIZE / 4 << 4;
  tcp[13] = flags;
  imp_ip_put16 (tcp + 14, WINDOW);
}

/* @size: of the packet. */
static void
session_pcap_put_record (guint8 *header, gint64 time, gsize size)
{
  imp_ip_put32 (header, time / G_USEC_PER_SEC);
  imp_ip_put32 (header + 4, time % G_USEC_PER_SEC);
  imp_ip_put32 (header + 8, size);
  imp_ip_put32 (header + 12, size);
}

static void
session_pcap_add_datagram (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                           const guint8 *data, gsize length)
{
  const ImpIpHeader ip = session_pcap_get_header (self, moment.direction);
  const gsize ip_size = imp_ip_get_size (&ip);
  guint8 header[16 + IMP_IPV6_SIZE + IMP_UDP_SIZE] = { 0 };
  guint8 *udp = header + 16 + ip_size;

  session_pcap_put_record (header, moment.time, ip_size + IMP_UDP_SIZE + length);
  imp_ip_put_header (&ip, header + 16, IMP_UDP_SIZE + length);
  imp_ip_put16 (udp, self->ports[moment.direction]);
  imp_ip_put16 (udp + 2, self->ports[!moment.direction]);
  imp_ip_put16 (udp + 4, IMP_UDP_SIZE + length);
  imp_ip_put_checksum (&ip, udp + 6, udp, IMP_UDP_SIZE, data, length);
  /* A sum of zero would say that there is none; all ones are the same number. */
  if (imp_ip_get16 (udp + 6) == 0)
    imp_ip_put16 (udp + 6, G_MAXUINT16);
  g_byte_array_append (output, header, 16 + ip_size + IMP_UDP_SIZE);
  g_byte_array_append (output, data, length);
}

static void
session_pcap_add_packet (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                         ImpTcpFlags flags, const guint8 *data, gsize length)
{
  const ImpIpHeader ip = session_pcap_get_header (self, moment.direction);
  const gsize ip_size = imp_ip_get_size (&ip);
  const gsize size = ip_size + IMP_TCP_SIZE + length;
  guint8 header[16 + IMP_IPV6_SIZE + IMP_TCP_SIZE] = { 0 };
  guint8 *tcp = header + 16 + ip_size;

  session_pcap_put_record (header, moment.time, size);
  imp_ip_put_header (&ip, header + 16, IMP_TCP_SIZE + length);
  session_pcap_put_tcp (self, moment.direction, tcp, flags);
  imp_ip_put_checksum (&ip, tcp + 16, tcp, IMP_TCP_SIZE, data, length);
  g_byte_array_append (output, header, 16 + ip_size + IMP_TCP_SIZE);
  if (length > 0)
    g_byte_array_append (output, data, length);

  self->sent[moment.direction] += length + ((flags & (IMP_TCP_SYN | IMP_TCP_FIN)) != 0 ? 1 : 0);
  if ((flags & IMP_TCP_ACK) != 0)
    self->acked[!moment.direction] = self->sent[!moment.direction];
}

/* The side that gets what the other one sends says so. */
static void
session_pcap_acknowledge (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment)
{
  moment.direction = !moment.direction;
  session_pcap_add_packet (self, output, moment, IMP_TCP_ACK, NULL, 0);
}

/* ---- the conversation ---- */

void
imp_session_pcap_use_datagrams (ImpSessionPcap *self)
{
  self->has_datagrams = TRUE;
}

void
imp_session_pcap_begin (ImpSessionPcap *self, GByteArray *output, gint64 time)
{
  const ImpSessionMoment client = { time, IMP_DIRECTION_FROM_CLIENT };
  const ImpSessionMoment server = { time, IMP_DIRECTION_FROM_SERVER };
  guint8 header[24] = { 0 };

  imp_ip_put32 (header, MAGIC);
  imp_ip_put16 (header + 4, 2); /* version 2.4 */
  imp_ip_put16 (header + 6, 4);
  imp_ip_put32 (header + 16, self->has_datagrams ? SNAP_LENGTH_UDP : SNAP_LENGTH);
  imp_ip_put32 (header + 20, LINK_TYPE_RAW);
  g_byte_array_append (output, header, sizeof header);
  if (self->has_datagrams)
    return;
  session_pcap_add_packet (self, output, client, IMP_TCP_SYN, NULL, 0);
  session_pcap_add_packet (self, output, server, IMP_TCP_SYN | IMP_TCP_ACK, NULL, 0);
  session_pcap_add_packet (self, output, client, IMP_TCP_ACK, NULL, 0);
}

/* What no datagram can be comes as several. */
static void
session_pcap_add_datagrams (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                            const guint8 *data, gsize length)
{
  for (gsize done = 0, n; done < length; done += n)
    {
      n = MIN (DATAGRAM_MAX, length - done);
      session_pcap_add_datagram (self, output, moment, data + done, n);
    }
}

void
imp_session_pcap_add (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                      const guint8 *data, gsize length)
{
  gsize segment = MTU - IMP_TCP_SIZE - (self->address_size == 4 ? IMP_IPV4_SIZE : IMP_IPV6_SIZE);
  ImpDirection direction = moment.direction;

  if (self->has_datagrams)
    {
      session_pcap_add_datagrams (self, output, moment, data, length);
      return;
    }
  if (self->ended[direction])
    return;
  if (length == 0)
    {
      self->ended[direction] = TRUE;
      session_pcap_add_packet (self, output, moment, IMP_TCP_FIN | IMP_TCP_ACK, NULL, 0);
      session_pcap_acknowledge (self, output, moment);
    }
  for (gsize done = 0, n; done < length; done += n)
    {
      n = MIN (segment, length - done);
      if (self->sent[direction] - self->acked[direction] > UNDER_WAY_MAX - n)
        session_pcap_acknowledge (self, output, moment);
      session_pcap_add_packet (self, output, moment, IMP_TCP_PSH | IMP_TCP_ACK, data + done, n);
    }
}

void
imp_session_pcap_end (ImpSessionPcap *self, GByteArray *output, gint64 time)
{
  ImpSessionMoment moment = { time, IMP_DIRECTION_FROM_CLIENT };

  if (self->has_datagrams || (self->ended[0] && self->ended[1]))
    return;
  if (self->ended[0])
    moment.direction = IMP_DIRECTION_FROM_SERVER;
  session_pcap_add_packet (self, output, moment, IMP_TCP_RST | IMP_TCP_ACK, NULL, 0);
}
