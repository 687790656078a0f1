/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-action-private.h"

#include <string.h>

/* A longer one is given back once it is empty. */
#define KEPT_CAPACITY 64

void
imp_action_queue_init (ImpActionQueue *self)
{
  self->actions = self->inlined;
  self->head = 0;
  self->n = 0;
  self->capacity = G_N_ELEMENTS (self->inlined);
}

static ImpAction *
action_at (ImpActionQueue *self, guint i)
{
  return &self->actions[(self->head + i) & (self->capacity - 1)];
}

static void
release (ImpActionQueue *self)
{
  if (self->actions != self->inlined)
    g_free (self->actions);
  imp_action_queue_init (self);
}

void
imp_action_queue_clear (ImpActionQueue *self)
{
  for (guint i = 0; i < self->n; i++)
    g_bytes_unref (action_at (self, i)->bytes);
  release (self);
}

static void
grow (ImpActionQueue *self)
{
  ImpAction *actions = g_new (ImpAction, 2 * self->capacity);
  guint n = self->n;
  guint capacity = self->capacity;

  for (guint i = 0; i < n; i++)
    actions[i] = *action_at (self, i);
  release (self);
  self->actions = actions;
  self->n = n;
  self->capacity = 2 * capacity;
}

void
imp_action_queue_push (ImpActionQueue *self, guint kind, ImpDirection direction, GBytes *bytes,
                       gint64 offset, gint32 data_type)
{
  ImpAction *action;

  if (self->n == self->capacity)
    grow (self);
  action = action_at (self, self->n++);
  action->bytes = bytes;
  action->offset = offset;
  action->data_type = data_type;
  action->kind = kind;
  action->direction = direction;
}

gboolean
imp_action_queue_pop (ImpActionQueue *self, ImpAction *action)
{
  if (self->n == 0)
    return FALSE;

  *action = *action_at (self, 0);
  self->head = (self->head + 1) & (self->capacity - 1);
  if (--self->n == 0 && self->capacity > KEPT_CAPACITY)
    release (self);
  return TRUE;
}

void
imp_action_queue_cancel (ImpActionQueue *self, guint kind, ImpDirection direction)
{
  guint kept = 0;

  for (guint i = 0; i < self->n; i++)
    {
      ImpAction *action = action_at (self, i);

      if (action->kind == kind && action->direction == direction)
        g_bytes_unref (action->bytes);
      else
        *action_at (self, kept++) = *action;
    }
  self->n = kept;
}
