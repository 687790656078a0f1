/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "core/imp-ring-private.h"

G_BEGIN_DECLS

/* What is to be done, in order. Flows only append; their owner takes out and acts, and is the only
 * one to call out. So whatever is called may use the flows again, and the order still holds. */

typedef enum
{
  IMP_FLOW_EVENT_FORWARD, /* output of this direction; empty: its end */
  IMP_FLOW_EVENT_FEED,    /* input for the analyzer */
  IMP_FLOW_EVENT_OWN,     /* from here on: what the owner likes to put in */
} ImpFlowEventKind;

typedef struct
{
  GBytes *bytes;
  gint64 offset; /* FEED: the true position, or 0 if nothing was left out before it */
  gint32 data_type;
  guint8 kind;
  guint8 direction;
} ImpFlowEvent;

IMP_RING_DEFINE (ImpFlowEventRing, imp_flow_event_ring, ImpFlowEvent, 4, 64)

typedef struct
{
  ImpFlowEventRing events;
} ImpFlowEventQueue;

void imp_flow_event_queue_init (ImpFlowEventQueue *self);
void imp_flow_event_queue_clear (ImpFlowEventQueue *self);
/* Takes @bytes. */
void imp_flow_event_queue_push (ImpFlowEventQueue *self, guint kind, ImpDirection direction,
                                GBytes *bytes, gint64 offset, gint32 data_type);
/* The caller then owns event->bytes. */
gboolean imp_flow_event_queue_pop (ImpFlowEventQueue *self, ImpFlowEvent *event);
/* Takes out all of one kind and direction. */
void imp_flow_event_queue_cancel (ImpFlowEventQueue *self, guint kind, ImpDirection direction);

G_END_DECLS
