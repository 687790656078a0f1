/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/relay/relay-log.h"
#include "tool/trace/trace.h"

G_BEGIN_DECLS

/* The span of a connection's analyzer. Its context tells those behind it who has caused them. NULL
 * if there is nothing to be written. */
TraceSpan *relay_trace_begin (GHashTable *context);
/* Takes @span. @relay: NULL if it never came to that; @error: NULL if all was
 * well. */
void relay_trace_end (TraceSpan *span, const RelayLogSubject *subject, ImpRelay *relay,
                      const GError *error);

G_END_DECLS
