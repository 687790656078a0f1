/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core/imp-factory.h"

G_BEGIN_DECLS

typedef struct
{
  guint64 max_held;   /* bytes that a part may leave unsettled, both directions */
  guint hold_timeout; /* milliseconds for what a search holds; 0: as long as it takes */
} ImpCascadeOptions;

/* Several analyzers as one: what comes from the client goes through the first, then through the
 * second ...; what comes from the server the other way round. */
#define IMP_TYPE_CASCADE_ANALYZER (imp_cascade_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpCascadeAnalyzer, imp_cascade_analyzer, IMP, CASCADE_ANALYZER, ImpAnalyzer)

/* @analyzers, of ImpAnalyzer, and as many @factories, which have made them, and @names, of char *:
 * at least one. They are closed with it. */
ImpAnalyzer *imp_cascade_analyzer_new (GPtrArray *analyzers, GPtrArray *factories, GPtrArray *names,
                                       const ImpCascadeOptions *options);

G_END_DECLS
