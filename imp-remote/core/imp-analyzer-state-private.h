/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"

G_BEGIN_DECLS

/* What the parts of the base class share: imp-analyzer.c for providers, imp-analyzer-answers.c for
 * plugins, and between them imp-analyzer-delivery.c. */

typedef enum
{
  IMP_ANALYZER_STATE_OPEN,
  IMP_ANALYZER_STATE_REFUSED, /* by DENY, DROP or FATAL: the plugin is heard no more */
  IMP_ANALYZER_STATE_CLOSED,  /* by the provider */
} ImpAnalyzerState;

/* What every chunk touches stands together: where there are a hundred thousand analyzers, its time
 * is the number of cache lines. */
typedef struct
{
  ImpResultFunc callback;
  gpointer user_data;
  ImpInterface *interface;
  ImpAnalyzerState state;
  guint calls; /* depth of calls into the plugin's data() */
  guint8 busy; /* bit per direction */
  guint delivering : 1;
  guint settles_end : 1;
  guint is_proxy : 1;
  ImpVerdicts verdicts[2];
  GQueue ready; /* results to be delivered as soon as somebody takes them */
  GQueue held;  /* results that wait until their direction is not busy any more */
  GDestroyNotify destroy;
  ImpContext *context;
} ImpAnalyzerPrivate;

ImpAnalyzerPrivate *imp_analyzer_private (ImpAnalyzer *self);

/* Hands the results that are ready to the callback. */
void     imp_analyzer_deliver         (ImpAnalyzer *self);
/* The plugin has failed, and is heard no more. */
void     imp_analyzer_refuse_fatal    (ImpAnalyzer *self, const char *reason);
/* Settles the end of a stream for a plugin that has settled all before it. */
void     imp_analyzer_settle_end      (ImpAnalyzer *self, ImpDirection direction);
/* Is the result one that cannot be delivered while its direction is busy, as it is? */
gboolean imp_analyzer_has_to_wait     (ImpAnalyzerPrivate *priv, const ImpResult *result);
int      imp_analyzer_compare_urgency (gconstpointer a, gconstpointer b, gpointer user_data);
/* What waited for @direction is ready now. */
void     imp_analyzer_release_held    (ImpAnalyzerPrivate *priv, ImpDirection direction);

G_END_DECLS
