/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "analyzers/imp-pinning-rules-private.h"
#include "core/imp-analyzer-private.h"

G_BEGIN_DECLS

#define IMP_TYPE_PINNING_ANALYZER (imp_pinning_analyzer_get_type ())
G_DECLARE_FINAL_TYPE (ImpPinningAnalyzer, imp_pinning_analyzer, IMP, PINNING_ANALYZER, ImpAnalyzer)

/* @owner is what @rules live in. */
ImpAnalyzer *imp_pinning_analyzer_new (GObject *owner, const ImpPinningRules *rules);

G_END_DECLS
