/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/capture/inspection.h"

G_BEGIN_DECLS

/* Who talks with whom, in an order that does not depend on who has sent a packet. */
typedef struct
{
  guint8 addresses[2][16];
  guint16 ports[2];
  guint8 address_size;
  guint8 protocol;
} ConnectionKey;

/* What TCP and UDP have in common. */
typedef struct
{
  ConnectionKey key;
  guint client; /* which end of the key that is */
  Capture *capture;
  Inspection *inspection;
  Outcome outcome;     /* once it is over */
  gboolean is_over;    /* nothing that comes is part of it any more */
  gboolean is_ending;  /* both directions have ended, but for what is said of that */
  gboolean is_partial; /* it had begun before the capture */
  gint64 start, last;  /* times of its packets in ns */
  guint64 first_packet, last_packet;
  guint64 n_packets;
  guint64 n_late_bytes; /* that came after it was over */
  guint64 n_wrong_sums; /* packets that were left out for that */
  /* By the end of the key: no card computes them later; data came before, with a wrong one. */
  gboolean has_right_sum[2], has_doubtful_data[2];
} Connection;

/* The key of a packet, and which of its ends the sender is. */
void connection_key_init (ConnectionKey *self, const Packet *packet, guint *sender);
guint connection_key_hash (gconstpointer self);
gboolean connection_key_equal (gconstpointer a, gconstpointer b);

/* @client: an end of the key. */
void connection_init (Connection *self, Capture *capture, const ConnectionKey *key, guint client);
void connection_clear (Connection *self);
/* A packet of it has come. */
void connection_note_packet (Connection *self);
/* Whether its receiver has taken it, as far as the checksum says; otherwise it is counted. Where
 * cards compute checksums after a packet was recorded, nobody knows. */
gboolean connection_believes (Connection *self, const Packet *packet, guint sender);
/* Has to be called once it is known who the client is, and before anything is inspected. */
void connection_inspect (Connection *self, gint32 data_type, const InspectionFuncs *funcs,
                         gpointer user_data);
/* "ADDRESS:PORT" of the client or the server. */
char *connection_format_end (const Connection *self, ImpDirection direction);

G_END_DECLS
