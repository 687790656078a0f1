/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define IMP_TYPE_RECORDER (imp_recorder_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpRecorder, imp_recorder, IMP, RECORDER, GObject)

IMP_AVAILABLE_IN_0_1
ImpRecorder *imp_recorder_new               (const char *folder, GError **error);
IMP_AVAILABLE_IN_0_1
const char  *imp_recorder_get_folder        (ImpRecorder *self);
IMP_AVAILABLE_IN_0_1
gboolean     imp_recorder_check             (ImpRecorder *self, GError **error);
IMP_AVAILABLE_IN_0_1
void         imp_recorder_flush             (ImpRecorder *self);
IMP_AVAILABLE_IN_0_1
guint64      imp_recorder_get_n_recordings  (ImpRecorder *self);
IMP_AVAILABLE_IN_0_1
guint64      imp_recorder_get_n_incomplete  (ImpRecorder *self);
IMP_AVAILABLE_IN_0_1
guint64      imp_recorder_get_size          (ImpRecorder *self);

IMP_AVAILABLE_IN_0_2
guint64 imp_recorder_get_max_buffered (ImpRecorder *self);
IMP_AVAILABLE_IN_0_2
void imp_recorder_set_max_buffered (ImpRecorder *self, guint64 value);
IMP_AVAILABLE_IN_0_2
guint64 imp_recorder_get_max_size (ImpRecorder *self);
IMP_AVAILABLE_IN_0_2
void imp_recorder_set_max_size (ImpRecorder *self, guint64 value);
IMP_AVAILABLE_IN_0_2
guint64 imp_recorder_get_max_total (ImpRecorder *self);
IMP_AVAILABLE_IN_0_2
void imp_recorder_set_max_total (ImpRecorder *self, guint64 value);
IMP_AVAILABLE_IN_0_2
gboolean imp_recorder_get_may_wait (ImpRecorder *self);
IMP_AVAILABLE_IN_0_2
void imp_recorder_set_may_wait (ImpRecorder *self, gboolean value);

G_END_DECLS
