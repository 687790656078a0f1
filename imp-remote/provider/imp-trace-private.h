/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-filter-private.h"

G_BEGIN_DECLS

typedef enum
{
  IMP_TRACE_PASSED, /* all of it, and both ends came out */
  IMP_TRACE_DENIED,
  IMP_TRACE_DROPPED,
  IMP_TRACE_FAILED,
  IMP_TRACE_HELD, /* the analyzer has not said what is to become of some of it */
} ImpTraceOutcome;

/* What came of a conversation that went through an analyzer, without when it came. */
typedef struct _ImpTrace ImpTrace;

/* It takes what comes out of @filter from now on. */
ImpTrace *imp_trace_new (ImpFilter *filter);
void imp_trace_free (ImpTrace *self);

/* Nothing more comes: what has become of @filter? */
void imp_trace_end (ImpTrace *self, ImpFilter *filter);
ImpTraceOutcome imp_trace_get_outcome (const ImpTrace *self);
/* The outcome in words, such as `it was denied: "no"` */
char *imp_trace_describe (const ImpTrace *self);

/* NULL if @other shows the same; else the first difference, in words for people. Where both were
 * refused, what came before that may be more in one than in the other. */
char *imp_trace_compare (const ImpTrace *self, const ImpTrace *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTrace, imp_trace_free)

G_END_DECLS
