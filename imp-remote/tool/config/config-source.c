/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tool/config/config-source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
config_source_free (ConfigSource *self)
{
  g_free (self->path);
  g_free (self->text);
  g_free (self);
}

gboolean
config_source_is_same (const ConfigSource *self, const ConfigSource *other)
{
  return self->device == other->device && self->inode == other->inode;
}

/* It may grow meanwhile: what is more than its size was is not read. */
static gboolean
config_source_fill (ConfigSource *self, int fd, gsize size)
{
  self->text = g_malloc (size + 1);
  while (self->length < size)
    {
      gssize n = read (fd, self->text + self->length, size - self->length);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return FALSE;
      if (n == 0)
        break;
      self->length += n;
    }
  return TRUE;
}

static ConfigSource *
config_source_read_fd (const char *path, int fd, gsize max_bytes, char **why)
{
  g_autoptr (ConfigSource) self = g_new0 (ConfigSource, 1);
  struct stat status;

  if (fd < 0 || fstat (fd, &status) != 0)
    {
      *why = g_strdup_printf ("cannot be read: %s", g_strerror (errno));
      return NULL;
    }
  if (!S_ISREG (status.st_mode))
    {
      *why = g_strdup ("is no regular file");
      return NULL;
    }
  if (status.st_size < 0 || (guint64) status.st_size > max_bytes)
    {
      *why = g_strdup ("is too large: there are more than 8 MiB");
      return NULL;
    }
  self->path = g_strdup (path);
  self->device = status.st_dev;
  self->inode = status.st_ino;
  if (config_source_fill (self, fd, status.st_size))
    return g_steal_pointer (&self);
  *why = g_strdup_printf ("cannot be read: %s", g_strerror (errno));
  return NULL;
}

ConfigSource *
config_source_read (const char *path, gsize max_bytes, char **why)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  ConfigSource *self = config_source_read_fd (path, fd, max_bytes, why);

  if (fd >= 0)
    close (fd);
  return self;
}
