/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-ip-packet-private.h"

G_BEGIN_DECLS

/* What a recorded packet says, from its link layer to TCP or UDP. Nothing is copied, and no length
 * in it is believed. */

/* The largest header of a link layer that is kept. */
#define PACKET_LINK_MAX 64

/* What stands before IP, by the numbers of tcpdump.org. */
typedef enum
{
  PACKET_LINK_NULL = 0,
  PACKET_LINK_ETHERNET = 1,
  PACKET_LINK_RAW = 101,
  PACKET_LINK_LOOP = 108,
  PACKET_LINK_SLL = 113,
  PACKET_LINK_IPV4 = 228,
  PACKET_LINK_IPV6 = 229,
  PACKET_LINK_SLL2 = 276,
} PacketLink;

typedef enum
{
  PACKET_TRANSPORT, /* TCP or UDP, whole as far as its headers go */
  PACKET_FRAGMENT,  /* one piece of a packet */
  PACKET_OTHER,     /* neither; nothing is wrong with it as far as was looked at */
  PACKET_MALFORMED,
} PacketKind;

typedef struct
{
  ImpIpHeader ip;
  const guint8 *link;
  gsize link_size;

  /* PACKET_FRAGMENT: what is in it, and its place in the whole. */
  guint32 fragment_id;
  guint32 fragment_offset;
  gboolean more_fragments;

  /* PACKET_TRANSPORT. */
  guint16 ports[2];       /* source, destination */
  guint32 sequence;       /* from here on of TCP only */
  guint32 acknowledgment; /* if the flag says so */
  guint8 flags;           /* of ImpTcpFlags, and others */
  guint16 window;         /* as it stands there */
  const guint8 *options;
  gsize options_size;
  ImpIpSum sum; /* of UDP, too */

  /* Either of them. */
  const guint8 *data;
  gsize length;
  gsize missing; /* so many bytes more were sent, but not recorded */

  const char *reason; /* PACKET_MALFORMED: for people */
} Packet;

/* Which options of TCP there are. */
typedef struct
{
  guint16 max_segment; /* 0: not said */
  gint8 window_scale;  /* -1: not said */
  gboolean has_timestamps;
  guint32 timestamp, timestamp_echo;
} PacketTcpOptions;

gboolean packet_link_is_known (int link);

/* @recorded bytes are at @data, of @length that were sent. The packet points into them. */
PacketKind packet_decode (Packet *self, int link, const guint8 *data, gsize recorded, gsize length);
/* The same for what was put together from fragments, of which @first is one: @length bytes from
 * the end of the header of IP on. */
PacketKind packet_decode_whole (Packet *self, const Packet *first, const guint8 *data,
                                gsize length);
void packet_read_tcp_options (const Packet *self, PacketTcpOptions *options);

G_END_DECLS
