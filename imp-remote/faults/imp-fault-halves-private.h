/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults/imp-fault-line-private.h"

G_BEGIN_DECLS

/* The two streams of a fault stream. Both are pollable, and may outlive it. */
GInputStream *imp_fault_input_new (ImpFaultLine *line);
GOutputStream *imp_fault_output_new (ImpFaultLine *line);

G_END_DECLS
