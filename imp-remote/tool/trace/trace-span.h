/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tool/trace/trace-context.h"

G_BEGIN_DECLS

/* As in OTLP. */
typedef enum
{
  TRACE_KIND_INTERNAL = 1,
  TRACE_KIND_SERVER = 2,
} TraceKind;

/* One analyzer's life. */
typedef struct
{
  TraceContext context;
  char parent[17]; /* empty: there is none */
  gint64 begin;    /* microseconds since 1970 */
  TraceKind kind;
} TraceSpan;

typedef struct
{
  const char *key;
  const char *text; /* NULL: it is a number */
  guint64 number;
} TraceAttribute;

/* A line of OTLP in JSON: an ExportTraceServiceRequest with this span. Texts may be anything.
 * @failure: why it has failed, or NULL; ends where an attribute has no key. */
void trace_span_append_json (const TraceSpan *self, const char *name, const char *failure,
                             const TraceAttribute *attributes, GString *json);

G_END_DECLS
