/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/core/imp-factory.h"
#include "imp-remote/provider/imp-replay.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define IMP_TYPE_RECORDING (imp_recording_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpRecording, imp_recording, IMP, RECORDING, GObject)

IMP_AVAILABLE_IN_0_1
ImpRecording *imp_recording_new_for_file  (const char *path, GError **error);
IMP_AVAILABLE_IN_0_1
ImpRecording *imp_recording_new_for_bytes (GBytes *bytes, GError **error);

IMP_AVAILABLE_IN_0_1
gint64        imp_recording_get_started   (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
GHashTable   *imp_recording_get_context   (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
ImpInterface *imp_recording_get_interface (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
const char *const *imp_recording_get_modules (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
guint         imp_recording_get_n_chunks  (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
GBytes       *imp_recording_get_chunk     (ImpRecording *self, guint index,
                                           ImpDirection *direction, gint32 *data_type,
                                           gint64 *time);
IMP_AVAILABLE_IN_0_1
GList        *imp_recording_list_results  (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
ImpOutcome    imp_recording_get_outcome   (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_recording_get_reason    (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
gboolean      imp_recording_is_complete   (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
const char   *imp_recording_get_missing   (ImpRecording *self);
IMP_AVAILABLE_IN_0_1
void          imp_recording_set_timeout   (ImpRecording *self, guint timeout);
IMP_AVAILABLE_IN_0_1
guint         imp_recording_get_timeout   (ImpRecording *self);

/**
 * IMP_RECORDING_AS_RECORDED:
 *
 * As the size of chunks: as the input came when it was recorded.
 *
 * Since: 0.1
 */
#define IMP_RECORDING_AS_RECORDED 0

/**
 * IMP_RECORDING_AT_ONCE:
 *
 * As the size of chunks: all that one side says before the other one does comes at once.
 *
 * Since: 0.1
 */
#define IMP_RECORDING_AT_ONCE (-1)

IMP_AVAILABLE_IN_0_1
void          imp_recording_replay_async  (ImpRecording *self, ImpFactory *factory,
                                           int chunk_size, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer user_data);
IMP_AVAILABLE_IN_0_1
ImpReplay    *imp_recording_replay_finish (ImpRecording *self, GAsyncResult *result,
                                           GError **error);
IMP_AVAILABLE_IN_0_1
GList        *imp_recording_compare       (ImpRecording *self, ImpReplay *replay);
IMP_AVAILABLE_IN_0_1
ImpRecording *imp_recording_shrink        (ImpRecording *self, ImpFactory *factory,
                                           ImpFactory *against, int chunk_size,
                                           GCancellable *cancellable, GError **error);

G_END_DECLS
