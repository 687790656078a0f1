/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result-queue-private.h"
#include "core/imp-verdict-private.h"

G_BEGIN_DECLS

/* The results of an analyzer that nobody has taken yet. Those of a direction that is busy are held
 * back, but for the urgent ones. @busy: a bit per direction.
 *
 * It is NULL while nothing is pending, as nearly always. */
typedef struct
{
  ImpResultQueue ready;        /* to be delivered as soon as somebody takes them */
  ImpResultQueue held_back[2]; /* of a direction, until it is not busy any more */
  ImpResult *deferred[2];      /* a PASS_PATTERN that waits for input; or NULL */
} ImpPendingResults;

void imp_pending_results_clear (ImpPendingResults **self);

/* Behind others of its direction a result is held back even if that is not busy any more. */
static inline gboolean
imp_pending_results_holds_back (const ImpPendingResults *self, guint8 busy, ImpDirection direction)
{
  return (busy & (1 << direction)) != 0
         || (self != NULL && !imp_result_queue_is_empty (&self->held_back[direction]));
}

/* Is it delivered even if its direction is busy? */
gboolean imp_pending_results_is_urgent (ImpResultType type);

/* Has this one to be held back? */
static inline gboolean
imp_pending_results_must_hold_back (const ImpPendingResults *self, guint8 busy,
                                    const ImpVerdict *verdict)
{
  return imp_pending_results_holds_back (self, busy, verdict->direction)
         && !imp_pending_results_is_urgent (verdict->type);
}

/* Takes @result. */
void imp_pending_results_push (ImpPendingResults **self, guint8 busy, ImpResult *result);
/* The next one that somebody may take now, or NULL. */
ImpResult *imp_pending_results_pop (ImpPendingResults **self, guint8 busy);
/* A direction has become busy: what is ready of it is held back now. */
void imp_pending_results_hold_back (ImpPendingResults *self, guint8 busy);
/* Nobody will want what is held back for a busy direction. */
void imp_pending_results_drop_held_back (ImpPendingResults *self, guint8 busy);

/* Results that were taken while a direction is busy: the urgent ones come first. */
void imp_pending_results_sort (GQueue *taken);

/* Takes @pattern, until it is time for it. */
void imp_pending_results_defer (ImpPendingResults **self, ImpResult *pattern);
/* The one that was deferred in this direction, or NULL. */
ImpResult *imp_pending_results_take_deferred (ImpPendingResults *self, ImpDirection direction);

/* How much memory those take that may be taken now or are held back for this direction. */
static inline gsize
imp_pending_results_get_size (const ImpPendingResults *self, ImpDirection direction)
{
  return self == NULL ? 0
                      : imp_result_queue_get_size (&self->ready)
                          + imp_result_queue_get_size (&self->held_back[direction]);
}

/* The reason of a FATAL that is ready, or NULL. */
char *imp_pending_results_dup_failure (ImpPendingResults *self);

G_END_DECLS
