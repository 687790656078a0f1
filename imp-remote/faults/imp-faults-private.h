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

/* Fills @faults; %IMP_ERROR_SETTINGS naming every error in @text. */
gboolean imp_faults_parse (const char *text, ImpFaults *faults, GError **error);

G_END_DECLS
