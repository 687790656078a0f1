/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-marks-private.h"

G_BEGIN_DECLS

/* What is counted of the analyzers of one factory, where somebody wants that. */

#define IMP_METER_N_TYPES 16
#define IMP_METER_N_BOUNDS 20

/* Each chunk is timed as long as fewer than so many come in a second; of more, one in so many at
 * the least. To read the clock for each of a million would cost more than to inspect it. */
#define IMP_METER_EACH_PER_SECOND 1000
#define IMP_METER_MAX_INTERVAL 256

typedef struct
{
  guint countdown;  /* PASSes until one more chunk is timed */
  guint interval;   /* with what the countdown began */
  guint64 granted;  /* with what all countdowns began */
  gint64 last_time; /* when the last chunk was timed that came */
  guint64 n_ignored;
  guint64 n_analyzers;
  guint64 n_closed;
  guint64 verdicts[IMP_METER_N_TYPES]; /* by the bits of their flags; of PASS, the special ones */
  guint64 times[IMP_METER_N_BOUNDS + 1];
  guint64 total_time; /* nanoseconds */
} ImpMeter;

ImpMeter *imp_meter_new (void);
ImpMeter *imp_meter_ref (ImpMeter *self);
void imp_meter_unref (ImpMeter *self);
/* As imp_factory_get_measurements(). */
GVariant *imp_meter_describe (const ImpMeter *self);

/* The same for one analyzer. Of each direction, at most one chunk is timed at a time, so that
 * nothing is made for a chunk. */
#define IMP_METER_NOT_TIMED G_MAXINT64

typedef struct
{
  gint64 ends[2]; /* of the chunk that is timed: its end, or IMP_METER_NOT_TIMED */
  gint64 times[2];
  ImpMeter *meter;
  guint8 *gate; /* the analyzer's */
} ImpMetered;

/* What stands in an analyzer's gate, which is 0 while nothing but the plugin has to see a chunk. */
typedef enum
{
  IMP_GATE_SHUT = 1 << 0,  /* nobody sees it */
  IMP_GATE_TIMED = 1 << 1, /* the next one is to be timed */
} ImpGate;

ImpMetered *imp_metered_new (ImpMeter *meter, guint8 *gate);
void imp_metered_free (ImpMetered *self);

/* A chunk is about to be fed, and the gate says that it is to be timed; @marks: without it. */
void imp_metered_begin (ImpMetered *self, ImpDirection direction, const ImpMarks *marks,
                        gsize length, gint64 offset);
/* Ends the countdown. */
void imp_metered_expect (ImpMetered *self);
void imp_metered_end (ImpMetered *self, ImpDirection direction);
/* A verdict of any kind; @marks: with it. */
void imp_metered_note_verdict (ImpMetered *self, const ImpVerdict *verdict, const ImpMarks *marks);
/* A refusal: no byte waits any more. */
void imp_metered_note_refusal (ImpMetered *self, const ImpVerdict *verdict);

/* A PASS to @offset that goes onward: what comes with nearly every chunk. */
static inline void
imp_metered_note_pass (ImpMetered *self, ImpDirection direction, gint64 offset)
{
  if (G_UNLIKELY (--self->meter->countdown == 0))
    imp_metered_expect (self);
  if (G_UNLIKELY (offset >= self->ends[direction]))
    imp_metered_end (self, direction);
}

G_END_DECLS
