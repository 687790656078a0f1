/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/metrics/metrics-text.h"
#include "tool/tool.h"

G_BEGIN_DECLS

/* What --record says: each connection in a file of its own. */
typedef struct _RelayRecorder RelayRecorder;

/* NULL: it has printed why not, and *@status is the program's. */
RelayRecorder *relay_recorder_new (const char *folder, gsize max_size, gsize max_total,
                                   int *status);
/* Waits until all is written, and says how much that was. */
void relay_recorder_free (RelayRecorder *self);

/* Records what the relay does, which does not run yet; NULL if there is no recorder, or nothing is
 * recorded any more. @modules: with their settings, which are left out. */
ImpRecordingWriter *relay_recorder_follow (RelayRecorder *self, ImpRelay *relay,
                                           GHashTable *context, const char *const *modules);
/* The relay has ended, with @error or without. Takes @writer, which may be NULL. */
void relay_recorder_finish (ImpRecordingWriter *writer, const GError *error);
/* Adds what it has counted. */
void relay_recorder_describe (RelayRecorder *self, MetricsText *text);

G_END_DECLS
