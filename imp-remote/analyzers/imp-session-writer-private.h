/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* A thread that writes to files, so that whoever has something to write never waits for a disk.
 * What it has not written yet is limited. Reference counted; the last one waits until all is
 * written. */
typedef struct _ImpSessionWriter ImpSessionWriter;

ImpSessionWriter *imp_session_writer_new (gsize max_buffered, GError **error);
ImpSessionWriter *imp_session_writer_ref (ImpSessionWriter *self);
void imp_session_writer_unref (ImpSessionWriter *self);

/* One file. */
typedef struct _ImpSessionFile ImpSessionFile;

/* Called once at most, in a main context, if something could not be written. */
typedef void (*ImpSessionFileFunc) (GObject *owner, const char *reason);

/* Takes @descriptor. @owner is not kept alive by the file. @context: where @func is called. */
ImpSessionFile *imp_session_file_new (ImpSessionWriter *writer, int descriptor, GObject *owner,
                                      GMainContext *context, ImpSessionFileFunc func);
/* More to be written; FALSE, with a reason, if that is too much, and then this is the end of it. */
gboolean imp_session_file_append (ImpSessionFile *self, const guint8 *data, gsize length,
                                  char **reason);
/* Nothing comes any more: it is written to its end, closed and freed. @func is not called. */
void imp_session_file_close (ImpSessionFile *self);

/* Opens a new file in the folder: "TIME-ADDRESS.PORT-ADDRESS.PORT-XXXXXX.SUFFIX", with its path in
 * *@path. Texts from outside (NULL: unknown) cannot lead out of it. -1: a G_FILE_ERROR. */
int imp_session_file_create (const char *folder, gint64 seconds, const char *const texts[4],
                             const char *suffix, char **path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpSessionWriter, imp_session_writer_unref)

G_END_DECLS
