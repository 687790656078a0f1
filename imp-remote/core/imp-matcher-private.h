/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* The greatest length of a match, or of a string that is looked for. */
#define IMP_PATTERN_LENGTH_MAX 65536

/* Looks for a string, or for matches of a regular expression that are no longer than a given
 * length, in a stream of bytes. What it finds does not depend on how the stream is cut into
 * chunks. Immutable and reference counted: one serves any number of streams.
 *
 * A position holds a match of a regular expression (PCRE, bytes, `.` is anything but \n) with
 * max_length = L if the engine, started there, gives 1 to L bytes and does so without a look at
 * what lies L + 2 bytes or more behind that position; the leftmost position wins. A longer match
 * is no match there. So no more than L + 1 bytes are ever in doubt. */
typedef struct _ImpMatcher ImpMatcher;

typedef enum
{
  IMP_MATCH_NONE,   /* nothing, neither here nor begun here */
  IMP_MATCH_FOUND,  /* *from .. *to */
  IMP_MATCH_MORE,   /* what comes will tell */
  IMP_MATCH_FAILED, /* the regular expression takes too much time or memory on these data */
} ImpMatchStatus;

/* IMP_ERROR_SETTINGS: @regex is wrong, matches the empty string, or uses what makes no sense in a
 * stream (\G, \K, verbs such as (*COMMIT)); or a length is 0 or above IMP_PATTERN_LENGTH_MAX. */
ImpMatcher *imp_matcher_new_regex (const char *regex, gsize max_length, GError **error);
ImpMatcher *imp_matcher_new_string (GBytes *string, GError **error);
ImpMatcher *imp_matcher_ref (ImpMatcher *self);
void imp_matcher_unref (ImpMatcher *self);

/* So many bytes before a position does it want to see (lookbehind, ^). */
gsize imp_matcher_get_context (ImpMatcher *self);

/* Searches data[context .. length). data[0 .. context) is what came before: at least
 * imp_matcher_get_context() bytes, or all there is since the stream's beginning, where @start is
 * TRUE: the stream begins at data[0]. @final: nothing will follow.
 *
 * FOUND: *from .. *to is the leftmost match. NONE: *from = length. MORE: everything before *from
 * cannot belong to a match; from there on it may (call again with it, more data, and the context
 * before it). FAILED: *error (IMP_ERROR_LIMIT). Never MORE if @final. */
ImpMatchStatus imp_matcher_find (ImpMatcher *self, const guint8 *data, gsize length, gsize context,
                                 gboolean start, gboolean final, gsize *from, gsize *to,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpMatcher, imp_matcher_unref)

G_END_DECLS
