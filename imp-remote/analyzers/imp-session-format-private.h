/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "core/imp-enums.h"

G_BEGIN_DECLS

/* What a connection looked like when something happened. */
typedef struct
{
  gint64 time; /* in microseconds since 1970 */
  ImpDirection direction;
} ImpSessionMoment;

/* The end of what is written: seconds, microseconds, direction, length, data; numbers are
 * big-endian. No data: the end of the stream. */
void imp_session_bin_add (GByteArray *output, ImpSessionMoment moment, const guint8 *data,
                          gsize length);

/* A connection over TCP that is made up around the data, as packets of a file for pcap: raw IP,
 * with handshake, sequence numbers, checksums and end. */
typedef struct
{
  guint8 addresses[2][16];
  gsize address_size; /* 4 or 16 */
  guint16 ports[2];
  guint32 sent[2];  /* sequence number of what comes next */
  guint32 acked[2]; /* up to here, the other side has said that it got it */
  guint16 ids[2];
  gboolean ended[2];
  gboolean has_datagrams; /* it is no connection, but datagrams over UDP */
} ImpSessionPcap;

/* Addresses that are none, and ports that are not from 1 to 65535, are made up; any may be NULL.
 * @initial: the sequence numbers to begin with. */
void imp_session_pcap_init (ImpSessionPcap *self, const char *client_address,
                            const char *client_port, const char *server_address,
                            const char *server_port, const guint32 initial[2]);
/* Each piece of data is a datagram of its own, as it was; there is nothing else. */
void imp_session_pcap_use_datagrams (ImpSessionPcap *self);
/* The header of the file, and the handshake. */
void imp_session_pcap_begin (ImpSessionPcap *self, GByteArray *output, gint64 time);
/* No data: the end of the stream. */
void imp_session_pcap_add (ImpSessionPcap *self, GByteArray *output, ImpSessionMoment moment,
                           const guint8 *data, gsize length);
/* The end of a connection of which not both streams have ended. */
void imp_session_pcap_end (ImpSessionPcap *self, GByteArray *output, gint64 time);

G_END_DECLS
