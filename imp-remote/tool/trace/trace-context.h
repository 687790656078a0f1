/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The key of a context, as of a header of HTTP: W3C Trace Context. */
#define TRACE_CONTEXT_KEY "traceparent"

/* Who has caused something, and in which trace that is. */
typedef struct
{
  char trace[33]; /* in hexadecimal digits */
  char span[17];
  gboolean sampled;
} TraceContext;

/* FALSE if it is none; @text may be anything. */
gboolean trace_context_parse (TraceContext *self, const char *text);
char *trace_context_to_string (const TraceContext *self);
/* Another span, of the trace of @parent or, if that is NULL, of a new one. */
void trace_context_init (TraceContext *self, const TraceContext *parent, gboolean sampled);

G_END_DECLS
