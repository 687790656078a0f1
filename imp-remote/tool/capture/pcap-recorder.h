/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <imp-remote.h>

G_BEGIN_DECLS

/* What --record says: each connection of the capture becomes a recording, which can be played to
 * modules again, with the times that the capture has. */
typedef struct _PcapRecorder PcapRecorder;

/* @modules: with their settings, which are left out. NULL: it has printed why not, and *@status is
 * the program's. */
PcapRecorder *pcap_recorder_new (const char *folder, gsize max_size, gsize max_total,
                                 const char *const *modules, int *status);
/* Waits until all is written. */
void pcap_recorder_free (PcapRecorder *self);
/* TOOL_DONE, or what it has printed about recordings that lack something. */
int pcap_recorder_finish (PcapRecorder *self);

/* A connection that has begun at @time (in ns). NULL if nothing is recorded any more, or @self is
 * NULL. */
ImpRecordingWriter *pcap_recorder_begin (PcapRecorder *self, GHashTable *context, gint32 data_type,
                                         gint64 time);
/* Takes @writer. FALSE, with an error, if it lacks something. */
gboolean pcap_recorder_end (PcapRecorder *self, ImpRecordingWriter *writer, ImpOutcome outcome,
                            const char *reason, GError **error);

G_END_DECLS
