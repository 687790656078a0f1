/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io/imp-disk-writer-private.h"
#include "provider/imp-recorder.h"

G_BEGIN_DECLS

/* For those that write one recording. */

/* A new file; NULL, and the recorder has stopped, if there can be none. @texts: see
 * imp_disk_file_create(); the others as in imp_disk_file_new(). */
ImpDiskFile *imp_recorder_open (ImpRecorder *self, gint64 seconds, const char *const texts[4],
                                GObject *owner, GMainContext *context, ImpDiskFileFunc func,
                                char **path, GError **error);
/* Writes it. FALSE, with a reason, if it is too much now: for the disk, or for the recorder, which
 * has stopped then. */
gboolean imp_recorder_append (ImpRecorder *self, ImpDiskFile *file, GBytes *bytes, char **reason);
/* Nothing is recorded any more. */
void imp_recorder_stop (ImpRecorder *self, const char *reason);
void imp_recorder_note_incomplete (ImpRecorder *self);

G_END_DECLS
