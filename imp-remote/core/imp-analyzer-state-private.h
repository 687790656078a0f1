/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-mailbox-private.h"
#include "core/imp-result-queue-private.h"

G_BEGIN_DECLS

/* What the parts of the base class share: imp-analyzer.c for providers, imp-analyzer-answers.c for
 * plugins, and between them imp-analyzer-delivery.c. */

typedef enum
{
  IMP_ANALYZER_STATE_OPEN,
  IMP_ANALYZER_STATE_REFUSED, /* by DENY, DROP or FATAL: the plugin is heard no more */
  IMP_ANALYZER_STATE_CLOSED,  /* by the provider */
} ImpAnalyzerState;

/* What waits. */
typedef struct
{
  ImpResultQueue ready;   /* results to be delivered as soon as somebody takes them */
  ImpResultQueue held[2]; /* those of a direction that wait until it is not busy any more */
  ImpResult *deferred[2]; /* a PASS_PATTERN that waits for the input; or NULL */
} ImpAnalyzerStock;

/* What every chunk touches stands together: where there are a hundred thousand analyzers, its time
 * is the number of cache lines. */
typedef struct
{
  ImpResultFunc callback;
  gpointer user_data;
  ImpInterface *interface;
  ImpAnalyzerStock *stock; /* NULL if nothing waits */
  ImpAnalyzerState state;
  guint calls; /* depth of calls into the plugin's data() */
  guint8 busy; /* bit per direction */
  guint8 told; /* the same, as the plugin knows it */
  guint delivering : 1;
  guint settles_end : 1;
  guint is_proxy : 1;
  guint is_lost : 1;  /* its FATAL is that it cannot be reached, and not its own */
  ImpMailbox mailbox; /* for answers from other threads */
  ImpMarks marks[2];
  GDestroyNotify destroy;
  ImpContext *context;
} ImpAnalyzerPrivate;

ImpAnalyzerPrivate *imp_analyzer_private (ImpAnalyzer *self);

/* Behind others of its direction a result waits even if that is not busy any more. */
static inline gboolean
imp_analyzer_is_detained (const ImpAnalyzerPrivate *priv, guint direction)
{
  return (priv->busy & (1 << direction)) != 0
         || (priv->stock != NULL && !imp_result_queue_is_empty (&priv->stock->held[direction]));
}

/* Takes what the plugin has answered in other threads. */
void imp_analyzer_collect (ImpAnalyzer *self);
/* Hands the results that are ready to the callback. */
void imp_analyzer_deliver (ImpAnalyzer *self);
/* The plugin has failed, and is heard no more. */
void imp_analyzer_refuse_fatal (ImpAnalyzer *self, const char *reason);
/* Something was fed: a PASS_PATTERN that waited for it may go. */
void imp_analyzer_take_deferred (ImpAnalyzer *self, ImpDirection direction);
/* Settles the end of a stream for a plugin that has settled all before it. */
void imp_analyzer_settle_end (ImpAnalyzer *self, ImpDirection direction);
/* The next one that somebody may take now, or NULL. */
ImpResult *imp_analyzer_take_ready (ImpAnalyzerPrivate *priv);
int imp_analyzer_compare_urgency (gconstpointer a, gconstpointer b, gpointer user_data);
/* What is ready has to wait, as far as it is for a direction that has become busy. */
void imp_analyzer_detain (ImpAnalyzerPrivate *priv);
/* Nobody wants what waits any more. */
void imp_analyzer_clear_stock (ImpAnalyzerPrivate *priv);
/* The plugin takes a direction for busy until all that waits for it has been taken. */
void imp_analyzer_tell_busy (ImpAnalyzer *self);

G_END_DECLS
