/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-interface.h"
#include "core/imp-result.h"
#include "provider/imp-outcome.h"

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

G_END_DECLS
