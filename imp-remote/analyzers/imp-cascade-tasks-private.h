/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-result-private.h"
#include "core/imp-ring-private.h"

G_BEGIN_DECLS

/* What a cascade has to do, in order. Its paths only append; the analyzer takes out and calls, so
 * that whoever is called may use the cascade again, and the order still holds. */

typedef enum
{
  IMP_CASCADE_FEED,    /* a part, the @position-th on this direction's way */
  IMP_CASCADE_PASSED,  /* all up to @offset of the input has come out; it is as it was */
  IMP_CASCADE_CHANGED, /* the same, but @bytes have come out in its place */
  IMP_CASCADE_SENT,    /* @bytes have come out, which no input stands behind */
  IMP_CASCADE_ENDED,   /* the end has come out */
  IMP_CASCADE_RESULT,  /* for the provider, as it is */
} ImpCascadeTaskKind;

typedef struct
{
  GBytes *bytes;
  ImpResult *result;
  gint64 offset;
  gint32 data_type;
  guint position;
  guint8 kind;
  guint8 direction;
} ImpCascadeTask;

IMP_RING_DEFINE (ImpCascadeTaskRing, imp_cascade_task_ring, ImpCascadeTask, 4, 64)

typedef struct
{
  ImpCascadeTaskRing ring;
} ImpCascadeTasks;

void imp_cascade_tasks_init (ImpCascadeTasks *self);
void imp_cascade_tasks_clear (ImpCascadeTasks *self);
/* Takes @bytes. */
void imp_cascade_tasks_add_feed (ImpCascadeTasks *self, ImpDirection direction, guint position,
                                 GBytes *bytes, gint64 offset, gint32 data_type);
void imp_cascade_tasks_add_passed (ImpCascadeTasks *self, ImpDirection direction, gint64 offset);
/* Takes @bytes; NULL: none. */
void imp_cascade_tasks_add_output (ImpCascadeTasks *self, ImpCascadeTaskKind kind,
                                   ImpDirection direction, gint64 offset, GBytes *bytes);
/* Takes @result. */
void imp_cascade_tasks_add_result (ImpCascadeTasks *self, ImpResult *result);
gboolean imp_cascade_tasks_is_empty (const ImpCascadeTasks *self);
/* The caller then owns what is in it. */
gboolean imp_cascade_tasks_pop (ImpCascadeTasks *self, ImpCascadeTask *task);

void imp_cascade_task_clear (ImpCascadeTask *self);

G_END_DECLS
