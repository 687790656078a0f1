/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-error.h"
#include "core/imp-flow-private.h"
#include "provider/imp-filter.h"

G_BEGIN_DECLS

/* Bytes are not all that holding costs: so many chunks may be held in each direction. Small chunks
 * of a stream are joined long before that; packets are not. */
#define IMP_FILTER_CHUNKS_MAX 65536

typedef enum
{
  IMP_FILTER_OPEN,
  IMP_FILTER_DENIED,
  IMP_FILTER_DROPPED,
  IMP_FILTER_FAILED,
  IMP_FILTER_CLOSED,
} ImpFilterState;

enum
{
  IMP_FILTER_SIGNAL_RESULT,
  IMP_FILTER_SIGNAL_DENIED,
  IMP_FILTER_SIGNAL_DROPPED,
  IMP_FILTER_SIGNAL_FAILED,
  IMP_FILTER_SIGNAL_PAUSED_CHANGED,
  IMP_FILTER_N_SIGNALS,
};

extern guint imp_filter_signals[IMP_FILTER_N_SIGNALS];

struct _ImpFilter
{
  GObject parent_instance;

  ImpAnalyzer *analyzer;
  ImpOutputFunc output;
  gpointer output_data;
  GDestroyNotify output_destroy;
  ImpFlowEventQueue queue;
  ImpFlow *flows[2];
  guint64 max_held;
  ImpFilterState state;
  GError *error;      /* why it is not open; what pushes give */
  char *reason;       /* the same in the analyzer's words */
  gboolean listening; /* the analyzer's results come here */
  gboolean working;   /* the queue is being carried out, further up the stack */
  gboolean closed;    /* by the owner: nothing is put out or told any more */
  gboolean told;      /* the signal that goes with the state has been emitted */
  gboolean ended[2];  /* the end of that direction was given to the output */
  gboolean paused[2];
};

/* Takes the analyzer's results from now on. */
void imp_filter_listen (ImpFilter *self);
/* Carries out what the flows and the analyzer want, in order. */
void imp_filter_work (ImpFilter *self);
/* Nothing is settled any more; an error of @code with @prefix and @reason is what pushes give. */
void imp_filter_refuse (ImpFilter *self, ImpFilterState state, ImpError code, const char *prefix,
                        const char *reason);
/* The same for an analyzer that has failed. */
void imp_filter_fail (ImpFilter *self, ImpError code, const char *reason);
void imp_filter_release_output (ImpFilter *self);

G_END_DECLS
