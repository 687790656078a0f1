/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A thread that writes to files, so that whoever has something to write never waits for a disk.
 * What it has not written yet is limited. Reference counted; the last one waits until all is
 * written. */
typedef struct _ImpDiskWriter ImpDiskWriter;

ImpDiskWriter *imp_disk_writer_new (gsize max_buffered, GError **error);
ImpDiskWriter *imp_disk_writer_ref (ImpDiskWriter *self);
void imp_disk_writer_unref (ImpDiskWriter *self);
/* Waits until nothing waits any more. */
void imp_disk_writer_flush (ImpDiskWriter *self);
/* How many files could not be written to their ends without that anybody was told, since they were
 * closed before. @reason: why, if there are any, of the first. */
guint64 imp_disk_writer_get_n_unreported (ImpDiskWriter *self, const char **reason);

/* One file. */
typedef struct _ImpDiskFile ImpDiskFile;

/* Called once at most, in a main context, if something could not be written. */
typedef void (*ImpDiskFileFunc) (GObject *owner, const char *reason);

/* Takes @descriptor. @owner is not kept alive by the file. @context: where @func is called. */
ImpDiskFile *imp_disk_file_new (ImpDiskWriter *writer, int descriptor, GObject *owner,
                                GMainContext *context, ImpDiskFileFunc func);
/* More to be written; FALSE, with a reason, if that is too much, and then this is the end of it. */
gboolean imp_disk_file_append (ImpDiskFile *self, const guint8 *data, gsize length, char **reason);
/* The same for the few bytes that say how it ends, whatever else waits. */
void imp_disk_file_append_last (ImpDiskFile *self, const guint8 *data, gsize length);
/* The same for those who may wait until there is room. */
void imp_disk_file_append_waiting (ImpDiskFile *self, const guint8 *data, gsize length);
/* Nothing comes any more: it is written to its end, closed and freed. @func is not called; an
 * error is counted by the writer. */
void imp_disk_file_close (ImpDiskFile *self);

/* Opens a new file in the folder: "TIME-ADDRESS.PORT-ADDRESS.PORT-XXXXXX.SUFFIX", with its path in
 * *@path. Texts from outside (NULL: unknown) cannot lead out of it. -1: a G_FILE_ERROR. */
int imp_disk_file_create (const char *folder, gint64 seconds, const char *const texts[4],
                          const char *suffix, char **path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpDiskWriter, imp_disk_writer_unref)

G_END_DECLS
