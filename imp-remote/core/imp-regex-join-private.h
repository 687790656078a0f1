/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "imp-macros.h"

G_BEGIN_DECLS

/* Appends @regex, which PCRE2 takes as it stands, as one more alternative in a group of its own.
 * Its own groups lose their names. FALSE, and nothing is appended, where its meaning could change
 * among others: where it refers to its groups, quotes, comments, or has what is not known here. */
gboolean imp_regex_join_append (GString *joined, const char *regex);
/* The bytes with which each match of @regex begins, as far as that is plain to see. It has to be
 * one that can be appended. */
GString *imp_regex_join_get_prefix (const char *regex);

G_END_DECLS
