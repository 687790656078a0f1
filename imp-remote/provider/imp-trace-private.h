/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-difference.h"
#include "provider/imp-filter-tap-private.h"

G_BEGIN_DECLS

/* What came of a conversation that went through an analyzer, without when it came. */
typedef struct _ImpTrace ImpTrace;

/* It takes what comes out of @filter from now on. */
ImpTrace *imp_trace_new (ImpFilter *filter);
void imp_trace_free (ImpTrace *self);

/* Nothing more comes: what has become of @filter? */
void imp_trace_end (ImpTrace *self, ImpFilter *filter);
ImpOutcome imp_trace_get_outcome (const ImpTrace *self);
const char *imp_trace_get_reason (const ImpTrace *self);
/* Whether it has passed something that it still looked at. */
gboolean imp_trace_has_prepassed (const ImpTrace *self);
/* How much it has said so far: a number that grows with everything. */
gsize imp_trace_count_said (const ImpTrace *self);
/* The outcome in words, such as `it was denied: "no"` */
char *imp_trace_describe (const ImpTrace *self);

/* What came out in a direction, and what the analyzer itself sent in it. */
GBytes *imp_trace_copy_output (const ImpTrace *self, ImpDirection direction);
GBytes *imp_trace_copy_sent (const ImpTrace *self, ImpDirection direction);
/* What it said, in words, in an array that ends with NULL. */
char **imp_trace_peek_log (const ImpTrace *self, ImpDirection direction);
char **imp_trace_peek_accounts (const ImpTrace *self);

/* How much of a conversation two traces are of. */
typedef enum
{
  IMP_TRACE_ALL = 0,
  /* The first is of the beginning only: there may be more in the other one. */
  IMP_TRACE_BEGINNING = 1 << 0,
  /* What the other one has no verdict on, it may have one on if more came. */
  IMP_TRACE_WAITING = 1 << 1,
  /* What the first one said of what it had passed already may not have been heard any more. */
  IMP_TRACE_RECORDED = 1 << 2,
} ImpTraceExtent;

/* What is different in @other: of ImpDifference, none if it shows the same. Where one was refused,
 * more may have come before that in the other one. */
GPtrArray *imp_trace_list_differences (const ImpTrace *self, const ImpTrace *other,
                                       ImpTraceExtent extent);
/* The first one in words, or NULL. */
char *imp_trace_compare (const ImpTrace *self, const ImpTrace *other);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpTrace, imp_trace_free)

G_END_DECLS
