/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-ip-packet-private.h"

#include <string.h>

/* The sum of 16-bit words does not depend on the order of their bytes, as long as what comes of it
 * is written as it was read. So it is taken as the machine reads memory, four words at a time. */
static guint64
ip_packet_sum (guint64 sum, const guint8 *bytes, gsize length)
{
  guint64 word;
  guint16 last = 0;

  for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word)
    {
      memcpy (&word, bytes, sizeof word);
      sum += (word >> 32) + (guint32) word;
    }
  for (; length >= 2; bytes += 2, length -= 2)
    {
      memcpy (&last, bytes, 2);
      sum += last;
    }
  if (length == 1)
    {
      last = 0;
      memcpy (&last, bytes, 1);
      sum += last;
    }
  return sum;
}

static guint16
ip_packet_fold (guint64 sum)
{
  while (sum > 0xffff)
    sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

static void
ip_packet_put_sum (guint8 *at, guint64 sum)
{
  const guint16 folded = ~ip_packet_fold (sum);

  memcpy (at, &folded, sizeof folded);
}

/* Of what stands before TCP and UDP in thought, except for their length. */
static guint64
ip_packet_sum_pseudo (const ImpIpHeader *self)
{
  const guint64 sum = ip_packet_sum (g_htons (self->protocol), self->source, self->address_size);

  return ip_packet_sum (sum, self->destination, self->address_size);
}

static guint64
ip_packet_sum_size (guint32 size)
{
  return (guint64) g_htons (size >> 16) + g_htons (size & 0xffff);
}

void
imp_ip_put_header (const ImpIpHeader *self, guint8 *at, gsize size)
{
  const gsize addresses = self->address_size == 4 ? 12 : 8;

  memset (at, 0, imp_ip_get_size (self));
  if (self->address_size == 4)
    {
      at[0] = 0x45;
      at[1] = self->traffic_class;
      imp_ip_put16 (at + 2, IMP_IPV4_SIZE + size);
      imp_ip_put16 (at + 4, self->id);
      at[6] = 0x40; /* not to be cut into fragments */
      at[8] = self->hops;
      at[9] = self->protocol;
    }
  else
    {
      at[0] = 0x60 | self->traffic_class >> 4;
      at[1] = self->traffic_class << 4;
      imp_ip_put16 (at + 4, size);
      at[6] = self->protocol;
      at[7] = self->hops;
    }
  memcpy (at + addresses, self->source, self->address_size);
  memcpy (at + addresses + self->address_size, self->destination, self->address_size);
  if (self->address_size == 4)
    ip_packet_put_sum (at + 10, ip_packet_sum (0, at, IMP_IPV4_SIZE));
}

void
imp_ip_put_checksum (const ImpIpHeader *self, guint8 *at, const guint8 *transport,
                     gsize transport_size, const guint8 *data, gsize length)
{
  guint64 sum = ip_packet_sum_pseudo (self) + ip_packet_sum_size (transport_size + length);

  sum = ip_packet_sum (sum, transport, transport_size);
  ip_packet_put_sum (at, ip_packet_sum (sum, data, length));
  /* In UDP zero says that there is none; this is the same sum. */
  if (self->protocol == IMP_PROTOCOL_UDP && at[0] == 0 && at[1] == 0)
    at[0] = at[1] = 0xff;
}

/* A card that cuts what is too large for one packet may be given a sum without the length. */
ImpIpSum
imp_ip_check_sum (const ImpIpHeader *self, const guint8 *transport, gsize length, gsize offset)
{
  const guint64 pseudo = ip_packet_sum_pseudo (self);
  const guint64 size = ip_packet_sum_size (length);
  guint16 given;

  memcpy (&given, transport + offset, sizeof given);
  if (self->protocol == IMP_PROTOCOL_UDP && given == 0)
    return IMP_IP_SUM_NONE;
  if (ip_packet_fold (ip_packet_sum (pseudo + size, transport, length)) == 0xffff)
    return IMP_IP_SUM_RIGHT;
  if (given == ip_packet_fold (pseudo + size) || given == ip_packet_fold (pseudo))
    return IMP_IP_SUM_PARTIAL;
  return IMP_IP_SUM_WRONG;
}
