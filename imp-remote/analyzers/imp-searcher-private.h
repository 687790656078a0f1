/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pattern-packet-private.h"
#include "analyzers/imp-pattern-stream-private.h"
#include "core/imp-analyzer-private.h"
#include "core/imp-input-queue-private.h"

G_BEGIN_DECLS

/* What every analyzer does that looks for matches in both directions: it takes input in order, also
 * such as comes while it answers; it leaves a search that takes long and takes it up again from the
 * loop, pausing what comes; it decides about what is held where the type of the data changes and at
 * the end; and it says when it wants more. What becomes of matches is for its owner to say. */

/* One direction. */
typedef struct
{
  ImpDirection direction;
  ImpPatternStream stream;
  ImpPatternPacket packet; /* the one that is searched */
  ImpInputQueue queue;     /* input that came while something else was done */
  ImpInput postponed;      /* the one before that: its turn comes when a search is over */
  gint64 settled;          /* offset of the last verdict */
  gint64 begin;            /* offset of the last piece of input */
  gint64 wanted;           /* offset of the last WANT */
  gint32 type;
  guint finished : 1; /* what was held for the type before has been decided */
  guint ended : 1;
  guint paused : 1;
} ImpSearchSide;

typedef struct
{
  /* Goes on with the search of a side until it is over, or busy. */
  gboolean (*search) (ImpAnalyzer *analyzer, ImpSearchSide *side, GError **error);
  /* Lets pass what comes before @offset, if it has not. */
  void (*pass) (ImpAnalyzer *analyzer, ImpSearchSide *side, gint64 offset);
  /* Takes @result. */
  void (*answer) (ImpAnalyzer *analyzer, ImpResult *result);
  /* All that could be done now is done; the loop may be told when to look again. */
  void (*update) (ImpAnalyzer *analyzer);
} ImpSearcherFuncs;

typedef struct
{
  ImpAnalyzer *analyzer; /* the owner */
  const ImpSearcherFuncs *funcs;
  ImpSearchSide sides[2];
  GSource *source; /* while a search is to go on */
  guint working : 1;
  guint closed : 1; /* or refused: nothing is looked at any more */
} ImpSearcher;

/* The streams of its sides are the owner's to begin. */
void imp_searcher_init (ImpSearcher *self, ImpAnalyzer *analyzer, const ImpSearcherFuncs *funcs);
void imp_searcher_clear (ImpSearcher *self);
/* Forgets all that it would still have to look at. */
void imp_searcher_stop (ImpSearcher *self);

gboolean imp_searcher_take (ImpSearcher *self, const ImpInput *input, GError **error);

/* Work of the owner's own, from the loop: what is fed meanwhile waits for its end. */
void imp_searcher_begin_work (ImpSearcher *self);
/* @error: what went wrong with it, or NULL. */
void imp_searcher_finish_work (ImpSearcher *self, const GError *error);

/* Is there something to be done before new input of this side? */
gboolean imp_search_side_is_behind (const ImpSearchSide *self);
/* The offset of a byte of the packet that is searched is that in the packet, and this. */
gint64 imp_search_side_get_packet_base (const ImpSearchSide *self);

G_END_DECLS
