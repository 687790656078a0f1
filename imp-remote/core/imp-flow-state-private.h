/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-flow-held-private.h"
#include "core/imp-flow-private.h"
#include "core/imp-flow-promises-private.h"
#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* What only the files of the flow share. */

/* IMP_MAX_OFFSET as a position: behind everything. */
#define FOREVER G_MAXINT64

typedef enum
{
  END_UNKNOWN,
  END_RECEIVED,
  END_FORWARDED,
} ImpFlowEnd;

/* The state of a PASS_PATTERN. */
typedef struct
{
  ImpMatcher *matcher;
  GByteArray *window; /* context, then the bytes of the first @n_searched held chunks */
  gsize context;
  gboolean start; /* the window begins where its run of one data type begins */
  guint n_searched;
  gint64 end;        /* position of the end of these chunks */
  gint32 data_type;  /* theirs; 0 before the first */
  gboolean is_busy;  /* the search is to go on in what the window has already, */
  gboolean is_final; /* behind which nothing comes */
} ImpSearch;

struct _ImpFlow
{
  ImpFlowEventQueue *queue;
  ImpHeld held;
  ImpPromises promises;
  ImpSearch *search;
  ImpEffort effort; /* of all searches */
  gint64 input;     /* end of what was received */
  gint64 settled;   /* what is held begins here */
  gint64 verdict;   /* end of the last final verdict; beyond the input: a PASS into the future.
                   * Below settled only where a PREPASS has gone ahead of it */
  gint64 prepass;   /* end of the last PREPASS */
  gint64 refed;     /* where the last search ended, and from where on all was fed again; or -1 */
  gint64 passed;
  gint64 replaced;
  gint64 denied;
  gint32 last_type;
  guint8 direction;
  guint8 end;   /* ImpFlowEnd */
  gboolean gap; /* something was left out since the last feed */
  gboolean is_denied;
};

/* Forwards held input up to @target; whole packets only. */
void imp_flow_forward_held (ImpFlow *self, gint64 target);
/* Takes the first @length bytes, at most a chunk, out of what is held: now they are settled. */
GBytes *imp_flow_take_held (ImpFlow *self, gsize length, gboolean wanted);
/* Forwards the end of the stream once nothing stands before it. */
void imp_flow_finish (ImpFlow *self);
/* Takes @bytes. */
void imp_flow_feed (ImpFlow *self, GBytes *bytes, gint64 position, gint32 data_type);
void imp_flow_feed_end (ImpFlow *self);

gboolean imp_flow_search_begin (ImpFlow *self, const char *regex, guint max_length, GError **error);
/* Goes on with what is held and not yet searched. */
gboolean imp_flow_search_run (ImpFlow *self, GError **error);
gboolean imp_flow_search_go_on (ImpFlow *self, GError **error);
/* No more input will come. */
gboolean imp_flow_search_end (ImpFlow *self, GError **error);
void imp_flow_search_clear (ImpFlow *self);

G_END_DECLS
