/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* The half of ImpMatcher that knows regular expressions. */
typedef struct _ImpRegexSearch ImpRegexSearch;

ImpRegexSearch *imp_regex_search_new (const char *regex, gsize max_length, gsize lookahead,
                                      ImpMatcherFlags flags, GError **error);
void imp_regex_search_free (ImpRegexSearch *self);
gsize imp_regex_search_get_context (ImpRegexSearch *self);
/* So many bytes decide, from a place on, whether a match begins there. */
gsize imp_regex_search_get_window (ImpRegexSearch *self);
guint imp_regex_search_get_n_groups (ImpRegexSearch *self);
guint imp_regex_search_find_group (ImpRegexSearch *self, const char *name);
/* At least one byte is to be searched. */
ImpMatchStatus imp_regex_search_find (ImpRegexSearch *self, ImpSearchRun *run, GError **error);

G_END_DECLS
