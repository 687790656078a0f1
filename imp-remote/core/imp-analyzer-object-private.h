/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-mailbox-private.h"
#include "core/imp-pending-results-private.h"

G_BEGIN_DECLS

/* What an analyzer consists of, for its own files. */

typedef enum
{
  ANALYZER_STATE_OPEN,
  ANALYZER_STATE_REFUSED, /* by DENY, DROP or FATAL: the plugin is heard no more */
  ANALYZER_STATE_CLOSED,  /* by the provider */
} AnalyzerState;

/* What every chunk touches stands together: where there are a hundred thousand analyzers, its time
 * is the number of cache lines. */
typedef struct
{
  ImpVerdictFunc sink;        /* takes the results; NULL while nobody does */
  ImpVerdictRunFunc run_sink; /* takes several at once; may be NULL */
  gpointer user_data;         /* of the sink */
  ImpInterface *interface;
  ImpPendingResults *pending; /* NULL if there are none */
  gboolean *gone;             /* see ImpWatch */
  ImpMetered *metered;        /* NULL: nobody counts */
  guint8 fed_by;              /* in the plugin's data(): 1 and 2 for the directions; else 0 */
  guint8 state;               /* AnalyzerState */
  guint8 gate;                /* of ImpGate: what the next chunk meets */
  guint8 busy;                /* bit per direction */
  guint8 notified;            /* the same, as the plugin knows it */
  guint8 delivering : 1;
  guint8 allows_pass : 1; /* as the interface does */
  guint8 settles_end : 1;
  guint8 is_proxy : 1;
  ImpAnalyzerLoss loss;
  ImpMailbox mailbox; /* for answers from other threads */
  ImpMarks marks[2];
  ImpResultFunc callback; /* of an application, which is called by the sink */
  GDestroyNotify destroy;
  ImpContext *context;
} ImpAnalyzerPrivate;

ImpAnalyzerPrivate *imp_analyzer_get_private (ImpAnalyzer *self);

static inline void
analyzer_set_state (ImpAnalyzerPrivate *priv, AnalyzerState state)
{
  priv->state = state;
  if (state == ANALYZER_STATE_OPEN)
    priv->gate &= ~IMP_GATE_SHUT;
  else
    priv->gate |= IMP_GATE_SHUT;
}

G_END_DECLS
