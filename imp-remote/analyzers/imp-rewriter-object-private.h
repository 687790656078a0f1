/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-arrivals-private.h"
#include "analyzers/imp-pattern-packet-private.h"
#include "analyzers/imp-pattern-stream-private.h"
#include "analyzers/imp-rewriter-patterns-private.h"
#include "analyzers/imp-rewriter.h"
#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* For the files of the rewriter itself. */

/* One direction. */
typedef struct
{
  ImpDirection direction;
  ImpPatternStream stream;
  ImpPatternPacket packet; /* the one that is searched */
  ImpInputQueue queue;     /* input that came while something else was done */
  ImpInput postponed;      /* the one before that: its turn comes when a search is over */
  ImpArrivals arrivals;    /* of what is held, where that has a limit */
  gint64 settled;          /* offset of the last verdict */
  gint64 wanted;           /* offset of the last WANT */
  gint32 type;
  guint begun : 1;    /* it was fed */
  guint finished : 1; /* what was held for the type before has been decided */
  guint ended : 1;
  guint paused : 1;
} ImpRewriterSide;

/* The match that is being answered. */
typedef struct
{
  const ImpRewriterSide *side;
  const ImpSearchRun *run;
  GArray *groups; /* of gsize, in pairs: the callback may search as well, and so change them */
  GBytes *replacement;
} ImpRewriterMatch;

typedef struct
{
  ImpRewriterPatterns *patterns;
  ImpRewriterSide sides[2];
  ImpRewriterMatch match;
  GSource *timer;  /* while something is held */
  GSource *search; /* while a search is to go on */
  guint max_delay;
  guint on_delay; /* ImpDelayAction */
  guint max_effort;
  guint64 counts[4]; /* by property */
  guint working : 1;
  guint closed : 1; /* or refused: nothing is looked at any more */
} ImpRewriterPrivate;

ImpRewriterPrivate *imp_rewriter_get_private (ImpRewriter *self);
ImpRewriterPatterns *imp_rewriter_ensure_patterns (ImpRewriter *self);

G_END_DECLS
