/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* A number of patterns, strings and regular expressions, that are looked for in one go: the strings
 * by one automaton; the expressions by another one for the bytes with which their matches begin,
 * where these are plain to see, or else by one expression that has them all as alternatives. Those
 * that refer to their own groups, or quote, are looked for each by itself.
 *
 * A pattern's match is what ImpMatcher says of it. The leftmost one wins; where several begin at
 * one place, the pattern that was added first. */

/* So many patterns, and so many bytes of all strings together, may a set have. */
#define IMP_MATCHER_SET_MAX 4096
#define IMP_MATCHER_SET_BYTES_MAX (1024 * 1024)

ImpMatcherSet *imp_matcher_set_new (void);
void imp_matcher_set_free (ImpMatcherSet *self);

/* Patterns are numbered in the order in which they are added, from 0. %IMP_ERROR_SETTINGS as
 * ImpMatcher has it, %IMP_ERROR_LIMIT: there are too many. */
gboolean imp_matcher_set_add_string (ImpMatcherSet *self, const guint8 *string, gsize length,
                                     GError **error);
gboolean imp_matcher_set_add_regex (ImpMatcherSet *self, const char *regex, gsize max_length,
                                    GError **error);
/* Nothing is added afterwards. */
void imp_matcher_set_finish (ImpMatcherSet *self);

guint imp_matcher_set_get_n (const ImpMatcherSet *self);
gsize imp_matcher_set_get_context (const ImpMatcherSet *self);
/* The most bytes that can be in doubt. */
gsize imp_matcher_set_get_max_doubt (const ImpMatcherSet *self);
/* The number of a group of pattern @which, or 0. */
guint imp_matcher_set_find_group (const ImpMatcherSet *self, guint which, const char *name);

/* As imp_matcher_find(), without OVER; FOUND: run->which is the pattern. */
ImpMatchStatus imp_matcher_set_find (const ImpMatcherSet *self, ImpSearchRun *run, GError **error);

/* For one stream. */
ImpMatcherMemory *imp_matcher_memory_new (const ImpMatcherSet *set);
void imp_matcher_memory_free (ImpMatcherMemory *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpMatcherSet, imp_matcher_set_free)

G_END_DECLS
