/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Files of recorded packets, by libpcap. */

typedef struct
{
  gint64 time; /* in ns since 1970 */
  const guint8 *data;
  gsize recorded; /* so many bytes are there */
  gsize length;   /* so many were sent */
} PcapRecord;

typedef struct _PcapReader PcapReader;

/* @path: "-" is standard input. */
PcapReader *pcap_reader_new (const char *path, GError **error);
void pcap_reader_free (PcapReader *self);
/* PacketLink */
int pcap_reader_get_link (const PcapReader *self);
/* FALSE at the end, or with an error. The data is there until the next call. */
gboolean pcap_reader_next (PcapReader *self, PcapRecord *record, GError **error);
/* How much of it has been read, in bytes, and of how much; 0: not known. */
guint64 pcap_reader_get_position (const PcapReader *self);
guint64 pcap_reader_get_size (const PcapReader *self);

typedef struct _PcapWriter PcapWriter;

/* Writes packets of the same kind as those of @reader. What was there under that name is replaced
 * at the end, and only then. */
PcapWriter *pcap_writer_new (const char *path, const PcapReader *reader, GError **error);
/* One that has not been finished leaves nothing. */
void pcap_writer_free (PcapWriter *self);
void pcap_writer_add (PcapWriter *self, const PcapRecord *record);
/* Has something failed to be written? */
gboolean pcap_writer_check (PcapWriter *self, GError **error);
gboolean pcap_writer_finish (PcapWriter *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PcapReader, pcap_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PcapWriter, pcap_writer_free)

G_END_DECLS
