/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "analyzers/imp-cascade-tasks-private.h"

void
imp_cascade_task_clear (ImpCascadeTask *self)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_pointer (&self->result, imp_result_unref);
}

void
imp_cascade_tasks_init (ImpCascadeTasks *self)
{
  imp_cascade_task_ring_init (&self->ring);
}

void
imp_cascade_tasks_clear (ImpCascadeTasks *self)
{
  ImpCascadeTask task;

  while (imp_cascade_tasks_pop (self, &task))
    imp_cascade_task_clear (&task);
  imp_cascade_task_ring_reset (&self->ring);
}

void
imp_cascade_tasks_add_feed (ImpCascadeTasks *self, ImpDirection direction, guint position,
                            GBytes *bytes, gint64 offset, gint32 data_type)
{
  *imp_cascade_task_ring_push (&self->ring) = (ImpCascadeTask){
    .kind = IMP_CASCADE_FEED,
    .direction = direction,
    .position = position,
    .bytes = bytes,
    .offset = offset,
    .data_type = data_type,
  };
}

/* Pieces that come out one behind the other need but one verdict. */
void
imp_cascade_tasks_add_passed (ImpCascadeTasks *self, ImpDirection direction, gint64 offset)
{
  guint n = imp_cascade_task_ring_get_n (&self->ring);
  ImpCascadeTask *last = n > 0 ? imp_cascade_task_ring_get (&self->ring, n - 1) : NULL;

  if (last != NULL && last->kind == IMP_CASCADE_PASSED && last->direction == direction)
    last->offset = offset;
  else
    *imp_cascade_task_ring_push (&self->ring)
      = (ImpCascadeTask){ .kind = IMP_CASCADE_PASSED, .direction = direction, .offset = offset };
}

void
imp_cascade_tasks_add_output (ImpCascadeTasks *self, ImpCascadeTaskKind kind,
                              ImpDirection direction, gint64 offset, GBytes *bytes)
{
  *imp_cascade_task_ring_push (&self->ring) = (ImpCascadeTask){
    .kind = kind,
    .direction = direction,
    .offset = offset,
    .bytes = bytes != NULL ? bytes : g_bytes_new_static (NULL, 0),
  };
}

void
imp_cascade_tasks_add_result (ImpCascadeTasks *self, ImpResult *result)
{
  *imp_cascade_task_ring_push (&self->ring) = (ImpCascadeTask){
    .kind = IMP_CASCADE_RESULT,
    .direction = result->direction,
    .result = result,
  };
}

gboolean
imp_cascade_tasks_is_empty (const ImpCascadeTasks *self)
{
  return imp_cascade_task_ring_get_n (&self->ring) == 0;
}

gboolean
imp_cascade_tasks_pop (ImpCascadeTasks *self, ImpCascadeTask *task)
{
  if (imp_cascade_tasks_is_empty (self))
    return FALSE;
  *task = *imp_cascade_task_ring_get (&self->ring, 0);
  imp_cascade_task_ring_drop_first (&self->ring);
  return TRUE;
}
