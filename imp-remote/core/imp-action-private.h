/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"

G_BEGIN_DECLS

/* What is to be done, in order. Flows only append; their owner takes out and acts, and is the only
 * one to call out. So whatever is called may use the flows again, and the order still holds. */

typedef enum
{
  IMP_ACTION_FORWARD, /* output of this direction; empty: its end */
  IMP_ACTION_FEED,    /* input for the analyzer */
  IMP_ACTION_OWN,     /* from here on: what the owner likes to put in */
} ImpActionKind;

typedef struct
{
  GBytes *bytes;
  gint64 offset; /* FEED: the true position, or 0 if nothing was left out before it */
  gint32 data_type;
  guint8 kind;
  guint8 direction;
} ImpAction;

typedef struct
{
  ImpAction *actions;
  guint head;
  guint n;
  guint capacity; /* a power of two */
  ImpAction inlined[4];
} ImpActionQueue;

void imp_action_queue_init (ImpActionQueue *self);
void imp_action_queue_clear (ImpActionQueue *self);
/* Takes @bytes. */
void imp_action_queue_push (ImpActionQueue *self, guint kind, ImpDirection direction, GBytes *bytes,
                            gint64 offset, gint32 data_type);
/* The caller then owns action->bytes. */
gboolean imp_action_queue_pop (ImpActionQueue *self, ImpAction *action);
/* Takes out all of one kind and direction. */
void imp_action_queue_cancel (ImpActionQueue *self, guint kind, ImpDirection direction);

G_END_DECLS
