/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pattern-factory.h"
#include "core/imp-analyzer-private.h"
#include "core/imp-matcher-private.h"

G_BEGIN_DECLS

#define IMP_TYPE_PATTERN_ANALYZER (imp_pattern_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpPatternAnalyzer, imp_pattern_analyzer, IMP, PATTERN_ANALYZER, ImpAnalyzer)

/* What all analyzers of one factory share; it lives in the factory. */
typedef struct
{
  ImpMatcher *matcher;
  ImpPatternAction action;
  GBytes *data;  /* what the action needs, perhaps nothing: never NULL */
  int direction; /* the one to look at, or -1: both */
} ImpPattern;

/* @owner is what @pattern lives in. */
ImpAnalyzer *imp_pattern_analyzer_new (GObject *owner, const ImpPattern *pattern);

/* What a packet may grow to by replacements. */
#define IMP_PATTERN_PACKET_MAX (16 * 1024 * 1024)

/* What becomes of one packet: @changed is NULL where nothing is found, or the action is to deny;
 * then one match is as good as many. */
gboolean imp_pattern_change_packet (const ImpPattern *pattern, ImpEffort *effort,
                                    const guint8 *data, gsize length, guint *n_matches,
                                    GBytes **changed, GError **error);

G_END_DECLS
