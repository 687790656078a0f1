/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "faults/imp-faults-private.h"

G_BEGIN_DECLS

/* Where the bytes of one way have come to: by offset, what is cut off there. */
typedef enum
{
  IMP_FAULT_GO,
  IMP_FAULT_EOF,
  IMP_FAULT_STALL,
  IMP_FAULT_RESET,
} ImpFaultEnd;

typedef struct
{
  guint64 bytes;
  guint64 delayed;
  guint64 shortened;
  guint64 blocked;
  guint64 corrupted;
  guint64 ends[4]; /* by ImpFaultEnd; 0 or 1 */
} ImpFaultCounts;

/* Decides, moves nothing. Every choice is a function of the seed and of the offset (or the number
 * of the operation), so that the same seed corrupts the same bytes however they are cut. */
typedef struct
{
  ImpFaultPlan plan;
  guint64 seed;
  guint64 position;
  guint64 operations;
  gint64 due; /* monotonic us; 0 = no delay has begun */
  ImpFaultCounts counts;
} ImpFaultSide;

void imp_fault_side_init (ImpFaultSide *self, const ImpFaults *faults, ImpFaultWay way);
/* What has been reached; counts it if it is. */
ImpFaultEnd imp_fault_side_end (ImpFaultSide *self);
/* When the operation that could be done at @now may be done; begins a delay if none has begun. */
gint64 imp_fault_side_due (ImpFaultSide *self, gint64 now);
/* To be asked once per operation: shall it say WOULD_BLOCK without cause? */
gboolean imp_fault_side_block (ImpFaultSide *self);
/* How many of @wanted (> 0) bytes the operation may move: at least one, none behind an end. */
gsize imp_fault_side_limit (ImpFaultSide *self, gsize wanted);
/* Corrupts bytes that stand at the position; returns how many. */
gsize imp_fault_side_corrupt (ImpFaultSide *self, guint8 *data, gsize length);
/* @length bytes were moved, of which @corrupted were corrupted. */
void imp_fault_side_advance (ImpFaultSide *self, gsize length, gsize corrupted);

G_END_DECLS
