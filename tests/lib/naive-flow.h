/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One direction as the model describes it, as dumb as possible: a state for each byte, no
 * shortcuts, and no line of the real flow. Positions are bytes of the input. */

#define NAIVE_INDEFINITE G_MAXINT64
#define NAIVE_POSITIONS 8192 /* no test sends or promises more */

typedef enum
{
  NAIVE_NOTHING, /* not received yet */
  NAIVE_HELD,
  NAIVE_PASSED,
  NAIVE_REPLACED,
  NAIVE_DENIED,
  NAIVE_STATES,
} NaiveState;

typedef struct
{
  guint8 value;
  gint32 type;
  guint piece; /* the number of the push that brought it */
  NaiveState state;
} NaiveByte;

/* What comes out, or is fed, byte by byte, so that the cutting of streams does not matter. */
typedef struct
{
  gint64 offset; /* of a feed: what is said with its first byte */
  gint32 type;
  gint16 value; /* -1: the end of the stream */
  gint16 first; /* first byte of a packet */
} NaiveToken;

typedef struct
{
  NaiveByte bytes[NAIVE_POSITIONS];
  gboolean promised[NAIVE_POSITIONS];
  gint64 input;
  gint64 shown; /* the end of what was fed */
  guint n_pieces;
  gint64 verdict;
  gint64 prepass;
  gint32 last_type;
  gboolean gap;
  gboolean ended;
  gboolean end_forwarded;
  gboolean denied;
  char *pattern; /* what is looked for, literally */
  guint pattern_max;
  gint64 doubt;    /* a match may begin here, or later */
  gint64 released; /* the end of what was held for too long */
  gint64 refed;
  guint n_late; /* matches whose beginning had gone */
  GArray *output;
  GArray *fed;
} NaiveFlow;

NaiveFlow *naive_flow_new (void);
void naive_flow_free (NaiveFlow *self);

/* All of them: is it allowed? */
gboolean naive_flow_push (NaiveFlow *self, const guint8 *data, gsize length, gint32 type);
gboolean naive_flow_pass (NaiveFlow *self, gint64 offset);
gboolean naive_flow_prepass (NaiveFlow *self, gint64 offset);
gboolean naive_flow_replace (NaiveFlow *self, gint64 offset, const guint8 *data, gsize length);
gboolean naive_flow_replace_later (NaiveFlow *self, gint64 offset, gint64 end_offset);
gboolean naive_flow_pass_pattern (NaiveFlow *self, const char *pattern, guint max_length);
void naive_flow_deny (NaiveFlow *self);
void naive_flow_release (NaiveFlow *self);

/* While a pattern is looked for, how much of the end is held back is not fixed, only bounded:
 * checks that @settled is within the bounds and passes the bytes before it. */
gboolean naive_flow_search_settled (NaiveFlow *self, gint64 settled);

gint64 naive_flow_settled (NaiveFlow *self);
gint64 naive_flow_count (NaiveFlow *self, NaiveState state);
gboolean naive_flow_has_promise (NaiveFlow *self);

/* What a piece of output or of input is in tokens. */
void naive_append (GArray *tokens, const guint8 *data, gsize length, gint32 type, gint64 offset);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NaiveFlow, naive_flow_free)
