/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* What can be known of a regular expression before it meets any data. All lengths are in bytes, and
 * bounds that are safe: a match may be shorter than max_length says, but never longer. */

#define IMP_REGEX_UNBOUNDED G_MAXSIZE

typedef enum
{
  /* The item asks what stands around it, and does not take anything: at the edge of the data its
   * answer is not the last word. */
  IMP_REGEX_MARK_ASKS = 1 << 0,
  /* It is a ^ that may stand behind any newline, */
  IMP_REGEX_MARK_CARET = 1 << 1,
  /* also behind the last one of the data, since something can be taken before it. */
  IMP_REGEX_MARK_LINE_START = 1 << 2,
} ImpRegexMark;

typedef struct
{
  gsize min_length;
  gsize max_length;
  gsize need;   /* so much has to be there, from the beginning of a match on, for there to be one */
  gsize reach;  /* nothing depends on what lies further behind the beginning */
  gsize ahead;  /* so far behind itself it may have to look, be it by lookahead, $ or \b */
  guint behind; /* so deep are lookbehinds nested; each goes back from where another one stands */
  gsize length; /* of the expression */
  guint8 *marks; /* of ImpRegexMark, by position in it */
  guint8 all_marks;
  gsize any_count;     /* the most that it wants of any bytes, as .{7}, in one go */
  gboolean has_breaks; /* \R is in it */
} ImpRegexInfo;

/* @regex is an expression that PCRE2 has compiled, with @n_groups groups. %IMP_ERROR_SETTINGS if it
 * uses what has no meaning in a stream or, unless @utf8, what would take characters apart. */
gboolean imp_regex_info_read (ImpRegexInfo *self, const char *regex, guint n_groups, gboolean utf8,
                              GError **error);
void imp_regex_info_clear (ImpRegexInfo *self);

G_END_DECLS
