/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "provider/imp-difference.h"

G_BEGIN_DECLS

/* Two streams of bytes that should be the same, of which each comes when it comes: only what one is
 * ahead of the other is kept. */
typedef struct
{
  ImpDifferenceKind kind;
  ImpDirection direction;
  GQueue pieces;      /* of those that one is ahead */
  gboolean is_second; /* it is the second one that is ahead */
  gsize consumed;     /* bytes of the first piece */
  gsize cost;         /* of the pieces, in bytes of memory, or about that */
  gint64 compared;    /* bytes that are the same */
  gboolean differs;   /* nothing is compared any more */

  /* How much later the second one came, over all bytes, in microseconds; negative: earlier. */
  double lag_sum;
  gint64 lag_max;
} ImpComparison;

void imp_comparison_init (ImpComparison *self, ImpDifferenceKind kind, ImpDirection direction);
/* Forgets what the first one is ahead: nothing more comes of the second one. */
void imp_comparison_forget_first (ImpComparison *self);
/* Nothing more is compared. */
void imp_comparison_clear (ImpComparison *self);

/* More of one of them has come, at @now (microseconds). The difference, if that is one. */
ImpDifference *imp_comparison_add (ImpComparison *self, gboolean is_second, GBytes *data,
                                   gint64 now);
/* Nothing more comes of either. The difference, if one is longer. */
ImpDifference *imp_comparison_end (ImpComparison *self);

/* What a piece costs besides its bytes. */
#define IMP_COMPARISON_PIECE_COST 128

G_END_DECLS
