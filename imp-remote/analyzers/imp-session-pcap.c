/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-session-format-private.h"

#include <string.h>

/* Of the file: raw IP, either version. */
#define MAGIC 0xa1b2c3d4
#define LINK_TYPE_RAW 101
#define MTU 1500
#define TCP_SIZE 20
#define UDP_SIZE 8
#define IPV4_SIZE 20
#define IPV6_SIZE 40
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
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

typedef enum
{
  TCP_FIN = 1 << 0,
  TCP_SYN = 1 << 1,
  TCP_RST = 1 << 2,
  TCP_PSH = 1 << 3,
  TCP_ACK = 1 << 4,
} TcpFlags;

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

static void
session_pcap_put16 (guint8 *at, guint16 number)
{
  at[0] = number >> 8;
  at[1] = number;
}

static void
session_pcap_put32 (guint8 *at, guint32 number)
{
  session_pcap_put16 (at, number >> 16);
  session_pcap_put16 (at + 2, number);
}

static guint32
session_pcap_sum (guint32 sum, const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i + 1 < length; i += 2)
    sum += bytes[i] << 8 | bytes[i + 1];
  if (length % 2 == 1)
    sum += bytes[length - 1] << 8;
  return sum;
}

static guint16
session_pcap_fold (guint32 sum)
{
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum;
}

static gsize
session_pcap_get_ip_size (ImpSessionPcap *self)
{
  return self->address_size == 4 ? IPV4_SIZE : IPV6_SIZE;
}

static guint8
session_pcap_get_protocol (ImpSessionPcap *self)
{
  return self->has_datagrams ? PROTOCOL_UDP : PROTOCOL_TCP;
}

/* @size: of TCP's or UDP's header and data. */
static void
session_pcap_put_ip (ImpSessionPcap *self, ImpDirection direction, guint8 *ip, gsize size)
{
  gsize addresses = self->address_size == 4 ? 12 : 8;

  if (self->address_size == 4)
    {
      ip[0] = 0x45;
      session_pcap_put16 (ip + 2, IPV4_SIZE + size);
      session_pcap_put16 (ip + 4, self->ids[direction]++);
      ip[6] = 0x40; /* not to be cut into fragments */
      ip[8] = HOPS;
      ip[9] = session_pcap_get_protocol (self);
    }
  else
    {
      ip[0] = 0x60;
      session_pcap_put16 (ip + 4, size);
      ip[6] = session_pcap_get_protocol (self);
      ip[7] = HOPS;
    }
  memcpy (ip + addresses, self->addresses[direction], self->address_size);
  memcpy (ip + addresses + self->address_size, self->addresses[!direction], self->address_size);
  if (self->address_size == 4)
    session_pcap_put16 (ip + 10, session_pcap_fold (session_pcap_sum (0, ip, IPV4_SIZE)));
}

/* Of the header at @header, with its addresses and its data. */
static guint16
session_pcap_check (ImpSessionPcap *self, const guint8 *header, gsize size, const guint8 *data,
                    gsize length)
{
  guint32 sum = session_pcap_get_protocol (self) + size + length;

  for (guint i = 0; i < 2; i++)
    sum = session_pcap_sum (sum, self->addresses[i], self->address_size);
  sum = session_pcap_sum (sum, header, size);
  return session_pcap_fold (session_pcap_sum (sum, data, length));
}

static void
session_pcap_put_tcp (ImpSessionPcap *self, ImpDirection direction, guint8 *tcp, TcpFlags flags,
                      const guint8 *data, gsize length)
{
  session_pcap_put16 (tcp, self->ports[direction]);
  session_pcap_put16 (tcp + 2, self->ports[!direction]);
  session_pcap_put32 (tcp + 4, self->sent[direction]);
  if ((flags & TCP_ACK) != 0)
    session_pcap_put32 (tcp + 8, self->sent[!direction]);
  tcp[12] = TCP_SIZE / 4 << 4;
  tcp[13] = flags;
  session_pcap_put16 (tcp + 14, WINDOW);
  session_pcap_put16 (tcp + 16, session_pcap_check (self, tcp, TCP_SIZE, data, length));
}

