/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-flow-private.h"

G_BEGIN_DECLS

/* Milliseconds. */
#define IMP_FILTER_SILENCE_DEFAULT 10000

typedef struct
{
  gint64 since; /* monotonic time of the last verdict, or when it began to wait; 0: it does not */
  gint64 final, prepassed, settled; /* how far it was then */
  gboolean notified;
} ImpFilterSilenceSide;

/* Notices that bytes are held, and the analyzer says nothing about them: logs that, once for each
 * time that it stops. While nothing is held there is no source. All-zero at first. */
typedef struct
{
  GSource *timer;
  gpointer filter; /* has the label */
  ImpAnalyzer *analyzer;
  ImpFlow *const *flows;
  guint limit; /* milliseconds */
  ImpFilterSilenceSide sides[2];
} ImpFilterSilence;

/* Something is held: watches it from now on. What is given lives until it is
 * stopped. */
void imp_filter_silence_start (ImpFilterSilence *self, GMainContext *context, gpointer filter,
                               ImpAnalyzer *analyzer, ImpFlow *const *flows, guint limit);
void imp_filter_silence_stop (ImpFilterSilence *self);

G_END_DECLS
