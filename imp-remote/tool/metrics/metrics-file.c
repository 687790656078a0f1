/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/metrics/metrics-file.h"

#include "core/imp-log-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct _MetricsFile
{
  char *path;
  char *part; /* what is written, until it is complete */
  gboolean failed;
  struct stat written; /* the last part */
  dev_t device;        /* of the file that was written last, as the next one */
  ino_t inode;         /* 0: there is none */
};

MetricsFile *
metrics_file_new (const char *path)
{
  MetricsFile *self = g_new0 (MetricsFile, 1);

  self->path = g_strdup (path);
  /* The collector reads *.prom only. */
  self->part = g_strdup_printf ("%s.%d.part", path, (int) getpid ());
  return self;
}

/* A process that takes the place of this one writes there already. */
void
metrics_file_free (MetricsFile *self)
{
  struct stat status;

  if (self->inode != 0 && lstat (self->path, &status) == 0 && status.st_dev == self->device
      && status.st_ino == self->inode)
    unlink (self->path);
  g_free (self->path);
  g_free (self->part);
  g_free (self);
}

static gboolean
metrics_file_fail (const char *what, const char *path, GError **error)
{
  const int code = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (code), "Cannot %s \"%s\": %s", what, path,
               g_strerror (code));
  return FALSE;
}

static gboolean
metrics_file_fill (MetricsFile *self, int fd, GBytes *text)
{
  struct stat status;
  gsize length;
  const char *data = g_bytes_get_data (text, &length);

  while (length > 0)
    {
      gssize n = write (fd, data, length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      data += n;
      length -= n;
    }
  if (fchmod (fd, METRICS_FILE_MODE) != 0 || fstat (fd, &status) != 0)
    return FALSE;
  self->written = status;
  return TRUE;
}

/* Nothing is waited for that a disk does: after a crash the file may be empty, and is written anew.
 * A link that lies there is not followed. */
static gboolean
metrics_file_make_part (MetricsFile *self, GBytes *text, GError **error)
{
  gboolean done;
  int fd;

  unlink (self->part);
  fd = g_open (self->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return metrics_file_fail ("create", self->part, error);
  done = metrics_file_fill (self, fd, text) || metrics_file_fail ("write", self->part, error);
  close (fd);
  if (!done)
    unlink (self->part);
  return done;
}

gboolean
metrics_file_write (MetricsFile *self, GBytes *text, GError **error)
{
  if (!metrics_file_make_part (self, text, error))
    return FALSE;
  if (rename (self->part, self->path) == 0)
    {
      self->device = self->written.st_dev;
      self->inode = self->written.st_ino;
      return TRUE;
    }
  metrics_file_fail ("replace", self->path, error);
  unlink (self->part);
  return FALSE;
}

void
metrics_file_update (MetricsFile *self, GBytes *text)
{
  g_autoptr (GError) error = NULL;
  const gboolean done = metrics_file_write (self, text, &error);

  if (!done && !self->failed)
    imp_log_message ("--metrics: %s", error->message);
  else if (done && self->failed)
    imp_log_message ("--metrics: \"%s\" is written again", self->path);
  self->failed = !done;
}
