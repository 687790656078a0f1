/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-remote/provider/imp-filter.h"

G_BEGIN_DECLS

#define IMP_TYPE_IO_STREAM (imp_io_stream_get_type ())
IMP_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (ImpIOStream, imp_io_stream, IMP, IO_STREAM, GIOStream)

IMP_AVAILABLE_IN_0_1
GIOStream   *imp_io_stream_new             (GIOStream *base, ImpAnalyzer *analyzer,
                                            ImpDirection reads);
IMP_AVAILABLE_IN_0_1
GIOStream   *imp_io_stream_get_base_stream (ImpIOStream *self);
IMP_AVAILABLE_IN_0_1
ImpAnalyzer *imp_io_stream_get_analyzer    (ImpIOStream *self);
IMP_AVAILABLE_IN_0_1
ImpDirection imp_io_stream_get_reads       (ImpIOStream *self);
IMP_AVAILABLE_IN_0_1
ImpFilter   *imp_io_stream_get_filter      (ImpIOStream *self);

IMP_AVAILABLE_IN_0_2
guint imp_io_stream_get_buffer_size (ImpIOStream *self);
IMP_AVAILABLE_IN_0_2
guint imp_io_stream_get_deadline (ImpIOStream *self);
IMP_AVAILABLE_IN_0_2
gint64 imp_io_stream_get_held_bytes (ImpIOStream *self);
IMP_AVAILABLE_IN_0_2
guint imp_io_stream_get_linger (ImpIOStream *self);
IMP_AVAILABLE_IN_0_2
guint64 imp_io_stream_get_max_held (ImpIOStream *self);

G_END_DECLS
