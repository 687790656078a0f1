/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/capture/pcap-file.h"

#include "tool/capture/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (1024 * 1024)
#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)
/* What fits into 64 bits as ns. */
#define SECONDS_MAX G_GINT64_CONSTANT (9000000000)
#define SNAP_LENGTH 262144

struct _PcapReader
{
  pcap_t *pcap;
  FILE *file; /* of @pcap */
  char *buffer;
  guint64 size; /* 0: not a file */
  dev_t device;
  ino_t inode;
};

struct _PcapWriter
{
  pcap_t *pcap;
  pcap_dumper_t *dumper;
  FILE *file; /* of @dumper */
  char *buffer;
  char *path;
  char *temporary; /* NULL: it is written to where it belongs */
};

static gboolean
pcap_file_fail (GError **error, int number, const char *what)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s: %s", what,
               g_strerror (number));
  return FALSE;
}

/* The numbers of files and of libpcap differ there. */
static int
pcap_file_link_of_type (int type)
{
  return type == DLT_RAW ? PACKET_LINK_RAW : type;
}

/* ---- reading ---- */

static FILE *
pcap_reader_open_file (const char *path, GError **error)
{
  FILE *file = g_str_equal (path, "-") ? fdopen (dup (STDIN_FILENO), "rb") : fopen (path, "rbe");

  if (file == NULL)
    pcap_file_fail (error, errno, "cannot open it");
  return file;
}

static gboolean
pcap_reader_check_link (PcapReader *self, GError **error)
{
  const int type = pcap_datalink (self->pcap);
  const char *name = pcap_datalink_val_to_name (type);

  if (packet_link_is_known (pcap_file_link_of_type (type)))
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               "its link type is %s (%d), which is not known here: Ethernet, NULL, LOOP, RAW, "
               "IPV4, IPV6, LINUX_SLL and LINUX_SLL2 are",
               name != NULL ? name : "unknown", type);
  return FALSE;
}

static gboolean
pcap_reader_open (PcapReader *self, FILE *file, GError **error)
{
  char message[PCAP_ERRBUF_SIZE] = "";
  struct stat status;

  if (fstat (fileno (file), &status) == 0)
    {
      self->device = status.st_dev;
      self->inode = status.st_ino;
      self->size = S_ISREG (status.st_mode) ? status.st_size : 0;
    }
  self->buffer = g_malloc (BUFFER_SIZE);
  setvbuf (file, self->buffer, _IOFBF, BUFFER_SIZE);
  self->pcap = pcap_fopen_offline_with_tstamp_precision (file, PCAP_TSTAMP_PRECISION_NANO, message);
  if (self->pcap == NULL)
    {
      fclose (file);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, message);
      return FALSE;
    }
  self->file = file;
  return pcap_reader_check_link (self, error);
}

PcapReader *
pcap_reader_new (const char *path, GError **error)
{
  g_autoptr (PcapReader) self = g_new0 (PcapReader, 1);
  FILE *file = pcap_reader_open_file (path, error);

  if (file == NULL || !pcap_reader_open (self, file, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
pcap_reader_free (PcapReader *self)
{
  g_clear_pointer (&self->pcap, pcap_close);
  g_free (self->buffer);
  g_free (self);
}

int
pcap_reader_get_link (const PcapReader *self)
{
  return pcap_file_link_of_type (pcap_datalink (self->pcap));
}

gboolean
pcap_reader_next (PcapReader *self, PcapRecord *record, GError **error)
{
  struct pcap_pkthdr *header;
  const u_char *data;
  const int status = pcap_next_ex (self->pcap, &header, &data);

  if (status == PCAP_ERROR_BREAK)
    return FALSE;
  if (status != 1)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, pcap_geterr (self->pcap));
      return FALSE;
    }
  record->time = CLAMP ((gint64) header->ts.tv_sec, 0, SECONDS_MAX) * NS_PER_SECOND
                 + CLAMP ((gint64) header->ts.tv_usec, 0, NS_PER_SECOND - 1);
  record->data = data;
  record->recorded = header->caplen;
  record->length = MAX (header->len, header->caplen);
  return TRUE;
}

guint64
pcap_reader_get_position (const PcapReader *self)
{
  const off_t position = ftello (self->file);

  return position > 0 ? position : 0;
}

guint64
pcap_reader_get_size (const PcapReader *self)
{
  return self->size;
}

/* ---- writing ---- */

/* What is no file is written to at once: a pipe, or a terminal. */
static FILE *
pcap_writer_open_file (PcapWriter *self, const PcapReader *reader, GError **error)
{
  struct stat status;
  gboolean exists = stat (self->path, &status) == 0;
  FILE *file;
  int descriptor;

  if (exists && status.st_dev == reader->device && status.st_ino == reader->inode)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_EXISTS, "that is what is read");
      return NULL;
    }
  if (exists && !S_ISREG (status.st_mode))
    {
      file = fopen (self->path, "wbe");
      if (file == NULL)
        pcap_file_fail (error, errno, "cannot open it");
      return file;
    }
  self->temporary = g_strconcat (self->path, ".XXXXXX", NULL);
  descriptor = g_mkstemp_full (self->temporary, O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0)
    {
      pcap_file_fail (error, errno, "cannot make a file there");
      g_clear_pointer (&self->temporary, g_free);
      return NULL;
    }
  return fdopen (descriptor, "wb");
}

PcapWriter *
pcap_writer_new (const char *path, const PcapReader *reader, GError **error)
{
  g_autoptr (PcapWriter) self = g_new0 (PcapWriter, 1);
  FILE *file;

  self->path = g_strdup (path);
  file = pcap_writer_open_file (self, reader, error);
  if (file == NULL)
    return NULL;
  self->buffer = g_malloc (BUFFER_SIZE);
  setvbuf (file, self->buffer, _IOFBF, BUFFER_SIZE);
  self->pcap = pcap_open_dead_with_tstamp_precision (pcap_datalink (reader->pcap), SNAP_LENGTH,
                                                     PCAP_TSTAMP_PRECISION_NANO);
  self->dumper = pcap_dump_fopen (self->pcap, file);
  if (self->dumper == NULL)
    {
      fclose (file);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, pcap_geterr (self->pcap));
      return NULL;
    }
  self->file = file;
  return g_steal_pointer (&self);
}

void
pcap_writer_free (PcapWriter *self)
{
  g_clear_pointer (&self->dumper, pcap_dump_close);
  g_clear_pointer (&self->pcap, pcap_close);
  if (self->temporary != NULL)
    g_unlink (self->temporary);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self->buffer);
  g_free (self);
}

void
pcap_writer_add (PcapWriter *self, const PcapRecord *record)
{
  const struct pcap_pkthdr header = {
    .ts = { record->time / NS_PER_SECOND, record->time % NS_PER_SECOND },
    .caplen = record->recorded,
    .len = record->length,
  };

  pcap_dump ((u_char *) self->dumper, &header, record->data);
}

gboolean
pcap_writer_check (PcapWriter *self, GError **error)
{
  return !ferror (self->file) || pcap_file_fail (error, errno != 0 ? errno : EIO, "cannot write");
}

gboolean
pcap_writer_finish (PcapWriter *self, GError **error)
{
  if (fflush (self->file) != 0 || ferror (self->file))
    return pcap_file_fail (error, errno, "cannot write");
  g_clear_pointer (&self->dumper, pcap_dump_close);
  if (self->temporary != NULL && g_rename (self->temporary, self->path) != 0)
    return pcap_file_fail (error, errno, "cannot give the file its name");
  g_clear_pointer (&self->temporary, g_free);
  return TRUE;
}
