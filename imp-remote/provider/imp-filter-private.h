/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-analyzer-private.h"
#include "core/imp-proxy-private.h"
#include "provider/imp-filter.h"

/* Bytes are not all that holding costs: so many chunks may be held in each direction. Small chunks
 * of a stream are joined long before that; packets are not. */
#define IMP_FILTER_CHUNKS_MAX 65536

/* From now on it works in the main context that is the thread's default now. Before it has an
 * output function. */
void imp_filter_move_here (ImpFilter *self);
/* Notifies @spec, held-bytes, if it has changed since. */
void imp_filter_notify_held (ImpFilter *self, GParamSpec *spec);
/* @owner has this filter, and a property held-bytes that is that of the filter: @spec. NULL: nobody
 * has. */
void imp_filter_set_held_owner (ImpFilter *self, GObject *owner, GParamSpec *spec);
/* Whether the last of what came out in this direction was sent by the analyzer itself (TO_SENDER),
 * and no byte of its input is missing before it: an answer, after which nothing is expected. */
gboolean imp_filter_is_answered (ImpFilter *self, ImpDirection direction);
/* Whether a call of its own is further up the stack: nothing comes out before that returns. */
gboolean imp_filter_is_working (ImpFilter *self);
/* How many of a stream's next bytes would come out as they go in, at once and seen by nobody. So
 * many may go another way, and are then said to have passed. */
gint64 imp_filter_get_unseen_room (ImpFilter *self, ImpDirection direction);
void imp_filter_note_unseen (ImpFilter *self, ImpDirection direction, gint64 length);

/* Bytes were moved at this time, so that verdicts that have come since the last call came now. */
void imp_filter_note_turn (ImpFilter *self, gint64 now);

/* How one direction is. */
typedef struct
{
  gint64 input, passed, replaced, held;
  gboolean is_waiting;   /* the analyzer has to say something */
  gboolean wants_more;   /* it has said that it needs more first */
  gboolean is_paused;    /* by the analyzer */
  gboolean is_searching; /* so costly that it is paused */
  gboolean has_promise;
  gboolean has_ended; /* the end has come */
  gboolean is_finished;
} ImpFilterFacts;

void imp_filter_get_facts (ImpFilter *self, ImpDirection direction, ImpFilterFacts *facts);
/* The last verdict, or -1. *@time: when it came, in monotonic time; 0: that is not known. */
int imp_filter_get_last_verdict (ImpFilter *self, gint64 *time);
/* Milliseconds for a verdict that the filter itself watches over now; 0: none. */
guint imp_filter_get_own_deadline (ImpFilter *self);

/* In how many pieces is held what waits for a verdict, in both directions together? */
guint imp_filter_get_n_held (ImpFilter *self);

/* Where input is best read into; NULL: anywhere. */
ImpArena *imp_filter_peek_arena (ImpFilter *self);

/* The detail of the signal `result` for a type of result: its name. */
GQuark imp_filter_get_detail (ImpResultType type);
/* The types of results that somebody wants to see who has connected to the signal @signal of
 * @instance, which has such details; all of them for one without a detail. */
guint imp_filter_find_observed (gpointer instance, guint signal);
/* Has @func called with each result of these types (the sum of their flags), before it is applied,
 * for who owns the filter. */
void imp_filter_observe (ImpFilter *self, guint types, ImpVerdictFunc func, gpointer user_data);
