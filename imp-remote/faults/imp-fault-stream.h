/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/imp-macros.h"

G_BEGIN_DECLS

#define IMP_TYPE_FAULT_STREAM (imp_fault_stream_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpFaultStream, imp_fault_stream, IMP, FAULT_STREAM, GIOStream)

IMP_AVAILABLE_IN_0_1
GIOStream  *imp_fault_stream_new             (GIOStream *base_stream, const char *faults,
                                              GError **error);
IMP_AVAILABLE_IN_0_1
GIOStream  *imp_fault_stream_get_base_stream (ImpFaultStream *self);
IMP_AVAILABLE_IN_0_1
const char *imp_fault_stream_get_faults      (ImpFaultStream *self);
IMP_AVAILABLE_IN_0_1
GVariant   *imp_fault_stream_get_statistics  (ImpFaultStream *self);

G_END_DECLS
