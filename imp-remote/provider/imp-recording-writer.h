/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/provider/imp-filter.h"
#include "imp-remote/provider/imp-outcome.h"
#include "imp-remote/provider/imp-recorder.h"

G_BEGIN_DECLS

#define IMP_TYPE_RECORDING_WRITER (imp_recording_writer_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpRecordingWriter, imp_recording_writer, IMP, RECORDING_WRITER, GObject)

IMP_AVAILABLE_IN_0_1
ImpRecordingWriter *imp_recording_writer_new         (ImpRecorder *recorder,
                                                      GHashTable *context,
                                                      ImpInterface *interface,
                                                      const char *const *modules,
                                                      gint64 started, GError **error);
IMP_AVAILABLE_IN_0_1
const char         *imp_recording_writer_get_path    (ImpRecordingWriter *self);
IMP_AVAILABLE_IN_0_1
void                imp_recording_writer_follow      (ImpRecordingWriter *self,
                                                      ImpFilter *filter);
IMP_AVAILABLE_IN_0_1
void                imp_recording_writer_add_data    (ImpRecordingWriter *self, gint64 time,
                                                      ImpDirection direction, GBytes *data,
                                                      gint32 data_type);
IMP_AVAILABLE_IN_0_1
void                imp_recording_writer_add_result  (ImpRecordingWriter *self, gint64 time,
                                                      ImpResult *result);
IMP_AVAILABLE_IN_0_1
void                imp_recording_writer_set_outcome (ImpRecordingWriter *self,
                                                      ImpOutcome outcome, const char *reason);
IMP_AVAILABLE_IN_0_1
gboolean            imp_recording_writer_close       (ImpRecordingWriter *self, GError **error);

G_END_DECLS
