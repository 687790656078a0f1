/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pattern-factory.h"
#include "analyzers/imp-pattern-template-private.h"
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
  ImpPatternTemplate *data; /* what the action needs */
  int direction;            /* the one to look at, or -1: both */
  gboolean denies_over;     /* what may be a match that is too long, or comes too late */
  guint hold_timeout;       /* in milliseconds; 0: none */
  ImpPatternHoldAction hold_action;
  guint max_effort; /* in milliseconds */
} ImpPattern;

/* @owner is what @pattern lives in. */
ImpAnalyzer *imp_pattern_analyzer_new (GObject *owner, const ImpPattern *pattern);

G_END_DECLS
