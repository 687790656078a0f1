/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-flow-private.h"

G_BEGIN_DECLS

/* What a filter has to do later, by itself: go on with a costly search, once others had their turn,
 * and notice that bytes have stayed for too long, since the analyzer does not answer or a search
 * has to hold them. While nothing is to be done, there is no source. */
typedef struct _ImpFilterClock ImpFilterClock;

/* What is set of it, and of the filter. */
typedef enum
{
  IMP_FILTER_MAX_HELD, /* bytes */
  IMP_FILTER_DEADLINE, /* milliseconds for a verdict; 0: none */
  IMP_FILTER_MAX_EXTENSIONS,
  IMP_FILTER_HOLD_TIMEOUT, /* milliseconds for what a search holds; 0: none */
  IMP_FILTER_MAX_GROWTH,   /* bytes; 0: none */
  IMP_FILTER_MAX_LOG_RATE, /* results a second; 0: none */
  IMP_FILTER_MAX_LOG_SIZE, /* bytes */
  IMP_FILTER_WARN_SILENCE, /* milliseconds; 0: never */
  IMP_FILTER_N_LIMITS,
} ImpFilterLimit;

/* The clock may be freed from each of them. */
typedef struct
{
  /* Searches may go on. */
  void (*turn) (gpointer user_data);
  /* The analyzer has taken too long, as @reason says. */
  void (*late) (const char *reason, gpointer user_data);
  /* The search in this direction has held bytes for long enough. */
  void (*held) (ImpDirection direction, gpointer user_data);
} ImpFilterClockFuncs;

/* For sources in @context. The flows, two of them, and the analyzer live as long as it does. */
ImpFilterClock *imp_filter_clock_new (GMainContext *context, ImpAnalyzer *analyzer,
                                      ImpFlow *const *flows, const ImpFilterClockFuncs *funcs,
                                      gpointer user_data);
void imp_filter_clock_free (ImpFilterClock *self);

/* @limits: %IMP_FILTER_N_LIMITS of them. */
void imp_filter_clock_set (ImpFilterClock *self, const guint64 *limits);
/* To be called wherever something may wait that has not waited before, or a search is over; else it
 * does no harm. */
void imp_filter_clock_check (ImpFilterClock *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpFilterClock, imp_filter_clock_free)

G_END_DECLS
