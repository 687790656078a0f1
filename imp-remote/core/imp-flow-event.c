/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-event-private.h"

#include <string.h>

/* A longer one is given back once it is empty. */
#define KEPT_CAPACITY 64

void
imp_flow_event_queue_init (ImpFlowEventQueue *self)
{
  self->events = self->inlined;
  self->head = 0;
  self->n = 0;
  self->capacity = G_N_ELEMENTS (self->inlined);
}

static ImpFlowEvent *
event_queue_get (ImpFlowEventQueue *self, guint i)
{
  return &self->events[(self->head + i) & (self->capacity - 1)];
}

static void
event_queue_release (ImpFlowEventQueue *self)
{
  if (self->events != self->inlined)
    g_free (self->events);
  imp_flow_event_queue_init (self);
}

void
imp_flow_event_queue_clear (ImpFlowEventQueue *self)
{
  for (guint i = 0; i < self->n; i++)
    g_bytes_unref (event_queue_get (self, i)->bytes);
  event_queue_release (self);
}

static void
event_queue_grow (ImpFlowEventQueue *self)
{
  ImpFlowEvent *events = g_new (ImpFlowEvent, 2 * self->capacity);
  guint n = self->n;
  guint capacity = self->capacity;

  for (guint i = 0; i < n; i++)
    events[i] = *event_queue_get (self, i);
  event_queue_release (self);
  self->events = events;
  self->n = n;
  self->capacity = 2 * capacity;
}

void
imp_flow_event_queue_push (ImpFlowEventQueue *self, guint kind, ImpDirection direction,
                           GBytes *bytes, gint64 offset, gint32 data_type)
{
  ImpFlowEvent *event;

  if (self->n == self->capacity)
    event_queue_grow (self);
  event = event_queue_get (self, self->n++);
  event->bytes = bytes;
  event->offset = offset;
  event->data_type = data_type;
  event->kind = kind;
  event->direction = direction;
}

gboolean
imp_flow_event_queue_pop (ImpFlowEventQueue *self, ImpFlowEvent *event)
{
  if (self->n == 0)
    return FALSE;

  *event = *event_queue_get (self, 0);
  self->head = (self->head + 1) & (self->capacity - 1);
  if (--self->n == 0 && self->capacity > KEPT_CAPACITY)
    event_queue_release (self);
  return TRUE;
}

void
imp_flow_event_queue_cancel (ImpFlowEventQueue *self, guint kind, ImpDirection direction)
{
  guint kept = 0;

  for (guint i = 0; i < self->n; i++)
    {
      ImpFlowEvent *event = event_queue_get (self, i);

      if (event->kind == kind && event->direction == direction)
        g_bytes_unref (event->bytes);
      else
        *event_queue_get (self, kept++) = *event;
    }
  self->n = kept;
}
