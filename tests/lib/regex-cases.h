/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Expressions whose matches depend on what stands around them, with letters that make a difference
 * to them; and what an ordinary search in the whole of the data says. */
typedef struct
{
  const char *regex;
  const char *letters;
  guint lookahead; /* how far it may look, where it has no bound of its own */
} RegexCase;

typedef struct
{
  gsize from;
  gsize to;
} RegexSpan;

/* No match of any of them has more bytes, in data of that length. */
#define REGEX_CASE_LENGTH 12

extern const RegexCase regex_cases[];
extern const guint regex_n_cases;

GRegex *regex_case_compile (const RegexCase *self);
/* The first match that begins at @at or later and is not empty. */
gboolean regex_case_find (GRegex *regex, const char *data, gsize length, gsize at, RegexSpan *span);
/* All of them. */
GArray *regex_case_find_all (GRegex *regex, const char *data, gsize length);

/* Makes text number @n of those with @length letters; FALSE if there are no more. */
gboolean regex_case_fill (const RegexCase *self, guint n, char *data, gsize length);
void regex_case_fill_randomly (const RegexCase *self, char *data, gsize length);
/* How long the piece is that begins at @at, where @splits has a bit for each byte that ends one. */
gsize regex_case_get_piece (guint splits, gsize at, gsize length);
