/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-arrivals-private.h"
#include "analyzers/imp-rewriter-patterns-private.h"
#include "analyzers/imp-rewriter.h"
#include "analyzers/imp-searcher-private.h"

G_BEGIN_DECLS

/* For the files of the rewriter itself. */

/* The match that is being answered. */
typedef struct
{
  const ImpSearchSide *side;
  const ImpSearchRun *run;
  GArray *groups; /* of gsize, in pairs: the callback may search as well, and so change them */
  GBytes *replacement;
} ImpRewriterMatch;

typedef struct
{
  ImpRewriterPatterns *patterns;
  ImpSearcher searcher;
  ImpArrivals arrivals[2]; /* of what is held, where that has a limit */
  ImpRewriterMatch match;
  GSource *timer; /* while something is held */
  guint max_delay;
  guint on_delay; /* ImpDelayAction */
  guint max_effort;
  guint64 counts[4]; /* by property */
  gboolean begun[2]; /* it was fed */
} ImpRewriterPrivate;

ImpRewriterPrivate *imp_rewriter_get_private (ImpRewriter *self);
ImpRewriterPatterns *imp_rewriter_ensure_patterns (ImpRewriter *self);

G_END_DECLS
