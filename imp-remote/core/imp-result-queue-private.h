/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-packed-queue-private.h"
#include "core/imp-result.h"

G_BEGIN_DECLS

/* Results that wait, in order, in as little memory as they can be said in. A verdict is an object
 * of some hundred bytes, and an analyzer may give one for each few bytes of input; here it takes
 * two, and a small replacement three more than its data. What comes out equals what was put in, one
 * for one. */
typedef struct
{
  ImpPackedQueue records;
  gint64 put, took; /* the last offsets: only the steps between them are written */
} ImpResultQueue;

#define IMP_RESULT_QUEUE_INIT                                                                      \
  {                                                                                                \
    { NULL, NULL, 0 }, 0, 0                                                                        \
  }

static inline gboolean
imp_result_queue_is_empty (const ImpResultQueue *self)
{
  return imp_packed_queue_is_empty (&self->records);
}

/* How much memory the results take, in bytes. */
static inline gsize
imp_result_queue_get_size (const ImpResultQueue *self)
{
  return self->records.size;
}

/* Takes @result. */
void imp_result_queue_push (ImpResultQueue *self, ImpResult *result);
/* NULL if there is none. */
ImpResult *imp_result_queue_pop (ImpResultQueue *self);
void imp_result_queue_clear (ImpResultQueue *self);

G_END_DECLS
