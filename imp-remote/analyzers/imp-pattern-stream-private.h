/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* Looks for matches in bytes that come piece by piece, and keeps what it needs of them: the end of
 * the input, as long as a match may begin there, and what the matcher wants to see before it. What
 * becomes of the bytes meanwhile is not for it to know. */
typedef struct
{
  ImpMatcher *matcher;      /* somebody else's */
  ImpMatcherMemory *memory; /* the same, of a set of patterns; or NULL */
  ImpEffort effort;
  GByteArray *tail; /* context, then what is in doubt; NULL for nothing */
  gsize context;    /* how much of it is the former */
  gint64 fed;       /* offset of the end of the input */
  gboolean whole;   /* the tail begins where the stream, or this type of it, does */

  /* The search that is under way: in the tail, to which the beginning of the chunk is joined until
   * it can go on in the chunk itself; then in that. */
  const guint8 *chunk; /* NULL if there is none */
  gsize chunk_length;
  gsize n_joined;     /* of the chunk */
  gsize n_old;        /* in the tail, before that */
  gboolean in_tail;   /* it searches there */
  gsize position;     /* in the tail or the chunk */
  gint64 base;        /* offset of the first byte there */
  gboolean start;     /* it is the first one of all */
  ImpMatchEnd end;    /* what follows the input */
  ImpSearchRun found; /* the search of the last match */
} ImpPatternStream;

void imp_pattern_stream_init (ImpPatternStream *self, ImpMatcher *matcher, guint max_effort);
void imp_pattern_stream_clear (ImpPatternStream *self);
/* What was in doubt is forgotten, and the next input begins at @offset. */
void imp_pattern_stream_skip_to (ImpPatternStream *self, gint64 offset);

/* Each of these begins a search, and imp_pattern_stream_next() goes on with it until it gives
 * something else than FOUND. There must be none under way; after BUSY there is.
 *
 * More input: it must stay until the search is over or BUSY. @packet: nothing follows. */
void imp_pattern_stream_push (ImpPatternStream *self, const guint8 *data, gsize length,
                              gboolean packet);
/* What is in doubt has no continuation. Afterwards, the stream begins anew. */
void imp_pattern_stream_finish (ImpPatternStream *self);
/* What is in doubt has none for now. */
void imp_pattern_stream_pause (ImpPatternStream *self);

ImpMatchStatus imp_pattern_stream_next (ImpPatternStream *self, GError **error);

/* A search was left in the middle. */
gboolean imp_pattern_stream_is_busy (const ImpPatternStream *self);
/* No match can begin before this offset any more. */
gint64 imp_pattern_stream_get_decided (const ImpPatternStream *self);
/* Where the last match lies. */
void imp_pattern_stream_get_match (const ImpPatternStream *self, gint64 *from, gint64 *to);

G_END_DECLS
