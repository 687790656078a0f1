/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-effort-private.h"

G_BEGIN_DECLS

/* The greatest length of a match, or of a string that is looked for; and the greatest distance that
 * an expression may look ahead. */
#define IMP_PATTERN_LENGTH_MAX 65536

/* Looks for a string, or for matches of a regular expression that are no longer than a given
 * length, in a stream of bytes. What it finds does not depend on how the stream is cut into
 * chunks. Immutable and reference counted: one serves any number of streams.
 *
 * A match of a regular expression (PCRE2; `.` is anything but \n) with max_length = L is what a
 * search in the whole stream would find, as long as that is decided by the first W bytes from its
 * beginning on, and has 1 to L of them. W is L and as far as the expression may look ahead, at
 * least two. Where more than W bytes would be needed, a match may be over the length: it is no
 * match, and the search goes on one byte further, or that is what it reports. The leftmost match
 * wins. So no more than W - 1 bytes are ever in doubt. */
typedef struct _ImpMatcher ImpMatcher;
typedef struct _ImpMatcherSet ImpMatcherSet;

typedef enum
{
  IMP_MATCH_NONE,   /* nothing, neither here nor begun here */
  IMP_MATCH_FOUND,  /* from .. to */
  IMP_MATCH_OVER,   /* what begins at from is, or may become, longer than it may be */
  IMP_MATCH_MORE,   /* what comes will tell */
  IMP_MATCH_BUSY,   /* this search has taken so long that others should have their turn */
  IMP_MATCH_FAILED, /* the regular expression takes too much time or memory on these data */
} ImpMatchStatus;

typedef enum
{
  IMP_MATCHER_UTF8 = 1 << 0,        /* matches on characters, and not on bytes */
  IMP_MATCHER_REPORT_OVER = 1 << 1, /* else there is never IMP_MATCH_OVER */
} ImpMatcherFlags;

/* What follows the data. */
typedef enum
{
  IMP_MATCH_END_OPEN,  /* perhaps more */
  IMP_MATCH_END_FINAL, /* nothing */
  /* Perhaps more, but not soon: what is a match whatever follows is taken as it stands. Never
   * IMP_MATCH_BUSY: what a slice has no time for stays in doubt. */
  IMP_MATCH_END_PAUSE,
} ImpMatchEnd;

/* How far each part of a set has looked in one stream, so that none looks at the same bytes twice
 * while others find something. */
typedef struct _ImpMatcherMemory ImpMatcherMemory;

typedef struct
{
  /* data[0 .. position) is what came before: at least imp_matcher_get_context() bytes, or all there
   * is since the stream's beginning, where @start is TRUE: the stream begins at data[0]. The search
   * is in data[position .. length). */
  const guint8 *data;
  gsize length;
  gsize position;
  gboolean start;
  ImpMatchEnd end;
  ImpEffort *effort; /* where it is counted; BUSY once its slice is over */
  /* What is found. FOUND: from .. to is the leftmost match. NONE: from = length. MORE, BUSY:
   * everything before @from cannot belong to a match; from there on it may (search again from
   * there, with the context before it). OVER: as MORE, but it is more than may be. Never MORE if
   * nothing follows. */
  gsize from;
  gsize to;
  /* Of FOUND: what the groups matched, until the next search in this thread. */
  const gsize *groups;
  guint n_groups;
  gsize groups_base;
  guint which; /* of several patterns, the number of the one that was found */
  /* Where several patterns are looked for in a stream: what is known of them already, or NULL, and
   * the offset in the stream of the first byte of @data. */
  ImpMatcherMemory *memory;
  gint64 base;
} ImpSearchRun;

/* IMP_ERROR_SETTINGS: @regex is wrong, matches the empty string, can have no match that is short
 * enough, or uses what makes no sense in a stream (\G, \K, verbs such as (*COMMIT)); or a length is
 * out of range. @lookahead is how far it may look beyond a match; 0: as far as it can, which must
 * have a bound. */
ImpMatcher *imp_matcher_new_regex (const char *regex, gsize max_length, gsize lookahead,
                                   ImpMatcherFlags flags, GError **error);
ImpMatcher *imp_matcher_new_string (GBytes *string, GError **error);
/* For all patterns of a set at once; takes @set, which is finished. */
ImpMatcher *imp_matcher_new_set (ImpMatcherSet *set);
/* NULL: it has none. */
const ImpMatcherSet *imp_matcher_peek_set (ImpMatcher *self);
ImpMatcher *imp_matcher_ref (ImpMatcher *self);
void imp_matcher_unref (ImpMatcher *self);

/* What it has taken to make it, in nanoseconds. */
gint64 imp_matcher_get_cost (ImpMatcher *self);
/* So many bytes before a position does it want to see (lookbehind, ^). */
gsize imp_matcher_get_context (ImpMatcher *self);
/* So many groups does the expression have; none if there is a string. */
guint imp_matcher_get_n_groups (ImpMatcher *self);
/* The number of the group of that name, or 0. */
guint imp_matcher_find_group (ImpMatcher *self, const char *name);

/* FAILED: @error is IMP_ERROR_LIMIT. */
ImpMatchStatus imp_matcher_find (ImpMatcher *self, ImpSearchRun *run, GError **error);

/* What the group @number matched: FALSE if it took no part. Group 0 is the match. */
gboolean imp_search_run_get_group (const ImpSearchRun *run, guint number, gsize *from, gsize *to);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpMatcher, imp_matcher_unref)

G_END_DECLS
