/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Packets of IP in memory, for those who write files that look as if recorded from a network. */

#define IMP_IPV4_SIZE 20
#define IMP_IPV6_SIZE 40
#define IMP_TCP_SIZE 20
#define IMP_UDP_SIZE 8
#define IMP_PROTOCOL_TCP 6
#define IMP_PROTOCOL_UDP 17

typedef enum
{
  IMP_TCP_FIN = 1 << 0,
  IMP_TCP_SYN = 1 << 1,
  IMP_TCP_RST = 1 << 2,
  IMP_TCP_PSH = 1 << 3,
  IMP_TCP_ACK = 1 << 4,
} ImpTcpFlags;

/* What is to be thought of a checksum. */
typedef enum
{
  IMP_IP_SUM_NONE, /* there is none, or not all that it is about */
  IMP_IP_SUM_RIGHT,
  IMP_IP_SUM_PARTIAL, /* a network card was left to compute it */
  IMP_IP_SUM_WRONG,
} ImpIpSum;

/* What the header of a packet says that is not about its size. */
typedef struct
{
  guint8 source[16];
  guint8 destination[16];
  guint8 address_size; /* 4 or 16, which is the version as well */
  guint8 protocol;
  guint8 hops;
  guint8 traffic_class;
  guint16 id; /* of version 4 */
} ImpIpHeader;

static inline void
imp_ip_put16 (guint8 *at, guint16 number)
{
  at[0] = number >> 8;
  at[1] = number;
}

static inline void
imp_ip_put32 (guint8 *at, guint32 number)
{
  imp_ip_put16 (at, number >> 16);
  imp_ip_put16 (at + 2, number);
}

static inline guint16
imp_ip_get16 (const guint8 *at)
{
  return at[0] << 8 | at[1];
}

static inline guint32
imp_ip_get32 (const guint8 *at)
{
  return (guint32) imp_ip_get16 (at) << 16 | imp_ip_get16 (at + 2);
}

static inline gsize
imp_ip_get_size (const ImpIpHeader *self)
{
  return self->address_size == 4 ? IMP_IPV4_SIZE : IMP_IPV6_SIZE;
}

/* Writes the header of a packet with @size bytes behind it, with its own checksum. */
void imp_ip_put_header (const ImpIpHeader *self, guint8 *at, gsize size);
/* The checksum of what stands behind it: of a header of TCP or UDP (@transport, of which an even
 * number of bytes), in which the place for it is zero, and of the data; to be written at @at. */
void imp_ip_put_checksum (const ImpIpHeader *self, guint8 *at, const guint8 *transport,
                          gsize transport_size, const guint8 *data, gsize length);
/* Whether that of TCP or UDP is right, which stands at @offset of the whole of @length bytes. */
ImpIpSum imp_ip_check_sum (const ImpIpHeader *self, const guint8 *transport, gsize length,
                           gsize offset);

G_END_DECLS
