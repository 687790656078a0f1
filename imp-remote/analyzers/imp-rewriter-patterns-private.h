/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-enums.h"
#include "core/imp-matcher-set-private.h"

G_BEGIN_DECLS

/* The patterns of a rewriter, of both directions. Analyzers of one class mostly have the same: what
 * the last one has made of them is kept for the next one of its class. */
typedef struct _ImpRewriterPatterns ImpRewriterPatterns;

ImpRewriterPatterns *imp_rewriter_patterns_new (GType type);
void imp_rewriter_patterns_free (ImpRewriterPatterns *self);

/* @regex: else it is a string. Gives the pattern's number, from 1; 0 with an error: see
 * imp_matcher_set_add_string() and imp_matcher_set_add_regex(). Once one direction has its matcher,
 * nothing can be added any more. */
guint imp_rewriter_patterns_add (ImpRewriterPatterns *self, ImpDirection direction,
                                 gboolean is_regex, const guint8 *text, gsize length,
                                 gsize max_length, GError **error);
/* NULL: there are none in this direction. */
ImpMatcher *imp_rewriter_patterns_peek_matcher (ImpRewriterPatterns *self, ImpDirection direction);
/* The pattern that is number @which in this direction. */
guint imp_rewriter_patterns_get_id (ImpRewriterPatterns *self, ImpDirection direction, guint which);

G_END_DECLS
