/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

/* The half of ImpMatcher that knows regular expressions. */
typedef struct _ImpRegexSearch ImpRegexSearch;

/* What a find looks at, and where it is. */
typedef struct
{
  const guint8 *data;
  gsize length;
  gsize position;
  gboolean final;
  gsize from;
  gsize to;
  GError **error;
} ImpSearchRun;

ImpRegexSearch *imp_regex_search_new (const char *regex, gsize max_length, GError **error);
void imp_regex_search_free (ImpRegexSearch *self);
gsize imp_regex_search_get_context (ImpRegexSearch *self);
ImpMatchStatus imp_regex_search_find (ImpRegexSearch *self, ImpSearchRun *run);

G_END_DECLS
