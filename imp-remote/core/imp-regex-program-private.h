/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-regex-info-private.h"

G_BEGIN_DECLS

/* A compiled regular expression, and what the PCRE2 library can be asked about it. It is in two
 * forms: a quick one that looks for a match in many places and gives up early, and a careful one
 * that tries a single place, item by item, and knows the time.
 *
 * Both notice when the answer depends on what lies behind the data. The library does that itself,
 * but for a few cases, which are added here. */
typedef struct _ImpRegexProgram ImpRegexProgram;

typedef enum
{
  IMP_REGEX_NONE,
  IMP_REGEX_MATCH,
  IMP_REGEX_EDGE,   /* what lies behind the data decides */
  IMP_REGEX_COSTLY, /* not to be found out with the work that is allowed */
} ImpRegexOutcome;

/* What follows the data? */
typedef enum
{
  IMP_REGEX_END_FINAL, /* nothing */
  IMP_REGEX_END_OPEN,  /* anything, or nothing */
  /* Anything, or nothing, but it will take its time: what is a match whatever comes counts as one
   * as it stands. */
  IMP_REGEX_END_PAUSE,
  IMP_REGEX_END_WHOLE, /* nothing, and only what reaches it is a match */
} ImpRegexEnd;

typedef struct
{
  gsize from; /* of EDGE: where it would begin */
  gsize to;
  const gsize
    *groups; /* pairs of offsets, the first of the match itself; until the next run in this
                        * thread */
  guint n_groups;
  int error; /* of COSTLY: PCRE2's number */
} ImpRegexFinding;

/* IMP_ERROR_SETTINGS: @regex is wrong, or has what imp_regex_info_read() refuses. */
ImpRegexProgram *imp_regex_program_new (const char *regex, gboolean utf8, GError **error);
void imp_regex_program_free (ImpRegexProgram *self);
const ImpRegexInfo *imp_regex_program_get_info (ImpRegexProgram *self);
const char *imp_regex_program_get_text (ImpRegexProgram *self);
/* How many bytes before a position it may look at. */
gsize imp_regex_program_get_behind (ImpRegexProgram *self);
guint imp_regex_program_get_n_groups (ImpRegexProgram *self);
/* The number of a group with a name, or 0. */
guint imp_regex_program_find_group (ImpRegexProgram *self, const char *name);

gboolean imp_regex_program_matches_empty (ImpRegexProgram *self);
char *imp_regex_program_describe_error (int error);

/* Anywhere in the data. */
#define IMP_REGEX_NO_LAST G_MAXSIZE

/* The first match that begins in @position .. @last. What stands before @position may be looked at.
 * At one place it may backtrack no more often than @limit. Empty matches are none. */
ImpRegexOutcome imp_regex_program_search (ImpRegexProgram *self, const guint8 *data, gsize length,
                                          gsize position, gsize last, guint limit, gboolean open,
                                          ImpRegexFinding *finding);
/* Can the next one be asked for? */
gboolean imp_regex_program_can_search_next (ImpRegexProgram *self);
/* As imp_regex_program_search(), in data that go on: quicker, but what is not a match may be
 * IMP_REGEX_COSTLY. */
ImpRegexOutcome imp_regex_program_search_next (ImpRegexProgram *self, const guint8 *data,
                                               gsize length, gsize position, guint limit,
                                               ImpRegexFinding *finding);
/* A match that begins at @position. */
ImpRegexOutcome imp_regex_program_attempt (ImpRegexProgram *self, const guint8 *data, gsize length,
                                           gsize position, ImpRegexEnd end,
                                           ImpRegexFinding *finding);

/* For tests: programs are made as on a machine that has no just-in-time compiler. */
void imp_regex_program_set_jit (gboolean jit);

G_END_DECLS
