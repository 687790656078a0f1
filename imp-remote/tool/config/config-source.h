/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* The bytes of one file, and which file that is. */
typedef struct
{
  char *path;
  char *text;
  gsize length;
  dev_t device;
  ino_t inode;
} ConfigSource;

/* NULL with what is wrong, to be put behind its name. Neither a pipe nor a device is read, which
 * could let this wait. */
ConfigSource *config_source_read (const char *path, gsize max_bytes, char **why);
void config_source_free (ConfigSource *self);
gboolean config_source_is_same (const ConfigSource *self, const ConfigSource *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigSource, config_source_free)

G_END_DECLS
