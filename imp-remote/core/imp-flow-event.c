/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/imp-flow-event-private.h"

void
imp_flow_event_queue_init (ImpFlowEventQueue *self)
{
  imp_flow_event_ring_init (&self->events);
}

void
imp_flow_event_queue_clear (ImpFlowEventQueue *self)
{
  ImpFlowEvent event;

  while (imp_flow_event_queue_pop (self, &event))
    g_bytes_unref (event.bytes);
  imp_flow_event_ring_reset (&self->events);
}

void
imp_flow_event_queue_push (ImpFlowEventQueue *self, guint kind, ImpDirection direction,
                           GBytes *bytes, gint64 offset, gint32 data_type)
{
  ImpFlowEvent *event = imp_flow_event_ring_push (&self->events);

  event->bytes = bytes;
  event->offset = offset;
  event->data_type = data_type;
  event->kind = kind;
  event->direction = direction;
}

gboolean
imp_flow_event_queue_pop (ImpFlowEventQueue *self, ImpFlowEvent *event)
{
  if (imp_flow_event_ring_get_n (&self->events) == 0)
    return FALSE;

  *event = *imp_flow_event_ring_get (&self->events, 0);
  imp_flow_event_ring_drop_first (&self->events);
  return TRUE;
}

void
imp_flow_event_queue_cancel (ImpFlowEventQueue *self, guint kind, ImpDirection direction)
{
  guint n = imp_flow_event_ring_get_n (&self->events);
  guint kept = 0;

  for (guint i = 0; i < n; i++)
    {
      ImpFlowEvent *event = imp_flow_event_ring_get (&self->events, i);

      if (event->kind == kind && event->direction == direction)
        g_bytes_unref (event->bytes);
      else
        *imp_flow_event_ring_get (&self->events, kept++) = *event;
    }
  imp_flow_event_ring_truncate (&self->events, kept);
}
