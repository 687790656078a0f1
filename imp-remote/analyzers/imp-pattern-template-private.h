/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* What an action puts in the place of a match, or says of it: bytes, and references to what the
 * match and its groups had: \0, \1, \g<name>; \\ is a \. */
typedef struct _ImpPatternTemplate ImpPatternTemplate;

/* What a template may grow to. */
#define IMP_PATTERN_TEMPLATE_MAX (16 * 1024 * 1024)

/* @matcher: whose groups it refers to; NULL: it is taken as it stands. %IMP_ERROR_SETTINGS names a
 * reference to a group that there is not; the message begins behind what @text is called. */
ImpPatternTemplate *imp_pattern_template_new (GBytes *text, ImpMatcher *matcher, GError **error);
void imp_pattern_template_free (ImpPatternTemplate *self);

gboolean imp_pattern_template_is_empty (const ImpPatternTemplate *self);
/* What it gives in any case; NULL: that depends on the match. Lives as long as the template. */
GBytes *imp_pattern_template_peek_constant (const ImpPatternTemplate *self);
/* With what @run has found; NULL: with nothing. NULL with %IMP_ERROR_LIMIT if it is too much. */
GBytes *imp_pattern_template_expand (const ImpPatternTemplate *self, const ImpSearchRun *run,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImpPatternTemplate, imp_pattern_template_free)

G_END_DECLS
