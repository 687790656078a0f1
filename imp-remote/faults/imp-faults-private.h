/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

typedef enum
{
  IMP_FAULT_READ = 0,
  IMP_FAULT_WRITE = 1,
} ImpFaultWay;

/* What shall go wrong with the bytes of one way. */
typedef struct
{
  gint64 delay;         /* ms */
  gint64 jitter;        /* ms, at most so much more */
  gint64 chunk;         /* most bytes of one operation; 0 = any number */
  gint64 chunk_min;     /* fewest that the random size may allow; 0 = always @chunk */
  gint64 block_first;   /* so many operations say WOULD_BLOCK without cause */
  gint64 block_rate;    /* percent of the operations that do */
  gint64 corrupt_at;    /* the offset of one byte; -1 = none, here and below */
  gint64 corrupt_every; /* one byte in so many on average; 0 = none */
  gint64 reset_at;
  gint64 stall_at;
  gint64 eof_at;
} ImpFaultPlan;

typedef struct
{
  guint64 seed;
  ImpFaultPlan plans[2]; /* by ImpFaultWay */
} ImpFaults;

/* Fills @faults; IMP_ERROR_SETTINGS naming every mistake in @text. */
gboolean imp_faults_parse (const char *text, ImpFaults *faults, GError **error);

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
 * of the operation), so that the same seed spoils the same bytes however they are cut. */
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
/* Spoils bytes that stand at the position; returns how many. */
gsize imp_fault_side_corrupt (ImpFaultSide *self, guint8 *data, gsize length);
/* @length bytes were moved, of which @corrupted were spoilt. */
void imp_fault_side_advance (ImpFaultSide *self, gsize length, gsize corrupted);

G_END_DECLS
