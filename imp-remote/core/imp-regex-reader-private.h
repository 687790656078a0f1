/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-regex-extent-private.h"

G_BEGIN_DECLS

/* Reads an expression item by item: only as deep as the questions go that ImpRegexInfo answers.
 * PCRE2 was there first, so what is read here is well-formed, and nested no deeper than it allows.
 * Where a thing cannot be known (recursion, what a group held), it is taken for unbounded. */
typedef struct
{
  const char *regex;
  const char *p;
  ImpRegexInfo *info;
  guint n_groups;
  gboolean utf8;
  gboolean as_bytes; /* characters beyond ASCII are several items */
  gboolean caseless;
  gboolean multiline;
  gboolean extended;
  gboolean quoting; /* between \Q and \E */
  gboolean moved;   /* something may have been taken before */
  gboolean calls;
  guint behind;   /* how many lookbehinds are around */
  guint n_behind; /* how many there were */
  gboolean calls_behind;
  GError *error; /* the first one */
} ImpRegexReader;

/* Keeps the first error. */
void imp_regex_reader_fail (ImpRegexReader *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void imp_regex_reader_mark (ImpRegexReader *self, const char *begin, const char *end,
                            ImpRegexMark mark);
/* Each ^ there may be met again, further on. */
void imp_regex_reader_mark_carets (ImpRegexReader *self, const char *begin, const char *end);
/* FALSE if something else comes. */
gboolean imp_regex_reader_skip (ImpRegexReader *self, const char *text);
/* Goes on behind the next @end. */
void imp_regex_reader_skip_past (ImpRegexReader *self, char end);
/* What stands between items and means nothing. */
void imp_regex_reader_skip_blanks (ImpRegexReader *self);
/* Gives how many digits there were. */
gsize imp_regex_reader_read_number (const char **p, gsize *number);
/* Another part of the expression is called, or referred to. */
ImpRegexExtent imp_regex_reader_call (ImpRegexReader *self);
/* Any item but a group. */
ImpRegexExtent imp_regex_reader_read_item (ImpRegexReader *self);

G_END_DECLS
