/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/config/option-table.h"
#include "tool/limit-options.h"
#include "tool/trace/trace-span.h"

G_BEGIN_DECLS

/* The file of spans of this process: --trace, --trace-sample and --trace-max. */
void trace_add_to_table (OptionTable *table);
void trace_add_limits (LimitOptions *limits);

/* Opens it, if there is to be one; prints on standard error what is wrong, and returns the
 * program's status. */
int trace_open (void);
/* Waits until all of it is written. */
void trace_close (void);
gboolean trace_is_on (void);

/* An analyzer's life begins. @parent: who has caused it, as text that may be anything, or NULL.
 * *@child: what goes into the context of the analyzer; may be NULL. NULL: the span is not to be
 * written. */
TraceSpan *trace_begin (const char *parent, TraceKind kind, char **child);
/* Takes @span; the rest as trace_span_append_json(). */
void trace_end (TraceSpan *span, const char *name, const char *failure,
                const TraceAttribute *attributes);

G_END_DECLS