/* No sum at all is written as zero, and a sum of zero as what is the same. */
static void
session_pcap_put_udp (ImpSessionPcap *self, ImpDirection direction, guint8 *udp, const guint8 *data,
                      gsize length)
{
  guint16 sum;

  session_pcap_put16 (udp, self->ports[direction]);
  session_pcap_put16 (udp + 2, self->ports[!direction]);
  session_pcap_put16 (udp + 4, UDP_SIZE + length);
  sum = session_pcap_check (self, udp, UDP_SIZE, data, length);
  session_pcap_put16 (udp + 6, sum != 0 ? sum : G_MAXUINT16);
}

/* @size: of the packet. */
static void
session_pcap_put_record (guint8 *header, gint64 time, gsize size)
{
  session_pcap_put32 (header, time / G_USEC_PER_SEC);
  session_pcap_put32 (header + 4, time % G_USEC_PER_SEC);
  session_pcap_put32 (header + 8, size);
  session_pcap_put32 (header + 12, size);
}

static void
session_pcap_add_datagram (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                           const guint8 *data, gsize length)
{
  gsize ip_size = session_pcap_get_ip_size (self);
  guint8 header[16 + IPV6_SIZE + UDP_SIZE] = { 0 };

  session_pcap_put_record (header, moment.time, ip_size + UDP_SIZE + length);
  session_pcap_put_ip (self, moment.direction, header + 16, UDP_SIZE + length);
  session_pcap_put_udp (self, moment.direction, header + 16 + ip_size, data, length);
  g_byte_array_append (output, header, 16 + ip_size + UDP_SIZE);
  g_byte_array_append (output, data, length);
}

static void
session_pcap_add_packet (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                         TcpFlags flags, const guint8 *data, gsize length)
{
  gsize ip_size = session_pcap_get_ip_size (self);
  gsize size = ip_size + TCP_SIZE + length;
  guint8 header[16 + IPV6_SIZE + TCP_SIZE] = { 0 };

  session_pcap_put_record (header, moment.time, size);
  session_pcap_put_ip (self, moment.direction, header + 16, TCP_SIZE + length);
  session_pcap_put_tcp (self, moment.direction, header + 16 + ip_size, flags, data, length);
  g_byte_array_append (output, header, 16 + ip_size + TCP_SIZE);
  if (length > 0)
    g_byte_array_append (output, data, length);

  self->sent[moment.direction] += length + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
  if ((flags & TCP_ACK) != 0)
    self->acked[!moment.direction] = self->sent[!moment.direction];
}

/* The side that gets what the other one sends says so. */
static void
session_pcap_acknowledge (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment)
{
  moment.direction = !moment.direction;
  session_pcap_add_packet (self, output, moment, TCP_ACK, NULL, 0);
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

  session_pcap_put32 (header, MAGIC);
  session_pcap_put16 (header + 4, 2); /* version 2.4 */
  session_pcap_put16 (header + 6, 4);
  session_pcap_put32 (header + 16, self->has_datagrams ? SNAP_LENGTH_UDP : SNAP_LENGTH);
  session_pcap_put32 (header + 20, LINK_TYPE_RAW);
  g_byte_array_append (output, header, sizeof header);
  if (self->has_datagrams)
    return;
  session_pcap_add_packet (self, output, client, TCP_SYN, NULL, 0);
  session_pcap_add_packet (self, output, server, TCP_SYN | TCP_ACK, NULL, 0);
  session_pcap_add_packet (self, output, client, TCP_ACK, NULL, 0);
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
  gsize segment = MTU - TCP_SIZE - session_pcap_get_ip_size (self);
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
      session_pcap_add_packet (self, output, moment, TCP_FIN | TCP_ACK, NULL, 0);
      session_pcap_acknowledge (self, output, moment);
    }
  for (gsize done = 0, n; done < length; done += n)
    {
      n = MIN (segment, length - done);
      if (self->sent[direction] - self->acked[direction] > UNDER_WAY_MAX - n)
        session_pcap_acknowledge (self, output, moment);
      session_pcap_add_packet (self, output, moment, TCP_PSH | TCP_ACK, data + done, n);
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
  session_pcap_add_packet (self, output, moment, TCP_RST | TCP_ACK, NULL, 0);
}
