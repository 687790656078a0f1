/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-pending-results-private.h"

static ImpPendingResults *
pending_results_ensure (ImpPendingResults **self)
{
  if (*self == NULL)
    *self = g_new0 (ImpPendingResults, 1);
  return *self;
}

static ImpResultQueue
pending_results_steal_ready (ImpPendingResults *self)
{
  ImpResultQueue ready = self->ready;

  self->ready = (ImpResultQueue) IMP_RESULT_QUEUE_INIT;
  return ready;
}

static gboolean
pending_results_is_empty (const ImpPendingResults *self)
{
  for (guint direction = 0; direction < 2; direction++)
    if (!imp_result_queue_is_empty (&self->held_back[direction])
        || self->deferred[direction] != NULL)
      return FALSE;
  return imp_result_queue_is_empty (&self->ready);
}

void
imp_pending_results_clear (ImpPendingResults **self)
{
  g_autofree ImpPendingResults *pending = g_steal_pointer (self);

  if (pending == NULL)
    return;
  imp_result_queue_clear (&pending->ready);
  for (guint direction = 0; direction < 2; direction++)
    {
      imp_result_queue_clear (&pending->held_back[direction]);
      g_clear_pointer (&pending->deferred[direction], imp_result_unref);
    }
}

gboolean
imp_pending_results_is_urgent (ImpResultType type)
{
  return !imp_result_type_has_direction (type) || type == IMP_RESULT_DENY
         || type == IMP_RESULT_PAUSE || type == IMP_RESULT_CONTINUE;
}

void
imp_pending_results_push (ImpPendingResults **self, guint8 busy, ImpResult *result)
{
  ImpPendingResults *pending = pending_results_ensure (self);
  gboolean held_back = imp_pending_results_holds_back (pending, busy, result->direction)
                       && !imp_pending_results_is_urgent (result->type);

  imp_result_queue_push (held_back ? &pending->held_back[result->direction] : &pending->ready,
                         result);
}

/* What was held back for a direction was given before what is ready of it, such as a PAUSE. */
ImpResult *
imp_pending_results_pop (ImpPendingResults **self, guint8 busy)
{
  ImpPendingResults *pending = *self;

  if (pending == NULL)
    return NULL;
  for (guint direction = 0; direction < 2; direction++)
    if ((busy & (1 << direction)) == 0
        && !imp_result_queue_is_empty (&pending->held_back[direction]))
      return imp_result_queue_pop (&pending->held_back[direction]);
  if (!imp_result_queue_is_empty (&pending->ready))
    return imp_result_queue_pop (&pending->ready);
  if (pending_results_is_empty (pending))
    g_clear_pointer (self, g_free);
  return NULL;
}

void
imp_pending_results_hold_back (ImpPendingResults *self, guint8 busy)
{
  ImpResultQueue ready;
  ImpResult *result;

  if (self == NULL)
    return;
  ready = pending_results_steal_ready (self);
  while ((result = imp_result_queue_pop (&ready)) != NULL)
    imp_pending_results_push (&self, busy, result);
}

void
imp_pending_results_drop_held_back (ImpPendingResults *self, guint8 busy)
{
  for (guint direction = 0; self != NULL && direction < 2; direction++)
    if ((busy & (1 << direction)) != 0)
      imp_result_queue_clear (&self->held_back[direction]);
}

void
imp_pending_results_defer (ImpPendingResults **self, ImpResult *pattern)
{
  ImpPendingResults *pending = pending_results_ensure (self);

  g_assert (pending->deferred[pattern->direction] == NULL);

  pending->deferred[pattern->direction] = pattern;
}

ImpResult *
imp_pending_results_take_deferred (ImpPendingResults *self, ImpDirection direction)
{
  return self == NULL ? NULL : g_steal_pointer (&self->deferred[direction]);
}

char *
imp_pending_results_dup_failure (ImpPendingResults *self)
{
  char *reason = NULL;
  ImpResultQueue ready;
  ImpResult *result;

  if (self == NULL)
    return NULL;
  ready = pending_results_steal_ready (self);
  while ((result = imp_result_queue_pop (&ready)) != NULL)
    {
      if (result->type == IMP_RESULT_FATAL)
        reason = g_strdup (result->text != NULL ? result->text : "");
      imp_result_queue_push (&self->ready, result);
    }
  return reason;
}

static int
pending_results_get_urgency (const ImpResult *result)
{
  static const ImpResultType order[] = {
    IMP_RESULT_FATAL, IMP_RESULT_DENY,     IMP_RESULT_DROP,
    IMP_RESULT_PAUSE, IMP_RESULT_CONTINUE, IMP_RESULT_ACCOUNT_FIELD,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] == result->type)
      return i;
  return G_N_ELEMENTS (order);
}

static int
pending_results_compare_urgency (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return pending_results_get_urgency (a) - pending_results_get_urgency (b);
}

void
imp_pending_results_sort (GQueue *taken)
{
  g_queue_sort (taken, pending_results_compare_urgency, NULL);
}
