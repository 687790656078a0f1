/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults/imp-fault-line-private.h"

G_BEGIN_DECLS

/* A pollable source that fires when imp_fault_line_is_ready() says so, or @cancellable is
 * cancelled; @object is the half of the stream that it belongs to. */
GSource *imp_fault_source_new (ImpFaultLine *line, ImpFaultWay way, GObject *object,
                               GCancellable *cancellable);

G_END_DECLS
