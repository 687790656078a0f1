/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* Looks for any number of strings in one pass over the bytes (an automaton of Aho and Corasick).
 * The leftmost match wins; of those that begin at one place, the one with the lowest rank.
 * Immutable once it is finished. */
typedef struct _ImpStringSet ImpStringSet;

#define IMP_STRING_SET_NO_RANK G_MAXUINT32

ImpStringSet *imp_string_set_new (void);
void imp_string_set_free (ImpStringSet *self);
/* At least one byte. */
void imp_string_set_add (ImpStringSet *self, const guint8 *string, gsize length, guint32 rank);
/* Nothing is added afterwards. */
void imp_string_set_finish (ImpStringSet *self);
gboolean imp_string_set_is_empty (const ImpStringSet *self);

/* As imp_matcher_find(); FOUND: run->which is the rank. Never OVER. */
ImpMatchStatus imp_string_set_find (const ImpStringSet *self, ImpSearchRun *run, GError **error);

G_END_DECLS
